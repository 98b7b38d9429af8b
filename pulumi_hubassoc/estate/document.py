"""A portal as a document: its labels and limits, as plain values.

A document comes from a portal (`reading`), a schema file or a stack, and goes into a program, a schema file, an import file,
a comparison or a picture. Type ids are of one portal and are None where it comes from none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_hubassoc.hubspot.portal_view import Direction, Key


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
    """

    source: str
    labels: tuple[Label, ...] = ()
    limits: tuple[Limit, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
    portal_id: int | None = None
