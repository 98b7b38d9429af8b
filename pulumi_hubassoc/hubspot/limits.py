"""A limit's life in a portal: read, set, remove.

HubSpot's rules that this rests on:

* A limit belongs to one type (category and type id) of one direction; without one the number is "many" [docs].
* The limit of a label may not be greater than the one of the unlabeled type, the object limit, where both are set
  [docs]. So an object limit rises before the labels' and falls after them; whether HubSpot checks a batch jointly or
  one by one nobody has shown, so what depends on another is a request of its own.
* ``batch/update`` sets a limit whether it exists or not, and removing one that is not set is no error [observed].
* Between records of one object a single label must have one limit both ways [docs].
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass

from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import HUBSPOT_DEFINED, USER_DEFINED
from pulumi_hubassoc.hubspot.models import LimitInput, TypeInput
from pulumi_hubassoc.hubspot.plans import GRACE_S, Plans
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView


@dataclass(frozen=True)
class LimitRef:
    """The type that a limit is of, and the direction it is listed in."""

    from_object_type: str
    to_object_type: str
    category: str
    type_id: int

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return (self.from_object_type, self.to_object_type)

    @property
    def key(self) -> Key:
        """Category and type id."""
        return (self.category, self.type_id)


class Limits:
    """The limits of one portal. Threads may share it."""

    def __init__(self, view: PortalView, grace_s: float = GRACE_S) -> None:
        self._view = view
        self._hubspot = view.hubspot
        self._plans: Plans[Key, int] = Plans(grace_s)
        self._locks: dict[Direction, threading.Lock] = defaultdict(threading.Lock)

    def get(self, ref: LimitRef) -> int | None:
        """The maximum that is set, None if there is none."""
        return self._view.limits().get(ref.key)

    def plan(self, ref: LimitRef, maximum: int) -> None:
        """Note that a limit is about to be this."""
        self._plans.note(ref.key, maximum)

    def set(self, ref: LimitRef, maximum: int) -> None:
        """Set a limit. One that stands in its way and is about to change is changed first.

        Raises:
            Refused: if HubSpot refuses; the sentence names the limit in the way.
        """
        with self._locks[ref.direction]:
            wanted = dict.fromkeys(self._alike(ref), maximum)
            current = self._view.limits()
            if all(current.get(key) == maximum for key in wanted):
                return
            first = self._first(ref, maximum)
            if first:
                self._write(ref.direction, first)
            try:
                self._write(ref.direction, wanted)
            except Refused as refusal:
                raise self._explained(refusal, ref, maximum) from None

    def remove(self, ref: LimitRef) -> None:
        """Remove a limit; one that is not set, or whose type is gone, is removed already."""
        with self._locks[ref.direction]:
            self._view.guard()
            types = [TypeInput(category=category, type_id=type_id) for category, type_id in self._alike(ref)]
            try:
                self._hubspot.purge_limits(*ref.direction, types)
            except Refused as refusal:
                if refusal.status not in (207, 400, 404):
                    raise
                if ref.key in self._view.labels(*ref.direction, since=self._view.now()):
                    raise
            for category, type_id in self._alike(ref):
                self._view.note_limit((category, type_id), None)

    def _write(self, direction: Direction, limits: dict[Key, int]) -> None:
        inputs = [LimitInput(category=c, type_id=i, max_to_object_ids=most) for (c, i), most in limits.items()]
        self._hubspot.update_limits(*direction, inputs)
        for key, most in limits.items():
            self._view.note_limit(key, most)

    def _alike(self, ref: LimitRef) -> list[Key]:
        """The type itself, and the other id of a single label between records of one object."""
        if ref.from_object_type != ref.to_object_type or ref.category != USER_DEFINED:
            return [ref.key]
        listed = self._view.labels(*ref.direction)
        text = listed.get(ref.key)
        if text is None:
            return [ref.key]
        return [ref.key, *(k for k, t in listed.items() if t == text and k != ref.key and k[0] == USER_DEFINED)]

    def _object_key(self, direction: Direction) -> Key | None:
        """The unlabeled type of a direction; a pair with a custom object has one of its own [observed]."""
        documented = facts.unlabeled_type(*direction)
        if documented is not None:
            return (HUBSPOT_DEFINED, documented.type_id)
        listed = self._view.labels(*direction)
        return next((key for key, text in listed.items() if text is None), None)

    def _first(self, ref: LimitRef, maximum: int) -> dict[Key, int]:
        """What has to be set before: a greater object limit, or smaller label limits, where that is planned."""
        current = self._view.limits()
        object_key = self._object_key(ref.direction)
        if object_key is None:
            return {}
        if ref.key != object_key:
            most = current.get(object_key)
            if most is None or most >= maximum:
                return {}
            raised = self._plans.wait_for(object_key, lambda end: end >= maximum)
            return {object_key: raised} if raised is not None else {}
        if not any(most > maximum for key, most in current.items() if key != object_key):
            return {}
        listed = self._view.labels(*ref.direction)
        greater = [k for k in listed if k != object_key and current.get(k, 0) > maximum]
        ends = {key: self._plans.wait_for(key, lambda end: end <= maximum) for key in greater}
        return {key: end for key, end in ends.items() if end is not None}

    def _explained(self, refusal: Refused, ref: LimitRef, maximum: int) -> Refused:
        """The refusal, with the limit that stands in the way named where it is known."""
        current = self._view.limits()
        object_key = self._object_key(ref.direction)
        advice = refusal.advice
        if object_key is not None and ref.key != object_key and current.get(object_key, maximum) < maximum:
            advice = (
                f"the object limit of {arrow(*ref.direction)} is {current[object_key]}, so a label's limit may be 1 to "
                f"{current[object_key]}: lower this limit, or raise the object limit first"
            )
        elif ref.key == object_key:
            listed = self._view.labels(*ref.direction)
            greater = [(current[k], k) for k in listed if k != object_key and current.get(k, 0) > maximum]
            if greater:
                most, (category, type_id) = max(greater)
                advice = (
                    f"{category} {type_id} of {arrow(*ref.direction)} has the limit {most}, so the object limit must be at "
                    f"least {most}: raise it, or lower or remove that limit first"
                )
        return Refused(
            refusal.tried,
            advice,
            status=refusal.status,
            message=refusal.message,
            category=refusal.category,
            sub_category=refusal.sub_category,
            correlation_id=refusal.correlation_id,
            context=refusal.context,
            maybe_applied=refusal.maybe_applied,
        )
