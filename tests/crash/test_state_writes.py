"""Kill -9 of the engine at every change of its own files, in every operation, and the recovery after it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.conftest import Starts
from tests.crash.driver import run
from tests.crash.scene import AT_ONCE, CASES, Case, prove, recover, scene


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CASES)
def test_an_engine_killed_at_any_write_of_its_state_is_put_right_by_running_again(
    name: str, starts: Starts, new_folder: Callable[[], Path]
) -> None:
    """Before each line of the journal, in the middle of it, and before a file is made, renamed or deleted."""
    case = CASES[name]
    with scene(new_folder(), getattr(starts, case.start)) as here:
        changes = here.run(case.operation, case.variant, in_process=True).state_changes
    assert {"open", "os.rename", "os.remove"} <= set(changes)
    assert "line" in changes or name == "refresh"  # which writes the whole state at its end
    deaths = [
        (n, torn) for n, kind in enumerate(changes, 1) for torn in ((False, True) if kind == "line" else (False,))
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        died = list(pool.map(lambda death: _died(death, case, starts, new_folder()), deaths))
    assert sum(died) >= len(deaths) - 4, f"only {sum(died)} of {len(deaths)} died"


def _died(death: tuple[int, bool], case: Case, starts: Starts, folder: Path) -> bool:
    """One case; whether the engine came to that change at all."""
    at, torn = death
    with scene(folder, getattr(starts, case.start)) as here:
        report = run(here.order(case.operation, case.variant, in_process=True, die_at=at, torn=torn))
        try:
            recover(here, *case.recovery, variant=case.variant)
            prove(here, case, starts.foreign)
        except AssertionError as error:
            msg = f"{case} died at change {at}{' torn' if torn else ''}: {error}"
            raise AssertionError(msg) from error
        return report is None
