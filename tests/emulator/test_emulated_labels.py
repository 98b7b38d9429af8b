"""Labels: create, list, update, delete, and what HubSpot refuses (E2 to E11)."""

from __future__ import annotations

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.hubspot import facts

from .conftest import TOKEN, Api


def test_a_single_label_is_two_ids_with_one_text(api: Api) -> None:
    """Between two objects even a label without an inverse text has an id in each direction (E3)."""
    made = api.create("contacts", "companies", "referred_by", "Referred By")

    assert made.status_code == 200
    assert sorted((r["typeId"], r["label"]) for r in made.json()["results"]) == [(1, "Referred By"), (2, "Referred By")]
    assert api.shown("contacts", "companies") == {1: "Referred By"}
    assert api.shown("companies", "contacts") == {2: "Referred By"}


def test_a_paired_label_shows_one_text_in_each_direction(api: Api) -> None:
    """Only the direction asked for is listed between two objects (E5)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    assert api.shown("contacts", "companies") == {1: "Boss"}
    assert api.shown("companies", "contacts") == {2: "Staff"}


def test_one_list_holds_both_sides_of_a_label_between_records_of_one_object(api: Api) -> None:
    """A same-object list shows both ids, and the one symmetric unlabeled type (E5)."""
    api.create("contacts", "contacts", "manager_employee", "Manager", "Employee")

    assert api.shown("contacts", "contacts") == {1: "Manager", 2: "Employee"}
    assert api.shown("contacts", "contacts", "HUBSPOT_DEFINED") == {449: None}


@pytest.mark.parametrize(("ids", "shown"), [(2, {1: "Peer", 2: "Peer"}), (1, {1: "Peer"})])
def test_a_single_label_of_one_object_has_as_many_ids_as_the_setting_says(
    api: Api, portal: Portal, ids: int, shown: dict[int, str]
) -> None:
    """Whether it has one id or two was never observed, so both are on offer."""
    portal.configure(same_object_single_ids=ids)

    assert len(api.create("contacts", "contacts", "peer", "Peer").json()["results"]) == ids
    assert api.shown("contacts", "contacts") == shown


def test_ids_are_consecutive_start_at_one_and_collide_with_hubspots_own(api: Api) -> None:
    """One counter serves all pairs; USER_DEFINED 1 stands beside HUBSPOT_DEFINED 1 (E3)."""
    api.create("deals", "tickets", "a", "A")
    api.create("contacts", "companies", "b", "B")

    both = [r["typeId"] for r in api.list("tickets", "deals").json()["results"] if r["category"] == "USER_DEFINED"]
    assert both == [2]
    assert api.shown("contacts", "companies") == {3: "B"}
    assert api.shown("contacts", "companies", "HUBSPOT_DEFINED") == {279: None, 1: "Primary", 931: "Billing Contact"}


def test_create_answers_come_in_either_order(api: Api) -> None:
    """Over many labels the inverse is first now and then, so its place proves nothing (E4)."""
    firsts = set()
    for n in range(20):
        results = api.create("contacts", "companies", f"n{n}", f"F{n}", f"I{n}").json()["results"]
        firsts.add(results[0]["label"][0])

    assert firsts == {"F", "I"}


def test_lists_are_sorted_by_nothing(api: Api) -> None:
    """A list of twenty labels is in order of neither id nor text (E5)."""
    for n in range(20):
        api.create("contacts", "companies", f"n{n}", f"L{n:02}")
    results = api.list("contacts", "companies").json()["results"]

    ids = [r["typeId"] for r in results if r["category"] == "USER_DEFINED"]
    assert len(ids) == 20
    assert ids not in (sorted(ids), sorted(ids, reverse=True))


@pytest.mark.parametrize("version", facts.API_PATHS)
def test_object_type_keys_are_null_in_2026_09_and_absent_elsewhere(client: httpx.Client, version: str) -> None:
    """Both keys are there and always null in the newest version; the name is never told (E6)."""
    api = Api(client, facts.API_PATHS[version])
    made = api.create("contacts", "companies", "n", "L").json()["results"]

    expected = {"category", "typeId", "label"} | (
        {"fromObjectTypeId", "toObjectTypeId"} if version == "2026-09" else set()
    )
    for item in [*made, *api.list("contacts", "companies").json()["results"]]:
        assert set(item) == expected
        assert item.get("fromObjectTypeId") is None
        assert item.get("toObjectTypeId") is None


def test_the_keys_can_be_switched_on_for_another_version(api: Api, portal: Portal) -> None:
    """The descriptions of v4 have the keys since 2026-08, so a portal may send them there too."""
    portal.configure(null_object_type_keys=("v4",))

    assert "fromObjectTypeId" in api.list("contacts", "companies").json()["results"][0]


def test_an_update_without_inverse_label_overwrites_both_sides(api: Api) -> None:
    """The one text given lands on both directions (E7)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    assert api.update("contacts", "companies", 1, "Chief").status_code == 204
    assert api.shown("contacts", "companies") == {1: "Chief"}
    assert api.shown("companies", "contacts") == {2: "Chief"}


