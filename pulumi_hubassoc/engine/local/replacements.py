"""What else must be replaced when a resource is deleted before its replacement is made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from . import urns
from .providers import Existing, compare
from .run import Run
from .state import ResourceState
from .values import UNKNOWN


class Dependent(NamedTuple):
    """A resource that has to go first, and the properties because of which."""

    state: ResourceState
    keys: tuple[str, ...]


def dependents_to_replace(run: Run, root: ResourceState, decided: Collection[str]) -> list[Dependent]:
    """The resources that a replacement of `root` replaces too, in order of dependency.

    Every dependant's provider is asked for the diff with unknown values for what comes from a resource that goes. Who
    does not answer that it must be replaced stays where it is.

    Args:
        run: the run.
        root: the resource that is to be replaced.
        decided: URNs for which the run has decided already; they cannot depend on `root` any more.
    """
    going = {root.urn}
    found = []
    for state in run.graph.depending_on(root, decided, children=False):
        replaces, keys = _must_go(run, state, going)
        if replaces:
            found.append(Dependent(state, keys))
            going.add(state.urn)
    return found


def _must_go(run: Run, state: ResourceState, going: set[str]) -> tuple[bool, tuple[str, ...]]:
    if not state.custom or state.external:
        return False, ()
    if state.provider_urn in going:
        run.ensure_provider(state.provider)
        return True, ()
    if state.deleted_with in going:
        return True, ()
    touched = {
        key for key, needs in state.property_dependencies.items() if going.intersection(needs) and key in state.inputs
    }
    if not touched:
        return False, ()
    if urns.is_provider_type(state.type):
        run.registry.same(state, checked=False)
    inputs = {key: UNKNOWN if key in touched else value for key, value in state.inputs.items()}
    old = Existing(state.urn, state.id, state.inputs, state.outputs)
    diff, _ = compare(run.provider_for(state), old, inputs, state.ignore_changes, what_if=True)
    diff = diff.with_replace_on_changes(state.replace_on_changes)
    return diff.replaces, diff.replace_keys


def bound_to(run: Run, urn: str) -> list[Dependent]:
    """The resources that go with this one by the options `deleted_with` and `replace_with`."""

    def bound(states: Iterable[ResourceState]) -> dict[str, ResourceState]:
        return {s.urn: s for s in states if s.deleted_with == urn or urn in s.replace_with}

    return [Dependent(state, ()) for state in {**bound(run.olds.values()), **bound(run.news.values())}.values()]
