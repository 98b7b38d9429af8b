"""Custom objects: how they are addressed, and their plain associations (E11)."""

from __future__ import annotations

import httpx
import pytest

from pulumi_hubassoc.emulator import CustomObject, Portal

from .conftest import PORTAL_ID, Api


@pytest.fixture
def toy(portal: Portal) -> CustomObject:
    return portal.add_custom_object("toy")


@pytest.mark.parametrize("written", ["2-1001", "p_toy", f"p{PORTAL_ID}_toy"])
def test_a_custom_object_is_known_by_id_and_prefixed_names(api: Api, toy: CustomObject, written: str) -> None:
    """The id and the qualified name belong to one portal; `p_` is portable."""
    api.create(written, "contacts", "owner", "Owner")

    assert "Owner" in api.shown(toy.object_type_id, "contacts").values()


@pytest.mark.parametrize("written", ["toy", "p43_toy", "2-1002"])
def test_a_bare_name_and_another_portals_name_are_refused(api: Api, toy: CustomObject, written: str) -> None:
    """Bare names are rejected since 2025-06-24."""
    answer = api.list(written, "contacts")

    assert answer.status_code == 400
    assert answer.json()["message"] == f"Unable to infer object type from: {written}"


def test_a_new_custom_object_has_no_association_at_all(api: Api, toy: CustomObject) -> None:
    """Its list is empty until somebody makes one."""
    assert api.list("p_toy", "contacts").json() == {"results": []}


def test_the_first_label_makes_the_plain_association_too(api: Api, toy: CustomObject, portal: Portal) -> None:
    """Four results; the plain one is USER_DEFINED with a null text, under a name HubSpot picks (E11)."""
    made = api.create("deals", "p_toy", "first", "First").json()["results"]

    assert sorted(str(r["label"]) for r in made) == ["First", "First", "None", "None"]
    assert {r["category"] for r in made} == {"USER_DEFINED"}
    assert sorted(str(x) for x in api.shown("deals", "p_toy").values()) == ["First", "None"]
    assert portal.label("deal_to_toy").is_plain
    assert len(api.create("deals", "p_toy", "second", "Second").json()["results"]) == 2


def test_an_empty_text_makes_the_plain_association_alone(api: Api, toy: CustomObject, portal: Portal) -> None:
    """Under the name given, counted against no cap (E11)."""
    portal.configure(labels_per_pair=1)

    made = api.create("p_toy", "contacts", "plain_toy", "")

    assert made.status_code == 200
    assert [r["label"] for r in made.json()["results"]] == [None, None]
    assert portal.label("plain_toy").is_plain
    assert len(api.create("p_toy", "contacts", "first", "First").json()["results"]) == 2


def test_a_second_plain_association_is_refused(api: Api, toy: CustomObject) -> None:
    """A pair has one, whoever made it."""
    api.create("p_toy", "contacts", "plain_toy", "")

    for start in ("p_toy", "deals"):
        refused = api.create(start, "contacts", "again", "")
        assert refused.status_code == 400
        assert refused.json()["subCategory"] == "AssociationValidationError.DUPLICATE_ASSOCIATION_LABEL"


def test_the_plain_association_goes_last(api: Api, toy: CustomObject, portal: Portal) -> None:
    """It cannot be deleted while labels exist, and deleting a label leaves it (E11)."""
    api.create("p_toy", "contacts", "first", "First")
    plain, first = portal.label("toy_to_contact"), portal.label("first")

    refused = api.delete("p_toy", "contacts", plain.type_id)
    assert refused.status_code == 400
    assert refused.json()["message"] == (
        f"Definition with label still exists; Cannot delete unlabeled type with associationTypeId {plain.type_id}"
    )
    assert api.delete("p_toy", "contacts", first.type_id).status_code == 204
    assert api.shown("p_toy", "contacts") == {plain.type_id: None}
    assert api.delete("p_toy", "contacts", plain.type_id).status_code == 204


def test_the_plain_association_carries_the_object_limit(api: Api, toy: CustomObject, portal: Portal) -> None:
    """A label's limit is held to it as it is to HubSpot's own unlabeled types."""
    api.create("p_toy", "contacts", "first", "First")
    plain, first = portal.label("toy_to_contact"), portal.label("first")
    api.batch("update", "p_toy", "contacts", ("U", plain.type_id, 5))

    assert api.batch("update", "p_toy", "contacts", ("U", first.type_id, 6)).status_code == 207
    assert api.batch("update", "p_toy", "contacts", ("U", first.type_id, 5)).status_code == 200


def test_archiving_an_object_takes_its_labels_out_of_every_list(api: Api, toy: CustomObject, portal: Portal) -> None:
    """Neither the object nor its labels can be reached any more, and no limit is left."""
    made = portal.drift.create_label("p_toy", "contacts", "First")
    portal.drift.set_limit("p_toy", "contacts", made.type_id, 5)
    portal.drift.archive_custom_object("p_toy")

    assert api.delete("p_toy", "contacts", made.type_id).json()["message"].startswith("Unable to infer object type")
    assert api.all_limits().json() == {"results": []}
    assert portal.labels() == []


def test_schemas_of_custom_objects_are_listed(client: httpx.Client, toy: CustomObject) -> None:
    """With the qualified name that holds the portal's number."""
    results = client.get("/crm/v3/schemas").json()["results"]

    assert [(r["objectTypeId"], r["fullyQualifiedName"]) for r in results] == [("2-1001", f"p{PORTAL_ID}_toy")]
