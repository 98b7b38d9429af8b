"""Whatever dies, a stack is worked on by one at a time, is finished, and has everything once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import psutil
import pytest

from pulumi_hubassoc.emulator import Fault
from pulumi_hubassoc.fleet.job import Job
from pulumi_hubassoc.fleet.run import Interruption, RunResult
from tests.crash.processes import descendants_of, is_running
from tests.fleet.conftest import Make
from tests.fleet.running import WRITES, Client, outcomes

pytestmark = pytest.mark.timeout(240)
ENGINES = [
    "local",
    pytest.param(
        "cli",
        marks=[pytest.mark.cli, pytest.mark.skipif(shutil.which("pulumi") is None, reason="no Pulumi CLI on PATH")],
    ),
]
HUBASSOC = [sys.executable, "-c", "from pulumi_hubassoc.cli.main import main; main()"]


class Behind:
    """A run in a thread, so that a test can do something meanwhile."""

    def __init__(self, client: Client, **options: Any) -> None:
        self.interruption = Interruption()
        self._result: Future[RunResult] = Future()
        options["interruption"] = self.interruption
        threading.Thread(target=self._run, args=(client, options), daemon=True).start()

    def _run(self, client: Client, options: dict[str, Any]) -> None:
        try:
            self._result.set_result(client.run(**options))
        except BaseException as error:  # noqa: BLE001
            self._result.set_exception(error)

    def result(self) -> RunResult:
        """How it ended."""
        return self._result.result(120)


def slow_creates(client: Client, seconds: float) -> None:
    """The first create of all takes its time: the request has arrived, and is being carried out."""
    client.emulator.arm(Fault("slow", "create_label", seconds=seconds))


def creating(client: Client, number: int = 0) -> bool:
    """Whether a portal was asked to create something, or has something."""
    return bool(client.labels(number))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_that_is_killed_is_done_again(clients: Make, engine: str) -> None:
    """In the middle of a create: the second attempt finds what the first has made, and makes the rest."""
    client = clients(1)
    slow_creates(client, 2)
    behind = Behind(client, engine=engine)
    client.wait_for(lambda: creating(client))
    holder = client.wait_for(lambda: client.holder(0))
    below = descendants_of(holder.pid)
    os.kill(holder.pid, signal.SIGKILL)
    result = behind.result()
    with outcomes(result) as found:
        assert (found["p0"].outcome, found["p0"].attempt) == ("done", 2)
    assert client.converged(0)
    client.wait_for(
        lambda: sum(client.written(0).values()) == WRITES
    )  # an answer to nobody is written down when it is given up
    assert not any(map(is_running, below))
    assert client.run(engine=engine).records[0].changes == ()


@pytest.mark.parametrize("how", ["end", "kill"])
def test_a_lost_workers_job_is_not_run_beside_its_rerun(clients: Make, how: str) -> None:
    """The worker dies and its job lives on for a moment: the rerun waits for its end, and only then begins."""
    client = clients(1)
    slow_creates(client, 3)
    worker = Worker(client)
    client.wait_for(lambda: creating(client))
    first = client.wait_for(lambda: client.holder(0))
    if how == "kill":  # it does not even hear of it
        os.kill(first.pid, signal.SIGSTOP)
    worker.kill()
    assert is_running(first.pid)
    with ThreadPoolExecutor(1) as pool:
        from pulumi_hubassoc.fleet.job import perform

        rerun = pool.submit(perform, worker.job)
        while not rerun.done():
            second = client.holder(0)
            if second and second.pid != first.pid:
                assert not psutil.pid_exists(first.pid) or not is_running(first.pid)
                break
            time.sleep(0.02)
        record = rerun.result(120)
    assert (record.outcome, record.errors) == ("done", ())
    assert client.converged(0)
    assert sum(client.written(0).values()) == WRITES


class Worker:
    """A process that performs one job, as a worker of an executor does."""

    _PROGRAM = """
