"""What runs the jobs of a fleet: threads of this machine, or Dask's workers, here or on a cluster.

A job is a process of its own wherever it runs, so a worker has one slot and does nothing but wait for it. Workers on
other machines need this package, the tokens where the fleet file says they are, and the same folder of the fleet.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pulumi_hubassoc.errors import HubAssocError, one_line

_CONNECT_S = 10.0
_WORKERS_S = 30.0
_HERE = "127.0.0.1"
_KEEP_S = 5.0


@dataclass(frozen=True)
class Workforce:
    """An executor and what is known of it.

    Attributes:
        executor: takes the jobs.
        slots: how many it runs at once.
        name: for people.
    """

    executor: Executor
    slots: int
    name: str


@contextlib.contextmanager
def threads(slots: int | None = None) -> Iterator[Workforce]:
    """Threads of this process, one for each core unless given; each waits for the process of a job."""
    slots = slots or os.cpu_count() or 1
    with ThreadPoolExecutor(slots, thread_name_prefix="fleet") as pool:
        yield Workforce(pool, slots, f"{slots} jobs at once on this machine")


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[Workforce]:
    """Dask on this machine alone: worker processes for so many jobs at once, and a scheduler on 127.0.0.1.

    There is one worker more than jobs: when one dies, its job need not wait for another to start.

    Raises:
        ModuleNotFoundError: without Dask.
    """
    import dask
    import distributed

    settings: dict[str, Any] = {
        # The fleet hands a lost job out anew itself, and counts how often.
        "distributed.scheduler.allowed-failures": 0,
        # A Ctrl-C at the terminal reaches workers too, and is for the fleet: what is under way is to end well.
        "distributed.worker.preload": ["import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"],
        "distributed.admin.tick.limit": "60s",  # a busy machine is no reason for warnings
        # A killed worker is started anew; where that takes longer than this, Dask would give it up for good [observed].
        "distributed.deploy.lost-worker-timeout": "1h",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=workers + 1,
            threads_per_worker=1,
            processes=True,
            host=_HERE,
            dashboard_address=f"{_HERE}:0",  # there is a server behind it even without a dashboard
            worker_dashboard_address=f"{_HERE}:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,  # a worker holds nothing; the memory is that of the jobs' processes
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        executor = client.get_executor(pure=False)
        with _kept_at(cluster, workers + 1):
            yield Workforce(executor, workers, f"{workers} jobs at once on Dask at {cluster.scheduler_address}")


@contextlib.contextmanager
def _kept_at(cluster: Any, workers: int) -> Iterator[None]:
    """See to it that so many workers are there: one whose restart fails is given up by Dask, and the fleet would wait."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(_KEEP_S):
            for name, nanny in list(cluster.workers.items()):
                if nanny.status.name in ("closed", "failed"):
                    cluster.workers.pop(name, None)
            if len(cluster.workers) < workers:
                cluster.scale(workers)

    keeper = threading.Thread(target=keep, name="fleet-workers", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


@contextlib.contextmanager
def cluster_at(scheduler: str, slots: int | None = None) -> Iterator[Workforce]:
    """The Dask cluster of a scheduler (``tcp://…``), with as many jobs at once as its workers have threads.

    Raises:
        HubAssocError: it does not answer, or has no workers.
        ModuleNotFoundError: without Dask.
    """
    import distributed

    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        said = one_line(str(error), 200)
        raise HubAssocError(
            f"The Dask scheduler at {scheduler} cannot be reached — {said} — check its address"
        ) from None
    with client:
        with contextlib.suppress(TimeoutError):
            client.wait_for_workers(1, timeout=_WORKERS_S)
        there = sum(client.nthreads().values())
        if not there:
            raise HubAssocError(f"The Dask scheduler at {scheduler} has no workers — nothing was begun — start some")
        slots = min(slots or there, there)
        yield Workforce(
            client.get_executor(pure=False),
            slots,
            f"{slots} jobs at once on Dask at {scheduler}, which has {there} slots",
        )
