"""A stack's state as a document: the labels and limits that it manages, as of its last operation.

It takes a deployment as ``pulumi stack export`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.limits import LimitRef
from pulumi_hubassoc.resources.label import split_label_id
from pulumi_hubassoc.resources.limit import split_limit_id
from pulumi_hubassoc.resources.limit_set import split_set_id

_TYPE = "pulumi-python:dynamic/hubassoc:"
_LABEL, _LIMIT, _SET = (f"{_TYPE}{name}" for name in ("AssociationLabel", "AssociationLimit", "AssociationLimitSet"))
Resource = Mapping[str, Any]


def exported(deployment: Mapping[str, Any], source: str, portal_id: int | None = None) -> Document:
    """The labels and limits of a deployment.

    Args:
        deployment: with or without the envelope of ``pulumi stack export``.
        source: what it was read from, for people.
        portal_id: the portal that is meant, where the stack has several.

    Raises:
        HubAssocError: if it is no deployment, or has several portals and none is meant.
    """
    inner = deployment.get("deployment", deployment)
    resources = inner.get("resources") or () if isinstance(inner, Mapping) else None
    if not isinstance(resources, list | tuple) or not all(isinstance(r, Mapping) for r in resources):
        raise HubAssocError(f"{source} is no deployment — it must be what `pulumi stack export` prints")
    ours = [
        r for r in resources if str(r.get("type")).startswith(_TYPE) and not r.get("delete") and not r.get("external")
    ]
    portals = sorted({int(p) for r in ours if (p := _outputs(r).get("portal_id")) is not None})
    if portal_id is None and len(portals) > 1:
        listed = ", ".join(map(str, portals))
        raise HubAssocError(f"{source} has several portals, {listed} — say which: {source}@{portals[0]}")
    if portal_id is not None and portal_id not in portals:
        raise HubAssocError(
            f"{source} has nothing in portal {portal_id} — it has {', '.join(map(str, portals)) or 'none'}"
        )
    chosen = portal_id if portal_id is not None else portals[0] if portals else None
    ours = [r for r in ours if _outputs(r).get("portal_id") == chosen]
    try:
        labels = tuple(_label(r) for r in ours if r["type"] == _LABEL)
        limits = tuple(_limit(ref, most, labels) for r in ours for ref, most in _maxima(r))
    except (KeyError, TypeError, ValueError) as error:
        raise HubAssocError(
            f"{source} has a resource that is none of this package's — {error!r} — export it again"
        ) from None
    return Document(source, labels, limits, (), chosen)


def _outputs(resource: Resource) -> Resource:
    outputs = resource.get("outputs")
    return outputs if isinstance(outputs, Mapping) else {}


def _label(resource: Resource) -> Label:
    """What the id says is always right; a label that may have been taken over has a name of its own, which is not known."""
    ref, outputs = split_label_id(resource["id"]), _outputs(resource)
    text, name = str(outputs["label"]), outputs.get("name")
    inverse = outputs.get("inverse_label")
    shown = None if name is None or outputs.get("adopt_existing") else str(name)
    ends = (ref.from_object_type, ref.to_object_type)
    return Label(*ends, text, text if inverse is None else str(inverse), shown, ref.type_id, ref.inverse_type_id)


def _maxima(resource: Resource) -> Iterator[tuple[LimitRef, int]]:
    outputs = _outputs(resource)
    if resource["type"] == _LIMIT:
        yield split_limit_id(resource["id"]), int(outputs["max_to_object_ids"])
    elif resource["type"] == _SET:
        for entry in outputs["limits"]:
            ref = LimitRef(*split_set_id(resource["id"]), str(entry["category"]), int(entry["type_id"]))
            yield ref, int(entry["max_to_object_ids"])


def _limit(ref: LimitRef, most: int, labels: tuple[Label, ...]) -> Limit:
    of = [(x, inverse) for x in labels for inverse in (False, True) if _is_of(ref, x, inverse=inverse)]
    label, inverse = of[0] if of else (None, False)
    return Limit(*ref.direction, ref.category, ref.type_id, most, label, inverse)


def _is_of(ref: LimitRef, label: Label, *, inverse: bool) -> bool:
    direction, type_id = label.direction, label.type_id
    if inverse:
        direction, type_id = direction[::-1], label.inverse_type_id
    return (ref.category, ref.type_id, ref.direction) == (facts.USER_DEFINED, type_id, direction)
