"""What the demo holds against the portals themselves: what should be there, written down a second time, by hand.

It looks into the emulator and not at what the engine says, so that the two can disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pulumi_hubassoc.emulator import Emulator, Label, Portal, Record

LabelFact = tuple[str, str, str, str]
"""From, to, text, text of the other direction."""
LimitFact = tuple[str, str, str, int]
"""From, to, text of the type, maximum."""


@dataclass(frozen=True)
class Expected:
    """The labels and limits that the quickstart declares for one environment."""

    labels: frozenset[LabelFact] = frozenset()
    limits: frozenset[LimitFact] = frozenset()

    @classmethod
    def of(cls, *, deals: int, employees: int) -> Expected:
        """With the numbers of an environment."""
        return cls(
            frozenset(
                {
                    ("contacts", "companies", "Billing contact", "Billing contact"),
                    ("deals", "contacts", "Decision maker", "Decides on"),
                    ("contacts", "contacts", "Manager", "Employee"),
                    ("companies", "companies", "Partner", "Partner"),
                }
            ),
            frozenset(
                {
                    ("companies", "contacts", "Billing contact", 1),
                    ("contacts", "contacts", "Manager", 1),
                    ("contacts", "contacts", "Employee", employees),
                    ("companies", "deals", "unlabeled", deals),
                    ("companies", "contacts", "Primary", 500),
                }
            ),
        )

    def renamed(self, old: str, new: str) -> Expected:
        """With another text on a label."""

        def text(value: str) -> str:
            return new if value == old else value

        return Expected(
            frozenset((f, t, text(a), text(b)) for f, t, a, b in self.labels),
            frozenset((f, t, text(of), n) for f, t, of, n in self.limits),
        )

    def without(self, text: str) -> Expected:
        """Without a label and its limits."""
        return Expected(
            frozenset(label for label in self.labels if text not in label[2:]),
            frozenset(limit for limit in self.limits if limit[2] != text),
        )

    def limited(self, text: str, maximum: int) -> Expected:
        """With another maximum for the types of a text."""
        return Expected(self.labels, frozenset((f, t, of, maximum if of == text else n) for f, t, of, n in self.limits))


@dataclass
class Witness:
    """Watches one portal.

    Attributes:
        portal: the emulated portal.
        others: labels that somebody made by hand and no program knows, with their limits: they must stay as they are.
    """

    emulator: Emulator
    portal: Portal
    others: list[Label] = field(default_factory=list)
    _other_limits: frozenset[LimitFact] = frozenset()

    def add_unmanaged(self, text: str, maximum: int) -> None:
        """Make a label from contacts to companies, with a limit, that belongs to nobody's program."""
        drift = self.portal.drift
        label = drift.create_label("contacts", "companies", text)
        drift.set_limit("contacts", "companies", label.type_id, maximum)
        self.others.append(label)
        self._other_limits |= {("contacts", "companies", text, maximum)}

    def requests(self, since: int = 0) -> list[Record]:
        """The requests to this portal, from the `since`-th of all on."""
        return [r for r in self.emulator.journal.records()[since:] if r.portal_id == self.portal.portal_id]

    def type_id(self, text: str, from_object_type: str) -> int:
        """The type id of the direction that shows a text on an object's records.

        Raises:
            LookupError: if there is no such direction, or several.
        """
        sides = [side for label in self.portal.labels() for side in (label, label.flipped())]
        found = {s.type_id for s in sides if (s.label, s.from_object_type) == (text, from_object_type)}
        if len(found) != 1:
            msg = f"portal {self.portal.portal_id} shows {text!r} {len(found)} times"
            raise LookupError(msg)
        return found.pop()

    def differences(self, expected: Expected) -> list[str]:
        """How the portal differs from what it should hold, unmanaged labels included; empty if it does not."""
        others = {_fact(label) for label in self.others}
        found = [*_compared("label", expected.labels | others, map(_fact, self.portal.labels()))]
        found += _compared("limit", expected.limits | self._other_limits, _limits(self.portal))
        remade = [label.label for label in self.others if label not in self.portal.labels()]
        return found + [f"the unmanaged label {text!r} was touched" for text in remade]


def _fact(label: Label) -> LabelFact:
    return (label.from_object_type, label.to_object_type, label.label or "", label.inverse_label or "")


def _limits(portal: Portal) -> Iterable[LimitFact]:
    for limit in portal.limits():
        yield limit.from_object_type, limit.to_object_type, limit.label or "unlabeled", limit.max_to_object_ids


def _compared(kind: str, expected: Iterable[tuple[object, ...]], found: Iterable[tuple[object, ...]]) -> Iterable[str]:
    wanted, there = list(expected), list(found)
    for fact in sorted(set(wanted) - set(there), key=str):
        yield f"{kind} missing: {_words(fact)}"
    for fact in sorted(set(there) - set(wanted), key=str):
        yield f"{kind} too many: {_words(fact)}"
    for fact in sorted({f for f in there if there.count(f) > 1}, key=str):
        yield f"{kind} twice: {_words(fact)}"


def _words(fact: tuple[object, ...]) -> str:
    start, end, *rest = fact
    return f"{start} → {end} {' / '.join(map(str, rest))}"
