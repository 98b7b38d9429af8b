"""From what the program asks for, and what there was before, to the steps that lead from one to the other.

One request is dealt with at a time, in the order in which they come: this is where the order of Pulumi's questions to
providers (check, diff, check again for a replacement) is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import messages, urns
from .aliases import OldNames
from .decided import Decided
from .diffs import Diff, with_ignored
from .goals import Goal, Reading, Refreshed, Registration
from .providers import DiffUnavailable, Existing, Provider, compare
from .replacements import Dependent, bound_to, dependents_to_replace
from .run import Bail, Impossible, Run
from .state import ResourceState
from .steps import Create, Delete, Read, Refresh, Replace, Same, Step, Update
from .targeting import Targeting
from .values import Properties, Value, contains_unknowns, equal, without_secrets


class StepGenerator:
    """Turns requests into steps.

    Args:
        run: the run.
        post: hands the generator's own later events to the run's queue.

    Attributes:
        decided: what has been decided so far.
        waiting: how many events of its own are still to come.
    """

    def __init__(self, run: Run, post: Callable[[Any], None]) -> None:
        self.run = run
        self._post = post
        self._settings = run.settings
        self.waiting = 0
        self.decided = Decided()
        self.names = OldNames(run, self.decided.urns)
        self._targeting = Targeting(run, self.decided)
        self.pending_deletes: set[int] = set()
        self.to_delete: list[ResourceState] = []
        self.refreshed: dict[int, ResourceState] = {}
        self._dependent_keys: dict[str, tuple[str, ...]] = {}
        self._provider_states: dict[str, ResourceState] = {}

    # ------------------------------------------------------------------------------------------------- requests

    def register(self, request: Registration) -> list[Step]:
        """A resource is registered."""
        goal = request.goal
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, alias, disputed = self.names.find(urn, goal.name, goal.type, goal.parent, goal.aliases)
        new = _state_for(urn, goal, old, alias)
        if urns.is_provider_type(goal.type):
            self._provider_states[urn] = new
            if alias:
                self._provider_states[alias] = new
        if disputed:
            raise Bail
        if old is not None and self._settings.mode == "refresh" and self._targeting.includes(old):
            return [self._refresh_step(request, urn, old, new)]
        return self._targeting.checked(self._steps(request, urn, old, new))

    def _refresh_step(self, request: Registration, urn: str, old: ResourceState, new: ResourceState) -> Step:
        self.waiting += 1
        self.decided.refreshes.add(urn)

        def then(found: ResourceState | None, error: str | None) -> None:
            if found is not None:
                self.refreshed[id(old)] = found
                self.run.graph.stand_for(found, old)
            self._post(Refreshed(request, urn, found, new, error))

        internal = not request.goal.custom or urns.is_provider_type(request.goal.type)
        return Refresh(self.run, old, new, then, internal=internal)

    def go_on(self, event: Refreshed) -> list[Step]:
        """A registered resource was refreshed first, and is now dealt with."""
        self.waiting -= 1
        if event.error is not None:
            raise Bail
        return self._targeting.checked(self._steps(event.registration, event.urn, event.old, event.new))

    def read(self, request: Reading) -> list[Step]:
        """A resource that exists already is read."""
        goal = request.goal
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, alias, _ = self.names.find(urn, goal.name, goal.type, goal.parent, ())
        new = ResourceState(
            urn,
            goal.type,
            custom=True,
            id=goal.id,
            parent=goal.parent,
            inputs=goal.properties,
            provider=goal.provider,
            dependencies=sorted(goal.dependencies),
            external=True,
            additional_secret_outputs=list(goal.additional_secret_outputs),
            aliases=[alias] if alias else [],
        )
        if old is not None and not old.external and old.id != goal.id:
            self.decided.replaces.add(urn)
            return [Read(self.run, request, old, new, replacing=True), Replace(self.run, old, new)]
        if self._settings.mode == "destroy":
            self.to_delete.append(new)
        self.decided.reads.add(urn)
        return [Read(self.run, request, old, new)]

    def _new_urn(self, parent: str, type_: str, name: str) -> str:
        if parent and parent not in self.decided.urns:
            raise Impossible(f"could not find parent resource {parent}")
        urn = urns.make(self.run.stack, self.run.project, parent, type_, name)
        if urn in self.decided.urns:
            self.run.sink.diagnose("error", f"Duplicate resource URN '{urn}'; try giving it a unique name", urn)
            raise Bail
        self.decided.urns.add(urn)
        return urn

    # ------------------------------------------------------------------------------------------ one registration

    def _steps(self, request: Registration, urn: str, old: ResourceState | None, new: ResourceState) -> list[Step]:
        if self._settings.mode == "refresh":
            steps = self._steps_of_refresh(request, old, new)
        elif self._settings.mode == "destroy":
            steps = self._steps_of_destroy(request, old, new)
        else:
            steps = None
        if steps is not None:
            return steps
        goal = request.goal
        provider = self._provider_of(new)
        recreating = urn in self.decided.deletes
        was_external = old is not None and old.external
        implicit = urns.is_provider_type(new.type) or urns.is_stack(urn)
        targeted = implicit or self._targeting.includes(new)
        if provider is not None:
            self._check(goal, provider, old, new, fresh=recreating or was_external, targeted=targeted)
        if recreating:
            assert old is not None
            return self._recreate(request, old, new)
        if was_external:
            assert old is not None
            self.decided.creates.add(urn)
            return [Create(self.run, request, new, old, keep_old=True), Replace(self.run, old, new)]
        if targeted:
            self._targeting.note(new)
        if old is not None:
            if not targeted:
                return self._targeting.carried_over(request, old)
            return self._compared(request, old, new, provider)
        if not targeted:
            self.decided.sames.add(urn)
            self.decided.skipped_creates.add(urn)
            return [self._skip(request, new)]
        self.decided.creates.add(urn)
        return [Create(self.run, request, new)]

    def _skip(self, request: Registration, new: ResourceState) -> Step:
        return Same(self.run, request, new.copy(), new, skipped=True)

    def _steps_of_refresh(
        self, request: Registration, old: ResourceState | None, new: ResourceState
    ) -> list[Step] | None:
        """In a refresh with the program nothing is made or changed, but providers and components go on as usual."""
        plain = new.custom and not urns.is_provider_type(new.type)
        if not plain and not self._needs_skipped(new):
            return None
        if old is None:
            self.decided.sames.add(new.urn)
            self.decided.skipped_creates.add(new.urn)
            return [self._skip(request, new)]
        request.done(old)
        return []

    def _steps_of_destroy(
        self, request: Registration, old: ResourceState | None, new: ResourceState
    ) -> list[Step] | None:
        """In a destroy with the program likewise; all that exists is to be deleted afterwards."""
        if self._needs_skipped(new) or (old is None and new.custom and not urns.is_provider_type(new.type)):
            self.decided.skipped_creates.add(new.urn)
            if old is not None:
                new.outputs = old.outputs
            return [self._skip(request, new)]
        self.to_delete.append(new)
        if not new.custom or urns.is_provider_type(new.type):
            return None
        assert old is not None
        self.decided.sames.add(new.urn)
        new.inputs = old.inputs
        return [Same(self.run, request, old, new)]

    def _needs_skipped(self, state: ResourceState) -> bool:
        skipped = self.decided.skipped_creates
        return any(d.urn in skipped for d in state.needs()) or state.provider_urn in skipped

    def _provider_of(self, state: ResourceState) -> Provider | None:
        if not state.custom:
            return None
        provider: Provider | None = self.run.provider_for(state)
        if provider is None:
            raise Impossible(f"unknown provider '{state.provider}' for resource '{state.urn}'")
        return provider

    def _check(
        self,
        goal: Goal,
        provider: Provider,
        old: ResourceState | None,
        new: ResourceState,
        *,
        fresh: bool,
        targeted: bool,
    ) -> None:
        """Let the provider check the inputs; those of a new, or newly made, resource without the old ones."""
        if not targeted:
            new.inputs = old.inputs if old is not None else {}
            return
        if old is None or fresh or self._targeting.replaces(new.urn, old):
            olds, news = {}, goal.properties
        else:
            news, failed = with_ignored(goal.properties, old.inputs, goal.ignore_changes)
            self._cannot_ignore(new.urn, failed)
            olds = old.inputs
        self._checked(provider, new, olds, news)

    def _checked(self, provider: Provider, new: ResourceState, olds: Properties, news: Properties) -> None:
        answer = provider.check(new.urn, olds, news)
        for key, reason in answer.failures:
            self.run.sink.diagnose("error", messages.check_failure(new, key, reason), new.urn)
        if answer.failures:
            raise Bail
        new.inputs = answer.inputs

    def _cannot_ignore(self, urn: str, failed: Sequence[str]) -> None:
        if failed:
            message = f'cannot ignore changes in added or removed elements of the path: "{", ".join(failed)}"'
            self.run.sink.diagnose("info", message, urn)

    def _recreate(self, request: Registration, old: ResourceState, new: ResourceState) -> list[Step]:
        """The old one was deleted a moment ago, before a resource that it depends on."""
        self.decided.deletes.discard(new.urn)
        self.decided.replaces.add(new.urn)
        create = Create(self.run, request, new, old)
        create.keys = self._dependent_keys.get(new.urn, ())
        return [Replace(self.run, old, new), create]

    # ------------------------------------------------------------------------------------------------ comparing

    def _compared(
        self, request: Registration, old: ResourceState, new: ResourceState, provider: Provider | None
    ) -> list[Step]:
        goal, urn = request.goal, new.urn
        if not self.run.dry_run and contains_unknowns(new.replacement_trigger):
            self.run.sink.diagnose("error", f"replacement trigger contains unknowns for {urn}", urn)
            raise Bail
        triggered = _triggered(old.replacement_trigger, new.replacement_trigger)
        try:
            diff = Diff(True) if triggered else self._diff(goal, old, new, provider)
        except DiffUnavailable as unavailable:
            self.run.sink.diagnose("warning", str(unavailable), urn)
            diff = Diff(True)
        diff = diff.with_replace_on_changes(goal.replace_on_changes)
        if old.pending_replacement or (diff.changes and (diff.replaces or triggered)):
            return self._replacement(request, old, new, provider, diff)
        if not diff.changes:
            self.decided.sames.add(urn)
            return [Same(self.run, request, old, new)]
        self.decided.updates.add(urn)
        update = Update(self.run, request, old, new, goal.ignore_changes)
        update.explain(diff)
        return [update]

    def _diff(self, goal: Goal, old: ResourceState, new: ResourceState, provider: Provider | None) -> Diff:
        if self._targeting.replaces(new.urn, old):
            return Diff(True, replace_keys=("id",))
        if any(urn in self.decided.replaces for urn in new.replace_with):
            return Diff(True, replace_keys=("replaceWith",))
        if new.deleted_with in self.decided.replaces:
            return Diff(True, replace_keys=("deletedWith",))
        if self._provider_changed(old, new):
            return Diff(True, replace_keys=("provider",))
        if provider is None:
            return Diff(not equal(old.inputs, new.inputs))
        existing = Existing(new.urn, old.id, old.inputs, old.outputs)
        diff, failed = compare(provider, existing, new.inputs, goal.ignore_changes)
        self._cannot_ignore(new.urn, failed)
        return diff

    def _provider_changed(self, old: ResourceState, new: ResourceState) -> bool:
        """Whether the resource moves to a provider that cannot manage what the old one made."""
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        if self.names.renamed_to.get(old.provider_urn) == new.provider_urn:
            return False
        provider: Any = self.run.registry.find(new.provider)
        before, now = self.run.olds[old.provider_urn], self._provider_states[new.provider_urn]
        diff: Diff = provider.diff_config(new.provider_urn, before.inputs, before.outputs, now.inputs)
        return diff.replaces

    # ------------------------------------------------------------------------------------------------ replacing

    def _replacement(
        self, request: Registration, old: ResourceState, new: ResourceState, provider: Provider | None, diff: Diff
    ) -> list[Step]:
        goal, urn = request.goal, new.urn
        if new.protect and old.protect:
            self.run.refuse(messages.protected(urn), urn, go_on=self.run.dry_run)
        self.decided.replaces.add(urn)
        if provider is not None and not self._targeting.replaces(urn, old):
            self._checked(provider, new, {}, goal.properties)
        first = diff.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        create = Create(self.run, request, new, old, keep_old=not first)
        replace = Replace(self.run, old, new)
        create.explain(diff)
        replace.explain(diff)
        if not first:
            return [create, replace]
        steps = self._deletes_first(old)
        self.run.ensure_provider(old.provider)
        if not old.pending_replacement:
            self.decided.deletes.add(old.urn)
            steps.append(Delete(self.run, self.decided.deletes, old, replacing=True, before=True))
        return [*steps, replace, create]

    def _deletes_first(self, root: ResourceState) -> list[Step]:
        """Delete the dependants that a replacement of `root` replaces, the last one first."""
        dependents: list[Dependent] = []
        if root in self.run.graph:
            dependents = dependents_to_replace(self.run, root, self.decided.with_steps())
        steps: list[Step] = []
        for dependent in reversed([*dependents, *bound_to(self.run, root.urn)]):
            state = dependent.state
            if id(state) in self.pending_deletes:
                continue
            self._dependent_keys[state.urn] = dependent.keys
            if state.delete:
                steps.append(Delete(self.run, self.decided.deletes, state))
            else:
                if state.protect:
                    self.run.refuse(messages.protected_dependent(state.urn, root.urn), root.urn)
                steps.append(Delete(self.run, self.decided.deletes, state, replacing=True, before=True))
            self.decided.deletes.add(state.urn)
            self.pending_deletes.add(id(state))
        return steps

    def is_operated_on(self, urn: str) -> bool:
        """Whether a step was generated that keeps this resource (perhaps under a new name)."""
        return self.decided.keeps(self.names.renamed_to.get(urn, urn))


def _state_for(urn: str, goal: Goal, old: ResourceState | None, alias: str) -> ResourceState:
    """The state that a goal becomes."""
    return ResourceState(
        urn,
        goal.type,
        goal.custom,
        parent=goal.parent,
        inputs=goal.properties,
        provider=goal.provider,
        dependencies=sorted(goal.dependencies),
        property_dependencies={key: sorted(needs) for key, needs in goal.property_dependencies.items()},
        protect=bool(goal.protect),
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        replace_with=list(goal.replace_with),
        replacement_trigger=goal.replacement_trigger,
        additional_secret_outputs=list(goal.additional_secret_outputs),
        aliases=[alias] if alias else [],
        custom_timeouts=dict(goal.custom_timeouts),
        ignore_changes=list(goal.ignore_changes),
        replace_on_changes=list(goal.replace_on_changes),
        hide_diff=list(goal.hide_diff),
        created=old.created if old else "",
        modified=old.modified if old else "",
    )


def _triggered(old: Value, new: Value) -> bool:
    old, new = without_secrets(old), without_secrets(new)
    if contains_unknowns(old) or contains_unknowns(new):
        return True
    return old is not None and new is not None and not equal(old, new)
