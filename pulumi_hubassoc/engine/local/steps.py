"""The steps of a run: each does one thing to one resource, or only says so in a preview.

A step says what it is (`op`, the states before and after, the difference), `apply` does it, and what `apply` returns is
called once the result is in the state. `old` and `new` are changed in place, as the state sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import messages, urns
from .diffs import Diff, Kind
from .goals import Reading, Registration
from .provider_process import ProviderError
from .providers import Existing, ReadAnswer, compare
from .run import Run
from .state import ResourceState
from .values import UNKNOWN_TEXT, equal

Complete = Callable[[], None]


class StepFailed(Exception):
    """A step did not do what it should; `unsure`: the resource may have been touched all the same."""

    def __init__(self, message: str, *, unsure: bool = False, protected: bool = False) -> None:
        super().__init__(message)
        self.unsure = unsure
        self.protected = protected


class Step:
    """One step.

    Attributes:
        op: Pulumi's name of the operation.
        old: the state before; None for a create.
        new: the state after; None for a delete.
        logical: whether it counts in the summary.
        keys: the properties that force a replacement.
        diffs: the properties that differ.
        detailed: path -> how it differs.
    """

    op = ""
    logical = True

    def __init__(self, run: Run, old: ResourceState | None, new: ResourceState | None) -> None:
        self.run = run
        self.old = old
        self.new = new
        self.keys: Sequence[str] = ()
        self.diffs: Sequence[str] = ()
        self.detailed: Mapping[str, Kind] = {}
        self.request: Registration | Reading | None = None

    @property
    def res(self) -> ResourceState:
        """The resource that the step is about."""
        state = self.new or self.old
        assert state is not None
        return state

    @property
    def urn(self) -> str:
        """Its URN."""
        return self.res.urn

    @property
    def internal(self) -> bool:
        """Whether users are not told: the steps of default providers."""
        return urns.is_default_provider(self.urn)

    @property
    def result_op(self) -> str:
        """The operation as it turned out."""
        return self.op

    def explain(self, diff: Diff) -> None:
        """Take a diff as the reason for this step."""
        self.keys, self.diffs, self.detailed = diff.replace_keys, diff.changed_keys, diff.detailed or {}

    def apply(self) -> Complete | None:
        """Do it; raises `StepFailed`."""
        raise NotImplementedError

    def answer(self, result: str = "success", *, unknown: bool = False) -> None:
        """Answer the program, if it waits for this step."""
        if self.request is not None:
            self.request.done(self.new, result, unknown=unknown)


def _existing(state: ResourceState) -> Existing:
    return Existing(state.urn, state.id, state.inputs, state.outputs)


class Same(Step):
    """Nothing changes, but perhaps options and dependencies.

    Args:
        skipped: the resource is left out of this run and does not exist: it does not get into the state.
        untargeted: it is left out of this run and stays as it is.
    """

    op = "same"

    def __init__(
        self,
        run: Run,
        request: Registration | None,
        old: ResourceState,
        new: ResourceState,
        *,
        skipped: bool = False,
        untargeted: bool = False,
    ) -> None:
        super().__init__(run, old, new)
        self.request = request
        self.skipped = skipped
        self.untargeted = untargeted

    def apply(self) -> Complete:
        """Keep what is there, and have the provider ready if it is one."""
        assert self.old is not None
        assert self.new is not None
        self.new.id = self.old.id
        self.new.outputs = self.old.outputs
        if urns.is_provider_type(self.new.type) and not self.skipped and not self.untargeted:
            # A provider that does not mind its changed inputs goes on with the old ones.
            state = self.new.copy()
            state.inputs = self.old.inputs
            try:
                self.run.registry.same(state, checked=True)
            except ProviderError as error:
                raise StepFailed(f"bad provider state for resource {self.urn}: {error}") from None
        return lambda: self.answer(unknown=self.skipped)


class Create(Step):
    """A resource is made.

    Args:
        replaced: the resource in whose place it comes, if any.
        keep_old: that one still exists and is deleted at the end.
    """

    def __init__(
        self,
        run: Run,
        request: Registration,
        new: ResourceState,
        replaced: ResourceState | None = None,
        *,
        keep_old: bool = False,
    ) -> None:
        super().__init__(run, replaced, new)
        self.request = request
        self.op = "create-replacement" if replaced else "create"
        self.logical = replaced is None
        self.keep_old = keep_old

    def apply(self) -> Complete:
        """Have the provider make it."""
        assert self.new is not None
        id_, outputs = "", {}
        if self.new.custom:
            provider = self.run.provider_for(self.new)
            timeout = self.new.custom_timeouts.get("create", 0)
            try:
                id_, outputs = provider.create(self.urn, self.new.inputs, timeout, self.run.dry_run)
            except ProviderError as error:
                raise StepFailed(str(error), unsure=error.unsure) from None
        self.new.id = id_
        self.new.outputs = outputs
        self.new.touch(created=True)
        if self.keep_old and self.old is not None:
            self.old.delete = True
        return self.answer


class Update(Step):
    """A resource is changed in place."""

    op = "update"

    def __init__(
        self, run: Run, request: Registration, old: ResourceState, new: ResourceState, ignore_changes: Sequence[str]
    ) -> None:
        super().__init__(run, old, new)
        self.request = request
        self._ignore_changes = ignore_changes

    def apply(self) -> Complete:
        """Have the provider change it."""
        assert self.old is not None
        assert self.new is not None
        self.new.id = self.old.id
        if self.new.custom:
            provider = self.run.provider_for(self.new)
            timeout = self.new.custom_timeouts.get("update", 0)
            try:
                self.new.outputs = provider.update(
                    _existing(self.old), self.new.inputs, self._ignore_changes, timeout, self.run.dry_run
                )
            except ProviderError as error:
                raise StepFailed(str(error), unsure=error.unsure) from None
            self.new.touch()
        return self.answer


class Replace(Step):
    """Says that a resource is replaced; a create and a delete do it."""

    op = "replace"

    def __init__(self, run: Run, old: ResourceState, new: ResourceState) -> None:
        super().__init__(run, old, new)

    def apply(self) -> None:
        """Do nothing."""


class Delete(Step):
    """A resource is deleted, or only forgotten: if it is not ours, is to be retained, or goes with another one.

    Args:
        deletes: the URNs deleted in this run, this moment's and those to come.
        replacing: it is deleted because another one takes its place.
        before: … which comes only after this.
    """

    def __init__(
        self, run: Run, deletes: set[str], old: ResourceState, *, replacing: bool = False, before: bool = False
    ) -> None:
        super().__init__(run, old, None)
        self._deletes = deletes
        self._replacing = replacing
        self._before = before
        self.logical = not replacing
        self.op = ("discard" if old.external else "delete") + ("-replaced" if replacing else "")

    def apply(self) -> Complete:
        """Have the provider delete it, unless it is spared."""
        old = self.res
        if not self._replacing and old.protect:
            raise StepFailed(messages.cannot_delete(old.urn), protected=True)
        spared = old.external or old.retain_on_delete or old.deleted_with in self._deletes or not old.custom
        if not self.run.dry_run and not spared:
            try:
                self.run.provider_for(old).delete(_existing(old), old.custom_timeouts.get("delete", 0))
            except ProviderError as error:
                raise StepFailed(str(error), unsure=error.unsure) from None
        if self._before:
            old.pending_replacement = True
        return lambda: None


class RemovePendingReplace(Step):
    """A resource that was deleted already, for a replacement that never came, leaves the state."""

    op = "remove-pending-replace"
    logical = False
    internal = True

    def __init__(self, run: Run, old: ResourceState) -> None:
        super().__init__(run, old, None)

    def apply(self) -> None:
        """Do nothing."""


class Read(Step):
    """A resource that is not ours is looked at.

    Args:
        replacing: until now it was ours, with another id.
    """

    def __init__(
        self, run: Run, request: Reading, old: ResourceState | None, new: ResourceState, *, replacing: bool = False
    ) -> None:
        super().__init__(run, old, new)
        self.request = request
        self._replacing = replacing
        self.op = "read-replacement" if replacing else "read"
        self.logical = not replacing

    def apply(self) -> Complete:
        """Have the provider look at it."""
        new = self.new
        assert new is not None
        if new.id != UNKNOWN_TEXT:
            given = Existing(new.urn, new.id, new.inputs, new.inputs)
            try:
                answer: ReadAnswer = self.run.provider_for(new).read(given, new.custom_timeouts.get("read", 0))
            except ProviderError as error:
                raise StepFailed(str(error), unsure=error.unsure) from None
            new.outputs = answer.outputs
            new.id = answer.id or new.id
        if self.old is not None:
            if self._replacing:
                self.old.delete = True
            new.created, new.modified = self.old.created, self.old.modified
            if not equal(new.inputs, self.old.inputs) or not equal(new.outputs, self.old.outputs):
                new.touch()
        return self.answer

    @property
    def changes(self) -> bool:
        """Whether the resource looks different from last time."""
        return self.old is not None and self.new is not None and not equal(self.old.outputs, self.new.outputs)


class Refresh(Step):
    """A resource of the state is looked at, and the state follows what is found.

    Args:
        goal: the state to be brought up to date, where a program runs (`old` else).
        then: called with the refreshed state, or None if the resource is gone; None where no program runs.
    """

    op = "refresh"
    logical = False

    def __init__(
        self,
        run: Run,
        old: ResourceState,
        goal: ResourceState | None = None,
        then: Callable[[ResourceState | None, str | None], None] | None = None,
        *,
        internal: bool = False,
    ) -> None:
        super().__init__(run, old, goal or old)
        self._internal = internal
        self._then = then
        self._diff = Diff(None)

    @property
    def res(self) -> ResourceState:
        """The state before."""
        assert self.old is not None
        return self.old

    @property
    def internal(self) -> bool:
        """Whether users are not told."""
        return self._internal or super().internal

    @property
    def persisted(self) -> bool:
        """Whether the state follows at once, because a program runs."""
        return self._then is not None

    @property
    def result_op(self) -> str:
        """``delete``, ``update`` or ``same``, as it was found."""
        assert self.old is not None
        if self.new is None:
            return "delete"
        if self.new is self.old:
            return "same"
        changed = (
            not equal(self.old.outputs, self.new.outputs) if self.old.external else self._diff.changes is not False
        )
        return "update" if changed else "same"

    def apply(self) -> Complete | None:
        """Look, and have the provider compare."""
        old = self.res
        if not old.custom or urns.is_provider_type(old.type) or old.pending_replacement:
            if self._then is None:
                return None
            self.new = old.copy()
        else:
            try:
                self._look(old)
            except (ProviderError, StepFailed) as error:
                if self._then is not None:
                    self._then(None, str(error))
                raise StepFailed(str(error), unsure=error.unsure) from None
        then = self._then
        return (lambda: then(self.new, None)) if then is not None else None

    def _look(self, old: ResourceState) -> None:
        provider = self.run.provider_for(old)
        answer: ReadAnswer = provider.read(_existing(old), old.custom_timeouts.get("read", 0))
        if not answer.id:
            self.new = None
            return
        assert self.new is not None
        new = self.new = self.new.copy()
        new.id, new.outputs = answer.id, answer.outputs
        new.inputs = old.inputs if answer.inputs is None else answer.inputs
        seen_inputs = answer.inputs or {} if old.external else new.inputs
        if not equal(seen_inputs, old.inputs) or not equal(new.outputs, old.outputs):
            new.touch()
        if not old.external:
            # What an `up` would see now, the other way round: the provider compares what is there with the old inputs.
            diff, _ = compare(provider, _existing(new), old.inputs, old.ignore_changes)
            self._diff = diff.inverted()
            self.diffs, self.detailed = self._diff.changed_keys, self._diff.detailed or {}
