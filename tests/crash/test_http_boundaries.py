"""Kill -9 of provider, program or engine before and after every request of every operation, and the recovery after it.

"engine" dies with its provider and its program, which therefore run in its process; "engine alone" leaves its provider
behind, which ends what it has begun, or itself when it notices.

Which boundaries there are is counted in a clean run of each operation. Requests of threads overlap, so that a run can
have one more or one less than another: what is beyond the last is a run that was not killed, and must have gone well.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from tests.crash.conftest import Starts
from tests.crash.driver import Driver
from tests.crash.processes import children_of, kill
from tests.crash.scene import (
    AT_ONCE,
    CASES,
    Boundary,
    Case,
    Moment,
    Scene,
    Shot,
    prove,
    prove_nothing_left,
    recover,
    scene,
)

Victim = Literal["provider", "program", "engine", "engine alone"]


WITH_PROGRAM = ("up", "update", "replace")
VICTIMS: list[tuple[str, Victim]] = [
    *((name, "provider") for name in CASES),
    *((name, "program") for name in WITH_PROGRAM),
    *((name, "engine") for name in CASES),
    *((name, "engine alone") for name in CASES),
]
MOMENTS: dict[Victim, tuple[Moment, ...]] = {
    "provider": ("before", "applied", "answered"),
    "engine": ("before", "applied", "answered"),
    # The provider lives on and ends its requests, so that for these a request is one moment.
    "program": ("applied",),
    "engine alone": ("applied",),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "victim"), VICTIMS)
def test_a_run_killed_at_any_request_is_put_right_by_running_again(
    name: str, victim: Victim, starts: Starts, new_folder: Callable[[], Path]
) -> None:
    """Cancel where locked, then run it again: portal and state are the program, or nothing after a destroy."""
    case = CASES[name]
    with scene(new_folder(), getattr(starts, case.start)) as here:
        assert here.run(case.operation, case.variant).exit_code == 0
        requests = len(here.emulator.journal)
    moments = MOMENTS[victim]
    boundaries = [Boundary(n, moment) for n in range(1, requests + 1) for moment in moments]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        struck = list(pool.map(lambda b: _killed_at(b, case, victim, starts, new_folder()), boundaries))
    assert sum(struck) >= len(boundaries) - 2 * len(moments), f"only {sum(struck)} of {len(boundaries)} were met"

    with scene(new_folder(), getattr(starts, case.start)) as here:
        _kill(boundaries[len(boundaries) // 2], case, victim, here)
        recover(here, *case.recovery, "destroy", variant=case.variant)
        prove_nothing_left(here, starts.foreign)


def _killed_at(boundary: Boundary, case: Case, victim: Victim, starts: Starts, folder: Path) -> bool:
    """One case; whether the boundary was met at all."""
    with scene(folder, getattr(starts, case.start)) as here:
        try:
            struck = _kill(boundary, case, victim, here)
            recover(here, *case.recovery, variant=case.variant)
            prove(here, case, starts.foreign)
        except AssertionError as error:
            msg = f"{case} killed at {boundary} ({victim}): {error}\n{_journal(here)}"
            raise AssertionError(msg) from error
        return struck


def _kill(boundary: Boundary, case: Case, victim: Victim, here: Scene) -> bool:
    """Run the operation and kill the victim there; whether the boundary was met."""
    orphans: list[int] = []
    missed: list[str] = []

    def aim() -> Shot:
        children = children_of(driver.pid)
        if not victim.startswith("engine") and victim not in children:
            missed.append(victim)
        if victim == "engine alone":
            orphans.extend(children.values())
        prey = (
            [driver.pid] if victim.startswith("engine") else [pid for name, pid in children.items() if name == victim]
        )

        def shot() -> bool:
            kill(*prey)
            return victim in ("program", "engine alone")

        return shot

    apart = {"program_apart": victim == "program", "in_process": victim == "engine"}
    driver = Driver(here.order(case.operation, case.variant, **apart))
    here.gate.arm(boundary, aim)
    report = driver.result()
    here.gate.disarm()
    if orphans:
        here.gate.wait_until_quiet()
        kill(*orphans)
    struck = here.gate.struck.is_set()
    assert not missed, f"there was no {victim} to kill"
    if not struck:
        assert report is not None
        assert report.exit_code == 0, report.errors
    elif victim.startswith("engine") and boundary.moment != "answered":  # where it may have come to its end
        assert report is None
    return struck


def _journal(here: Scene) -> str:
    return "\n".join(f"  {r.operation} {r.body} -> {r.status}" for r in here.emulator.journal)
