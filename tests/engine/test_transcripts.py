"""The built-in engine does what Pulumi did: every recorded scenario, step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from .normal_form import TRANSCRIPTS
from .scenario import Scenario

SCENARIOS = sorted(path.stem for path in (TRANSCRIPTS / "scenarios").glob("*.json"))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_engine_does_what_pulumi_did(name: str, tmp_path: Path) -> None:
    """Operations, calls, state, outputs, exit status and messages are those of the recording."""
    assert not list(Scenario(name, tmp_path).differences())
