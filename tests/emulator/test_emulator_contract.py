"""Every good answer of the nine operations against HubSpot's published OpenAPI descriptions.

Where wire and description differ the emulator follows the wire; each difference is in the table, and a difference that
is no more is an error too. Properties that a description does not name count as differences.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from pulumi_hubassoc.emulator import Portal
from pulumi_hubassoc.hubspot import facts

from .conftest import Api

SPEC = Path(__file__).parents[2].parent / "shared" / "spec"
PAIR = ("contacts", "companies")
OLD, NEW = ("v4", "crm-v4", "2026-03"), ("2025-09", "2026-09")
ALL = tuple(facts.API_PATHS)

pytestmark = pytest.mark.skipif(not SPEC.is_dir(), reason=f"HubSpot's OpenAPI descriptions are not at {SPEC}")

DIFFERENCES: dict[str, tuple[str, ...]] = {
    # HubSpot's unlabeled types have no text.
    "list_labels 200: label is null": ALL,
    "create_label 200: label is null": ALL,
    "list_all_limits 200: label is null": ALL,
    "list_limits 200: label is null": ALL,
    "create_limits 201: label is null": OLD,
    # The other direction of a type with a limit.
    "list_all_limits 200: userEnforcedMaxToObjectIds is null": ALL,
    # Present and always null in the newest version, whose description does not know them.
    "list_labels 200: fromObjectTypeId is not described": ("2026-09",),
    "list_labels 200: toObjectTypeId is not described": ("2026-09",),
    "create_label 200: fromObjectTypeId is not described": ("2026-09",),
    "create_label 200: toObjectTypeId is not described": ("2026-09",),
    # Statuses as observed, the same in all versions.
    "create_limits 201: status is not described": NEW,
    "purge_limits 204: status is not described": ("2025-09", "2026-03", "2026-09"),
    "create_limits 207: status is not described": NEW,
    "update_limits 207: status is not described": NEW,
    "purge_limits 207: status is not described": ALL,
    # The captured errors of a batch: a text where an object is described, and two lists left out.
    "create_limits 207: subCategory is no object": OLD,
    "update_limits 207: subCategory is no object": OLD,
    "create_limits 207: links is missing": OLD,
    "update_limits 207: links is missing": OLD,
    "create_limits 207: errors is missing": OLD,
    "update_limits 207: errors is missing": OLD,
}
"""What differs, and in which versions."""


@cache
def description(version: str) -> dict[str, Any]:
    """A version's description, closed to properties it does not name."""
    file = SPEC / f"associationsSchema-{version.removeprefix('crm-')}.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return document


def described(version: str, method: str, path: str) -> dict[str, Any]:
    """The described responses of a request."""
    document = description(version)
    base = facts.API_PATHS["crm-v4" if version == "v4" else version]
    wanted = path.replace(facts.API_PATHS[version], base)
    for template, operations in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), wanted) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]["responses"]
            return found
    raise AssertionError(f"{method} {wanted} is not described")


def differences(version: str, operation: str, response: httpx.Response) -> set[str]:
    """How an answer differs from its description."""
    head = f"{operation} {response.status_code}"
    responses = described(version, response.request.method, response.request.url.path)
    if str(response.status_code) not in responses:
        return {f"{head}: status is not described"}
    content = responses[str(response.status_code)].get("content", {})
    if "application/json" not in content:  # no body, or `*/*` without a schema
        assert response.content == b""
        return set()
    schema = {**content["application/json"]["schema"], "components": description(version)["components"]}
    found = set()
    for error in Draft202012Validator(schema).iter_errors(response.json()):
        name = error.path[-1] if error.path else "body"
        if error.validator == "type":
            found.add(f"{head}: {name} is {'null' if error.instance is None else 'no ' + error.validator_value}")
        elif error.validator == "required":
            found |= {f"{head}: {key} is missing" for key in error.validator_value if key not in error.instance}
        elif error.validator == "additionalProperties":
            known = error.schema["properties"]
            found |= {f"{head}: {key} is not described" for key in error.instance if key not in known}
        else:
            found.add(f"{head}: {error.message}")
    return found


@pytest.mark.parametrize("version", ALL)
def test_good_answers_are_as_described_but_for_the_known_differences(
    client: httpx.Client, portal: Portal, version: str
) -> None:
    """All nine operations, and the 207 of a batch."""
    api = Api(client, facts.API_PATHS[version])
    portal.add_custom_object("toy")
    answers = [
        ("create_label", api.create(*PAIR, "boss", "Boss", "Staff")),
        ("create_label", api.create("p_toy", "contacts", "owner", "Owner")),
        ("list_labels", api.list(*PAIR)),
        ("update_label", api.update(*PAIR, 1, "Chief", "Staff")),
        ("create_limits", api.batch("create", *PAIR, ("U", 1, 3), ("H", 279, 9))),
        ("update_limits", api.batch("update", *PAIR, ("U", 1, 4))),
        ("list_all_limits", api.all_limits()),
        ("list_limits", api.limits(*PAIR)),
        ("create_limits", api.batch("create", *PAIR, ("U", 77, 3))),
        ("update_limits", api.batch("update", *PAIR, ("U", 77, 3))),
        ("purge_limits", api.batch("purge", *PAIR, ("U", 77))),
        ("purge_limits", api.batch("purge", *PAIR, ("U", 1))),
        ("delete_label", api.delete(*PAIR, 1)),
    ]
    assert all(response.is_success for _, response in answers)
    found = set().union(*(differences(version, operation, response) for operation, response in answers))

    assert found == {known for known, versions in DIFFERENCES.items() if version in versions}


@pytest.mark.parametrize(
    ("file", "described_path", "path"),
    [
        ("accountInfo-v3", "/account-info/v3/details", "/account-info/v3/details"),
        ("limitsTracking-v3", "/crm/v3/limits/associations/labels", "/crm/v3/limits/associations/labels"),
        (
            "schemas-v3",
            "/crm-object-schemas/v3/schemas/{objectType}",
            "/crm-object-schemas/v3/schemas/contacts",
        ),
        ("schemas-v3", "/crm-object-schemas/v3/schemas/{objectType}", "/crm-object-schemas/v3/schemas/p_toy"),
    ],
)
def test_other_reads_are_as_described(
    client: httpx.Client, api: Api, portal: Portal, file: str, described_path: str, path: str
) -> None:
    """Account, label counts and schemas; fields seen on the wire beside the described ones are left alone."""
    portal.add_custom_object("toy")
    api.create(*PAIR, "boss", "Boss", "Staff")
    document = json.loads((SPEC / f"{file}.json").read_text(encoding="utf-8"))
    content = document["paths"][described_path]["get"]["responses"]["200"]["content"]

    schema = {**content["application/json"]["schema"], "components": document["components"]}
    assert [e.message for e in Draft202012Validator(schema).iter_errors(client.get(path).json())] == []
