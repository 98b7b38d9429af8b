"""One operation on a stack, with all that is started for it and ended after it."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from pulumi_hubassoc.engine.interface import (
    ConfigValue,
    EngineError,
    OnEvent,
    OperationName,
    OutputValue,
    Project,
    Result,
)

from .builtin_provider import BuiltinProvider, StackOutputs
from .config import ProjectFile
from .deployer import Deployer, NoProgram, Program
from .events import Sink
from .monitor import Context, EngineService, Monitor, Server
from .program import Addresses, FolderProgram, FunctionProgram
from .provider_in_process import Around, InProcessProvider
from .provider_process import Connection, Launch, ProviderProcess
from .providers import DynamicProvider
from .registry import Registry
from .run import Run, Settings
from .snapshot import Snapshot
from .state import ResourceState
from .store import Store
from .trace import Trace
from .values import Properties, contains_secrets, redacted, without_secrets

_NO_CHANGE = ("same", "read", "discard", "read-replacement")
_FAILED, _CHANGES_NOT_EXPECTED, _CANCELLED = 1, 7, 8


@dataclass(frozen=True)
class Bench:
    """What an operation is carried out with.

    Attributes:
        stack: the stack's name.
        file: the project's file, or what stands for it.
        env: of the program and the providers.
        store: where the stack is kept.
        provider: ``process`` or ``in-process``.
        trace: receives calls and steps, if there is one.
        stack_outputs: looks up other stacks.
    """

    project: Project
    stack: str
    file: ProjectFile
    env: Mapping[str, str]
    store: Store
    provider: str
    trace: Trace | None
    stack_outputs: StackOutputs


class Operation:
    """One operation; it may be carried out once."""

    def __init__(
        self,
        bench: Bench,
        operation: OperationName,
        settings: Settings,
        config: Mapping[str, ConfigValue],
        on_event: OnEvent | None,
    ) -> None:
        self._bench = bench
        self._operation = operation
        self._config = config
        self._sink = sink = Sink(settings.dry_run, on_event, bench.trace)
        self._python = bench.file.python(bench.env.get("PULUMI_PYTHON_CMD") or sys.executable)
        base = bench.store.load()
        if base is None:
            raise EngineError(f"there is no stack {bench.stack!r} of the project {bench.project.name!r} any more")
        snapshot = None if settings.dry_run else Snapshot(bench.store, base)
        known: dict[str, ResourceState] = {}
        self._builtin = BuiltinProvider(bench.stack_outputs, known)
        self._engine_server = Server(EngineService(sink).handlers())
        self._servers = [self._engine_server]
        self.run = Run(
            bench.stack,
            bench.project.name,
            settings,
            base,
            Registry(self._start_provider, self._builtin),
            sink,
            snapshot,
            known,
        )

    def _start_provider(self, mappings: Mapping[str, str]) -> DynamicProvider:
        bench = self._bench
        connection: Connection
        extra = {to: bench.env[name] for name, to in mappings.items() if name in bench.env}
        if bench.provider == "in-process":
            place = Around(self._engine_server.address, {**bench.env, **extra})
            connection = InProcessProvider(bench.project.name, place, bench.trace)
        else:
            directory = bench.project.work_dir or bench.file.directory
            env = {**bench.env, "PULUMI_PROJECT": bench.project.name, "PULUMI_CONFIG": "{}"}
            launch = Launch(self._python, directory, env, self._engine_server.address)
            connection = ProviderProcess(launch, extra, self._said, bench.trace)
        return DynamicProvider(connection, preview=self.run.dry_run)

    def _said(self, line: str, to_stderr: bool) -> None:
        self._sink.diagnose("info#err" if to_stderr else "info", line)

    def _program(self, monitor: Monitor, context: Context, addresses: Addresses) -> Program:
        bench = self._bench
        if not isinstance(bench.project.program, Path):
            return FunctionProgram(bench.project.program, monitor, context, addresses, bench.trace)
        file, work_dir = bench.file, bench.project.work_dir
        return FolderProgram(
            self._python,
            file.root,
            work_dir or file.directory,
            str(file.directory / file.entry) if work_dir else file.entry,
            bench.env,
            monitor,
            context,
            addresses,
            self._said,
            bench.trace,
        )

    def deploy(self, expect_no_changes: bool) -> Result:
        """Run the program, or none, and do what follows from it."""
        run = self.run
        program: Program = NoProgram()
        if run.settings.with_program:
            context = Context(run.project, run.stack, self._config, run.dry_run, run.settings.parallel)
            monitor = Monitor(run, context, self._builtin, self._bench.trace)
            server = Server(monitor.handlers())
            self._servers.append(server)
            program = self._program(monitor, context, Addresses(server.address, self._engine_server.address))
        deployer = Deployer(run, program)
        return self.carry_out(deployer.execute, deployer.wake, expect_no_changes)

    def carry_out(
        self, execute: Callable[[], bool], wake: Callable[[], None], expect_no_changes: bool = False
    ) -> Result:
        """Do something that answers whether it went well, end what was started, and say how it went."""
        run = self.run
        try:
            with _interruptible(run, wake):
                ok = execute()
                run.registry.close(0.0 if run.terminated.is_set() else None)
        finally:
            run.registry.close(0.0)
            for server in self._servers:
                server.stop()
            if run.snapshot:
                run.snapshot.close()
        return self._result(ok, expect_no_changes)

    def _result(self, ok: bool, expect_no_changes: bool) -> Result:
        run, sink = self.run, self._sink
        if self._bench.trace:
            self._bench.trace.maybe_corrupt = sink.unsure
        changed = any(n for op, n in sink.changes.items() if op not in _NO_CHANGE)
        code = 0 if ok else _CANCELLED if run.terminated.is_set() else _FAILED
        if ok and expect_no_changes and changed:
            code = _CHANGES_NOT_EXPECTED
        if run.dry_run:
            stack = next((s for s in run.news.values() if s.type == "pulumi:pulumi:Stack"), None)
            outputs = stack.outputs if stack else run.prev.stack_outputs()
        else:
            outputs = run.snapshot.deployment().stack_outputs()
        return Result(
            self._operation,
            code,
            dict(sorted(sink.changes.items())),
            tuple(sink.events),
            tuple(sink.diagnostics),
            public(outputs),
            run.cancelled.is_set(),
        )


@contextlib.contextmanager
def _interruptible(run: Run, wake: Callable[[], None]) -> Iterator[None]:
    """A Ctrl-C lets what is under way end, and a second one does not; only the main thread can see to that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if run.cancelled.is_set():
            run.terminated.set()
        else:
            run.registry.cancel()
        run.cancelled.set()
        wake()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def public(outputs: Properties) -> dict[str, OutputValue]:
    """Outputs as `Result` has them; a map with a secret inside is secret as a whole."""
    return {
        key: OutputValue(redacted(without_secrets(value)), contains_secrets(value)) for key, value in outputs.items()
    }
