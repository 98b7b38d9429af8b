"""`hubassoc demo`: sets the stage, lets the story be told, and sums it up."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.table import Table

from pulumi_hubassoc.cli import show
from pulumi_hubassoc.cli.quickstart import NAME, Quickstart
from pulumi_hubassoc.cli.story import Environment, Story
from pulumi_hubassoc.cli.witness import Expected, Witness
from pulumi_hubassoc.config import ENVIRONMENT
from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.engine.choose import choose_engine
from pulumi_hubassoc.engine.interface import EngineError, Project
from pulumi_hubassoc.engine.pulumi_cli import PulumiCliEngine, install_pulumi

if TYPE_CHECKING:
    from rich.console import Console

    from pulumi_hubassoc.cli.story import Step
    from pulumi_hubassoc.engine.interface import Engine

EngineChoice = Literal["auto", "cli", "local"]


def run_demo(
    which: EngineChoice = "auto",
    keep: Path | None = None,
    *,
    install: bool = False,
    emulator: Emulator | None = None,
) -> bool:
    """Show the demo on standard output.

    Args:
        which: the engine.
        keep: a new folder for project and state; a temporary one unless given.
        install: download the Pulumi CLI and use it.
        emulator: without portals; a new one unless given.

    Returns:
        Whether every check held.

    Raises:
        EngineError: the demo cannot be run at all.
    """
    if keep and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise EngineError(f"{keep} is there already: --keep takes a new folder")
    with tempfile.TemporaryDirectory(prefix="hubassoc-demo-") as temporary:
        folder = keep.resolve() if keep else Path(temporary)
        engine, why = _engine(which, folder, install=install)
        out = show.console()
        out.print(f"Running on the {engine.name}{why}, with two emulated HubSpot portals.", soft_wrap=True)
        hubspot = emulator or Emulator()
        started = time.monotonic()
        try:
            story = _stage(engine, folder / "project", hubspot, out)
            held = story.tell()
        finally:
            hubspot.stop()
        _summarize(out, story.steps)
        verdict = "Every check held" if held else f"FAILED in step {len(story.steps)}"
        out.print(f"{verdict} — {engine.name}, {time.monotonic() - started:.0f} s", style="bold")
        if keep:
            out.print(f"Project and state are kept in {keep}.", soft_wrap=True)
        return held


def _engine(which: EngineChoice, folder: Path, *, install: bool) -> tuple[Engine, str]:
    """The engine, with state and settings of its own in the folder, and why it is this one (unless its name says so)."""
    state, home = folder / "state", folder / "pulumi-home"
    if install:
        return PulumiCliEngine(state, home, root=install_pulumi()), " (--install-pulumi)"
    engine = choose_engine(which, state_dir=state, pulumi_home=home)
    if which != "auto":
        return engine, f" (--engine {which})"
    return engine, " (found on PATH)" if isinstance(engine, PulumiCliEngine) else ""


def _stage(engine: Engine, folder: Path, emulator: Emulator, out: Console) -> Story:
    """Two portals with labels that nobody's program knows, and a stack of the quickstart for each."""
    quickstart = Quickstart.copied_to(folder)
    passphrase = secrets.token_hex(8)
    environments = []
    for name, portal_id, kind, unmanaged, declared in (
        ("dev", 1001, "SANDBOX", {"Test person": 3}, Expected.of(deals=5, employees=12)),
        ("prod", 2002, "STANDARD", {"Former employer": 25, "Board member": 9}, Expected.of(deals=250, employees=8)),
    ):
        token = f"demo-{name}-{secrets.token_hex(16)}"
        witness = Witness(emulator, emulator.add_portal(token=token, portal_id=portal_id, account_type=kind, name=name))
        for text, maximum in unmanaged.items():
            witness.add_unmanaged(text, maximum)
        # Whatever HubSpot settings the environment has are not for the demo.
        variables = dict.fromkeys(ENVIRONMENT.values(), "") | {"PULUMI_CONFIG_PASSPHRASE": passphrase}
        stack = engine.stack(Project(NAME, quickstart.folder), name, env=variables)
        environments.append(Environment(stack, witness, token, declared))
    url = emulator.start()
    for env in environments:
        env.stack.set_config("hubassoc:baseUrl", url)
        env.stack.set_config("hubassoc:accessToken", env.token, secret=True)
    dev, prod = environments
    return Story(dev, prod, quickstart, out)


def _summarize(out: Console, steps: list[Step]) -> None:
    table = Table("", "stack", "step", "what was done", "requests", "checks held", title="What was done")
    for number, step in enumerate(steps, 1):
        held = len(step.checks) - len(step.failures)
        style = "red" if step.failures else None
        verified = f"{held} of {len(step.checks)}"
        table.add_row(str(number), step.stack, step.operation, step.done, str(step.requests), verified, style=style)
    table.add_section()
    table.add_row("", "", "", "in all", str(sum(step.requests for step in steps)), "")
    out.print()
    out.print(table)
