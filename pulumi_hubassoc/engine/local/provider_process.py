"""The process that serves dynamic providers, the SDK's own ``python -m pulumi.dynamic``, and calls to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from .trace import Trace

# Messages as large as Pulumi's, and tracebacks as long as they come (they travel as metadata).
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024 * 1024),
    ("grpc.absolute_max_metadata_size", 32 * 1024 * 1024),
]
_LAUNCHER = Path(__file__).with_name("_provider.py")
_START_SECONDS = 60.0
GRACE_SECONDS = 5.0
# After these a resource may or may not have been touched.
_UNSURE = (grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS)

OnLine = Callable[[str, bool], None]
"""Receives a line that a process printed, and whether it was printed to stderr."""


class ProviderError(Exception):
    """A provider refused or failed.

    Attributes:
        unsure: whether the resource may have been touched all the same.
        unimplemented: whether the provider has no such method.
    """

    def __init__(self, message: str, *, unsure: bool = False, unimplemented: bool = False) -> None:
        super().__init__(message)
        self.unsure = unsure
        self.unimplemented = unimplemented


class Connection(Protocol):
    """A running provider."""

    def call(self, method: str, request: Any) -> Any:
        """Call a method and wait for its answer; raises `ProviderError`."""

    def cancel(self) -> None:
        """Tell it that the run is to end soon."""

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """End it."""


@dataclass(frozen=True)
class Launch:
    """How to start provider processes.

    Attributes:
        python: the interpreter, which has the Pulumi SDK.
        directory: where they run, the program's folder.
        env: their environment.
        engine_address: of the engine's log service.
    """

    python: str
    directory: Path
    env: Mapping[str, str]
    engine_address: str


class ProviderProcess:
    """One provider process. It is in a group of its own, so that a Ctrl-C at the terminal does not reach it.

    Args:
        launch: how to start it.
        extra_env: variables for this one.
        on_line: receives what it prints.
        trace: receives the calls, if there is one.
    """

    def __init__(self, launch: Launch, extra_env: Mapping[str, str], on_line: OnLine, trace: Trace | None) -> None:
        self._trace = trace
        self._process = subprocess.Popen(
            [launch.python, "-u", str(_LAUNCHER), launch.engine_address],
            cwd=launch.directory,
            env={**launch.env, **extra_env},
            stdin=subprocess.PIPE,  # never written to: it closes when this process ends, however it ends
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        early: list[str] = []

        def on_error_line(line: str) -> None:
            early.append(line)
            on_line(line, True)

        self._readers = [read_lines(self._process.stderr, on_error_line)]
        port = self._first_line(self._process.stdout)
        if not port.isdigit():
            self._kill()
            self._process.stdout.close()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._readers[0].join(1)
            raise ProviderError(
                f"the provider process did not start: it said {port!r} where its port was expected"
                if port
                else f"the provider process did not start ({launch.python} -m pulumi.dynamic): {' '.join(early).strip()}"
            )
        self._readers.append(read_lines(self._process.stdout, lambda line: on_line(line, False)))
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._shake_hands(launch)

    def _first_line(self, stream: IO[str]) -> str:
        timer = threading.Timer(_START_SECONDS, self._process.kill)
        timer.start()
        try:
            return stream.readline().strip()
        finally:
            timer.cancel()

    def _shake_hands(self, launch: Launch) -> None:
        request = provider_pb2.ProviderHandshakeRequest(
            engine_address=launch.engine_address,
            root_directory=str(launch.directory),
            program_directory=str(launch.directory),
            configure_with_urn=True,
            supports_views=True,
            supports_refresh_before_update=True,
            invoke_with_preview=True,
            accepts_byte_string=True,
        )
        try:
            self.call("Handshake", request)
        except ProviderError as error:
            if not error.unimplemented:
                raise

    def call(self, method: str, request: Any) -> Any:
        """Call a method; a process that died in the middle of it answers as Pulumi reports that."""
        try:
            return traced_call(self._stub, method, request, self._trace)
        except grpc.RpcError as error:
            raise provider_error(error) from None
        except ValueError:  # the channel was closed
            raise ProviderError("the call was abandoned") from None

    def cancel(self) -> None:
        """Tell it that the run is to end soon."""
        with contextlib.suppress(grpc.RpcError, ValueError):
            traced_call(self._stub, "Cancel", empty_pb2.Empty(), self._trace, timeout=1)

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Tell it to stop, and end it."""
        self.cancel()
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._kill()
        for reader in self._readers:
            reader.join(1)
        assert self._process.stdin is not None
        self._process.stdin.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def provider_error(error: Any) -> ProviderError:
    """A failed call in the words of Pulumi."""
    code = error.code()
    if code == grpc.StatusCode.UNAVAILABLE:
        return ProviderError("error reading from server: EOF")
    unimplemented = code == grpc.StatusCode.UNIMPLEMENTED
    return ProviderError(error.details() or str(code), unsure=code in _UNSURE, unimplemented=unimplemented)


def traced_call(stub: Any, method: str, request: Any, trace: Trace | None, timeout: float | None = None) -> Any:
    """Call a provider's method, and take it down if there is a trace."""
    call = trace.begin("ResourceProvider", method, request) if trace else None
    try:
        response = getattr(stub, method)(request, timeout=timeout)
    except grpc.RpcError as error:
        if trace and call:
            trace.end(call, error=f"rpc error: code = {_go_name(error.code())} desc = {error.details()}")
        raise
    if trace and call:
        trace.end(call, response)
    return response


def _go_name(code: grpc.StatusCode) -> str:
    return "".join(word.capitalize() for word in code.name.split("_"))


def read_lines(stream: IO[str], on_line: Callable[[str], Any]) -> threading.Thread:
    """Hand every line of a stream on, in a thread that ends with the stream."""

    def read() -> None:
        with stream:
            for line in stream:
                on_line(line)

    thread = threading.Thread(target=read, name="provider-output", daemon=True)
    thread.start()
    return thread
