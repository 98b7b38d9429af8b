"""Many emulated portals on Dask workers that are killed all the time, beside a plain pool with the same slots.

``python -m tests.fleet.proof [--portals 200] [--slots 2] [--kill-every 10]`` prints what it measured, and fails if a portal
has not everything once.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.fleet import cluster
from pulumi_hubassoc.fleet.place import FleetPlace
from pulumi_hubassoc.fleet.run import RunResult, run_fleet
from tests.fleet.running import WRITES, Client

MB = 2**20


@dataclass
class Killer:
    """Kills one of the Dask workers of this process, in the middle of a job, each time so many stacks are done.

    Attributes:
        place: the fleet's folder, whose records are counted.
        every: stacks from one kill to the next.
        kills: so far.
        most_mb: the most memory of one worker.
    """

    place: FleetPlace
    every: int
    kills: int = 0
    most_mb: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def _workers(self) -> list[psutil.Process]:
        """The workers that have a job just now."""
        found = []
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                if "spawn_main" in " ".join(child.cmdline()):
                    self.most_mb = max(self.most_mb, child.memory_info().rss / MB)
                    found += [child] if child.children() else []
        return found

    def _kill(self) -> None:
        chance = random.Random(1)
        while not self._ended.wait(chance.uniform(0.1, 0.8)):
            workers = self._workers()
            if workers and self._done() >= self.every * (self.kills + 1) - 1:
                chance.choice(workers).kill()
                self.kills += 1

    def _done(self) -> int:
        try:
            return self.place.records.read_bytes().count(b"\n")
        except FileNotFoundError:
            return 0

    @contextmanager
    def at_work(self) -> Iterator[Killer]:
        """Within this block."""
        thread = threading.Thread(target=self._kill)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()


@dataclass(frozen=True)
class Measured:
    """One `up` of a fleet: what it took."""

    result: RunResult
    seconds: float
    asked: int

    @property
    def most_mb(self) -> float:
        """The most memory of one job."""
        return max(record.peak_mb or 0.0 for record in self.result.records)


def plain(client: Client, slots: int) -> Measured:
    """By a plain pool: a thread waits for each job's process."""
    asked, began = client.asked(), time.monotonic()
    with cluster.threads(slots) as force:
        result = run_fleet(client.fleet, "up", force.executor, slots=slots, engine="local")
    return Measured(result, time.monotonic() - began, client.asked() - asked)


def on_dask(client: Client, slots: int, killer: Killer) -> Measured:
    """By Dask's workers, some of which are killed; starting and ending them is in the time."""
    asked, began = client.asked(), time.monotonic()
    with cluster.local_cluster(slots) as force, killer.at_work():
        result = run_fleet(client.fleet, "up", force.executor, slots=slots, engine="local")
    return Measured(result, time.monotonic() - began, client.asked() - asked)


def faults_of(client: Client, measured: Measured) -> list[str]:
    """What is not as it should be: each portal done once, with everything in it once, and nothing written twice."""
    found = [f"{r.stack}: {r.outcome} {r.errors}" for r in measured.result.records if r.outcome != "done"]
    stacks = Counter(record.stack for record in measured.result.records)
    found += [f"p{n} has {stacks[f'p{n}']} records" for n in range(client.size) if stacks[f"p{n}"] != 1]
    found += [f"p{n} has {client.labels(n)}, {client.limits(n)}" for n in range(client.size) if not client.converged(n)]
    found += [
        f"p{n} was sent {client.written(n)}"
        for n in range(client.size)
        if client.written(n)["create_label"] != WRITES - 1
    ]
    return found


def _plain_alone(portals: int, slots: int) -> int:
    """Bring a fleet up by the plain pool, in a process of its own, and print what it took."""
    with pytest.MonkeyPatch.context() as env, tempfile.TemporaryDirectory() as folder:
        client = Client(Path(folder), Emulator(seed=1), env, portals)
        measured = plain(client, slots)
        faults = faults_of(client, measured)
        print(
            f"plain pool: {portals} portals, {slots} slots, {measured.seconds:.1f} s; {measured.asked / portals:.2f} requests "
            f"a portal; a job at most {measured.most_mb:.0f} MB; {len(faults)} faults",
            flush=True,
        )
        client.emulator.stop()
    return 1 if faults else 0


def main() -> int:
    """Measure and print. Both ways run at the same time, so that whatever else the machine does is in both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=200)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--kill-every", type=int, default=10, metavar="PORTALS")
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        return _plain_alone(options.portals, options.slots)
    sizes = ["--portals", str(options.portals), "--slots", str(options.slots)]
    other = subprocess.Popen([sys.executable, "-m", "tests.fleet.proof", "--plain", *sizes])
    with pytest.MonkeyPatch.context() as env, tempfile.TemporaryDirectory() as folder:
        client = Client(Path(folder), Emulator(seed=2), env, options.portals)
        killer = Killer(client.place, options.kill_every)
        in_that_time: list[int] = []

        def when_the_other_ends() -> None:
            other.wait()
            in_that_time.append(len(client.records()))

        waiter = threading.Thread(target=when_the_other_ends)
        waiter.start()
        measured = on_dask(client, options.slots, killer)
        waiter.join()
        faults = faults_of(client, measured)
        print(
            f"Dask, workers killed: {options.portals} portals, {options.slots} slots, {measured.seconds:.1f} s; "
            f"{measured.asked / options.portals:.2f} requests a portal; a job at most {measured.most_mb:.0f} MB; "
            f"{killer.kills} workers killed, {sum(r.attempt > 1 for r in measured.result.records)} portals took more than one "
            f"attempt; a worker at most {killer.most_mb:.0f} MB"
        )
        print(
            f"when the plain pool had all, Dask had {in_that_time[0]}: {options.portals / in_that_time[0]:.2f} times its time",
            flush=True,
        )
        again = plain(client, options.slots)
        changed = sum(len(record.changes) for record in again.result.records)
        print(
            f"second up: {len(again.result.records)} portals, {changed} changes, {again.asked} requests, {again.seconds:.1f} s"
        )
        faults += faults_of(client, again)
        client.emulator.stop()
    print("\n".join(faults) or "every portal has everything, once")
    return 1 if faults or changed or again.asked or other.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
