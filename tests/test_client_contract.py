"""What the client sends is what HubSpot's published descriptions take: paths, methods, bodies."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pulumi_hubassoc import errors
from pulumi_hubassoc.emulator import Emulator, Portal, Record
from pulumi_hubassoc.hubspot import facts
from tests.wire import CALLS, client

SPEC = Path(__file__).resolve().parents[2] / "shared" / "spec"
FILES = {"v4": "v4", "crm-v4": "v4", "2025-09": "2025-09", "2026-03": "2026-03", "2026-09": "2026-09"}
"""API version -> the description that it is held to; the older path of v4 is described by the same shapes."""

pytestmark = pytest.mark.skipif(not SPEC.is_dir(), reason="HubSpot's OpenAPI descriptions are not on this machine")


@functools.cache
def description(name: str) -> dict[str, Any]:
    """One of HubSpot's descriptions."""
    document: dict[str, Any] = json.loads((SPEC / f"{name}.json").read_text(encoding="utf-8"))
    return document


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The described operation of a request; fixed parts of a path go before variable ones."""
    for template in sorted(document["paths"], key=lambda t: t.count("{")):
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        found = document["paths"][template].get(method.lower())
        if re.fullmatch(pattern, path) and found:
            return dict(found)
    raise AssertionError(f"{method} {path} is in no description")


def validate(record: Record, name: str, path: str) -> None:
    """Hold one request to a description."""
    document = description(name)
    described = operation(document, record.method, path)
    body = described.get("requestBody")
    if body is None:
        assert record.body is None
        return
    schema = body["content"]["application/json"]["schema"]
    # What HubSpot does not describe would be ignored there: a typing error of ours is found only if nothing is.
    strict = _without_additions({"components": document["components"], **schema})
    jsonschema.Draft7Validator(strict).validate(record.body)
    assert record.query == ""


def _without_additions(node: Any) -> Any:
    if isinstance(node, dict):
        closed = {k: _without_additions(v) for k, v in node.items()}
        return {**closed, "additionalProperties": False} if isinstance(node.get("properties"), dict) else closed
    return [_without_additions(item) for item in node] if isinstance(node, list) else node


def requests(emulator: Emulator, version: str) -> Iterator[Record]:
    """Every call once, and a single label beside the paired one; then what was asked."""
    hubspot = client(emulator.transport(), api_version=version)
    hubspot.create_label("contacts", "companies", name="single", label="Single", inverse_label=None)
    for call in CALLS.values():
        with contextlib.suppress(errors.Refused):
            call(hubspot)
    yield from emulator.journal


@pytest.mark.parametrize("version", facts.API_PATHS)
def test_every_request_fits_the_description_of_its_version(version: str, emulator: Emulator, portal: Portal) -> None:
    """All calls but the question about a token, which HubSpot's descriptions do not have: path and body fields are described."""
    seen = set()
    for record in requests(emulator, version):
        seen.add(record.operation)
        if record.operation == "token_info":
            continue
        if record.operation == "account":
            validate(record, "accountInfo-v3", record.path)
        elif record.operation == "schema":
            validate(record, "schemas-v3", record.path.replace("/crm/v3/schemas", "/crm-object-schemas/v3/schemas"))
        else:
            described = record.path.replace(facts.API_PATHS["v4"], facts.API_PATHS["crm-v4"])
            validate(record, f"associationsSchema-{FILES[version]}", described)
    assert seen == CALLS.keys()


def test_the_check_finds_a_wrong_field_and_a_wrong_path(emulator: Emulator, portal: Portal) -> None:
    """The test above would notice: a misspelt field, a missing one, a path of nobody's."""
    record = next(r for r in requests(emulator, "crm-v4") if r.operation == "update_label")
    good = dict(record.body)
    for body in ({**good, "inverse_label": "x"}, {k: v for k, v in good.items() if k != "associationTypeId"}):
        with pytest.raises(jsonschema.ValidationError):
            validate(Record(**{**record.to_json(), "body": body}), "associationsSchema-v4", record.path)
    with pytest.raises(AssertionError, match="in no description"):
        validate(record, "associationsSchema-v4", record.path + "/x")


def test_what_the_client_requires_of_a_schema_is_required_in_its_description() -> None:
    """A schema without associations is refused; HubSpot says that they are always there."""
    assert "associations" in description("schemas-v3")["components"]["schemas"]["ObjectSchema"]["required"]


@pytest.mark.parametrize("version", sorted(set(FILES.values())))
def test_success_statuses_are_the_documented_ones(version: str) -> None:
    """Every 2xx that a description names is one that the client takes for reads 200, for writes 200, 201, 204 or 207."""
    for methods in description(f"associationsSchema-{version}")["paths"].values():
        for method, described in methods.items():
            named = {int(status) for status in described["responses"] if status.startswith("2")}
            assert named <= ({200} if method == "get" else {200, 201, 204, 207})
