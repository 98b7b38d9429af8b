"""Reading a whole portal: how many requests it takes, and that what is read was so in HubSpot."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.emulator.labels import create_label
from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.estate.document import Document, Label, pair_of
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.hubspot.names import derived_name
from tests.conftest import TOKEN
from tests.portals import document_of, fill, view_of

OBJECTS = ("contacts", "companies", "deals", "tickets")
PAIRS = tuple(itertools.combinations(OBJECTS, 2))


@pytest.fixture
def hub(emulator: Emulator) -> Portal:
    """A portal, 1001, whose token may look at Limits Tracking."""
    return emulator.add_portal(token=TOKEN, portal_id=1001)


@dataclass(frozen=True)
class Read:
    """What was read, and of what."""

    document: Document
    asked: list[str]

    def count(self, operation: str) -> int:
        """How often an operation was asked for."""
        return self.asked.count(operation)


def read(emulator: Emulator, *, exact: bool = False) -> Read:
    """Read the portal."""
    emulator.journal.clear()
    document = read_portal(view_of(emulator), exact=exact)
    return Read(document, [r.operation for r in emulator.journal.records()])


def in_few(emulator: Emulator) -> Read:
    """Read it in few requests; the lists say the same."""
    found = read(emulator)
    assert found.document == read(emulator, exact=True).document
    return found


def test_six_pairs_of_four_objects_take_six_requests(emulator: Emulator, hub: Portal) -> None:
    """The portal, its pairs, its limits, and the schemas of three objects, which show every pair."""
    for number, pair in enumerate(PAIRS):
        hub.drift.create_label(*pair, f"Label {number}", f"Back {number}" if number % 2 else None)
    found = in_few(emulator)
    assert len(found.document.labels) == 6
    assert sorted(found.asked) == sorted(["account", "label_usage", "list_all_limits", *["schema"] * 3])


def test_many_labels_take_two_lists_for_each_pair(emulator: Emulator, hub: Portal) -> None:
    """Which of several texts belongs to which id only lists tell."""
    for pair in PAIRS:
        for number in range(4):
            hub.drift.create_label(*pair, f"Label {number}", name="_".join((*pair, str(number))))
    found = in_few(emulator)
    assert len(found.document.labels) == 24
    assert (found.count("list_labels"), found.count("schema"), len(found.asked)) == (12, 3, 18)


def test_labels_that_have_limits_need_no_lists(emulator: Emulator, hub: Portal) -> None:
    """The list of all limits has their texts and ids in both directions; one label of a pair may be without."""
    for pair in PAIRS:
        for number in range(4):
            label = hub.drift.create_label(*pair, f"{' '.join(pair)} {number}", f"Back {number}")
            if number:
                hub.drift.set_limit(*pair, label.type_id, number)
    found = in_few(emulator)
    assert (len(found.document.labels), len(found.document.limits), len(found.asked)) == (24, 18, 6)


def test_custom_objects_are_told_by_one_list(emulator: Emulator, hub: Portal) -> None:
    """The list of custom objects has their schemas in it; the plain association of a pair is no label."""
    for name in ("pet", "vet"):
        hub.drift.create_custom_object(name)
    for pair in (("p_pet", "contacts"), ("p_vet", "deals"), ("p_pet", "p_vet"), ("p_pet", "p_pet")):
        hub.drift.create_label(*pair, f"Of {' and '.join(pair)}")
    found = in_few(emulator)
    assert len(found.document.labels) == 4
    assert sorted(found.asked) == ["account", "label_usage", "list_all_limits", "schemas"]


def test_limit_of_a_plain_association_needs_one_list(emulator: Emulator, hub: Portal) -> None:
    """Schemas show which objects it is between; its category a list tells, where the pair has no label."""
    hub.drift.create_custom_object("pet")
    label = hub.drift.create_label("p_pet", "contacts", "Owner")
    hub.drift.set_limit("p_pet", "contacts", plain_of(hub, "p_pet", "contacts"), 5)
    assert read(emulator).count("list_labels") == 0
    hub.drift.delete_label(label.type_id)
    found = in_few(emulator)
    assert (len(found.document.limits), found.count("list_labels")) == (1, 1)


def plain_of(portal: Portal, start: str, end: str) -> int:
    """The id of a custom object's unlabeled type."""
    return next(x.type_id for x in portal.types(start, end) if x.label is None)


