"""What a fleet costs, measured on this machine: a job on each engine, the one who hands out jobs, Dask's scheduler, files."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from statistics import mean
from typing import Any, Literal

import psutil
import pytest
import yaml
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.engine.interface import OperationName
from pulumi_hubassoc.engine.pulumi_cli import find_pulumi
from pulumi_hubassoc.fleet.document import read
from pulumi_hubassoc.fleet.job import Job
from pulumi_hubassoc.fleet.record import Change, Record, Records
from pulumi_hubassoc.fleet.report import html
from pulumi_hubassoc.fleet.run import run_fleet
from tests.fleet.fleets import fleet as drawn
from tests.fleet.fleets import records as drawn_records
from tests.fleet.running import Client

SCHEMA = {
    "pairs": [
        {
            "from": start,
            "to": end,
            "labels": {f"label{n}": {"label": f"Label {n}", "max": n + 1} for n in range(3)},
            "max": {"unlabeled": 100},
        }
        for start, end in (
            ("contacts", "companies"),
            ("deals", "contacts"),
            ("tickets", "contacts"),
            ("deals", "companies"),
        )
    ]
}
"""Twelve labels and sixteen limits on four pairs, as an agency might have them."""
LIFE: tuple[tuple[str, OperationName], ...] = (
    ("preview before the first up", "preview"),
    ("first up", "up"),
    ("up with nothing to do", "up"),
    ("preview with nothing to do", "preview"),
    ("refresh", "refresh"),
    ("destroy", "destroy"),
)
PORTALS = 4
"""How many a job's cost is the mean of."""
MANY = 10_000
_SOME = 300
_WORKERS = 4
Numbers = dict[str, float]


def everything(say: Callable[[str], None]) -> dict[str, Any]:
    """All of it, as what `measured.json` holds."""
    found: dict[str, Any] = {"machine": machine()}
    for engine in ("local", "cli"):
        if engine == "local" or find_pulumi():
            say(f"jobs on {engine}")
            found[f"jobs {engine}"] = jobs(engine)
    say("the one who hands out jobs")
    found["hand-out"] = handing_out()
    say("files and pages")
    found["files"] = files()
    say("Dask's scheduler")
    found["dask"] = dask()
    return found


def machine() -> str:
    """In words."""
    with contextlib.suppress(OSError):
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        name = model[1] if model else platform.machine()
        memory = psutil.virtual_memory().total / 2**30
        return f"{os.cpu_count()} cores of {name}, {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}"
    return platform.platform()


# ---------------------------------------------------------------------------------------------------------------- jobs


@contextlib.contextmanager
def client(portals: int) -> Iterator[Client]:
    """A fleet of emulated portals in a folder of its own."""
    emulator = Emulator(seed=7)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        made = Client(Path(folder), emulator, environment, portals)
        (Path(folder) / "crm.yaml").write_text(yaml.safe_dump(SCHEMA), encoding="utf-8")
        try:
            yield made
        finally:
            emulator.stop()


def jobs(engine: Literal["local", "cli"]) -> dict[str, Numbers]:
    """For each operation of a stack's life: seconds of CPU and of the clock, requests, most MB, of one job by itself."""
    found = {}
    with client(PORTALS) as fleet:
        for name, operation in LIFE:
            before, asked = _cpu_of_children(), fleet.asked()
            with _memory_of_children() as most:
                result = fleet.run(operation, slots=1, engine=engine)
            assert {record.outcome for record in result.records} == {"done"}, result.records
            found[name] = {
                "cpu_s": (_cpu_of_children() - before) / PORTALS,
                "clock_s": mean(record.seconds for record in result.records),
                "requests": (fleet.asked() - asked) / PORTALS,
                "peak_mb": max(record.peak_mb or 0 for record in result.records),
                "all_processes_mb": most[0],
                "changes": mean(len(record.changes) for record in result.records),
            }
            if name == "first up":
                found["on the disk"] = _disk(fleet.place.folder)
    return found


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def _memory_of_children() -> Iterator[list[float]]:
    """The most that all processes below this one had together at a time, each page once where they share it not."""
    most, ended, here = [0.0], threading.Event(), psutil.Process()

    def watch() -> None:
        while not ended.wait(0.05):
            total = 0
            for process in here.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += process.memory_full_info().uss
            most[0] = max(most[0], total / 2**20)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def _disk(folder: Path) -> Numbers:
    """Of one portal after its first up: files, folders, kilobytes."""
    found = list(folder.rglob("*"))
    size = sum(path.lstat().st_blocks * 512 for path in found)
    return {
        "files": sum(path.is_file() for path in found) / PORTALS,
        "folders": sum(path.is_dir() for path in found) / PORTALS,
        "kb": size / 1024 / PORTALS,
    }


