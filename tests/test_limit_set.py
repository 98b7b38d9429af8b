"""A set of limits: one request whatever changes, in an order that HubSpot takes, and nothing that is somebody else's."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import HubAssocError, Refused, UnexpectedAnswer
from tests.conftest import TOKEN
from tests.workbench import LABEL, PAIRED, Props, Workbench, emptied, faults_of

OBJECT = ("HUBSPOT_DEFINED", 279)
ENDS = {"from_object_type": "contacts", "to_object_type": "companies"}
EMULATOR = Emulator(seed=7)
EMULATOR.add_portal(token=TOKEN, portal_id=1001)
Maxima = dict[tuple[str, int], int]


def a_set(maxima: Maxima, **more: Any) -> Props:
    """A set of limits as a program gives it."""
    limits = [{"category": c, "type_id": i, "max_to_object_ids": most} for (c, i), most in maxima.items()]
    return {**ENDS, "limits": limits, **more}


def labels(portal: Portal, n: int) -> list[tuple[str, int]]:
    """So many labels made by hand; the keys of their forward sides."""
    made = [portal.drift.create_label("contacts", "companies", f"Label {i}", f"Inverse {i}") for i in range(n)]
    return [("USER_DEFINED", label.type_id) for label in made]


def live(portal: Portal) -> Maxima:
    """The limits of the portal."""
    return {(x.category, x.type_id): x.max_to_object_ids for x in portal.limits()}


def writes(emulator: Emulator) -> Counter[str]:
    """The writes since this was last asked."""
    counted = Counter(r.operation for r in emulator.journal.records() if r.method != "GET")
    emulator.journal.clear()
    return counted


def test_a_set_lives_and_dies(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """Set by one request, read back the same, nothing to do, changed by one request, gone by one."""
    one, two = labels(portal, 2)
    assert bench.up({"set": ("limits", a_set({two: 4, OBJECT: 10, one: 3}))}) == {"set": "create"}
    assert bench.state["set"].id == "contacts/companies"
    assert live(portal) == {OBJECT: 10, one: 3, two: 4}
    assert writes(emulator) == {"update_limits": 1}
    assert bench.refresh() == {"set": "same"}
    assert bench.up({"set": ("limits", a_set({one: 3, two: 4, OBJECT: 10}))}) == {"set": "same"}, "order says nothing"
    assert bench.up({"set": ("limits", a_set({one: 5, OBJECT: 9}))}) == {"set": "update"}
    assert live(portal) == {OBJECT: 9, one: 5}
    assert writes(emulator) == {"update_limits": 1, "purge_limits": 1}
    bench.destroy()
    assert live(portal) == {}
    assert writes(emulator) == {"purge_limits": 1}


STEPS = [10, 4, 7, None]
MODES = {
    "batch_validation": ["each", "joint", "before"],
    "mixed_batch": ["partial", "cancel"],
    "range_errors": ["item", "request"],
}


@pytest.mark.parametrize("modes", list(itertools.product(*MODES.values())), ids="-".join)
def test_any_change_ends_right_in_one_run(modes: tuple[str, ...]) -> None:
    """From every allowed set of limits to every other: one purge at most, and one update where HubSpot checks in order."""
    portal = emptied(EMULATOR)
    portal.configure(**dict(zip(MODES, modes, strict=True)))
    one, two = labels(portal, 2)
    ends: list[Maxima] = []
    for o, a, b in itertools.product(STEPS, STEPS, [3, None]):
        maxima = {key: most for key, most in zip((OBJECT, one, two), (o, a, b), strict=True) if most is not None}
        if o is None or all(most <= o for most in maxima.values()):
            ends.append(maxima)
    assert len(ends) > 15
    for before, after in itertools.permutations(ends, 2):
        bench = Workbench(EMULATOR, {"hubassoc:accessToken": TOKEN})
        bench.up({"set": ("limits", a_set(before))})
        assert live(portal) == before
        writes(EMULATOR)
        bench.up({"set": ("limits", a_set(after))})
        assert live(portal) == after, (before, after)
        spent = writes(EMULATOR)
        assert spent["purge_limits"] == int(bool(before.keys() - after.keys()))
        assert spent["update_limits"] <= (1 if modes[0] != "before" else 3)
        bench.destroy()


def test_what_is_not_listed_is_left_alone(bench: Workbench, portal: Portal) -> None:
    """A limit that a person set stays, through changes of the set and its end."""
    one, two = labels(portal, 2)
    portal.drift.set_limit("contacts", "companies", two[1], 2, two[0])
    bench.up({"set": ("limits", a_set({one: 3}))})
    assert bench.refresh() == {"set": "same"}
    bench.up({"set": ("limits", a_set({OBJECT: 7}))})
    assert live(portal) == {two: 2, OBJECT: 7}
    bench.destroy()
    assert live(portal) == {two: 2}


def test_an_authoritative_set_removes_what_is_not_listed(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """At once, and again where a person sets one later: refresh shows it, and the next up removes it."""
    one, two = labels(portal, 2)
    portal.drift.set_limit("contacts", "companies", two[1], 2, two[0])
    portal.drift.set_limit("companies", "contacts", 280, 9, "HUBSPOT_DEFINED")
    program = {"set": ("limits", a_set({one: 3}, authoritative=True))}
    bench.up(program)
    other_direction = {("HUBSPOT_DEFINED", 280): 9}
    assert live(portal) == {one: 3} | other_direction
    portal.drift.set_limit("contacts", "companies", 1, 1, "HUBSPOT_DEFINED")
    assert bench.refresh() == {"set": "changed"}
    assert bench.up(program) == {"set": "update"}
    assert live(portal) == {one: 3} | other_direction
    assert bench.refresh() == {"set": "same"}


def test_turning_authoritative_removes_the_others(bench: Workbench, portal: Portal) -> None:
    """The change alone is an update that removes them."""
    one, two = labels(portal, 2)
    portal.drift.set_limit("contacts", "companies", two[1], 2, two[0])
    bench.up({"set": ("limits", a_set({one: 3}))})
    assert bench.up({"set": ("limits", a_set({one: 3}, authoritative=True))}) == {"set": "update"}
    assert live(portal) == {one: 3}


def test_an_empty_authoritative_set_keeps_a_direction_without_limits(bench: Workbench, portal: Portal) -> None:
    """No limits at all is a state that can be declared, and is no set that is gone."""
    portal.drift.set_limit("contacts", "companies", 279, 2, "HUBSPOT_DEFINED")
    bench.up({"set": ("limits", a_set({}, authoritative=True))})
    assert live(portal) == {}
    assert bench.refresh() == {"set": "same"}


def test_drift_is_seen_and_repaired(bench: Workbench, portal: Portal) -> None:
    """A limit changed or removed by hand shows in the inputs; the set is never gone."""
    one, two = labels(portal, 2)
    program = {"set": ("limits", a_set({one: 3, two: 4}))}
    bench.up(program)
    portal.drift.set_limit("contacts", "companies", one[1], 2, one[0])
    portal.drift.remove_limit(*two)
    assert bench.refresh() == {"set": "changed"}
    assert bench.state["set"].inputs["limits"] == [
        {"category": one[0], "type_id": float(one[1]), "max_to_object_ids": 2.0}
    ]
    assert bench.up(program) == {"set": "update"}
    assert live(portal) == {one: 3, two: 4}


def test_labels_that_are_gone_leave_the_set(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """The limit of a deleted label went with it: taking it out of the set needs no request that names it."""
    one, two = labels(portal, 2)
    bench.up({"set": ("limits", a_set({one: 3, two: 4}))})
    portal.drift.delete_label(two[1])
    writes(emulator)
    assert bench.up({"set": ("limits", a_set({one: 5}))}) == {"set": "update"}
    assert live(portal) == {one: 5}
    assert writes(emulator) == {"update_limits": 1}


@pytest.mark.parametrize("ids", [1, 2])
@pytest.mark.parametrize("symmetric", ["mirror", "both_needed"])
def test_both_ids_of_a_single_label_on_one_object_are_one_limit(
    bench: Workbench, portal: Portal, symmetric: str, ids: int
) -> None:
    """Either id may be listed; the other is not taken for somebody else's limit."""
    portal.configure(symmetric_limits=symmetric, same_object_single_ids=ids)
    made = portal.drift.create_label("contacts", "contacts", "Colleague")
    ends = {"from_object_type": "contacts", "to_object_type": "contacts"}
    program = {"set": ("limits", a_set({("USER_DEFINED", made.type_id): 3}, authoritative=True) | ends)}
    bench.up(program)
    assert set(live(portal).values()) == {3}
    assert len(live(portal)) == ids
    assert bench.refresh() == {"set": "same"}
    assert bench.up({"set": ("limits", a_set({}, authoritative=True) | ends)}) == {"set": "update"}
    assert live(portal) == {}


