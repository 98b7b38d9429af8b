"""Who depends on whom, read off a list of resources in which each comes after all that it needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .state import PARENT, ResourceState


class DependencyGraph:
    """The dependencies among resources of a state.

    Args:
        resources: in the order of the state.
    """

    def __init__(self, resources: Sequence[ResourceState]) -> None:
        self.resources = list(resources)
        self._index = {id(r): n for n, r in enumerate(self.resources)}
        self._by_urn: dict[str, list[int]] = {}
        self._children: dict[str, list[int]] = {}
        for n, r in enumerate(self.resources):
            self._by_urn.setdefault(r.urn, []).append(n)
            if r.parent:
                self._children.setdefault(r.parent, []).append(n)

    def __contains__(self, state: ResourceState) -> bool:
        return id(state) in self._index

    def stand_for(self, new: ResourceState, old: ResourceState) -> None:
        """Let a new state take an old one's place."""
        self._index[id(new)] = self._index[id(old)]

    def depending_on(self, root: ResourceState, ignore: Collection[str], children: bool) -> list[ResourceState]:
        """All that depend on `root`, directly or not, in order.

        Args:
            root: the resource.
            ignore: URNs that do not count.
            children: whether a child depends on its parent.
        """
        reached = {root.urn}
        found = []
        for state in self.resources[self._index[id(root)] + 1 :]:
            if state.urn in ignore:
                continue
            needs = (d.urn for d in state.needs() if children or d.kind != PARENT)
            if any(urn in reached for urn in needs) or state.provider_urn in reached:
                found.append(state)
                reached.add(state.urn)
        return found

    def dependencies_of(self, state: ResourceState) -> list[ResourceState]:
        """What the resource needs directly, parent and provider among it; with a component, all that is inside it."""
        place = self._index[id(state)]
        urns_ = {d.urn for d in state.needs() if d.kind != PARENT} | ({state.provider_urn} if state.provider else set())
        found: dict[int, None] = {}
        for urn in urns_:
            for n in self._by_urn.get(urn, ()):
                if n < place:
                    found[n] = None
                    if not self.resources[n].custom:
                        found.update(dict.fromkeys(m for m in self._descendants(urn) if m < place))
        found.update(dict.fromkeys(n for n in self._by_urn.get(state.parent, ()) if n < place))
        return [self.resources[n] for n in found]

    def _descendants(self, urn: str) -> list[int]:
        found: list[int] = []
        todo = [urn]
        while todo:
            for n in self._children.get(todo.pop(), ()):
                found.append(n)
                todo.append(self.resources[n].urn)
        return found

    def transitive_dependencies_of(self, state: ResourceState) -> list[ResourceState]:
        """All that the resource needs, directly or not."""
        found: dict[int, ResourceState] = {}
        todo = [state]
        while todo:
            for need in self.dependencies_of(todo.pop()):
                if id(need) not in found:
                    found[id(need)] = need
                    todo.append(need)
        return list(found.values())
