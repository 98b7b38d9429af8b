"""Drift, journal, settings, and the control plane; and that no token is ever kept."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal, Refusal, Settings

from .conftest import NOON, PORTAL_ID, TOKEN, Api

PAIR = ("contacts", "companies")
DRIFT = f"/_emulator/portals/{PORTAL_ID}/drift"


def test_a_label_made_by_hand_gets_a_name_from_its_text(portal: Portal) -> None:
    """Lower case, spaces to underscores; taken names are refused, as the settings page does."""
    assert portal.drift.create_label(*PAIR, "Kalup Probe Two").name == "kalup_probe_two"
    with pytest.raises(Refusal, match="already exists"):
        portal.drift.create_label("deals", "tickets", "kalup probe  TWO")


def test_renaming_by_hand_keeps_what_is_not_said(portal: Portal) -> None:
    """A paired label keeps its other text, a single one stays single; either id will do."""
    paired = portal.drift.create_label(*PAIR, "Boss", "Staff")
    single = portal.drift.create_label(*PAIR, "Billing")

    assert portal.drift.rename_label(paired.inverse_type_id, "Team").inverse_label == "Boss"
    assert portal.drift.rename_label(single.type_id, "Invoices").inverse_label == "Invoices"
    assert portal.drift.rename_label(single.type_id, inverse_label="Payer").label == "Invoices"


def test_snapshots_are_turned_the_way_they_are_asked(portal: Portal) -> None:
    """Forward is the direction of the question; without one, that of making."""
    portal.drift.create_label(*PAIR, "Boss", "Staff")

    (there,), (back,), (made,) = portal.labels(*PAIR), portal.labels("0-2", "contact"), portal.labels()
    assert (there.type_id, there.label, there.inverse_label) == (1, "Boss", "Staff")
    assert (back.type_id, back.inverse_type_id, back.label, back.from_object_type) == (2, 1, "Staff", "companies")
    assert made == there


def test_limits_by_hand(portal: Portal) -> None:
    """Set, refused where HubSpot would, and removed; what is not there cannot be."""
    portal.drift.set_limit(*PAIR, 279, 5, "HUBSPOT_DEFINED")
    label = portal.drift.create_label(*PAIR, "Boss")

    with pytest.raises(Refusal, match="valid range is 1-5"):
        portal.drift.set_limit(*PAIR, label.type_id, 6)
    portal.drift.remove_limit("HUBSPOT_DEFINED", 279)
    assert portal.limits() == []
    with pytest.raises(LookupError):
        portal.drift.remove_limit("HUBSPOT_DEFINED", 279)
    with pytest.raises(LookupError):
        portal.drift.delete_label(99)


def test_drift_is_in_no_journal(portal: Portal, emulator: Emulator) -> None:
    """A person's clicks are not the program's requests."""
    portal.drift.delete_label(portal.drift.create_label(*PAIR, "Boss").type_id)

    assert len(emulator.journal) == 0


def test_the_journal_tells_what_was_asked(api: Api, emulator: Emulator) -> None:
    """Method, path, operation, portal, body, status and time of each request."""
    api.create(*PAIR, "boss", "Boss")
    api.list("nonsense", "contacts")
    record = emulator.journal[0]

    assert (record.method, record.path) == ("POST", "/crm/v4/associations/contacts/companies/labels")
    assert (record.operation, record.portal_id, record.status, record.at) == ("create_label", PORTAL_ID, 200, NOON)
    assert record.body == {"name": "boss", "label": "Boss"}
    assert record.duration > 0
    assert emulator.journal.operations() == ["create_label", "list_labels"]
    assert emulator.journal.count(operation="list_labels") == 1
    emulator.journal.clear()
    assert emulator.journal.count() == 0


def test_requests_that_went_nowhere_are_in_the_journal(client: httpx.Client, emulator: Emulator) -> None:
    """Unknown paths and bad tokens too: a program must not send them."""
    client.get("/nowhere")
    client.get("/account-info/v3/details", headers={"Authorization": "Bearer wrong"})

    assert [(r.operation, r.status, r.portal_id) for r in emulator.journal] == [
        ("unknown", 404, None),
        ("account", 401, None),
    ]


def test_no_token_is_kept_wherever_it_was_sent(client: httpx.Client, api: Api, emulator: Emulator) -> None:
    """Header, path, query, body, known or not: journal, dump and control plane are clean."""
    unknown = "pat-na1-not-known-to-the-emulator"
    client.post("/oauth/v2/private-apps/get/access-token-info", json={"tokenKey": TOKEN})
    client.post("/oauth/v2/private-apps/get/access-token-info", json={"tokenKey": unknown})
    client.get(f"/oauth/v1/access-tokens/{TOKEN}")
    client.get("/crm/v3/schemas/contacts", params={"hapikey": TOKEN})
    api.create(*PAIR, "leak", f"Label {TOKEN}")
    client.get(f"/nowhere/{unknown}", headers={"Authorization": f"Bearer {unknown}"})
    journal = json.dumps([record.to_json() for record in emulator.journal])

    assert len(emulator.journal) == 6
    for token in (TOKEN, unknown):
        assert token not in journal
        assert token not in repr(list(emulator.journal))
        assert token not in client.get("/_emulator/journal").text
        assert token not in client.get("/_emulator/").text


def test_the_dump_holds_data_and_no_token(portal: Portal, client: httpx.Client) -> None:
    """Labels, limits, and whose they are."""
    portal.drift.create_label(*PAIR, "Boss")
    dump = client.get("/_emulator/dump")

    (found,) = dump.json()["portals"]
    assert found["account"]["portalId"] == PORTAL_ID
    assert [x["label"] for x in found["state"]["labels"]] == ["Boss"]
    assert TOKEN not in dump.text


def test_the_control_plane_does_what_a_person_does(client: httpx.Client, portal: Portal) -> None:
    """All of drift, over HTTP and without a token."""
    del client.headers["Authorization"]

    def post(action: str, **body: Any) -> Any:
        answer = client.post(f"{DRIFT}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    direction = {"from_object_type": "contacts", "to_object_type": "companies"}
    made = post("create_label", **direction, label="Boss", inverse_label="Staff")
    assert post("rename_label", type_id=made["type_id"], label="Chief")["inverse_label"] == "Staff"
    post("set_limit", **direction, type_id=made["type_id"], max_to_object_ids=2)
    assert portal.limit("USER_DEFINED", made["type_id"]) == 2
    post("remove_limit", category="USER_DEFINED", type_id=made["type_id"])
    post("use_label", type_id=made["type_id"])
    assert portal.label("boss").in_use
    post("delete_label", type_id=made["inverse_type_id"])
    assert portal.labels() == []
    assert post("create_custom_object", name="toy")["object_type_id"] == "2-1001"
    post("archive_custom_object", object_type="p_toy")
    assert portal.state.custom_objects == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", f"{DRIFT}/delete_label", {"type_id": 99}, 404),
        ("POST", f"{DRIFT}/delete_label", {"wrong": 1}, 400),
        ("POST", f"{DRIFT}/__init__", {}, 404),
        ("POST", "/_emulator/portals/9/drift/delete_label", {"type_id": 1}, 404),
        ("POST", f"{DRIFT}/create_label", {"from_object_type": "x", "to_object_type": "y", "label": "L"}, 400),
        ("POST", "/_emulator/faults", {"kind": "nonsense"}, 400),
        ("POST", "/_emulator/faults", [], 400),
        ("POST", "/_emulator/clock", {}, 400),
        ("PATCH", f"/_emulator/portals/{PORTAL_ID}/settings", {"no_such": 1}, 400),
        ("PATCH", f"/_emulator/portals/{PORTAL_ID}/settings", {"labels_per_pair": "many"}, 400),
        ("PATCH", f"/_emulator/portals/{PORTAL_ID}/settings", {"second_delete_status": 418}, 400),
    ],
)
def test_the_control_plane_refuses_nonsense_in_one_sentence(
    client: httpx.Client, method: str, path: str, body: Any, status: int
) -> None:
    """A misspelt control would make a test prove nothing."""
    answer = client.request(method, path, json=body)

    assert answer.status_code == status
    assert answer.json()["message"]


def test_a_control_that_is_no_json_is_refused_in_one_sentence(client: httpx.Client) -> None:
    """Not with a page of HTML."""
    answer = client.post("/_emulator/faults", content=b"{")

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_faults_settings_clock_journal_and_reset_over_http(
    client: httpx.Client, api: Api, emulator: Emulator, portal: Portal
) -> None:
    """What the Python side can do, the control plane can."""
    number = client.post("/_emulator/faults", json={"kind": "status", "status": 500, "count": None}).json()["number"]
    assert api.all_limits().status_code == 500
    assert client.get("/_emulator/faults").json()["faults"][0]["struck"] == 1
    client.delete(f"/_emulator/faults/{number}")
    assert api.all_limits().status_code == 200
    path = f"/_emulator/portals/{PORTAL_ID}/settings"
    assert client.patch(path, json={"labels_per_pair": 1, "null_object_type_keys": ["v4"]}).status_code == 200
    assert portal.settings == Settings(labels_per_pair=1, null_object_type_keys=("v4",))
    assert client.get(path).json()["labels_per_pair"] == 1
    assert client.post("/_emulator/clock", json={"advance": 5}).json() == {"now": NOON + 5}
    api.create(*PAIR, "boss", "Boss")
    emulator.arm(Fault("status"))
    assert len(client.get("/_emulator/journal").json()["records"]) == 3
    client.delete("/_emulator/journal")
    assert len(emulator.journal) == 0
    client.post("/_emulator/reset")
    assert portal.labels() == []
    assert emulator.faults.to_json() == []


def test_the_control_plane_serves_loopback_alone(emulator: Emulator, portal: Portal) -> None:
    """Whoever reaches it from elsewhere gets 403."""
    answer = emulator.app.test_client().get("/_emulator/dump", environ_base={"REMOTE_ADDR": "192.0.2.1"})

    assert answer.status_code == 403


def test_a_portal_or_a_token_twice_is_refused(emulator: Emulator, portal: Portal) -> None:
    """One token opens one portal; the message does not repeat it."""
    with pytest.raises(ValueError, match="portal 42 already"):
        emulator.add_portal(token="another", portal_id=PORTAL_ID)
    with pytest.raises(ValueError, match="in use already") as refused:
        emulator.add_portal(token=TOKEN, portal_id=7)
    assert TOKEN not in str(refused.value)
