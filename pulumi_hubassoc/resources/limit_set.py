"""`AssociationLimitSet`: the limits of one direction of a pair in one resource.

What HubSpot's rules for limits are, `limit` tells. A set writes all its limits in one request, whatever their number,
and removes what it must in at most one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import pulumi
from pydantic import BeforeValidator, StrictBool

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.limits import LimitRef
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.portal_view import Direction, Key
from pulumi_hubassoc.hubspot.preflight import Notice
from pulumi_hubassoc.hubspot.values import ObjectTypeName
from pulumi_hubassoc.provider import Immutable, Inputs, Props, Provider, is_unknown
from pulumi_hubassoc.resources.limit import LimitInputs, fields_of, reference_to, what_is_limited
from pulumi_hubassoc.resources.program import plain, plain_direction
from pulumi_hubassoc.resources.references import AssociationReference
from pulumi_hubassoc.resources.resource import HubSpotResource, merged

_OF_ONE_DIRECTION = "a set belongs to one direction of a pair"
_KEY = ("category", "type_id")
_ENDS = ("from_object_type", "to_object_type")


def _entries(value: object) -> list[dict[str, Any]]:
    """The limits in canonical form and order; what is not known yet comes last, as it was written."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        msg = "must be a mapping of labels or references to maxima"
        raise ValueError(msg)
    entries, faults = [], []
    for item in value:
        # A single limit is checked alike, once its ends are taken as given.
        checked, wrong = LimitInputs.examine({**dict.fromkeys(_ENDS, pulumi.UNKNOWN), **item})
        entries.append({k: v for k, v in checked.items() if k not in _ENDS})
        faults += [f"{_named(item)}: {name or 'it'} {reason}" for name, reason in wrong]
    known = [_key(entry) for entry in entries if _is_known(entry)]
    faults += [f"{category} {type_id} is listed twice" for category, type_id in _twice(known)]
    if faults:
        raise ValueError("; ".join(faults))
    return sorted(entries, key=lambda entry: _key(entry) if _is_known(entry) else ("~", 0))


def _named(item: Mapping[str, Any]) -> str:
    category, type_id = ("?" if is_unknown(v := item.get(name)) or v is None else v for name in _KEY)
    return f"{category} {type_id}"


def _is_known(entry: Mapping[str, Any]) -> bool:
    return not any(is_unknown(entry.get(name)) or name not in entry for name in _KEY)


def _key(entry: Mapping[str, Any]) -> Key:
    return (entry["category"], entry["type_id"])


def _twice(keys: list[Key]) -> list[Key]:
    return [key for key in dict.fromkeys(keys) if keys.count(key) > 1]


class LimitSetInputs(Inputs):
    """Inputs of a set of limits."""

    from_object_type: Annotated[ObjectTypeName, Immutable(_OF_ONE_DIRECTION)]
    """The object whose records are limited."""
    to_object_type: Annotated[ObjectTypeName, Immutable(_OF_ONE_DIRECTION)]
    """The object whose records are counted."""
    limits: Annotated[list[dict[str, Any]], BeforeValidator(_entries)]
    """One dictionary for each limit: `category`, `type_id`, `max_to_object_ids`, ordered by the first two."""
    authoritative: StrictBool = False
    """Whether limits of the direction that are not listed are removed."""

    @classmethod
    def examine(cls, news: Props) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """As for all; the direction that an entry brings along must be the set's, and goes no further."""
        values, faults = super().examine(news)
        direction = _ends_of(values)
        for item in news["limits"] if isinstance(news.get("limits"), list) else []:
            ends = _ends_of(item) if isinstance(item, dict) else None
            # HubSpot's own types `faults` sees to.
            if direction and ends and ends != direction and str(item.get("category")).upper() != facts.HUBSPOT_DEFINED:
                where = f"is of {arrow(*ends)}, and this is the set of {arrow(*direction)}"
                faults.append(
                    ("", f"{_named(item)} {where}: a label has two directions, label.forward and label.inverse")
                )
        return values, faults

    @classmethod
    def faults(cls, values: Props) -> Iterator[tuple[str, str]]:
        """Types of HubSpot's own belong to the direction; no label's limit is above the object limit."""
        if not {*_ENDS, "limits"} <= set(values):
            return
        direction = (values["from_object_type"], values["to_object_type"])
        entries = [entry for entry in values["limits"] if _is_known(entry)]
        for entry in entries:
            for _, reason in LimitInputs.faults({**dict(zip(_ENDS, direction, strict=True)), **entry}):
                yield "", reason
        unlabeled = facts.unlabeled_type(*direction)
        object_key = (facts.HUBSPOT_DEFINED, unlabeled.type_id) if unlabeled else None
        most = next((entry["max_to_object_ids"] for entry in entries if _key(entry) == object_key), None)
        for entry in values["limits"]:
            maximum = entry.get("max_to_object_ids")
            if not is_unknown(most) and most is not None and not is_unknown(maximum) and maximum > most:
                yield "", f"{_named(entry)} = {maximum} is above the object limit of {arrow(*direction)}, {most}"


