"""Runs programs: a folder in a process of its own, a function in a thread of this one."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import logging
import os
import signal
import subprocess
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pulumi
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.settings import reset_options

from .goals import ProgramEnded
from .monitor import Context, Monitor
from .provider_process import OnLine, read_lines
from .trace import Call, Trace

_RUNNER = Path(__file__).with_name("_runner.py")
_TOLD = 32
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Addresses:
    """Where the program finds us."""

    monitor: str
    engine: str


class FolderProgram:
    """The program of a folder with a ``Pulumi.yaml``.

    Args:
        python: the interpreter, of the program's virtual environment.
        root: the folder.
        directory: where the program runs.
        entry: what is run there: ``.`` or a file.
        env: its environment.
        monitor: serves its requests.
        context: what it is told of itself.
        addresses: where it finds us.
        on_line: receives what it prints.
        trace: receives its run, as a call.
    """

    def __init__(
        self,
        python: str,
        root: Path,
        directory: Path,
        entry: str,
        env: Mapping[str, str],
        monitor: Monitor,
        context: Context,
        addresses: Addresses,
        on_line: OnLine,
        trace: Trace | None,
    ) -> None:
        self._python = python
        self._root = root
        self._directory = directory
        self._entry = entry
        self._env = env
        self._monitor = monitor
        self._context = context
        self._addresses = addresses
        self._on_line = on_line
        self._trace = trace
        self._interrupted = False
        self._process: subprocess.Popen[str] | None = None
        self._waiter: threading.Thread | None = None

    def start(self, post: Callable[[Any], None]) -> None:
        """Run it."""
        context = self._context
        self._monitor.connect(post)
        arguments = {
            "monitor": self._addresses.monitor,
            "engine": self._addresses.engine,
            "project": context.project,
            "stack": context.stack,
            "parallel": context.parallel,
            "dry_run": context.dry_run,
            "organization": "organization",
            "root_directory": str(self._root),
            "program": self._entry,
        }
        config = {key: value.value for key, value in context.config.items()}
        secret = [key for key, value in context.config.items() if value.secret]
        call = _trace_run(self._trace, context)
        self._process = process = subprocess.Popen(
            [self._python, "-u", str(_RUNNER), json.dumps(arguments)],
            cwd=self._directory,
            env={
                **self._env,
                "PULUMI_CONFIG": json.dumps(config),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(secret),
            },
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however it ends
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [
            read_lines(process.stdout, lambda line: self._said(line, False)),
            read_lines(process.stderr, lambda line: self._said(line, True)),
        ]
        self._waiter = threading.Thread(target=self._wait, args=(process, readers, post, call), daemon=True)
        self._waiter.start()

    def _said(self, line: str, to_stderr: bool) -> None:
        if not self._interrupted:  # an interrupted program says nothing but that it was interrupted
            self._on_line(line, to_stderr)

    def _wait(
        self,
        process: subprocess.Popen[str],
        readers: list[threading.Thread],
        post: Callable[[Any], None],
        call: Call | None,
    ) -> None:
        status = process.wait()
        for reader in readers:
            reader.join(1)
        if process.stdin is not None:
            process.stdin.close()
        if self._trace and call:
            answer = {} if status == 0 else {"bail": True} if status == _TOLD else {"error": str(status)}
            self._trace.end(call, answer)
        if not self._monitor.signalled:
            post(ProgramEnded(_complaint(status)))

    def finish(self) -> str | None:
        """Let it go, and wait for it."""
        self._monitor.release()
        assert self._waiter is not None
        assert self._process is not None
        self._waiter.join()
        return _complaint(self._process.returncode)

    def interrupt(self) -> None:
        """Interrupt it as a Ctrl-C does; kill it if that does not help."""
        self._interrupted = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._monitor.abandon()
        if self._waiter is not None:
            self._waiter.join(_GRACE_SECONDS)


def _complaint(status: int) -> str | None:
    if status == 0:
        return None
    if status == _TOLD:
        return ""
    return f"an unhandled error occurred: program exited with non-zero exit code: {max(status, -1)}"


def _trace_run(trace: Trace | None, context: Context) -> Call | None:
    if trace is None:
        return None
    request: dict[str, Any] = {"stack": context.stack, "parallel": context.parallel}
    if context.dry_run:
        request["dryRun"] = True
    if context.config:
        request["config"] = {key: value.value for key, value in context.config.items()}
    secret = [key for key, value in context.config.items() if value.secret]
    if secret:
        request["configSecretKeys"] = secret
    return trace.begin("LanguageRuntime", "Run", request)


class FunctionProgram:
    """A function of this process as a program, in a thread with settings of its own.

    Args:
        function: the program.
        monitor: serves its requests.
        context: what it is told of itself.
        addresses: where it finds us.
        trace: receives its run, as a call.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        monitor: Monitor,
        context: Context,
        addresses: Addresses,
        trace: Trace | None,
    ) -> None:
        self._function = function
        self._monitor = monitor
        self._context = context
        self._addresses = addresses
        self._trace = trace
        self._thread: threading.Thread | None = None
        self._complaint: str | None = None

    def start(self, post: Callable[[Any], None]) -> None:
        """Run it."""
        self._monitor.connect(post)
        call = _trace_run(self._trace, self._context)

        def run() -> None:
            self._complaint = contextvars.Context().run(self._run)
            if self._trace and call:
                self._trace.end(call, {} if self._complaint is None else {"error": self._complaint})
            if not self._monitor.signalled:
                post(ProgramEnded(self._complaint))

        self._thread = threading.Thread(target=run, name="program", daemon=True)
        self._thread.start()

    def _run(self) -> str | None:
        context = self._context
        reset_options(
            project=context.project,
            stack=context.stack,
            parallel=context.parallel,
            engine_address=self._addresses.engine,
            monitor_address=self._addresses.monitor,
            preview=context.dry_run,
            organization="organization",
        )
        secret = [key for key, value in context.config.items() if value.secret]
        set_all_config({key: value.value for key, value in context.config.items()}, secret)
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # as the SDK's own hosts of programs do
        loop = asyncio.new_event_loop()
        executor = ThreadPoolExecutor(max(context.parallel, 1) * 4, thread_name_prefix="program")
        loop.set_default_executor(executor)
        try:
            loop.run_until_complete(run_in_stack(self._function))
        except pulumi.RunError as error:
            return str(error)
        except grpc.RpcError as error:
            return f"RPC error: {error.details()}"  # type: ignore[attr-defined, unused-ignore]
        except Exception:  # noqa: BLE001 - whatever the program raises
            return f"Program failed with an unhandled exception:\n{traceback.format_exc()}"
        finally:
            self._clean_up(loop, executor)
        return None

    @staticmethod
    def _clean_up(loop: asyncio.AbstractEventLoop, executor: ThreadPoolExecutor) -> None:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        if pending:
            loop.run_until_complete(asyncio.wait(pending, timeout=_GRACE_SECONDS))
        executor.shutdown(wait=False, cancel_futures=True)
        loop.close()
        pulumi.runtime.settings.SETTINGS.monitor = None
        pulumi.runtime.settings.SETTINGS.engine = None

    def finish(self) -> str | None:
        """Let it go, and wait for it."""
        self._monitor.release()
        assert self._thread is not None
        self._thread.join()
        return self._complaint

    def interrupt(self) -> None:
        """Answer it no more; a thread cannot be stopped from outside."""
        self._monitor.abandon()
        if self._thread is not None:
            self._thread.join(_GRACE_SECONDS)
