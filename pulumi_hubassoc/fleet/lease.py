"""One operation on a stack at a time: a lease for each stack, which its holder has until it ends, however it ends.

A lease is a locked file, and the lock is the kernel's: it goes with the process that took it, so that no lease is left
behind and none is ever broken. What stands in the file says who the holder is; a holder that ended well has wiped it
out. So whoever takes a lease and finds something there knows that the one before died, and sees to what it left: its
own processes that live on, and the stack's lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import psutil

from pulumi_hubassoc.errors import HubAssocError

MARK = "HUBASSOC_FLEET_JOB"
"""The environment variable by which the processes of one job are known: each job's has a value of its own."""
_LOCKED_BY = re.compile(r"(?P<user>\S+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) (?:at|since) (?P<time>\S+)")
"""How the Pulumi CLI and the built-in engine name the holder of a stack's lock [observed]."""
_SLACK_S = 5.0


@dataclass(frozen=True)
class Holder:
    """Who has a lease.

    Attributes:
        job: one of its own for each job, see `MARK`.
        run: the run of the fleet, the same when it is resumed.
        session: one call that runs a fleet.
        host: the machine.
        pid: the job's process.
        started: when that process began, seconds since 1970.
        since: when the lease was taken; where those before died, when the first of them took it.
        attempt: the how-manieth job of this run on this stack this is.
        ending: whether it has been told to end and is about to.
    """

    job: str
    run: str
    session: str
    host: str
    pid: int
    started: float
    since: float
    attempt: int = 1
    ending: bool = False

    @classmethod
    def me(cls, job: str, run: str, session: str) -> Holder:
        """This process."""
        started = psutil.Process().create_time()
        return cls(job, run, session, socket.gethostname(), os.getpid(), started, time.time())


class Held(HubAssocError):
    """Another job has the lease.

    Attributes:
        holder: which; None while it is just being taken.
    """

    __module__ = "builtins"

    def __init__(self, stack: str, holder: Holder | None) -> None:
        self.holder = holder
        who = f"the run {holder.run} on {holder.host} (pid {holder.pid})" if holder else "a run that has just begun"
        super().__init__(f"The stack {stack} is being worked on by {who} — nothing was begun — wait for its end")


class Lease:
    """The lease of one stack. The file stays; it is the lock on it that counts.

    Args:
        folder: of all leases, on a disk that all who take them see; on a network file system it needs `flock`.
        stack: its name.

    Attributes:
        left: the holder before, if it died; None otherwise.
    """

    def __init__(self, folder: Path, stack: str) -> None:
        self._path = folder / f"{stack}.lease"
        self._stack = stack
        self._file: int | None = None
        self._mine: Holder | None = None
        self.left: Holder | None = None

    def take(self, me: Holder) -> Holder:
        """Take it.

        Returns:
            `me`, with `since` and `attempt` as they follow from who died before.

        Raises:
            Held: by another.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise Held(self._stack, self.holder()) from None
        self._file = file
        self.left = left = self.holder()
        if left:
            attempt = left.attempt + 1 if left.run == me.run else 1
            me = replace(me, since=min(left.since, me.since), attempt=attempt)
        self._write(me)
        return me

    def holder(self) -> Holder | None:
        """Who has it, or had it and died; None if nobody, or it is just being written."""
        try:
            return Holder(**json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def about_to_end(self) -> None:
        """Tell others that it will soon be free."""
        if self._mine and self._file is not None:
            self._write(replace(self._mine, ending=True))

    def beat(self) -> None:
        """Note that the holder lives; the file's time is how long it did."""
        if self._file is not None:
            os.utime(self._file)

    def done(self) -> None:
        """Say that all is well; the lease goes with the process, so that nobody begins while it still ends."""
        if self._file is not None:
            self._mine = None
            os.ftruncate(self._file, 0)

    def release(self) -> None:
        """Give it back at once."""
        self.done()
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def lived_until(self) -> float:
        """When the file was last written or beaten; to be asked before `take`."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return 0.0

    def _write(self, holder: Holder) -> None:
        assert self._file is not None
        self._mine = holder
        text = json.dumps(asdict(holder)).encode()
        os.pwrite(self._file, text, 0)
        os.ftruncate(self._file, len(text))
        os.fsync(self._file)


def family(job: str) -> list[psutil.Process]:
    """The processes of this user on this machine that belong to a job, this one left out."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == job:
                found.append(process)
    return found


def end_family(job: str, grace_s: float) -> None:
    """Wait for all processes of a job to end, and then end them.

    Raises:
        HubAssocError: if one does not go.
    """
    deadline = time.monotonic() + grace_s
    while (alive := family(job)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(alive, timeout=10)
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise HubAssocError(f"The processes {pids} of a lost job do not end — nothing was begun — end them")


def is_there(pid: int, before: float) -> bool:
    """Whether a process lives that began before a moment (seconds since 1970): a number may be another's by now."""
    try:
        return bool(psutil.Process(pid).create_time() <= before + _SLACK_S)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def is_ours_and_dead(sentence: str, left: Holder | None, since: float, until: float) -> bool:
    """Whether the lock of a stack was left by a job of ours that died on this machine.

    It must name this machine and a process that is gone, and have been made while a job of ours that did not give its
    lease back had it: in that time nobody else was to touch the stack, and whoever does is another process.

    Args:
        sentence: of the engine, that the stack is locked.
        left: the holder of the lease that died.
        since: when the first of those took it.
        until: when the last gave its last sign of life.
    """
    found = _LOCKED_BY.search(sentence)
    if not found or left is None or {left.host, found["host"]} != {socket.gethostname()}:
        return False
    at = _seconds(found["time"])
    if at is None or not since - _SLACK_S <= at <= until + _SLACK_S:
        return False
    return not is_there(int(found["pid"]), at)


def _seconds(text: str) -> float | None:
    whole = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    return datetime.fromisoformat(whole[1] + whole[2].replace("Z", "+00:00")).timestamp() if whole else None
