"""`AssociationLimit`: how many records one record may be associated with under one association type.

HubSpot's rules:

* A limit is of one type (category and type id) in one direction: at most so many *to* records for each *from* record
  [docs]. Without one the number is "many" [docs].
* A label's limit may not be greater than the object limit, the one of the unlabeled type, where both are set [docs].
* It is not retroactive: records that have more keep them [docs].
* HubSpot's own settings page takes numbers up to 10,000 [docs]; what the API refuses nobody has shown.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Annotated, Any

import pulumi
from pydantic import AfterValidator

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.limits import LimitRef
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.portal_view import Direction
from pulumi_hubassoc.hubspot.preflight import Notice
from pulumi_hubassoc.hubspot.values import ObjectTypeName, Text, WholeNumber
from pulumi_hubassoc.provider import Immutable, Inputs, Props, Provider
from pulumi_hubassoc.resources.program import plain, plain_direction
from pulumi_hubassoc.resources.references import AssociationReference, UnknownAssociation
from pulumi_hubassoc.resources.resource import HubSpotResource, merged

_FIELDS = ("from_object_type", "to_object_type", "category", "type_id")
_OF_ONE_TYPE = "a limit belongs to one association type in one direction"


def _category(value: str) -> str:
    if value.upper() not in facts.CATEGORIES:
        msg = f"must be one of {', '.join(facts.CATEGORIES)}, and is {value!r}"
        raise ValueError(msg)
    return value.upper()


class LimitInputs(Inputs):
    """Inputs of a limit."""

    from_object_type: Annotated[ObjectTypeName, Immutable(_OF_ONE_TYPE)]
    """The object whose records are limited."""
    to_object_type: Annotated[ObjectTypeName, Immutable(_OF_ONE_TYPE)]
    """The object whose records are counted."""
    category: Annotated[Text, AfterValidator(_category), Immutable(_OF_ONE_TYPE)]
    """`USER_DEFINED` for labels, `HUBSPOT_DEFINED` for HubSpot's own types."""
    type_id: Annotated[WholeNumber, Immutable(_OF_ONE_TYPE)]
    """The type id in this direction; it means something only together with its category."""
    max_to_object_ids: WholeNumber
    """How many records of `to_object_type` one record of `from_object_type` may have under this type, 1 or more."""

    @classmethod
    def faults(cls, values: Props) -> Iterator[tuple[str, str]]:
        """A type of HubSpot's own belongs to the direction that HubSpot documents."""
        if values.get("category") != facts.HUBSPOT_DEFINED or not {"from_object_type", "to_object_type"} <= set(values):
            return
        known = facts.defined_types().get(values.get("type_id", 0))
        given = (values["from_object_type"], values["to_object_type"])
        if known is not None and (known.from_object_type, known.to_object_type) != given:
            documented = f"{known.from_object_type} → {known.to_object_type}"
            yield "type_id", f"HubSpot's type {known.type_id} is of {documented}, not of {given[0]} → {given[1]}"


def limit_id(ref: LimitRef) -> str:
    """The resource id: `{from}/{to}/{category}/{type_id}`."""
    return f"{ref.from_object_type}/{ref.to_object_type}/{ref.category}/{ref.type_id}"


def split_limit_id(id_: str) -> LimitRef:
    """The limit that an id names.

    Raises:
        HubAssocError: if it is no such id.
    """
    parts = id_.split("/")
    if len(parts) != 4 or not (parts[3].isascii() and parts[3].isdigit()):
        raise HubAssocError(
            f"{id_!r} is no id of a limit — it has the form companies/deals/HUBSPOT_DEFINED/342 — correct it"
        )
    return LimitRef(parts[0], parts[1], parts[2], int(parts[3]))


