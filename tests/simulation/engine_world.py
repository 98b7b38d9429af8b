"""The same lives on the built-in engine, with a real provider process, in real time."""

from __future__ import annotations

import functools
import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.emulator import Settings
from pulumi_hubassoc.emulator.httpd import RunningServer
from tests.crash.driver import PROJECT, STACK, Driver, Operation, Order, Report
from tests.crash.processes import children_of, kill
from tests.crash.scene import Boundary, Gate, Moment, Shot
from tests.simulation.programs import LabelSpec, LimitSpec, Program, direction_of, labels
from tests.simulation.stack import KILLED, Stack, Stored
from tests.simulation.world import TOKEN, World


def declare(program: Program) -> None:
    """The program, in Pulumi's terms."""
    made = {}
    for name, label in labels(program).items():
        start, end = label.pair
        made[name] = hubassoc.AssociationLabel(
            name,
            from_object_type=start,
            to_object_type=end,
            label=label.label,
            inverse_label=label.inverse_label,
            name=label.name,
            adopt_existing=label.name is not None,
        )
    for name, limit in program.items():
        if isinstance(limit, LimitSpec):
            reference = (
                getattr(made[limit.of], limit.side)
                if isinstance(limit.of, str)
                else hubassoc.unlabeled(*direction_of(limit, program))
            )
            hubassoc.AssociationLimit(name, association=reference, max_to_object_ids=limit.maximum)


class EngineWorld(World):
    """A life on the engine.

    Args:
        seed: everything comes from it, but for what depends on who is first.
        folder: an empty one, for the project.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self._folder = folder
        super().__init__(seed)

    def new_stack(self) -> Stack:
        """A stack of the engine, behind a gate at which its provider can be killed."""
        self.gate = Gate(self.emulator.app)
        self._server = RunningServer(self.gate, 0, threading.Event())
        order = Order("up", self._folder, self._folder, self._server.url, TOKEN, env={"HUBASSOC_PATIENCE_SECONDS": "3"})
        return EngineStack(order, self.gate, lambda: self.die_at, self.dice)

    def settings(self) -> Settings:
        """Names show at once: waiting for them would take real minutes."""
        return replace(super().settings(), schema_name_lag=0.0)

    def close(self) -> None:
        """End the emulator."""
        self._server.stop()


class EngineStack(Stack):
    """A stack of the built-in engine."""

    def __init__(self, order: Order, gate: Gate, die_at: Callable[[], int], dice: random.Random) -> None:
        self._order, self._gate, self._die_at = order, gate, die_at
        self.dice, self.threads, self.errors = dice, 4, []
        self._state = order.folder / "state" / PROJECT
        self._program: Program = {}

    @property
    def resources(self) -> dict[str, Stored]:  # type: ignore[override]
        """What the file of the stack has."""
        file = self._state / f"{STACK}.json"
        if not file.exists():
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))["deployment"].get("resources", [])
        return {r["urn"].rsplit("::", 1)[-1]: _stored(r) for r in found if "dynamic/hubassoc:" in r["type"]}

    def up(self, program: Program) -> bool:
        """Make the portal what the program says; whether that succeeded."""
        self._program = program
        return self._run("up")

    def refresh(self) -> bool:
        """Make the state what the portal says; whether that succeeded."""
        return self._run("refresh")

    def _run(self, operation: Operation) -> bool:
        locked = (self._state / f"{STACK}.lock").exists()
        program = functools.partial(declare, self._program)
        driver = Driver(replace(self._order, operation=operation, program=program, cancel=locked))
        if self._die_at():
            victims = self.dice.choice((("provider",), ("provider", "engine")))
            moment: Moment = self.dice.choice(("before", "applied", "answered"))
            self._gate.arm(Boundary(self._die_at(), moment), lambda: _aim(driver.pid, victims))
        report: Report | None = driver.result()
        self._gate.disarm()
        self.errors = [KILLED] if report is None or self._gate.struck.is_set() else list(report.errors)
        self._gate.struck.clear()
        return report is not None and report.exit_code == 0


def _aim(engine: int, victims: tuple[str, ...]) -> Shot:
    found = {"engine": engine, **children_of(engine)}

    def shot() -> bool:
        kill(*(found[victim] for victim in reversed(victims)))
        return False

    return shot


def _stored(resource: Mapping[str, Any]) -> Stored:
    inputs, outputs = resource["inputs"], resource["outputs"]
    pair = (inputs["from_object_type"], inputs["to_object_type"])
    if resource["type"].endswith("Label"):
        named = inputs["name"] if "name_suffix" not in inputs else None
        return Stored(
            LabelSpec(pair, inputs["label"], inputs.get("inverse_label"), named), resource["id"], inputs, outputs
        )
    return Stored(LimitSpec(pair, "forward", int(inputs["max_to_object_ids"])), resource["id"], inputs, outputs)