def _ends_of(values: Mapping[str, Any]) -> Direction | None:
    return plain_direction(*(values.get(end) for end in _ENDS))


def _maxima(entries: Any) -> dict[Key, int]:
    return {_key(entry): entry["max_to_object_ids"] for entry in entries or ()}


def _told(maxima: Mapping[Key, int]) -> list[dict[str, Any]]:
    return [{"category": c, "type_id": i, "max_to_object_ids": most} for (c, i), most in sorted(maxima.items())]


def split_set_id(id_: str) -> Direction:
    """The direction that an id (`{from}/{to}`) names.

    Raises:
        HubAssocError: if it is no such id.
    """
    parts = id_.split("/")
    if len(parts) != 2 or not all(parts):
        raise HubAssocError(f"{id_!r} is no id of a set of limits — it has the form companies/deals — correct it")
    return (parts[0], parts[1])


class LimitSetProvider(Provider[LimitSetInputs]):
    """Keeps the limits of a direction in a portal. The path of this class is stored in users' state: it never changes."""

    inputs = LimitSetInputs

    def plan(self, portal: Portal, id_: str, olds: Props, news: Props) -> None:
        """Note the limits that are about to be set or removed, and that existing ones stay."""
        if pulumi.contains_unknowns(news):
            return
        direction, wanted = (news["from_object_type"], news["to_object_type"]), _maxima(news["limits"])
        for key, most in wanted.items():
            ref = LimitRef(*direction, *key)
            portal.limits.keep(ref)
            if not id_:
                portal.limits.plan(ref, most)
        for key in _maxima(olds.get("limits")).keys() - wanted.keys():
            if not portal.limits.is_kept(ref := LimitRef(*direction, *key)):
                portal.limits.plan(ref, 0)

    def foresee(self, portal: Portal, olds: Props, news: Props) -> Iterable[Notice]:
        """Whether HubSpot would refuse a limit, and what becomes of limits that are not listed."""
        if any(is_unknown(news.get(field)) for field in LimitSetInputs.model_fields):
            return
        direction = (news["from_object_type"], news["to_object_type"])
        listed = {_key(entry) for entry in news["limits"] if _is_known(entry)}
        wanted = _maxima(entry for entry in news["limits"] if not pulumi.contains_unknowns(entry))
        before = _maxima(olds.get("limits"))
        changed = {key: most for key, most in wanted.items() if before.get(key) != most}
        authoritative = bool(news.get("authoritative"))
        stays = listed if authoritative else None
        yield from portal.preflight.limits(direction, changed, going=before.keys() - listed, stays=stays)
        yield from portal.preflight.others(direction, before.keys() | listed, authoritative=authoritative)

    def make(self, portal: Portal, inputs: LimitSetInputs) -> tuple[str, dict[str, Any]]:
        """Set the limits."""
        direction = (inputs.from_object_type, inputs.to_object_type)
        wanted = _maxima(inputs.limits)
        portal.limit_sets.put(direction, wanted, (), authoritative=inputs.authoritative)
        return "/".join(direction), {}

    def look(self, portal: Portal, id_: str, outputs: Props) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """The limits as they are now; all of the direction for an authoritative set, or one that is looked up."""
        direction = split_set_id(id_)
        listed = _maxima(outputs.get("limits"))
        live = portal.limit_sets.get(direction, listed)
        if outputs.get("authoritative") or "portal_id" not in outputs:
            live |= portal.limit_sets.others(direction, listed)
        return id_, {**dict(zip(_ENDS, direction, strict=True)), "limits": _told(live)}, {}

    def written(self) -> list[str]:
        """The limits, and whether others go."""
        return ["limits", "authoritative"]

    def change(self, portal: Portal, id_: str, outputs: Props, inputs: LimitSetInputs) -> None:
        """Set what differs, remove what is not listed any more."""
        wanted, before = _maxima(inputs.limits), _maxima(outputs.get("limits"))
        portal.limit_sets.put(split_set_id(id_), wanted, before, authoritative=inputs.authoritative)

    def remove(self, portal: Portal, id_: str, outputs: Props) -> None:
        """Back to "many", for the limits of the set."""
        portal.limit_sets.remove(split_set_id(id_), _maxima(outputs.get("limits")))


