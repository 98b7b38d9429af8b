"""Limits: batches, ranges, symmetry, and what the lists show (E13 to E17)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Portal

from .conftest import Api

PAIR = ("contacts", "companies")


def rows(response: httpx.Response) -> dict[tuple[str, int], Any]:
    """The rows of a list: the maximum by category and id, ``absent`` where the key is missing."""
    found = response.json()["results"]
    return {(r["category"][0], r["typeId"]): r.get("userEnforcedMaxToObjectIds", "absent") for r in found}


def message(response: httpx.Response) -> str:
    """The one error of a batch in which nothing was done."""
    body = response.json()
    assert (response.status_code, body["status"], body["numErrors"]) == (207, "CANCELED", 1)
    return str(body["errors"][0]["message"])


@pytest.fixture
def boss(portal: Portal) -> int:
    """A paired label between contacts and companies, ids 1 and 2."""
    return portal.drift.create_label(*PAIR, "Boss", "Staff").type_id


def test_create_answers_201_with_label(api: Api, boss: int) -> None:
    """The body is HubSpot's captured one: COMPLETE, four fields an item (E14)."""
    answer = api.batch("create", *PAIR, ("U", boss, 3))

    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"status", "results", "startedAt", "completedAt"}
    assert body["status"] == "COMPLETE"
    expected = {"category": "USER_DEFINED", "typeId": boss, "userEnforcedMaxToObjectIds": 3, "label": "Boss"}
    assert body["results"] == [expected]


def test_update_is_an_upsert_and_answers_without_label(api: Api, portal: Portal, boss: int) -> None:
    """It sets what was not set and changes what was (E14)."""
    for maximum in (3, 4):
        answer = api.batch("update", *PAIR, ("U", boss, maximum))
        assert answer.status_code == 200
        assert answer.json()["results"] == [
            {"category": "USER_DEFINED", "typeId": boss, "userEnforcedMaxToObjectIds": maximum}
        ]
    assert portal.limit("USER_DEFINED", boss) == 4


@pytest.mark.parametrize(("setting", "status", "kept"), [("refuse", 207, 3), ("overwrite", 201, 4)])
def test_creating_what_exists_is_a_setting(
    api: Api, portal: Portal, boss: int, setting: str, status: int, kept: int
) -> None:
    """Nobody reported what HubSpot does."""
    portal.configure(create_existing_limit=setting)
    api.batch("create", *PAIR, ("U", boss, 3))

    assert api.batch("create", *PAIR, ("U", boss, 4)).status_code == status
    assert portal.limit("USER_DEFINED", boss) == kept


def test_purge_answers_204_set_or_not(api: Api, portal: Portal, boss: int) -> None:
    """Removing a limit that is not set is no error (E14)."""
    api.batch("update", *PAIR, ("U", boss, 3))

    for _ in range(2):
        answer = api.batch("purge", *PAIR, ("U", boss))
        assert (answer.status_code, answer.content) == (204, b"")
        assert portal.limits() == []


@pytest.mark.parametrize("verb", ["create", "update", "purge"])
def test_a_type_of_another_direction_is_a_207_that_did_nothing(api: Api, portal: Portal, verb: str) -> None:
    """The captured body, word for word (E15)."""
    answer = api.batch(verb, "contacts", "deals", ("H", 5) if verb == "purge" else ("H", 5, 1))

    body = answer.json()
    assert answer.status_code == 207
    assert body["startedAt"]
    assert body["completedAt"]
    assert {k: v for k, v in body.items() if not k.endswith("At")} == {
        "status": "CANCELED",
        "results": [],
        "numErrors": 1,
        "errors": [
            {
                "status": "error",
                "category": "VALIDATION_ERROR",
                "subCategory": "crm.associations.INVALID_ASSOCIATION_TYPE",
                "message": "0-5 is not a valid association type between CONTACT and DEAL",
                "context": {"type": ["0-5"], "fromObjectType": ["CONTACT"], "toObjectType": ["DEAL"]},
            }
        ],
    }
    assert portal.limits() == []


@pytest.mark.parametrize(("setting", "status", "applied"), [("partial", "COMPLETE", 1), ("cancel", "CANCELED", 0)])
def test_a_mixed_batch_applies_the_good_inputs_or_none(
    api: Api, portal: Portal, boss: int, setting: str, status: str, applied: int
) -> None:
    """Not observed for limits, so a setting; the answer is 207 with numErrors either way."""
    portal.configure(mixed_batch=setting)

    answer = api.batch("update", *PAIR, ("U", boss, 3), ("U", 777, 1))

    assert (answer.status_code, answer.json()["status"], answer.json()["numErrors"]) == (207, status, 1)
    assert len(answer.json()["results"]) == len(portal.limits()) == applied


