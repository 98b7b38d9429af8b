"""Ctrl-C once and twice, while HubSpot has made a label and not yet said so."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.conftest import Starts
from tests.crash.driver import Driver
from tests.crash.processes import is_running
from tests.crash.scene import CASES, Boundary, prove, prove_nothing_left, recover, scene

LONGEST_S = 20.0


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_run_is_put_right_by_running_again(
    times: int, starts: Starts, new_folder: Callable[[], Path]
) -> None:
    """The first lets what is under way end (exit 1), the second abandons it (exit 8): neither leaves a lock or a second label."""
    case = CASES["up"]
    with scene(new_folder(), starts.bare) as here:

        def interrupt() -> bool:
            for _ in range(times):
                os.kill(driver.pid, signal.SIGINT)
                time.sleep(0.3)
            end = time.monotonic() + LONGEST_S
            while times == 2 and is_running(driver.pid) and time.monotonic() < end:
                time.sleep(0.05)  # the answer does not come before the engine has gone
            return True

        driver = Driver(here.order(case.operation, case.variant))
        here.gate.arm(Boundary(1, "applied", "POST"), lambda: interrupt)
        report = driver.result()
        here.gate.disarm()
        assert here.gate.struck.is_set()
        assert report is not None
        assert report.exit_code == {1: 1, 2: 8}[times]
        assert not here.is_locked
        recover(here, *case.recovery, variant=case.variant)
        prove(here, case, starts.foreign)
        recover(here, "destroy", variant=case.variant)
        prove_nothing_left(here, starts.foreign)