def test_ids_of_labels_that_are_ids_of_hubspots_own_too(emulator: Emulator, hub: Portal) -> None:
    """Labels 1 and 2 of contacts and companies are not HubSpot's Primary of these numbers, nor are their limits."""
    label = hub.drift.create_label("contacts", "companies", "Referred by")
    assert (label.type_id, label.inverse_type_id) == (1, 2)
    hub.drift.set_limit("contacts", "companies", 1, 3, "HUBSPOT_DEFINED")
    hub.drift.set_limit("companies", "contacts", 2, 4)
    found = in_few(emulator)
    assert len(found.asked) == 4
    told = {(x.category, x.type_id, x.max_to_object_ids, x.label is not None) for x in found.document.limits}
    assert told == {("HUBSPOT_DEFINED", 1, 3, False), ("USER_DEFINED", 2, 4, True)}


def test_objects_with_themselves(emulator: Emulator, hub: Portal) -> None:
    """One text for both sides needs no list; of two texts it tells which is whose."""
    hub.drift.create_label("contacts", "contacts", "Colleague")
    assert len(in_few(emulator).asked) == 4
    hub.drift.create_label("deals", "deals", "Before", "After")
    assert (in_few(emulator).count("list_labels"), len(in_few(emulator).asked)) == (1, 6)


@pytest.mark.parametrize("number", [1, 2])
def test_one_id_or_two_of_a_single_label(emulator: Emulator, hub: Portal, number: int) -> None:
    """However many ids HubSpot makes of a single label on one object."""
    hub.configure(same_object_single_ids=number)
    hub.drift.create_label("contacts", "contacts", "Colleague")
    assert in_few(emulator).document.labels[0].name == "colleague"


def test_what_is_not_proven_is_read_from_lists(emulator: Emulator, hub: Portal) -> None:
    """A changed text, a name that says nothing of the text, a label of an app beside it: each pair is listed."""
    renamed = hub.drift.create_label("contacts", "companies", "Old text")
    hub.drift.rename_label(renamed.type_id, "New text")
    hub.drift.create_label("contacts", "deals", "Champion", name="by_hand")
    hub.drift.create_label("contacts", "tickets", "Watcher")
    hub.drift.create_label("contacts", "tickets", "App's", category="INTEGRATOR_DEFINED")
    hub.drift.create_label(
        "companies", "deals", "Partner", name=derived_name("deals", "companies", "Partner", "abc234")
    )
    hub.drift.create_label("companies", "tickets", "App's too", category="INTEGRATOR_DEFINED")
    found = in_few(emulator)
    assert found.count("list_labels") == 2 * 4
    assert len(found.document.left_out) == 2 * 2


def test_plain_association_whose_name_is_of_the_text(emulator: Emulator, hub: Portal) -> None:
    """HubSpot has named it, or an app: it is not taken for the label, whose name says nothing."""
    hub.drift.create_custom_object("pet")
    hub.drift.create_label("p_pet", "contacts", "Pet to contact", name="by_hand")
    start, end = hub.resolve("p_pet"), hub.resolve("deals")
    sent = b'{"name": "owner", "label": ""}'
    hub.write(lambda state, rules: create_label(state, rules, "", start, end, sent))
    hub.drift.create_label("p_pet", "deals", "Owner", name="by_hand_too")
    hub.drift.create_label("p_pet", "companies", "Owner", name=derived_name("p_pet", "companies", "Owner", "abc234"))
    found = in_few(emulator)
    assert [(x.from_object_type, x.name) for x in found.document.labels] == [
        ("contacts", "by_hand"),
        ("companies", "p_pet_to_companies_owner_abc234"),
        ("deals", "by_hand_too"),
    ]
    assert found.count("list_labels") == 2 * 2