def test_a_limit_moves_between_a_set_and_a_resource_of_its_own(bench: Workbench, portal: Portal) -> None:
    """Whoever gives it up does not remove what the other has set in the same run."""
    alone: Props = {**ENDS, "category": OBJECT[0], "type_id": OBJECT[1], "max_to_object_ids": 7}
    bench.up({"limit": ("limit", alone), "set": ("limits", a_set({}))})
    bench.up_together({"set": ("limits", a_set({OBJECT: 7}))}, 1)
    assert live(portal) == {OBJECT: 7}
    bench.up_together({"set": ("limits", a_set({})), "limit": ("limit", alone)}, 1)
    assert live(portal) == {OBJECT: 7}


def test_a_refusal_names_the_limit_in_the_way(bench: Workbench, portal: Portal) -> None:
    """An object limit that is not in the set stands above its labels all the same."""
    (one,) = labels(portal, 1)
    portal.drift.set_limit("contacts", "companies", 279, 2, "HUBSPOT_DEFINED")
    with pytest.raises(Refused, match="the object limit of contacts → companies is 2"):
        bench.up({"set": ("limits", a_set({one: 3}))})


def test_a_list_that_cannot_be_believed_changes_nothing(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """An empty list of all limits is contradicted by the direction's own."""
    (one,) = labels(portal, 1)
    bench.up({"set": ("limits", a_set({one: 3}))})
    emulator.arm(Fault("answer", operation="list_all_limits", count=None, body={"results": []}))
    with pytest.raises(UnexpectedAnswer, match="not taken as removed"):
        bench.refresh()


FAULTS: list[tuple[Props, str]] = [
    ({"limits": None}, "is missing"),
    ({"limits": 3}, "must be a mapping of labels or references to maxima"),
    ({"limits": [3]}, "must be a mapping of labels or references to maxima"),
    (a_set({OBJECT: 0}), "HUBSPOT_DEFINED 279: max_to_object_ids must be a whole number of at least 1, and is 0"),
    (a_set({("USER_DEFINED", 0): 1}), "USER_DEFINED 0: type_id must be a whole number"),
    (a_set({("MINE", 4): 1}), "MINE 4: category must be one of"),
    ({"limits": [{"category": "USER_DEFINED", "type_id": 1}]}, "USER_DEFINED 1: max_to_object_ids is missing"),
    ({"limits": [*a_set({OBJECT: 1})["limits"], *a_set({OBJECT: 2})["limits"]]}, "HUBSPOT_DEFINED 279 is listed twice"),
    (
        a_set({OBJECT: 3, ("USER_DEFINED", 8): 4}),
        "USER_DEFINED 8 = 4 is above the object limit of contacts → companies, 3",
    ),
    (a_set({("HUBSPOT_DEFINED", 280): 4}), "HubSpot's type 280 is of companies → contacts"),
    ({"authoritative": "yes"}, "valid boolean"),
    (
        {
            "limits": [
                {**ENDS, "from_object_type": "0-3", "category": "USER_DEFINED", "type_id": 1, "max_to_object_ids": 1}
            ]
        },
        "USER_DEFINED 1 is of deals → companies, and this is the set of contacts → companies",
    ),
]


@pytest.mark.parametrize(("change", "reason"), FAULTS)
def test_a_bad_set_is_refused_with_a_reason(change: Props, reason: str) -> None:
    """Each fault is told at preview, in words."""
    [(_, why)] = faults_of("limits", a_set({}) | change)
    assert reason in why


def test_all_faults_of_a_set_are_told_at_once() -> None:
    """Every entry that is wrong is named."""
    [(_, why)] = faults_of("limits", a_set({OBJECT: 0, ("USER_DEFINED", 8): -1}))
    assert "HUBSPOT_DEFINED 279" in why
    assert "USER_DEFINED 8" in why


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.dictionaries(st.integers(0, 5), st.integers(1, 9), max_size=6), min_size=1, max_size=5), st.booleans()
)
def test_any_sequence_of_sets_ends_as_the_last(sequence: list[dict[int, int]], authoritative: bool) -> None:
    """Six labels, any limits, any drift before: the portal has the last set, and check gives back its own answer."""
    portal = emptied(EMULATOR)
    keys = labels(portal, 6)
    bench = Workbench(EMULATOR, {"hubassoc:accessToken": TOKEN})
    for listed in sequence:
        maxima = {keys[i]: most for i, most in listed.items()}
        program = {"set": ("limits", a_set(maxima, authoritative=authoritative))}
        bench.up(program)
        assert live(portal) == maxima
        assert bench.refresh() == {"set": "same"}
        checked = bench.process().check("limits", program["set"][1])
        assert bench.process().check("limits", checked) == checked


