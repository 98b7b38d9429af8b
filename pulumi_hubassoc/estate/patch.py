"""The overlay that makes a schema file say what a document says: laid over the file, nothing differs any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pulumi_hubassoc.errors import one_line
from pulumi_hubassoc.estate import rules
from pulumi_hubassoc.estate.compare import Different, LabelEntry, LimitEntry, compare
from pulumi_hubassoc.estate.declared import declared, label_of
from pulumi_hubassoc.estate.document import Document, Label, pair_of
from pulumi_hubassoc.estate.naming import internal_name, keys
from pulumi_hubassoc.estate.spec import PairSpec, SchemaSpec
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import Direction

_FIELDS = ("label", "inverse_label", "max", "inverse_max")


def patch(wanted: Document, spec: SchemaSpec, source: str) -> str:
    """The YAML of an overlay.

    Args:
        wanted: what the file is to say, as `schema_file.for_schema` made it.
        spec: what the file, with the overlays that it has, says now.
        source: the file, for people.
    """
    found = compare(wanted, declared(spec, source))
    overlay = _Overlay(wanted, spec)
    for difference in found.different:
        overlay.change(difference)
    for entry in found.only_right:
        if isinstance(entry, LabelEntry):
            overlay.take_label_away(entry)
        else:
            overlay.limit(entry, None)
    for entry in found.only_left:
        if isinstance(entry, LabelEntry):
            overlay.add_label(entry)
        else:
            overlay.limit(entry, entry.max)
    head = f"# Laid over {one_line(source)} it says what {one_line(wanted.source)} has."
    return f"{head}\n{yaml.safe_dump(overlay.written(), allow_unicode=True, sort_keys=False, width=2**20)}"


class _Overlay:
    """An overlay that is being written, pair by pair, in the directions of the file."""

    def __init__(self, wanted: Document, spec: SchemaSpec) -> None:
        self._wanted = wanted
        self._file = {frozenset(pair.ends): pair for pair in spec.pairs}
        self._where = {label_of(pair, key): (pair, key) for pair in spec.pairs for key in pair.labels}
        self._pairs: dict[Direction, dict[str, Any]] = {}

    def written(self) -> dict[str, Any]:
        """The overlay."""
        return {"pairs": list(self._pairs.values())}

    def change(self, found: Different) -> None:
        """What is in both becomes what is wanted."""
        left, right = found.left, found.right
        if not isinstance(left, LabelEntry) or not isinstance(right, LabelEntry):
            assert isinstance(left, LimitEntry)
            self.limit(left, left.max)
            return
        if right.label not in self._where:
            left, right = left.flipped(), right.flipped()
        pair, key = self._where[right.label]
        now = {field: getattr(pair.labels[key], field) for field in _FIELDS}
        label = self._labels(pair.ends).setdefault(key, {})
        label.update({field: value for field, value in _fields(left).items() if value != now[field]})
        name = internal_name(left.label)
        if None not in (name, right.label.name) and name != right.label.name:
            label["name"] = name

    def take_label_away(self, entry: LabelEntry) -> None:
        """A label of the file that is not wanted; its limits go with it."""
        pair, key = self._where[entry.label if entry.label in self._where else entry.flipped().label]
        self._labels(pair.ends)[key] = None

    def add_label(self, entry: LabelEntry) -> None:
        """A label that the file does not have, under a key that it does not have either."""
        ends = self._ends(entry.direction)
        taken = {*(self._file[frozenset(ends)].labels if frozenset(ends) in self._file else ()), *self._labels(ends)}
        known = keys(self._wanted, pair_of(ends))
        wanted = known.get(entry.label) or known[entry.flipped().label]
        key = next(key for key in _numbered(wanted) if key not in taken)
        seen = entry if entry.direction == ends else entry.flipped()
        fields = {**_fields(seen), "name": internal_name(seen.label)}
        self._labels(ends)[key] = {field: value for field, value in fields.items() if value is not None}

    def limit(self, entry: LimitEntry, most: int | None) -> None:
        """A limit of HubSpot's own type, or none, under the key that the file has for it."""
        ends = self._ends(entry.direction)
        field = "max" if entry.direction == ends else "inverse_max"
        type_id = entry.limit.type_id
        pair = self._file.get(frozenset(ends))
        in_file = getattr(pair, field) if isinstance(pair, PairSpec) else ()
        key = next(
            (key for key in (*in_file, "unlabeled", "primary") if _type_id(entry.direction, key) == type_id),
            str(type_id),
        )
        self._pair(ends).setdefault(field, {})[key] = most

    def _ends(self, direction: Direction) -> Direction:
        pair = self._file.get(frozenset(direction))
        return pair.ends if pair else pair_of(direction)

    def _pair(self, ends: Direction) -> dict[str, Any]:
        return self._pairs.setdefault(ends, {"from": ends[0], "to": ends[1]})

    def _labels(self, ends: Direction) -> dict[str, Any]:
        labels: dict[str, Any] = self._pair(ends).setdefault("labels", {})
        return labels


def _fields(entry: LabelEntry) -> dict[str, str | int | None]:
    """What a file says of a label, its name apart."""
    x: Label = entry.label
    inverse = None if x.is_single else x.inverse_label
    return {"label": x.label, "inverse_label": inverse, "max": entry.max, "inverse_max": entry.inverse_max}


def _numbered(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}-{number}"
        number += 1


def _type_id(direction: Direction, key: str) -> int | None:
    if key in ("unlabeled", "primary"):
        find = facts.unlabeled_type if key == "unlabeled" else facts.primary_type
        found = find(*direction)
        return found.type_id if found else None
    own = rules.own_type(direction, key)
    return own if isinstance(own, int) else own.type_id