class LimitProvider(Provider[LimitInputs]):
    """Keeps a limit in a portal. The path of this class is stored in users' state: it never changes."""

    inputs = LimitInputs

    def plan(self, portal: Portal, id_: str, olds: Props, news: Props) -> None:
        """Note the maximum that is about to be set, and that an existing limit stays."""
        if id_:
            portal.limits.keep(split_limit_id(id_))
        else:
            portal.limits.plan(_ref(LimitInputs.model_validate(news)), news["max_to_object_ids"])

    def foresee(self, portal: Portal, olds: Props, news: Props) -> Iterable[Notice]:
        """Whether HubSpot would refuse a new limit."""
        if olds or pulumi.contains_unknowns(news):
            return ()
        ref = _ref(LimitInputs.model_validate(news))
        return portal.preflight.limits(ref.direction, {ref.key: news["max_to_object_ids"]})

    def make(self, portal: Portal, inputs: LimitInputs) -> tuple[str, dict[str, Any]]:
        """Set the limit; one that is set already becomes this one."""
        portal.limits.set(_ref(inputs), inputs.max_to_object_ids)
        return limit_id(_ref(inputs)), {}

    def look(self, portal: Portal, id_: str, outputs: Props) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """The limit as it is now."""
        ref = split_limit_id(id_)
        maximum = portal.limits.get(ref)
        if maximum is None:
            return None
        live = {
            "from_object_type": ref.from_object_type,
            "to_object_type": ref.to_object_type,
            "category": ref.category,
            "type_id": ref.type_id,
            "max_to_object_ids": maximum,
        }
        return id_, live, {}

    def written(self) -> list[str]:
        """The maximum."""
        return ["max_to_object_ids"]

    def change(self, portal: Portal, id_: str, outputs: Props, inputs: LimitInputs) -> None:
        """Set the new maximum."""
        portal.limits.set(_ref(inputs), inputs.max_to_object_ids)

    def remove(self, portal: Portal, id_: str, outputs: Props) -> None:
        """Back to "many"."""
        portal.limits.remove(split_limit_id(id_))


def _ref(inputs: LimitInputs) -> LimitRef:
    return LimitRef(inputs.from_object_type, inputs.to_object_type, inputs.category, inputs.type_id)


