"""Schema files and their overlays as one `SchemaSpec`; everything that is wrong with them is told at once.

An overlay has the format of a file and holds the difference alone: it is laid over the files before it, pair by pair,
label by label, key by key, and a value that is empty (``null``) takes away what is there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pulumi_hubassoc.errors import SchemaError, one_line
from pulumi_hubassoc.estate import rules, written
from pulumi_hubassoc.estate.spec import LabelSpec, PairSpec, SchemaSpec, keys_of
from pulumi_hubassoc.estate.written import Place, Written
from pulumi_hubassoc.hubspot import facts

_ROOT_KEYS = ("pairs", "$schema")
_ENDS = ("from", "to")
_IN_WORDS = {
    "missing": "is missing",
    "bool_type": "must be true or false, and is {}",
    "dict_type": "must hold keys and their values, and is {}",
    "model_type": "must hold keys and their values, and is {}",
    "tuple_type": "must be a list, and is {}",
}
_PATTERNS = {
    "labels": "a key is letters, digits, hyphens and underscores, and begins with a letter; the text goes under `label`",
    "max": "must be unlabeled, primary or the number of a type of HubSpot's; a label's limit goes under the label",
}


def read(file: Path | str, overlays: Sequence[Path | str] = ()) -> SchemaSpec:
    """The schema of a file with overlays laid over it, in their order.

    Args:
        file: YAML or JSON; a relative path is taken from the working directory.
        overlays: likewise, each with the difference alone.

    Raises:
        SchemaError: if there is any fault; all are told, as ``file:line: key: reason``.
    """
    return _Reading().schema([file, *overlays])


class _Reading:
    """One reading of some files.

    Attributes:
        faults: where, and ``key: reason``, in any order.
    """

    def __init__(self) -> None:
        self.faults: list[tuple[Place, str]] = []
        self._unreadable: list[str] = []
        self._removed: dict[rules.Path, Place] = {}
        self._pairs: dict[rules.Direction, Written] = {}

    def schema(self, files: Sequence[Path | str]) -> SchemaSpec:
        for number, file in enumerate(files):
            try:
                root, faults = written.read(file)
            except SchemaError as error:
                self._unreadable += error.faults
                continue
            self.faults += faults
            for direction, pair in self._pairs_of(root).items():
                merged = self._merged(self._pairs.get(direction), pair, ("/".join(direction),), first=number == 0)
                if merged:
                    self._pairs[direction] = merged
        pairs = [self._pair(*item) for item in self._pairs.items()]
        for fault in rules.faults(pairs):
            see = f" (see {self._place(fault.other)})" if fault.other else ""
            self._note(self._place(fault.path), fault.path, fault.reason + see)
        if self.faults or self._unreadable:
            order = {str(file): n for n, file in enumerate(files)}
            told = sorted(self.faults, key=lambda fault: (order[fault[0].file], fault[0].line))
            raise SchemaError([*self._unreadable, *dict.fromkeys(f"{place}: {what}" for place, what in told)])
        return SchemaSpec(pairs=tuple(pairs))

    # ------------------------------------------------------------------------------------------------ what is written

    def _pairs_of(self, root: Written) -> dict[rules.Direction, Written]:
        """The pairs of one file by direction, those alone that say which pair they are."""
        if not isinstance(root.value, dict):
            reason = f"is missing: a schema file begins with `pairs:`, and here is {_told(root.plain)}"
            self._note(root.place, ("pairs",), reason)
            return {}
        self._refuse_unknown(root, (), _ROOT_KEYS)
        pairs = root.value.get("pairs")
        if pairs is None or not isinstance(pairs.value, list):
            reason = f"must be a list, and is {_told(pairs.plain)}" if pairs else "is missing"
            self._note((pairs or root).place, ("pairs",), reason)
            return {}
        found: dict[rules.Direction, Written] = {}
        for number, pair in enumerate(pairs.value):
            direction = self._direction(pair, f"pairs[{number}]")
            if direction in found:
                reason = f"the pair is in this file already: write it once (see {found[direction].place})"
                self._note(pair.place, ("/".join(direction),), reason)
            elif direction:
                self._refuse_unknown_of_pair(pair, ("/".join(direction),))
                found[direction] = pair
        return found

    def _direction(self, pair: Written, name: str) -> rules.Direction | None:
        if not isinstance(pair.value, dict):
            self._note(pair.place, (name,), f"must be a pair with `from` and `to`, and is {_told(pair.plain)}")
            return None
        found: list[str] = []
        for end in _ENDS:
            value = pair.value.get(end)
            try:
                found.append(_object_type(value))
            except ValueError as error:
                self._note((value or pair).place, (name, end), str(error))
        if len(found) == len(_ENDS):
            return (found[0], found[1])
        self._refuse_unknown_of_pair(pair, (name,))
        return None

    def _refuse_unknown_of_pair(self, pair: Written, path: rules.Path) -> None:
        self._refuse_unknown(pair, path, keys_of(PairSpec))
        labels = pair.value.get("labels")
        for key, label in labels.value.items() if labels and isinstance(labels.value, dict) else ():
            self._refuse_unknown(label, (*path, "labels", key), keys_of(LabelSpec))

    def _refuse_unknown(self, mapping: Written, path: rules.Path, known: Iterable[str]) -> None:
        for key, item in mapping.value.items() if isinstance(mapping.value, dict) else ():
            if key not in known:
                close = difflib.get_close_matches(key, list(known), n=1)
                hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                self._note(item.place, (*path, one_line(key, 60)), f"there is no such key: {hint}")

    # ------------------------------------------------------------------------------------------------- laid over it

    def _merged(self, base: Written | None, over: Written, path: rules.Path, *, first: bool) -> Written | None:
        """One value over another; None where it takes away."""
        if over.value is None:
            if first:
                self._note(over.place, path, "is empty: give it a value, or leave the key out")
            elif base is None:
                self._note(over.place, path, "is empty, which takes away, and no file before this one has it")
            self._removed[path] = over.place
            return None
        self._removed.pop(path, None)
        if not isinstance(over.value, dict):
            return over
        result: dict[str, Written] = dict(base.value) if base and isinstance(base.value, dict) else {}
        for key, item in over.value.items():
            merged = self._merged(result.pop(key, None), item, (*path, key), first=first)
            if merged:
                result[key] = merged
        return replace(base or over, value=result)

    # -------------------------------------------------------------------------------------------------- made of it

    def _pair(self, direction: rules.Direction, pair: Written) -> PairSpec:
        """The pair as far as it is right in itself; what is not is noted and left out."""
        title = "/".join(direction)
        content = _known(pair.plain)
        try:
            return PairSpec.model_validate(content)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                location = tuple(map(str, detail["loc"]))
                if len(location) > 2 and location[-1] == "[key]":  # how pydantic tells that the key is wrong
                    location = location[:-1]
                self._note(self._place((title, *location)), (title, *location), _in_words(detail))
                key, *inner = location
                if inner and isinstance(content.get(key), dict):
                    content[key].pop(inner[0], None)
                else:
                    content.pop(key, None)
        return PairSpec.model_validate(content)

    def _place(self, path: rules.Path) -> Place:
        """Where something is written, or, if it is missing, what should have it, or what took it away."""
        if path in self._removed:
            return self._removed[path]
        found = self._pairs[next(direction for direction in self._pairs if "/".join(direction) == path[0])]
        for part in path[1:]:
            if isinstance(found.value, list) and part.isdigit():
                found = found.value[int(part)]
            elif isinstance(found.value, dict) and part in found.value:
                found = found.value[part]
        return found.place

    def _note(self, place: Place, path: rules.Path, reason: str) -> None:
        self.faults.append((place, f"{'.'.join(path)}: {reason}"))


def _object_type(value: Written | None) -> str:
    if value is None:
        raise ValueError("is missing")
    if not isinstance(value.value, str):
        raise ValueError(f"must be the name or id of an object type, and is {_told(value.plain)}")
    return facts.object_type(value.value)


def _known(pair: Mapping[str, Any]) -> dict[str, Any]:
    """A pair without the keys that there are not, which are told elsewhere."""
    content = {key: value for key, value in pair.items() if key in keys_of(PairSpec)}
    labels = content.get("labels")
    if isinstance(labels, dict):
        content["labels"] = {key: _only_known(label, keys_of(LabelSpec)) for key, label in labels.items()}
    return content


def _only_known(value: Any, known: Iterable[str]) -> Any:
    return {key: item for key, item in value.items() if key in known} if isinstance(value, dict) else value


def _in_words(detail: ErrorDetails) -> str:
    """What pydantic found, for people."""
    kind, told = detail["type"], _told(detail["input"])
    if kind in _IN_WORDS:
        return _IN_WORDS[kind].format(told)
    if kind == "string_pattern_mismatch":
        return f"is no key here: {_PATTERNS['labels' if detail['loc'][0] == 'labels' else 'max']}"
    reason = one_line(detail["msg"].removeprefix("Value error, "))
    return f"must be a text, and is {told}: put it in quotes" if reason.startswith("must be a text, not") else reason


def _told(value: Any) -> str:
    """A value as it is written in a file."""
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return "empty" if value is None else one_line(repr(value) if isinstance(value, str) else str(value), 60)
