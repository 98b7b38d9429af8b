"""A stack without an engine: what Pulumi's engine does with the providers, its threads and its death included.

As the engine does, it checks and diffs one resource after another, does the steps of what does not depend on one another
at once, on four threads or in any order on one, deletes last, and begins nothing new after a failure.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from pulumi.dynamic import Config, ConfigureRequest

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot.waiting import Patience
from pulumi_hubassoc.portals import Portals
from pulumi_hubassoc.provider import Provider
from pulumi_hubassoc.resources.label import LabelProvider, split_label_id
from pulumi_hubassoc.resources.limit import LimitProvider
from tests.simulation.programs import LabelSpec, LimitSpec, Program, direction_of, unlabeled_id

Props = dict[str, Any]
THREADS = 4
KILLED = "killed"
"""What `Stack.errors` says of a process that was killed."""


class Killed(BaseException):
    """The provider process was killed: nothing of it answers any more."""


class NotOurs(AssertionError):
    """Something was raised that is no HubAssocError."""


class Clock:
    """A clock on which waiting takes no time; the portal's goes with it."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def __call__(self) -> float:
        """Seconds."""
        return self._emulator.clock()

    def sleep(self, seconds: float) -> None:
        """Move it on."""
        self._emulator.clock.advance(seconds)


class Mortal(httpx.BaseTransport):
    """A transport of a process that dies at its n-th request, before or after that is applied; 0 for never."""

    def __init__(self, inner: httpx.BaseTransport, dies_at: int, *, applied: bool) -> None:
        self._inner, self._dies_at, self._applied = inner, dies_at, applied
        self._lock = threading.Lock()
        self._sent = 0
        self.dead = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._sent += 1
            fatal = self._sent == self._dies_at
            if fatal and self._applied:
                self._inner.handle_request(request)
            self.dead = self.dead or fatal
            if self.dead:
                raise Killed
        return self._inner.handle_request(request)


@dataclass(frozen=True)
class Stored:
    """A resource in the state."""

    spec: LabelSpec | LimitSpec
    id: str
    inputs: Props
    outputs: Props

    @property
    def kind(self) -> str:
        """``label`` or ``limit``."""
        return "label" if isinstance(self.spec, LabelSpec) else "limit"


class Process:
    """A provider process.

    Args:
        emulator: HubSpot.
        token: of the portal.
        portals: the way to portals; a naive one in tests of the tests.
        dies_at: at which request it is killed, 0 for never.
        applied: whether that request is applied.
    """

    def __init__(
        self, emulator: Emulator, token: str, portals: type[Portals], dies_at: int = 0, *, applied: bool = False
    ) -> None:
        self.transport = Mortal(emulator.transport(), dies_at, applied=applied)
        clock = Clock(emulator)
        shared = portals(
            self.transport,
            lambda total_s: Patience(total_s, sleep=clock.sleep, clock=clock, chance=lambda: 0.5),
            grace_s=0.01,
        )
        self._providers: dict[str, Provider[Any]] = {"label": LabelProvider(), "limit": LimitProvider()}
        for provider in self._providers.values():
            provider.portals = shared
            provider.configure(ConfigureRequest(Config({"hubassoc:accessToken": token}, "project")))

    def call(self, kind: str, method: str, *arguments: Any) -> Any:
        """Call a provider.

        Raises:
            Killed: if the process is dead, or dies meanwhile.
            HubAssocError: if the provider fails as it should.
            NotOurs: if it fails otherwise.
        """
        if self.transport.dead:
            raise Killed
        try:
            answer = getattr(self._providers[kind], method)(*arguments)
        except HubAssocError:
            raise
        except Exception as error:
            msg = f"{kind} {method}: {type(error).__name__}: {error}"
            raise NotOurs(msg) from error
        if self.transport.dead:
            raise Killed
        return answer


