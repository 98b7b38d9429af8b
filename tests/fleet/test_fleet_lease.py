"""A lease is one's at a time, goes with its holder, and never passes for somebody else's lock."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_hubassoc.fleet.lease import MARK, Held, Holder, Lease, end_family, family, is_ours_and_dead, is_there
from tests.crash.processes import is_running

HERE = socket.gethostname()
NOW = 1_790_000_000.0
TAKES_AND_WAITS = """
import sys, time
from pathlib import Path
from pulumi_hubassoc.fleet.lease import Holder, Lease
lease = Lease(Path(sys.argv[1]), "a")
lease.take(Holder.me("job-1", "run-1", "session-1"))
print("taken", flush=True)
time.sleep(60)
"""


def me(job: str = "job-2", run: str = "run-1") -> Holder:
    """This process as the holder of a lease."""
    return Holder.me(job, run, "session-2")


def iso(seconds: float) -> str:
    """A moment as engines write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.fixture
def dead() -> int:
    """The number of a process that is gone."""
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_one_at_a_time(tmp_path: Path) -> None:
    """The second is told who has it; given back, it may be taken, and nothing was left behind."""
    first, second = Lease(tmp_path, "a"), Lease(tmp_path, "a")
    first.take(me("job-1"))
    with pytest.raises(Held, match=rf"The stack a is being worked on by the run run-1 on {HERE} \(pid {os.getpid()}\)"):
        second.take(me())
    Lease(tmp_path, "b").take(me())
    first.release()
    assert second.take(me()).attempt == 1
    assert second.left is None


def test_a_job_that_is_done_keeps_it_until_it_has_gone(tmp_path: Path) -> None:
    """While it still ends nobody begins; who waits does not take it for a run of somebody else."""
    first, second = Lease(tmp_path, "a"), Lease(tmp_path, "a")
    first.take(me("job-1"))
    first.done()
    with pytest.raises(Held) as held:
        second.take(me())
    assert held.value.holder is None


def killed(folder: Path) -> Holder:
    """A job of run-1 that took the lease and was killed; who it was."""
    command = [sys.executable, "-c", TAKES_AND_WAITS, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "taken\n"
    with pytest.raises(Held):
        Lease(folder, "a").take(me())
    process.kill()
    process.communicate()
    holder = Lease(folder, "a").holder()
    assert holder
    assert holder.pid == process.pid
    return holder


def test_it_goes_with_its_holder_and_tells_who_died(tmp_path: Path) -> None:
    """Killed, and the next has it at once, knows whom to clear up after, and counts the attempts of one run."""
    first, second = killed(tmp_path), killed(tmp_path)
    assert (first.attempt, second.attempt, second.since) == (1, 2, first.since)
    lease = Lease(tmp_path, "a")
    taken = lease.take(me(run="run-2"))
    assert lease.left == second
    assert (taken.attempt, taken.since) == (1, first.since)
    lease.release()


def test_the_processes_of_a_job_are_known_and_ended() -> None:
    """By a variable of theirs, whatever group they are in; nobody else's are touched."""
    command = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)",
    ]
    mine, others = (
        subprocess.Popen(command, env=os.environ | {MARK: mark}, start_new_session=True) for mark in ("job-a", "job-b")
    )
    try:
        deadline = time.monotonic() + 20
        while [p.pid for p in family("job-a")] != [mine.pid] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [p.pid for p in family("job-a")] == [mine.pid]
        end_family("job-a", grace_s=0.0)
        assert not is_running(mine.pid)
        mine.wait()
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()


def sentence(host: str, pid: int, at: str) -> tuple[str, str]:
    """What the two engines say of a stack that is locked."""
    return (
        f"the stack p0 is currently locked by ann@{host} (pid {pid}) at {at}: wait for it to end, or, if it is dead, …",
        f"the stack p0 is locked by another run, ann@{host} (pid {pid}) since {at}: wait for its end, or …",
    )


def test_the_lock_of_our_own_dead_job_is_known(dead: int) -> None:
    """Made on this machine while a job of ours had the lease, by a process that is gone; in either engine's words."""
    left = replace(me("job-1"), since=NOW - 60)
    at = iso(NOW - 30)
    nanoseconds = at.replace("Z", ".123456789Z")
    for words in (*sentence(HERE, dead, at), *sentence(HERE, dead, nanoseconds)):
        assert is_ours_and_dead(words, left, NOW - 60, NOW)


def test_every_other_lock_is_somebody_elses(dead: int) -> None:
    """Of another machine, of a process that lives, of another time; or where no job of ours died, or nothing is told."""
    left = replace(me("job-1"), since=NOW - 60)
    at = iso(NOW - 30)
    living = iso(time.time() + 1)
    for words in sentence("elsewhere", dead, at):
        assert not is_ours_and_dead(words, left, NOW - 60, NOW)
        assert not is_ours_and_dead(words, replace(left, host="elsewhere"), NOW - 60, NOW)
    for words in sentence(HERE, os.getpid(), living):
        assert not is_ours_and_dead(words, left, time.time() - 60, time.time() + 60)
    for moment in (iso(NOW - 600), iso(NOW + 600)):
        for words in sentence(HERE, dead, moment):
            assert not is_ours_and_dead(words, left, NOW - 60, NOW)
    for words in sentence(HERE, dead, at):
        assert not is_ours_and_dead(words, None, NOW - 60, NOW)
    assert not is_ours_and_dead("the stack p0 is locked by another run: wait for its end", left, NOW - 60, NOW)


def test_a_number_that_is_another_processs_by_now_is_not_there(dead: int) -> None:
    """It must have begun before the moment in question."""
    assert is_there(os.getpid(), time.time())
    assert not is_there(os.getpid(), 1_000_000.0)
    assert not is_there(dead, time.time())
