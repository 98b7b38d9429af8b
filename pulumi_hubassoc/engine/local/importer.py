"""Takes resources that exist already into a stack, as ``pulumi import --file`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_hubassoc.engine.interface import EngineError, NotSupported

from . import urns
from .executor import StepExecutor
from .goals import Goal, Registration
from .provider_process import ProviderError
from .providers import Existing
from .run import Run
from .state import ResourceState
from .steps import Complete, Create, Same, Step, StepFailed
from .values import Properties, copy, from_state


class Import(Step):
    """A resource that exists already comes into the state.

    Args:
        read: whether its properties are to be read from the provider, because none are given.
    """

    op = "import"

    def __init__(self, run: Run, new: ResourceState, *, read: bool) -> None:
        super().__init__(run, None, new)
        self._read = read

    def apply(self) -> Complete | None:
        """Have the provider check the inputs; its answer is not kept."""
        new = self.new
        assert new is not None
        if new.custom:
            provider = self.run.provider_for(new)
            try:
                if self._read:
                    self._look(provider, new)
                answer = provider.check(new.urn, new.inputs, copy(new.inputs))
            except ProviderError as error:
                raise StepFailed(str(error), unsure=self._read and error.unsure) from None
            for key, reason in answer.failures:
                self.run.sink.diagnose("warning", f"imported input {key or 'values'}: {reason}", new.urn)
        new.touch(created=True)
        return None

    @staticmethod
    def _look(provider: Any, new: ResourceState) -> None:
        answer = provider.read(Existing(new.urn, new.id, {}, {}), 0, bare=True)
        if not answer.id:
            raise ProviderError(f"resource '{new.id}' does not exist")
        if answer.inputs is None:
            raise ProviderError("the provider does not support importing resources")
        new.id, new.inputs, new.outputs = answer.id, {**new.inputs, **answer.inputs}, answer.outputs


class Importer:
    """Imports the resources of one file.

    Args:
        run: the run.
        file: what an import file of Pulumi's holds: ``resources`` with `type`, `name`, `id`, `inputs`, `outputs`,
            `parent`, `provider`, `component`, and ``nameTable``, names of resources of the state.
        protect: whether the resources are protected from now on.
        config: the inputs of the default provider.
    """

    def __init__(self, run: Run, file: Mapping[str, Any], *, protect: bool, config: Properties) -> None:
        self._run = run
        self._file = file
        self._protect = protect
        self._config = config
        self._executor = StepExecutor(run, ignore_errors=True)
        self._executor.on_failure = self._failed
        self._failure = ""

    def execute(self) -> bool:
        """Import them; whether all went well."""
        try:
            self._import()
        except ProviderError as error:
            self._failure = str(error)
        self._executor.finish()
        if self._failure or self._executor.errored or self._run.cancelled.is_set():
            reason = f"failed: {self._failure}" if self._failure else "canceled"
            self._run.sink.diagnose("error", f"{self._run.settings.message_kind} {reason}")
            return False
        return True

    def _failed(self, message: str) -> None:
        self._failure = self._failure or f"step application failed: {message}"

    def _import(self) -> None:
        existing = [s for s in self._run.prev.resources if not s.delete]
        self._executor.run_chain([Same(self._run, None, old, _without_id(old)) for old in existing])
        stack = self._stack()
        provider = self._default_provider()
        waiting = self._wanted(stack, provider)
        while waiting and not self._executor.errored:
            ready = [s for s in waiting if not any(s.parent == other.urn for other in waiting)]
            self._executor.run_all([Import(self._run, s, read=s.custom and not s.outputs) for s in ready])
            waiting = [s for s in waiting if s not in ready]

    def _stack(self) -> str:
        """The URN of the stack resource, made where there is none."""
        name = f"{self._run.project}-{self._run.stack}"
        urn = urns.make(self._run.stack, self._run.project, "", urns.STACK_TYPE, name)
        if urn not in self._run.olds:
            goal = Goal(urns.STACK_TYPE, name, custom=False, properties={})
            self._executor.run_all([Create(self._run, Registration(goal), ResourceState(urn, urns.STACK_TYPE, False))])
        return urn

    def _default_provider(self) -> str:
        type_ = urns.PROVIDER_PREFIX + urns.DYNAMIC_PACKAGE
        urn = urns.make(self._run.stack, self._run.project, "", type_, "default")
        if urn in self._run.olds:
            return urns.reference_to(urn, self._run.olds[urn].id)
        inputs = self._run.registry.check(urn, {}, self._config).inputs
        new = ResourceState(urn, type_, True, inputs=inputs)
        goal = Goal(type_, "default", custom=True, properties=inputs)
        self._executor.run_all([Create(self._run, Registration(goal), new)])
        return urns.reference_to(urn, new.id)

    def _wanted(self, stack: str, default: str) -> list[ResourceState]:
        """The states to be, without those that are there already."""
        table = dict(self._file.get("nameTable") or {})
        wanted: dict[str, ResourceState] = {}
        for entry in self._file.get("resources") or ():
            state = self._state(entry, table, stack, default)
            if state.urn in wanted:
                raise EngineError(f"duplicate import '{entry['name']}' of type '{entry['type']}'")
            table.setdefault(entry["name"], state.urn)
            old = self._run.olds.get(state.urn)
            if old is None:
                wanted[state.urn] = state
            elif old.id != state.id:
                raise EngineError(f"resource '{state.urn}' already exists")
        return list(wanted.values())

    def _state(self, entry: Mapping[str, Any], table: Mapping[str, str], stack: str, default: str) -> ResourceState:
        type_, name = entry["type"], entry["name"]
        if urns.is_provider_type(type_):
            raise NotSupported("the built-in engine imports no providers: make them with the program first")
        parent = self._named(entry["parent"], table) if entry.get("parent") else stack
        component = bool(entry.get("component"))
        provider = "" if component else default
        if entry.get("provider"):
            urn = self._named(entry["provider"], table)
            provider = urns.reference_to(urn, self._run.olds[urn].id)
        return ResourceState(
            urns.make(self._run.stack, self._run.project, parent, type_, name),
            type_,
            not component,
            id="" if component else entry["id"],
            parent=parent,
            inputs=from_state(entry.get("inputs") or {}, str),
            outputs=from_state(entry.get("outputs") or {}, str),
            provider=provider,
            protect=self._protect and not component,
        )

    @staticmethod
    def _named(name: str, table: Mapping[str, str]) -> str:
        if name not in table:
            raise EngineError(
                f"the import file says {name!r}, and neither its nameTable nor a resource before it has that name"
            )
        return table[name]


def _without_id(state: ResourceState) -> ResourceState:
    new = state.copy()
    new.id = ""
    return new
