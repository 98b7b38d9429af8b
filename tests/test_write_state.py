"""States that are kept are what today's code makes, and the tool that makes them never edits one."""

from __future__ import annotations

import subprocess
import sys

from tests.test_state_contract import STATES, State, states
from tests.write_state import completed


@states
def test_a_state_is_completed_as_it_is_kept(state: State) -> None:
    """From kind, portal and program follow id, inputs and outputs."""
    assert completed({key: state[key] for key in ("kind", "before", "program")}) == state


def test_a_whole_state_is_left_alone() -> None:
    """It is refused with a sentence."""
    name = f"tests/states/{next(iter(STATES))}.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.write_state", name], check=False, capture_output=True, text=True
    )
    assert (done.returncode, "a state is for ever" in done.stderr) == (1, True)
