"""What differs between two documents: what is only in one of them, and what is in both and not the same.

A label is known again by its internal name, then by its texts, whichever side it was declared from; between two documents
of one portal by its type ids before that. A limit goes with its label; one of another type is known by that type.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from pulumi_hubassoc.estate.document import Document, Label, LeftOut, Limit, order, pair_of
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import Direction, Key

Value = str | int | None


@dataclass(frozen=True)
class LabelEntry:
    """A label with its limits.

    Attributes:
        label: two objects stand in the order of HubSpot's table of objects.
        max: of the label's direction, None where there is none.
        inverse_max: of the other one; None for a single label on one object, whose two ids carry one limit [docs].
    """

    label: Label
    max: int | None = None
    inverse_max: int | None = None

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return self.label.direction

    @property
    def title(self) -> str:
        """For people: its texts."""
        return self.label.label if self.label.is_single else f"{self.label.label} / {self.label.inverse_label}"

    def flipped(self) -> LabelEntry:
        """The same label from its other side."""
        x = self.label
        other = Label(*x.direction[::-1], x.inverse_label, x.label, x.name, x.inverse_type_id, x.type_id)
        if _is_symmetric(x) and self.inverse_max is None:
            return replace(self, label=other)
        return LabelEntry(other, self.inverse_max, self.max)


@dataclass(frozen=True)
class LimitEntry:
    """A limit of a type that is no label of its document.

    Attributes:
        type: HubSpot's name of the type, or its category and number.
    """

    limit: Limit
    type: str

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return self.limit.direction

    @property
    def title(self) -> str:
        """For people: the type without its objects, which are told beside it."""
        return self.type.removeprefix(f"{'_to_'.join(self.direction)}_")

    @property
    def max(self) -> int:
        """The maximum."""
        return self.limit.max_to_object_ids


Entry = LabelEntry | LimitEntry


@dataclass(frozen=True)
class Change:
    """A field that is not the same.

    Attributes:
        field: ``label``, ``inverse_label``, ``direction`` (the texts are swapped), ``name``, ``max`` or ``inverse_max``.
        left: in the left document; None where there is none.
        right: likewise.
    """

    field: str
    left: Value
    right: Value


@dataclass(frozen=True)
class Different:
    """Something that is in both documents and is not the same."""

    left: Entry
    right: Entry
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Differences:
    """What differs between two documents; false where nothing does.

    Attributes:
        left: what the left document was read from.
        right: likewise.
        only_left: in the order of objects, then labels before limits.
        only_right: likewise.
        different: likewise.
        same: how many labels and limits of other types are the same.
        left_out: what could not be compared, with the source that has it.
    """

    left: str
    right: str
    only_left: tuple[Entry, ...]
    only_right: tuple[Entry, ...]
    different: tuple[Different, ...]
    same: int
    left_out: tuple[tuple[str, LeftOut], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only_left or self.only_right or self.different)

    def mirrored(self) -> Differences:
        """The same with left and right exchanged."""
        different = tuple(
            Different(d.right, d.left, tuple(Change(c.field, c.right, c.left) for c in d.changes))
            for d in self.different
        )
        return Differences(
            self.right, self.left, self.only_right, self.only_left, different, self.same, self.left_out[::-1]
        )


def compare(left: Document, right: Document) -> Differences:
    """What differs between two documents.

    An internal name that one of them does not tell is not compared.
    """
    pairs, only_left, only_right = match(left, right)
    told = [Different(a, b, tuple(_changes(a, b))) for a, b in pairs]
    return Differences(
        left.source,
        right.source,
        tuple(only_left),
        tuple(only_right),
        tuple(sorted((d for d in told if d.changes), key=lambda d: sorted(map(_order, (d.left, d.right))))),
        sum(not d.changes for d in told),
        tuple((document.source, out) for document in (left, right) for out in document.left_out),
    )


def match(left: Document, right: Document) -> tuple[list[tuple[Entry, Entry]], list[Entry], list[Entry]]:
    """What is in both documents, seen from the same side; what is only in the left one; what is only in the right one."""
    one_portal = left.portal_id is not None and left.portal_id == right.portal_id
    loose = {k for d in (left, right) for k in _loose(d)} if one_portal else set()
    labels = [_labels(document, loose) for document in (left, right)]
    limits = [_limits(document, loose) for document in (left, right)]
    pairs: list[tuple[Entry, Entry]] = []
    pairs += (_aligned(a, b) for a, b in _matched_labels(labels[0], labels[1], one_portal=one_portal))
    pairs += _matched(limits[0], limits[1], lambda entry: [_limit_key(entry.limit, one_portal=one_portal)])
    return pairs, sorted([*labels[0], *limits[0]], key=_order), sorted([*labels[1], *limits[1]], key=_order)


# ------------------------------------------------------------------------------------------------------------ entries


def entries(document: Document) -> list[Entry]:
    """A document's labels with their limits, and its other limits, in order."""
    found: list[Entry] = [*_labels(document, set()), *_limits(document, set())]
    return sorted(found, key=_order)


def in_order(document: Document) -> Document:
    """The same, with every label seen from the object that stands first in HubSpot's table."""
    seen = {x: x if x.direction == pair_of(x.direction) else LabelEntry(x).flipped().label for x in document.labels}
    limits = [
        replace(x, label=seen[x.label], inverse=x.inverse != (seen[x.label] != x.label)) if x.label in seen else x
        for x in document.limits
    ]
    return replace(document, labels=tuple(seen.values()), limits=tuple(limits))


def _loose(document: Document) -> Iterator[Key]:
    """Types of limits that belong to labels which their document does not have."""
    for limit in document.limits:
        if limit.key is not None and limit.label not in document.labels and limit.category == facts.USER_DEFINED:
            yield limit.key