def test_a_label_and_hubspots_type_of_one_number_have_limits_of_their_own(api: Api, portal: Portal, boss: int) -> None:
    """USER_DEFINED 1 and HUBSPOT_DEFINED 1 stand in one direction and do not meet."""
    assert boss == 1
    api.batch("update", *PAIR, ("U", 1, 3), ("H", 1, 5))

    assert {(x.category, x.type_id): x.max_to_object_ids for x in portal.limits()} == {
        ("USER_DEFINED", 1): 3,
        ("HUBSPOT_DEFINED", 1): 5,
    }


def test_the_list_of_all_shows_the_other_direction_with_null(api: Api) -> None:
    """Captured: type 4 of contacts to deals was set, type 3 came along with null (E13)."""
    api.batch("update", "contacts", "deals", ("H", 4, 2))

    results = api.all_limits().json()["results"]
    assert {frozenset(r) for r in results} == {frozenset({"category", "typeId", "userEnforcedMaxToObjectIds", "label"})}
    assert rows(api.all_limits()) == {("H", 4): 2, ("H", 3): None}
    assert rows(api.limits("contacts", "deals")) == {("H", 4): 2}


def test_an_unset_limit_can_be_absent(api: Api, portal: Portal) -> None:
    """Another capture has no key where there is no limit."""
    portal.configure(unset_limit="absent")
    api.batch("update", "contacts", "deals", ("H", 4, 2))

    assert rows(api.all_limits()) == {("H", 4): 2, ("H", 3): "absent"}


def test_nothing_is_listed_where_nothing_is_set(api: Api, boss: int) -> None:
    """A portal without limits has an empty list, labels or not."""
    assert rows(api.all_limits()) == rows(api.limits(*PAIR)) == {}


@pytest.mark.parametrize(
    ("setting", "there", "back"),
    [
        ("touched", {("U", 1): 3}, {("U", 2): None}),
        ("set", {("U", 1): 3}, {}),
        (
            "every",
            {("U", 1): 3, ("H", 1): None, ("H", 279): None, ("H", 931): None},
            {("U", 2): None, ("H", 2): None, ("H", 280): None, ("H", 930): None},
        ),
    ],
)
def test_what_the_list_of_a_direction_holds_is_a_setting(
    api: Api, portal: Portal, boss: int, setting: str, there: dict[Any, Any], back: dict[Any, Any]
) -> None:
    """Whether unset types are listed is not settled (E13)."""
    portal.configure(pair_limits_listed=setting)
    api.batch("update", *PAIR, ("U", boss, 3))

    assert rows(api.limits(*PAIR)) == there
    assert rows(api.limits("companies", "contacts")) == back


def test_a_labels_limit_is_at_most_the_object_limit(api: Api, boss: int) -> None:
    """Equal is fine, more is refused with the valid range; without an object limit anything goes (E16)."""
    assert api.batch("update", *PAIR, ("U", boss, 50)).status_code == 200
    assert api.batch("update", *PAIR, ("U", boss, 10), ("H", 279, 10)).status_code == 200
    assert "valid range is 1-10" in message(api.batch("update", *PAIR, ("U", boss, 11)))


def test_the_object_limit_is_at_least_every_labels(api: Api, boss: int) -> None:
    """It cannot be lowered below a label's (E16)."""
    api.batch("update", *PAIR, ("U", boss, 10))

    assert "valid range is 10-10000" in message(api.batch("update", *PAIR, ("H", 279, 9)))
    assert api.batch("update", *PAIR, ("H", 279, 10)).status_code == 200


def test_directions_do_not_bind_each_other(api: Api, boss: int) -> None:
    """An object limit of one direction says nothing about labels of the other."""
    api.batch("update", *PAIR, ("H", 279, 2))

    assert api.batch("update", "companies", "contacts", ("U", 2, 9)).status_code == 200


def test_the_stricter_reading_of_the_range_is_a_setting(api: Api, portal: Portal, boss: int) -> None:
    """The announcement's example gives 1-9 below an object limit of 10 (E16)."""
    portal.configure(label_limit_below_object=True)
    api.batch("update", *PAIR, ("H", 279, 10))

    assert "valid range is 1-9" in message(api.batch("update", *PAIR, ("U", boss, 10)))


@pytest.mark.parametrize("maximum", [0, -1, 10_001])
def test_a_maximum_out_of_range_is_refused(api: Api, portal: Portal, boss: int, maximum: int) -> None:
    """From 1 to 10,000, as the settings page has it; as an item of a 207 or a 400 for all."""
    assert "valid range is 1-10000" in message(api.batch("update", *PAIR, ("U", boss, maximum)))

    portal.configure(range_errors="request")
    assert api.batch("update", *PAIR, ("U", boss, maximum)).status_code == 400
    assert portal.limits() == []