@pytest.mark.parametrize("path", [("contacts", "companies"), ("companies", "contacts")])
def test_an_update_by_the_inverse_id_turns_the_texts_round(api: Api, path: tuple[str, str]) -> None:
    """`label` is the text of the side whose id was sent, whatever the path's direction (E7)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    answer = api.update(*path, 2, "Team", "Lead")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.shown("contacts", "companies") == {1: "Lead"}
    assert api.shown("companies", "contacts") == {2: "Team"}


def test_an_update_cannot_change_the_name(api: Api, client: httpx.Client, portal: Portal) -> None:
    """A name in the body is ignored (E7)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")
    body = {"associationTypeId": 1, "label": "Chief", "inverseLabel": "Staff", "name": "other"}

    assert client.put(f"{api.base}/contacts/companies/labels", json=body).status_code == 204
    assert portal.label("boss").label == "Chief"


@pytest.mark.parametrize("type_id", [1, 2])
def test_either_id_deletes_both_directions(api: Api, type_id: int) -> None:
    """One DELETE takes the whole label away (E8)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    assert api.delete("contacts", "companies", type_id).status_code == 204
    assert api.shown("contacts", "companies") == api.shown("companies", "contacts") == {}


@pytest.mark.parametrize("status", [400, 204])
def test_a_second_delete_answers_as_set(api: Api, portal: Portal, status: int) -> None:
    """Both answers were seen, so both are on offer (E8)."""
    portal.configure(second_delete_status=status)
    portal.drift.create_label("deals", "tickets", "Takes the ids 1 and 2, which HubSpot has between these objects")
    made = portal.drift.create_label("contacts", "companies", "Boss")
    api.delete("contacts", "companies", made.type_id)

    answer = api.delete("contacts", "companies", made.inverse_type_id)

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["message"] == "Unable to find objectTypeIds"


def test_a_name_is_unique_in_the_whole_portal(api: Api) -> None:
    """Another pair of objects is no excuse (E9)."""
    api.create("contacts", "companies", "boss", "Boss")

    refused = api.create("deals", "tickets", "boss", "Other")

    assert refused.status_code == 400
    assert refused.json()["message"] == "Association definition named boss already exists for portal"
    assert refused.json()["category"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("start", "end", "label", "inverse", "status"),
    [
        ("contacts", "companies", "Boss", None, 400),
        ("contacts", "companies", "Boss", "New", 400),
        ("contacts", "companies", "New", "Staff", 400),
        ("companies", "contacts", "Staff", "New", 400),
        ("contacts", "companies", "Staff", "Boss", 200),
        ("contacts", "companies", "Primary", None, 400),
        ("contacts", "companies", "boss", None, 200),
        ("contacts", "deals", "Boss", None, 200),
    ],
)
def test_a_text_is_unique_in_its_direction_of_the_pair(
    api: Api, start: str, end: str, label: str, inverse: str | None, status: int
) -> None:
    """The same text may stand in the other direction or another pair, not twice in one list (E9)."""
    api.create("contacts", "companies", "boss", "Boss", "Staff")

    answer = api.create(start, end, "other", label, inverse)

    assert answer.status_code == status
    if status == 400:
        assert "already exists on ObjectType pair" in answer.json()["message"]


def test_two_labels_cannot_exchange_their_texts_in_one_step(api: Api) -> None:
    """Whichever goes first is refused; an update to the same texts is not."""
    api.create("contacts", "companies", "a", "A", "X")
    api.create("contacts", "companies", "b", "B", "Y")

    assert api.update("contacts", "companies", 1, "B", "X").status_code == 400
    assert api.update("contacts", "companies", 3, "A", "Y").status_code == 400
    assert api.update("contacts", "companies", 1, "A", "X").status_code == 204


def test_the_label_after_the_last_is_refused_with_437(api: Api) -> None:
    """Fifty labels of an unordered pair, paired ones counted once, and no more (E10)."""
    for n in range(facts.LABELS_PER_PAIR):
        start, end = ("contacts", "companies") if n % 2 else ("companies", "contacts")
        assert api.create(start, end, f"n{n}", f"L{n}", f"I{n}").status_code == 200

    refused = api.create("contacts", "companies", "more", "More")

    assert refused.status_code == 437
    assert refused.json()["message"].startswith("No more than 50 association types are allowed between")
    assert api.create("contacts", "deals", "more", "More").status_code == 200


def test_the_cap_is_a_setting(api: Api, portal: Portal) -> None:
    """The guide still says ten (E10)."""
    portal.configure(labels_per_pair=1)
    api.create("contacts", "companies", "one", "One")

    assert api.create("contacts", "companies", "two", "Two").status_code == 437


@pytest.mark.parametrize("name", ["with-hyphen", "1st", "two words", ""])
def test_a_malformed_name_is_refused(api: Api, name: str) -> None:
    """Hyphens and leading digits are documented to be wrong."""
    assert api.create("contacts", "companies", name, "L").status_code == 400


@pytest.mark.parametrize(
    ("body", "message", "category"),
    [
        (b"", "Invalid JSON input: a request body was expected, but none found", "VALIDATION_ERROR"),
        (b"{", "Invalid input JSON on line 1", None),
        (b"[]", "Invalid input JSON on line 1, column 1: Cannot deserialize value", None),
        (b'{"name":"n","label":{}}', "Invalid input JSON on line 1, column 1: Cannot deserialize", None),
        (b'{"name":"n"}', "Invalid input JSON: Some required fields were not set: [label]", "VALIDATION_ERROR"),
        (b'{"name":"n","label":null}', "Invalid input JSON: Some required fields", "VALIDATION_ERROR"),
    ],
)
def test_a_wrong_body_is_refused_and_makes_nothing(
    client: httpx.Client, portal: Portal, body: bytes, message: str, category: str | None
) -> None:
    """HubSpot's JSON layer speaks, now with a category and now without."""
    answer = client.post("/crm/v4/associations/contacts/companies/labels", content=body)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert answer.json().get("category") == category
    assert portal.labels() == []


