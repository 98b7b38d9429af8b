"""``python -m pulumi_hubassoc.fleet.worker``: the process of one job.

It reads the job from its standard input, takes the stack's lease, does the operation, and writes the record to its
standard output. When its input closes, or the fleet is told to stop, it ends: what is under way may end first, for a
while. Nothing of it outlives it for longer.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil

from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE
from pulumi_hubassoc.engine.interface import (
    ConfigValue,
    Engine,
    EngineError,
    NoSuchStack,
    Options,
    Project,
    Result,
    Stack,
    StackLocked,
)
from pulumi_hubassoc.errors import HubAssocError, one_line
from pulumi_hubassoc.fleet.job import GRACE_S, Job, iso
from pulumi_hubassoc.fleet.lease import MARK, Held, Holder, Lease, end_family, family, is_ours_and_dead
from pulumi_hubassoc.fleet.record import Change, Record

_SECOND_SIGNAL_S = GRACE_S / 2
_PATIENCE_S = 2 * GRACE_S
_CANCELLED = 8
_IN_GENERAL = "update failed"
"""What both engines say in the end of an operation that failed, whatever was wrong [observed]."""
_COMPONENT = "crm"
"""The name of the component of a fleet without a program; it is in users' state for ever."""


def main() -> int:
    """Do the job; the exit code says only whether there is a record."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    answer = os.dup(1)
    os.dup2(2, 1)  # whatever a program prints is no answer
    job = Job(**json.loads(sys.stdin.buffer.readline()))
    began = time.time()
    try:
        record = _leased(job)
    except KeyboardInterrupt:
        record = job.record("failed", _INTERRUPTED, exit_code=_CANCELLED)
    except (HubAssocError, EngineError) as error:
        record = job.record("failed", one_line(str(error), 600))
    except OSError as error:
        record = job.record(
            "failed", one_line(f"{error.filename or job.place.folder} cannot be used — {error.strerror}", 600)
        )
    record = replace(record, started=iso(began), seconds=round(time.time() - began, 3), peak_mb=_peak_mb())
    os.write(answer, json.dumps(asdict(record)).encode())
    return 0


_INTERRUPTED = "Interrupted before its end — run it again"


def _peak_mb() -> float:
    """The most memory of this process and of the largest of those it started, in MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    most = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(most / unit, 1)


# ------------------------------------------------------------------------------------------------------ one at a time


def _leased(job: Job) -> Record:
    """Take the lease and do it."""
    lease = Lease(job.place.leases, f"{job.project}.{job.stack}")
    me = Holder.me(os.environ.get(MARK, ""), job.run, job.session)
    me, died_at = _taken(lease, me)
    watch = _Watch(job, lease)
    try:
        left = lease.left
        if left and left.host == me.host:
            end_family(left.job, GRACE_S)
        record = _counted(job, lambda sentence: is_ours_and_dead(sentence, left, me.since, died_at))
        if watch.over.is_set() and record.outcome != "done":
            record = replace(record, outcome="failed", errors=(_INTERRUPTED, *record.errors), may_go_on=None)
        return replace(record, attempt=max(job.attempt, me.attempt))
    finally:
        lease.done()


def _taken(lease: Lease, me: Holder) -> tuple[Holder, float]:
    """The lease, and until when its holder before gave signs of life.

    A job of this same session that still has it has lost its worker, and this is its rerun: it ends by itself, or is
    ended. One that says it is about to end is waited for. Everybody else's is theirs.
    """
    began = time.monotonic()
    while True:
        lived_until = lease.lived_until()
        try:
            return lease.take(me), lived_until
        except Held as held:
            other, waited = held.holder, time.monotonic() - began
            lost = other is not None and other.session == me.session
            if waited > _PATIENCE_S or not (other is None or other.ending or lost):
                raise
            if other and lost and other.host == me.host and waited > GRACE_S:
                end_family(other.job, 0.0)
            time.sleep(0.1)


class _Watch:
    """Beats the lease until the one that started us is gone or says stop; then ends this process, in time.

    Attributes:
        over: whether that has come.
    """

    def __init__(self, job: Job, lease: Lease) -> None:
        self._stop, self._lease = job.place.stop(job.session), lease
        self.over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stop.exists():
            ready, _, _ = select.select([0], [], [], 1.0)
            if ready and not os.read(0, 4096):
                break
            self._lease.beat()
        self.over.set()
        self._lease.about_to_end()
        _interrupt()
        time.sleep(_SECOND_SIGNAL_S)
        _interrupt()
        time.sleep(GRACE_S - _SECOND_SIGNAL_S)
        for process in family(os.environ.get(MARK, "")):
            with contextlib.suppress(psutil.Error):
                process.kill()
        os._exit(130)