@pytest.mark.parametrize(("mode", "status", "after"), [("each", 207, 5), ("joint", 200, 8)])
def test_a_raise_in_the_wrong_order_passes_only_where_batches_are_checked_jointly(
    api: Api, portal: Portal, boss: int, mode: str, status: int, after: int
) -> None:
    """Label first, object limit second: one by one the label's raise comes too early (E16)."""
    portal.configure(batch_validation=mode)
    api.batch("update", *PAIR, ("H", 279, 5), ("U", boss, 5))

    assert api.batch("update", *PAIR, ("U", boss, 8), ("H", 279, 8)).status_code == status
    assert portal.limit("USER_DEFINED", boss) == after


def test_a_joint_batch_with_a_fault_changes_nothing(api: Api, portal: Portal, boss: int) -> None:
    """All or nothing where a batch is checked as one end state."""
    portal.configure(batch_validation="joint")

    answer = api.batch("update", *PAIR, ("H", 279, 5), ("U", boss, 6))

    assert (answer.status_code, answer.json()["status"]) == (207, "CANCELED")
    assert portal.limits() == []


def test_the_unlabeled_type_of_one_object_has_one_limit(api: Api) -> None:
    """449 is its own inverse: one row, one number (E17)."""
    api.batch("update", "contacts", "contacts", ("H", 449, 7))

    assert rows(api.all_limits()) == {("H", 449): 7}


def test_a_single_label_of_one_object_has_one_limit_on_both_ids(api: Api, portal: Portal) -> None:
    """Setting or removing one id's moves the other's (E17)."""
    portal.drift.create_label("contacts", "contacts", "Peer")
    api.batch("update", "contacts", "contacts", ("U", 2, 7))
    assert rows(api.limits("contacts", "contacts")) == {("U", 1): 7, ("U", 2): 7}

    api.batch("purge", "contacts", "contacts", ("U", 1))
    assert portal.limits() == []


def test_two_numbers_for_one_limit_are_refused(api: Api, portal: Portal) -> None:
    """A batch that gives the ids of a symmetric label different limits does nothing (E17)."""
    portal.drift.create_label("contacts", "contacts", "Peer")

    assert api.batch("update", "contacts", "contacts", ("U", 1, 7), ("U", 2, 8)).json()["numErrors"] == 2
    assert portal.limits() == []


def test_both_ids_of_a_symmetric_label_can_be_demanded_in_one_batch(api: Api, portal: Portal) -> None:
    """The other reading of the same table (E17)."""
    portal.configure(symmetric_limits="both_needed")
    portal.drift.create_label("contacts", "contacts", "Peer")

    assert "symmetric" in message(api.batch("update", "contacts", "contacts", ("U", 1, 7)))
    assert api.batch("update", "contacts", "contacts", ("U", 1, 7), ("U", 2, 8)).json()["results"] == []
    assert api.batch("update", "contacts", "contacts", ("U", 1, 7), ("U", 2, 7)).status_code == 200


def test_a_paired_label_of_one_object_may_differ_by_side(api: Api, portal: Portal) -> None:
    """Asymmetric types have a limit for each side (E17)."""
    portal.drift.create_label("contacts", "contacts", "Manager", "Employee")
    api.batch("update", "contacts", "contacts", ("U", 1, 1), ("U", 2, 30))

    assert rows(api.all_limits()) == {("U", 1): 1, ("U", 2): 30}


@pytest.mark.parametrize(("kept", "left"), [(False, {}), (True, {("U", 1): 3})])
def test_deleting_a_label_ends_its_limits_unless_rows_are_to_stay(
    api: Api, portal: Portal, boss: int, kept: bool, left: dict[Any, Any]
) -> None:
    """Whether HubSpot leaves rows behind is unknown."""
    portal.configure(keep_limits_of_deleted_labels=kept)
    api.batch("update", *PAIR, ("U", boss, 3))
    api.delete(*PAIR, boss)

    assert portal.limits() == []
    assert rows(api.all_limits()) == left


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": None},
        {"inputs": {}},
        {"inputs": [7]},
        {"inputs": [{"category": "USER_DEFINED", "typeId": 1}]},
        {"inputs": [{"category": "NO_SUCH", "typeId": 1, "maxToObjectIds": 1}]},
        {"inputs": [{"category": "USER_DEFINED", "typeId": "1", "maxToObjectIds": 1}]},
        {"inputs": [{"category": "USER_DEFINED", "typeId": 1, "maxToObjectIds": 1.5}]},
        {"inputs": [{"category": "USER_DEFINED", "typeId": 1, "maxToObjectIds": 2**31}]},
    ],
)
def test_a_wrong_batch_is_a_400(client: httpx.Client, portal: Portal, boss: int, body: dict[str, Any]) -> None:
    """All three fields of every input are required, with their types."""
    path = "/crm/v4/associations/definitions/configurations/contacts/companies/batch/update"

    assert client.post(path, json=body).status_code == 400
    assert portal.limits() == []
