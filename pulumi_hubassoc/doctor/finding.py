"""What a check finds: how bad it is, what was looked at, what is the case, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Level = Literal["ok", "warning", "error"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "error")
"""From good to bad."""

Verdict: TypeAlias = tuple[Level, str, str]
"""What a check answers: level, what is the case, what to do."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        level: ``ok``, ``warning`` or ``error``.
        what: was looked at.
        said: what is the case.
        fix: what to do; "" where nothing is to be done.
    """

    level: Level
    what: str
    said: str
    fix: str = ""


class CannotLook(Exception):
    """A check cannot be made, because something it needs is missing; its text says what."""


def ok(said: str) -> Verdict:
    """Nothing is to be done."""
    return "ok", said, ""


def warning(said: str, fix: str) -> Verdict:
    """It works, or may; something should be done."""
    return "warning", said, fix


def error(said: str, fix: str) -> Verdict:
    """It cannot work like this."""
    return "error", said, fix


def worst(levels: Iterable[Level]) -> Level:
    """The worst of some levels; ``ok`` of none."""
    return max(levels, key=LEVELS.index, default="ok")
