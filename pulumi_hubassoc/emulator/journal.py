"""What was asked of the emulator: one record a request, with every token struck out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

STRUCK = "***"


@dataclass(frozen=True)
class Record:
    """One request.

    Attributes:
        number: from 1, in order of arrival at the portal.
        at: when it began, seconds since 1970 by the emulator's clock.
        portal_id: the portal of its token, None without one.
        method: of HTTP.
        path: without the query.
        query: the query, or "".
        operation: the operation's name, or "unknown".
        body: the JSON that was sent, the text if it was no JSON, None if nothing was.
        status: of the answer; None where the connection broke instead.
        duration: seconds.
        fault: the kind of fault it met, or None.
    """

    number: int
    at: float
    portal_id: int | None
    method: str
    path: str
    query: str
    operation: str
    body: Any
    status: int | None
    duration: float
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


class Journal:
    """The records of all requests on data paths, oldest first; a sequence to be looked at."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._number = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records())

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def records(self, *, operation: str | None = None, portal_id: int | None = None) -> list[Record]:
        """The records of an operation, a portal, or all."""
        with self._lock:
            return [r for r in self._records if operation in {None, r.operation} and portal_id in {None, r.portal_id}]

    def since(self, number: int, most: int) -> list[Record]:
        """The records after the one with a number, oldest first; if there are more than `most`, the newest of them."""
        with self._lock:
            if not self._records:
                return []
            known = number + 1 - self._records[0].number
            return self._records[max(known, len(self._records) - most, 0) :]

    def span(self) -> tuple[int, int]:
        """The numbers of the oldest record that is kept (of the next one if none is) and of the newest there ever was."""
        with self._lock:
            return (self._records[0].number if self._records else self._number + 1), self._number

    def count(self, *, operation: str | None = None, portal_id: int | None = None) -> int:
        """How many requests there were."""
        return len(self.records(operation=operation, portal_id=portal_id))

    def operations(self) -> list[str]:
        """The names of the operations asked for, in order."""
        return [r.operation for r in self]

    def clear(self) -> None:
        """Forgets all records."""
        with self._lock:
            self._records.clear()

    def add(self, **values: Any) -> Record:
        """Writes a record; its number is given here."""
        with self._lock:
            self._number += 1
            record = Record(number=self._number, **values)
            self._records.append(record)
            return record


def strike_out(text: str, secrets: set[str]) -> str:
    """The text without any of the secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, STRUCK)
    return text


def body_to_keep(body: bytes, secrets: set[str]) -> Any:
    """A request's body as the journal keeps it."""
    if not body:
        return None
    text = strike_out(body.decode("utf-8", "replace"), secrets)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