class AssociationLimit(HubSpotResource):
    """At most so many records of one object for each record of another, under one association type.

    ```python
    hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)
    hubassoc.AssociationLimit("five-deals", association=hubassoc.unlabeled("companies", "deals"), max_to_object_ids=5)
    ```

    The maximum changes in place. Another direction or type replaces the limit. A limit of a managed label goes with
    it: deleting the label needs no request for the limit.

    Args:
        resource_name: the name of the resource.
        association: what is limited: an `AssociationLabel` (its forward direction), `label.forward`,
            `label.inverse`, `unlabeled(a, b)`, `primary(a, b)`, `hubspot_defined(which)`, or what a look-up found
            (`get_association_types(a, b).labeled(text)`), also as an Output. Instead of it, the four fields below.
        max_to_object_ids: the maximum, a whole number of at least 1.
        from_object_type: with `to_object_type`, `category` and `type_id`: an association type by its numbers.
        to_object_type: see `from_object_type`.
        category: `USER_DEFINED` or `HUBSPOT_DEFINED`; a type id means nothing without it.
        type_id: see `from_object_type`.
        opts: resource options; `delete_before_replace=True` is set unless given, and `deleted_with` the label where
            the label is neither retained nor protected.
    """

    hubassoc_type = "AssociationLimit"

    from_object_type: pulumi.Output[str]
    """The object whose records are limited, canonical."""
    to_object_type: pulumi.Output[str]
    """The object whose records are counted, canonical."""
    category: pulumi.Output[str]
    """The category of the type."""
    type_id: pulumi.Output[int]
    """The type id."""
    max_to_object_ids: pulumi.Output[int]
    """The maximum."""
    portal_id: pulumi.Output[int]
    """The portal it was set in."""

    def __init__(
        self,
        resource_name: str,
        *,
        max_to_object_ids: pulumi.Input[int],
        association: AssociationReference | pulumi.Resource | pulumi.Output[AssociationReference] | None = None,
        from_object_type: pulumi.Input[str] | None = None,
        to_object_type: pulumi.Input[str] | None = None,
        category: pulumi.Input[str] | None = None,
        type_id: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        loose = {
            "from_object_type": from_object_type,
            "to_object_type": to_object_type,
            "category": category,
            "type_id": type_id,
        }
        reference, problem = _reference(association, loose)
        fields = fields_of(reference) if reference else {}
        inputs = {**loose, **fields, "max_to_object_ids": max_to_object_ids}
        # One delete instead of two; HubSpot ends a label's limits with it [assumed].
        label = reference.label if reference else None
        ends = label is not None and not getattr(label, "outlives_stack", True)
        options = merged(opts, deleted_with=label if ends else None)
        problems = [problem] if problem else []
        super().__init__(LimitProvider(), resource_name, inputs, ("portal_id",), options, problems)
        if reference is not None:
            self.claim_limit(what_is_limited(reference))
            self.claim_direction(direction_of(reference), alone=False)


def fields_of(reference: AssociationReference) -> dict[str, Any]:
    """The four inputs that a reference stands for."""
    return {name: getattr(reference, name) for name in _FIELDS}


def reference_to(association: object) -> AssociationReference | str:
    """The reference that is meant; else what is wrong with it."""
    if isinstance(association, pulumi.Output):
        found = association.apply(_found)
        return AssociationReference(
            found.apply(lambda reference: reference.from_object_type),
            found.apply(lambda reference: reference.to_object_type),
            found.apply(lambda reference: reference.category),
            found.apply(lambda reference: reference.type_id),
        )
    reference = getattr(association, "forward", association)
    return reference if isinstance(reference, AssociationReference) else _no_reference(association)


def _found(association: object) -> AssociationReference:
    """The reference that an Output turned out to have."""
    reference = getattr(association, "forward", association)
    if not isinstance(reference, AssociationReference):
        raise UnknownAssociation(_no_reference(association))
    return reference


def _no_reference(association: object) -> str:
    return (
        "association must be an AssociationLabel, label.forward, label.inverse, unlabeled(a, b), primary(a, b), "
        f"hubspot_defined(which) or what a look-up found, not {type(association).__name__}"
    )


def what_is_limited(reference: AssociationReference) -> Hashable | None:
    """The same for all references to what has one limit; None where the program does not know yet."""
    label = reference.label
    if label is not None:  # both ids of a single label between records of one object carry one limit [docs]
        return (id(label), reference.inverse and not getattr(label, "is_symmetric", False))
    what = (_told_category(plain(reference.category)), plain(reference.type_id))
    return None if pulumi.contains_unknowns(list(what)) else what  # Pulumi does not look into tuples [observed]


def _told_category(category: object) -> object:
    return category.strip().upper() if isinstance(category, str) else category


def direction_of(reference: AssociationReference) -> Direction | None:
    """The direction of a reference, None where the program does not know it yet."""
    ends = getattr(reference.label, "ends", None)
    if ends is not None:
        return (ends[1], ends[0]) if reference.inverse else ends
    return plain_direction(reference.from_object_type, reference.to_object_type)


def _reference(association: object, loose: Props) -> tuple[AssociationReference | None, str | None]:
    """The reference that is meant, and what is wrong with how it was given."""
    given = [k for k, v in loose.items() if v is not None]
    if association is None:
        missing = [k for k, v in loose.items() if v is None]
        if not given:
            return (
                None,
                "association is missing: give association=, or from_object_type, to_object_type, category and type_id",
            )
        if missing:
            return (
                None,
                f"association: {', '.join(missing)} missing beside {', '.join(given)}: all four belong together",
            )
        return AssociationReference(**loose), None
    reference = reference_to(association)
    if isinstance(reference, str):
        return None, reference
    if given:
        return reference, f"association is given, and {', '.join(given)} as well: give one or the other"
    return reference, None
