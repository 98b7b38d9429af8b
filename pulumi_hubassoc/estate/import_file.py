"""The file that ``pulumi import --file`` takes: the resources of a document as the providers would have stored them.

Inputs and outputs are given in full, so that nothing is read while it is imported (Pulumi CLI 3.254 or newer).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_hubassoc.estate.document import Document, Label
from pulumi_hubassoc.estate.naming import Names, stored_name
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import Direction, Key

LABEL = "pulumi-python:dynamic/hubassoc:AssociationLabel"
LIMIT = "pulumi-python:dynamic/hubassoc:AssociationLimit"
LIMIT_SET = "pulumi-python:dynamic/hubassoc:AssociationLimitSet"
SCHEMA = "hubassoc:index:AssociationSchema"
PROVIDERS = {
    LABEL: "gASVOAAAAAAAAACMH3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGFiZWyUjA1MYWJlbFByb3ZpZGVylJOUKYGULg==",
    LIMIT: "gASVOAAAAAAAAACMH3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGltaXSUjA1MaW1pdFByb3ZpZGVylJOUKYGULg==",
    LIMIT_SET: ("gASVPwAAAAAAAACMI3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGltaXRfc2V0lIwQTGltaXRTZXRQcm92aWRlcpSTlCmBlC4="),
}
"""Type token -> what Pulumi's SDK stores of the provider class under ``__provider``: its module and name."""


def import_file(document: Document, names: Names, provider: str | None = None) -> dict[str, Any]:
    """The content of the file.

    Args:
        document: of a portal.
        names: of the resources; with a component they are its children.
        provider: the URN of an explicit provider that is in the stack's state already; the default one unless given.

    Raises:
        ValueError: if the document comes from no portal.
    """
    if document.portal_id is None:
        msg = f"{document.source} is no portal: there is nothing in it that could be imported"
        raise ValueError(msg)
    found: list[dict[str, Any]] = []
    common: dict[str, Any] = {}
    if names.component is not None:
        found.append({"type": SCHEMA, "name": names.component, "component": True})
        common["parent"] = names.component
    table: dict[str, str] = {}
    if provider is not None:
        common["provider"] = provider.rpartition("::")[2]
        table[common["provider"]] = provider
    portal_id = document.portal_id
    found += [{**label_entry(label, name, portal_id), **common} for label, name in names.labels.items()]
    for direction, name in names.sets.items():
        maxima = {x.key: x.max_to_object_ids for x in document.limits_of(direction) if x.key is not None}
        found.append({**limit_set_entry(direction, maxima, name, portal_id), **common})
    return {"nameTable": table, "resources": found} if table else {"resources": found}


def label_entry(label: Label, name: str, portal_id: int, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resource of a label; `more` are inputs that the portal does not tell."""
    inputs: dict[str, Any] = {
        "from_object_type": label.from_object_type,
        "to_object_type": label.to_object_type,
        "label": label.label,
        **({} if label.is_single else {"inverse_label": label.inverse_label}),
        "name": stored_name(label),
        **(more or {}),
    }
    assigned = {
        "type_id": label.type_id,
        "inverse_type_id": label.inverse_type_id,
        "category": facts.USER_DEFINED,
        "portal_id": portal_id,
    }
    return _entry(LABEL, name, f"{'/'.join(label.direction)}/{label.type_id}/{label.inverse_type_id}", inputs, assigned)


def limit_entry(direction: Direction, key: Key, maximum: int, name: str, portal_id: int) -> dict[str, Any]:
    """The resource of a limit by itself."""
    inputs = {**_ends(direction), **_limit(key, maximum)}
    return _entry(LIMIT, name, "/".join((*direction, key[0], str(key[1]))), inputs, {"portal_id": portal_id})


def limit_set_entry(
    direction: Direction, maxima: Mapping[Key, int], name: str, portal_id: int, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The resource of a set of limits; `more` are inputs that the portal does not tell."""
    limits = [_limit(key, maximum) for key, maximum in sorted(maxima.items())]
    inputs = {**_ends(direction), "limits": limits, **(more or {})}
    return _entry(LIMIT_SET, name, "/".join(direction), inputs, {"portal_id": portal_id})


def _ends(direction: Direction) -> dict[str, Any]:
    return {"from_object_type": direction[0], "to_object_type": direction[1]}


def _limit(key: Key, maximum: int) -> dict[str, Any]:
    return {"category": key[0], "type_id": key[1], "max_to_object_ids": maximum}


def _entry(type_: str, name: str, id_: str, inputs: dict[str, Any], assigned: dict[str, Any]) -> dict[str, Any]:
    ours = {"__provider": PROVIDERS[type_]}
    return {
        "type": type_,
        "name": name,
        "id": id_,
        "inputs": {**inputs, **ours},
        "outputs": {**inputs, **assigned, **ours},
    }
