"""Live news for the page: it asks what has changed since it last asked, and is kept waiting until something has.

Only so many requests are kept waiting, others are answered at once and come again a second later: a browser opens six
connections to a server and no more, so a seventh window would hang if each held one. A waiting request looks ten times a
second, so that nothing that writes has to know of it, and a burst of changes is one answer.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_hubassoc.emulator import view
from pulumi_hubassoc.emulator.answers import JsonObject

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.server import Emulator

WAITING = 4
"""How many requests are kept waiting at once."""
PATIENCE = 10.0
"""Seconds until one that waits is told that nothing has changed."""
LOOK = 0.1
"""Seconds between two looks."""
RECORDS = 500
"""How many records of the journal are told at most."""


@dataclass(frozen=True)
class _Mark:
    """How far somebody has seen.

    Attributes:
        start: which emulator.
        shown: how often portals and faults had changed.
        oldest: the number of the oldest record that was kept.
        newest: of the newest one.
    """

    start: str
    shown: int
    oldest: int
    newest: int

    def __str__(self) -> str:
        return f"{self.start}.{self.shown}.{self.oldest}.{self.newest}"

    @classmethod
    def read(cls, text: str) -> _Mark | None:
        """From its text; None for what is none."""
        start, *numbers = text.split(".")
        if len(numbers) != 3 or not all(number.isascii() and number.isdigit() for number in numbers):
            return None
        return cls(start, *map(int, numbers))


class Watch:
    """Tells what has changed in an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._start = uuid.uuid4().hex[:12]
        self._places = threading.BoundedSemaphore(WAITING)

    def news(
        self, seen: str, portal_id: int | None, asked: Iterable[view.Pair] = (), *, wait: bool = True
    ) -> JsonObject:
        """What has changed.

        Args:
            seen: `seen` of the last answer; "" for everything there is.
            portal_id: a portal's view and the journal of it and of nobody; None for the list of portals and all of it.
            asked: see view.whole.
            wait: whether to wait for a change.

        Returns:
            `seen`; `start`, another one for another emulator; `waits`, whether it was one of those that are kept waiting;
            `portal` or `portals` if changed; `journal` with `records`, and with `oldest`, the number of the oldest that is
            kept.

        Raises:
            LookupError: if there is no such portal.
        """
        portal = None if portal_id is None else self._emulator.portal(portal_id)
        before = _Mark.read(seen)
        if before is not None and before.start != self._start:
            before = None
        has_place = wait and self._places.acquire(blocking=False)
        try:
            until = time.monotonic() + PATIENCE
            while (now := self._mark()) == before and has_place and time.monotonic() < until:
                if self._emulator.exchange.closing.wait(LOOK):
                    break
        finally:
            if has_place:
                self._places.release()
        told: JsonObject = {"seen": str(now), "start": self._start, "waits": has_place}
        if before is None or now.shown != before.shown:
            if portal is None:
                told["portals"] = [view.in_short(one) for one in self._emulator.portals()]
            else:
                told["portal"] = view.whole(portal, self._emulator.faults, asked)
        records = self._emulator.journal.since(before.newest if before else 0, RECORDS)
        wanted = [r for r in records if r.number <= now.newest and (not portal or r.portal_id in {None, portal_id})]
        told["journal"] = {"oldest": now.oldest, "records": [r.to_json() for r in wanted]}
        return told

    def _mark(self) -> _Mark:
        emulator = self._emulator
        portals = emulator.portals()
        shown = sum(portal.revision for portal in portals) + len(portals) + emulator.faults.revision
        return _Mark(self._start, shown, *emulator.journal.span())
