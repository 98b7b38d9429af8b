"""Limits that change hands, and what a preview says of them, in whole stacks under test."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pulumi
import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.emulator import Fault
from pulumi_hubassoc.testing import EmulatedPortal, StackFactory

OBJECT = ("companies", "contacts")


def label(name: str, text: str) -> hubassoc.AssociationLabel:
    """A label between contacts and companies."""
    return hubassoc.AssociationLabel(name, from_object_type="contacts", to_object_type="companies", label=text)


def a_set(name: str, limits: dict[Any, Any], **more: Any) -> hubassoc.AssociationLimitSet:
    """A set of limits of companies' contacts."""
    return hubassoc.AssociationLimitSet(
        name, from_object_type=OBJECT[0], to_object_type=OBJECT[1], limits=limits, **more
    )


@pytest.mark.parametrize("to", ["another set", "a limit"])
def test_a_limit_that_moves_while_it_is_being_removed_stays_set(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, to: str
) -> None:
    """Who takes it over comes while the answer to the removal is under way: it is set after that, and not lost."""
    moved = threading.Event()

    def program() -> None:
        billing, other = label("billing", "Billing"), label("other", "Other")
        if not moved.is_set():
            a_set("old", {billing.inverse: 5, other.inverse: 4})
            return
        a_set("old", {other.inverse: 4})

        async def late() -> int:
            await asyncio.sleep(0.3)
            return 5

        if to == "another set":
            a_set("new", {billing.inverse: pulumi.Output.from_input(late())})
        else:
            maximum = pulumi.Output.from_input(late())
            hubassoc.AssociationLimit("new", association=billing.inverse, max_to_object_ids=maximum)

    stack = hubassoc_stack(program)
    stack.up()
    moved.set()
    hubspot_portal.emulator.arm(Fault("slow", operation="purge_limits", seconds=1.0, count=None))
    stack.up()
    assert (*OBJECT, "Billing", 5) in hubspot_portal.limits()
    assert stack.refresh().changed == {}


@pytest.mark.parametrize("first", [True, False], ids=["object limit first", "set first"])
@pytest.mark.hubassoc(provider="process")
def test_an_object_limit_falls_with_an_entry_that_is_dropped(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, first: bool
) -> None:
    """At parallelism 1 too: what the set is about to remove is removed for whoever it stands in the way of."""
    low = threading.Event()

    def program() -> None:
        billing, other = label("billing", "Billing"), label("other", "Other")

        def object_limit() -> None:
            most = 5 if low.is_set() else 500
            hubassoc.AssociationLimit("object", association=hubassoc.unlabeled(*OBJECT), max_to_object_ids=most)

        if first:
            object_limit()
        a_set("set", {billing.inverse: 4} if low.is_set() else {billing.inverse: 400, other.inverse: 400})
        if not first:
            object_limit()

    stack = hubassoc_stack(program)
    stack.up()
    low.set()
    stack.up(parallel=1)
    hubspot_portal.assert_limits((*OBJECT, None, 5), (*OBJECT, "Billing", 4))
    assert stack.up().changed == {}


BEFORE_AFTER: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    "an entry goes, the object limit falls": ({"object": 10, "billing": 5}, {"object": 3}),
    "the object limit goes, a label's rises": ({"object": 10, "billing": 5}, {"billing": 20}),
}


@pytest.mark.parametrize(("before", "after"), BEFORE_AFTER.values(), ids=BEFORE_AFTER)
@pytest.mark.parametrize("authoritative", [True, False])
def test_no_false_alarm_for_what_the_set_removes_itself(
    hubassoc_stack: StackFactory, before: dict[str, int], after: dict[str, int], authoritative: bool
) -> None:
    """What goes first is in nobody's way."""
    now = [before]

    def program() -> None:
        kinds = {"object": hubassoc.unlabeled(*OBJECT), "billing": label("billing", "Billing").inverse}
        a_set("set", {kinds[kind]: most for kind, most in now[0].items()}, authoritative=authoritative)

    stack = hubassoc_stack(program)
    stack.up()
    now[0] = after
    assert stack.preview().warnings_of("set") == []
    stack.up()


def test_an_authoritative_set_tells_once_what_it_removes(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal
) -> None:
    """A foreign limit above its object limit goes, and so is no reason for a refusal; an entry of its own never goes."""
    hubspot_portal.drift.set_limit(*OBJECT, 2, 8, "HUBSPOT_DEFINED")

    def program() -> None:
        other = label("other", "Other")
        limits = {hubassoc.unlabeled(*OBJECT): 3, label("billing", "Billing").inverse: other.type_id.apply(lambda _: 2)}
        a_set("set", limits, authoritative=True)

    stack = hubassoc_stack(program)
    [told] = stack.preview().warnings_of("set")
    assert told == 'Limits of companies → contacts that are not listed are removed: "Primary" = 8'


@pytest.mark.parametrize("alone", [True, False], ids=["two limits", "a set"])
def test_both_ids_of_a_single_label_on_one_object_are_limited_once(hubassoc_stack: StackFactory, alone: bool) -> None:
    """They carry one limit: two maxima would be set in turn, for ever."""

    def program() -> None:
        peer = hubassoc.AssociationLabel("peer", from_object_type="contacts", to_object_type="contacts", label="Peer")
        ends = {"from_object_type": "contacts", "to_object_type": "contacts"}
        if alone:
            hubassoc.AssociationLimit("one", association=peer.forward, max_to_object_ids=5)
            hubassoc.AssociationLimit("two", association=peer.inverse, max_to_object_ids=7)
        else:
            hubassoc.AssociationLimitSet("two", limits={peer.forward: 5, peer.inverse: 7}, **ends)

    [error] = hubassoc_stack(program).preview(fails=True).errors_of("two")
    assert "the same association type" in error


def test_single_labels_declared_from_either_side_with_one_text(hubassoc_stack: StackFactory) -> None:
    """Both would show it both ways: the preview tells the second."""

    def program() -> None:
        label("one", "Same")
        hubassoc.AssociationLabel("two", from_object_type="companies", to_object_type="contacts", label="Same")

    preview = hubassoc_stack(program).preview()
    assert len([*preview.warnings_of("one"), *preview.warnings_of("two")]) >= 1