@pytest.mark.parametrize(
    ("method", "type_id", "message"),
    [
        ("PUT", 279, "defined by HubSpot"),
        ("DELETE", 280, "defined by HubSpot"),
        ("PUT", 999_999, "Unable to find association type 999999"),
        ("DELETE", 999_999, "Unable to find objectTypeIds"),
        ("DELETE", "x", "Unable to parse value for path parameter: associationTypeId"),
    ],
)
def test_what_is_no_label_of_the_pair_cannot_be_changed(api: Api, method: str, type_id: int, message: str) -> None:
    """HubSpot's own types and unknown numbers are refused with 400."""
    if method == "PUT":
        answer = api.update("contacts", "companies", type_id, "L")
    else:
        answer = api.delete("contacts", "companies", type_id)

    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_a_label_of_another_pair_is_not_found(api: Api) -> None:
    """The path's pair and the number must agree."""
    api.create("deals", "tickets", "a", "A")

    assert api.update("contacts", "deals", 1, "B").status_code == 400
    assert api.delete("contacts", "deals", 1).status_code == 400


def test_a_colliding_number_means_the_label(api: Api) -> None:
    """The path has no category: 1 is the label, and HubSpot's Primary stays."""
    api.create("contacts", "companies", "a", "A")

    assert api.delete("contacts", "companies", 1).status_code == 204
    assert api.shown("contacts", "companies", "HUBSPOT_DEFINED")[1] == "Primary"


