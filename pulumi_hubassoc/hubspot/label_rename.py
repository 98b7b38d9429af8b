"""Renaming labels: both texts always, and in an order in which no text is wanted while another label holds it.

A text is used once in a direction of a pair [observed], so labels that exchange texts pass through a temporary one.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict

from pulumi_hubassoc.errors import LabelConflict, NotFound, Refused
from pulumi_hubassoc.hubspot.client import arrow, label_text
from pulumi_hubassoc.hubspot.label_lists import LabelRef, Texts, holder
from pulumi_hubassoc.hubspot.plans import Plans
from pulumi_hubassoc.hubspot.portal_view import Direction, PortalView

Step = tuple[LabelRef, Texts]


class Renamer:
    """Renames the labels of one portal. Threads may share it.

    Args:
        view: the portal.
        grace_s: how long a text that is held is waited for to be given up.
    """

    def __init__(self, view: PortalView, grace_s: float) -> None:
        self._view = view
        self._plans: Plans[tuple[Direction, int], Step] = Plans(grace_s)
        self._locks: dict[frozenset[str], threading.Lock] = defaultdict(threading.Lock)
        self._renames: Counter[frozenset[str]] = Counter()

    def plan(self, ref: LabelRef, texts: Texts) -> None:
        """Note that a label of this run is about to have these texts, or has them."""
        self._plans.note((ref.forward, ref.type_id), (ref, texts))
        self._plans.note((ref.backward, ref.inverse_type_id), (ref.turned(), (texts[1], texts[0])))

    def planned(self, direction: Direction, type_id: int) -> Texts | None:
        """The texts that a label of this run is about to have, as far as is known now."""
        step = self._plans.get((direction, type_id))
        return step[1] if step is not None else None

    def drop(self, ref: LabelRef) -> None:
        """Note that a label is gone."""
        self._plans.drop((ref.forward, ref.type_id))
        self._plans.drop((ref.backward, ref.inverse_type_id))

    def is_planned(self, direction: Direction, type_id: int) -> bool:
        """Whether a label belongs to a resource of this run."""
        return (direction, type_id) in self._plans

    def given_up(self, direction: Direction, type_id: int, text: str) -> Step | None:
        """What a label is about to be renamed to, if that frees a text."""
        return self._plans.wait_for((direction, type_id), lambda end: end[1][0] != text)

    def rename(self, ref: LabelRef, texts: Texts) -> None:
        """Set both texts. Labels that hold a wanted text and are about to give it up do so first.

        Raises:
            NotFound: if the label is not there any more.
            LabelConflict: if another label has a text and is not about to give it up; nothing was changed then.
        """
        with self._locks[frozenset(ref.forward)]:
            for step in _Order(self, self._view, ref).steps(ref, texts):
                self._put(*step)
                self._renames[frozenset(ref.forward)] += 1

    def renames(self, direction: Direction) -> int:
        """How many renames of a pair there were, those under way included: each can have freed a text."""
        with self._locks[frozenset(direction)]:
            return self._renames[frozenset(direction)]

    def _put(self, ref: LabelRef, texts: Texts) -> None:
        hubspot = self._view.hubspot
        try:
            hubspot.update_label(*ref.forward, ref.type_id, label=texts[0], inverse_label=texts[1])
        except Refused as refusal:
            if ref.key not in self._view.labels(*ref.forward, since=self._view.now()):
                raise _not_listed(ref, texts) from None
            raise refusal from None
        note_texts(self._view, ref, texts)


class _Order:
    """The steps of one rename, found on a copy of the pair's lists before anything is sent."""

    def __init__(self, renamer: Renamer, view: PortalView, ref: LabelRef) -> None:
        self._renamer = renamer
        self._lists = {d: dict(view.labels(*d)) for d in (ref.forward, ref.backward)}
        self._under_way: list[LabelRef] = []
        self._steps: list[Step] = []

    def steps(self, ref: LabelRef, texts: Texts) -> list[Step]:
        """The renames after which `ref` has `texts`, in order."""
        self._visit(ref, texts)
        return self._steps

    def _visit(self, ref: LabelRef, texts: Texts) -> None:
        here = self._lists[ref.forward].get(ref.key)
        there = self._lists[ref.backward].get(ref.inverse_key)
        if here is None or there is None:
            raise _not_listed(ref, texts)
        if (here, there) == texts:
            return
        self._under_way.append(ref)
        self._free(ref, texts, ref.forward, texts[0])
        self._free(ref, texts, ref.backward, texts[1])
        self._under_way.pop()
        self._put(ref, texts)

    def _free(self, ref: LabelRef, texts: Texts, direction: Direction, text: str) -> None:
        """Make whoever holds a wanted text give it up; a label that waits for us itself gets a temporary one."""
        held_by = holder(self._lists[direction], text, but=(ref.type_id, ref.inverse_type_id))
        if held_by is None:
            return
        step = self._renamer.given_up(direction, held_by, text)
        if step is None:
            raise LabelConflict(
                f"Cannot rename label {ref.type_id} to {label_text(*texts)} ({arrow(*ref.forward)}) — label {held_by} has "
                f'the text "{text}" ({arrow(*direction)}) and keeps it; nothing was changed — rename that label first, '
                "or choose another text"
            )
        other, other_texts = step
        if other in self._under_way or other.turned() in self._under_way:
            self._put(other, (f"(being renamed {other.type_id})", f"(being renamed {other.inverse_type_id})"))
        else:
            self._visit(other, other_texts)

    def _put(self, ref: LabelRef, texts: Texts) -> None:
        self._steps.append((ref, texts))
        self._lists[ref.forward][ref.key] = texts[0]
        self._lists[ref.backward][ref.inverse_key] = texts[1]


def note_texts(view: PortalView, ref: LabelRef, texts: Texts) -> None:
    """Note in the view that a label has these texts."""
    view.note_label(ref.forward, ref.key, texts[0])
    view.note_label(ref.backward, ref.inverse_key, texts[1])


def _not_listed(ref: LabelRef, texts: Texts) -> NotFound:
    return NotFound(
        f"Cannot rename label {ref.type_id} to {label_text(*texts)} ({arrow(*ref.forward)}) — HubSpot does not list it any "
        "more — run `pulumi refresh` and then `pulumi up`"
    )
