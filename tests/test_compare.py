"""What differs between two documents: laws that hold for any two, and each kind of difference by an example."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.estate.compare import Change, LabelEntry, LimitEntry, compare
from pulumi_hubassoc.estate.declared import declared
from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.estate.spec import SchemaSpec
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import PortalView
from tests.wire import client

ENDS = ["contacts", "companies", "deals", "p_pet"]
TEXTS = ["Alpha", "Beta", "Gamma"]
BILLING = Label("contacts", "companies", "Billing contact", "Billing contact", "billing")
LEGAL = Label("contacts", "companies", "Lawyer", "Client", "legal")
MANAGER = Label("contacts", "contacts", "Manager", "Employee", "manager")


def of_label(label: Label, most: int, *, inverse: bool = False) -> Limit:
    """A limit of a label."""
    direction = label.direction[::-1] if inverse else label.direction
    type_id = label.inverse_type_id if inverse else label.type_id
    return Limit(*direction, facts.USER_DEFINED, type_id, most, label, inverse)


def document(
    *labels: Label, limits: tuple[Limit, ...] = (), source: str = "a", portal_id: int | None = None
) -> Document:
    """A document."""
    return Document(source, labels, limits, (), portal_id)


def other_side(label: Label) -> Label:
    """The same label, declared from its other side."""
    ids = (label.inverse_type_id, label.type_id)
    return Label(*label.direction[::-1], label.inverse_label, label.label, label.name, *ids)


def changes(left: Document, right: Document) -> list[tuple[Change, ...]]:
    """The differences of what is in both; there is nothing else."""
    found = compare(left, right)
    assert (found.only_left, found.only_right) == ((), ())
    return [d.changes for d in found.different]


# --------------------------------------------------------------------------------------------------------------- laws


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any labels, also ones that no portal would take together, with limits, of one of two portals or none."""
    portal_id = draw(st.sampled_from([None, 1, 2]))
    ids = st.integers(1, 6) if portal_id else st.none()
    any_label = st.builds(
        Label,
        st.sampled_from(ENDS),
        st.sampled_from(ENDS),
        st.sampled_from(TEXTS),
        st.sampled_from(TEXTS),
        st.sampled_from([None, "one", "two"]),
        ids,
        ids,
    )
    labels = draw(st.lists(any_label, max_size=5, unique=True))
    limits = [
        of_label(label, draw(st.integers(1, 3)), inverse=inverse)
        for label in labels
        for inverse in (False, True)
        if draw(st.booleans())
    ]
    own = st.sampled_from([t for t in facts.defined_types().values() if t.from_object_type in ENDS])
    for type_ in draw(st.lists(own, max_size=2, unique=True)):
        ends = (type_.from_object_type, type_.to_object_type)
        limits.append(Limit(*ends, facts.HUBSPOT_DEFINED, type_.type_id, draw(st.integers(1, 3))))
    if portal_id and draw(st.booleans()):
        limits.append(Limit("contacts", "p_pet", facts.USER_DEFINED, draw(st.integers(1, 6)), 2))
    return Document(draw(st.sampled_from("ab")), tuple(labels), tuple(limits), (), portal_id)


@given(documents())
def test_a_document_does_not_differ_from_itself(one: Document) -> None:
    """Nothing is only on one side or different."""
    assert not compare(one, one)


@given(documents(), documents())
def test_left_and_right_are_alike(a: Document, b: Document) -> None:
    """The differences of b and a are those of a and b, mirrored."""
    assert compare(a, b).mirrored() == compare(b, a)


@given(documents(), documents())
def test_everything_is_told_once(a: Document, b: Document) -> None:
    """Every label of both is only there, different or the same."""
    found = compare(a, b)
    in_both = len(found.different) + found.same
    alone = compare(a, document()), compare(document(), b)
    if a.portal_id != b.portal_id or a.portal_id is None:  # else limits of unknown labels are told by themselves
        assert len(found.only_left) + in_both == len(alone[0].only_left)
        assert len(found.only_right) + in_both == len(alone[1].only_right)


@given(documents())
def test_order_and_side_mean_nothing(one: Document) -> None:
    """A document whose labels are declared in another order and from their other sides is the same."""
    numbered = {x: replace(x, name=f"n{i}") for i, x in enumerate(one.labels)}  # a portal has a name once
    limits = [x if x.label is None else replace(x, label=numbered[x.label]) for x in one.limits]
    plain = replace(one, labels=tuple(numbered.values()), limits=tuple(limits), portal_id=None)
    turned = replace(
        plain,
        labels=tuple(other_side(x) for x in plain.labels[::-1]),
        limits=tuple(
            x if x.label is None else replace(x, label=other_side(x.label), inverse=not x.inverse) for x in limits
        ),
    )
    assert not compare(plain, turned)


# ----------------------------------------------------------------------------------------------------------- examples


def test_what_is_on_one_side_only_comes_with_its_limits() -> None:
    """A label brings its limits along; a limit of HubSpot's type stands alone and has its name."""
    object_limit = Limit("companies", "contacts", facts.HUBSPOT_DEFINED, 280, 500)
    left = document(BILLING, limits=(of_label(BILLING, 1, inverse=True), object_limit))
    found = compare(left, document(source="b"))
    assert found.only_left == (
        LabelEntry(BILLING, None, 1),
        LimitEntry(object_limit, "companies_to_contacts_unlabeled"),
    )
    assert [entry.title for entry in found.only_left] == ["Billing contact", "unlabeled"]
    assert (found.left, found.right, found.only_right, found.different) == ("a", "b", (), ())