@dataclass
class Stack:
    """The state, and the operations that change it.

    Attributes:
        process: gives a new provider process for each operation.
        dice: the order in which steps that do not depend on one another are done.
        threads: 1 or more.
        resources: by name.
        errors: what the last operation told the user.
    """

    process: Callable[[], Process]
    dice: random.Random
    threads: int = 1
    resources: dict[str, Stored] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _stopped: bool = False

    def up(self, program: Program) -> bool:
        """Make the portal what the program says; whether that succeeded."""
        with self._operation() as process:
            labels_first = sorted(program, key=lambda name: isinstance(program[name], LimitSpec))
            self._wave(process, program, labels_first)
            gone = {n: r for n, r in self.resources.items() if n not in program}
            left_alone = [n for n, r in gone.items() if isinstance(r.spec, LimitSpec) and r.spec.of not in gone]
            self._together([partial(self._delete, process, n) for n in left_alone])
            self._together([partial(self._delete, process, n) for n, r in gone.items() if r.kind == "label"])
        return not self.errors

    def refresh(self) -> bool:
        """Make the state what the portal says; whether that succeeded."""
        with self._operation() as process:
            self._together([partial(self._read, process, n) for n in self.resources])
        return not self.errors

    def destroy(self) -> bool:
        """Delete everything; whether that succeeded."""
        return self.up({})

    # ------------------------------------------------------------------------------------------------------- steps

    @contextmanager
    def _operation(self) -> Iterator[Process]:
        self.errors, self._stopped = [], False
        try:
            yield self.process()
        except Killed:
            self.errors.append(KILLED)

    def _wave(self, process: Process, program: Program, names: list[str]) -> None:
        """Check and diff, then do; the limits of a label that is made or changed wait for that, in a wave of their own."""
        steps: dict[str, Callable[[], None]] = {}
        waiting = []
        for name in names:
            spec = program[name]
            if isinstance(spec, LimitSpec) and spec.of in steps:
                waiting.append(name)
            elif (step := self._step(process, program, name)) is not None:
                steps[name] = step
        self._together(self.dice.sample(list(steps.values()), len(steps)))
        if waiting and not self._stopped:
            self._wave(process, program, waiting)

    def _step(self, process: Process, program: Program, name: str) -> Callable[[], None] | None:
        old, spec = self.resources.get(name), program[name]
        kind = "label" if isinstance(spec, LabelSpec) else "limit"
        declared = self._declared(program, name)
        if old is not None and old.kind != kind:
            old = None
        news = self._checked(process, kind, old.inputs if old else {}, declared)
        if old is None:
            return lambda: self._create(process, name, spec, news)
        diff = process.call(kind, "diff", old.id, old.outputs, news)
        if diff.replaces:
            fresh = self._checked(process, kind, {}, declared)
            return lambda: self._replace(process, name, spec, fresh)
        if news == old.inputs and not diff.changes:
            self.resources[name] = Stored(spec, old.id, news, old.outputs)
            return None
        return lambda: self._update(process, name, spec, old, news)

    def _declared(self, program: Program, name: str) -> Props:
        spec = program[name]
        if isinstance(spec, LabelSpec):
            named = {"name": spec.name, "adopt_existing": True} if spec.name else {}
            props = {"label": spec.label, "inverse_label": spec.inverse_label, "name_suffix": suffix(name), **named}
            return _wire({"from_object_type": spec.pair[0], "to_object_type": spec.pair[1], **props})
        start, end = direction_of(spec, program)
        props = {"from_object_type": start, "to_object_type": end, "max_to_object_ids": spec.maximum}
        if not isinstance(spec.of, str):
            return _wire({**props, "category": "HUBSPOT_DEFINED", "type_id": unlabeled_id((start, end))})
        ref = split_label_id(self.resources[spec.of].id)
        type_id = ref.type_id if spec.side == "forward" else ref.inverse_type_id
        return _wire({**props, "category": "USER_DEFINED", "type_id": type_id})

    @staticmethod
    def _checked(process: Process, kind: str, olds: Props, news: Props) -> Props:
        checked = process.call(kind, "check", olds, news)
        assert not checked.failures, [(f.property, f.reason) for f in checked.failures]
        return _wire(checked.inputs)

    def _create(self, process: Process, name: str, spec: LabelSpec | LimitSpec, news: Props) -> None:
        kind = "label" if isinstance(spec, LabelSpec) else "limit"
        made = process.call(kind, "create", news)
        self.resources[name] = Stored(spec, made.id, news, _wire(made.outs))

    def _replace(self, process: Process, name: str, spec: LabelSpec | LimitSpec, news: Props) -> None:
        self._delete(process, name)
        self._create(process, name, spec, news)

    def _update(self, process: Process, name: str, spec: LabelSpec | LimitSpec, old: Stored, news: Props) -> None:
        done = process.call(old.kind, "update", old.id, old.outputs, news)
        self.resources[name] = Stored(spec, old.id, news, _wire(done.outs))

    def _read(self, process: Process, name: str) -> None:
        old = self.resources[name]
        read = process.call(old.kind, "read", old.id, old.outputs)
        if read.id:
            self.resources[name] = Stored(old.spec, read.id, _wire(read.inputs), _wire(read.outs))
        else:
            del self.resources[name]

    def _delete(self, process: Process, name: str) -> None:
        """Delete a resource; the limits of a label go with it, unasked."""
        old = self.resources[name]
        process.call(old.kind, "delete", old.id, old.outputs)
        del self.resources[name]
        for other in [n for n, r in self.resources.items() if isinstance(r.spec, LimitSpec) and r.spec.of == name]:
            del self.resources[other]

    # ----------------------------------------------------------------------------------------------------- threads

    def _together(self, steps: list[Callable[[], None]]) -> None:
        """Do steps that do not depend on one another; after a failure no new one begins."""
        if self.threads == 1:
            outcomes = [self._outcome(step) for step in steps]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                outcomes = list(pool.map(self._outcome, steps))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _outcome(self, step: Callable[[], None]) -> BaseException | None:
        if self._stopped:
            return None
        try:
            step()
        except HubAssocError as error:
            self._stopped = True
            self.errors.append(str(error))
        except BaseException as error:  # noqa: BLE001  to be raised again in the main thread
            self._stopped = True
            return error
        return None


def suffix(name: str) -> str:
    """What only this resource has in its label's name."""
    return f"{name}x"


def _wire(props: Mapping[str, Any]) -> Props:
    """Properties as they arrive in a provider process: numbers are floats, and null is nothing."""
    return {k: float(v) if type(v) is int else v for k, v in props.items() if v is not None}
