"""One operation on the stacks of a fleet, by any executor of `concurrent.futures`.

```python
with ThreadPoolExecutor(4) as pool:
    ended = run_fleet(fleet.read(Path("fleet.yaml")), "up", pool, slots=4)
sys.exit(ended.exit_code)
```

What is handed to the executor is small and may be done again, so that a worker that dies loses nothing: its stacks are
handed out anew. That a stack is never worked on twice at once its lease sees to (`fleet.lease`).
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from types import FrameType
from typing import Any, Literal

from pulumi_hubassoc.engine.choose import why_not_cli
from pulumi_hubassoc.engine.interface import OperationName
from pulumi_hubassoc.engine.local.store import write_whole
from pulumi_hubassoc.errors import HubAssocError, one_line
from pulumi_hubassoc.fleet.document import Fleet, FleetPortal, check_schemas
from pulumi_hubassoc.fleet.job import GRACE_S, Job, perform
from pulumi_hubassoc.fleet.place import FleetPlace
from pulumi_hubassoc.fleet.record import Record, Records
from pulumi_hubassoc.fleet.standing import exit_code

EngineName = Literal["auto", "cli", "local"]
MOST_ATTEMPTS = 5
"""How often a stack is handed out whose worker or process dies."""
_POLL_S = 0.5
CANCELLED = 8
"""The exit code of a run that was interrupted; the others are those of `fleet.standing`."""


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: its name; a resumed run keeps it.
        records: of this call, in the order in which they came.
        skipped: stacks that a resumed run had done before.
        interrupted: whether it was stopped from outside.
    """

    run: str
    records: tuple[Record, ...]
    skipped: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """By the worst: 0 all are done, 1 some failed, 75 none failed and some are parked, 8 interrupted."""
        return CANCELLED if self.interrupted else exit_code(record.outcome for record in self.records)


class Interruption:
    """Whether a run is to end: after `gently` nothing more is begun, and after `now` what is under way is ended.

    Args:
        patience_s: how long after `now` a job is waited for that is not heard of: its cluster may have no workers left.
    """

    def __init__(self, patience_s: float = 2 * GRACE_S) -> None:
        self.gently = threading.Event()
        self.now = threading.Event()
        self.patience_s = patience_s

    @property
    def came(self) -> bool:
        """Whether it is to end in either way."""
        return self.gently.is_set() or self.now.is_set()

    @contextlib.contextmanager
    def by_ctrl_c(self, say: Callable[[str], None] = lambda _: None) -> Iterator[Interruption]:
        """The first Ctrl-C is gently, the second now; of the main thread only."""

        def interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
            if self.gently.is_set():
                self.now.set()
            self.gently.set()
            say(
                "ending what is under way"
                if self.now.is_set()
                else "no more is begun; Ctrl-C again ends what is under way"
            )

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, interrupt) for number in numbers}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run_fleet(
    fleet: Fleet,
    operation: OperationName,
    executor: Executor,
    *,
    portals: Sequence[FleetPortal] | None = None,
    slots: int | None = None,
    engine: EngineName = "auto",
    resume: bool = False,
    parallel: int | None = None,
    timeout_s: float = 3600.0,
    interruption: Interruption | None = None,
    on_plan: Callable[[list[int]], None] = lambda _: None,
    on_begin: Callable[[Job], None] = lambda _: None,
    on_record: Callable[[Record], None] = lambda _: None,
) -> RunResult:
    """Do an operation on stacks of a fleet.

    Args:
        fleet: the fleet.
        operation: `preview`, `up`, `refresh` or `destroy`.
        executor: what runs the jobs: threads, processes, Dask … Its workers must see the fleet's folder and have this
            package.
        portals: those that are meant; all unless given.
        slots: jobs at once; the number of cores unless given.
        engine: what runs the stacks; with ``auto`` the Pulumi CLI if it is on this machine's PATH.
        resume: go on with the last run: what it has done is left out, and so is what it was not meant for.
        parallel: resource operations at once in each stack.
        timeout_s: after which a job is ended.
        interruption: by which the run may be ended early.
        on_plan: told how many stacks each wave has, before the first begins.
        on_begin: told of each job that is handed out.
        on_record: told of each record, once it is on the disk.

    Returns:
        The records, one for each stack, also in the fleet's file of records.

    Raises:
        HubAssocError: nothing could be begun; the sentence says why.
    """
    meant = tuple(fleet.portals if portals is None else portals)
    if operation in ("preview", "up"):
        check_schemas(fleet, meant)
    place = FleetPlace.of(fleet)
    place.make()
    records = Records(place.records)
    if resume:
        run, was_meant, done = _resumed(place, records, operation)
        meant = tuple(portal for portal in meant if portal.stack in was_meant)
    else:
        run, done = _new_run(place, operation, meant), frozenset()
    which: Literal["cli", "local"] = ("local" if why_not_cli() else "cli") if engine == "auto" else engine
    session = uuid.uuid4().hex[:12]

    def job(portal: FleetPortal, wave: int) -> Job:
        return Job(
            run=run,
            session=session,
            operation=operation,
            stack=portal.stack,
            portal_id=portal.portal_id,
            project=fleet.project,
            folder=str(place.folder),
            program=str(fleet.program) if fleet.program else None,
            schema=str(fleet.schema) if fleet.schema else None,
            overlay=str(portal.overlay) if portal.overlay else None,
            config={**fleet.config, **portal.config},
            backend=fleet.backend,
            token_env=portal.token.env,
            token_file=str(portal.token.file) if portal.token.file else None,
            engine=which,
            daily_share=fleet.daily_share,
            wave=wave,
            parallel=parallel,
            timeout_s=timeout_s,
        )

    todo = [portal for portal in meant if portal.stack not in done]
    waves = [[job(portal, number) for portal in wave] for number, wave in enumerate(waves_of(fleet, todo, operation))]
    on_plan([len(wave) for wave in waves])
    the_run = _Run(
        executor,
        slots or os.cpu_count() or 1,
        place,
        session,
        records,
        interruption or Interruption(),
        on_begin,
        on_record,
    )
    try:
        the_run.do(waves, fleet.waves.stop_at)
    finally:
        if not the_run.abandoned:
            place.stop(session).unlink(missing_ok=True)
    skipped = tuple(portal.stack for portal in meant if portal.stack in done)
    return RunResult(run, tuple(the_run.records), skipped, the_run.interruption.came)


