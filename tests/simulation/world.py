"""One seed: a portal, a stack, people who change both, and what must be true whenever it is quiet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_hubassoc.emulator import Clock, Emulator, Label, Refusal, Settings
from pulumi_hubassoc.portals import Portals
from tests.simulation.programs import (
    FOREIGN_TEXTS,
    PAIRS,
    TEXTS,
    Beside,
    Direction,
    Editor,
    LabelSpec,
    LimitSpec,
    Program,
    goes,
    is_allowed,
    labels,
    limits,
    unlabeled_id,
)
from tests.simulation.stack import KILLED, THREADS, Process, Stack, Stored
from tests.simulation.weather import storm

TOKEN = "pat-na1-simulated"
ROUNDS = 3
MOST_RERUNS = 2
BETWEEN_RUNS_S = 90.0
NAMES_ARE_SHOWN_S = 400.0
"""HubSpot shows a label's internal name after about five minutes: whoever reruns waits that long, as the error says."""
_START = 1_700_000_000.0


class Broken(AssertionError):
    """Something that must be true is not."""


@dataclass
class World:
    """A life from a seed.

    Args:
        seed: everything comes from it; with several threads also from who is first.
        portals: the way to portals; a naive one in tests of the tests.
        threads: of the stack; from the seed unless given.

    Attributes:
        log: what happened, for people.
        seen: how often each kind of fault struck, how many runs there were, and how many were killed.
    """

    seed: int
    portals: type[Portals] = Portals
    threads: int = 0
    log: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = dice = random.Random(self.seed)
        self.emulator = Emulator(seed=self.seed, clock=Clock(start=_START))
        self.portal = self.emulator.add_portal(token=TOKEN, portal_id=1001, settings=self.settings())
        self.foreign: dict[int, Label] = {}
        self.foreign_limits: dict[tuple[str, int], int] = {}
        self.die_at = 0
        self.stack = self.new_stack()
        self.program: Program = {}
        for _ in range(dice.randrange(3)):
            self._stranger()

    def new_stack(self) -> Stack:
        """The stack, with no resources."""
        return Stack(self._process, self.dice, self.threads or self.dice.choice((1, 1, 1, THREADS)))

    def settings(self) -> Settings:
        """A portal that answers in one of the ways in which HubSpot may."""
        return Settings(
            same_object_single_ids=self.dice.choice((2, 1)),
            second_delete_status=self.dice.choice((400, 204)),
            keep_limits_of_deleted_labels=False,
            batch_validation=self.dice.choice(("each", "joint")),
            mixed_batch=self.dice.choice(("partial", "cancel")),
            pair_limits_listed=self.dice.choice(("touched", "set", "every")),
            unset_limit=self.dice.choice(("null", "absent")),
            schema_name_lag=self.dice.choice((0.0, 0.0, 300.0)),
        )

    def live(self, rounds: int = ROUNDS) -> None:
        """So many rounds of edits, drift, storms and kills, each with a quiet end; then the end of the stack."""
        for _ in range(rounds):
            self._edit()
            drift = self._drift() if self.dice.random() < 0.4 else ""
            for _ in range(self.dice.randrange(1, 4)):
                self._stormy_run(drift)
            self._quiet(drift)
        self.program = {}
        for _ in range(self.dice.randrange(2)):
            self._stormy_run("")
        self._quiet("")

    # ----------------------------------------------------------------------------------------------- what happens

    def _edit(self) -> None:
        for _ in range(self.dice.randrange(1, 8)):
            editor = Editor(self.dice, self.program)
            editor.edit()
            if is_allowed(editor.program, self._beside(editor.program)):
                self.program = editor.program
        self.log.append(f"program: {self.program}")

    @property
    def _made(self) -> dict[str, LabelSpec]:
        """The labels of the state, as they were declared."""
        return {n: r.spec for n, r in self.stack.resources.items() if isinstance(r.spec, LabelSpec)}

    def _drift(self) -> str:
        """A person changes something of ours, as far as HubSpot lets them; what was tried, "" for nothing."""
        ours = [label for label in self.portal.labels() if label.type_id not in self.foreign]
        drift, dice = self.portal.drift, self.dice
        if not ours:
            return ""
        label = dice.choice(ours)
        what = dice.choice(("rename", "delete", "remake", "limit", "unlimit"))
        self.log.append(f"drift: {what} {label}")
        try:
            if what == "rename" and label.type_id in self._staying():
                drift.rename_label(label.type_id, dice.choice(TEXTS))
            elif what in {"delete", "remake"}:
                drift.delete_label(label.type_id)
                if what == "remake":
                    drift.create_label(
                        label.from_object_type, label.to_object_type, str(label.label), str(label.inverse_label)
                    )
            elif what == "limit":
                drift.set_limit(label.from_object_type, label.to_object_type, label.type_id, dice.randrange(1, 10))
                if ("USER_DEFINED", label.type_id) not in self._our_limits():
                    self.portal.drift.remove_limit("USER_DEFINED", label.type_id)  # it would be a stranger's
            elif limited := [k for k in self._our_limits() if k in self.portal.state.limits]:
                drift.remove_limit(*dice.choice(limited))
        except (Refusal, LookupError):
            self.log.append("    which HubSpot refused")
        return what

    def _staying(self) -> set[int]:
        """The labels that the program keeps; the text of another would only be free when that is deleted."""
        kept = [n for n, spec in self._made.items() if not goes(spec, self.program.get(n))]
        return {int(i) for n in kept for i in self.stack.resources[n].id.split("/")[2:]}

    def _stranger(self) -> None:
        """A person makes a label that is none of ours, perhaps with a limit."""
        start, end = self.dice.choice(PAIRS)
        text = self.dice.choice([t for t in FOREIGN_TEXTS if t not in {f.label for f in self.foreign.values()}])
        label = self.portal.drift.create_label(start, end, text)
        self.foreign[label.type_id] = label
        if self.dice.random() < 0.5:
            self.portal.drift.set_limit(start, end, label.type_id, self.dice.randrange(1, 5))
            self.foreign_limits = dict(self.portal.state.limits)

    def _stormy_run(self, drift: str) -> None:
        armed = storm(self.emulator, self.dice) if self.dice.random() < 0.9 else []
        self.die_at = self.dice.randrange(1, 15) if self.dice.random() < 0.4 else 0
        # What a person has made again is found by a refresh alone; an `up` before it would not know of it.
        if drift == "remake" or (drift and self.dice.random() < 0.5):
            self._run("refresh", self.stack.refresh, f"in {armed}, killed at {self.die_at}")
        else:
            self._run("up", lambda: self.stack.up(self.program), f"in {armed}, killed at {self.die_at}")
        self.emulator.disarm()
        self.die_at = 0

    def _quiet(self, drift: str) -> None:
        """The documented recovery, and what must be true after it."""
        self.emulator.clock.advance(NAMES_ARE_SHOWN_S)
        if drift:
            self._converge("refresh", self.stack.refresh)
        self._converge("up", lambda: self.stack.up(self.program))
        self._prove()
        self._converge("up", lambda: self.stack.up(self.program))
        if len(self.emulator.journal):
            raise Broken("a run with nothing to do sent requests")

    def _converge(self, what: str, run: Callable[[], bool]) -> None:
        for _ in range(MOST_RERUNS):
            if self._run(what, run, "in quiet"):
                return
        raise Broken(f"{what} did not succeed in {MOST_RERUNS} reruns: {self.stack.errors}")

    def _run(self, what: str, run: Callable[[], bool], how: str) -> bool:
        self.emulator.clock.advance(BETWEEN_RUNS_S)
        self.emulator.journal.clear()
        ok = run()
        self.log.append(f"{what} {how}: {'ok' if ok else self.stack.errors}")
        self.log += [f"    {r.operation} {r.body} -> {r.status} {r.fault or ''}" for r in self.emulator.journal]
        self.seen.update(r.fault for r in self.emulator.journal if r.fault)
        self.seen.update(["runs", *(e for e in self.stack.errors if e == KILLED)])
        checks = [r for r in self.emulator.journal.records(operation="account") if r.fault is None]
        if len(checks) > 1:
            raise Broken(f"{len(checks)} account requests in one process")
        self._prove_foreign()
        return ok

    def _process(self) -> Process:
        return Process(self.emulator, TOKEN, self.portals, self.die_at, applied=self.dice.random() < 0.5)

    # ------------------------------------------------------------------------------------------- what must be true

    def _prove(self) -> None:
        """Portal, state and program are one."""
        found = {label.type_id: label for label in self.portal.labels() if label.type_id not in self.foreign}
        wanted: set[tuple[Direction, str, str]] = {(s.pair, *s.texts) for s in labels(self.program).values()}
        there = [((o.from_object_type, o.to_object_type), str(o.label), str(o.inverse_label)) for o in found.values()]
        if sorted(there) != sorted(wanted):
            raise Broken(f"labels in the portal: {sorted(there)}, in the program: {sorted(wanted)}")
        stored = self.stack.resources
        if set(stored) != set(self.program):
            raise Broken(f"in the state: {sorted(stored)}, in the program: {sorted(self.program)}")
        for name, spec in labels(self.program).items():
            self._prove_label(name, stored[name], (spec.pair, *spec.texts))
        limited = dict(self.foreign_limits)
        for name, limit in limits(self.program).items():
            limited[self._limit_key(name)] = limit.maximum
            if stored[name].outputs["max_to_object_ids"] != limit.maximum:
                raise Broken(f"{name} in the state: {stored[name].outputs}")
            for twin in self._twins(name):
                limited[twin] = limit.maximum
        if dict(self.portal.state.limits) != limited:
            raise Broken(f"limits in the portal: {self.portal.state.limits}, should be {limited}")

    def _prove_label(self, name: str, stored: Stored, wanted: tuple[Direction, str, str]) -> None:
        start, end, type_id, inverse_type_id = stored.id.split("/")
        label = self.portal.state.find(int(type_id))
        if label is None:
            raise Broken(f"{name} is {stored.id} in the state, which the portal has not")
        label = label.seen_from(int(type_id))
        if ((start, end), label.label, label.inverse_label, label.inverse_type_id) != (*wanted, int(inverse_type_id)):
            raise Broken(f"{name} is {stored.id} in the state, and that is {label}")

    def _prove_foreign(self) -> None:
        """What is not ours is as people left it."""
        for type_id, label in self.foreign.items():
            if self.portal.state.labels.get(type_id) != label:
                raise Broken(f"somebody else's {label} is now {self.portal.state.labels.get(type_id)}")
        for key, maximum in self.foreign_limits.items():
            if self.portal.state.limits.get(key) != maximum:
                raise Broken(f"somebody else's limit {key} is now {self.portal.state.limits.get(key)}")

    def _limit_key(self, name: str) -> tuple[str, int]:
        limit = limits(self.program)[name]
        if not isinstance(limit.of, str):
            return "HUBSPOT_DEFINED", unlabeled_id(limit.of)
        parts = self.stack.resources[limit.of].id.split("/")
        return "USER_DEFINED", int(parts[2] if limit.side == "forward" else parts[3])

    def _twins(self, name: str) -> list[tuple[str, int]]:
        """The other id of a symmetric label: it has the same limit."""
        limit = limits(self.program)[name]
        if not isinstance(limit.of, str):
            return []
        spec = labels(self.program)[limit.of]
        parts = self.stack.resources[limit.of].id.split("/")
        symmetric = spec.pair[0] == spec.pair[1] and spec.is_single
        return [("USER_DEFINED", int(i)) for i in parts[2:]] if symmetric else []

    def _our_limits(self) -> list[tuple[str, int]]:
        return [
            (str(r.outputs["category"]), int(r.outputs["type_id"]))
            for r in self.stack.resources.values()
            if r.kind == "limit"
        ]

    def _beside(self, program: Program) -> Beside:
        beside = Beside()
        for label in self.foreign.values():
            beside.texts.extend(_shown(label))
        for (_, type_id), maximum in self.foreign_limits.items():
            found = self.portal.state.find(type_id)
            assert found is not None
            seen = found.seen_from(type_id)
            _note(beside.label_limits, (seen.from_object_type, seen.to_object_type), maximum)
        for name, spec in self._made.items():
            if goes(spec, program.get(name)):
                beside.texts.extend(spec.shown())
        for name, stored in self.stack.resources.items():
            if isinstance(stored.spec, LimitSpec) and isinstance(stored.spec.of, str):
                spec = self._made[stored.spec.of]
                if spec.pair[0] == spec.pair[1]:
                    beside.limited[stored.spec.of] = spec
            if isinstance(stored.spec, LimitSpec) and not self._stays(name, stored.spec, program):
                direction = (stored.outputs["from_object_type"], stored.outputs["to_object_type"])
                of_label = stored.outputs["category"] == "USER_DEFINED"
                maximum = int(stored.outputs["max_to_object_ids"])
                _note(beside.label_limits if of_label else beside.object_limits, direction, maximum)
        return beside

    def _stays(self, name: str, old: LimitSpec, program: Program) -> bool:
        new = program.get(name)
        if not isinstance(new, LimitSpec) or (new.of, new.side) != (old.of, old.side):
            return False
        return not isinstance(old.of, str) or not goes(self._made[old.of], program.get(old.of))


def _note(greatest: dict[Direction, int], direction: Direction, maximum: int) -> None:
    greatest[direction] = max(maximum, greatest.get(direction, 0))


def _shown(label: Label) -> list[tuple[Direction, str]]:
    return [
        ((label.from_object_type, label.to_object_type), str(label.label)),
        *(
            [((label.to_object_type, label.from_object_type), str(label.inverse_label))]
            if label.from_object_type != label.to_object_type
            else []
        ),
    ]
