"""One operation on one stack, as a job of its own: what is handed to an executor, and what it hands back.

`perform` runs where the executor has its workers. It starts a process for the stack alone (several stacks in one Python
process are unsafe) and waits for it. The process is tied to it by a pipe: when the worker dies, however it dies, the job
ends itself. The token goes by the process's environment and nowhere else.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Literal

from pydantic import TypeAdapter

from pulumi_hubassoc.config import ENVIRONMENT
from pulumi_hubassoc.engine.interface import OperationName
from pulumi_hubassoc.errors import HubAssocError, one_line
from pulumi_hubassoc.fleet.lease import MARK, end_family
from pulumi_hubassoc.fleet.place import FleetPlace
from pulumi_hubassoc.fleet.record import Outcome, Record
from pulumi_hubassoc.hubspot.spending import Spending, Spent

GRACE_S = 20.0
"""How long a job that is told to end may take to end what it has begun."""
_LINES = 30
_RECORD = TypeAdapter(Record)


class LostJob(HubAssocError):
    """A job's process ended without a result; it may be run again."""

    __module__ = "builtins"


@dataclass(frozen=True)
class Job:
    """One operation on one stack; all it takes to do it but the token, so that it may be pickled and written as JSON.

    Attributes:
        run: the run of the fleet.
        session: the call that runs it; a resumed run has another.
        operation: what is to be done.
        stack: its name.
        portal_id: the portal that is meant.
        project: the project's name.
        folder: of the fleet (`FleetPlace`).
        program: the folder of the program, None: the schema is the program.
        schema: the schema file.
        overlay: laid over it.
        config: of the stack, plain.
        backend: the URL of Pulumi's back end, None: the fleet's own folder.
        token_env: the variable with the token; or
        token_file: the file with it; neither: it is in the stack's own configuration.
        engine: which runs it.
        daily_share: how much of the portal's requests of a day may be spent.
        wave: for the record.
        attempt: likewise.
        parallel: resource operations at once, None: the engine's default.
        timeout_s: after which it is ended.
    """

    run: str
    session: str
    operation: OperationName
    stack: str
    portal_id: int
    project: str
    folder: str
    program: str | None = None
    schema: str | None = None
    overlay: str | None = None
    config: dict[str, str] = field(default_factory=dict)
    backend: str | None = None
    token_env: str | None = None
    token_file: str | None = None
    engine: Literal["cli", "local"] = "local"
    daily_share: float = 0.5
    wave: int = 0
    attempt: int = 1
    parallel: int | None = None
    timeout_s: float = 3600.0

    @property
    def place(self) -> FleetPlace:
        """The fleet's folder."""
        return FleetPlace(Path(self.folder))

    def spending(self) -> Spending:
        """The requests to its portal."""
        return Spending(self.place.spending(self.portal_id), self.daily_share)

    def record(self, outcome: Outcome, *errors: str, exit_code: int = 1) -> Record:
        """A record without changes."""
        return Record(
            run=self.run,
            operation=self.operation,
            stack=self.stack,
            portal_id=self.portal_id,
            outcome=outcome,
            exit_code=exit_code,
            changes=(),
            errors=errors,
            requests=0,
            seconds=0.0,
            started=iso(time.time()),
            attempt=self.attempt,
            wave=self.wave,
            worker=f"{socket.gethostname()}:{os.getpid()}",
        )

    def parked(self, spent: Spent) -> Record:
        """A record that it waits for the portal's next day."""
        sentence = f"Parked — {spent.said} — may go on from {iso(spent.until)}"
        return replace(self.record("parked", sentence), may_go_on=iso(spent.until))