import json, sys
from pulumi_hubassoc.fleet.job import Job, perform
perform(Job(**json.loads(sys.argv[1])))
"""

    def __init__(self, client: Client) -> None:
        jobs: list[Job] = []
        with pytest.raises(_NeverMind):
            client.run(executor=_Asks(jobs))
        [self.job] = jobs
        command = [sys.executable, "-c", self._PROGRAM, json.dumps(vars(self.job))]
        self._process = subprocess.Popen(command)

    def kill(self) -> None:
        """Kill it, and nothing else."""
        self._process.kill()
        self._process.wait()


class _NeverMind(BaseException):
    pass


class _Asks(Executor):
    """Takes down the jobs and runs none."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._jobs.append(args[0])
        raise _NeverMind


def test_two_fleets_at_once(clients: Make) -> None:
    """The second is refused each stack that the first works on, in one line, and sends nothing."""
    client = clients(2)
    client.rewrite({"p1": {"canary": True}, "p0": {"canary": True}}, waves={"stop_at": 1.0})
    for portal_id in (1000, 1001):
        client.emulator.arm(Fault("slow", "create_label", portal_id=portal_id, seconds=8))
    first = Behind(client)
    client.wait_for(lambda: creating(client, 0) and creating(client, 1))
    second = client.run()
    with outcomes(second) as found:
        assert second.exit_code == 1
        for record in found.values():
            [error] = record.errors
            assert error.startswith(f"The stack crm.{record.stack} is being worked on by the run ")
            assert f"on {socket.gethostname()} (pid " in error
            assert record.requests == 0
    assert first.result().exit_code == 0
    for number in range(2):
        assert client.converged(number)
        assert sum(client.written(number).values()) == WRITES


@pytest.mark.parametrize("engine", ENGINES)
def test_somebody_elses_lock_is_left_alone(clients: Make, engine: str) -> None:
    """A stack that is locked by no job of the fleet, from here or elsewhere, is refused, and its lock stays."""
    client = clients(1)
    assert client.run(engine=engine).exit_code == 0
    lock = client.place.state / "crm" / "p0.lock"
    if engine == "cli":
        lock = client.place.state / ".pulumi" / "locks" / "organization" / "crm" / "p0" / "0a0a.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    long_dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for host, pid in (
        (socket.gethostname(), int(long_dead.stdout)),
        ("elsewhere", 1),
        (socket.gethostname(), os.getpid()),
    ):
        theirs = {
            "pid": pid,
            "hostname": host,
            "host": host,
            "username": "ann",
            "user": "ann",
            "time": now,
            "timestamp": now,
        }
        lock.write_text(json.dumps(theirs))
        [record] = client.run(engine=engine).records
        assert record.outcome == "failed"
        assert "locked" in record.errors[0]
        assert lock.exists()


def test_interrupted_gently_it_ends_what_it_has_begun(clients: Make) -> None:
    """What runs is finished, what waits is not begun; --resume does the rest."""
    client = clients(4)
    client.rewrite({f"p{n}": {"canary": True} for n in range(4)})
    slow_creates(client, 2)
    behind = Behind(client)
    client.wait_for(lambda: creating(client, 0) or creating(client, 1))
    behind.interruption.gently.set()
    result = behind.result()
    with outcomes(result) as found:
        assert result.exit_code == 8
        assert [found[f"p{n}"].outcome for n in (2, 3)] == ["not-run"] * 2
        assert {found[f"p{n}"].outcome for n in (0, 1)} == {"done"}
    resumed = client.run(resume=True)
    assert sorted(r.stack for r in resumed.records) == ["p2", "p3"]
    assert all(client.converged(n) and sum(client.written(n).values()) == WRITES for n in range(4))


def test_interrupted_now_it_ends_at_once(clients: Make) -> None:
    """Jobs are told to end and do; what they have begun is not begun twice afterwards."""
    client = clients(2)
    client.rewrite({f"p{n}": {"canary": True} for n in range(2)})
    for portal_id in (1000, 1001):
        client.emulator.arm(Fault("slow", "create_label", portal_id=portal_id, seconds=3))
    behind = Behind(client)
    client.wait_for(lambda: creating(client, 0) and creating(client, 1))
    behind.interruption.gently.set()
    behind.interruption.now.set()
    result = behind.result()
    with outcomes(result) as found:
        assert result.exit_code == 8
        assert [record.outcome for record in found.values()] == ["failed"] * 2
        assert all("Interrupted" in record.errors[0] for record in found.values())
    assert client.run(resume=True).exit_code == 0
    assert all(client.converged(n) and sum(client.written(n).values()) == WRITES for n in range(2))


