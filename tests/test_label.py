"""The life of a label: every kind of it, changed by programs and by people, on an emulated portal."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import LabelConflict, NotFound, Refused, UnexpectedAnswer
from tests.workbench import LABEL, PAIRED, Props, Workbench

SINGLE_SAME = {**LABEL, "to_object_type": "contacts", "label": "Colleague"}
PAIRED_CROSS = {**LABEL, "inverse_label": "Billed company"}
FOUR_KINDS = {
    "single, two objects": LABEL,
    "paired, two objects": PAIRED_CROSS,
    "single, one object": SINGLE_SAME,
    "paired, one object": PAIRED,
}
kinds = pytest.mark.parametrize("news", FOUR_KINDS.values(), ids=FOUR_KINDS)
id_counts = pytest.mark.parametrize("ids", [1, 2])


def texts(portal: Portal) -> list[tuple[str | None, str | None]]:
    """The texts of the only labels there should be."""
    return [(label.label, label.inverse_label) for label in portal.labels()]


@kinds
@id_counts
def test_a_label_lives_and_dies(bench: Workbench, portal: Portal, news: Props, ids: int) -> None:
    """Created once, read back the same, nothing to do, and gone without a trace after destroy."""
    portal.configure(same_object_single_ids=ids)
    assert bench.up({"x": ("label", news)}) == {"x": "create"}
    [label] = portal.labels(news["from_object_type"], news["to_object_type"])
    stored = bench.state["x"]
    from_, to, forward, inverse = stored.id.split("/")
    assert (from_, to) == (news["from_object_type"], news["to_object_type"])
    assert {int(forward), int(inverse)} == {label.type_id, label.inverse_type_id}
    assert label.seen_from(int(forward)).label == news["label"]
    assert label.seen_from(int(forward)).inverse_label == news.get("inverse_label", news["label"])
    assert label.seen_from(int(forward)).from_object_type == from_
    assert stored.outputs["type_id"] == float(forward)
    assert stored.outputs["inverse_type_id"] == float(inverse)
    assert stored.outputs["category"] == "USER_DEFINED"
    assert stored.outputs["portal_id"] == 1001
    assert label.name == stored.outputs["name"]
    assert bench.refresh() == {"x": "same"}
    assert bench.up({"x": ("label", news)}) == {"x": "same"}
    bench.destroy()
    assert portal.labels() == []


@kinds
def test_a_rename_is_in_place(bench: Workbench, portal: Portal, news: Props) -> None:
    """A new text is one PUT with both texts; id, name and type ids stay."""
    bench.up({"x": ("label", news)})
    before = bench.state["x"]
    assert bench.up({"x": ("label", news | {"label": "Renamed"})}) == {"x": "update"}
    after = bench.state["x"]
    assert after.id == before.id
    assert after.outputs["name"] == before.outputs["name"]
    assert texts(portal) == [("Renamed", news.get("inverse_label", "Renamed"))]
    assert bench.refresh() == {"x": "same"}


@pytest.mark.parametrize("single", [LABEL, SINGLE_SAME])
def test_single_becomes_paired_and_back_in_place(bench: Workbench, portal: Portal, single: Props) -> None:
    """HubSpot has no flag for paired: the texts alone decide, and the ids stay."""
    bench.up({"x": ("label", single)})
    before = bench.state["x"].id
    paired = single | {"inverse_label": "The other side"}
    assert bench.up({"x": ("label", paired)}) == {"x": "update"}
    assert texts(portal) == [(single["label"], "The other side")]
    assert bench.up({"x": ("label", single)}) == {"x": "update"}
    assert texts(portal) == [(single["label"], single["label"])]
    assert bench.state["x"].id == before


def test_a_label_with_one_id_is_replaced_to_become_paired(bench: Workbench, portal: Portal) -> None:
    """Where HubSpot made one id for both sides there is no second text to set: the preview says replace."""
    portal.configure(same_object_single_ids=1)
    bench.up({"x": ("label", SINGLE_SAME)})
    assert bench.up({"x": ("label", SINGLE_SAME | {"label": "Peer"})}) == {"x": "update"}
    assert bench.up({"x": ("label", SINGLE_SAME | {"inverse_label": "Other"})}) == {"x": "replace"}
    assert texts(portal) == [("Colleague", "Other")]


@pytest.mark.parametrize(
    "change",
    [{"from_object_type": "deals"}, {"to_object_type": "tickets"}, {"name": "another_name"}],
    ids=lambda change: next(iter(change)),
)
def test_another_pair_or_name_replaces(bench: Workbench, portal: Portal, change: Props) -> None:
    """What HubSpot cannot change is deleted first and made anew, even with the same text."""
    bench.up({"x": ("label", LABEL)})
    difference, _ = bench.diff("x", LABEL | change)
    assert (difference.changes, difference.delete_before_replace) == (None, True)
    assert list(change) == difference.replaces[:1]
    assert bench.up({"x": ("label", LABEL | change)}) == {"x": "replace"}
    assert len(portal.labels()) == 1
    assert bench.refresh() == {"x": "same"}


def test_both_texts_are_always_sent(bench: Workbench, emulator: Emulator) -> None:
    """HubSpot writes the first text on both sides when the second is not sent."""
    bench.up({"x": ("label", PAIRED)})
    bench.up({"x": ("label", PAIRED | {"label": "Boss"})})
    [put] = emulator.journal.records(operation="update_label")
    assert (put.body["label"], put.body["inverseLabel"]) == ("Boss", "Employee")


def test_an_update_of_nothing_of_hubspots_sends_nothing(bench: Workbench, emulator: Emulator) -> None:
    """A new pickle or another flag is written to the state alone."""
    bench.up({"x": ("label", LABEL)})
    emulator.journal.clear()
    assert bench.up({"x": ("label", LABEL | {"adopt_existing": True})}) == {"x": "update"}
    assert len(emulator.journal) == 0


# ------------------------------------------------------------------------------------------------------------- drift


@kinds
def test_a_rename_by_hand_is_seen_and_repaired(bench: Workbench, portal: Portal, news: Props) -> None:
    """Refresh takes the live texts into the inputs, and the next up sets the program's again."""
    bench.up({"x": ("label", news)})
    [label] = portal.labels()
    portal.drift.rename_label(label.type_id, "By hand", "By hand too")
    assert bench.refresh() == {"x": "changed"}
    assert bench.state["x"].inputs["label"] == "By hand"
    assert bench.state["x"].inputs["inverse_label"] == "By hand too"
    assert bench.up({"x": ("label", news)}) == {"x": "update"}
    assert texts(portal) == [(news["label"], news.get("inverse_label", news["label"]))]
    assert bench.refresh() == {"x": "same"}


