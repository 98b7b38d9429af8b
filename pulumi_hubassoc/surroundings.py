"""What a provider finds around itself in its process: the environment, and the engine that asks.

Pulumi gives a dynamic provider no way to say anything but errors. The address of the engine's log is an argument of
the provider process, though, and what is said there stands in the resource's own lines [observed].
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Literal

Severity = Literal["info", "warning"]


class Surroundings:
    """Those of the provider process that Pulumi starts; threads may share it."""

    def __init__(self) -> None:
        self._stubs: dict[str, Any] = {}
        self._lock = threading.Lock()

    def environment(self) -> Mapping[str, str]:
        """Environment variables."""
        return os.environ

    def engine_address(self) -> str | None:
        """Where the engine's log is; None outside of a provider process."""
        return sys.argv[1] if is_provider_process() and len(sys.argv) > 1 else None

    def say(self, severity: Severity, message: str, urn: str) -> None:
        """Say something about a resource, in a preview; without an engine that listens, nothing happens."""
        import grpc
        from pulumi.runtime.proto import engine_pb2

        address = self.engine_address()
        if address is None:
            return
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity.upper()), message=message, urn=urn
        )
        with contextlib.suppress(grpc.RpcError, ValueError):
            self._stub(address).Log(request, timeout=5)

    def _stub(self, address: str) -> Any:
        import grpc
        from pulumi.runtime.proto import engine_pb2_grpc

        with self._lock:
            if address not in self._stubs:
                self._stubs[address] = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
            return self._stubs[address]


def is_provider_process() -> bool:
    """Whether this process is Pulumi's ``python -m pulumi.dynamic``."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "pulumi.dynamic.__main__"
