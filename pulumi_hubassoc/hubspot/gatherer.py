"""Doing together what several threads want at the same time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from pulumi_hubassoc.errors import HubAssocError

K = TypeVar("K", bound=Hashable)
W = TypeVar("W")
Outcome = HubAssocError | None


class Gatherer(Generic[K, W]):
    """While one thread works on a key, what others want there piles up; the next one does the whole pile in one go.

    Nobody waits for company: a thread that comes alone works at once.

    Args:
        work: does what several threads want of a key; for each, the error it ends with or None. An error that it
            raises is everybody's.
    """

    def __init__(self, work: Callable[[K, Sequence[W]], Sequence[Outcome]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._turns: defaultdict[K, threading.Lock] = defaultdict(threading.Lock)
        self._piles: defaultdict[K, list[_Job[W]]] = defaultdict(list)

    def __call__(self, key: K, wish: W) -> None:
        """Have it done; returns, or raises its error, when that is so."""
        job = _Job(wish)
        with self._lock:
            self._piles[key].append(job)
            turn = self._turns[key]
        with turn:
            if not job.is_done:
                with self._lock:
                    jobs = self._piles.pop(key, [])
                self._do(key, jobs if job in jobs else [*jobs, job])  # not in it if a bug ended who had taken it
        if job.error is not None:
            raise job.error

    def _do(self, key: K, jobs: Sequence[_Job[W]]) -> None:
        try:
            outcomes = self._work(key, [job.wish for job in jobs])
        except HubAssocError as error:
            outcomes = [error] * len(jobs)
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.error, job.is_done = outcome, True


class _Job(Generic[W]):
    def __init__(self, wish: W) -> None:
        self.wish = wish
        self.is_done = False
        self.error: Outcome = None
