"""The patient."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator
from tests.conftest import TOKEN
from tests.doctor.practice import ALL_SCOPES, Practice, put_cli_on_path


@pytest.fixture
def practice(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Practice:
    """A project, a portal whose token may do everything, and a Pulumi CLI that is nothing but its version."""
    put_cli_on_path(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    portal = emulator.add_portal(token=TOKEN, portal_id=1001, account_type="SANDBOX", scopes=ALL_SCOPES)
    folder = tmp_path / "project"
    folder.mkdir()
    practice = Practice(emulator, portal, folder, tmp_path / "bin")
    practice.write("Pulumi.yaml", "name: crm\nruntime: python\n")
    return practice
