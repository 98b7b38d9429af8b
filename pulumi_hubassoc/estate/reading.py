"""Reads a whole portal into a document, in few requests.

Limits Tracking names the pairs of objects that have labels (one request), label lists have ids, texts and categories (two
for each pair, one for an object with itself), one list has all limits, and the schema read of each object has internal
names. Where Limits Tracking is not allowed, every pair of the objects that can have labels is listed.

Texts and ids stand together in label lists alone: Limits Tracking has texts without ids, schemas have ids without texts
[observed], and an internal name does not tell a text that was changed.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.estate.document import Document, Label, LeftOut, Limit, order
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, Types

OnStep = Callable[[int, int, str], None]
"""Told before each step: how many are done, how many there are as far as is known, and what comes."""

WITH_LABELS = ("contacts", "companies", "deals", "tickets")
"""Standard objects that can have labels [docs]; custom ones can too."""
_NO_OTHER_DIRECTION = "HubSpot does not show which type is its other direction: read the portal again in five minutes"


def read_portal(view: PortalView, on_step: OnStep = lambda _done, _all, _what: None) -> Document:
    """Everything that a portal has.

    Args:
        view: the portal; its guard comes first.
        on_step: told of each step.

    Raises:
        HubAssocError: if it is the wrong portal, or HubSpot could not be asked.
    """
    return _Reading(view, on_step).document()


class _Reading:
    def __init__(self, view: PortalView, on_step: OnStep) -> None:
        self._view, self._on_step = view, on_step
        self._done = self._all = 0
        self._custom: dict[str, str] | None = None
        self._left_out: list[LeftOut] = []
        self._lists: dict[Direction, Types] = {}

    def document(self) -> Document:
        self._step("which portal it is")
        portal_id = self._view.guard()
        pairs = self._pairs()
        self._all = self._done + sum(len({p, p[::-1]}) for p in pairs) + len({o for p in pairs for o in p}) + 1
        for pair in pairs:
            for direction in dict.fromkeys((pair, pair[::-1])):
                self._step(f"the labels of {arrow(*direction)}")
                self._lists[direction] = self._view.labels(*direction)
        labels = sorted(
            (label for pair in pairs for label in self._labels(pair)),
            key=lambda x: (order(x.direction), x.label, x.inverse_label, x.type_id),
        )
        self._step("the limits")
        limits = sorted(
            self._below_object_limit(list(self._limits(labels))),
            key=lambda x: (order(x.direction), x.category, x.type_id),
        )
        source = f"portal {portal_id}"
        return Document(source, tuple(labels), tuple(limits), tuple(self._left_out), portal_id)

    # -------------------------------------------------------------------------------------------------------- pairs

    def _pairs(self) -> list[Direction]:
        """The pairs with labels, each in the direction in which its objects stand in HubSpot's table."""
        self._step("which pairs of objects have labels")
        try:
            rows = self._view.hubspot.label_usage()
            usage = [(u.from_object_type.object_type_id, u.to_object_type.object_type_id) for u in rows]
        except Refused as refusal:
            if refusal.status not in (403, 404):
                raise
            return self._every_pair()
        if any(end.startswith("2-") for ends in usage for end in ends):
            self._read_custom_objects()
        return self._sorted(usage)

    def _every_pair(self) -> list[Direction]:
        self._read_custom_objects()
        return self._sorted(itertools.combinations_with_replacement([*WITH_LABELS, *(self._custom or ())], 2))

    def _sorted(self, ends: Iterable[tuple[str, str]]) -> list[Direction]:
        found = set()
        for start, end in ends:
            try:
                pair = (self._object(start), self._object(end))
            except ValueError as error:
                self._left_out.append(LeftOut(f"the labels of {start} and {end}", str(error)))
                continue
            found.add(min(pair, pair[::-1], key=order))
        return sorted(found, key=order)

    def _object(self, type_id: str) -> str:
        return (self._custom or {}).get(type_id) or facts.object_type(type_id)

    def _read_custom_objects(self) -> None:
        """Custom objects by id: their names without the portal's number are the same in every portal [docs]."""
        if self._custom is not None:
            return
        self._step("which custom objects there are")
        self._custom = {}
        try:
            found = self._view.hubspot.custom_objects()
        except Refused as refusal:
            if refusal.status not in (403, 404):
                raise
            return
        self._custom = {o.object_type_id: f"p_{o.name}" for o in found}

    # ------------------------------------------------------------------------------------------------------- labels

    def _labels(self, pair: Direction) -> Iterator[Label]:
        forward, backward = self._lists[pair], self._lists[pair[::-1]]
        for direction in dict.fromkeys((pair, pair[::-1])):
            self._leave_out_others(direction, self._lists[direction])
        names = {i: self._name_of(pair, i) for i in self._own(forward)}
        back_names = {i: names[i] if pair[0] == pair[1] else self._name_of(pair[::-1], i) for i in self._own(backward)}
        matched = dict(_matched(names, back_names, one_object=pair[0] == pair[1]))
        for type_id, inverse in matched.items():
            here, there = forward[USER_DEFINED, type_id], backward.get((USER_DEFINED, inverse or 0))
            if inverse is None or here is None or there is None:
                self._leave_out_label(pair, type_id, here, _NO_OTHER_DIRECTION)
            elif not here.strip() or not there.strip():
                self._leave_out_label(pair, type_id, here or there, "its text is blank in one direction")
            else:
                # White space around a text is not kept: in a program it would be a slip of the hand.
                yield Label(*pair, here.strip(), there.strip(), names[type_id], type_id, inverse)
        for type_id in back_names.keys() - matched.values() - (matched.keys() if pair[0] == pair[1] else set()):
            text = backward[USER_DEFINED, type_id]
            self._leave_out_label(pair[::-1], type_id, text, _NO_OTHER_DIRECTION)

    def _leave_out_label(self, direction: Direction, type_id: int, text: str | None, why: str) -> None:
        self._left_out.append(LeftOut(f'the label "{text}" ({arrow(*direction)}, type {type_id})', why))

    @staticmethod
    def _own(listed: Types) -> list[int]:
        return sorted(i for (category, i), text in listed.items() if category == USER_DEFINED and text is not None)

    def _leave_out_others(self, direction: Direction, listed: Types) -> None:
        for (category, type_id), text in sorted(listed.items()):
            if category not in (USER_DEFINED, facts.HUBSPOT_DEFINED):
                what = f'the label "{text}" ({arrow(*direction)}, type {type_id})'
                self._left_out.append(LeftOut(what, f"it is {category}: only the app that made it can change it"))

    def _name_of(self, direction: Direction, type_id: int) -> str | None:
        """The internal name, if HubSpot shows one and no other."""
        shown = self._view.definitions_of(direction, (USER_DEFINED, type_id))
        names = {d.name for d in shown if d.name is not None}
        return names.pop() if len(names) == 1 else None

    # ------------------------------------------------------------------------------------------------------- limits

    def _limits(self, labels: list[Label]) -> Iterator[Limit]:
        of_label = {(USER_DEFINED, x.inverse_type_id): (x, True) for x in labels}
        of_label |= {(USER_DEFINED, x.type_id): (x, False) for x in labels}
        maxima = self._view.limits()
        for key, most in sorted(maxima.items()):
            if key in of_label:
                label, inverse = of_label[key]
                one_direction = label.is_single and label.from_object_type == label.to_object_type
                if inverse and one_direction and maxima.get((USER_DEFINED, label.type_id or 0)) == most:
                    continue  # both ids of it carry one limit [docs]
                yield Limit(*(label.direction[::-1] if inverse else label.direction), *key, most, label, inverse)
                continue
            direction = self._direction_of(key)
            why = "HubSpot's lists do not show which objects it is between"
            if direction is not None:
                text = self._lists[direction].get(key) if key[0] != facts.HUBSPOT_DEFINED else None
                if text is None:
                    yield Limit(*direction, *key, most)
                    continue
                find = f"get_association_types({direction[0]!r}, {direction[1]!r}).labeled({text!r})"
                why = f"its label is left out; in a program {find} finds it"
            where = f" ({arrow(*direction)})" if direction else ""
            self._left_out.append(LeftOut(f"the limit {most} of {key[0]} {key[1]}{where}", why))

    def _below_object_limit(self, limits: list[Limit]) -> Iterator[Limit]:
        """The limits, without those of labels above the object limit: HubSpot refuses to set these [docs]."""
        most = {limit.direction: limit.max_to_object_ids for limit in limits if limit.is_object_limit}
        for limit in limits:
            object_limit = most.get(limit.direction)
            if limit.label is not None and object_limit is not None and limit.max_to_object_ids > object_limit:
                text = limit.label.inverse_label if limit.inverse else limit.label.label
                what = f'the limit {limit.max_to_object_ids} of the label "{text}" ({arrow(*limit.direction)})'
                why = f"it is above the object limit, {object_limit}, and HubSpot takes no such limit"
                self._left_out.append(LeftOut(what, why))
            else:
                yield limit

    def _direction_of(self, key: Key) -> Direction | None:
        """The direction of a type: HubSpot's table knows it, or a list; for a pair without labels a custom object's schema."""
        documented = facts.defined_types().get(key[1]) if key[0] == facts.HUBSPOT_DEFINED else None
        if documented is not None:
            return (documented.from_object_type, documented.to_object_type)
        listed = next((direction for direction, types in self._lists.items() if key in types), None)
        if listed is not None or key[0] == facts.HUBSPOT_DEFINED:
            return listed
        self._read_custom_objects()
        for object_type in (self._custom or {}).values():
            for d in self._view.definitions(object_type):
                if d.id == str(key[1]):
                    direction = (self._object(d.from_object_type_id), self._object(d.to_object_type_id))
                    self._lists[direction] = self._view.labels(*direction)
                    return direction if key in self._lists[direction] else None
        return None

    def _step(self, what: str) -> None:
        self._on_step(self._done, max(self._all, self._done + 1), what)
        self._done += 1


def _matched(
    names: dict[int, str | None], back_names: dict[int, str | None], *, one_object: bool
) -> Iterator[tuple[int, int | None]]:
    """Each label once: its type id, and that of its other direction, or None where that is not certain.

    Both directions have the same internal name [observed]. Without a name, the neighbouring id is the other one [observed]
    if there is only one that has no name either.
    """
    by_name: defaultdict[str | None, list[int]] = defaultdict(list)
    for i, name in back_names.items():
        by_name[name].append(i)
    taken: set[int] = set()
    for i, name in names.items():
        if one_object and i in taken:
            continue
        if name is not None:
            others = [j for j in by_name[name] if j != i] if one_object else by_name[name]
            other = others[0] if len(others) == 1 else i if one_object and not others else None
        else:
            near = [j for j in by_name[None] if abs(j - i) == 1 and j not in taken]
            other = near[0] if len(near) == 1 else None
        if other is not None:
            taken |= {i, other} if one_object else {other}
        yield i, other