def test_labels_and_their_limits_are_made_together(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """N labels with N limits on one direction: N + 1 writes."""
    bench.up(
        {"a": ("label", LABEL), "b": ("label", LABEL | {"label": "Other", "name_suffix": "x"}), "c": ("label", PAIRED)}
    )
    keys = [("USER_DEFINED", int(bench.state[name].id.split("/")[2])) for name in "ab"]
    writes(emulator)
    bench.up(
        {
            **{n: (s.kind, dict(s.inputs)) for n, s in bench.state.items()},
            "set": ("limits", a_set(dict.fromkeys(keys, 2))),
        }
    )
    assert writes(emulator) == {"update_limits": 1}


FAILURES: list[Any] = [
    Fault("lost_answer", count=1),
    Fault("reset", count=1),
    Fault("status", status=503, count=1),
    Fault("status", status=500, count=1),
    Fault("answer", body={"status": "COMPLETE", "results": []}, count=1),
]


@pytest.mark.parametrize("operation", ["update_limits", "purge_limits", "list_all_limits", "list_labels"])
@pytest.mark.parametrize("fault", FAILURES, ids=lambda fault: f"{fault.kind} {fault.status or ''}")
def test_a_rerun_converges_whatever_happens_to_a_request(
    bench: Workbench, portal: Portal, emulator: Emulator, operation: str, fault: Fault
) -> None:
    """Each write sets or removes what it names, so it can be sent again: by this run, or by the next one."""
    one, two = labels(portal, 2)
    for maxima in ({one: 3, OBJECT: 9}, {two: 12, OBJECT: 12}, {two: 2}, {}):
        program = {"set": ("limits", a_set(maxima, authoritative=True))}
        emulator.arm(replace(fault, operation=operation))
        with contextlib.suppress(HubAssocError):
            bench.up(program)
        emulator.disarm()
        bench.up(program)
        if fault.kind == "answer":  # a lie that nothing contradicts is found by the next refresh
            bench.refresh()
            bench.up(program)
        assert live(portal) == maxima
        assert bench.refresh() == {"set": "same"}
