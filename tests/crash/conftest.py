"""Starting points, made once for all cases of a process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.register_assert_rewrite("tests.crash.scene")

from pulumi_hubassoc.emulator.state import State  # noqa: E402
from tests.crash.scene import Start, scene  # noqa: E402


class Starts(NamedTuple):
    """Where operations start.

    Attributes:
        foreign: what is in the portal and not ours.
        bare: only that, and no stack.
        there: the program `first` is up.
        drifted: and a person has changed it since: one label renamed, the other deleted, a limit changed.
    """

    foreign: State
    bare: Start
    there: Start
    drifted: Start


@pytest.fixture(scope="session")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Starts:
    """The starting points."""
    folder = tmp_path_factory.mktemp("starts")
    with scene(folder / "bare") as here:
        bare = here.start()
        assert here.run("up", "first").exit_code == 0
        there = here.start()
    with scene(folder / "drifted", there) as here:
        ours = {label.label: label for label in here.portal.labels()}
        here.portal.drift.rename_label(ours["Billing"].type_id, "Accounts")
        here.portal.drift.set_limit("companies", "contacts", ours["Billing"].inverse_type_id, 1)
        here.portal.drift.delete_label(ours["Lead"].type_id)
        drifted = here.start()
    return Starts(bare.portal, bare, there, drifted)


@pytest.fixture
def new_folder(tmp_path: Path) -> Callable[[], Path]:
    """Gives a folder that is not there yet, a new one at each call."""
    numbers = itertools.count()
    return lambda: tmp_path / f"case-{next(numbers)}"
