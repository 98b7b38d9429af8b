"""A limit's life in a portal: read, set, remove.

HubSpot's rules that this rests on:

* A limit belongs to one type (category and type id) of one direction; without one the number is "many" [docs].
* The limit of a label may not be greater than the one of the unlabeled type, the object limit, where both are set
  [docs]. Whether HubSpot checks a batch as a whole or one input after the other nobody has shown: a batch is sent in an
  order that either will take, and what is refused together is sent again one by one, so that each refusal has its owner.
* ``batch/update`` sets a limit whether it exists or not, and removing one that is not set is no error [observed].
* Between records of one object a single label must have one limit both ways [docs].
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pulumi_hubassoc.errors import HubAssocError, Refused, UnexpectedAnswer
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import HUBSPOT_DEFINED, USER_DEFINED
from pulumi_hubassoc.hubspot.gatherer import Gatherer, Outcome
from pulumi_hubassoc.hubspot.models import LimitInput, TypeInput
from pulumi_hubassoc.hubspot.plans import GRACE_S, Plans
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, advised

OF_INPUTS = (207, 400, 404, 409)
"""Statuses that blame what was sent, and so perhaps one input of several."""


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


@dataclass(frozen=True)
class Wish:
    """A limit that a resource wants."""

    ref: LimitRef
    maximum: int


class Limits:
    """The limits of one portal. Threads may share it; limits of one direction that are written at once share a request.

    Args:
        view: the portal.
        grace_s: how long a limit that is in the way is waited for to change.
    """

    def __init__(self, view: PortalView, grace_s: float = GRACE_S) -> None:
        self._view = view
        self._hubspot = view.hubspot
        self._plans: Plans[Key, int] = Plans(grace_s)
        self._kept: set[Key] = set()
        self._turns: defaultdict[Direction, threading.RLock] = defaultdict(threading.RLock)
        self._set = Gatherer(self.set_together)
        self._remove = Gatherer(self.remove_together)

    def get(self, ref: LimitRef) -> int | None:
        """The maximum that is set, None if there is none; the limit of a label that is gone is gone too.

        Raises:
            UnexpectedAnswer: if HubSpot's two lists of limits do not agree.
        """
        maximum = self._view.limits().get(ref.key)
        if ref.category == USER_DEFINED and self._view.lacks(ref.direction, ref.key):
            return None
        if maximum is None and ref.key in self._view.limits_of(ref.direction):  # one list is no proof: it can be empty
            raise UnexpectedAnswer(
                f"find the limit of {ref.category} {ref.type_id} ({arrow(*ref.direction)})",
                "HubSpot lists it among the limits of the pair and not among those of the portal",
                "it is not taken as removed; run `pulumi refresh` again in a minute",
            )
        return maximum

    def turn(self, direction: Direction) -> threading.RLock:
        """To be held while limits of a direction are written: what is removed and set at once may arrive in any order."""
        return self._turns[direction]

    def plan(self, ref: LimitRef, maximum: int) -> None:
        """Note that a limit is about to be this, or to be removed (0)."""
        self._plans.note(ref.key, maximum)

    def planned(self, keys: Collection[Key]) -> dict[Key, int]:
        """Those of some limits that this run is about to set, or to remove (0), as far as is known now."""
        ends = {key: self._plans.get(key) for key in keys}
        return {key: most for key, most in ends.items() if most is not None}

    def keep(self, ref: LimitRef) -> None:
        """Note that a limit belongs to a resource that stays."""
        self._kept.add(ref.key)

    def is_kept(self, ref: LimitRef) -> bool:
        """Whether a limit belongs to a resource that stays."""
        return ref.key in self._kept

    def set(self, ref: LimitRef, maximum: int) -> None:
        """Set a limit. One that stands in its way and is about to change is changed first.

        Raises:
            Refused: if HubSpot refuses; the sentence names the limit in the way.
        """
        self._set(ref.direction, Wish(ref, maximum))
        if ref.key in self._plans:
            self.keep(ref)

    def remove(self, ref: LimitRef) -> None:
        """Remove a limit; one that is not set, or whose type is gone, is removed already.

        One that this run keeps stays: it belongs to another resource now. A limit that is declared under a new name is
        set under that first, and removed under the old one last.
        """
        self._remove(ref.direction, ref)

    # --------------------------------------------------------------------------------------------------------- set

    def set_together(self, direction: Direction, wishes: Sequence[Wish]) -> list[Outcome]:
        """Set limits of one direction by one request, and where that is refused, by one each; for each its error or None."""
        with self.turn(direction):
            return self._set_in_turn(direction, wishes)

    def _set_in_turn(self, direction: Direction, wishes: Sequence[Wish]) -> list[Outcome]:
        try:
            self.write(direction, wishes)
        except (Refused, UnexpectedAnswer) as error:
            if isinstance(error, Refused) and error.status not in OF_INPUTS:
                raise
            if len(wishes) == 1:
                return [self._explained(error, wishes[0]) if isinstance(error, Refused) else error]
        else:
            return [None] * len(wishes)
        alone = {i: self._set_alone(direction, wishes[i]) for i in self._order(direction, wishes)}
        return [alone[i] for i in range(len(wishes))]

    def _set_alone(self, direction: Direction, wish: Wish) -> Outcome:
        try:
            return self.set_together(direction, [wish])[0]
        except HubAssocError as error:
            return error

    def write(self, direction: Direction, wishes: Sequence[Wish]) -> None:
        """One request for all that is not set already, before it one for what is in their way; raises what is refused."""
        current = self._view.limits()
        ordered = [wishes[i] for i in self._order(direction, wishes)]
        wanted = {key: wish.maximum for wish in ordered for key in self.alike(wish.ref)}
        wanted = {key: most for key, most in wanted.items() if current.get(key) != most}
        if not wanted:
            return
        first = self._in_the_way(direction, wanted)
        gone = [LimitRef(*direction, *key) for key, most in first.items() if not most]
        if gone:
            self.remove_together(direction, gone)
        if first := {key: most for key, most in first.items() if most}:
            self._send(direction, first)
        self._send(direction, wanted)

    def _send(self, direction: Direction, limits: dict[Key, int]) -> None:
        inputs = [LimitInput(category=c, type_id=i, max_to_object_ids=most) for (c, i), most in limits.items()]
        self._hubspot.update_limits(*direction, inputs)
        for key, most in limits.items():
            self._view.note_limit(key, most)

    def _order(self, direction: Direction, wishes: Sequence[Wish]) -> list[int]:
        """Indexes of the wishes: labels within the object limit of now, then the object limit, then other labels."""
        object_key = self.object_key(direction)
        most = self._view.limits().get(object_key) if object_key else None

        def rank(i: int) -> int:
            wish = wishes[i]
            if wish.ref.key == object_key:
                return 1
            return 2 if most is not None and wish.maximum > most else 0

        return sorted(range(len(wishes)), key=rank)

    def _in_the_way(self, direction: Direction, wanted: dict[Key, int]) -> dict[Key, int]:
        """What is planned and has to come before: a greater object limit, or smaller limits of labels."""
        object_key = self.object_key(direction)
        if object_key is None:
            return {}
        after = {**self._view.limits(), **wanted}
        ceiling = after.get(object_key)
        if ceiling is None:
            return {}
        if object_key not in wanted:
            greatest = max(wanted.values())
            raised = self._plans.wait_for(object_key, lambda end: end >= greatest) if greatest > ceiling else None
            return {object_key: raised} if raised is not None else {}
        first: dict[Key, int] = {}
        if any(most > ceiling for key, most in after.items() if key != object_key and key not in wanted):
            for key in self._view.labels(*direction):
                if key != object_key and key not in wanted and after.get(key, 0) > ceiling:
                    end = self._plans.wait_for(key, lambda end: end <= ceiling)
                    if end is None:
                        break  # it will be refused, and explained
                    first[key] = end
        return first

    def _explained(self, refusal: Refused, wish: Wish) -> Refused:
        """The refusal, with what stands in the way named where that is known."""
        ref, maximum = wish.ref, wish.maximum
        listed = self._view.labels(*ref.direction, since=self._view.now())
        current = self._view.limits()
        object_key = self.object_key(ref.direction)
        where = arrow(*ref.direction)
        if ref.key not in listed:
            return advised(
                refusal,
                f"HubSpot lists no {ref.category} {ref.type_id} in {where}: if a label was deleted, run `pulumi refresh` "
                "and then `pulumi up`; otherwise correct category, type id or direction",
            )
        if object_key is not None and ref.key != object_key and current.get(object_key, maximum) < maximum:
            most = current[object_key]
            return advised(
                refusal,
                f"the object limit of {where} is {most}, so a label's limit may be 1 to {most}: lower this limit, or raise "
                "the object limit first (or remove it, in a run of its own)",
            )
        greater = [(current[k], k) for k in listed if k != object_key and current.get(k, 0) > maximum]
        if ref.key == object_key and greater:
            most, (category, type_id) = max(greater)
            return advised(
                refusal,
                f"{category} {type_id} of {where} has the limit {most}, so the object limit must be at least {most}: raise "
                "it, or lower or remove that limit first",
            )
        return refusal

    # ------------------------------------------------------------------------------------------------------ remove

    def remove_together(self, direction: Direction, refs: Sequence[LimitRef]) -> list[Outcome]:
        """Remove limits of one direction by one request, and where that is refused, by one each; likewise."""
        self._view.guard()
        with self.turn(direction):
            going = [ref for ref in refs if not self.is_kept(ref)]
            outcomes = dict(zip(going, self._remove_in_turn(direction, going) if going else [], strict=True))
            return [outcomes.get(ref) for ref in refs]

    def _remove_in_turn(self, direction: Direction, refs: Sequence[LimitRef]) -> list[Outcome]:
        keys = dict.fromkeys(key for ref in refs for key in self.alike(ref))
        try:
            self._hubspot.purge_limits(*direction, [TypeInput(category=c, type_id=i) for c, i in keys])
        except Refused as refusal:
            if refusal.status not in OF_INPUTS:
                raise
            if len(refs) > 1:
                return [self._remove_in_turn(direction, [ref])[0] for ref in refs]
            if refs[0].key in self._view.labels(*direction, since=self._view.now()):
                return [refusal]
        for key in keys:
            self._view.note_limit(key, None)
        return [None] * len(refs)

    # ------------------------------------------------------------------------------------------------------- types

    def alike(self, ref: LimitRef) -> list[Key]:
        """The type itself, and the other id of a single label between records of one object."""
        if ref.from_object_type != ref.to_object_type or ref.category != USER_DEFINED:
            return [ref.key]
        listed = self._view.labels(*ref.direction)
        text = listed.get(ref.key)
        if text is None:
            return [ref.key]
        return [ref.key, *(k for k, t in listed.items() if t == text and k != ref.key and k[0] == USER_DEFINED)]

    def object_key(self, direction: Direction) -> Key | None:
        """The unlabeled type of a direction; a pair with a custom object has one of its own [observed]."""
        documented = facts.unlabeled_type(*direction)
        if documented is not None:
            return (HUBSPOT_DEFINED, documented.type_id)
        listed = self._view.labels(*direction)
        return next((key for key, text in listed.items() if text is None), None)
