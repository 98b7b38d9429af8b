"""What a run tells: diagnostics, events of resources, and the count of operations."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pulumi_hubassoc.engine.interface import Diagnostic, Event, OnEvent, PropertyDiff

from . import paths
from .state import ResourceState
from .steps import Read, Refresh, Step
from .trace import StepSeen, Trace
from .values import redacted


class Sink:
    """Collects what a run tells, and passes it on.

    Args:
        planning: whether this is a preview.
        on_event: receives every event and diagnostic, from the threads of the run, one at a time.
        trace: receives the moments of all steps.

    Attributes:
        changes: operation -> how many resources had it.
        unsure: whether a failure leaves in doubt what there is.
    """

    def __init__(self, planning: bool, on_event: OnEvent | None, trace: Trace | None) -> None:
        self._planning = planning
        self._on_event = on_event
        self._trace = trace
        self._lock = threading.RLock()
        self.events: list[Event] = []
        self.diagnostics: list[Diagnostic] = []
        self.changes: Counter[str] = Counter()
        self.unsure = False

    def diagnose(self, severity: Any, message: str, urn: str = "") -> None:
        """Tell the user something, perhaps about one resource."""
        if severity == "debug":
            return
        with self._lock:
            diagnostic = Diagnostic(severity, message.rstrip("\n"), urn or None)
            self.diagnostics.append(diagnostic)
            if self._on_event:
                self._on_event(diagnostic)

    def begun(self, step: Step) -> None:
        """A step begins."""
        self._see("pre", step, step.op)

    def done(self, step: Step, *, refreshing: bool) -> None:
        """A step is done (in a preview: planned); `refreshing`: the run is a refresh and nothing else."""
        operation = step.result_op if refreshing else step.op
        counts = step.logical
        if isinstance(step, Refresh):
            counts = refreshing
        elif isinstance(step, Read) and step.op == "read":
            counts = step.changes
        with self._lock:
            if counts and not step.internal:
                self.changes[operation] += 1
        if self._planning or step.res.custom or isinstance(step, Refresh) or step.op == "delete":
            self._see("outputs", step, operation)
        self._tell(step, operation, "planned" if self._planning else "done")

    def outputs(self, step: Step) -> None:
        """A component, or the stack, has its outputs."""
        self._see("outputs", step, step.op)

    def failed(self, step: Step, message: str, *, unsure: bool) -> None:
        """A step failed."""
        urn = "" if step.internal else step.urn
        if self._planning:
            self.diagnose("error", f"Preview failed: {message}", urn)
            return
        self.unsure = self.unsure or unsure
        self.diagnose("error", message, urn)
        self._see("failed", step, step.op)
        self._tell(step, step.op, "failed")

    def _see(self, moment: str, step: Step, operation: str) -> None:
        if self._trace:
            detailed = {path: kind.kind + (" (inputs)" if kind.input else "") for path, kind in step.detailed.items()}
            seen = StepSeen(moment, operation, step.urn, step.res.type, tuple(step.diffs), tuple(step.keys), detailed)
            self._trace.see(seen)

    def _tell(self, step: Step, operation: str, status: Any) -> None:
        new = step.new
        event = Event(
            operation,
            step.urn,
            step.res.type,
            _differences(step),
            tuple(step.keys),
            status,
            redacted(new.inputs) if new else {},
            new.parent if new else "",
            new.provider if new else "",
        )
        with self._lock:
            self.events.append(event)
            if self._on_event:
                self._on_event(event)


def _differences(step: Step) -> Mapping[str, PropertyDiff]:
    return {
        path: PropertyDiff(
            kind.kind, kind.input, _value(step.old, path, kind.input), _value(step.new, path, kind.input)
        )
        for path, kind in step.detailed.items()
    }


def _value(state: ResourceState | None, path: str, inputs: bool) -> Any:
    """The value at a path of a state, as it may be shown."""
    value: Any = redacted((state.inputs if inputs else state.outputs) if state else {})
    for element in paths.parse(path):
        if isinstance(value, dict):
            value = value.get(str(element))
        elif isinstance(value, list) and isinstance(element, int) and element < len(value):
            value = value[element]
        else:  # inside a secret there is nothing to be seen
            return value if value == "[secret]" else None
    return value
