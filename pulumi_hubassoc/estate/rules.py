"""What holds between the keys of a schema: HubSpot's rules, and what keeps names stable. All of it needs no portal."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_hubassoc.hubspot import facts, names

if TYPE_CHECKING:
    from pulumi_hubassoc.estate.spec import PairSpec

Direction = tuple[str, str]
"""From and to object type, canonical."""
_ONE_PAIR = (
    "the pair is in the schema already, from one side or the other: write both directions as one, the other one with "
    "inverse_label and inverse_max"
)
Path = tuple[str, ...]
"""Where something is in a schema: ``("contacts/companies", "labels", "billing", "max")``."""


@dataclass(frozen=True)
class Fault:
    """What is wrong.

    Attributes:
        path: with what.
        reason: a sentence without its subject.
        other: with what it does not go together, where that is the trouble.
    """

    path: Path
    reason: str
    other: Path | None = None

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.reason}" + (f" (see {'.'.join(self.other)})" if self.other else "")


def own_type(direction: Direction, key: str) -> facts.DefinedType | int:
    """The association type of HubSpot's own that a key means in a direction; the number itself if nothing is known of it.

    Raises:
        ValueError: if HubSpot documents no such type for this direction; the message says what to do.
    """
    arrow = " → ".join(direction)
    if key.isdigit():
        known = facts.defined_types().get(int(key))
        if known is not None and (known.from_object_type, known.to_object_type) != direction:
            documented = f"{known.from_object_type} → {known.to_object_type}"
            raise ValueError(f"HubSpot's type {key} is of {documented}, and this is the limit of {arrow}")
        return known or int(key)
    found = facts.unlabeled_type(*direction) if key == "unlabeled" else facts.primary_type(*direction)
    if found is None:
        raise ValueError(
            f"HubSpot documents no {key} type for {arrow}: write its type id instead, which is another one in every portal"
            if not all(map(facts.is_standard, direction))
            else f"HubSpot documents no {key} type for {arrow}: leave it out, or write a type id"
        )
    return found


def faults(pairs: Sequence[PairSpec]) -> Iterator[Fault]:
    """Everything that is wrong between the keys of some pairs, each of which is right in itself."""
    yield from _twice((frozenset(pair.ends), (pair.title,), _ONE_PAIR) for pair in pairs)
    labels = [(pair, (pair.title, "labels", key), key, label) for pair in pairs for key, label in pair.labels.items()]
    yield from _twice(
        (name := pair.internal_name(key), (*path, "name"), f"{name} is the internal name of another label too")
        for pair, path, key, _ in labels
    )
    yield from _twice(
        (former, (*path, "formerly"), f"{former} is what another label says that it was before, too")
        for _, path, _, label in labels
        for former in dict.fromkeys(label.formerly)
    )
    for pair in pairs:
        yield from _faults_of_labels(pair)
        yield from _faults_of_limits(pair)


def _twice(told: Iterable[tuple[Hashable, Path, str]]) -> Iterator[Fault]:
    """A fault, with the reason that is given, for everything that is told a second time."""
    first: dict[Hashable, Path] = {}
    for what, path, reason in told:
        if what in first:
            yield Fault(path, reason, first[what])
        first.setdefault(what, path)


def _faults_of_labels(pair: PairSpec) -> Iterator[Fault]:
    """At most 50, a text once in a direction, and a name that is the same in portals to come."""
    where = (pair.title, "labels")
    if len(pair.labels) > facts.LABELS_PER_PAIR:
        most = facts.LABELS_PER_PAIR
        yield Fault(where, f"a pair has at most {most} labels in HubSpot, and here are {len(pair.labels)}")
    one_direction = pair.from_object_type == pair.to_object_type
    shown: dict[tuple[bool, str], Path] = {}
    for key, label in pair.labels.items():
        fields = ("label",) if label.texts[0] == label.texts[1] else ("label", "inverse_label")
        sides = [("label", False), (fields[-1], True)] if not one_direction else [(field, False) for field in fields]
        clashes: dict[Path, Fault] = {}
        for field, backward in sides:
            text = getattr(label, field)
            path = (*where, key, field)
            first = shown.setdefault((backward, text), path)
            if first != path:
                reason = f"the text {text!r} is another label's already, and HubSpot shows it once in each direction"
                clashes.setdefault(path, Fault(path, reason, first))
        yield from clashes.values()
        yield from _renamed_keys(pair, key)


def _renamed_keys(pair: PairSpec, key: str) -> Iterator[Fault]:
    """A label keeps its internal name for ever; under another key a new portal would derive another one."""
    label = pair.labels[key]
    if label.name is not None:
        return
    end = re.compile(f"-{re.escape('-'.join(pair.ends))}-([A-Za-z][A-Za-z0-9_-]*)")
    for former in label.formerly:
        found = end.search(former)
        if found and found[1] != key:
            name = names.seeded_name(*pair.ends, found[1])
            yield Fault(
                (pair.title, "labels", key, "formerly"),
                f"the key was {found[1]!r}, from which the internal name was derived: write it beside the new key, so that "
                f"other portals get the same, as `name: {name}` (or as you gave it then)",
            )


def _faults_of_limits(pair: PairSpec) -> Iterator[Fault]:
    """Types that there are, each limited once, and no label's limit above the object limit."""
    one_direction = pair.from_object_type == pair.to_object_type
    if one_direction and pair.inverse_max:
        yield Fault((pair.title, "inverse_max"), "an object with itself has one direction: write it in max")
    backward = (pair.to_object_type, pair.from_object_type)
    for field, direction in [("max", pair.ends)] if one_direction else [("max", pair.ends), ("inverse_max", backward)]:
        yield from _faults_of_own(pair, field, direction)
    for key, label in pair.labels.items():
        path = (pair.title, "labels", key)
        if (
            one_direction
            and label.texts[0] == label.texts[1]
            and label.max is not None
            and label.inverse_max is not None
        ):
            reason = "a label with one text on one object has one direction: write max alone"
            yield Fault((*path, "inverse_max"), reason, (*path, "max"))
        for field in ("max", "inverse_max"):
            over = "max" if one_direction else field
            most = getattr(pair, over).get("unlabeled")
            limit = getattr(label, field)
            if most is not None and limit is not None and limit > most:
                reason = f"{limit} is above the object limit, unlabeled, which is {most}, and HubSpot refuses that"
                yield Fault((*path, field), reason, (pair.title, over, "unlabeled"))


def _faults_of_own(pair: PairSpec, field: str, direction: Direction) -> Iterator[Fault]:
    limits: dict[str, int] = getattr(pair, field)
    known: dict[int, Path] = {}
    for key in limits:
        path = (pair.title, field, key)
        try:
            type_ = own_type(direction, key)
        except ValueError as error:
            yield Fault(path, str(error))
            continue
        type_id = type_ if isinstance(type_, int) else type_.type_id
        first = known.setdefault(type_id, path)
        if first != path:
            yield Fault(path, f"this is HubSpot's type {type_id}, and its limit is written already", first)
