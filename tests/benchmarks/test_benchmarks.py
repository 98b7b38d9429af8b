"""The benchmark's tables come from measurements: a tiny run of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.__main__ import labels_table
from tests.benchmarks.commands import ROOT
from tests.benchmarks.measure import LIFE, IdleProvider, LabelProvider, labels_life, ready_seconds


@pytest.mark.timeout(180)
def test_a_row_is_what_was_measured() -> None:
    """Requests are those of the documentation's formula, times are those of real commands, and the table shows them."""
    rows = labels_life("local", size=1, repeat=1)
    assert {r.operation: r.requests for r in rows} == {
        "preview": 1 + 2,
        "create": 1 + 1 + 1,
        "no-op up": 0,
        "refresh": 1 + 2,
        "rename": 1 + 2 + 1,
        "destroy": 1 + 1 + 1,
    }
    assert all(r.floor <= r.requests for r in rows)
    assert min(min(r.seconds, r.idle_seconds) for r in rows) > 0.1, "no Python starts in less"
    lines = labels_table(rows).splitlines()[2:]
    assert [line.split(" | ")[4] for line in lines] == [f"{r.seconds:.2f}" for r in rows]
    assert len(lines) == len(LIFE)


def test_a_provider_process_answers() -> None:
    """Both kinds are started and asked for real."""
    assert min(ready_seconds(LabelProvider()), ready_seconds(IdleProvider())) > 0.1


def test_what_it_is_held_against_is_bare() -> None:
    """The idle provider loads nothing of ours and nothing of the tests', which would make everything else look quick."""
    heavy = ("pulumi_hubassoc", "pytest", "flask", "httpx", "pydantic")
    code = f"import sys, tests.benchmarks.idle; print([m for m in {heavy!r} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
