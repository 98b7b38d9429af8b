"""The same on the real Pulumi CLI, at a handful of places: kill -9, two Ctrl-C's, `pulumi cancel`, `pulumi up`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from pulumi_hubassoc.emulator.state import State
from pulumi_hubassoc.engine.interface import Project, Stack
from pulumi_hubassoc.engine.pulumi_cli import PulumiCliEngine
from tests.crash.driver import PROJECT, STACK, VARIANT, Variant
from tests.crash.processes import children_of, descendants_of, is_running, kill
from tests.crash.scene import MOST_RERUNS, TOKEN, Boundary, Scene, Shot, prove_program, resources, scene

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
    pytest.mark.timeout(300),
]
ROOT = Path(__file__).parents[2]
Victim = Literal["provider", "CLI"]
AT: list[tuple[Variant, Victim, Boundary]] = [
    ("first", "provider", Boundary(1, "applied", "POST")),
    ("first", "CLI", Boundary(1, "applied", "POST")),
    ("first", "CLI", Boundary(3, "before", "POST")),
    ("changed", "provider", Boundary(1, "applied", "PUT")),
    ("changed", "CLI", Boundary(2, "before", "PUT")),
    ("replaced", "CLI", Boundary(1, "applied", "DELETE")),
    ("replaced", "provider", Boundary(1, "answered", "POST")),
]


@dataclass
class Desk:
    """A scene with a stack of the CLI in it."""

    here: Scene
    folder: Path

    def stack(self, variant: Variant) -> Stack:
        """The stack, made where there is none."""
        engine = PulumiCliEngine(self.folder / "backend", self.folder / "home")
        return engine.stack(Project(PROJECT, self.here.folder), STACK, env=self._env(variant))

    def start_up(self, variant: Variant) -> subprocess.Popen[bytes]:
        """`pulumi up`, as from a terminal."""
        command = ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"]
        return subprocess.Popen(
            command,
            cwd=self.here.folder,
            env=os.environ | self._env(variant),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def recover(self, variant: Variant, foreign: State) -> None:
        """`pulumi cancel` and `pulumi up`, at most two times: all is well, a run finds nothing to do, destroy leaves nothing."""
        stack = self.stack(variant)
        for _ in range(MOST_RERUNS):
            stack.cancel()
            result = stack.up()
            if result.ok:
                break
        assert result.ok, result.errors
        prove_program(self.here, variant, foreign, stack.export_state())
        assert stack.up().changed == {}
        assert stack.destroy().ok
        assert resources(self.here, stack.export_state()) == []
        assert self.here.portal.state.labels == foreign.labels

    def _env(self, variant: Variant) -> dict[str, str]:
        return {
            "HUBSPOT_ACCESS_TOKEN": TOKEN,
            "HUBASSOC_BASE_URL": self.here.url,
            "HUBASSOC_PATIENCE_SECONDS": "5",
            "PULUMI_CONFIG_PASSPHRASE": "crash",
            "PULUMI_BACKEND_URL": (self.folder / "backend").as_uri(),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(ROOT),
            VARIANT: variant,
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A portal with foreign labels, and an empty stack."""
    with scene(tmp_path / "project") as here:
        yield Desk(here, tmp_path)


@pytest.mark.parametrize(("variant", "victim", "boundary"), AT)
def test_a_killed_run_of_the_cli_is_put_right_by_cancel_and_up(
    variant: Variant, victim: Victim, boundary: Boundary, desk: Desk
) -> None:
    """The CLI dies alone, as kill -9 leaves it: its provider ends what it has begun, and stays."""
    foreign = desk.here.portal.state
    stack = desk.stack("first")
    if variant != "first":
        assert stack.up().ok
    orphans: list[int] = []

    def aim() -> Shot:
        provider = children_of(process.pid)["provider"]
        if victim == "CLI":
            orphans.extend(descendants_of(process.pid))
        prey = [process.pid] if victim == "CLI" else [provider, *descendants_of(provider)]

        def shot() -> bool:
            kill(*prey)
            return victim == "CLI"

        return shot

    desk.here.gate.arm(boundary, aim)
    process = desk.start_up(variant)
    status = process.wait(120)
    desk.here.gate.disarm()
    assert desk.here.gate.struck.is_set()
    assert status != 0
    desk.here.gate.wait_until_quiet(0.5)
    kill(*orphans)
    desk.recover(variant, foreign)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_run_of_the_cli_is_put_right_by_up(times: int, desk: Desk) -> None:
    """One Ctrl-C lets what is under way end; a second one abandons it, and what it made is found again."""
    foreign = desk.here.portal.state
    desk.stack("first")

    def interrupt() -> bool:
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        end = time.monotonic() + 30
        while times == 2 and is_running(process.pid) and time.monotonic() < end:
            time.sleep(0.1)  # the answer does not come before the CLI has gone
        return True

    desk.here.gate.arm(Boundary(1, "applied", "POST"), lambda: interrupt)
    process = desk.start_up("first")
    status = process.wait(120)
    desk.here.gate.disarm()
    assert desk.here.gate.struck.is_set()
    assert status == {1: 1, 2: 8}[times]
    desk.recover("first", foreign)
