"""Programs as data, and how people edit them: always into another program that HubSpot's rules allow."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pulumi_hubassoc.hubspot import facts

Direction = tuple[str, str]
PAIRS: tuple[Direction, ...] = (
    ("contacts", "companies"),
    ("companies", "contacts"),
    ("contacts", "contacts"),
    ("deals", "contacts"),
)
TEXTS = ("Accountant", "Buyer", "Consultant", "Donor", "Expert", "Friend", "Guide")
FOREIGN_TEXTS = ("Unknown", "Visitor", "Witness")
MOST_LABELS, MOST_LIMITS = 5, 5


@dataclass(frozen=True)
class LabelSpec:
    """An `AssociationLabel`; one with a name of its own adopts, because such a name proves nothing after a crash."""

    pair: Direction
    label: str
    inverse_label: str | None = None
    name: str | None = None

    @property
    def texts(self) -> tuple[str, str]:
        """Both texts."""
        return self.label, self.inverse_label or self.label

    @property
    def is_single(self) -> bool:
        """Whether both texts are one."""
        return self.texts[0] == self.texts[1]

    def shown(self) -> Iterator[tuple[Direction, str]]:
        """The texts by the direction in which they are shown; those of a same-object pair are in one list."""
        yield self.pair, self.texts[0]
        if self.pair[0] != self.pair[1] or self.texts[0] != self.texts[1]:
            yield (self.pair[1], self.pair[0]), self.texts[1]


@dataclass(frozen=True)
class LimitSpec:
    """An `AssociationLimit`, of a label's side or of the unlabeled type of a direction."""

    of: str | Direction
    side: Literal["forward", "inverse"]
    maximum: int


Program = Mapping[str, LabelSpec | LimitSpec]


def labels(program: Program) -> dict[str, LabelSpec]:
    """The labels of a program, by name."""
    return {name: spec for name, spec in program.items() if isinstance(spec, LabelSpec)}


def limits(program: Program) -> dict[str, LimitSpec]:
    """The limits of a program, by name."""
    return {name: spec for name, spec in program.items() if isinstance(spec, LimitSpec)}


def direction_of(limit: LimitSpec, program: Program) -> Direction:
    """The direction in which a limit is listed."""
    if not isinstance(limit.of, str):
        return limit.of
    spec = program[limit.of]
    assert isinstance(spec, LabelSpec)
    return spec.pair if limit.side == "forward" else (spec.pair[1], spec.pair[0])


@dataclass(frozen=True)
class Beside:
    """What is in a portal and not in a program: somebody else's, and what the program removes, which goes last.

    Attributes:
        texts: that are shown.
        label_limits: the greatest limit of a label, by direction.
        object_limits: the limit of the unlabeled type, by direction.
        limited: labels between records of one object that have a limit. With one text the limit is of both ids, and
            what becomes of the other one when a second text comes or goes is for HubSpot to say: no program here does that.
    """

    texts: list[tuple[Direction, str]] = field(default_factory=list)
    label_limits: dict[Direction, int] = field(default_factory=dict)
    object_limits: dict[Direction, int] = field(default_factory=dict)
    limited: dict[str, LabelSpec] = field(default_factory=dict)


def is_allowed(program: Program, beside: Beside) -> bool:
    """Whether HubSpot allows a program, and the way to it."""
    shown = [text for spec in labels(program).values() for text in spec.shown()] + beside.texts
    if len(shown) != len(set(shown)):
        return False
    if any(old.is_single != labels(program).get(name, old).is_single for name, old in beside.limited.items()):
        return False
    names = [spec.name for spec in labels(program).values() if spec.name]
    ours = [(direction_of(limit, program), limit) for limit in limits(program).values()]
    places = [(d, limit.of, limit.side if isinstance(limit.of, str) else "") for d, limit in ours]
    if len(names) != len(set(names)) or len(places) != len(set(places)):
        return False
    for direction, limit in ours:
        if isinstance(limit.of, str):
            spec = labels(program)[limit.of]
            if spec.pair[0] == spec.pair[1] and spec.is_single and limit.side == "inverse":
                return False  # a symmetric type has one limit for both ways
            if limit.maximum > beside.object_limits.get(direction, limit.maximum):
                return False
        else:
            of_labels = [x.maximum for d, x in ours if d == direction and isinstance(x.of, str)]
            if max([*of_labels, beside.label_limits.get(direction, 0)]) > limit.maximum:
                return False
    return True