def test_new_label_is_read_from_lists(emulator: Emulator, hub: Portal) -> None:
    """Schemas show it five minutes later; until then the lists, and a label that is alone is matched by its number."""
    hub.configure(schema_name_lag=300.0)
    hub.drift.create_label("contacts", "companies", "Old")
    emulator.clock.advance(301)
    hub.drift.create_label("contacts", "deals", "New")
    found = in_few(emulator)
    assert [(x.label, x.name) for x in found.document.labels] == [("Old", "old"), ("New", None)]
    assert (found.count("list_labels"), found.count("schema"), len(found.asked)) == (2, 2, 7)
    emulator.clock.advance(300)
    assert [len(in_few(emulator).asked), in_few(emulator).document.labels[1].name] == [4, "new"]


def test_pair_that_limits_tracking_does_not_name_yet(emulator: Emulator, hub: Portal) -> None:
    """A schema that is read anyway shows it."""
    hub.drift.create_label("contacts", "companies", "Old")
    emulator.clock.advance(60)
    hub.configure(label_usage_lag=40.0)
    hub.drift.create_label("contacts", "deals", "New")
    hub.drift.create_label("contacts", "companies", "Newer")
    for exact in (False, True):
        assert [x.label for x in read(emulator, exact=exact).document.labels] == ["Newer", "Old", "New"]


def test_text_of_a_moment_ago(emulator: Emulator, hub: Portal) -> None:
    """Limits Tracking has the old one for up to 40 seconds; who must know asks the lists."""
    label = hub.drift.create_label("contacts", "companies", "Old")
    emulator.clock.advance(60)
    hub.configure(label_usage_lag=40.0)
    hub.drift.rename_label(label.type_id, "New")
    assert [x.label for x in read(emulator).document.labels] == ["Old"]
    assert [x.label for x in read(emulator, exact=True).document.labels] == ["New"]
    emulator.clock.advance(40)
    assert [x.label for x in in_few(emulator).document.labels] == ["New"]


def test_without_limits_tracking_every_pair_is_listed(emulator: Emulator, hub: Portal) -> None:
    """Ten pairs of four objects: sixteen lists; and the schemas of those that have labels."""
    hub.drift.create_label("contacts", "companies", "A")
    hub.drift.create_label("contacts", "deals", "B")
    expected = read(emulator).document
    emulator.arm(Fault("forbidden", operation="label_usage", count=None))
    found = read(emulator)
    assert found.document == expected
    assert (found.count("list_labels"), found.count("schema"), len(found.asked)) == (16, 1, 4 + 16 + 1)


def test_without_schemas_labels_have_no_names(emulator: Emulator, hub: Portal) -> None:
    """Lists are read, and the neighbouring numbers are the two directions; what that does not tell is left out."""
    hub.drift.create_label("contacts", "companies", "A")
    hub.drift.create_label("contacts", "deals", "B", "C")
    expected = read(emulator).document
    emulator.arm(Fault("forbidden", operation="schema", count=None))
    found = read(emulator)
    assert found.document.labels == tuple(replace(x, name=None) for x in expected.labels)
    assert (found.count("list_labels"), found.count("schema")) == (4, 3)
    hub.drift.create_label("contacts", "companies", "D")
    emulator.arm(Fault("stale", operation="list_labels", writes=1))
    left_out = read(emulator).document.left_out
    assert [x.what for x in left_out] == ['the label "D" (companies → contacts, type 6)', "internal names of labels"]
    assert all("crm.schemas.custom.read" in x.why for x in left_out)


@pytest.mark.parametrize("operation", ["label_usage", "schema", "list_all_limits", "list_labels"])
def test_failure_of_a_read_is_no_empty_portal(emulator: Emulator, hub: Portal, operation: str) -> None:
    """What HubSpot cannot answer now is told, and never taken for nothing."""
    for text in ("A", "B"):
        hub.drift.create_label("contacts", "companies", text)
    emulator.arm(Fault("status", operation=operation, status=500, count=None))
    with pytest.raises(Refused):
        read(emulator)