def waves_of(fleet: Fleet, portals: Sequence[FleetPortal], operation: OperationName) -> list[list[FleetPortal]]:
    """The portals in waves: the canaries, a share of all, all others; a preview changes nothing and has one wave."""
    if operation == "preview":
        return [list(portals)]
    canaries = [portal for portal in portals if portal.canary]
    others = [portal for portal in portals if not portal.canary]
    second = math.ceil(fleet.waves.second * len(portals))
    return [canaries, others[:second], others[second:]]


# ------------------------------------------------------------------------------------------------------- last run


def _new_run(place: FleetPlace, operation: OperationName, meant: Sequence[FleetPortal]) -> str:
    run = f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"
    write_whole(
        place.last_run, json.dumps({"run": run, "operation": operation, "stacks": [p.stack for p in meant]}) + "\n"
    )
    return run


def _resumed(
    place: FleetPlace, records: Records, operation: OperationName
) -> tuple[str, frozenset[str], frozenset[str]]:
    """The last run, the stacks it was meant for, and those it has done."""
    try:
        last: Mapping[str, Any] = json.loads(place.last_run.read_text(encoding="utf-8"))
        run, was, stacks = last["run"], last["operation"], frozenset(last["stacks"])
    except (OSError, ValueError, KeyError, TypeError):
        raise HubAssocError("There is no run to resume — none was begun here — leave out --resume") from None
    if was != operation:
        raise HubAssocError(
            f"The last run was {was}, not {operation} — nothing was begun — resume that, or leave out --resume"
        )
    done = frozenset(record.stack for record in records.read() if record.run == run and record.outcome == "done")
    return run, stacks, done


# ------------------------------------------------------------------------------------------------------------ a run


