"""Programs and providers in the process of the test, and in processes of their own: both tell the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.testing import EmulatedPortal, Outcome, StackFactory
from tests.crm_folder import PROGRAM, make_folder, write

pytestmark = pytest.mark.timeout(240)


BROKEN_PROVIDER = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class BrokenProvider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult(str(1 / 0), {})

class Broken(Resource):
    def __init__(self, name):
        super().__init__(BrokenProvider(), name, {})
"""
BROKEN_PROGRAM = """
from broken import Broken

Broken("broken")
"""
RAISING_PROGRAM = """
def program():
    return {}["nothing"]

program()
"""
WHERE = """
import os
from pulumi.dynamic import CreateResult, ResourceProvider

class Where(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult("1", {"where": f"{os.getpid()} {os.getcwd()}"})
"""
WHERE_PROGRAM = """
import os
import pulumi
from pulumi.dynamic import Resource
from where import Where

class Place(Resource):
    where: pulumi.Output[str]

pulumi.export("provider", Place(Where(), "place", {"where": None}).where)
pulumi.export("program", f"{os.getpid()} {os.getcwd()}")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of files."""
    return make_folder(tmp_path)


@pytest.fixture
def in_both_ways() -> Iterator[Callable[[Callable[[StackFactory, EmulatedPortal], list[Any]]], tuple[Any, Any]]]:
    """Tells a story in process and in processes of their own, each on a portal of its own; what came of each."""
    emulators = []

    def tell(story: Callable[[StackFactory, EmulatedPortal], list[Any]]) -> tuple[Any, Any]:
        told = []
        for mode in ("in-process", "process"):
            emulators.append(Emulator(seed=3))
            portal = EmulatedPortal.added_to(emulators[-1], portal_id=1001)
            told.append(story(StackFactory(portal, mode), portal))  # type: ignore[arg-type]
        return told[0], told[1]

    yield tell
    for emulator in emulators:
        emulator.stop()


def of(outcome: Outcome, portal: EmulatedPortal) -> list[Any]:
    """All that an operation told and asked, in an order that does not depend on threads."""
    result = replace(
        outcome,
        events=tuple(sorted(outcome.events, key=lambda e: (e.urn, e.operation))),
        diagnostics=tuple(sorted(outcome.diagnostics, key=lambda d: (d.urn or "", d.message))),
    )
    return [result, sorted(r.operation for r in portal.requests()), portal.labels(), portal.limits()]


def test_a_whole_life_is_the_same_both_ways(in_both_ways: Any, folder: Path) -> None:
    """Made, unchanged, drifted, refreshed, repaired, renamed and destroyed: every result and request is the same."""

    def story(stacks: StackFactory, portal: EmulatedPortal) -> list[Any]:
        stack = stacks(folder, config={"text": "Payer"})
        told = [of(stack.preview(), portal), of(stack.up(), portal), of(stack.up(), portal)]
        portal.drift.rename_label(portal.type_id("Payer"), "By hand")
        told += [of(stack.refresh(), portal), of(stack.preview(), portal), of(stack.up(), portal)]
        stack.set_config("text", "Billing")
        told += [of(stack.up(), portal), of(stack.destroy(), portal)]
        assert portal.labels() == []
        return told

    in_process, process = in_both_ways(story)
    assert [outcome[0].steps for outcome in in_process] == [
        {"billing": ["create"], "one": ["create"]},
        {"billing": ["create"], "one": ["create"]},
        {},
        {"billing": ["update"]},
        {"billing": ["update"]},
        {"billing": ["update"]},
        {"billing": ["update"]},
        {"billing": ["delete"], "one": ["delete"]},
    ]
    assert in_process == process


def test_failures_are_the_same_both_ways(in_both_ways: Any, folder: Path) -> None:
    """What HubSpot refuses, what check refuses, what passes after a wait and what nobody foresaw read the same."""
    write(folder, {"broken.py": BROKEN_PROVIDER})

    def story(stacks: StackFactory, portal: EmulatedPortal) -> list[Any]:
        write(folder, {"__main__.py": PROGRAM})
        stack = stacks(folder)
        portal.configure(labels_per_pair=0)
        told = [of(stack.up(fails=True), portal)]
        portal.configure(labels_per_pair=50)
        portal.fail("rate_limit", "create_label", retry_after="1")
        told += [of(stack.up(), portal)]
        stack.set_config("text", " ")
        told += [of(stack.preview(fails=True), portal)]
        for name, program in (("broken", BROKEN_PROGRAM), ("raises", RAISING_PROGRAM)):
            write(folder, {"__main__.py": program})
            told += [of(stacks(folder, name=name).up(fails=True), portal)]
        return told

    in_process, process = in_both_ways(story)
    capped, waited, blank, broken, raises = (outcome[0] for outcome in in_process)
    assert [line.partition(":")[0] for line in capped.errors_of("billing")] == ["CapReached"]
    assert waited.ok
    assert "must not be blank" in "".join(d.message for d in blank.diagnostics)
    (unforeseen,) = broken.errors_of("broken")
    assert "Traceback" in unforeseen
    assert unforeseen.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "KeyError: 'nothing'" in "".join(raises.errors)
    assert in_process == process


def test_processes_are_real_where_they_are_asked_for(in_both_ways: Any, folder: Path) -> None:
    """Program and provider of a folder run in that folder, in this process or each in another."""
    write(folder, {"where.py": WHERE, "__main__.py": WHERE_PROGRAM})

    def story(stacks: StackFactory, portal: EmulatedPortal) -> list[Any]:
        stack = stacks(folder)
        stack.up()
        return [stack.outputs["program"].split(" "), stack.outputs["provider"].split(" ")]

    in_process, process = in_both_ways(story)
    here = [str(os.getpid()), str(folder)]
    assert in_process == [here, here]
    assert [place[1] for place in process] == [str(folder)] * 2
    assert len({place[0] for place in [here, *process]}) == 3
