"""How events and results look: lines for people, with colours on a terminal, or one JSON object for a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from pulumi_hubassoc.engine.interface import Diagnostic, Event, OutputValue, PropertyDiff, Result

_LOG_WIDTH = 120
_SIGNS = {
    "create": ("+", "green"),
    "create-replacement": ("++", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "delete-replaced": ("--", "red"),
    "replace": ("+-", "magenta"),
    "read": (">", "cyan"),
}
_SEVERITIES = {"error": "bold red", "warning": "yellow"}
_LONGEST_VALUE = 100


def console(*, stderr: bool = False) -> Console:
    """A console that is plain in a log: no colours, no cursor movement, lines of 120 characters for tables."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, markup=False, width=None if stream.isatty() else _LOG_WIDTH)


class LivePrinter:
    """Prints every event and diagnostic as it comes; resources that stay as they are are not told."""

    def __init__(self, out: Console, indent: str = "  ") -> None:
        self._out = out
        self._indent = indent

    def __call__(self, told: Event | Diagnostic) -> None:
        """Print one."""
        for line in lines(told):
            self._out.print(Text(self._indent) + line, soft_wrap=True)


def lines(told: Event | Diagnostic) -> list[Text]:
    """An event as one line and one more for each property that differs; a diagnostic as it is."""
    if isinstance(told, Diagnostic):
        name = f"{told.urn.rsplit('::', 1)[-1]}: " if told.urn else ""
        word = f"{told.severity}: " if told.severity in _SEVERITIES else ""
        return [Text(f"{word}{name}{told.message}", style=_SEVERITIES.get(told.severity, ""))]
    if told.operation == "same" or told.type.startswith("pulumi:providers:"):
        return []
    sign, style = _SIGNS.get(told.operation, ("·", ""))
    kind = told.type.rpartition(":")[2]
    failed = "  FAILED" if told.status == "failed" else ""
    head = Text(f"{sign:<2} {kind:<17} {told.name:<20} {told.operation}{failed}", style="red" if failed else style)
    differing = {path: diff for path, diff in told.diff.items() if not path.startswith("__")}
    return [head, *(_difference(path, diff, path in told.replace_keys) for path, diff in differing.items())]


def _difference(path: str, diff: PropertyDiff, replaces: bool) -> Text:
    if diff.kind.startswith("add"):
        text = f"+ {path}: {_value(diff.new)}"
    elif diff.kind.startswith("delete"):
        text = f"- {path}: {_value(diff.old)}"
    else:
        text = f"~ {path}: {_value(diff.old)} => {_value(diff.new)}"
    return Text(f"     {text}{'  (replaces)' if replaces else ''}")


def _value(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def counts(changes: Mapping[str, int]) -> str:
    """``3 create, 1 update``; ``nothing to do`` where all stay the same."""
    told = [f"{n} {operation}" for operation, n in sorted(changes.items()) if n and operation not in ("same", "read")]
    return ", ".join(told) or "nothing to do"


def summary(out: Console, result: Result) -> None:
    """Print the outputs and the counts."""
    for key, output in sorted(result.outputs.items()):
        out.print(f"  {key}: {_value('[secret]' if output.secret else output.value)}", soft_wrap=True)
    unchanged = result.changes.get("same", 0)
    state = "" if result.ok else f" — failed, exit code {result.exit_code}"
    out.print(f"  {counts(result.changes)}, {unchanged} unchanged{state}")


def as_json(result: Result) -> dict[str, Any]:
    """A result for a script; the values of secrets are not in it."""
    return {
        "operation": result.operation,
        "exitCode": result.exit_code,
        "changes": dict(result.changes),
        "events": [_event(event) for event in result.events],
        "diagnostics": [{"severity": d.severity, "message": d.message, "urn": d.urn} for d in result.diagnostics],
        "outputs": {key: _output(value) for key, value in result.outputs.items()},
    }


def _event(event: Event) -> dict[str, Any]:
    diff = {path: {"kind": d.kind, "input": d.input, "old": d.old, "new": d.new} for path, d in event.diff.items()}
    return {
        "operation": event.operation,
        "urn": event.urn,
        "type": event.type,
        "status": event.status,
        "diff": diff,
        "replaceKeys": list(event.replace_keys),
    }


def _output(output: OutputValue) -> Any:
    return "[secret]" if output.secret else output.value
