"""What a portal's day of requests is spent on: counted in a file that processes share, and held to a share of the day.

HubSpot's daily quota is the portal's, and ends at midnight in the portal's time zone [docs]. Each request is counted
before it is sent, so that whoever is killed has spent at most what is written. Quota and time zone are HubSpot's own
words, kept in the same file for those that come later; before the first answer neither is known, and what is then
counted is the last 24 hours.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot.waiting import end_of_day

_DAY_S = 86_400.0


@dataclass(frozen=True)
class Spent:
    """Why nothing more is sent today.

    Attributes:
        said: the reason, a phrase.
        until: when it may go on, seconds since 1970.
    """

    said: str
    until: float


class Spending:
    """The requests to one portal. Threads and processes may share its file; on network file systems it needs `flock`.

    Lines of the file: a number is a request and when it was sent, ``day N`` the portal's quota, ``zone NAME`` its time
    zone, ``until T why`` that HubSpot says it is spent. What is older than a day is forgotten.

    Args:
        path: the file; made, with its folder, by the first request.
        share: how much of a day's quota may be spent, more than 0 and at most 1.
        now: seconds since 1970.
    """

    def __init__(self, path: Path, share: float = 1.0, now: Callable[[], float] = time.time) -> None:
        self._path, self._share, self._now = path, share, now
        self._read_to = 0
        self._rest = b""
        self._sent: list[float] = []
        self._day: int | None = None
        self._zone = ""
        self._until: Spent | None = None

    def take(self) -> Spent | None:
        """Count one request that is about to be sent; or say why it must not be, and count nothing."""
        with self._locked() as file:
            if spent := self._spent(file):
                return spent
            self._write(file, f"{self._now():.3f}")
        return None

    def learn(self, headers: Mapping[str, str], *, day_is_spent: bool) -> None:
        """Take the quota from an answer's headers; `day_is_spent` says that HubSpot refused because of it."""
        text = headers.get("X-HubSpot-RateLimit-Daily", "")
        day = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 12 else None
        if not day_is_spent and day in (None, self._day):
            return
        with self._locked() as file:
            self._catch_up(file)
            if day not in (None, self._day):
                self._write(file, f"day {day}")
            if day_is_spent:
                self._write(
                    file, f"until {self._midnight():.3f} HubSpot says that the portal's day of requests is spent"
                )

    def in_zone(self, zone: str) -> None:
        """Note the portal's time zone."""
        if zone and zone != self._zone and zone.isprintable():
            with self._locked() as file:
                self._write(file, f"zone {zone}")

    def count(self) -> int:
        """How many requests were ever counted here; what is forgotten is no longer."""
        with self._locked() as file:
            self._catch_up(file)
            return len(self._sent)

    def spent(self) -> Spent | None:
        """Whether nothing more may be sent now, and why."""
        if not self._path.exists():
            return None
        with self._locked() as file:
            return self._spent(file)

    def _spent(self, file: int) -> Spent | None:
        self._catch_up(file)
        now = self._now()
        if self._until and self._until.until > now:
            return self._until
        if self._day is None:
            return None
        most = int(self._day * self._share)
        today = len(self._sent) - bisect_left(self._sent, self._morning())
        if today < most:
            return None
        said = f"{today} of the {most} requests that may be spent here of the portal's {self._day} a day are spent"
        return Spent(said, self._midnight())

    def _midnight(self) -> float:
        """When the portal's day ends; where that is not known, at the latest in a day."""
        end = end_of_day(self._zone, datetime.fromtimestamp(self._now(), timezone.utc)) if self._zone else None
        return end.timestamp() if end else self._now() + _DAY_S

    def _morning(self) -> float:
        """When it began, likewise at the earliest a day ago."""
        end = end_of_day(self._zone, datetime.fromtimestamp(self._now(), timezone.utc)) if self._zone else None
        # A day has 23 to 25 hours, so that this is in yesterday, whatever the clocks did.
        began = end_of_day(self._zone, end - timedelta(hours=36)) if end else None
        return began.timestamp() if began else self._now() - _DAY_S

    # ---------------------------------------------------------------------------------------------------- the file

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # it goes when the file is closed
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise HubAssocError(
                f"{self._path} cannot be written — {error.strerror or error} — requests are counted there, and none is "
                "sent uncounted: make room, or name another file"
            ) from None

    def _catch_up(self, file: int) -> None:
        """Read what others have written since."""
        self._read_on(file)
        if self._sent and self._sent[-1] < self._now() - 2 * _DAY_S:
            self._forget(file)

    def _read_on(self, file: int) -> None:
        size = os.fstat(file).st_size
        if size < self._read_to:  # somebody has forgotten what is old
            self._read_to, self._rest, self._sent = 0, b"", []
        *lines, self._rest = (self._rest + os.pread(file, size - self._read_to, self._read_to)).split(b"\n")
        self._read_to = size
        for line in lines:
            self._note(line.decode("utf-8", "replace"))

    def _note(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        with contextlib.suppress(ValueError):  # the end of a line that was cut short by a crash
            if kind == "day":
                self._day = int(rest)
            elif kind == "zone":
                self._zone = rest
            elif kind == "until":
                until, _, said = rest.partition(" ")
                self._until = Spent(said, float(until))
            else:
                at = float(kind)
                if at <= self._now() + _DAY_S:  # else it is damaged
                    self._sent.append(max(at, self._sent[-1]) if self._sent else at)  # one cut short is too small

    def _forget(self, file: int) -> None:
        os.ftruncate(file, 0)
        self._read_to, self._rest, self._sent, self._until = 0, b"", [], None
        known = ([f"day {self._day}"] if self._day else []) + ([f"zone {self._zone}"] if self._zone else [])
        self._write(file, *known)

    def _write(self, file: int, *lines: str) -> None:
        """Lines at the end, behind a line end should a crash have cut the last one short."""
        end = os.fstat(file).st_size
        torn = end and os.pread(file, 1, end - 1) != b"\n"
        text = ("\n" if torn else "") + "".join(f"{line}\n" for line in lines)
        os.pwrite(file, text.encode(), end)
        self._read_on(file)