def _interrupt() -> None:
    """As a Ctrl-C does, to this process and the CLI; the providers hear of it from them."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)


# ---------------------------------------------------------------------------------------------------- the operation


def _counted(job: Job, is_ours: Callable[[str], bool]) -> Record:
    """Do it, and count what it spent."""
    spending = job.spending()
    before = spending.count()
    engine = _engine(job)
    _refuse_if_another_engines(job)
    try:
        result = _operate(job, engine, is_ours)
    except NoSuchStack:
        record = job.record("done", exit_code=0)  # there is nothing to refresh or destroy
    else:
        record = _record_of(job, result)
    record = replace(record, requests=max(0, spending.count() - before), engine=engine.name)
    spent = spending.spent()
    if record.outcome == "failed" and spent:
        parked = job.parked(spent)
        return replace(record, outcome="parked", may_go_on=parked.may_go_on, errors=(*parked.errors, *record.errors))
    return record


def _refuse_if_another_engines(job: Job) -> None:
    """In the fleet's folder each engine has states of its own: a stack that both have would be one label in two states."""
    by = {
        "cli": job.place.state / ".pulumi" / "stacks" / job.project / f"{job.stack}.json",
        "local": job.place.state / job.project / f"{job.stack}.json",
    }
    other = "local" if job.engine == "cli" else "cli"
    if not _has_resources(by[job.engine]) and _has_resources(by[other]):
        raise HubAssocError(f"The state of {job.stack} is another engine's — nothing was begun — use --engine {other}")


def _has_resources(state: Path) -> bool:
    try:
        return '"urn"' in state.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def _record_of(job: Job, result: Result) -> Record:
    told = [d for d in result.diagnostics if d.severity == "error" or (d.severity == "warning" and d.urn)]
    errors = dict.fromkeys(
        ("" if d.severity == "error" else "Warning: ") + one_line(_last_line(d.message), 600) for d in told
    )
    if len(errors) > 1:
        errors.pop(_IN_GENERAL, None)
    record = job.record("done" if result.ok else "failed", *errors, exit_code=result.exit_code)
    return replace(record, changes=tuple(_changes(result)))


def _last_line(message: str) -> str:
    """Of a traceback what was raised: where it was raised is of no use in a record."""
    return message.rpartition("\n")[2] if message.startswith("Traceback ") else message


def _changes(result: Result) -> list[Change]:
    """What was done or would be, of resources that are not Pulumi's own."""
    return [
        Change(event.operation, event.type, event.name, tuple(event.diff))
        for event in result.events
        if event.operation not in ("same", "read", "refresh")
        and event.status != "failed"
        and not event.type.startswith("pulumi:")
    ]


def _operate(job: Job, engine: Engine, is_ours: Callable[[str], bool]) -> Result:
    """The operation; the lock that a dead job of ours has left is taken away, and no other."""
    stack = engine.stack(_project(job), job.stack, make=job.operation in ("preview", "up"))
    _configure(job, stack)
    run: Callable[[Options], Result] = getattr(stack, job.operation)
    try:
        return run(Options(parallel=job.parallel))
    except StackLocked as error:
        if not is_ours(str(error)):
            raise
        stack.cancel()
        return run(Options(parallel=job.parallel))


def _engine(job: Job) -> Engine:
    url = urlsplit(job.backend or "")
    folder = Path(unquote(url.path)) if job.backend else job.place.state
    in_folder = not job.backend or (url.scheme == "file" and not url.netloc)
    if job.engine == "cli":
        from pulumi_hubassoc.engine.pulumi_cli import PulumiCliEngine

        if job.backend or not (job.program or "PULUMI_BACKEND_URL" in os.environ):
            if in_folder:
                folder.mkdir(parents=True, exist_ok=True)
            os.environ["PULUMI_BACKEND_URL"] = folder.as_uri() if in_folder else str(job.backend)
        return PulumiCliEngine()
    from pulumi_hubassoc.engine.local import LocalEngine

    if not in_folder:
        raise EngineError(f"the built-in engine keeps states in a folder, not at {url.scheme}://: use file:///…")
    # A process of the job's own already; only the warnings of a preview need one that is the provider's alone.
    alone = job.program is None and job.operation != "preview"
    return LocalEngine(folder, provider="in-process" if alone else "process")


def _project(job: Job) -> Project:
    if job.program:
        return Project(job.project, Path(job.program))
    assert job.schema
    schema, overlays = job.schema, [job.overlay] if job.overlay else []

    def program() -> None:
        from pulumi_hubassoc.resources.schema import AssociationSchema

        AssociationSchema(_COMPONENT, file=schema, overlays=overlays)

    return Project(job.project, program, Path.cwd())


def _refuse_other_guards(job: Job, found: Mapping[str, ConfigValue]) -> None:
    """The stack's own configuration wins over the environment: which portal, and how much, is for the fleet file to say."""
    for key in ("portalId", "spendingFile", "dailyShare"):
        own = found.get(f"{NAMESPACE}:{key}")
        if own and own.value.strip() != os.environ.get(ENVIRONMENT[key], ""):
            raise HubAssocError(
                f"The configuration of {job.stack} has {NAMESPACE}:{key}, otherwise than the fleet — nothing was begun — "
                f"take it out with `pulumi config rm {NAMESPACE}:{key}`"
            )


def _configure(job: Job, stack: Stack) -> None:
    """Set what the fleet file says; of a stack without a program of its own, take away what it no longer says."""
    found = stack.get_config()
    if job.program:
        _refuse_other_guards(job, found)
    if not job.config and job.program:
        return
    plain = {key: value.value for key, value in found.items() if not value.secret}
    wanted = {key if ":" in key else f"{job.project}:{key}": value for key, value in job.config.items()}
    changes: dict[str, Any] = {key: value for key, value in wanted.items() if plain.get(key) != value}
    if not job.program:
        changes |= {key: None for key in plain if key not in wanted}
    for key, value in changes.items():
        stack.set_config(key, value)


if __name__ == "__main__":
    sys.exit(main())
