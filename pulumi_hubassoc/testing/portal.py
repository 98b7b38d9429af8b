"""`hubspot_portal`: an emulated portal that a test changes by hand, breaks, and looks into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_hubassoc.emulator import Emulator, Fault, Label, Portal, Record, Settings
from pulumi_hubassoc.emulator.drift import Drift
from pulumi_hubassoc.emulator.faults import Kind

LabelFact = tuple[str, str, str] | tuple[str, str, str, str]
"""From, to, text, and the text of the other side of a paired label. A label may be told from either side."""
LimitFact = tuple[str, str, str | None, int]
"""From, to, text of the association type (None: the unlabeled one), maximum."""


class EmulatedPortal:
    """A portal of one test. It answers as HubSpot does, refusals included.

    Attributes:
        emulator: the HubSpot it is in.
        portal: the emulated portal itself, for whatever is not here.
        token: opens it; stacks of `hubassoc_stack` have it already.
    """

    def __init__(self, emulator: Emulator, portal: Portal, token: str) -> None:
        self.emulator = emulator
        self.portal = portal
        self.token = token

    @classmethod
    def added_to(cls, emulator: Emulator, *, portal_id: int, account_type: str = "STANDARD") -> EmulatedPortal:
        """A new, empty portal of an emulator."""
        token = f"emulated-{portal_id}"
        return cls(emulator, emulator.add_portal(token=token, portal_id=portal_id, account_type=account_type), token)

    def add_portal(self, portal_id: int, account_type: str = "STANDARD") -> EmulatedPortal:
        """Another portal, such as the production one, for `hubassoc_stack(…, portal=…)`.

        Raises:
            ValueError: if there is a portal of that number already, or no such account type.
        """
        return EmulatedPortal.added_to(self.emulator, portal_id=portal_id, account_type=account_type)

    # ------------------------------------------------------------------------------------ what people and nature do

    @property
    def drift(self) -> Drift:
        """What a person does in HubSpot's settings: make, rename and delete labels, set and remove limits."""
        return self.portal.drift

    def fail(self, kind: Kind, operation: str | None = None, **details: Any) -> None:
        """Let something go wrong with coming requests to this portal, with the next one unless said otherwise.

        Args:
            kind: ``status``, ``rate_limit``, ``lost_answer``, ``unauthorized`` … (see `Fault`).
            operation: ``create_label``, ``list_labels`` …, ``read``, ``write``; None for whatever comes.
            details: of the fault, such as ``count``, ``skip``, ``status``.
        """
        self.emulator.arm(Fault(kind, operation, self.portal.portal_id, **details))

    def configure(self, **changes: Any) -> Settings:
        """Change how HubSpot behaves where it may differ, such as `labels_per_pair` (see emulator `Settings`)."""
        return self.portal.configure(**changes)

    # -------------------------------------------------------------------------------------------- what is there now

    def type_id(self, text: str) -> int:
        """The type id of the direction that shows a text; of both, for a single label between two objects, the first.

        Raises:
            AssertionError: if no label shows it.
        """
        for label in self.portal.labels():
            for side in (label, label.flipped()):
                if side.label == text:
                    return side.type_id
        there = _listed(map(_told, self.labels()))
        raise AssertionError(f"portal {self.portal.portal_id} has no label with the text {text!r}; it has{there}")

    def labels(self) -> list[LabelFact]:
        """The labels, each from the side it was made from, in the order of making."""
        return [_fact(label) for label in self.portal.labels()]

    def limits(self) -> list[LimitFact]:
        """The limits that are set."""
        return [(x.from_object_type, x.to_object_type, x.label, x.max_to_object_ids) for x in self.portal.limits()]

    def requests(self) -> list[Record]:
        """What the last operation of a stack asked of this portal."""
        return self.emulator.journal.records(portal_id=self.portal.portal_id)

    # --------------------------------------------------------------------------------------------- what should be

    def assert_labels(self, *expected: LabelFact) -> None:
        """The portal has these labels and no other."""
        __tracebackhide__ = True
        wanted = {self._either_side(fact): _told(fact) for fact in expected}
        self._compare("labels", wanted, {self._either_side(fact): _told(fact) for fact in self.labels()})

    def assert_limits(self, *expected: LimitFact) -> None:
        """The portal has these limits and no other."""
        __tracebackhide__ = True
        wanted = {
            (self.portal.resolve(f), self.portal.resolve(t), *rest): _told((f, t, *rest)) for f, t, *rest in expected
        }
        self._compare("limits", wanted, {fact: _told(fact) for fact in self.limits()})

    def assert_requests(self, *operations: str) -> None:
        """The last operation of a stack asked for just these operations, in any order; for none, if none are given."""
        __tracebackhide__ = True
        self._count("requests", self.requests(), operations)

    def assert_writes(self, *operations: str) -> None:
        """Likewise, of requests that change the portal, such as ``create_label`` and ``update_limits``."""
        __tracebackhide__ = True
        self._count("writes", [record for record in self.requests() if record.method != "GET"], operations)

    def _count(self, what: str, asked: Sequence[Record], operations: Sequence[str]) -> None:
        __tracebackhide__ = True
        if Counter(record.operation for record in asked) != Counter(operations):
            wanted = ", ".join(operations) or "none"
            found = _listed(f"{r.operation}: {r.method} {r.path} -> {r.status or r.fault}" for r in asked)
            raise AssertionError(f"portal {self.portal.portal_id} got other {what} than {wanted}:{found}")

    def _either_side(self, fact: LabelFact) -> tuple[str, ...]:
        """One form for a label, whichever side it is told from."""
        start, end, text, *inverse = fact
        start, end, other = self.portal.resolve(start), self.portal.resolve(end), inverse[0] if inverse else text
        return min((start, end, text, other), (end, start, other, text))

    def _compare(self, what: str, wanted: Mapping[Any, str], there: Mapping[Any, str]) -> None:
        __tracebackhide__ = True
        missing = [f"missing: {told}" for key, told in wanted.items() if key not in there]
        surplus = [f"not expected: {told}" for key, told in there.items() if key not in wanted]
        if missing or surplus:
            raise AssertionError(f"portal {self.portal.portal_id} has other {what}:{_listed([*missing, *surplus])}")


def _fact(label: Label) -> LabelFact:
    text, inverse = label.label or "", label.inverse_label or ""
    sides = (label.from_object_type, label.to_object_type, text)
    return sides if text == inverse else (*sides, inverse)


def _told(fact: Sequence[Any]) -> str:
    start, end, *rest = fact
    words = " / ".join(str(word) for word in rest if isinstance(word, str)) or "unlabeled"
    maximum = f", at most {rest[-1]}" if isinstance(rest[-1], int) else ""
    return f"{start} → {end}: {words}{maximum}"


def _listed(lines: Any) -> str:
    return "".join(f"\n  {line}" for line in lines) or " none"