@kinds
def test_a_label_deleted_by_hand_is_made_again(bench: Workbench, portal: Portal, news: Props) -> None:
    """Refresh takes it out of the state, and the next up makes it."""
    bench.up({"x": ("label", news)})
    portal.drift.delete_label(portal.labels()[0].type_id)
    assert bench.refresh() == {"x": "gone"}
    assert bench.up({"x": ("label", news)}) == {"x": "create"}
    assert texts(portal) == [(news["label"], news.get("inverse_label", news["label"]))]


@kinds
def test_a_label_made_again_by_hand_is_found(bench: Workbench, portal: Portal, news: Props) -> None:
    """With the same texts and new ids it is the same label: refresh follows it, and up has nothing to do."""
    bench.up({"x": ("label", news)})
    old = portal.labels()[0]
    portal.drift.delete_label(old.type_id)
    pair = (news["from_object_type"], news["to_object_type"])
    new = portal.drift.create_label(*pair, news["label"], news.get("inverse_label"))
    assert bench.refresh() == {"x": "changed"}
    assert int(bench.state["x"].id.split("/")[2]) in {new.type_id, new.inverse_type_id}
    assert bench.up({"x": ("label", news)}) == {"x": "same"}
    assert len(portal.labels()) == 1
    bench.destroy()
    assert portal.labels() == []


def test_another_label_of_that_text_is_not_followed(bench: Workbench, portal: Portal) -> None:
    """A label of the program that was given the text of a deleted one by hand stays itself."""
    program = {"a": ("label", LABEL), "b": ("label", LABEL | {"label": "Payer", "name_suffix": "bbbbbb"})}
    bench.up(program)
    a, b = portal.labels()
    portal.drift.delete_label(a.type_id)
    portal.drift.rename_label(b.type_id, "Billing contact")
    assert bench.refresh() == {"a": "gone", "b": "changed"}


