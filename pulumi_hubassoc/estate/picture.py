"""What a picture of a document shows: objects, and a card for each pair of them with its labels and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_hubassoc.estate.compare import Entry, LabelEntry, LimitEntry, entries, match
from pulumi_hubassoc.estate.document import Document, Label, Limit, order, pair_of
from pulumi_hubassoc.hubspot.portal_view import Direction


@dataclass(frozen=True)
class Number:
    """A limit, and whether it is managed."""

    max: int
    managed: bool = True


@dataclass(frozen=True)
class Line:
    """A line of a card: a label, or another type that has a limit.

    Attributes:
        text: the label's texts, or the name of the type.
        is_label: whether it is a label.
        managed: whether it is.
        max: of the card's first object to its second.
        inverse_max: the other way round.
    """

    text: str
    is_label: bool
    managed: bool
    max: Number | None = None
    inverse_max: Number | None = None


@dataclass(frozen=True)
class Card:
    """A pair of objects, in the order of HubSpot's table, and what is between them."""

    pair: Direction
    lines: tuple[Line, ...]

    @property
    def managed(self) -> bool:
        """Whether anything on it is."""
        return any(line.managed for line in self.lines)

    @property
    def object_limits(self) -> tuple[Number | None, Number | None]:
        """The limits of the unlabeled type: of the pair, and the other way round."""
        found = next((line for line in self.lines if not line.is_label and line.text == "unlabeled"), None)
        return (found.max, found.inverse_max) if found else (None, None)


@dataclass(frozen=True)
class Picture:
    """Objects and cards.

    Attributes:
        title: for people.
        objects: those that have a card, in HubSpot's order.
        cards: in the order of their pairs.
        tells_managed: whether it is known what is managed.
    """

    title: str
    objects: tuple[str, ...]
    cards: tuple[Card, ...]
    tells_managed: bool = False

    @property
    def label_count(self) -> int:
        """How many labels it shows."""
        return sum(line.is_label for card in self.cards for line in card.lines)


def picture(document: Document, managed: Sequence[Document] = ()) -> Picture:
    """The picture of a document.

    Args:
        document: what is drawn.
        managed: documents of the stacks that manage it. What none of them has is not managed; without them all counts
            as managed.
    """
    who = _Managed(document, managed)
    shown = [(entry, who.has(entry)) for entry in entries(document)]
    pairs = sorted({pair_of(entry.direction) for entry, _ in shown}, key=order)
    cards = tuple(Card(pair, _lines([x for x in shown if pair_of(x[0].direction) == pair], pair)) for pair in pairs)
    objects = sorted({end for pair in pairs for end in pair}, key=lambda end: order((end, end)))
    return Picture(document.source, tuple(objects), cards, bool(managed))


class _Managed:
    """What of a document is in some others: labels, seen from either side, and limits."""

    def __init__(self, document: Document, managed: Sequence[Document]) -> None:
        self._all = not managed
        self._labels: set[Label] = set()
        self._limits: set[Limit] = set()
        self._limited: set[tuple[Label, bool]] = set()  # and whether in the other direction
        for ours, theirs in (both for other in managed for both in match(document, other)[0]):
            if isinstance(ours, LabelEntry) and isinstance(theirs, LabelEntry):
                self._note_label(ours, theirs)
                self._note_label(ours.flipped(), theirs.flipped())
            elif isinstance(ours, LimitEntry):
                self._limits.add(ours.limit)
                if ours.limit.label is not None:  # they limit a label that is not theirs
                    self._limited.add((ours.limit.label, ours.limit.inverse))
                    self._limited.add((LabelEntry(ours.limit.label).flipped().label, not ours.limit.inverse))

    def _note_label(self, ours: LabelEntry, theirs: LabelEntry) -> None:
        self._labels.add(ours.label)
        if theirs.max is not None:
            self._limited.add((ours.label, False))
        if theirs.inverse_max is not None:
            self._limited.add((ours.label, True))

    def has(self, entry: Entry) -> tuple[bool, bool, bool]:
        """Whether an entry is managed, its limit, and its limit the other way round."""
        if self._all:
            return (True, True, True)
        if isinstance(entry, LimitEntry):
            managed = entry.limit in self._limits
            return (managed, managed, managed)
        label = entry.label
        return (label in self._labels, (label, False) in self._limited, (label, True) in self._limited)


def _lines(shown: Sequence[tuple[Entry, tuple[bool, bool, bool]]], pair: Direction) -> tuple[Line, ...]:
    """Labels, then other types; the two directions of one type are one line."""
    labels: list[Line] = []
    others: dict[str, Line] = {}
    for entry, (managed, max_managed, inverse_managed) in shown:
        most = None if entry.max is None else Number(entry.max, max_managed)
        if isinstance(entry, LabelEntry):
            inverse = None if entry.inverse_max is None else Number(entry.inverse_max, inverse_managed)
            labels.append(Line(entry.title, True, managed, most, inverse))
            continue
        known = others.get(entry.title, Line(entry.title, False, False))
        forward = entry.direction == pair
        others[entry.title] = Line(
            entry.title,
            False,
            managed or known.managed,
            most if forward else known.max,
            known.inverse_max if forward else most,
        )
    return (*labels, *others.values())


def as_json(shown: Picture) -> dict[str, Any]:
    """A picture's content for a script."""
    return {
        "title": shown.title,
        "objects": list(shown.objects),
        "pairs": [
            {"from": card.pair[0], "to": card.pair[1], "lines": [_line_as_json(line) for line in card.lines]}
            for card in shown.cards
        ],
    }


def _line_as_json(line: Line) -> dict[str, Any]:
    return {
        "kind": "label" if line.is_label else "type",
        "text": line.text,
        "managed": line.managed,
        **{
            key: None if number is None else {"max": number.max, "managed": number.managed}
            for key, number in (("max", line.max), ("inverseMax", line.inverse_max))
        },
    }