# ------------------------------------------------------------------------------------------------------------ handing out


class AtOnce(Executor):
    """Answers each job at once with the record of a first up, so that handing out is all that takes time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do nothing."""
        job: Job = args[0]
        future: Future[Any] = Future()
        future.set_result(first_up(job))
        return future


def first_up(job: Job) -> Record:
    """As a job has it that made twelve labels and four limit sets."""
    names = [f"crm-contacts-companies-label{n}" for n in range(16)]
    record = job.record("done", exit_code=0)
    changes = tuple(Change("create", "hubassoc:index:AssociationLabel", name) for name in names)
    return Record(**{**vars(record), "changes": changes, "requests": 30, "engine": "built-in engine", "peak_mb": 120.0})


def handing_out() -> Numbers:
    """Records a second that the one who hands out jobs can take, with two slots and with 128; memory for 10,000."""
    found: Numbers = {}
    for slots in (2, 128):
        with tempfile.TemporaryDirectory() as folder:
            fleet = read(_fleet_file(Path(folder), MANY))
            before, start, cpu = psutil.Process().memory_info().rss, time.perf_counter(), time.process_time()
            result = run_fleet(fleet, "up", AtOnce(), slots=slots, engine="local")
            found[f"clock_s_per_record_{slots}"] = (time.perf_counter() - start) / len(result.records)
            found[f"cpu_s_per_record_{slots}"] = (time.process_time() - cpu) / len(result.records)
            found[f"mb_{slots}"] = (psutil.Process().memory_info().rss - before) / 2**20
    found["descriptors_per_job"] = _descriptors()
    return found


def _descriptors() -> float:
    """Open files of the process for each job that runs at once in its threads."""
    most, ended = [0], threading.Event()
    here = psutil.Process()

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], here.num_fds())

    with client(PORTALS) as fleet:
        before = here.num_fds()
        thread = threading.Thread(target=watch)
        thread.start()
        fleet.run("preview", slots=PORTALS)
        ended.set()
        thread.join()
    return (most[0] - before) / PORTALS


def _fleet_file(folder: Path, size: int) -> Path:
    listed = "".join(
        f"  client-{n:05}:\n    portal_id: {n}\n    token: {{ env: TOKEN_{n} }}\n    tags: [eu, retail]\n"
        for n in range(1, size + 1)
    )
    (folder / "crm.yaml").write_text(yaml.safe_dump(SCHEMA), encoding="utf-8")
    file = folder / "fleet.yaml"
    file.write_text(f"project: crm\nschema: crm.yaml\nportals:\n{listed}", encoding="utf-8")
    return file


# ------------------------------------------------------------------------------------------------------------------ files


def files() -> Numbers:
    """Seconds and sizes of what is written and read about 10,000 portals."""
    found: Numbers = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fleet_file = _fleet_file(folder, MANY)
        with _timed(found, "read_fleet_s"):
            fleet = read(fleet_file)
        job = Job("20261124T100000Z-abcdef", "0123456789ab", "up", "client-00001", 1, "crm", str(folder))
        records = Records(folder / "records.jsonl")
        with _timed(found, "append_1000_clock_s"):
            for _ in range(1000):
                records.append(first_up(job))
        found["bytes_per_record"] = records.path.stat().st_size / 1000
        records.path.unlink()
        told = drawn_records(drawn(MANY))
        line = records.path
        for record in told[:1]:
            records.append(record)
        from pydantic import TypeAdapter

        as_line = TypeAdapter(Record)
        with line.open("ab") as file:
            file.writelines(as_line.dump_json(record) + b"\n" for record in told[1:])
        found["records_mb"] = line.stat().st_size / 2**20
        with _timed(found, "read_records_s"):
            latest = records.latest()
        with _timed(found, "report_s"):
            page = html(latest.values(), fleet)
        found["report_mb"] = len(page.encode()) / 2**20
        worst = [
            Record(**{**vars(r), "outcome": "failed", "errors": (f"Refused: {n} " + "x" * 300,)})
            for n, r in enumerate(told)
        ]
        with _timed(found, "report_all_failed_differently_s"):
            page = html(worst, fleet)
        found["report_all_failed_differently_mb"] = len(page.encode()) / 2**20
        arguments = ["fleet", "status", "-f", str(fleet_file), "--records", str(line)]
        with _timed(found, "status_s"):
            CliRunner().invoke(app, arguments)
        with _timed(found, "status_json_s"):
            CliRunner().invoke(app, [*arguments, "--json"])
    return found