def test_only_one_side_listed_is_no_proof_of_anything(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """A label that one direction shows and the other does not is neither gone nor changed: reading it is refused."""
    bench.up({"x": ("label", LABEL)})
    emulator.arm(Fault("stale", operation="list_labels", skip=1, count=None, writes=1))
    with pytest.raises(UnexpectedAnswer, match="one direction of it and not the other"):
        bench.refresh()
    assert "x" in bench.state


@pytest.mark.parametrize("operation", ["refresh", "destroy"])
def test_an_empty_list_never_means_gone(bench: Workbench, emulator: Emulator, operation: str) -> None:
    """HubSpot's unlabeled type stands in every list of two standard objects; a list without it is not believed."""
    bench.up({"x": ("label", LABEL)})
    emulator.arm(Fault("answer", operation="list_labels", count=None, body={"results": []}))
    with pytest.raises(UnexpectedAnswer, match="lacks what every such list has"):
        getattr(bench, operation)()
    assert "x" in bench.state


# ------------------------------------------------------------------------------------------------------------ delete


@kinds
def test_delete_twice_is_fine(bench: Workbench, portal: Portal, news: Props) -> None:
    """A delete that is repeated finds nothing to do, in the same process or in another."""
    bench.up({"x": ("label", news)})
    stored = bench.state["x"]
    process = bench.process()
    for provider in (process.providers["label"], process.providers["label"], bench.process().providers["label"]):
        provider.delete(stored.id, stored.outputs)
    assert portal.labels() == []


def test_delete_spares_hubspots_own_type_of_that_number(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """The DELETE path has no category: with the label gone, type 1 would be HubSpot's Primary, and nothing is sent."""
    bench.up({"x": ("label", LABEL)})
    assert bench.state["x"].id == "contacts/companies/1/2"
    portal.drift.delete_label(1)
    emulator.journal.clear()
    bench.destroy()
    assert emulator.journal.count(operation="delete_label") == 0


def test_a_label_in_use_is_not_deleted(bench: Workbench, portal: Portal) -> None:
    """Where HubSpot refuses because records carry the label, its words come through and the state keeps the label."""
    portal.configure(refuse_delete_in_use=True)
    bench.up({"x": ("label", LABEL)})
    portal.drift.use_label(portal.labels()[0].type_id)
    with pytest.raises(Refused, match="in use by records — take the label off the records"):
        bench.destroy()
    assert "x" in bench.state


def test_updating_what_is_gone_says_what_to_do(bench: Workbench, portal: Portal) -> None:
    """An update of a deleted label makes nothing and names the two commands that help."""
    bench.up({"x": ("label", LABEL)})
    portal.drift.delete_label(portal.labels()[0].type_id)
    with pytest.raises(NotFound, match="run `pulumi refresh` and then `pulumi up`"):
        bench.up({"x": ("label", LABEL | {"label": "New"})})
    assert portal.labels() == []


# ----------------------------------------------------------------------------------------------------------- look-up


def test_a_look_up_by_id_reads_the_label(bench: Workbench, portal: Portal) -> None:
    """What exists is read with its portal; the inputs are the live ones."""
    label = portal.drift.create_label("contacts", "companies", "Payer")
    read = bench.process().providers["label"].read(f"contacts/companies/{label.type_id}/{label.inverse_type_id}", LABEL)
    assert read.outs["label"] == "Payer"
    assert read.outs["portal_id"] == 1001


@pytest.mark.parametrize("id_", ["contacts/companies/77/78", "contacts/companies/7", "x", "contacts/companies/1/b"])
def test_a_look_up_of_nothing_is_an_error(bench: Workbench, portal: Portal, id_: str) -> None:
    """The engine would not notice an empty answer, and a label with the same text is not the one asked for."""
    portal.drift.create_label("contacts", "companies", str(LABEL["label"]))
    with pytest.raises(Exception, match=r"does not list it|is no id of a label"):
        bench.process().providers["label"].read(id_, LABEL)


# -------------------------------------------------------------------------------------------------------- conflicts


def test_a_label_in_the_way_is_named(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """Somebody else's label with the wanted text is left alone, and the error names it and the ways out."""
    other = portal.drift.create_label("contacts", "companies", "Billing contact")
    with pytest.raises(LabelConflict, match=rf"label {other.type_id} .*adopt_existing=True") as caught:
        bench.up({"x": ("label", LABEL)})
    assert "\n" not in str(caught.value)
    assert portal.labels() == [other]
    assert not any(r.operation in {"create_label", "update_label", "delete_label"} for r in emulator.journal)


@kinds
def test_an_existing_label_is_adopted_when_asked(bench: Workbench, portal: Portal, news: Props) -> None:
    """With adopt_existing the label of that text becomes the resource's, other texts are set, nothing is made."""
    pair = (news["from_object_type"], news["to_object_type"])
    existing = portal.drift.create_label(*pair, news["label"], "Something else")
    bench.up({"x": ("label", news | {"adopt_existing": True})})
    assert bench.state["x"].id == f"{pair[0]}/{pair[1]}/{existing.type_id}/{existing.inverse_type_id}"
    assert texts(portal) == [(news["label"], news.get("inverse_label", news["label"]))]


def test_adopting_from_the_other_side(bench: Workbench, portal: Portal) -> None:
    """A label that was made from companies to contacts is adopted as its contacts side."""
    existing = portal.drift.create_label("companies", "contacts", "Billed by", "Billing contact")
    bench.up({"x": ("label", LABEL | {"inverse_label": "Billed by", "adopt_existing": True})})
    assert bench.state["x"].id == f"contacts/companies/{existing.inverse_type_id}/{existing.type_id}"


def test_a_given_name_is_adopted_by_its_name(bench: Workbench, portal: Portal) -> None:
    """With adopt_existing a label of the same internal name is taken over although its text differs."""
    existing = portal.drift.create_label("contacts", "companies", "Payer", name="billing")
    with pytest.raises(LabelConflict, match=f"label {existing.type_id} has the internal name billing already"):
        bench.up({"x": ("label", LABEL | {"name": "billing"})})
    bench.up({"x": ("label", LABEL | {"name": "billing", "adopt_existing": True})})
    assert astuple(portal.labels()[0])[:4] == (existing.type_id, existing.inverse_type_id, "billing", LABEL["label"])


def test_the_inverse_text_in_the_way_is_named(bench: Workbench, portal: Portal) -> None:
    """A text that another label has on the other side is told apart from one in the same direction."""
    other = portal.drift.create_label("contacts", "companies", "Payer", "Billed company")
    with pytest.raises(LabelConflict, match=f"label {other.inverse_type_id} has the text of its other side"):
        bench.up({"x": ("label", PAIRED_CROSS)})


@pytest.mark.parametrize("extra", [{}, {"adopt_existing": True}])
def test_two_resources_never_share_a_label(bench: Workbench, portal: Portal, extra: Props) -> None:
    """A label that one resource of the program has is not taken over by another, by name or by adoption."""
    with pytest.raises(LabelConflict, match="another resource of this program keeps it"):
        bench.up({"a": ("label", LABEL), "b": ("label", LABEL | extra)})
    assert list(bench.state) == ["a"]
    assert len(portal.labels()) == 1
    with pytest.raises(LabelConflict, match="another resource of this program keeps it"):
        bench.up({"a": ("label", LABEL), "b": ("label", LABEL | extra)})


def test_the_cap_is_final(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """One label too many is refused once, and not sent again."""
    portal.configure(labels_per_pair=1)
    portal.drift.create_label("contacts", "companies", "Payer")
    with pytest.raises(Refused, match="No more than 1 association types"):
        bench.up({"x": ("label", LABEL)})
    assert emulator.journal.count(operation="create_label") == 1


# ---------------------------------------------------------------------------------------------------- custom objects


@pytest.mark.parametrize("kind", ["single", "paired"])
@pytest.mark.parametrize("form", ["id", "p_name", "p_portal_name"])
def test_labels_of_custom_objects(bench: Workbench, portal: Portal, kind: str, form: str) -> None:
    """The first label of a pair makes a plain association beside it, which is neither mistaken for it nor deleted."""
    pet = portal.add_custom_object("pet")
    name = {"id": pet.object_type_id, "p_name": "p_pet", "p_portal_name": "p1001_pet"}[form]
    news: dict[str, Any] = LABEL | {"to_object_type": name} | ({"inverse_label": "Owner"} if kind == "paired" else {})
    bench.up({"x": ("label", news), "y": ("label", news | {"label": "Vet", "name_suffix": "b", "inverse_label": "Of"})})
    assert len(portal.labels()) == 2
    assert sum(label.is_plain for label in portal.state.labels.values()) == 1
    assert bench.refresh() == {"x": "same", "y": "same"}
    assert bench.up({"x": ("label", news | {"label": "Renamed"})}) == {"x": "update", "y": "delete"}
    bench.destroy()
    assert portal.labels() == []
    assert sum(label.is_plain for label in portal.state.labels.values()) == 1


def test_an_archived_custom_object_is_no_deleted_label(bench: Workbench, portal: Portal) -> None:
    """HubSpot does not resolve the object any more: that is an error with advice, and never "gone"."""
    portal.add_custom_object("pet")
    bench.up({"x": ("label", LABEL | {"to_object_type": "p_pet"})})
    portal.drift.archive_custom_object("p_pet")
    for operation in (bench.refresh, bench.destroy):
        with pytest.raises(Refused, match=r"Unable to infer object type from: p_pet — .*pulumi state delete"):
            operation()
    assert "x" in bench.state


def test_a_custom_pair_can_be_empty(bench: Workbench, portal: Portal) -> None:
    """An empty list of a custom pair is believed only if the object's schema does not show the label either."""
    portal.add_custom_object("pet")
    bench.up({"x": ("label", LABEL | {"to_object_type": "p_pet"})})
    label = portal.labels()[0]
    portal.drift.delete_label(label.type_id)
    plain = next(iter(portal.state.labels.values()))
    portal.drift.delete_label(plain.type_id)
    assert bench.refresh() == {"x": "gone"}
