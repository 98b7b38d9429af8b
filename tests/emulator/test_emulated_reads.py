"""The reads beside the nine operations: schemas, v3 types, label counts, the account, the token (E12, E20, E21)."""

from __future__ import annotations

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal

from .conftest import PORTAL_ID, TOKEN, Api

SCHEMA_PATHS = [
    "/crm/v3/schemas",
    "/crm-object-schemas/v3/schemas",
    "/crm-object-schemas/2025-09/schemas",
    "/crm-object-schemas/2026-03/schemas",
    "/crm-object-schemas/2026-09/schemas",
]


def names(client: httpx.Client, object_type: str = "contacts", base: str = "/crm/v3/schemas") -> dict[str, set[str]]:
    """The names that a schema read tells, with the ids of each."""
    found: dict[str, set[str]] = {}
    for item in client.get(f"{base}/{object_type}").json()["associations"]:
        if "name" in item:
            found.setdefault(item["name"], set()).add(item["id"])
    return found


@pytest.mark.parametrize("base", SCHEMA_PATHS)
def test_a_schema_read_tells_names_under_every_path(api: Api, client: httpx.Client, base: str) -> None:
    """Both sides of a label share one name (E12)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    assert names(client, base=base)["boss"] == {"1", "2"}
    assert names(client, "0-2", base)["COMPANY_TO_CONTACT_UNLABELED"] == {"280"}


def test_a_schema_read_tells_limits_in_both_directions(api: Api, client: httpx.Client) -> None:
    """The inverse shows the same number as `maxFromObjectIds`."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")
    api.batch("update", "contacts", "companies", ("U", 1, 1))
    items = {
        i["id"]: i for i in client.get("/crm/v3/schemas/contacts").json()["associations"] if i.get("name") == "boss"
    }

    assert (items["1"]["fromObjectTypeId"], items["1"]["toObjectTypeId"]) == ("0-1", "0-2")
    assert (items["1"]["maxToObjectIds"], items["1"]["hasUserEnforcedMaxToObjectIds"]) == (1, True)
    assert (items["2"]["maxFromObjectIds"], items["2"]["hasUserEnforcedMaxToObjectIds"]) == (1, False)
    assert (items["1"]["cardinality"], items["2"]["inverseCardinality"]) == ("ONE_TO_ONE", "ONE_TO_ONE")


def test_names_of_standard_objects_can_be_late(
    api: Api, client: httpx.Client, emulator: Emulator, portal: Portal
) -> None:
    """Observed: about five minutes, while the lists show the ids at once (E12)."""
    portal.configure(schema_name_lag=300.0)
    api.create("contacts", "companies", "boss", "Boss")

    assert api.shown("contacts", "companies") == {1: "Boss"}
    assert "boss" not in names(client)
    emulator.clock.advance(300)
    assert "boss" in names(client)


def test_a_custom_objects_own_schema_is_not_late(api: Api, client: httpx.Client, portal: Portal) -> None:
    """Observed within one poll; a fault can make it late all the same."""
    portal.configure(schema_name_lag=300.0)
    portal.add_custom_object("toy")
    api.create("p_toy", "contacts", "boss", "Boss")

    assert "boss" in names(client, "p_toy")


def test_late_names_can_be_armed(api: Api, client: httpx.Client, emulator: Emulator) -> None:
    """For one read the youngest labels are missing."""
    api.create("contacts", "companies", "boss", "Boss")
    emulator.arm(Fault("late_names", operation="schema"))

    assert "boss" not in names(client)
    assert "boss" in names(client)


def test_v3_types_have_ids_as_texts_and_names(api: Api, client: httpx.Client) -> None:
    """Of one direction, without categories."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    results = client.get("/crm/v3/associations/contacts/companies/types").json()["results"]

    assert {"id": "1", "name": "boss"} in results
    assert {frozenset(r) for r in results} == {frozenset({"id", "name"})}
    assert {r["id"] for r in results} == {"1", "279", "931"}


@pytest.mark.parametrize(
    "path", ["/crm/v3/limits", "/crm/limits/2025-09", "/crm/limits/2026-03", "/crm/limits/2026-09"]
)
def test_label_counts_have_a_row_for_each_direction(api: Api, client: httpx.Client, path: str) -> None:
    """A pair counts as one, and one without labels is not listed (E21)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    results = client.get(f"{path}/associations/labels").json()["results"]

    row = next(r for r in results if r["fromObjectType"]["objectTypeId"] == "0-1")
    assert row == {
        "allLabels": ["Boss"],
        "fromObjectType": {"objectTypeId": "0-1", "singularLabel": "Contact", "pluralLabel": "Contacts"},
        "toObjectType": {"objectTypeId": "0-2", "singularLabel": "Company", "pluralLabel": "Companies"},
        "limit": 50,
        "usage": 1,
        "percentage": 0.02,
    }
    assert sorted(r["allLabels"] for r in results) == [["Boss"], ["Staff"]]
    one = client.get(f"{path}/associations/labels", params={"fromObjectTypeId": "0-2"}).json()["results"]
    assert [r["allLabels"] for r in one] == [["Staff"]]


def test_label_counts_can_be_late(api: Api, client: httpx.Client, emulator: Emulator, portal: Portal) -> None:
    """Observed: stale two seconds after a delete, right after forty (E21)."""
    api.create("contacts", "companies", "boss", "Boss")
    emulator.clock.advance(60)
    portal.configure(label_usage_lag=40.0)
    api.delete("contacts", "companies", 1)

    assert len(client.get("/crm/v3/limits/associations/labels").json()["results"]) == 2
    emulator.clock.advance(40)
    assert client.get("/crm/v3/limits/associations/labels").json()["results"] == []


def test_label_counts_want_an_object_scope(emulator: Emulator) -> None:
    """A token of schema scopes alone gets 403."""
    emulator.add_portal(token="other", portal_id=2, scopes=("oauth", "crm.schemas.contacts.read"))
    with httpx.Client(
        transport=emulator.transport(), base_url="http://hubspot", headers={"Authorization": "Bearer other"}
    ) as client:
        answer = client.get("/crm/v3/limits/associations/labels")

    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")


@pytest.mark.parametrize("version", ["v3", "2025-09", "2026-03", "2026-09"])
def test_the_account_says_which_portal_the_token_is_for(client: httpx.Client, version: str) -> None:
    """The guard of every careful program (E20)."""
    details = client.get(f"/account-info/{version}/details").json()

    assert (details["portalId"], details["accountType"]) == (PORTAL_ID, "DEVELOPER_TEST")


def test_a_token_can_be_asked_for_its_scopes(client: httpx.Client) -> None:
    """The token goes in the body (E20)."""
    path = "/oauth/v2/private-apps/get/access-token-info"

    info = client.post(path, json={"tokenKey": TOKEN}).json()

    assert info["hubId"] == PORTAL_ID
    assert "oauth" in info["scopes"]
    assert client.post(path, json={"tokenKey": "wrong"}).status_code == 401
    assert client.post(path, json={}).status_code == 400
