"""What became of each stack: a record for each operation on it, a line of JSON each, in a file that only grows.

A run that is interrupted goes on where the file ends. A line counts once it has its line end: what a power cut or a kill
left half written is not there, and the next record is written over it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from pulumi_hubassoc.errors import HubAssocError, one_line

Outcome = Literal["done", "failed", "parked", "not-run"]
"""``parked`` waits for the portal's next day; ``not-run`` was in a wave that did not begin."""
_BLOCK = 2**16


@dataclass(frozen=True)
class Change:
    """A step of an operation that changes something.

    Attributes:
        operation: the engine's word: ``create``, ``update``, ``delete``, ``replace`` …
        type: the resource's type token.
        name: the resource's name.
        keys: the properties that change.
    """

    operation: str
    type: str
    name: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One operation on one stack.

    Attributes:
        run: the run of the fleet.
        operation: ``preview``, ``up``, ``refresh`` or ``destroy``.
        stack: its name.
        portal_id: the portal that is meant.
        outcome: what became of it.
        exit_code: as the command on this stack alone would have.
        changes: what was changed, or would be.
        errors: a line each.
        requests: sent to HubSpot.
        seconds: it took.
        started: ISO 8601, UTC.
        may_go_on: likewise, when it is parked.
        attempt: the how-manieth it was in this run, from 1.
        wave: from 0.
        engine: whose stack.
        worker: where it ran.
        peak_mb: most memory of the job in MB, None where it was not measured.
    """

    run: str
    operation: str
    stack: str
    portal_id: int
    outcome: Outcome
    exit_code: int
    changes: tuple[Change, ...]
    errors: tuple[str, ...]
    requests: int
    seconds: float
    started: str
    may_go_on: str | None = None
    attempt: int = 1
    wave: int = 0
    engine: str = ""
    worker: str = ""
    peak_mb: float | None = None


_LINE = TypeAdapter(Record)


class Records:
    """A file of records. Threads and processes may append to one file.

    Args:
        path: the file; it is made, with its folder, by the first record.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Record) -> None:
        """Write a record; when this returns, it is on the disk.

        Raises:
            HubAssocError: if it cannot be written. The file is then as it was.
        """
        line = _LINE.dump_json(record) + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)  # it goes when the file is closed
                _write_behind(file, line)
            finally:
                os.close(file)
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise HubAssocError(
                f"{self.path} cannot be written — {error.strerror or error} — make room there, or name another file"
            ) from None

    def read(self) -> tuple[Record, ...]:
        """All records, in the order in which they were written; none if there is no file.

        Raises:
            HubAssocError: if it cannot be read, or a line is no record.
        """
        return tuple(self._each())

    def latest(self) -> dict[str, Record]:
        """The last record of each stack, in the order in which stacks first came.

        A preview changes nothing: it counts only for a stack that nothing else was done to.
        """
        found: dict[str, Record] = {}
        for record in self._each():
            if record.operation != "preview" or found.get(record.stack, record).operation == "preview":
                found[record.stack] = record
        return found

    def _each(self) -> Iterator[Record]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.endswith(b"\n"):
                        yield self._record(line, number)
        except FileNotFoundError:
            return
        except OSError as error:
            raise HubAssocError(
                f"{self.path} cannot be read — {error.strerror or error} — name the file of a fleet's records"
            ) from None

    def _record(self, line: bytes, number: int) -> Record:
        try:
            return _LINE.validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            said = one_line(": ".join(filter(None, (where, first["msg"]))), 200)
            raise HubAssocError(
                f"{self.path}:{number} is no record of a fleet — {said} — take the line out, or name another file"
            ) from None


def _write_behind(file: int, line: bytes) -> None:
    """A line behind the last whole one, on the disk; if it cannot be, the file is as it was."""
    end = _end_of_lines(file)
    os.ftruncate(file, end)
    try:
        written = 0
        while written < len(line):
            written += os.pwrite(file, line[written:], end + written)
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise


def _end_of_lines(file: int) -> int:
    """How long the file is up to its last line end."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - _BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    """Without it a new file's name may be lost with the power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
