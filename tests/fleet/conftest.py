"""A fleet that is run on emulated portals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator
from tests.fleet.running import Client

Make = Callable[[int], Client]


@pytest.fixture
def clients(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A fleet of so many portals."""
    yield lambda portals: Client(tmp_path, emulator, monkeypatch, portals)
    emulator.faults.disarm()