def test_a_label_in_use_is_refused_only_where_set(api: Api, portal: Portal) -> None:
    """The guide says it must come off records first; a live run saw it deleted."""
    label = portal.drift.create_label("contacts", "companies", "Used")
    portal.drift.use_label(label.type_id)
    portal.configure(refuse_delete_in_use=True)
    assert api.delete("contacts", "companies", label.type_id).status_code == 400

    portal.configure(refuse_delete_in_use=False)
    assert api.delete("contacts", "companies", label.type_id).status_code == 204


@pytest.mark.parametrize(("reserved", "status"), [(False, 200), (True, 400)])
def test_the_name_of_a_deleted_label_is_free_unless_set_otherwise(
    api: Api, portal: Portal, reserved: bool, status: int
) -> None:
    """Name reuse was never observed; both worlds are on offer."""
    portal.configure(reserve_deleted_names=reserved)
    api.create("contacts", "companies", "boss", "Boss")
    api.delete("contacts", "companies", 1)

    assert api.create("contacts", "companies", "boss", "Boss").status_code == status


@pytest.mark.parametrize("written", ["contacts", "contact", "CONTACTS", "Contact", "0-1"])
def test_an_object_type_is_known_by_every_name(api: Api, written: str) -> None:
    """Plural, singular, id, any case."""
    assert 279 in api.shown(written, "0-2", "HUBSPOT_DEFINED")


@pytest.mark.parametrize("written", ["contactz", "0-99999", "2-1001", "toy", "p_toy", "payment link"])
def test_an_unknown_object_type_is_refused_without_a_category(api: Api, written: str) -> None:
    """The body has a message and no category (E18)."""
    answer = api.list(written, "contacts")

    assert answer.status_code == 400
    assert answer.json()["message"] == f"Unable to infer object type from: {written}"
    assert "category" not in answer.json()
    assert answer.json()["correlationId"]


def test_all_path_families_serve_the_same_labels(client: httpx.Client) -> None:
    """What is made under one base is seen under all others (E1)."""
    Api(client, facts.API_PATHS["v4"]).create("contacts", "companies", "boss", "Boss")

    for base in facts.API_PATHS.values():
        assert Api(client, base).shown("contacts", "companies") == {1: "Boss"}


def test_the_same_seed_gives_the_same_answers() -> None:
    """All that looks random is a function of the seed."""

    def answers(seed: int) -> list[str]:
        emulator = Emulator(seed=seed)
        emulator.add_portal(token=TOKEN, portal_id=1)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(transport=emulator.transport(), base_url="http://hubspot", headers=headers) as client:
            api = Api(client)
            made = [api.create("contacts", "companies", f"n{n}", f"L{n}", f"I{n}") for n in range(8)]
            listed = api.list("contacts", "companies")
            return [r.text + r.headers["x-hubspot-correlation-id"] for r in (*made, listed)]

    assert answers(1) == answers(1)
    assert answers(1) != answers(2)
