"""Which engine runs a program: the Pulumi CLI wherever it can be used, else the built-in one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pulumi_hubassoc.engine.interface import Engine
from pulumi_hubassoc.engine.pulumi_cli import OLDEST, PulumiCliEngine, find_pulumi, too_old


def choose_engine(
    which: Literal["auto", "cli", "local"] = "auto", *, state_dir: Path | None = None, pulumi_home: Path | None = None
) -> Engine:
    """An engine; its `name` says which it is and, where ``auto`` passed the CLI over, why.

    Args:
        which: ``auto`` takes the CLI on PATH, and where there is none that can be used, the built-in engine; ``cli``
            and ``local`` take just that.
        state_dir: the folder that holds the state. Unless given, the CLI takes the back end the user is logged in to,
            and the built-in engine a folder of its own choice.
        pulumi_home: the CLI's own folder, ``~/.pulumi`` unless given.

    Raises:
        EngineError: ``cli`` was asked for and cannot be used.
    """
    why_not = why_not_cli() if which == "auto" else None
    if which == "cli" or (which == "auto" and not why_not):
        return PulumiCliEngine(state_dir, pulumi_home)
    from pulumi_hubassoc.engine.local import LocalEngine

    engine = LocalEngine(state_dir)
    if why_not:
        engine.name = f"{engine.name} ({why_not})"
    return engine


def why_not_cli() -> str | None:
    """Why the Pulumi CLI on PATH cannot be used; None if it can."""
    version = find_pulumi()
    if version is None:
        return "no Pulumi CLI on PATH"
    if too_old(version):
        return f"the Pulumi CLI on PATH is {version}, and at least {OLDEST} is needed"
    return None
