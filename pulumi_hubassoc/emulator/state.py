"""The data of a portal: immutable, so that a write is one assignment and an earlier state is there to be read again.

Object types are HubSpot's plural names (``contacts``) or a custom object's id (``2-1001``) everywhere in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.hubspot import facts

Key = tuple[str, int]
"""Category and type id: together they name an association type of a portal [observed]."""


@dataclass(frozen=True)
class Label:
    """An association definition that somebody made: a label, or the plain association of a custom object.

    Attributes:
        type_id: the id of the direction `from_object_type` to `to_object_type`.
        inverse_type_id: the id of the other direction; the same number where one id serves both.
        name: the internal name, unique in the portal [observed].
        label: the text in the forward direction; None for a plain association.
        inverse_label: the text in the other direction; equal to `label` for a single label.
        from_object_type: where the label was made from.
        to_object_type: where it leads.
        category: always ``USER_DEFINED`` for what is made here [observed].
        created_at: seconds since 1970.
        updated_at: likewise.
        in_use: whether records carry it.
    """

    type_id: int
    inverse_type_id: int
    name: str
    label: str | None
    inverse_label: str | None
    from_object_type: str
    to_object_type: str
    category: str = facts.USER_DEFINED
    created_at: float = 0.0
    updated_at: float = 0.0
    in_use: bool = False

    @property
    def pair(self) -> frozenset[str]:
        """The unordered pair of object types."""
        return frozenset((self.from_object_type, self.to_object_type))

    @property
    def is_plain(self) -> bool:
        """Whether this is an unlabeled association."""
        return self.label is None

    @property
    def is_symmetric(self) -> bool:
        """Whether both directions are one and the same: same object, same text."""
        return self.from_object_type == self.to_object_type and self.label == self.inverse_label

    def flipped(self) -> Label:
        """The same label seen from the other side."""
        return replace(
            self,
            type_id=self.inverse_type_id,
            inverse_type_id=self.type_id,
            label=self.inverse_label,
            inverse_label=self.label,
            from_object_type=self.to_object_type,
            to_object_type=self.from_object_type,
        )

    def seen_from(self, type_id: int) -> Label:
        """The label turned so that `type_id` is its forward id."""
        return self if self.type_id == type_id else self.flipped()


@dataclass(frozen=True)
class AssociationType:
    """One direction of an association definition, HubSpot's own or made here; what a label list shows.

    Attributes:
        category: with `type_id` the identity.
        type_id: a number.
        label: the text shown, None for the unlabeled type.
        name: the internal name, or None where nobody knows it.
        from_object_type: where it starts.
        to_object_type: where it leads.
        inverse_type_id: the other direction's id, or None where the documentation has none.
        is_symmetric: whether both directions carry one limit [docs].
        created_at: seconds since 1970, 0 for HubSpot's own.
    """

    category: str
    type_id: int
    label: str | None
    name: str | None
    from_object_type: str
    to_object_type: str
    inverse_type_id: int | None
    is_symmetric: bool
    created_at: float = 0.0

    @property
    def key(self) -> Key:
        """Category and type id."""
        return self.category, self.type_id


@dataclass(frozen=True)
class CustomObject:
    """A custom object of a portal: ``2-1001`` with the bare name ``toy``, addressed also as ``p_toy`` or ``p42_toy``."""

    object_type_id: str
    name: str
    singular: str
    plural: str
    portal_id: int

    @property
    def fully_qualified_name(self) -> str:
        """The name with the portal in it."""
        return f"p{self.portal_id}_{self.name}"


@dataclass(frozen=True)
class Limit:
    """A limit that is set: at most `max_to_object_ids` records of `to_object_type` per record, under one type."""

    from_object_type: str
    to_object_type: str
    category: str
    type_id: int
    max_to_object_ids: int
    label: str | None = None


@dataclass(frozen=True)
class State:
    """Everything a portal remembers of its association schema.

    Attributes:
        labels: by forward type id.
        limits: the maximum by (category, type id); what is absent is "many".
        custom_objects: by object type id.
        next_type_id: starts at 1, so that ids collide with HubSpot's own [observed].
        next_object_id: for custom objects.
        deleted_names: names of deleted labels.
        orphans: limits that outlived their label, where the settings let them.
        labels_by_hand: forward type ids of what a person made in the settings pages; all else was made by an app.
        limits_by_hand: keys of the limits that a person was the last to change.
    """

    labels: Mapping[int, Label] = field(default_factory=dict)
    limits: Mapping[Key, int] = field(default_factory=dict)
    custom_objects: Mapping[str, CustomObject] = field(default_factory=dict)
    next_type_id: int = 1
    next_object_id: int = 1001
    deleted_names: frozenset[str] = frozenset()
    orphans: tuple[Limit, ...] = ()
    labels_by_hand: frozenset[int] = frozenset()
    limits_by_hand: frozenset[Key] = frozenset()

    def resolve(self, text: str, portal_id: int) -> str:
        """The object type that a path means.

        Standard objects by plural, singular or id in any case; custom ones by id, ``p_name`` or ``p<portal>_name``,
        never by the bare name [observed].

        Raises:
            Refusal: 400 without a category [observed].
        """
        known = _STANDARD.get(text.lower())
        if known:
            return known
        for custom in self.custom_objects.values():
            if text in {custom.object_type_id, f"p_{custom.name}", f"p{portal_id}_{custom.name}"}:
                return custom.object_type_id
        raise Refusal(400, f"Unable to infer object type from: {text}", None)

    def singular(self, object_type: str) -> str:
        """The singular of an object type, for names and messages."""
        custom = self.custom_objects.get(object_type)
        return custom.name if custom else facts.singular(object_type)

    def find(self, type_id: int) -> Label | None:
        """The label with this id on either side."""
        for label in self.labels.values():
            if type_id in {label.type_id, label.inverse_type_id}:
                return label
        return None

    def of_pair(self, from_object_type: str, to_object_type: str) -> list[Label]:
        """What was made between two object types, in either direction, in order of making."""
        pair = {from_object_type, to_object_type}
        return [label for label in self.labels.values() if label.pair == pair]

    def types(self, from_object_type: str, to_object_type: str) -> list[AssociationType]:
        """All association types of one direction; a same-object pair shows both sides of each label [observed]."""
        found = list(hubspot_types(from_object_type, to_object_type))
        for label in self.of_pair(from_object_type, to_object_type):
            wanted = (from_object_type, to_object_type)
            found += [side for side in sides(label) if (side.from_object_type, side.to_object_type) == wanted]
        return found

    def type_of(self, key: Key) -> AssociationType | None:
        """The association type of a key, or None."""
        category, type_id = key
        if category == facts.HUBSPOT_DEFINED:
            defined = facts.defined_types().get(type_id)
            return hubspot_type(defined) if defined else None
        label = self.find(type_id)
        return next((side for side in sides(label) if side.type_id == type_id), None) if label else None

    def adding(self, *labels: Label) -> State:
        """With labels added or changed."""
        return replace(self, labels={**self.labels, **{label.type_id: label for label in labels}})

    def without(self, gone: Label, *, keep_limits: bool = False) -> State:
        """Without a label; its limits end with it, or stay behind as rows of nothing."""
        keys = {side.key: side for side in sides(gone)}
        left = (
            Limit(side.from_object_type, side.to_object_type, *key, self.limits[key], side.label)
            for key, side in keys.items()
            if key in self.limits and keep_limits
        )
        return replace(
            self,
            labels={i: label for i, label in self.labels.items() if label != gone},
            limits={key: maximum for key, maximum in self.limits.items() if key not in keys},
            deleted_names=self.deleted_names | {gone.name},
            orphans=(*self.orphans, *left),
        )

    def without_object(self, object_type_id: str) -> State:
        """Without a custom object: its labels leave all lists with it [observed]."""
        state = self
        for label in self.labels.values():
            if object_type_id in label.pair:
                state = state.without(label)
        objects = {i: custom for i, custom in state.custom_objects.items() if i != object_type_id}
        return replace(state, custom_objects=objects)

    def signed(self, before: State, *, by_hand: bool) -> State:
        """With a note of who made what is new since `before`, and who changed which limit."""
        made = self.labels.keys() - before.labels.keys()
        changed = {key for key, maximum in self.limits.items() if before.limits.get(key) != maximum}
        if by_hand:
            labels, limits = self.labels_by_hand | made, self.limits_by_hand | changed
        else:
            labels, limits = self.labels_by_hand - made, self.limits_by_hand - changed
        if (labels, limits) == (self.labels_by_hand, self.limits_by_hand):
            return self
        return replace(self, labels_by_hand=labels, limits_by_hand=limits)

    def to_json(self) -> dict[str, Any]:
        """As a JSON document."""
        return {
            "labels": [asdict(label) for label in self.labels.values()],
            "limits": [[*key, maximum] for key, maximum in self.limits.items()],
            "customObjects": [asdict(custom) for custom in self.custom_objects.values()],
            "nextTypeId": self.next_type_id,
            "nextObjectId": self.next_object_id,
            "deletedNames": sorted(self.deleted_names),
            "orphans": [asdict(limit) for limit in self.orphans],
            "labelsByHand": sorted(self.labels_by_hand),
            "limitsByHand": sorted(self.limits_by_hand),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> State:
        """From what `to_json` made; files written before it was noted who made what have no such keys."""
        return cls(
            labels={item["type_id"]: Label(**item) for item in document["labels"]},
            limits={(category, type_id): maximum for category, type_id, maximum in document["limits"]},
            custom_objects={item["object_type_id"]: CustomObject(**item) for item in document["customObjects"]},
            next_type_id=document["nextTypeId"],
            next_object_id=document["nextObjectId"],
            deleted_names=frozenset(document["deletedNames"]),
            orphans=tuple(Limit(**item) for item in document["orphans"]),
            labels_by_hand=frozenset(document.get("labelsByHand", ())),
            limits_by_hand=frozenset((category, type_id) for category, type_id in document.get("limitsByHand", ())),
        )


_STANDARD = {
    **{key.lower(): o.name for o in facts.OBJECT_TYPES for key in (o.name, o.singular, o.type_id)},
    **{name: name for name in facts.UNNUMBERED_OBJECT_TYPES},
}


def object_type_id(object_type: str) -> str:
    """The id of an object type: ``0-1``, ``2-1001``."""
    return facts.path_segment(object_type)


@lru_cache(maxsize=4096)
def sides(label: Label) -> tuple[AssociationType, ...]:
    """The directions of a label: two, or one where a single id serves both."""
    return tuple(
        AssociationType(
            category=side.category,
            type_id=side.type_id,
            label=side.label,
            name=side.name,
            from_object_type=side.from_object_type,
            to_object_type=side.to_object_type,
            inverse_type_id=side.inverse_type_id,
            is_symmetric=side.is_symmetric,
            created_at=side.created_at,
        )
        for side in ((label,) if label.type_id == label.inverse_type_id else (label, label.flipped()))
    )


@lru_cache(maxsize=4096)
def hubspot_types(from_object_type: str, to_object_type: str) -> tuple[AssociationType, ...]:
    """HubSpot's own types of one direction [docs]."""
    return tuple(hubspot_type(defined) for defined in facts.defined_between(from_object_type, to_object_type))


_TEXTS = {"parent to child": "Child Company", "child to parent": "Parent Company", "billing": "Billing Contact"}
_NAMES = {280: "COMPANY_TO_CONTACT_UNLABELED"}


def hubspot_type(defined: facts.DefinedType) -> AssociationType:
    """One of HubSpot's own types.

    ``Primary`` and ``Billing Contact`` are [observed]; which of 13 and 14 shows which of the two company texts, and the
    texts of rarer qualifiers, are [assumed]. Of the internal names one alone is known [observed].
    """
    qualifier = defined.qualifier
    text = None if qualifier is None else "Primary" if defined.is_primary else _TEXTS.get(qualifier, qualifier.title())
    inverse = facts.inverse_type(defined)
    return AssociationType(
        category=facts.HUBSPOT_DEFINED,
        type_id=defined.type_id,
        label=text,
        name=_NAMES.get(defined.type_id),
        from_object_type=defined.from_object_type,
        to_object_type=defined.to_object_type,
        inverse_type_id=inverse.type_id if inverse else None,
        is_symmetric=inverse is not None and inverse.type_id == defined.type_id,
    )
