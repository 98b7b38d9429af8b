"""What a limit can be of: a reference to one association type in one direction."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

from pulumi_hubassoc.hubspot import facts


class UnknownAssociation(pulumi.RunError):
    """A reference to an association type that HubSpot does not document; Pulumi prints the sentence alone."""


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


def unlabeled(from_object_type: str, to_object_type: str) -> AssociationReference:
    """The unlabeled association of a pair, which every association between the two counts for; its limit is the
    object limit.

    ```python
    hubassoc.AssociationLimit("five-deals", association=hubassoc.unlabeled("companies", "deals"), max_to_object_ids=5)
    ```

    Works offline from HubSpot's documented table. A pair with a custom object has an unlabeled type of its own in
    every portal [observed]: give its category and type id to the limit instead.

    Raises:
        UnknownAssociation: if the table has none for this pair.
    """  # noqa: D205  one sentence
    return _documented("unlabeled", from_object_type, to_object_type)


def primary(from_object_type: str, to_object_type: str) -> AssociationReference:
    """The ``Primary`` association of a pair, such as the primary company of a contact.

    Works offline from HubSpot's documented table.

    Raises:
        UnknownAssociation: if the table has none for this pair.
    """
    return _documented("primary", from_object_type, to_object_type)


def _documented(kind: str, from_object_type: str, to_object_type: str) -> AssociationReference:
    try:
        direction = (facts.object_type(from_object_type), facts.object_type(to_object_type))
    except (ValueError, AttributeError) as error:
        raise UnknownAssociation(f"{kind}({from_object_type!r}, {to_object_type!r}): {error}") from None
    found = facts.unlabeled_type(*direction) if kind == "unlabeled" else facts.primary_type(*direction)
    if found is None:
        others = sorted(
            {
                d.to_object_type
                for d in facts.defined_types().values()
                if d.from_object_type == direction[0] and (kind == "unlabeled" or d.is_primary)
            }
        )
        hint = (
            f"HubSpot documents {kind} associations from {direction[0]} to {', '.join(others)}"
            if others
            else f"HubSpot documents no {kind} association from {direction[0]}"
        )
        raise UnknownAssociation(
            f"{kind}({from_object_type!r}, {to_object_type!r}): HubSpot documents no such association — {hint}; for a "
            "custom object, give from_object_type, to_object_type, category and type_id to the limit instead"
        )
    return AssociationReference(*direction, facts.HUBSPOT_DEFINED, found.type_id)
