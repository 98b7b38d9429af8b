"""The state while a run changes it: what is new, what is left of the old, and what is under way."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from .state import Deployment, Operation, ResourceState, without_dangling
from .store import Change, Store


class Snapshot:
    """Collects what a run does to a stack's state, and writes it down as it comes.

    New states are kept in the order in which they were confirmed, before what is left of the old ones.

    Args:
        store: where the stack is kept.
        base: its deployment before the run.
    """

    def __init__(self, store: Store, base: Deployment) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._pending: dict[int, Operation] = {}
        # What was created, perhaps, by a run that was killed: only the user can tell.
        self._left_pending = [op for op in base.pending if op.type == "creating"]
        self._refreshed = False
        self._closed = False
        self._rest(base)

    def _rest(self, base: Deployment) -> None:
        self._base = list(base.resources)
        self._news: list[ResourceState] = []
        self._keys = {id(r): f"b{n}" for n, r in enumerate(self._base)}
        self._dropped: set[int] = set()
        self._journal = self._store.begin(base)

    def begin(self, operation: str, state: ResourceState) -> None:
        """An operation on a resource is under way: ``creating``, ``updating``, ``deleting``, ``reading`` or ``importing``."""
        with self._lock:
            self._pending[id(state)] = Operation(operation, state.copy())
            self._write({"do": "begin", "key": f"p{id(state)}", "type": operation, "resource": state})

    def end(
        self,
        finished: ResourceState | None = None,
        *,
        new: ResourceState | None = None,
        gone: ResourceState | None = None,
        changed: ResourceState | None = None,
    ) -> None:
        """Something was confirmed, all at once.

        Args:
            finished: the state whose operation is no longer under way.
            new: a state that is now.
            gone: a state that is no more.
            changed: a state of before that stays, but differs.
        """
        with self._lock:
            changes: list[Change] = []
            if finished is not None and self._pending.pop(id(finished), None) is not None:
                changes.append({"do": "end", "key": f"p{id(finished)}"})
            if gone is not None and id(gone) not in self._dropped:
                self._dropped.add(id(gone))
                if id(gone) in self._keys:
                    changes.append({"do": "drop", "key": self._keys[id(gone)]})
            if new is not None:
                self._keys[id(new)] = f"n{len(self._news)}"
                self._news.append(new)
                changes.append({"do": "put", "key": self._keys[id(new)], "resource": new})
            if changed is not None and id(changed) in self._keys and id(changed) not in self._dropped:
                changes.append({"do": "put", "key": self._keys[id(changed)], "resource": changed})
            if changes:
                self._write(*changes)

    def mark_refreshed(self) -> None:
        """From now on, what needs a resource that is gone needs it no longer."""
        with self._lock:
            if not self._refreshed:
                self._refreshed = True
                self._write({"do": "refreshed"})

    def rebase(self, resources: Sequence[ResourceState]) -> None:
        """Take other old states in place of those of before the run."""
        with self._lock:
            self._journal.close()
            deployment = Deployment(list(resources), [*self._pending.values(), *self._left_pending])
            self._store.save(deployment)
            self._rest(deployment)

    def deployment(self) -> Deployment:
        """The state as it is now."""
        with self._lock:
            resources = [r for r in [*self._news, *self._base] if id(r) not in self._dropped]
            if self._refreshed:
                resources = without_dangling(resources)
            return Deployment(resources, [*self._pending.values(), *self._left_pending])

    def close(self) -> None:
        """Write the state as a whole; nothing that still ends after this is taken down."""
        with self._lock:
            self._closed = True
            self._journal.close()
            self._store.save(self.deployment())

    def _write(self, *changes: Change) -> None:
        if not self._closed:
            self._journal.write(*changes)