def iso(seconds: float) -> str:
    """A moment as records have it, in whole seconds, never too early."""
    return datetime.fromtimestamp(-(-seconds // 1), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def perform(job: Job) -> Record:
    """Do it, in a process of its own, and wait for it. It may be done again at any time, and by anybody else.

    Raises:
        LostJob: its process ended without a result.
    """
    try:
        if spent := job.spending().spent():
            return job.parked(spent)
        token = _token(job)
        work = job.place.work(job.stack)
        (work / "pulumi-home").mkdir(parents=True, exist_ok=True)
    except HubAssocError as error:
        return job.record("failed", str(error))
    except OSError as error:
        return job.record(
            "failed", f"{job.place.folder} cannot be used — {error.strerror} — it must be a disk of all workers"
        )
    mark = f"{job.session}/{job.stack}/{uuid.uuid4().hex[:12]}"
    process = _Process(job, _environment(job, token, mark), work)
    record = process.result(token)
    if process.returncode or record is None:
        end_family(mark, 0.0)
    if record is None:
        raise LostJob(process.obituary(token))
    return record


class _Process:
    """The job's process."""

    def __init__(self, job: Job, env: dict[str, str], work: Path) -> None:
        self._job = job
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pulumi_hubassoc.fleet.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=work,
            env=env,
            start_new_session=True,  # a Ctrl-C at the terminal is for the fleet, which lets jobs end
        )
        assert self._process.stderr is not None
        self._said: deque[bytes] = deque(maxlen=_LINES)
        self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
        self._listener.start()
        self._late = False

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in iter(lambda: stream.readline(65_536), b""):
                self._said.append(line)

    @property
    def returncode(self) -> int | None:
        """The exit code of the process, negative for a signal."""
        return self._process.returncode

    def result(self, token: str | None) -> Record | None:
        """The record it answers; None if it ended without one."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        end = threading.Timer(self._job.timeout_s, self._end)
        end.daemon = True
        end.start()
        answer = b""
        with process.stdout, contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asdict(self._job)).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.read()
        process.wait()
        end.cancel()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        self._listener.join(5)
        try:
            record = _RECORD.validate_json(_without(token, answer))
        except ValueError:
            return self._job.record("failed", self._too_late()) if self._late else None
        return replace(record, errors=(self._too_late(), *record.errors)) if self._late else record

    def _too_late(self) -> str:
        return f"It did not end in {self._job.timeout_s:.0f} s — it was ended — run it again, or give it more time"

    def _end(self) -> None:
        """Let it end what it has begun; it sees that its pipe is closed."""
        self._late = True
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE_S + 10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def obituary(self, token: str | None) -> str:
        """How it ended, in one line."""
        code = self._process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code} and no result"
        said = one_line(_without(token, b" ".join(self._said)).decode("utf-8", "replace")[-300:])
        return f"The process of {self._job.stack} {how}" + (f": {said}" if said else "")


def _without(token: str | None, text: bytes) -> bytes:
    return text.replace(token.encode(), b"[token]") if token else text


def _token(job: Job) -> str | None:
    """The token, from where the fleet file says; None if it is in the stack's own configuration."""
    if job.token_env:
        token = os.environ.get(job.token_env, "").strip()
        where = f"the environment variable {job.token_env}"
        fix = "set it where the jobs run"
    elif job.token_file:
        where, fix = f"the file {job.token_file}", "put it there, readable where the jobs run"
        try:
            token = Path(job.token_file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise HubAssocError(f"The token of {job.stack} is to be in {where} — {why} — {fix}") from None
    else:
        return None
    if not token:
        raise HubAssocError(f"The token of {job.stack} is to be in {where} — there is none — {fix}")
    return token


def _environment(job: Job, token: str | None, mark: str) -> dict[str, str]:
    """What a job's process finds in its environment; nobody else's token under its own name."""
    env = {key: value for key, value in os.environ.items() if key != ENVIRONMENT["accessToken"]}
    if token is not None:
        env[ENVIRONMENT["accessToken"]] = token
    if job.program is None:
        # Linear in the number of resources; a kill loses the state of that run, and labels are found again [observed].
        # A program may have resources that nobody would find again.
        env["PULUMI_SKIP_CHECKPOINTS"] = "true"
    return env | {
        ENVIRONMENT["portalId"]: str(job.portal_id),
        ENVIRONMENT["dailyShare"]: repr(job.daily_share),
        ENVIRONMENT["spendingFile"]: str(job.place.spending(job.portal_id)),
        "PULUMI_HOME": str(job.place.work(job.stack) / "pulumi-home"),
        MARK: mark,
    }
