"""The SDK's dynamic provider served in this process instead of one of its own: faster, for tests.

Providers then see this process's environment, working directory and modules, and share them with the test.
"""

from __future__ import annotations

import ast
import importlib.util
import threading
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_hubassoc.engine.interface import NotSupported

from .provider_process import CHANNEL_OPTIONS, GRACE_SECONDS, ProviderError, provider_error, traced_call
from .trace import Trace

_THREADS = 4  # as many as the provider process has


@dataclass(frozen=True)
class Around:
    """What a provider process of its own would find around it.

    Attributes:
        engine_address: of the engine's log; a process has it as its argument.
        env: environment variables.
    """

    engine_address: str
    env: Mapping[str, str]


_here = threading.local()


def around() -> Around | None:
    """What stands for this thread's process; None in a thread that serves no provider."""
    return getattr(_here, "around", None)


def _settle(what: Around) -> None:
    _here.around = what


@lru_cache
def _code() -> CodeType:
    """The code of ``pulumi.dynamic.__main__`` without its last line, which would serve until interrupted."""
    spec = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    if ast.unparse(tree.body[-1]) != "main()":
        raise NotSupported(
            "this Pulumi SDK serves dynamic providers in another way: use LocalEngine(provider='process')"
        )
    del tree.body[-1]
    return compile(tree, spec.origin, "exec")


def _servicer(project: str) -> Any:
    """A new servicer, whose unpickled providers and configuration are its own."""
    module = ModuleType("pulumi.dynamic.__in_process__")
    exec(_code(), module.__dict__)  # noqa: S102 - the SDK's own code, as `python -m` runs it
    # The one thing that it takes from the environment.
    module.os = SimpleNamespace(environ={"PULUMI_PROJECT": project})  # type: ignore[attr-defined]
    return module.DynamicResourceProviderServicer()


class InProcessProvider:
    """Serves dynamic providers on the loopback interface, so that values go through the wire as always.

    Args:
        project: the project's name.
        place: what it finds around it (see `around`).
        trace: receives the calls, if there is one.
    """

    def __init__(self, project: str, place: Around, trace: Trace | None) -> None:
        self._trace = trace
        self._pool = futures.ThreadPoolExecutor(
            _THREADS, thread_name_prefix="provider", initializer=_settle, initargs=(place,)
        )
        self._server = grpc.server(self._pool, options=CHANNEL_OPTIONS)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(_servicer(project), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS)
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def call(self, method: str, request: Any) -> Any:
        """Call a method and wait for its answer; raises `ProviderError`."""
        try:
            return traced_call(self._stub, method, request, self._trace)
        except grpc.RpcError as error:
            raise provider_error(error) from None
        except ValueError:  # the channel was closed
            raise ProviderError("the call was abandoned") from None

    def cancel(self) -> None:
        """There is nobody to be told."""

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Answer nothing any more; a call in progress cannot be stopped."""
        self._channel.close()
        self._server.stop(0).wait(grace)
        self._pool.shutdown(wait=False)
