"""Fixtures of all tests: an emulated portal, a workbench for the providers, a clean environment."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from pulumi_hubassoc.emulator import Emulator, Portal
from tests.recorder import Run
from tests.workbench import Workbench

TOKEN = "pat-eu1-sentinel-token"
# How busy a machine is, is no property of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(("HUBSPOT_", "HUBASSOC_", "PULUMI_")):
            monkeypatch.delenv(name)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """HubSpot, without portals."""
    emulator = Emulator(seed=7)
    yield emulator
    emulator.stop()


@pytest.fixture
def portal(emulator: Emulator) -> Portal:
    """One portal, 1001, whose token is `TOKEN`."""
    return emulator.add_portal(token=TOKEN, portal_id=1001)


@pytest.fixture
def bench(emulator: Emulator, portal: Portal) -> Workbench:
    """The providers on that portal, without an engine."""
    return Workbench(emulator, {"hubassoc:accessToken": TOKEN})


@pytest.fixture
def run() -> Run:
    """A way to run a program."""
    return Run()