class _Run:
    """One run: hands out jobs wave by wave, never more at once than there are slots.

    Attributes:
        records: so far.
        interruption: by which it ends early.
        abandoned: what was told to end and has not been heard of.
    """

    def __init__(
        self,
        executor: Executor,
        slots: int,
        place: FleetPlace,
        session: str,
        keep: Records,
        interruption: Interruption,
        on_begin: Callable[[Job], None],
        on_record: Callable[[Record], None],
    ) -> None:
        self._executor, self._slots, self._place, self._session = executor, slots, place, session
        self._keep, self._on_begin, self._on_record = keep, on_begin, on_record
        self.interruption = interruption
        self.records: list[Record] = []
        self._waiting: deque[Job] = deque()
        self._running: dict[Future[Record], Job] = {}
        self._stopped = ""
        self._told_at = 0.0
        self.abandoned: list[Future[Record]] = []

    def do(self, waves: Sequence[Sequence[Job]], stop_at: float) -> None:
        """One wave after the other; after one with too many failures, and after a Ctrl-C, nothing more is begun."""
        for wave in waves:
            self._waiting.extend(wave)
            failed = 0
            while self._waiting or self._running:
                self._obey()
                if self._stopped:
                    self._drop_waiting()
                self._hand_out()
                for record in self._ended():
                    failed += record.outcome == "failed"
                    self._note(record)
                if failed > stop_at * len(wave) and not self._stopped:
                    self._stopped = (
                        f"Not begun — {failed} of the {len(wave)} stacks of wave {wave[0].wave + 1} failed, more than "
                        f"{stop_at:.0%} — see to those, and go on with --resume"
                    )

    def _obey(self) -> None:
        if self.interruption.came:
            self._stopped = "Not begun — the run was interrupted — go on with --resume"
        if self.interruption.now.is_set():
            self._place.stop(self._session).touch()
            self._told_at = self._told_at or time.monotonic()
            if time.monotonic() - self._told_at > self.interruption.patience_s:
                self._abandon()

    def _abandon(self) -> None:
        """Wait no longer for what has no worker to hear that it is to end."""
        for future, job in list(self._running.items()):
            if future.cancel():
                del self._running[future]
                self.abandoned.append(future)
                self._note(job.record("failed", "Interrupted — it was not heard of again — go on with --resume"))

    def _drop_waiting(self) -> None:
        while self._waiting:
            self._note(self._waiting.popleft().record("not-run", self._stopped))

    def _hand_out(self) -> None:
        while self._waiting and len(self._running) < self._slots:
            job = self._waiting.popleft()
            try:
                if spent := job.spending().spent():
                    self._note(job.parked(spent))
                    continue
            except HubAssocError as error:  # its count of requests cannot be read; the others' can
                self._note(job.record("failed", str(error)))
                continue
            try:
                future = self._executor.submit(perform, job)
            except (BrokenExecutor, RuntimeError) as error:
                self._note(job.record("failed", f"It could not be begun — {_told(error)} — go on with --resume"))
                self._stopped = f"Not begun — the executor takes no more ({_told(error)}) — go on with --resume"
                return
            self._running[future] = job
            self._on_begin(job)

    def _ended(self) -> list[Record]:
        """Records of the jobs that have ended by now, or in a moment; one that was lost is put back."""
        if not self._running:
            return []
        done, _ = wait(self._running, timeout=_POLL_S, return_when=FIRST_COMPLETED)
        found = []
        for future in done:
            job = self._running.pop(future)
            try:
                found.append(future.result())
            except (Exception, CancelledError) as error:  # noqa: BLE001  whatever an executor raises, the job is lost
                if record := self._lost(job, error):
                    found.append(record)
        return found

    def _lost(self, job: Job, error: BaseException) -> Record | None:
        """The record of a job that is given up; None if it is tried again."""
        if self._stopped or self.interruption.came:
            return job.record("failed", f"Interrupted before its end — {_told(error)} — go on with --resume")
        if job.attempt < MOST_ATTEMPTS:
            self._waiting.appendleft(replace(job, attempt=job.attempt + 1))
            return None
        return job.record("failed", f"It was lost {job.attempt} times — {_told(error)} — run it again")

    def _note(self, record: Record) -> None:
        self._keep.append(record)
        self.records.append(record)
        self._on_record(record)


def _told(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 300)