@contextlib.contextmanager
def _timed(found: Numbers, name: str) -> Iterator[None]:
    """Seconds of CPU; ``…_clock_s`` of the clock, where it waits for the disk."""
    clock = time.perf_counter if name.endswith("_clock_s") else time.process_time
    start = clock()
    yield
    found[name] = clock() - start


# ------------------------------------------------------------------------------------------------------------------- Dask


def dask() -> Numbers:
    """Memory of a scheduler by itself, per waiting job and per worker; jobs a second through two workers."""
    import distributed

    found: Numbers = {}
    job = Job("20261124T100000Z-abcdef", "0123456789ab", "up", "client-00001", 1, "crm", "/srv/fleet/.hubassoc-fleet")
    with _process("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard") as (scheduler, address):
        rss = lambda process: psutil.Process(process.pid).memory_info().rss / 2**20  # noqa: E731
        time.sleep(2)
        found["scheduler_mb"] = rss(scheduler)
        with distributed.Client(address, set_as_default=False) as client:
            with contextlib.ExitStack() as workers:
                for _ in range(_WORKERS):
                    workers.enter_context(_worker(address))
                client.wait_for_workers(_WORKERS, timeout=120)
                time.sleep(2)
                found["kb_per_worker"] = (rss(scheduler) - found["scheduler_mb"]) * 1024 / _WORKERS
            before = rss(scheduler)
            # One by one, as a fleet does it; nobody works yet, so all of them wait.
            submitted = [client.submit(_nothing, each, pure=False) for each in _jobs(job)]
            time.sleep(10)
            found["kb_per_waiting_job"] = (rss(scheduler) - before) * 1024 / MANY
            with contextlib.ExitStack() as workers:
                start = time.perf_counter()
                for _ in range(2):
                    process, _ = workers.enter_context(_worker(address))
                client.gather(submitted)
                found["waiting_jobs_per_s"] = MANY / (time.perf_counter() - start)
                found["worker_mb"] = rss(process)
                submitted.clear()
                executor = client.get_executor(pure=False)
                start = time.perf_counter()
                for each in list(_jobs(job))[:_SOME]:
                    executor.submit(_nothing, each).result()
                found["jobs_per_s_one_by_one"] = _SOME / (time.perf_counter() - start)
    return found


def _worker(scheduler: str) -> contextlib.AbstractContextManager[tuple[subprocess.Popen[str], str]]:
    """A worker with one slot, as a fleet has it."""
    return _process("worker", scheduler, "--nthreads", "1", "--no-nanny", "--no-dashboard")


def _jobs(job: Job) -> Iterator[Job]:
    return (Job(**{**vars(job), "stack": f"client-{n:05}", "portal_id": n}) for n in range(1, MANY + 1))


def _nothing(job: Job) -> Record:
    return job.record("done", exit_code=0)


@contextlib.contextmanager
def _process(kind: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A scheduler or a worker of Dask's, and the address that it says it has."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stderr is not None
        address = ""
        while process.poll() is None and not address:
            said = re.search(r"(?:Scheduler|Start worker) at:\s+(tcp://\S+)", process.stderr.readline())
            address = said[1] if said else ""
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process, address
    finally:
        process.kill()  # a worker would wait for its scheduler
        process.wait()
