"""A process of its own for one operation that is interrupted; writes its trace line by line, and at the end its result.

Arguments: one JSON object with ``project``, ``operation``, ``options``, ``env`` and the files ``trace`` and ``result``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pulumi_hubassoc.engine.interface import Options, Project
from pulumi_hubassoc.engine.local import LocalEngine, Trace
from pulumi_hubassoc.engine.local.trace import Call, StepSeen


class FileTrace(Trace):
    """A trace that outlives its process."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("a")

    def _put(self, **line: Any) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def see(self, step: StepSeen) -> None:
        super().see(step)
        self._put(step=asdict(step))

    def begin(self, service: str, method: str, request: Any) -> Call:
        call = super().begin(service, method, request)
        self._put(begin=asdict(call))
        return call

    def end(self, call: Call, response: Any = None, error: str | None = None) -> None:
        super().end(call, response, error)
        self._put(end=asdict(call))


def read_trace(path: Path) -> tuple[list[Call], list[StepSeen]]:
    """What a `FileTrace` has written."""
    calls: dict[int, Call] = {}
    steps = []
    for line in path.read_text().splitlines() if path.exists() else []:
        data = json.loads(line)
        if "step" in data:
            steps.append(StepSeen(**data["step"]))
        else:
            call = Call(**(data.get("begin") or data["end"]))
            calls[call.begin] = call
    return list(calls.values()), steps


def main() -> None:
    given = json.loads(sys.argv[1])
    trace = FileTrace(Path(given["trace"]))
    engine = LocalEngine(trace=trace)
    stack = engine.stack(Project("toy", Path(given["project"])), "dev", env=given["env"])
    result = getattr(stack, given["operation"])(Options(**given["options"]))
    data = {**asdict(result), "maybe_corrupt": trace.maybe_corrupt}
    Path(given["result"]).write_text(json.dumps(data, default=str))
    sys.exit(result.exit_code)


if __name__ == "__main__":
    main()