def _labels(document: Document, loose: set[Key]) -> list[LabelEntry]:
    maxima: dict[tuple[Label, bool], int] = {}
    for limit in document.limits:
        if limit.label is not None and limit.key not in loose:
            maxima[limit.label, limit.inverse] = limit.max_to_object_ids
    found = [_label(x, maxima.get((x, False)), maxima.get((x, True))) for x in dict.fromkeys(document.labels)]
    return [x if x.direction == pair_of(x.direction) else x.flipped() for x in found]


def _label(label: Label, most: int | None, inverse: int | None) -> LabelEntry:
    if _is_symmetric(label) and (most is None or most == inverse):
        return LabelEntry(label, inverse)
    return LabelEntry(label, most, inverse)


def _is_symmetric(label: Label) -> bool:
    return label.is_single and label.from_object_type == label.to_object_type


def _limits(document: Document, loose: set[Key]) -> list[LimitEntry]:
    known = set(document.labels)
    own = [x for x in document.limits if x.label not in known or x.key in loose]
    return [LimitEntry(x, _title(x)) for x in own]


def _title(limit: Limit) -> str:
    defined = facts.defined_types().get(limit.type_id or 0) if limit.category == facts.HUBSPOT_DEFINED else None
    if defined is not None:
        return defined.name
    if limit.label is not None:
        return limit.label.inverse_label if limit.inverse else limit.label.label
    return f"{limit.category} {limit.type_id}"


def _limit_key(limit: Limit, *, one_portal: bool) -> Hashable:
    """Numbers of labels, and of custom objects' unlabeled associations, are of one portal."""
    if limit.category == facts.HUBSPOT_DEFINED or one_portal:
        return (limit.direction, limit.key)
    return (limit.direction, limit.category)


# ----------------------------------------------------------------------------------------------------------- matching

E = TypeVar("E", LabelEntry, LimitEntry)


def _matched_labels(
    left: list[LabelEntry], right: list[LabelEntry], *, one_portal: bool
) -> Iterator[tuple[LabelEntry, LabelEntry]]:
    """Labels that are one in both, taken out of the lists."""
    if one_portal:
        yield from _matched(left, right, lambda e: [(e.direction, i) for i in [_ids(e.label)] if None not in i])
    yield from _matched(left, right, lambda e: [(e.direction, e.label.name)] if e.label.name else [])
    yield from _matched(left, right, lambda e: [(e.direction, e.label.label, e.label.inverse_label)])
    yield from _matched(left, right, lambda e: [(e.direction, *sorted((e.label.label, e.label.inverse_label)))])


def _ids(label: Label) -> frozenset[int | None]:
    return frozenset((label.type_id, label.inverse_type_id))


def _matched(left: list[E], right: list[E], keys: Callable[[E], Iterable[Hashable]]) -> list[tuple[E, E]]:
    """The entries that have the same key, taken out of the lists; where several have it, in their order."""
    waiting: defaultdict[Hashable, list[E]] = defaultdict(list)
    for entry in sorted(right, key=_order):
        for key in keys(entry):
            waiting[key].append(entry)
    of_left = [(entry, key) for entry in sorted(left, key=_order) for key in keys(entry)]
    found = [(entry, waiting[key].pop(0)) for entry, key in of_left if waiting[key]]
    for a, b in found:
        left.remove(a)
        right.remove(b)
    return found


def _aligned(left: LabelEntry, right: LabelEntry) -> tuple[LabelEntry, LabelEntry]:
    """Both from the side from which the fewest fields differ; between two objects they are already."""
    if left.label.from_object_type != left.label.to_object_type:
        return (left, right)
    turns = [(a, b) for a in (False, True) for b in (False, True)]
    sides = [(left.flipped() if a else left, right.flipped() if b else right, a + b) for a, b in turns]
    # The last part decides the same way when left and right are exchanged.
    best = min(sides, key=lambda s: (len(list(_changes(s[0], s[1]))), s[2], sorted(map(_order, s[:2]))))
    return (best[0], best[1])


def _changes(left: Entry, right: Entry) -> Iterator[Change]:
    if isinstance(left, LabelEntry) and isinstance(right, LabelEntry):
        yield from _changes_of_texts(left, right)
        if None not in (left.label.name, right.label.name) and left.label.name != right.label.name:
            yield Change("name", left.label.name, right.label.name)
        if left.inverse_max != right.inverse_max:
            yield Change("inverse_max", left.inverse_max, right.inverse_max)
    if left.max != right.max:
        yield Change("max", left.max, right.max)


def _changes_of_texts(left: LabelEntry, right: LabelEntry) -> Iterator[Change]:
    texts = [(e.label.label, e.label.inverse_label) for e in (left, right)]
    if texts[0] != texts[1] and texts[0] == texts[1][::-1]:
        yield Change("direction", left.title, right.title)
        return
    for field, a, b in zip(("label", "inverse_label"), *texts, strict=True):
        if a != b:
            yield Change(field, a, b)


# -------------------------------------------------------------------------------------------------------------- order


def _order(entry: Entry) -> tuple[Hashable, ...]:
    """By the pair of objects, labels before limits, then everything else, so that any two have one order."""
    pair = order(pair_of(entry.direction))
    if isinstance(entry, LabelEntry):
        x = entry.label
        numbers = (x.type_id, x.inverse_type_id, entry.max, entry.inverse_max)
        return (pair, 0, order(x.direction), x.label, x.inverse_label, x.name or "", *(n or 0 for n in numbers))
    return (pair, 1, order(entry.direction), entry.title, entry.max, entry.limit.category, entry.limit.type_id or 0)
