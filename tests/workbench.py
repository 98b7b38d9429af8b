"""The providers without an engine: what Pulumi does to one resource after another, in a few lines.

Values go through what the wire makes of them: whole numbers become floats, null keys vanish.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import httpx
from pulumi.dynamic import CheckResult, Config, ConfigureRequest, DiffResult

from pulumi_hubassoc.emulator import Emulator, Portal, Settings
from pulumi_hubassoc.hubspot.waiting import Patience
from pulumi_hubassoc.portals import Portals
from pulumi_hubassoc.provider import PREVIEWED_AS, Provider
from pulumi_hubassoc.resources.label import LabelProvider
from pulumi_hubassoc.resources.limit import LimitProvider
from pulumi_hubassoc.resources.limit_set import LimitSetProvider
from pulumi_hubassoc.surroundings import Surroundings

Props = dict[str, Any]
KINDS: dict[str, type[Provider[Any]]] = {"label": LabelProvider, "limit": LimitProvider, "limits": LimitSetProvider}
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
    return {k: _float(v) for k, v in props.items() if v is not None} | {"__provider": "x"}


def _float(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _float(v) for k, v in value.items() if v is not None}
    return [_float(v) for v in value] if isinstance(value, list) else float(value) if type(value) is int else value


def emptied(emulator: Emulator) -> Portal:
    """Its one portal, as if it were new: building an emulator takes longer than most tests."""
    emulator.reset()
    [portal] = emulator.portals()
    portal.configure(**asdict(Settings()))
    return portal


def all_of(calls: Sequence[Callable[[], object]], threads: int) -> None:
    """Call all by so many threads; the first error is raised once all have ended."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()


def faults_of(kind: str, news: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What check finds wrong, as (property, reason)."""
    return [(f.property, f.reason) for f in KINDS[kind]().check({}, wire(news)).failures]


class Refused(AssertionError):
    """Check found faults."""

    def __init__(self, check: CheckResult) -> None:
        self.faults = [(f.property, f.reason) for f in check.failures]
        super().__init__(str(self.faults))


class Clock:
    """The emulator's clock, on which waiting takes no time: it is moved on, once for all who wait for the same moment."""

    def __init__(self, emulator: Emulator) -> None:
        self._clock = emulator.clock
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        """Move the clock on to this moment."""
        self.slept.append(seconds)
        moment = self._clock() + seconds
        with self._lock:
            self._clock.advance(max(0.0, moment - self._clock()))


class Listening(Surroundings):
    """What is around a provider, with somebody who listens.

    Attributes:
        heard: urn, severity and message of all that was said.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str, str]] = []

    def say(self, severity: str, message: str, urn: str) -> None:
        """Take it down."""
        self.heard.append((urn, severity, message))


class Process:
    """A provider process: configured once, with one view of its portal; `transport` stands before the emulator."""

    def __init__(
        self,
        emulator: Emulator,
        config: Mapping[str, Any],
        grace_s: float = 0.05,
        portals: type[Portals] = Portals,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.clock = Clock(emulator)
        shared = portals(
            transport or emulator.transport(),
            patience=lambda total_s: Patience(total_s, sleep=self.clock.sleep, clock=self.clock, chance=lambda: 0.5),
            grace_s=grace_s,
        )
        self.surroundings = Listening()
        self.providers: dict[str, Provider[Any]] = {}
        for kind, provider_class in KINDS.items():
            provider = provider_class()
            provider.portals, provider.surroundings = shared, self.surroundings
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

    def process(self, grace_s: float = 0.05) -> Process:
        """A new provider process, which waits so many seconds of real time to hear what else is planned."""
        return Process(self.emulator, self.config, grace_s)

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

    def preview(self, program: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str, str]]:
        """What a preview says, as (name, severity, message): check and diff alone, one resource after another."""
        process = self.process()
        for name, (kind, news) in program.items():
            told = {**news, PREVIEWED_AS: name}
            old = self.state.get(name)
            checked = process.check(kind, told, old.inputs if old else {})
            if old and process.providers[kind].diff(old.id, old.outputs, checked).replaces:
                process.check(kind, told)
        return process.surroundings.heard

    def diff(self, name: str, news: Mapping[str, Any], process: Process | None = None) -> tuple[DiffResult, bool]:
        """The provider's diff, and whether the engine would see another difference of inputs."""
        process = process or self.process()
        old = self.state[name]
        checked = process.check(old.kind, news, old.inputs)
        return process.providers[old.kind].diff(old.id, old.outputs, checked), checked != old.inputs

    def up_in_order(self, program: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
        """As `up`, but all is checked and compared before anything is written, and what is gone goes first.

        So a text that a removed label frees can be taken in the same run, and labels can exchange theirs.
        """
        process = self.process()
        done: dict[str, str] = {}
        for name in [n for n in reversed(self.state) if n not in program]:
            self._delete(process, name)
            done[name] = "delete"
        for name in [n for n in program if n in self.state and self.diff(n, program[n][1], process)[0].replaces]:
            self._delete(process, name)
            done[name] = "replace"
        return done | {n: what for n, what in self.up_together(program, 1, process).items() if n not in done}

    def up_together(
        self, program: Mapping[str, tuple[str, Mapping[str, Any]]], threads: int, process: Process | None = None
    ) -> dict[str, str]:
        """As `up` without replacements, in the engine's way: all is checked and compared first, then done by threads.

        The first error is raised once all threads have ended.
        """
        process = process or self.process()
        todo = {name: self.prepare(process, name, *declared) for name, declared in program.items()}
        all_of([step for _, step in todo.values()], threads)
        gone = [n for n in reversed(self.state) if n not in program]
        all_of([partial(self._delete, process, name) for name in gone], threads)
        return {name: what for name, (what, _) in todo.items()} | dict.fromkeys(gone, "delete")

    def prepare(
        self, process: Process, name: str, kind: str, news: Mapping[str, Any]
    ) -> tuple[str, Callable[[], object]]:
        """Check and diff: what is to be done to a resource, and the call that does it."""
        if name not in self.state:
            checked = process.check(kind, news)
            return "create", partial(self._create, process, name, kind, checked)
        difference, inputs_differ = self.diff(name, news, process)
        assert not difference.replaces, "up_together knows no replacements"
        if not inputs_differ:
            return "same", lambda: None
        return "update", partial(self._update, process, name, process.check(kind, news, self.state[name].inputs))

    def refresh(self, threads: int = 1) -> dict[str, str]:
        """Make the state what the portal says; what changed for each resource."""
        process, found = self.process(), dict.fromkeys(self.state, "")

        def read(name: str) -> None:
            old = self.state[name]
            read = process.providers[old.kind].read(old.id, old.outputs)
            if not read.id:
                del self.state[name]
                found[name] = "gone"
                return
            self.state[name] = Stored(old.kind, read.id, wire(read.inputs or {}), wire(read.outs or {}))
            found[name] = "same" if self.state[name] == old else "changed"

        all_of([partial(read, name) for name in self.state], threads)
        return found

    def destroy(self, threads: int = 1) -> None:
        """Delete everything, last first."""
        process = self.process()
        all_of([partial(self._delete, process, name) for name in reversed(self.state)], threads)

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
