"""What HubSpot's lists say of labels: where one is, which id is its other side, whose it is.

* A type id means something only with its category and direction: in one list USER_DEFINED 1 and HUBSPOT_DEFINED 1 can
  stand side by side [observed].
* Internal names stand in schema reads alone, without a category, and appear there up to minutes late [observed].
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pulumi_hubassoc.errors import UnexpectedAnswer
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.models import Definition
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, Types

Texts = tuple[str, str]
"""The text of the forward and of the inverse side; the same for a single label."""

_NAME_POLL_S = 5.0


@dataclass(frozen=True)
class LabelRef:
    """A label of a portal: its direction and its two type ids (the same one if HubSpot made only one)."""

    from_object_type: str
    to_object_type: str
    type_id: int
    inverse_type_id: int

    @property
    def forward(self) -> Direction:
        """The direction of `type_id`."""
        return (self.from_object_type, self.to_object_type)

    @property
    def backward(self) -> Direction:
        """The direction of `inverse_type_id`."""
        return (self.to_object_type, self.from_object_type)

    @property
    def key(self) -> Key:
        """Category and type id of the forward side."""
        return (USER_DEFINED, self.type_id)

    @property
    def inverse_key(self) -> Key:
        """Category and type id of the other side."""
        return (USER_DEFINED, self.inverse_type_id)

    def turned(self) -> LabelRef:
        """The same label seen from the other side."""
        return LabelRef(self.to_object_type, self.from_object_type, self.inverse_type_id, self.type_id)


@dataclass(frozen=True)
class Found:
    """A label as it is in the portal."""

    ref: LabelRef
    texts: Texts


def holder(listed: Types, text: str, but: Collection[int] = ()) -> int | None:
    """The type id of the label that has a text in a list; the smaller one where both sides are in it."""
    ids = (i for (category, i), t in listed.items() if category == USER_DEFINED and t == text and i not in but)
    return min(ids, default=None)


class LabelLists:
    """What the lists of one portal say of its labels. Threads may share it."""

    def __init__(self, view: PortalView) -> None:
        self.view = view
        self._patience = view.hubspot.patience

    def find(self, ref: LabelRef, texts: Texts | None) -> Found | None:
        """The label as it is now, None if it is certainly gone.

        Args:
            ref: the label.
            texts: what it should have; a label that a person made again in HubSpot's settings with these texts is
                found under its new ids. None for no such search.

        Raises:
            UnexpectedAnswer: if HubSpot's lists do not let one say that it is gone.
        """
        since = 0
        for look in ("first", "second"):
            here = self.view.labels(*ref.forward, since=since).get(ref.key)
            there = self.view.labels(*ref.backward, since=since).get(ref.inverse_key)
            if here is not None and there is not None:
                return Found(ref, (here, there))
            if here is there is None and look == "first" and self.view.lacks(ref.forward, ref.key):
                return self._made_again(ref, texts) if texts else None
            since = self.view.now()
        raise UnexpectedAnswer(
            f"read label {ref.type_id} ({arrow(*ref.forward)})",
            "HubSpot lists one direction of it and not the other",
            "nothing was concluded from it; run `pulumi refresh` again in a minute",
        )

    def _made_again(self, ref: LabelRef, texts: Texts) -> Found | None:
        """The label of both texts, unless its internal name shows that it is another than a person's remake."""
        forward = self.view.labels(*ref.forward)
        again = holder(forward, texts[0])
        if again is None:
            return None
        names = self.names_of(ref.forward, again, wait=False)
        if names and names.isdisjoint(map(derived_in_settings, texts)):
            return None
        found = LabelRef(*ref.forward, again, self.inverse_of(ref.forward, again, texts[1]))
        there = self.view.labels(*ref.backward).get(found.inverse_key)
        return Found(found, texts) if there == texts[1] else None

    def inverse_of(self, direction: Direction, type_id: int, inverse_text: str, since: int = 0) -> int:
        """The type id of a label's other side: ids come in neighbouring pairs [observed], text or name decide.

        Raises:
            UnexpectedAnswer: if several types could be it.
        """
        backward = self.view.labels(direction[1], direction[0], since=since)
        near = [i for i in (type_id - 1, type_id + 1) if backward.get((USER_DEFINED, i)) is not None]
        by_text = [i for i in near if backward[USER_DEFINED, i] == inverse_text]
        if len(by_text) == 1:
            return by_text[0]
        one_object = direction[0] == direction[1]
        if one_object and not near:
            return type_id  # one id for both sides
        definitions = self._definitions(direction)
        names = {d.name for d in definitions if d.id == str(type_id) and d.name is not None}
        candidates = [i for i in near if any(d.id == str(i) and d.name in names for d in definitions)]
        if one_object and names and not candidates:
            return type_id
        if not one_object and not names:
            candidates = near
        if len(candidates) == 1:
            return candidates[0]
        raise UnexpectedAnswer(
            f"find the other direction of label {type_id} ({arrow(*direction)})",
            f"HubSpot lists {len(near)} types that could be it",
            "delete the label in HubSpot if it is not needed, or run it again in five minutes",
        )

    def named(self, direction: Direction, name: str) -> int | None:
        """The label of a direction that has an internal name, None if none is shown with it."""
        listed = self.view.labels(*direction)
        ids = (int(d.id) for d in self._definitions(direction) if d.name == name and d.id.isdecimal())
        return min((i for i in ids if listed.get((USER_DEFINED, i)) is not None), default=None)

    def names_of(self, direction: Direction, type_id: int, *, wait: bool) -> set[str]:
        """The internal names a label can have (two if HubSpot's own type of that number cannot be told from it).

        Empty if HubSpot shows none; with `wait`, not before the time of one operation is over.
        """
        started, since = self._patience.clock(), 0
        while True:
            shown = self.view.definitions_of(direction, (USER_DEFINED, type_id), since=since)
            names = {d.name for d in shown if d.name is not None}
            if names or not wait or self._patience.clock() - started >= self._patience.total_s:
                return names
            if since:
                self._patience.sleep(_NAME_POLL_S)
            since = self.view.now()

    def _definitions(self, direction: Direction) -> tuple[Definition, ...]:
        since = self.view.now()
        both = dict.fromkeys(direction)
        return tuple(d for object_type in both for d in self.view.definitions(object_type, since=since))


def derived_in_settings(label: str) -> str:
    """The internal name that HubSpot's settings page gives a label: ``kalup_probe`` for "Kalup Probe" [observed]."""
    return "_".join(label.lower().split())