def goes(old: LabelSpec, new: LabelSpec | LimitSpec | None) -> bool:
    """Whether a label is deleted, perhaps to be made anew: its texts are free only after that, and not in the same run."""
    if not isinstance(new, LabelSpec):
        return True
    to_and_fro = old.pair[0] == old.pair[1] and (old.inverse_label is None) != (new.inverse_label is None)
    return (old.pair, old.name) != (new.pair, new.name) or to_and_fro


class Editor:
    """Edits a program as its author does.

    Args:
        dice: decides.
        program: the program so far.
    """

    def __init__(self, dice: random.Random, program: Program) -> None:
        self._dice = dice
        self.program = dict(program)
        self._kinds = (
            self._add_label, self._add_label, self._remove, self._rename, self._rename, self._exchange, self._pair_up,
            self._add_limit, self._add_limit, self._change_limit, self._name, self._move,
        )  # fmt: skip

    def edit(self) -> None:
        """One edit, which may turn out to change nothing."""
        self._dice.choice(self._kinds)()

    def _any(self, kind: Mapping[str, LabelSpec | LimitSpec] | Mapping[str, LabelSpec]) -> str | None:
        return self._dice.choice(sorted(kind)) if kind else None

    def _text(self) -> str:
        return self._dice.choice(TEXTS)

    def _new_name(self, kind: str) -> str:
        return f"{kind}{self._dice.randrange(100, 1000)}"

    def _add_label(self) -> None:
        if len(labels(self.program)) < MOST_LABELS:
            inverse = self._text() if self._dice.random() < 0.5 else None
            spec = LabelSpec(self._dice.choice(PAIRS), self._text(), inverse)
            self.program = {self._new_name("label"): spec, **self.program}

    def _remove(self) -> None:
        gone = self._any(self.program)
        self.program = {
            n: s for n, s in self.program.items() if n != gone and not (isinstance(s, LimitSpec) and s.of == gone)
        }

    def _rename(self) -> None:
        if name := self._any(labels(self.program)):
            spec = labels(self.program)[name]
            if spec.inverse_label and self._dice.random() < 0.5:
                self.program[name] = replace(spec, inverse_label=self._text())
            else:
                self.program[name] = replace(spec, label=self._text())

    def _exchange(self) -> None:
        names = sorted(labels(self.program))
        if len(names) >= 2:
            a, b = self._dice.sample(names, 2)
            one, other = labels(self.program)[a], labels(self.program)[b]
            self.program[a] = replace(one, label=other.label, inverse_label=other.inverse_label)
            self.program[b] = replace(other, label=one.label, inverse_label=one.inverse_label)

    def _pair_up(self) -> None:
        if name := self._any(labels(self.program)):
            spec = labels(self.program)[name]
            self.program[name] = replace(spec, inverse_label=None if spec.inverse_label else self._text())

    def _name(self) -> None:
        if name := self._any(labels(self.program)):
            self.program[name] = replace(labels(self.program)[name], name=f"own_{self._dice.randrange(1000)}")

    def _move(self) -> None:
        if name := self._any(labels(self.program)):
            self.program[name] = replace(labels(self.program)[name], pair=self._dice.choice(PAIRS))

    def _add_limit(self) -> None:
        if len(limits(self.program)) < MOST_LIMITS:
            side: Literal["forward", "inverse"] = self._dice.choice(("forward", "inverse"))
            name = self._any(labels(self.program))
            of = name if name and self._dice.random() < 0.7 else self._unlabeled()
            self.program[self._new_name("limit")] = LimitSpec(of, side, self._dice.randrange(1, 10))

    def _unlabeled(self) -> Direction:
        start, end = self._dice.choice(PAIRS)
        return (start, end) if self._dice.random() < 0.5 else (end, start)

    def _change_limit(self) -> None:
        for name, limit in limits(self.program).items():
            if self._dice.random() < 0.6:
                self.program[name] = replace(limit, maximum=self._dice.randrange(1, 10))


def unlabeled_id(direction: Direction) -> int:
    """The type id of the unlabeled type of a direction."""
    found = facts.unlabeled_type(*direction)
    assert found is not None
    return found.type_id