class AssociationLimitSet(HubSpotResource):
    """The limits of one direction of a pair of objects, set by one request.

    ```python
    hubassoc.AssociationLimitSet(
        "contact-limits",
        from_object_type="companies",
        to_object_type="contacts",
        limits={hubassoc.unlabeled("companies", "contacts"): 500, billing.inverse: 1, manager.inverse: 20},
    )
    ```

    Limits are added, changed and removed in place, in an order that HubSpot takes: what is removed goes first, then the
    rest in one request. Another direction replaces the set. A type is limited by a set or by an `AssociationLimit`, not by both.

    Args:
        resource_name: the name of the resource.
        from_object_type: the object whose records are limited.
        to_object_type: the object whose records are counted.
        limits: what is limited (an `AssociationLabel` for its forward direction, `label.inverse`, `unlabeled(a, b)` and
            the like, all of this direction) -> the maximum, a whole number of at least 1.
        authoritative: True removes every other limit of this direction, also one that a person sets later. False leaves
            them alone; the preview says which there are.
        opts: resource options; `delete_before_replace=True` is set unless given.
    """

    hubassoc_type = "AssociationLimitSet"

    from_object_type: pulumi.Output[str]
    """The object whose records are limited, canonical."""
    to_object_type: pulumi.Output[str]
    """The object whose records are counted, canonical."""
    limits: pulumi.Output[list[dict[str, Any]]]
    """One dictionary for each limit: `category`, `type_id`, `max_to_object_ids`."""
    authoritative: pulumi.Output[bool | None]
    """True if other limits of this direction are removed; None if not."""
    portal_id: pulumi.Output[int]
    """The portal they were set in."""

    def __init__(
        self,
        resource_name: str,
        *,
        from_object_type: pulumi.Input[str],
        to_object_type: pulumi.Input[str],
        limits: Mapping[Any, pulumi.Input[int]],
        authoritative: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        entries: list[dict[str, Any]] = []
        references: list[AssociationReference] = []
        problems: list[str] = []
        for association, maximum in limits.items() if isinstance(limits, Mapping) else ():
            reference = reference_to(association)
            if isinstance(reference, str):
                problems.append(f"limits: {reference}")
                continue
            references.append(reference)
            entries.append({**fields_of(reference), "max_to_object_ids": maximum})
        if not isinstance(limits, Mapping):
            problems.append(f"limits must be a mapping of labels or references to maxima, not {type(limits).__name__}")
        inputs = {
            "from_object_type": from_object_type,
            "to_object_type": to_object_type,
            "limits": entries,
            "authoritative": authoritative,
        }
        super().__init__(LimitSetProvider(), resource_name, inputs, ("portal_id",), merged(opts), problems)
        limited = [what_is_limited(reference) for reference in references]
        for what in dict.fromkeys(limited):
            self.claim_limit(what)
            if what is not None and limited.count(what) > 1:
                self.refuse("limits: the same association type is in it twice")
        self.claim_direction(plain_direction(from_object_type, to_object_type), alone=plain(authoritative) is True)
