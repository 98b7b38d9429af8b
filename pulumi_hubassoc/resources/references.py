"""What a limit can be of: a reference to one association type in one direction, here HubSpot's own, offline.

`lookups` makes references to the labels of a portal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

import pulumi

from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.nearest import MOST, nearest

if TYPE_CHECKING:
    from pulumi_hubassoc.resources.type_names import DocumentedObject, DocumentedTypeId, DocumentedTypeName


class UnknownAssociation(pulumi.RunError):
    """What was asked for names no association type, or more than one; Pulumi prints the sentence alone."""


@dataclass(frozen=True)
class AssociationReference:
    """One association type in one direction, to be given to `AssociationLimit`.

    Attributes:
        from_object_type: canonical object type.
        to_object_type: canonical object type.
        category: ``USER_DEFINED`` for labels, ``HUBSPOT_DEFINED`` for HubSpot's own types.
        type_id: unique within category and portal; another one in every portal for labels.
        label: the label resource it comes from, None for HubSpot's own types.
        inverse: whether it is the other direction of that label.
    """

    from_object_type: pulumi.Input[str]
    to_object_type: pulumi.Input[str]
    category: pulumi.Input[str]
    type_id: pulumi.Input[int]
    label: pulumi.Resource | None = field(default=None, compare=False)
    inverse: bool = field(default=False, compare=False)


def unlabeled(from_object_type: DocumentedObject | str, to_object_type: DocumentedObject | str) -> AssociationReference:
    """The unlabeled association of a pair, which every association between the two counts for; its limit is the
    object limit.

    ```python
    hubassoc.AssociationLimit("five-deals", association=hubassoc.unlabeled("companies", "deals"), max_to_object_ids=5)
    ```

    Works offline from HubSpot's documented table. A pair with a custom object has an unlabeled type of its own in
    every portal [observed]: `get_association_types(a, b).unlabeled` reads it.

    Raises:
        UnknownAssociation: if the table has none for this pair; the sentence tells the nearest that it has.
    """  # noqa: D205  one sentence
    return _documented("unlabeled", from_object_type, to_object_type)


def primary(from_object_type: DocumentedObject | str, to_object_type: DocumentedObject | str) -> AssociationReference:
    """The ``Primary`` association of a pair, such as the primary company of a contact.

    Works offline from HubSpot's documented table.

    Raises:
        UnknownAssociation: if the table has none for this pair; the sentence tells the nearest that it has.
    """
    return _documented("primary", from_object_type, to_object_type)


def hubspot_defined(which: DocumentedTypeName | DocumentedTypeId | str | int) -> AssociationReference:
    """Any of the 410 association types of HubSpot's documented table, offline.

    ```python
    hubassoc.hubspot_defined("companies_to_contacts_billing")
    hubassoc.hubspot_defined(930)  # the same
    ```

    Args:
        which: its type id, or its name: HubSpot's plural names of the two objects and what the table says of the type,
            such as `contacts_to_companies_primary` or `contacts_to_companies_unlabeled`. An object whose id is not
            documented has the singular name of the table (`payment_link`). Editors complete the names.

    Raises:
        UnknownAssociation: if the table has no such type; the sentence tells the nearest that it has.
    """
    call = f"hubspot_defined({which!r})"
    if isinstance(which, bool) or not isinstance(which, (str, int)):
        raise UnknownAssociation(f"{call}: give a type id (279) or a name (contacts_to_companies_unlabeled)")
    if isinstance(which, str):
        found = facts.defined_by_name().get(which.strip().lower())
        near = [] if found else nearest(which.strip(), facts.defined_by_name())
        hint = "" if near else "names read like contacts_to_companies_unlabeled"
    else:
        found = facts.defined_types().get(which)
        by_distance = sorted(facts.defined_types().values(), key=lambda d: (abs(d.type_id - which), d.type_id))
        near = [f"{d.type_id} ({d.name})" for d in by_distance[:MOST]]
        hint = "; the id of a label is of one portal: get_association_types reads it"
    if found is None:
        there = f"nearest: {', '.join(near)}" if near else ""
        raise UnknownAssociation(f"{call}: HubSpot documents no such association type — {there}{hint}")
    return _reference_to(found)


def call_of(name: str, *arguments: object) -> str:
    """A call as it stands in the program, for sentences."""
    return f"{name}({', '.join('…' if isinstance(a, pulumi.Output) else repr(a) for a in arguments)})"


def checked_direction(call: str, from_object_type: object, to_object_type: object) -> tuple[str, str]:
    """Both object types, canonical.

    Raises:
        UnknownAssociation: if one can be no object type; `call` says in front what was tried.
    """
    ends = []
    for end in (from_object_type, to_object_type):
        if not isinstance(end, str):
            kind = "an Output, whose value is not here yet" if isinstance(end, pulumi.Output) else repr(end)
            raise UnknownAssociation(f"{call}: an object type is a text, and this is {kind}")
        try:
            ends.append(facts.object_type(end))
        except ValueError as error:
            raise UnknownAssociation(f"{call}: {error}") from None
    return ends[0], ends[1]


def _reference_to(defined: facts.DefinedType) -> AssociationReference:
    ends = (defined.from_object_type, defined.to_object_type)
    return AssociationReference(*ends, facts.HUBSPOT_DEFINED, defined.type_id)


def _documented(kind: str, from_object_type: str, to_object_type: str) -> AssociationReference:
    call = call_of(kind, from_object_type, to_object_type)
    direction = checked_direction(call, from_object_type, to_object_type)
    found = facts.unlabeled_type(*direction) if kind == "unlabeled" else facts.primary_type(*direction)
    if found is None:
        near = ", ".join(d.name for d in _near(direction, primary=kind == "primary"))
        there = f"nearest: {near}; " if near else ""
        raise UnknownAssociation(
            f"{call}: HubSpot documents no such association — {there}what your portal has, "
            f"get_association_types({direction[0]!r}, {direction[1]!r}) reads"
        )
    return _reference_to(found)


def _near(direction: tuple[str, str], *, primary: bool) -> list[facts.DefinedType]:
    """Types near to one that is not there: of the same pair, else of its kind from the one end and to the other."""
    documented = facts.defined_types().values()
    start, end = direction
    of_kind = [d for d in documented if (d.is_primary if primary else d.qualifier is None)]
    same = [*facts.defined_between(start, end), *(d for d in of_kind if _ends(d) == (end, start))]
    beginning = [d for d in of_kind if d.from_object_type == start]
    ending = [d for d in of_kind if d.to_object_type == end]

    def in_turn() -> Iterator[facts.DefinedType]:
        yield from same
        for two in zip_longest(beginning, ending):
            yield from filter(None, two)

    return list(dict.fromkeys(in_turn()))[:MOST]


def _ends(defined: facts.DefinedType) -> tuple[str, str]:
    return (defined.from_object_type, defined.to_object_type)
