"""What this process is about to do, as far as it was told: the engine checks and diffs before it writes.

Two writes can stand in each other's way (labels that exchange texts, limits that must rise in order) although the end
is allowed. Whoever meets the other first looks here for what the other is about to become. With nothing here, nothing
is guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

GRACE_S = 3.0
"""How long a write that is in the way waits for a plan: the engine diffs one resource after another, and a write may
begin before the diff of its counterpart."""


class Plans(Generic[K, V]):
    """Planned ends by what they are of; threads may share it."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._ends: dict[K, V] = {}
        self._condition = threading.Condition()

    def __contains__(self, what: K) -> bool:
        """Whether something has a plan, and so belongs to a resource of this run."""
        with self._condition:
            return what in self._ends

    def get(self, what: K) -> V | None:
        """What something is about to become, as far as it is known now."""
        with self._condition:
            return self._ends.get(what)

    def note(self, what: K, end: V) -> None:
        """Note what something is about to become, or has just become."""
        with self._condition:
            self._ends[what] = end
            self._condition.notify_all()

    def drop(self, what: K) -> None:
        """Forget the plan of what is gone."""
        with self._condition:
            self._ends.pop(what, None)

    def wait_for(self, what: K, fits: Callable[[V], bool]) -> V | None:
        """What something is about to become if that fits, waiting a little for such a plan; else None."""

        def there() -> bool:
            return what in self._ends and fits(self._ends[what])

        with self._condition:
            return self._ends[what] if self._condition.wait_for(there, self._grace_s) else None
