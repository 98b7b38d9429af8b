"""What is measured, and the rows that come of it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import grpc
from google.protobuf import struct_pb2
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_hubassoc.emulator import Emulator, Fault
from pulumi_hubassoc.resources.label import LabelProvider
from tests.benchmarks.commands import ROOT, Cost, Stack
from tests.benchmarks.idle import IdleProvider
from tests.benchmarks.programs import idle_program, labels_program, pairs_of

TOKEN = "pat-eu1-benchmark-token"
LIFE = {
    "preview": "Label",
    "create": "Label",
    "no-op up": "Label",
    "refresh": "Label",
    "rename": "Other",
    "destroy": "Other",
}
"""The operations in the order of a stack's life, and the labels' text then."""


@dataclass(frozen=True)
class LabelRow:
    """An operation on so many labels: requests, the theoretical minimum, seconds, those of the idle program."""

    operation: str
    size: int
    requests: int
    floor: int
    seconds: float
    idle_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as long as with a provider that does nothing."""
        return self.seconds / self.idle_seconds


@dataclass(frozen=True)
class EngineRow:
    """An operation on so many idle resources, on both engines."""

    operation: str
    size: int
    local: Cost
    cli: Cost


def floor(operation: str, n: int) -> int:
    """The fewest requests with which an operation on `n` paired labels could be done at all, without any safety."""
    lists = 2 * pairs_of(n)
    return {"create": n, "rename": n, "destroy": n, "refresh": lists}.get(operation, 0)


@contextlib.contextmanager
def portal(latency_s: float = 0.0) -> Iterator[tuple[Emulator, dict[str, str]]]:
    """An emulator over a connection, and the environment that leads to it."""
    emulator = Emulator(seed=7)
    emulator.add_portal(token=TOKEN, portal_id=1001).configure(rate_headers=False)
    if latency_s:
        emulator.arm(Fault("slow", seconds=latency_s, count=None))
    try:
        yield emulator, {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN}
    finally:
        emulator.stop()


def labels_life(engine: str, size: int, repeat: int) -> list[LabelRow]:
    """A stack's life with labels and with idle resources, one after the other, so that both meet the same machine."""
    seconds: dict[tuple[str, str], list[float]] = {}
    requests: dict[str, int] = {}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as home, portal() as (emulator, env):
            ours, idle = Stack(engine, Path(home) / "labels", env), Stack(engine, Path(home) / "idle")
            for operation, text in LIFE.items():
                before = len(emulator.journal)
                cost = ours.run(operation, labels_program(size, text))
                requests[operation] = len(emulator.journal) - before
                seconds.setdefault((operation, "labels"), []).append(cost.seconds)
                seconds.setdefault((operation, "idle"), []).append(
                    idle.run(operation, idle_program(size, text)).seconds
                )
    return [
        LabelRow(o, size, requests[o], floor(o, size), median(seconds[o, "labels"]), median(seconds[o, "idle"]))
        for o in LIFE
    ]


def latency(engine: str, size: int, latency_s: float, repeat: int) -> tuple[float, float]:
    """Seconds of a create without latency, and with so much in each answer."""
    times: dict[float, list[float]] = {0.0: [], latency_s: []}
    for _ in range(repeat):
        for wait in times:
            with tempfile.TemporaryDirectory() as home, portal(wait) as (_, env):
                times[wait].append(Stack(engine, Path(home) / "s", env).run("create", labels_program(size)).seconds)
    return median(times[0.0]), median(times[latency_s])


def engines(size: int, repeat: int) -> list[EngineRow]:
    """The same life of idle resources on both engines, in turn; medians of each."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as home:
            stacks = {engine: Stack(engine, Path(home) / engine) for engine in ("local", "cli")}
            for operation in ("create", "preview", "refresh", "destroy"):
                for engine, stack in stacks.items():
                    costs.setdefault((operation, engine), []).append(stack.run(operation, idle_program(size)))

    def middle(operation: str, engine: str) -> Cost:
        found = costs[operation, engine]
        return Cost(median(c.seconds for c in found), round(median(c.memory for c in found)))

    return [EngineRow(o, size, middle(o, "local"), middle(o, "cli")) for o in dict.fromkeys(o for o, _ in costs)]


def compared(one: Callable[[], float], other: Callable[[], float], repeat: int) -> tuple[float, float]:
    """The medians of two measurements that are made in turn; the first of each, which fills caches, does not count."""
    found = [(one(), other()) for _ in range(repeat + 1)][1:]
    return median(a for a, _ in found), median(b for _, b in found)


def import_seconds(statement: str) -> float:
    """How long a Python takes to start and import something."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)
    return time.perf_counter() - begin


def ready_seconds(provider: ResourceProvider) -> float:
    """From the start of a provider process until its first check is answered, with the provider loaded for it."""
    props = struct_pb2.Struct()
    props.update({"__provider": serialize_provider(provider), "label": "x"})
    begin = time.perf_counter()
    command = [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(provider_pb2.ConfigureRequest(), timeout=60)
            stub.Check(provider_pb2.CheckRequest(urn="urn:pulumi:s::p::t::n", news=props), timeout=60)
        seconds = time.perf_counter() - begin
        process.kill()
    return seconds


def start_up(repeat: int) -> dict[str, tuple[float, float]]:
    """Ours and the bare thing: the import of the package, and a provider process until its first answer."""
    return {
        "import of the package beside `import pulumi`": compared(
            lambda: import_seconds("import pulumi\nfrom pulumi_hubassoc import AssociationLabel"),
            lambda: import_seconds("import pulumi"),
            repeat,
        ),
        "provider process to its first answer beside an idle provider": compared(
            lambda: ready_seconds(LabelProvider()), lambda: ready_seconds(IdleProvider()), repeat
        ),
    }
