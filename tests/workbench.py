"""The providers without an engine: what Pulumi does to one resource after another, in a few lines.

Values go through what the wire makes of them: whole numbers become floats, null keys vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from pulumi.dynamic import CheckResult, Config, ConfigureRequest, DiffResult

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.hubspot.waiting import Patience
from pulumi_hubassoc.provider import Portals, Provider
from pulumi_hubassoc.resources.label import LabelProvider
from pulumi_hubassoc.resources.limit import LimitProvider

Props = dict[str, Any]
KINDS: dict[str, type[Provider[Any]]] = {"label": LabelProvider, "limit": LimitProvider}
LABEL = {
    "from_object_type": "contacts",
    "to_object_type": "companies",
    "label": "Billing contact",
    "name_suffix": "abcdef",
}
PAIRED = {**LABEL, "to_object_type": "contacts", "label": "Manager", "inverse_label": "Employee"}
OBJECT_LIMIT = {
    "from_object_type": "companies",
    "to_object_type": "deals",
    "category": "HUBSPOT_DEFINED",
    "type_id": 342,
    "max_to_object_ids": 5,
}


def wire(props: Mapping[str, Any]) -> Props:
    """Properties as they arrive in a provider process."""
    return {k: float(v) if type(v) is int else v for k, v in props.items() if v is not None} | {"__provider": "x"}


def faults_of(kind: str, news: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What check finds wrong, as (property, reason)."""
    return [(f.property, f.reason) for f in KINDS[kind]().check({}, wire(news)).failures]


class Refused(AssertionError):
    """Check found faults."""

    def __init__(self, check: CheckResult) -> None:
        self.faults = [(f.property, f.reason) for f in check.failures]
        super().__init__(str(self.faults))


class Clock:
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock on."""
        self.slept.append(seconds)
        self.now += seconds


class Process:
    """A provider process: configured once, with one view of its portal."""

    def __init__(self, transport: httpx.BaseTransport, config: Mapping[str, Any]) -> None:
        self.clock = Clock()
        portals = Portals(
            transport,
            patience=lambda total_s: Patience(total_s, sleep=self.clock.sleep, clock=self.clock, chance=lambda: 0.5),
            grace_s=0.05,
        )
        self.providers: dict[str, Provider[Any]] = {}
        for kind, provider_class in KINDS.items():
            provider = provider_class()
            provider.portals = portals
            provider.configure(ConfigureRequest(Config(dict(config), "project")))
            self.providers[kind] = provider

    def check(self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Props:
        """The canonical inputs.

        Raises:
            Refused: if there are faults.
        """
        checked = self.providers[kind].check(wire(olds or {}), wire(news))
        if checked.failures:
            raise Refused(checked)
        return wire(checked.inputs)


@dataclass
class Stored:
    """A resource in the state."""

    kind: str
    id: str
    inputs: Props
    outputs: Props


@dataclass
class Workbench:
    """A stack without an engine: resources by name, and operations that each have a process of their own."""

    emulator: Emulator
    config: dict[str, Any]
    state: dict[str, Stored] = field(default_factory=dict)

    def process(self) -> Process:
        """A new provider process."""
        return Process(self.emulator.transport(), self.config)

    def up(
        self, program: Mapping[str, tuple[str, Mapping[str, Any]]], process: Process | None = None
    ) -> dict[str, str]:
        """Make the state what the program says; what was done to each resource."""
        process, done = process or self.process(), {}
        for name, (kind, news) in program.items():
            done[name] = self._step(process, name, kind, news)
        for name in [n for n in reversed(self.state) if n not in program]:
            self._delete(process, name)
            done[name] = "delete"
        return done

    def diff(self, name: str, news: Mapping[str, Any], process: Process | None = None) -> tuple[DiffResult, bool]:
        """The provider's diff, and whether the engine would see another difference of inputs."""
        process = process or self.process()
        old = self.state[name]
        checked = process.check(old.kind, news, old.inputs)
        return process.providers[old.kind].diff(old.id, old.outputs, checked), checked != old.inputs

    def up_together(
        self, program: Mapping[str, tuple[str, Mapping[str, Any]]], threads: int, process: Process | None = None
    ) -> dict[str, str]:
        """As `up` without replacements, in the engine's way: all is checked and compared first, then done by threads.

        The first error is raised once all threads have ended.
        """
        process = process or self.process()
        todo = {name: self._prepare(process, name, *declared) for name, declared in program.items()}
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(step) for _, step in todo.values()]:
                done.result()
            gone = [n for n in reversed(self.state) if n not in program]
            for done in [pool.submit(self._delete, process, name) for name in gone]:
                done.result()
        return {name: what for name, (what, _) in todo.items()} | dict.fromkeys(gone, "delete")

    def _prepare(
        self, process: Process, name: str, kind: str, news: Mapping[str, Any]
    ) -> tuple[str, Callable[[], object]]:
        if name not in self.state:
            checked = process.check(kind, news)
            return "create", partial(self._create, process, name, kind, checked)
        difference, inputs_differ = self.diff(name, news, process)
        assert not difference.replaces, "up_together knows no replacements"
        if not inputs_differ:
            return "same", lambda: None
        return "update", partial(self._update, process, name, process.check(kind, news, self.state[name].inputs))

    def refresh(self, process: Process | None = None) -> dict[str, str]:
        """Make the state what the portal says; what changed for each resource."""
        process, found = process or self.process(), {}
        for name, old in list(self.state.items()):
            read = process.providers[old.kind].read(old.id, old.outputs)
            if not read.id:
                del self.state[name]
                found[name] = "gone"
                continue
            new = Stored(old.kind, read.id, wire(read.inputs or {}), wire(read.outs))
            found[name] = "same" if new == old else "changed"
            self.state[name] = new
        return found

    def destroy(self, threads: int = 1) -> None:
        """Delete everything, last first."""
        process = self.process()
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(self._delete, process, name) for name in list(reversed(self.state))]:
                done.result()

    def _step(self, process: Process, name: str, kind: str, news: Mapping[str, Any]) -> str:
        old = self.state.get(name)
        if old is None:
            self._create(process, name, kind, process.check(kind, news))
            return "create"
        difference, inputs_differ = self.diff(name, news, process)
        if difference.replaces:
            assert difference.delete_before_replace
            self._delete(process, name)
            self._create(process, name, kind, process.check(kind, news))
            return "replace"
        if not inputs_differ:
            return "same"
        self._update(process, name, process.check(kind, news, old.inputs))
        return "update"

    def _update(self, process: Process, name: str, checked: Props) -> None:
        old = self.state[name]
        updated = process.providers[old.kind].update(old.id, old.outputs, checked)
        self.state[name] = Stored(old.kind, old.id, checked, wire(updated.outs or {}))

    def _create(self, process: Process, name: str, kind: str, checked: Props) -> None:
        created = process.providers[kind].create(checked)
        self.state[name] = Stored(kind, created.id, checked, wire(created.outs or {}))

    def _delete(self, process: Process, name: str) -> None:
        old = self.state[name]
        process.providers[old.kind].delete(old.id, old.outputs)
        del self.state[name]
