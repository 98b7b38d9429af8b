"""Resources of one program: sets of limits, mistakes that are told together, and what two may not both set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.provider import Provider
from pulumi_hubassoc.resources.label import LabelProvider
from pulumi_hubassoc.resources.limit import LimitProvider
from pulumi_hubassoc.resources.limit_set import LimitSetProvider
from tests.recorder import Run, label, limit
from tests.workbench import wire

# ------------------------------------------------------------------------------------------------ sets of limits


def a_set(limits: Any, name: str = "set", **kwargs: Any) -> hubassoc.AssociationLimitSet:
    """A set of limits of contacts' companies."""
    ends = {"from_object_type": "contacts", "to_object_type": "companies"}
    return hubassoc.AssociationLimitSet(name, limits=limits, **(ends | kwargs))


def test_a_set_is_registered_with_its_token_and_limits(run: Run) -> None:
    """Labels and references stand for category and type id; check gives them one form."""
    run(lambda: a_set({label(): 3, hubassoc.unlabeled("contacts", "companies"): 9, label("b").forward: 4}).id)
    assert run.request("set").type == "pulumi-python:dynamic/hubassoc:AssociationLimitSet"
    assert run.request("set").deleteBeforeReplace
    checked = LimitSetProvider().check({}, wire({**run.inputs("set"), "limits": run.inputs("set")["limits"][:2]}))
    assert checked.failures == []
    assert checked.inputs["limits"] == [
        {"category": "HUBSPOT_DEFINED", "type_id": 279, "max_to_object_ids": 9},
        {"category": "USER_DEFINED", "type_id": 12, "max_to_object_ids": 3},
    ]


def test_a_set_is_of_one_direction(run: Run) -> None:
    """A label's other direction belongs to the set of that direction."""
    run(lambda: a_set({label().inverse: 3}).id)
    [failure] = LimitSetProvider().check({}, wire(run.inputs("set"))).failures
    assert "USER_DEFINED 13 is of companies → contacts, and this is the set of contacts → companies" in failure.reason


@pytest.mark.parametrize(("limits", "kind"), [({"billing": 3}, "str"), ([1], "list"), (None, "NoneType")])
def test_what_no_limit_can_be_of(run: Run, limits: Any, kind: str) -> None:
    """A text, or no mapping at all, is told at preview."""
    run(lambda: a_set(limits).id)
    [failure] = LimitSetProvider().check({}, wire(run.inputs("set"))).failures
    assert f"not {kind}" in failure.reason


# -------------------------------------------------------------------------------- what resources of one program tell

OBJECT_LIMIT = hubassoc.unlabeled("contacts", "companies")


def refusals(run: Run, name: str, provider: type[Provider[Any]]) -> list[str]:
    """What the check of a resource is told of its program."""
    return [f.reason for f in provider().check({}, wire(run.inputs(name))).failures]


def test_mistakes_of_a_whole_program_are_told_together(run: Run) -> None:
    """The resource whose check fails first tells those of all others; one that is right tells nothing."""

    def program() -> Any:
        made = [label("fine"), label("blank", label=" "), limit(OBJECT_LIMIT, "zero", from_object_type="x")]
        return [r.id for r in (*made, label("typo", to_object_type="compnies"))]

    run(program)
    assert refusals(run, "fine", LabelProvider) == []
    blank, zero, typo = (
        refusals(run, name, kind)
        for name, kind in (("blank", LabelProvider), ("zero", LimitProvider), ("typo", LabelProvider))
    )
    assert blank[0] == "must not be blank, and is ' '"
    assert [line.split(": ")[0] for line in blank[1:]] == [
        "also AssociationLimit 'zero'",
        "also AssociationLabel 'typo'",
    ]
    assert "give one or the other" in zero[0]
    assert [line.split(": ")[0] for line in zero[1:]] == [
        "also AssociationLabel 'blank'",
        "also AssociationLabel 'typo'",
    ]
    assert "'compnies' is no object type" in typo[0]
    assert len(typo) == 3


