"""How much of a sweep a run takes on."""

import os
from typing import TypeVar

T = TypeVar("T")

WHOLE = os.environ.get("HUBASSOC_SWEEP") == "all"
"""With HUBASSOC_SWEEP=all every case is run (some 20 minutes on two cores); without, every fourth."""


def share(cases: list[T]) -> list[T]:
    """The cases that this run takes on, the first among them."""
    return cases if WHOLE else cases[::4]