def test_a_name_knows_a_label_again_under_other_texts() -> None:
    """A rename is a difference in texts."""
    assert changes(document(BILLING), document(replace(BILLING, label="Payer", inverse_label="Payer"))) == [
        (Change("label", "Billing contact", "Payer"), Change("inverse_label", "Billing contact", "Payer"))
    ]


def test_texts_know_a_label_again_under_another_name() -> None:
    """A label that was made by hand has another internal name; one that nobody tells is not compared."""
    assert changes(document(LEGAL), document(replace(LEGAL, name="x"))) == [(Change("name", "legal", "x"),)]
    assert changes(document(LEGAL), document(replace(LEGAL, name=None))) == []


def test_direction_is_a_difference_of_paired_labels_between_two_objects() -> None:
    """Texts on the wrong sides are one difference; a single label, and one on one object, have no direction."""
    swapped = replace(LEGAL, label="Client", inverse_label="Lawyer")
    assert changes(document(LEGAL), document(swapped)) == [(Change("direction", "Lawyer / Client", "Client / Lawyer"),)]
    assert changes(document(replace(LEGAL, name=None)), document(swapped))[0][0].field == "direction"
    assert changes(document(BILLING), document(other_side(BILLING))) == []
    assert changes(document(MANAGER), document(other_side(MANAGER))) == []


def test_limits_follow_a_label_on_one_object_to_its_other_side() -> None:
    """Declared from either side, each direction keeps its own limit, and what differs is told of the right one."""
    turned = other_side(MANAGER)
    left = document(MANAGER, limits=(of_label(MANAGER, 1), of_label(MANAGER, 20, inverse=True)))
    same = document(turned, limits=(of_label(turned, 20), of_label(turned, 1, inverse=True)))
    other = document(turned, limits=(of_label(turned, 20), of_label(turned, 2, inverse=True)))
    assert changes(left, same) == []
    (found,) = compare(left, other).different
    assert isinstance(found.left, LabelEntry)
    of_managers = "max" if found.left.label.label == "Manager" else "inverse_max"
    assert found.changes == (Change(of_managers, 1, 2),)


def test_a_single_label_on_one_object_has_one_limit() -> None:
    """Whichever of its two ids carries it."""
    peer = Label("contacts", "contacts", "Peer", "Peer", "peer")
    assert (
        changes(document(peer, limits=(of_label(peer, 5),)), document(peer, limits=(of_label(peer, 5, inverse=True),)))
        == []
    )


def test_a_limit_that_is_missing_is_none() -> None:
    """Both directions are told apart."""
    left = document(LEGAL, limits=(of_label(LEGAL, 3), of_label(LEGAL, 4, inverse=True)))
    assert changes(left, document(LEGAL)) == [(Change("inverse_max", 4, None), Change("max", 3, None))]


def test_in_one_portal_ids_know_a_label_again() -> None:
    """Another text and no name: the ids say that it is the same; in another portal they say nothing."""
    here = replace(BILLING, name=None, type_id=1, inverse_type_id=2)
    renamed = replace(here, label="Payer", inverse_label="Payer")
    assert len(changes(document(here, portal_id=1), document(renamed, portal_id=1))) == 1
    elsewhere = compare(document(here, portal_id=1), document(renamed, portal_id=2))
    assert (len(elsewhere.only_left), len(elsewhere.only_right)) == (1, 1)


def test_a_stack_that_limits_a_label_of_somebody_else_has_the_limit_and_not_the_label() -> None:
    """The portal's label is only there; the limit is in both."""
    label = replace(BILLING, type_id=1, inverse_type_id=2)
    portal = document(label, limits=(of_label(label, 5),), portal_id=1)
    stack = document(limits=(replace(of_label(label, 5), label=None),), portal_id=1)
    found = compare(stack, portal)
    assert (found.only_left, found.only_right, found.different, found.same) == ((), (LabelEntry(label),), (), 1)


@pytest.mark.parametrize("side", ["from", "to"])
def test_a_portal_that_was_made_of_a_schema_does_not_differ_from_it(
    emulator: Emulator, portal: Portal, side: str
) -> None:
    """Written from either side, and with HubSpot's numbers on one side only."""
    spec = SchemaSpec.model_validate(
        {
            "pairs": [
                {
                    "from": "contacts" if side == "from" else "companies",
                    "to": "companies" if side == "from" else "contacts",
                    "labels": {"legal": {"label": "Lawyer", "inverse_label": "Client", "max": 2, "name": "legal"}},
                    "inverse_max": {"unlabeled": 9},
                }
            ]
        }
    )
    (pair,) = spec.pairs
    made = portal.drift.create_label(*pair.ends, "Lawyer", "Client", name="legal")
    portal.drift.set_limit(*pair.ends, made.type_id, 2)
    own = facts.unlabeled_type(*pair.ends[::-1])
    assert own
    portal.drift.set_limit(*pair.ends[::-1], own.type_id, 9, facts.HUBSPOT_DEFINED)
    found = compare(declared(spec, "crm.yaml"), read_portal(PortalView(client(emulator.transport()))))
    assert not found
    assert (found.same, found.right) == (2, "portal 1001")
