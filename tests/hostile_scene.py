"""A place to lie in: resources in a state, every step a provider can be asked for there, and who judges how it ended."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from werkzeug.routing import Map, Rule

from pulumi_hubassoc.emulator import Emulator, Fault
from pulumi_hubassoc.emulator.operations import OPERATIONS
from pulumi_hubassoc.emulator.state import State
from pulumi_hubassoc.errors import HubAssocError
from tests.conftest import TOKEN
from tests.workbench import LABEL, OBJECT_LIMIT, PAIRED, Process, Stored, Workbench

Step = Callable[[Process], Any]
Lies = Mapping[str, tuple[int, bytes]]
"""Operation -> the status and the body that it answers."""
_PATHS = Map([Rule(path, methods=[o.method], endpoint=o.name) for o in OPERATIONS for path, _ in o.paths]).bind(
    "hubspot"
)


@functools.cache
def operation_of(method: str, path: str) -> str:
    """The name of the operation that a request asks for."""
    found: tuple[str, Any] = _PATHS.match(path, method)
    return found[0]


class Liar(httpx.BaseTransport):
    """The emulator, except for operations that lie.

    What was read once is not asked of the emulator again while the portal is as it was: thousands of steps begin with
    the same true answers, and making one takes longer than all that the provider does with it.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._portal, self._inner = emulator.portal(1001), emulator.transport()
        self._as_it_was: State = self._portal.state
        self._read: dict[str, bytes] = {}
        self.lies: Lies = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The lie, or the truth."""
        path = request.url.path
        lie = self.lies.get(operation_of(request.method, path))
        if lie is not None:
            return httpx.Response(lie[0], content=lie[1])
        if request.method != "GET" or self._portal.state is not self._as_it_was:
            return self._inner.handle_request(request)
        if path not in self._read:
            answer = self._inner.handle_request(request)
            assert answer.status_code == 200, f"{path} answers {answer.status_code}"
            self._read[path] = answer.read()
        return httpx.Response(200, content=self._read[path])


@dataclass
class Scene:
    """A portal with three labels, one between a contact and a custom object's record, and a limit; all are in a state."""

    emulator: Emulator
    bench: Workbench

    @classmethod
    def build(cls, seed: int) -> Scene:
        """The same for every seed but for the order of answers."""
        emulator = Emulator(seed=seed)
        portal = emulator.add_portal(token=TOKEN, portal_id=1001)
        portal.add_custom_object("pet", object_type_id="2-7")
        bench = Workbench(emulator, {"hubassoc:accessToken": TOKEN})
        bench.up(
            {
                "single": ("label", LABEL),
                "paired": ("label", PAIRED),
                "pet": ("label", {**LABEL, "to_object_type": "p_pet", "label": "Owner"}),
                "limit": ("limit", OBJECT_LIMIT),
            }
        )
        return cls(emulator, bench)

    @functools.cached_property
    def liar(self) -> Liar:
        """What stands in the emulator's place."""
        return Liar(self.emulator)

    @functools.cached_property
    def steps(self) -> dict[str, tuple[str, Step]]:
        """What a provider can be asked to do here: kind of method, and the call in a process of its own."""

        def look(old: Stored) -> Step:
            return lambda p: p.providers[old.kind].read(old.id, old.outputs)

        def remove(old: Stored) -> Step:
            return lambda p: p.providers[old.kind].delete(old.id, old.outputs)

        def change(old: Stored, **news: Any) -> Step:
            return lambda p: p.providers[old.kind].update(old.id, old.outputs, {**old.inputs, **news})

        def make(kind: str, news: dict[str, Any]) -> Step:
            return lambda p: p.providers[kind].create(p.check(kind, news))

        state = self.bench.state
        return {
            **{f"read {name}": ("read", look(old)) for name, old in state.items()},
            **{f"delete {name}": ("delete", remove(old)) for name, old in state.items()},
            "update single": ("update", change(state["single"], label="Other")),
            "update paired": ("update", change(state["paired"], label="Boss")),
            "update limit": ("update", change(state["limit"], max_to_object_ids=7)),
            "create single": ("create", make("label", {**LABEL, "label": "New", "name_suffix": "newone"})),
            "create paired": ("create", make("label", {**PAIRED, "label": "X", "inverse_label": "Y"})),
            "create limit": ("create", make("limit", {**OBJECT_LIMIT, "to_object_type": "contacts", "type_id": 280})),
        }

    def asked_while(self, name: str) -> list[str]:
        """Which operations a step asks for where nothing is wrong; the portal is put back."""
        portal = self.emulator.portal(1001)
        state, before = portal.state, len(self.emulator.journal)
        self.steps[name][1](self.bench.process())
        portal.load(state)
        return [r.operation for r in self.emulator.journal][before:]

    def play(self, name: str, fault: Fault) -> tuple[str, Any]:
        """One step against a fault of the emulator, judged; the portal is put back after it.

        Returns:
            "refused" and the error, or "done" and the result.
        """
        self.emulator.arm(fault)
        try:
            return self._judged(name, self.bench.process())
        finally:
            self.emulator.disarm()

    def play_lies(self, name: str, lies: Lies) -> tuple[str, Any]:
        """The same against operations that lie each time they are asked."""
        self.liar.lies = lies
        return self._judged(name, Process(self.emulator, self.bench.config, transport=self.liar))

    def _judged(self, name: str, process: Process) -> tuple[str, Any]:
        """A step that ended well in spite of a lie told the truth all the same."""
        method, step = self.steps[name]
        portal = self.emulator.portal(1001)
        state = portal.state
        try:
            result = step(process)
        except HubAssocError as error:
            return "refused", error
        finally:
            changed = portal.state is not state
            if changed:
                portal.load(state)
        if method == "read":
            old = self.bench.state[name.split()[1]]
            assert result.id == old.id, "gone, or another resource"
            assert (result.inputs, result.outs) == (_stored(old.inputs), _stored(old.outputs))
        else:
            assert changed, f"{method} is said to be done, and nothing was"
        return "done", result


def _stored(props: dict[str, Any]) -> dict[str, Any]:
    return {k: int(v) if type(v) is float else v for k, v in props.items() if k != "__provider"}
