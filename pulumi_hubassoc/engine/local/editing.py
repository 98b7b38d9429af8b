"""Changes of a state by hand: what ``pulumi state delete``, ``rename``, ``unprotect`` and ``move`` do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from pulumi_hubassoc.engine.interface import EngineError

from . import urns
from .state import Deployment, ResourceState, with_current_names, without_dangling


def _find(deployment: Deployment, urn: str) -> ResourceState:
    state = next((r for r in deployment.resources if r.urn == urn), None)
    if state is None:
        raise EngineError(f"no such resource in the state: {urn}")
    return state


def without(deployment: Deployment, urn: str) -> Deployment:
    """The deployment without one resource.

    Raises:
        EngineError: there is no such resource, it is protected, or others need it.
    """
    state = _find(deployment, urn)
    if state.protect:
        raise EngineError(f"{urn} is protected: unprotect it in the state first")
    needing = [r.urn for r in deployment.resources if any(d.urn == urn for d in r.needs()) or r.provider_urn == urn]
    if needing:
        raise EngineError(f"{urn} can't be safely deleted because these resources depend on it: {', '.join(needing)}")
    return replace(deployment, resources=[r for r in deployment.resources if r is not state])


def renamed(deployment: Deployment, urn: str, name: str) -> Deployment:
    """The deployment with one resource under another name, and every reference to it changed."""
    state = _find(deployment, urn)
    stack, project, types, _ = urn.split("::", 3)
    new = state.copy()
    new.urn = "::".join([stack, project, types, name])
    if any(r.urn == new.urn for r in deployment.resources):
        raise EngineError(f"there is a resource {new.urn} already")
    if urns.is_provider_type(state.type) and name.startswith("default"):
        raise EngineError("the default provider's name is the engine's own: choose another one")
    new.aliases = [urn]
    return replace(deployment, resources=with_current_names([new if r is state else r for r in deployment.resources]))


def unprotected(deployment: Deployment, urn: str | None) -> Deployment:
    """The deployment with one resource, or all (None), no longer protected."""
    if urn is not None:
        _find(deployment, urn)
    resources = [replace(r, protect=False) if urn in (None, r.urn) else r for r in deployment.resources]
    return replace(deployment, resources=resources)


def moved(
    source: Deployment, dest: Deployment, chosen: Collection[str], *, stack: str, project: str
) -> tuple[Deployment, Deployment]:
    """Two deployments after resources, with their children, have moved from one to the other.

    What they need and does not move along, they need no longer; their providers are copied.

    Args:
        source: where they are.
        dest: where they go.
        chosen: their URNs.
        stack: the name of the other stack.
        project: the name of its project.
    """
    for urn in chosen:
        _find(source, urn)
    going: dict[str, ResourceState] = {}
    for state in source.resources:
        if state.urn in chosen or state.parent in going:
            going[state.urn] = state
    providers = {s.provider_urn for s in going.values() if s.provider}
    copied = [s for s in source.resources if s.urn in providers and s.urn not in going]
    root_urn = urns.make(stack, project, "", urns.STACK_TYPE, f"{project}-{stack}")
    root = ResourceState(root_urn, urns.STACK_TYPE, custom=False)
    there = {s.urn for s in dest.resources}
    arriving = [] if root_urn in there else [root]
    names: dict[str, str] = {}
    for state in [*copied, *going.values()]:
        new = state.copy()
        new.parent = names.get(state.parent, root_urn)
        new.urn = names[state.urn] = urns.make(stack, project, new.parent, state.type, urns.name_of(state.urn))
        if new.urn in there and state not in copied:
            raise EngineError(f"the stack {stack} has a resource {new.urn} already")
        _rename_needs(new, names)
        if new.urn not in there:
            arriving.append(new)
    left = without_dangling(s for s in source.resources if s.urn not in going)
    after = [*dest.resources, *without_dangling([*dest.resources, *arriving], tidy=True)[len(dest.resources) :]]
    return replace(source, resources=left), replace(dest, resources=after)


def _rename_needs(state: ResourceState, names: Mapping[str, str]) -> None:
    state.dependencies = [names[u] for u in state.dependencies if u in names]
    state.property_dependencies = {
        key: [names[u] for u in needs if u in names] for key, needs in state.property_dependencies.items()
    }
    state.deleted_with = names.get(state.deleted_with, "")
    if state.provider:
        urn, id_ = urns.split_reference(state.provider)
        state.provider = urns.reference_to(names[urn], id_)
