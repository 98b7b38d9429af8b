"""A portal as a document: its labels and limits, as plain values.

A document comes from a portal (`reading`), a schema file or a stack, and goes into a program, a schema file, an import file,
a comparison or a picture. Type ids are of one portal and are None where it comes from none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import Direction, Key

_RANK = {o.name: i for i, o in enumerate(facts.OBJECT_TYPES)}


def order(direction: Direction) -> tuple[tuple[int, str], ...]:
    """What directions are sorted by: HubSpot's table of objects, custom ones after it."""
    return tuple((_RANK.get(end, len(_RANK)), end) for end in direction)


def pair_of(direction: Direction) -> Direction:
    """The direction in which documents show a pair: that in which its objects stand in HubSpot's table."""
    return min(direction, direction[::-1], key=order)


@dataclass(frozen=True)
class Label:
    """A label, from one of its two sides.

    Attributes:
        from_object_type: canonical object type.
        to_object_type: likewise; may be the same.
        label: the text in this direction.
        inverse_label: the text in the other one; the same for a single label.
        name: the internal name, None where HubSpot does not show it (yet).
        type_id: of this direction.
        inverse_type_id: of the other one; the same where HubSpot made only one.
    """

    from_object_type: str
    to_object_type: str
    label: str
    inverse_label: str
    name: str | None = None
    type_id: int | None = None
    inverse_type_id: int | None = None

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return (self.from_object_type, self.to_object_type)

    @property
    def is_single(self) -> bool:
        """Whether it has one text for both sides."""
        return self.label == self.inverse_label


@dataclass(frozen=True)
class Limit:
    """A limit of one association type in one direction.

    Attributes:
        from_object_type: the object whose records are limited.
        to_object_type: the object whose records are counted.
        category: of the type.
        type_id: of the type; None for a label that comes from no portal.
        max_to_object_ids: the maximum.
        label: the label that it is of, None for other types.
        inverse: whether it is of the label's other direction.
    """

    from_object_type: str
    to_object_type: str
    category: str
    type_id: int | None
    max_to_object_ids: int
    label: Label | None = None
    inverse: bool = False

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return (self.from_object_type, self.to_object_type)

    @property
    def key(self) -> Key | None:
        """Category and type id, None where there is no type id."""
        return None if self.type_id is None else (self.category, self.type_id)

    @property
    def is_object_limit(self) -> bool:
        """Whether it is of the unlabeled type, which is HubSpot's, or made with the first label of a custom object."""
        if self.label is not None:
            return False
        unlabeled = facts.unlabeled_type(*self.direction)
        own = unlabeled is not None and self.key == (facts.HUBSPOT_DEFINED, unlabeled.type_id)
        return own or self.category == facts.USER_DEFINED


@dataclass(frozen=True)
class LeftOut:
    """Something of a portal that cannot be managed, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Document:
    """Labels and limits.

    Attributes:
        source: what it was read from, for people.
        labels: in the order of object types, then of texts.
        limits: likewise; one of two ids that carry one limit.
        left_out: what cannot be managed.
        portal_id: None where it comes from no portal.
        names: of custom objects by their ids, as the document has them.
    """

    source: str
    labels: tuple[Label, ...] = ()
    limits: tuple[Limit, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
    portal_id: int | None = None
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    def object_type(self, text: str) -> str:
        """An object type as the document has it, by whichever of its names a program has it (``2-7``, ``p42_pet``)."""
        prefix = f"p{self.portal_id}_"
        return self.names.get(text) or (f"p_{text.removeprefix(prefix)}" if text.startswith(prefix) else text)

    @property
    def pairs(self) -> list[Direction]:
        """The pairs that have labels or limits, in order."""
        directions = {x.direction for x in self.labels} | {x.direction for x in self.limits}
        return sorted({pair_of(direction) for direction in directions}, key=order)

    def labels_of(self, pair: Direction) -> list[Label]:
        """The labels of a pair, in order."""
        return [label for label in self.labels if pair_of(label.direction) == pair]

    def limits_of(self, direction: Direction) -> list[Limit]:
        """The limits of a direction, in order."""
        return [limit for limit in self.limits if limit.direction == direction]
