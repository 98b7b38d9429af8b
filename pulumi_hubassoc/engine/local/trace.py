"""A record of what was said between the program, the engine and the providers, for tests and for the curious.

It holds secrets in clear: it is kept in memory only, and only where somebody asked for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict


@dataclass
class Call:
    """One gRPC call; `begin` and `end` are places in the order of all begins and ends.

    `end` is None where there never was an answer; of `response` and `error` one is set, otherwise.
    """

    service: str
    method: str
    request: dict[str, Any]
    begin: int
    end: int | None = None
    response: dict[str, Any] | None = None
    error: str | None = None


@dataclass
class StepSeen:
    """One moment of a step: ``pre`` (begun or planned), ``outputs`` (done) or ``failed``; the rest as in `Event`."""

    moment: str
    operation: str
    urn: str
    type: str
    changed_keys: tuple[str, ...]
    replace_keys: tuple[str, ...]
    detailed: dict[str, str]


@dataclass
class Trace:
    """Collects calls and steps, in the order in which they began.

    Attributes:
        maybe_corrupt: whether the last operation failed in a way that leaves in doubt what there is.
    """

    calls: list[Call] = field(default_factory=list)
    steps: list[StepSeen] = field(default_factory=list)
    maybe_corrupt: bool = False
    _place: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def see(self, step: StepSeen) -> None:
        """A step comes to a moment."""
        with self._lock:
            self.steps.append(step)

    def begin(self, service: str, method: str, request: Any) -> Call:
        """A call begins; `request` is its message, or data."""
        data = request if isinstance(request, dict) else MessageToDict(request)
        with self._lock:
            call = Call(service, method, data, self._place)
            self._place += 1
            self.calls.append(call)
        return call

    def end(self, call: Call, response: Any = None, error: str | None = None) -> None:
        """It ends, with an answer or an error."""
        with self._lock:
            call.end = self._place
            self._place += 1
            call.error = error
            if error is None:
                call.response = response if isinstance(response, dict) else MessageToDict(response)
