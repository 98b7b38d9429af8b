"""What an operation knows beside the state: the portal's settings, its id, the time, and how it shuffles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pulumi_hubassoc.emulator.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """The circumstances of one request.

    Attributes:
        settings: the portal's.
        portal_id: the portal's.
        seed: of the emulator.
        now: seconds since 1970.
    """

    settings: Settings
    portal_id: int
    seed: int
    now: float

    def shuffled(self, items: Iterable[T], name: Callable[[T], object]) -> list[T]:
        """The items in an order without meaning, which depends on seed and names alone.

        So an answer is the same however many requests came before it, on however many threads.
        """
        if not self.settings.shuffle:
            return list(items)

        def place(item: T) -> bytes:
            text = f"{self.seed}:{self.portal_id}:{name(item)}"
            return hashlib.blake2b(text.encode(), digest_size=8).digest()

        return sorted(items, key=place)