def test_a_run_does_not_know_of_the_one_before(run: Run) -> None:
    """Mistakes of a program that was corrected are not told again."""
    run(lambda: label("blank", label=" ").id)
    run(lambda: label("typo", to_object_type="compnies").id)
    assert len(refusals(run, "typo", LabelProvider)) == 1


SAME_TYPE = {
    "two limits": lambda: [limit(OBJECT_LIMIT, "one"), limit(OBJECT_LIMIT, "two")],
    "a limit and a set": lambda: [limit(OBJECT_LIMIT, "one"), a_set({OBJECT_LIMIT: 3}, "two")],
    "a limit by numbers": lambda: [
        limit(OBJECT_LIMIT, "one"),
        limit(
            None,
            "two",
            from_object_type="contacts",
            to_object_type="companies",
            category="HUBSPOT_DEFINED",
            type_id=279,
        ),
    ],
    "two sets": lambda: [a_set({OBJECT_LIMIT: 3}, "one"), a_set({OBJECT_LIMIT: 3}, "two")],
}


@pytest.mark.parametrize("program", SAME_TYPE.values(), ids=SAME_TYPE)
def test_a_type_is_limited_once(run: Run, program: Callable[[], Any]) -> None:
    """Both resources are named; the second is refused."""
    resources: list[Any] = []
    run(lambda: [resources.extend(program()), *(r.id for r in resources)][1:])
    first, second = (
        "AssociationLimitSet" if isinstance(r, hubassoc.AssociationLimitSet) else "AssociationLimit" for r in resources
    )
    provider = LimitSetProvider if second == "AssociationLimitSet" else LimitProvider
    assert refusals(run, "two", provider) == [
        f"{first} 'one' limits the same association type: keep it in one of the two"
    ]
    assert refusals(run, "one", LimitSetProvider if first == "AssociationLimitSet" else LimitProvider) == []


def test_types_that_are_known_later_are_not_taken_for_one(run: Run) -> None:
    """Two numbers that nobody knows yet are not the same number."""

    def program() -> Any:
        ends = ("contacts", "companies", "USER_DEFINED")
        found = [hubassoc.AssociationReference(*ends, pulumi.Output.from_input(i)) for i in (5, 7)]
        return [limit(found[0], "a").id, limit(found[1], "b").id]

    run(program)
    assert [refusals(run, name, LimitProvider) for name in "ab"] == [[], []]


def test_each_side_of_a_label_has_a_limit_of_its_own(run: Run) -> None:
    """And each provider its own, because it may be another portal."""

    def program() -> Any:
        made = label()
        there = pulumi.ResourceOptions(provider=hubassoc.Provider("there", access_token="t"))
        limits = [
            limit(made, "a"),
            limit(made.inverse, "b"),
            limit(OBJECT_LIMIT, "c"),
            limit(OBJECT_LIMIT, "d", opts=there),
        ]
        return [r.id for r in limits]

    run(program)
    assert [refusals(run, name, LimitProvider) for name in "abcd"] == [[], [], [], []]


@pytest.mark.parametrize("authoritative", [True, False])
def test_an_authoritative_set_is_alone_in_its_direction(run: Run, authoritative: bool) -> None:
    """It would remove what the other sets; by a label's direction too. Other directions do not matter."""

    def program() -> Any:
        made = label()
        others = [limit(made.inverse, "back"), limit(made, "forth")]
        return [r.id for r in (a_set({OBJECT_LIMIT: 9}, authoritative=authoritative), *others)]

    run(program)
    assert refusals(run, "back", LimitProvider) == []
    assert refusals(run, "forth", LimitProvider) == []
    reason = "AssociationLimit 'forth' sets limits of the same direction, and one of the two is authoritative: list them there"
    assert refusals(run, "set", LimitSetProvider) == ([reason] if authoritative else [])
