"""The end of a run: which resources are to be deleted (or refreshed) because the program has not named them, and in what order."""

from __future__ import annotations

from collections.abc import Sequence

from . import messages
from .graph import DependencyGraph
from .replacements import bound_to, dependents_to_replace
from .run import Bail, Run
from .state import ResourceState
from .step_generator import StepGenerator
from .steps import Delete, Refresh, RemovePendingReplace, Same, Step


class Deletes:
    """Plans the deletions of a run whose program has ended.

    Args:
        run: the run.
        generator: what has been decided so far.
    """

    def __init__(self, run: Run, generator: StepGenerator) -> None:
        self._run = run
        self._generator = generator
        self._settings = run.settings

    def plan(self) -> tuple[list[Step], list[Step]]:
        """Decide what stays although nobody named it, and what is deleted.

        Returns:
            The steps for the former, in order, and for the latter, in no order.
        """
        included = self._included()
        sames: list[Step] = []
        deletes: list[Step] = []
        for old in self._run.prev.resources:
            state = self._generator.refreshed.get(id(old), old)
            if included is not None and state.urn not in included:
                if not self._generator.is_operated_on(state.urn):
                    new = state.copy()
                    new.id = ""
                    sames.append(Same(self._run, None, state, new, untargeted=True))
                continue
            step = self._delete(state)
            if step is not None:
                deletes.append(step)
            if state.urn in self._generator.decided.deletes:
                self._run.ensure_provider(state.provider)
        for state in self._generator.to_delete:
            if included is None or state.urn in included:
                self._generator.decided.deletes.add(state.urn)
                deletes.append(Delete(self._run, self._generator.decided.deletes, state))
        self._must_all_be_targeted(deletes)
        return sames, deletes

    def _delete(self, state: ResourceState) -> Step | None:
        generator = self._generator
        if state.delete:
            if id(state) in generator.pending_deletes:
                return None
            generator.decided.deletes.add(state.urn)
            return Delete(self._run, generator.decided.deletes, state, replacing=True)
        if generator.is_operated_on(state.urn):
            return None
        generator.decided.deletes.add(state.urn)
        if state.pending_replacement:
            return RemovePendingReplace(self._run, state)
        return Delete(self._run, generator.decided.deletes, state)

    def _included(self) -> set[str] | None:
        """The URNs that may be deleted; None for all."""
        if self._settings.targets.constrained:
            return self._targets_and_what_they_take_along()
        if self._settings.excludes.constrained:
            return {r.urn for r in self._run.prev.resources} - self._kept_by_excludes()
        return None

    def _targets_and_what_they_take_along(self) -> set[str]:
        graph = self._graph()
        reached: dict[str, None] = {}
        todo = [r for r in self._run.prev.resources if self._settings.targets.names(r.urn)]
        while todo:
            state = todo.pop(0)
            if state.urn not in reached:
                reached[state.urn] = None
                todo += graph.depending_on(state, reached, children=True)
        included: set[str] = set()
        for urn in reached:
            for state in self._run.all_olds.get(urn, ()):
                included.add(urn)
                others = [
                    *dependents_to_replace(self._run, state, self._generator.decided.with_steps()),
                    *bound_to(self._run, urn),
                ]
                included.update(d.state.urn for d in others)
        return included

    def _kept_by_excludes(self) -> set[str]:
        graph = self._graph()
        kept: set[str] = set()
        todo = [r for r in self._run.prev.resources if self._settings.excludes.names(r.urn)]
        while todo:
            state = todo.pop()
            if state.urn not in kept:
                kept.add(state.urn)
                todo += graph.dependencies_of(state)
        return kept

    def _must_all_be_targeted(self, deletes: Sequence[Step]) -> None:
        refused = False
        for step in deletes:
            if not self._settings.targets.contains(step.urn) and not self._settings.target_dependents:
                self._run.sink.diagnose("error", messages.not_a_target(step.urn), step.urn)
                refused = self._run.errored = True
        if refused and not self._run.dry_run:
            raise Bail

    def _graph(self) -> DependencyGraph:
        graph = DependencyGraph([*self._generator.to_delete, *self._run.prev.resources])
        for old in self._run.prev.resources:
            if id(old) in self._generator.refreshed:
                graph.stand_for(self._generator.refreshed[id(old)], old)
        return graph

    def in_order(self, deletes: Sequence[Step]) -> list[list[Step]]:
        """Deletions in groups, one after the other: each resource before all that it needs."""
        graph = self._graph()
        steps = {id(step.res): step for step in deletes}
        level: dict[int, int] = {}
        needs: dict[int, list[int]] = {}
        for step in deletes:
            needs[id(step.res)] = [
                id(s) for s in graph.dependencies_of(step.res) if id(s) in steps and s is not step.res
            ]
        for root in steps:
            todo = [root]
            while todo:
                one = todo[-1]
                missing = [n for n in needs[one] if n not in level]
                if missing:
                    todo += missing
                else:
                    level[one] = 1 + max((level[n] for n in needs[one]), default=-1)
                    todo.pop()
        groups: list[list[Step]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
        for key, depth in level.items():
            groups[depth].append(steps[key])
        return groups[::-1]


def refresh_steps(run: Run, generator: StepGenerator | None = None) -> list[Step]:
    """A refresh of every resource of the state that is asked for, and that no program has named."""
    targets, excludes = run.settings.targets, run.settings.excludes
    more: set[str] = set()
    steps: list[Step] = []
    for state in run.prev.resources:
        if generator is not None and generator.is_operated_on(state.urn):
            continue
        if excludes.constrained and excludes.names(state.urn):
            continue
        follows = run.settings.target_dependents and any(d.urn in more for d in state.needs())
        if targets.constrained and not follows and not targets.names(state.urn):
            continue
        more.add(state.urn)
        run.ensure_provider(state.provider)
        if generator is not None:
            generator.decided.refreshes.add(state.urn)
        steps.append(Refresh(run, state))
    return steps
