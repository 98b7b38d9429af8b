"""What the Pulumi CLI tells while it works, in the words of the engines' interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, cast

from pulumi.automation import EngineEvent, StepEventMetadata, StepEventStateMetadata
from pulumi.automation.events import DiagnosticEvent
from pulumi.runtime import rpc

from pulumi_hubassoc.engine.interface import Diagnostic, Event, OnEvent, OutputValue, PropertyDiff, Severity
from pulumi_hubassoc.engine.local import paths

SECRET = "[secret]"  # noqa: S105 - what is shown in its place
UNKNOWN = "[unknown]"
Status: TypeAlias = Literal["planned", "done", "failed"]
_STACK_TYPE = "pulumi:pulumi:Stack"


class EventCollector:
    """Takes the events of one operation, tells them to whoever listens, and keeps them for the `Result`.

    Attributes:
        began: whether the engine said anything; if not, nothing was run.
        events: one an operation on a resource, in the order of their ends.
        diagnostics: without debug messages, passing progress, and the interruption of the program.
        changes: operation -> number of resources, from the engine's summary.
        outputs: the stack's outputs when it was last told of, secrets and unknowns as words; None if it never was.
    """

    def __init__(self, on_event: OnEvent | None) -> None:
        self.began = False
        self.events: list[Event] = []
        self.diagnostics: list[Diagnostic] = []
        self.changes: dict[str, int] = {}
        self.outputs: dict[str, OutputValue] | None = None
        self._listener = on_event
        self._listener_error: Exception | None = None
        self._refreshing: set[str] = set()
        self._interruption = _Interruption()

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        self.began = True
        if event.diagnostic_event:
            self._on_diagnostic(event.diagnostic_event)
        elif event.resource_pre_event:
            self._on_begin(event.resource_pre_event.metadata, _status(event.resource_pre_event.planning))
        elif event.res_outputs_event:
            self._on_end(event.res_outputs_event.metadata, _status(event.res_outputs_event.planning))
        elif event.res_op_failed_event:
            self._on_end(event.res_op_failed_event.metadata, "failed")
        elif event.summary_event:
            self.changes = {str(getattr(op, "value", op)): n for op, n in event.summary_event.resource_changes.items()}

    def finish(self) -> None:
        """Tell what was held back, and raise what the listener raised."""
        for said in self._interruption.rest():
            self._say(said)
        if self._listener_error:
            raise self._listener_error

    def _on_begin(self, step: StepEventMetadata, status: Status) -> None:
        self._keep_outputs(step)
        if step.op == "refresh":
            self._refreshing.add(step.urn)
        elif _is_registration(step):
            self._tell(_event(step, status))

    def _on_end(self, step: StepEventMetadata, status: Status) -> None:
        self._keep_outputs(step)
        # In a refresh the operation that ends (same, update, delete) is not called what it was when it began.
        refreshed = step.urn in self._refreshing
        self._refreshing.discard(step.urn)
        if refreshed or not _is_registration(step):
            self._tell(_event(step, status))

    def _keep_outputs(self, step: StepEventMetadata) -> None:
        if step.type == _STACK_TYPE:
            told = (step.new and step.new.outputs) or {}
            self.outputs = {key: OutputValue(shown(value), _is_secret(value)) for key, value in told.items()}

    def _on_diagnostic(self, event: DiagnosticEvent) -> None:
        if event.severity == "debug" or event.ephemeral:
            return
        said = Diagnostic(cast(Severity, event.severity), event.message.rstrip("\n"), event.urn)
        for diagnostic in self._interruption.without(said):
            self._say(diagnostic)

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        self._call(event)

    def _say(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)
        self._call(diagnostic)

    def _call(self, told: Event | Diagnostic) -> None:
        """Tell the listener; its first exception ends the telling, not the operation."""
        if self._listener and not self._listener_error:
            try:
                self._listener(told)
            except Exception as error:  # noqa: BLE001 - raised again by `finish`, in the caller's thread
                self._listener_error = error


class _Interruption:
    """Drops the traceback of the program that the engine interrupts after a failure.

    Python prints it line by line, perhaps with further ones "during handling of" it; none of it says what failed.
    Lines of a traceback are held back until its last line says whether it is a `KeyboardInterrupt`.
    """

    _LINKS = ("During handling of the above", "The above exception was")

    def __init__(self) -> None:
        self._held: list[Diagnostic] = []
        self._inside = False  # between a traceback's first line and the one that names the exception

    def without(self, said: Diagnostic) -> Iterator[Diagnostic]:
        """What may be said now."""
        if said.severity != "info#err" or said.urn:
            yield said
            return
        if said.message.startswith("Traceback (most recent call last)"):
            self._inside = True
        elif not self._inside and not (self._held and said.message.startswith(self._LINKS)):
            yield from self.rest()
            yield said
            return
        self._held.append(said)
        if said.message and not said.message.splitlines()[-1].startswith((" ", "Traceback")):
            self._inside = False

    def rest(self) -> Iterator[Diagnostic]:
        """What was held back, unless it is the interruption."""
        held, self._held, self._inside = self._held, [], False
        if not any(line.startswith("KeyboardInterrupt") for said in held for line in said.message.splitlines()):
            yield from held


def _status(planning: bool | None) -> Status:
    return "planned" if planning else "done"


def _is_registration(step: StepEventMetadata) -> bool:
    """Whether this is a component that the program registers: that is done as soon as it is begun.

    Of its end the engine tells when its outputs are registered: in a preview once more than in an update, and never if
    they are not.
    """
    state = step.new or step.old
    return not (state and state.custom) and step.op not in ("refresh", "delete", "delete-replaced")


def _event(step: StepEventMetadata, status: Status) -> Event:
    return Event(
        operation=step.op.value,
        urn=step.urn,
        type=step.type,
        diff=dict(_property_diffs(step)),
        replace_keys=tuple(step.keys or ()),
        status=status,
        inputs=shown((step.new and step.new.inputs) or {}),
        parent=(step.new and step.new.parent) or "",
        provider=step.provider or "",
    )


def _property_diffs(step: StepEventMetadata) -> Iterator[tuple[str, PropertyDiff]]:
    """Path -> difference, with the values on both sides."""
    for path, diff in (step.detailed_diff or {}).items():
        old, new = (_value_at(_properties(state, diff.input_diff), path) for state in (step.old, step.new))
        yield path, PropertyDiff(diff.diff_kind.value, diff.input_diff, old, new)


def _properties(state: StepEventStateMetadata | None, inputs: bool) -> Mapping[str, Any]:
    return ((state.inputs if inputs else state.outputs) or {}) if state else {}


def _value_at(properties: Mapping[str, Any], path: str) -> Any:
    """What is shown of the value at a property path; None where there is none."""
    value: Any = properties
    for element in paths.parse(path):
        if _is_secret(value):
            return SECRET
        try:
            value = value[element]
        except (KeyError, IndexError, TypeError):
            return None
    return shown(value)


def shown(value: Any) -> Any:
    """A value as people may see it: what is secret or not yet known, is replaced by a word, inside lists and maps too."""
    if _is_secret(value):
        return SECRET
    if isinstance(value, dict):
        return {key: shown(v) for key, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return UNKNOWN if value == rpc.UNKNOWN else value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig
