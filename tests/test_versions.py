"""What is said of supported versions is what pyproject.toml allows, and every version said to be tried was."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.version import Version

from tests import versions

pytestmark = pytest.mark.skipif(not versions.PAGE.exists(), reason="runs outside the tree")


def rows(head: str) -> list[list[str]]:
    """The table of the page that begins with this heading, row by row."""
    text = versions.PAGE.read_text(encoding="utf-8")
    table = text.split(f"| {head} |", 1)[1].split("\n\n")[0]
    return [re.split(r" \| ", line.strip("| ")) for line in table.splitlines()[2:] if line.startswith("|")]


def test_the_bounds_are_those_of_pyproject() -> None:
    """Every requirement of users' installations is in the table, with its bounds."""
    told = {name: (low, high) for name, low, high, *_ in rows("requirement")}
    assert told == {name: versions.bounds(r) for name, r in versions.requirements().items()}


def test_the_lowest_tried_is_the_lowest_allowed() -> None:
    """Of each requirement the lowest version was tried, and one that is not higher than allowed."""
    for name, low, high, lowest, highest in rows("requirement"):
        assert Version(lowest) == Version(low), name
        assert high == "—" or all(Version(tried) < Version(high) for tried in highest.split(", ")), name


def test_every_supported_python_was_tried_and_passed() -> None:
    """Each Python that the package's classifiers name has a row, in which nothing failed."""
    tried = rows("Python")
    assert tuple(".".join(python.split(".")[:2]) for python, *_ in tried) == versions.PYTHONS
    named = [c.split(" :: ")[-1] for c in metadata("pulumi-hubassoc").get_all("Classifier", []) if ":: 3." in c]
    assert tuple(named) == versions.PYTHONS
    assert [
        row for row in tried if not all(re.fullmatch(r"\d+ passed(, \d+ skipped)?", cell) for cell in row[1:])
    ] == []


def test_the_tests_that_are_run_are_there() -> None:
    """A file that is renamed would otherwise end every run."""
    assert [file for file in {*versions.HEART, *versions.QUICK} if not Path(versions.ROOT, file).exists()] == []
