"""Rules of the step generator that are seen best without a program and without processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from pulumi_hubassoc.engine.local.goals import Alias, Goal
from pulumi_hubassoc.engine.local.run import Targets
from pulumi_hubassoc.engine.local.state import Deployment
from pulumi_hubassoc.engine.local.store import MemoryStore

from .rig import carry_out, goal, provider_goal, urn


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.save(Deployment())
    return store


def apply(store: MemoryStore, goals: Iterable[Goal], **settings: Any) -> list[tuple[str, str]]:
    """Carry goals out; the operations on boxes, in order."""
    sink, _ = carry_out(store, [provider_goal(), *goals], **settings)
    assert not [d for d in sink.diagnostics if d.severity == "error"], sink.diagnostics
    return [(e.operation, e.name) for e in sink.events if "Box" in e.type]


def test_what_is_bound_by_deleted_with_is_replaced_along(store: MemoryStore) -> None:
    """A replaced resource takes those along that are deleted with it, before it is deleted itself."""
    first = replace(goal("a", v=1), replace_on_changes=["v"], delete_before_replace=True)
    bound = replace(goal("b", w=1), deleted_with=urn("a"))
    apply(store, [first, bound])
    changed = replace(first, properties={"v": 2})
    assert apply(store, [changed, bound]) == [
        ("delete-replaced", "b"),
        ("delete-replaced", "a"),
        ("replace", "a"),
        ("create-replacement", "a"),
        ("replace", "b"),
        ("create-replacement", "b"),
    ]


def test_a_replacement_trigger_replaces_when_it_changes(store: MemoryStore) -> None:
    """A first trigger is no change."""
    apply(store, [goal("a", v=1)])
    assert apply(store, [replace(goal("a", v=1), replacement_trigger="x")]) == [("same", "a")]
    operations = apply(store, [replace(goal("a", v=1), replacement_trigger="y")])
    assert operations == [("create-replacement", "a"), ("replace", "a"), ("delete-replaced", "a")]


def test_replace_with_follows_what_it_names(store: MemoryStore) -> None:
    """A resource is replaced because another one is."""
    first, second = replace(goal("a", v=1), replace_on_changes=["v"]), replace(goal("b", w=1), replace_with=[urn("a")])
    apply(store, [first, second])
    operations = apply(store, [replace(first, properties={"v": 2}), second])
    assert ("create-replacement", "b") in operations


def test_what_excludes_name_is_left_alone(store: MemoryStore) -> None:
    """Excluded resources are not updated and not deleted; a pattern names many."""
    apply(store, [goal("a", v=1), goal("b", v=1), goal("c", v=1)])
    operations = apply(store, [goal("a", v=2), goal("b", v=2)], excludes=Targets((urn("b"), urn("c*"))))
    assert sorted(operations) == [("same", "b"), ("same", "c"), ("update", "a")]


def test_a_target_takes_its_dependents_along_when_asked(store: MemoryStore) -> None:
    """``--target-dependents``: what needs the target is dealt with, the rest is not."""
    goals = [goal("a", v=1), goal("b", ["a"], v=1), goal("c", v=1)]
    apply(store, goals)
    changed = [goal("a", v=2), goal("b", ["a"], v=2), goal("c", v=2)]
    operations = apply(store, changed, targets=Targets((urn("a"),)), target_dependents=True)
    assert operations == [("update", "a"), ("update", "b"), ("same", "c")]


def test_two_resources_cannot_claim_one_old_name(store: MemoryStore) -> None:
    """The second one is refused, and says who has the name."""
    apply(store, [goal("old", v=1)])
    claim = {"aliases": [Alias(name="old")]}
    sink, _ = carry_out(store, [provider_goal(), replace(goal("x", v=1), **claim), replace(goal("y", v=1), **claim)])
    errors = [d.message for d in sink.diagnostics if d.severity == "error"]
    [error] = errors
    assert error.startswith(f"Duplicate resource alias '{urn('old')}' applied to resource with URN '{urn('y')}'")
    assert error.endswith(f"conflicting with resource with URN '{urn('x')}'")


def test_a_resource_without_its_provider_in_the_state_is_told(store: MemoryStore) -> None:
    """One sentence names the provider that is missing."""
    apply(store, [goal("a", v=1)])
    kept = store.load()
    assert kept is not None
    store.save(Deployment([r for r in kept.resources if "Box" in r.type]))
    sink, _ = carry_out(store, [])
    assert any("could not find provider" in d.message for d in sink.diagnostics)
