"""The walk through a page notices what is not as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.pages import Block
from tests.documentation.walkthrough import Ran, assert_said, walk

SHELL = Block("a page", 1, "sh", "", "echo one; echo two\n")
UP = "preview: dev\n  +  b  create\n  +  a  create\nup: dev\n  +  a  create\n  2 create\n"


def test_it_runs_what_stands_there(tmp_path: Path) -> None:
    """Files first, commands after them, in one shell; what follows a command is what it prints."""
    file = Block("a page", 1, "text", "a.txt", "it's $HOME\n")
    cat = Block("a page", 5, "sh", "", "word=said\ncat a.txt\n")
    again = Block("a page", 9, "sh", "", 'echo "$word"\n')
    shown = Block("a page", 11, "text", "", "said\n")
    first, second = walk([file, cat, again, shown], tmp_path, {})
    assert (first.said, second.said, second.expected) == ("it's $HOME\n", "said\n", "said\n")


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    """With its place and what it said."""
    with pytest.raises(AssertionError, match="a page:7 failed with 3"):
        walk([SHELL, Block("a page", 7, "sh", "", "exit 3\n"), SHELL], tmp_path, {})


@pytest.mark.parametrize("expected", ["two\none", "three", "one\none", "on…two"])
def test_what_is_not_said_is_noticed(expected: str) -> None:
    """Another order, a line that is not there, one that is there once, a gap over the end of a line."""
    with pytest.raises(AssertionError, match="not printed, or not there"):
        assert_said(Ran(SHELL, "one\ntwo\n", expected))


@pytest.mark.parametrize("expected", ["preview: dev\n+ a create\n+ b create\nup: dev\n+ a create", "up: dev\n2 create"])
def test_resources_may_come_in_any_order(expected: str) -> None:
    """Between the lines around them."""
    assert_said(Ran(SHELL, UP, expected))


def test_a_resource_is_looked_for_in_its_own_part() -> None:
    """`b` is created in the preview, and not below `up`."""
    with pytest.raises(AssertionError, match="not there: '\\+ b create'"):
        assert_said(Ran(SHELL, UP, "up: dev\n+ b create"))