def test_the_whole_fleet_is_killed_and_resumed(clients: Make) -> None:
    """Its jobs end by themselves; --resume runs what has no record, under the same name, and says what was done before."""
    client = clients(3)
    client.emulator.arm(Fault("slow", "create_label", portal_id=1002, seconds=4))
    command = [*HUBASSOC, "fleet", "up", "-f", str(client.file), "--engine", "local", "--jobs", "1", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    client.wait_for(lambda: creating(client, 2))
    holder = client.holder(2)
    assert holder is not None
    process.kill()
    out, _ = process.communicate()
    done = [json.loads(line)["stack"] for line in out.splitlines()]
    assert done == ["p0", "p1"]
    client.wait_for(lambda: not is_running(holder.pid), 30)
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=120, check=False)
    assert resumed.returncode == 0
    [record] = map(json.loads, resumed.stdout.splitlines())
    assert (record["stack"], record["outcome"], record["run"]) == ("p2", "done", holder.run)
    assert "2 done before" in resumed.stderr
    assert all(client.converged(n) and sum(client.written(n).values()) == WRITES for n in range(3))


def test_a_job_that_takes_too_long_is_ended(clients: Make) -> None:
    """One line says so."""
    client = clients(1)
    client.emulator.arm(Fault("slow", "account", seconds=30))
    [record] = client.run(timeout_s=4).records
    assert record.outcome == "failed"
    assert record.errors[0].startswith("It did not end in 4 s")
    assert record.seconds < 40


def test_a_stack_that_is_always_lost_is_given_up(clients: Make) -> None:
    """After some attempts; and an executor that takes no more ends the run."""
    client = clients(2)

    class Broken(Executor):
        """Loses every job."""

        asked = 0

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            self.asked += 1
            future: Future[Any] = Future()
            future.set_exception(ConnectionError("the worker died"))
            return future

    broken = Broken()
    result = client.run(executor=broken)
    with outcomes(result) as found:
        assert found["p0"].errors == ("It was lost 5 times — ConnectionError: the worker died — run it again",)
        assert found["p1"].outcome == "not-run"
    assert broken.asked == 5
    with ThreadPoolExecutor(1) as pool:
        pool.shutdown()
        assert {r.outcome for r in client.run(executor=pool).records} == {"failed", "not-run"}


def test_a_job_that_nobody_runs_does_not_hold_up_the_end(clients: Make) -> None:
    """A cluster without workers takes jobs and begins none: told to end now, the fleet ends all the same."""
    client = clients(1)

    class Waits(Executor):
        """Begins nothing."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            return Future()

    interruption = Interruption(patience_s=0.5)
    threading.Timer(1.0, interruption.now.set).start()  # when the job has been handed out
    result = client.run(executor=Waits(), interruption=interruption)
    assert (result.exit_code, [r.outcome for r in result.records]) == (8, ["failed"])


@pytest.mark.cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="no Pulumi CLI on PATH")
@pytest.mark.parametrize(("made", "asked"), [("local", "cli"), ("cli", "local")])
def test_a_stack_of_the_other_engine_is_let_alone(clients: Make, made: str, asked: str) -> None:
    """It is neither told destroyed nor put into a second state, until the engine that made it has destroyed it."""
    client = clients(1)
    assert client.run(engine=made).exit_code == 0
    requests = client.asked()
    for operation in ("destroy", "up"):
        [record] = client.run(operation, engine=asked).records
        assert (record.outcome, record.errors[0].rpartition(" — ")[2]) == ("failed", f"use --engine {made}")
    assert (client.asked(), client.converged(0)) == (requests, True)
    assert client.run("destroy", engine=made).exit_code == 0
    assert client.run(engine=asked).exit_code == 0