def test_a_full_portal(emulator: Emulator, hub: Portal) -> None:
    """Two hundred labels on nine pairs of six objects, four standard and two custom."""
    fill(hub)
    found = in_few(emulator)
    assert (found.count("list_labels"), found.count("schema"), len(found.asked)) == (9, 3, 16)


TEXTS = ("Owner", "Payer", "Boss", "Staff", "Friend")
ENDS = (("contacts", "companies"), ("companies", "contacts"), ("contacts", "deals"), ("deals", "deals"))
PAIR = ENDS[0]
AFTER = ("create", 0, PAIR, "Payer", None, 30)
WAITS = st.sampled_from([0, 1, 30, 60, 200, 400])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "create", "rename", "delete", "limit"]),
        st.integers(0, 20),
        st.sampled_from(ENDS),
        st.sampled_from(TEXTS),
        st.none() | st.sampled_from(TEXTS),
        WAITS,
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(STEPS, st.sampled_from([0.0, 40.0]), st.sampled_from([0.0, 300.0]), st.sampled_from([0.0, 60.0, 300.0]))
@example([("create", 0, PAIR, "Boss", None, 400), ("delete", 0, PAIR, "", None, 0), AFTER], 0.0, 300.0, 60.0)
@example([("create", 0, PAIR, "Boss", "Staff", 400), ("delete", 0, PAIR, "", None, 0), AFTER], 40.0, 300.0, 0.0)
def test_every_label_that_is_read_was_there_as_it_is_read(
    steps: list[tuple[str, int, tuple[str, str], str, str | None, int]], late: float, names: float, stale: float
) -> None:
    """However late each answer is: no id has the text of another label, and no name the id of another.

    Provided that nobody gives a new label the internal name of one that was deleted in the last minutes.
    """
    emulator = Emulator(seed=7)
    hub = emulator.add_portal(token=TOKEN, portal_id=1001)
    hub.configure(label_usage_lag=late, schema_name_lag=names, reserve_deleted_names=True)
    emulator.arm(Fault("stale", operation="schema", seconds=stale, count=None))
    emulator.clock.advance(1000)
    was: set[tuple[object, ...]] = set()
    for what, which, ends, text, inverse, wait in steps:
        change(hub, what, which, ends, text, inverse)
        was |= labels_of(hub)
        emulator.clock.advance(wait)
    document = document_of(emulator)
    for label in document.labels:
        assert key_of(label) in {x if label.name else (*x[:-1], None) for x in was}, document
    emulator.clock.advance(1000)
    emulator.disarm()
    assert set(map(key_of, document_of(emulator).labels)) == labels_of(hub)


def change(hub: Portal, what: str, which: int, ends: tuple[str, str], text: str, inverse: str | None) -> None:
    """Do one thing in HubSpot's pages, unless HubSpot refuses it."""
    there = hub.labels()
    try:
        if what == "create":
            hub.drift.create_label(*ends, text, inverse)
        elif there:
            label = there[which % len(there)]
            if what == "delete":
                hub.drift.delete_label(label.type_id)
            elif what == "rename":
                hub.drift.rename_label(label.type_id, text, inverse)
            else:
                hub.drift.set_limit(label.from_object_type, label.to_object_type, label.type_id, 5)
    except Refusal:
        pass


def labels_of(hub: Portal) -> set[tuple[object, ...]]:
    """The labels that are there, from the side from which documents see them."""
    found = set()
    for x in hub.labels():
        label = Label(x.from_object_type, x.to_object_type, x.label or "", x.inverse_label or "", x.name)
        label = replace(label, type_id=x.type_id, inverse_type_id=x.inverse_type_id)
        found.add(key_of(label))
    return found


def key_of(label: Label) -> tuple[object, ...]:
    """A label whichever side it is seen from: its pair, both sides with text and id, the name."""
    sides = frozenset(
        {
            (label.direction, label.label, label.type_id),
            (label.direction[::-1], label.inverse_label, label.inverse_type_id),
        }
    )
    return (pair_of(label.direction), sides, label.name)
