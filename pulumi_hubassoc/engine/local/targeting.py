"""What ``--target``, ``--exclude`` and ``--replace`` leave in and out of a run."""

from __future__ import annotations

from .decided import Decided
from .goals import Registration
from .run import Impossible, Run
from .state import ResourceState
from .steps import Same, Step


class Targeting:
    """Says which resources a run is about.

    Args:
        run: the run.
        decided: what has been decided so far; what is carried over is added.
    """

    def __init__(self, run: Run, decided: Decided) -> None:
        self._run = run
        self._settings = run.settings
        self._decided = decided

    def replaces(self, urn: str, old: ResourceState) -> bool:
        """Whether the user asked for a replacement of this resource."""
        return old.taint or self._settings.replace_targets.names(urn)

    def includes(self, state: ResourceState) -> bool:
        """Whether the run is about this resource."""
        if self._settings.targets.constrained:
            return self._is_target(state)
        return not self._settings.excludes.names(state.urn)

    def note(self, state: ResourceState) -> None:
        """A resource is dealt with: what depends on it may be a target too."""
        if self._is_target(state):
            self._decided.targets.add(state.urn)

    def _is_target(self, state: ResourceState) -> bool:
        return self._settings.targets.names(state.urn) or self._depends_on_target(state)

    def _depends_on_target(self, state: ResourceState) -> bool:
        if not self._settings.target_dependents:
            return False
        targets = self._decided.targets
        return any(d.urn in targets for d in state.needs()) or state.provider_urn in targets

    def carried_over(self, request: Registration, root: ResourceState) -> list[Step]:
        """A resource that is left out stays as it is, and so does what it needs and nobody has registered."""
        steps: list[Step] = []
        todo: list[tuple[ResourceState, bool]] = [(root, False)]
        planned: set[str] = set()
        while todo:
            old, ready = todo.pop()
            if old.delete:
                continue
            if ready:
                new = old.copy()
                new.id = ""
                steps.append(Same(self._run, request if old is root else None, old, new, untargeted=True))
                continue
            self._decided.urns.add(old.urn)
            self._decided.sames.add(old.urn)
            planned.add(old.urn)
            todo.append((old, True))
            needed = [old.provider_urn] if old.provider else []
            needed += [d.urn for d in old.needs()]
            missing = [u for u in dict.fromkeys(needed) if u not in planned and not self._decided.has_step(u)]
            todo += [(self._old_of_untargeted(urn, root), False) for urn in missing]
        return steps

    def _old_of_untargeted(self, urn: str, root: ResourceState) -> ResourceState:
        old = self._run.olds.get(urn)
        if old is None:
            raise Impossible(f"dependency {urn} of untargeted resource {root.urn} has no old state")
        return old

    def checked(self, steps: list[Step]) -> list[Step]:
        """Refuse steps that need a resource which ``--target`` leaves unmade."""
        if not (self._settings.targets.constrained or self._settings.replace_targets.constrained):
            return steps
        for step in steps:
            if step.new is None or (isinstance(step, Same) and step.skipped):
                continue
            needs = [d.urn for d in step.new.needs()] + ([step.new.provider_urn] if step.new.provider else [])
            for urn in needs:
                if urn in self._decided.skipped_creates:
                    message = f"Resource '{step.urn}' depends on '{urn}' which was was not specified in --target list."
                    self._run.refuse(message, step.urn, go_on=self._run.dry_run)
                    self._decided.skipped_creates.discard(urn)
        return steps
