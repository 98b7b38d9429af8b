"""All limits of one direction together: one request to set, at most one to remove.

HubSpot's rules that this rests on, beside those of `limits`:

* A label's limit may not be above the object limit [docs], so what is removed goes first, and the rest is sent in an order
  in which each input finds what it needs: smaller limits of labels, the object limit, greater limits of labels.
* Nobody has shown what an input of a batch is checked against. The order suits a check one after the other and a check
  of the end state. A batch that is refused is sent again in two parts, each of which the limits of before allow, for a
  HubSpot that checks against those.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pulumi_hubassoc.errors import Refused, UnexpectedAnswer
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.gatherer import Outcome
from pulumi_hubassoc.hubspot.limits import OF_INPUTS, LimitRef, Limits, Wish
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView

Maxima = Mapping[Key, int]
"""Limits of one direction: (category, type id) -> maximum."""


class LimitSets:
    """The limits of one portal, a direction at a time. Threads may share it.

    Args:
        view: the portal.
        limits: its limits one by one.
    """

    def __init__(self, view: PortalView, limits: Limits) -> None:
        self._view, self._limits = view, limits

    def get(self, direction: Direction, listed: Collection[Key]) -> dict[Key, int]:
        """Those of some limits that are set.

        Raises:
            UnexpectedAnswer: if HubSpot's lists do not agree.
        """
        found = {key: self._limits.get(LimitRef(*direction, *key)) for key in listed}
        return {key: most for key, most in found.items() if most is not None}

    def others(self, direction: Direction, listed: Collection[Key]) -> dict[Key, int]:
        """The limits of a direction that are set and not among some; one of two ids that carry one limit."""
        known = self._with_alike(direction, listed)
        found: dict[Key, int] = {}
        for key, most in sorted(self._current(direction).items()):
            if key not in known:
                found[key] = most
                known |= self._with_alike(direction, [key])
        return found

    def put(self, direction: Direction, wanted: Maxima, leaving: Collection[Key], *, authoritative: bool) -> None:
        """Make the limits of a direction these.

        Args:
            direction: from and to object type.
            wanted: the limits.
            leaving: limits that were listed before; those not wanted any more are removed.
            authoritative: remove every other limit of the direction too.

        Raises:
            Refused: if HubSpot refuses one; the sentence names what is in its way. Others may be set.
        """
        with self._limits.turn(direction):
            self._put(direction, wanted, leaving, authoritative=authoritative)

    def _put(self, direction: Direction, wanted: Maxima, leaving: Collection[Key], *, authoritative: bool) -> None:
        leaving = {key for key in leaving if key not in wanted and not self._view.lacks(direction, key)}
        going = self._with_alike(direction, leaving)  # without labels that are gone: their limits went with them
        if authoritative:
            going |= self._all_of(direction)
        self.remove(direction, going - self._with_alike(direction, wanted))
        changed = {key: most for key, most in wanted.items() if self._view.limits().get(key) != most}
        if changed:
            _raise_first(self._set(direction, changed))

    def remove(self, direction: Direction, keys: Collection[Key]) -> None:
        """Remove limits; what is not set, or belongs to another resource of this run, is left alone."""
        if keys:
            _raise_first(self._limits.remove_together(direction, [LimitRef(*direction, *key) for key in sorted(keys)]))

    # ---------------------------------------------------------------------------------------------------- machinery

    def _set(self, direction: Direction, changed: Maxima) -> list[Outcome]:
        try:
            self._limits.write(direction, _wishes(direction, changed))
        except (Refused, UnexpectedAnswer) as error:
            if isinstance(error, Refused) and error.status not in OF_INPUTS:
                raise
        else:
            return []
        before = self._view.limits(since=self._view.now())  # a part of what was refused may be set
        left = {key: most for key, most in changed.items() if before.get(key) != most}
        parts = self._parts(direction, left)
        return [outcome for part in parts for outcome in self._limits.set_together(direction, _wishes(direction, part))]

    def _parts(self, direction: Direction, changed: Maxima) -> list[Maxima]:
        """What the limits of now allow, and then the rest."""
        current = self._current(direction)
        object_key = self._limits.object_key(direction)
        ceiling = current.get(object_key) if object_key else None
        greatest = max((most for key, most in current.items() if key != object_key), default=0)

        def is_allowed(key: Key, most: int) -> bool:
            return greatest <= most if key == object_key else ceiling is None or most <= ceiling

        first = {key: most for key, most in changed.items() if is_allowed(key, most)}
        rest = {key: most for key, most in changed.items() if key not in first}
        return [part for part in (first, rest) if part]

    def _all_of(self, direction: Direction) -> set[Key]:
        """All limits of a direction that are set; that there is none, two lists must say."""
        found = set(self._current(direction))
        if not found and self._view.limits_of(direction):
            raise UnexpectedAnswer(
                f"find the limits of {arrow(*direction)}",
                "HubSpot lists some among the limits of the pair and none among those of the portal",
                "nothing was removed or set; run it again in a minute",
            )
        return found

    def _current(self, direction: Direction) -> dict[Key, int]:
        listed = self._view.labels(*direction)
        return {key: most for key, most in self._view.limits().items() if key in listed}

    def _with_alike(self, direction: Direction, keys: Collection[Key]) -> set[Key]:
        return {alike for key in keys for alike in self._limits.alike(LimitRef(*direction, *key))}


def _wishes(direction: Direction, limits: Maxima) -> list[Wish]:
    return [Wish(LimitRef(*direction, *key), most) for key, most in limits.items()]


def _raise_first(outcomes: Collection[Outcome]) -> None:
    for outcome in outcomes:
        if outcome is not None:
            raise outcome
