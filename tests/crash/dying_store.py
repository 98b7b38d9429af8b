"""An engine that kills itself at a chosen change of its files: a line of the journal, or a file made, renamed or deleted."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pulumi_hubassoc.engine.local import LocalEngine
from pulumi_hubassoc.engine.local.state import Deployment
from pulumi_hubassoc.engine.local.store import Change, Journal, Store
from tests.crash.processes import children_of, kill

_FILE_EVENTS = ("os.rename", "os.remove")


class Fuse:
    """Counts the changes of the files in a folder, and ends the process, with its children, just before one of them.

    Args:
        folder: of the stack's files.
        at: the number of the change, from 1; 0 for never.
        torn: whether a line of the journal is half written then.

    Attributes:
        burnt: the changes so far: ``line`` of a journal, ``open``, ``os.rename`` or ``os.remove`` of a file.
    """

    def __init__(self, folder: Path, at: int, *, torn: bool) -> None:
        self.burnt: list[str] = []
        self._folder, self._at, self._torn = str(folder), at, torn
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _FILE_EVENTS or writes) and str(arguments[0]).startswith(self._folder):
            self.burn(event)

    def burn(self, kind: str, half: Callable[[], None] | None = None) -> None:
        """One more change is about to be made; `half` makes half of it."""
        self.burnt.append(kind)
        if len(self.burnt) != self._at:
            return
        if half and self._torn:
            half()
        kill(*children_of(os.getpid()).values(), os.getpid())


class DyingEngine(LocalEngine):
    """The built-in engine with a fuse."""

    def __init__(self, state_dir: Path, fuse: Fuse, **options: Any) -> None:
        super().__init__(state_dir, **options)
        self._fuse = fuse

    def _store_of(self, *args: Any) -> Store:
        return _DyingStore(super()._store_of(*args), self._fuse)


class _DyingStore:
    """A store whose journal burns the fuse; the changes of its files are heard of without it."""

    def __init__(self, store: Any, fuse: Fuse) -> None:
        self._store, self._fuse = store, fuse

    def load(self) -> Deployment | None:
        return self._store.load()  # type: ignore[no-any-return]

    def save(self, deployment: Deployment) -> None:
        self._store.save(deployment)

    def begin(self, base: Deployment) -> Journal:
        return _DyingJournal(self._store.begin(base), self._store._journal, self._fuse)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        with self._store.locked():
            yield

    def unlock(self) -> None:
        self._store.unlock()

    def remove(self) -> None:
        self._store.remove()


class _DyingJournal:
    def __init__(self, journal: Journal, path: Path, fuse: Fuse) -> None:
        self._journal, self._path, self._fuse = journal, path, fuse

    def write(self, *changes: Change) -> None:
        def half() -> None:
            before = self._path.stat().st_size
            self._journal.write(*changes)
            os.truncate(self._path, (before + self._path.stat().st_size) // 2)

        self._fuse.burn("line", half)
        self._journal.write(*changes)

    def close(self) -> None:
        self._journal.close()
