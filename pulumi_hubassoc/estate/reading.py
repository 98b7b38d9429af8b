"""Reads a whole portal into a document, in few requests.

Limits Tracking names the pairs of objects that have labels, with their texts (one request); one list has all limits; the
schemas of objects have ids and internal names (one request for each, of as few objects as show every pair, and one for
all custom objects). What these cannot prove together, and the text of a label that was changed a moment ago, stands in
label lists alone: two for each pair, one for an object with itself. `spared_lists` says when they are not needed.

Where Limits Tracking is not allowed, every pair of the objects that can have labels is listed. Where schemas are not,
labels have no internal names.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.estate.document import Document, Label, LeftOut, Limit, order, pair_of
from pulumi_hubassoc.estate.schemas import NOT_ALLOWED, Schemas
from pulumi_hubassoc.estate.spared_lists import proven_lists
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, Types

OnStep = Callable[[int, int, str], None]
"""Told before each step: how many are done, how many there are as far as is known, and what comes."""

WITH_LABELS = ("contacts", "companies", "deals", "tickets")
"""Standard objects that can have labels [docs]; custom ones can too."""
_NO_OTHER_DIRECTION = "HubSpot does not show which type is its other direction: read the portal again in five minutes"
_NO_NAMES = "the token must not read schemas of objects (crm.schemas.custom.read, or crm.objects.custom.read)"
_NO_SCHEMAS = f"HubSpot does not show which type is its other direction: {_NO_NAMES}"


def read_portal(
    view: PortalView, on_step: OnStep = lambda _done, _all, _what: None, *, exact: bool = False
) -> Document:
    """Everything that a portal has.

    Args:
        view: the portal; its guard comes first.
        on_step: told of each step.
        exact: read the texts of all labels from their lists, for who must not miss a text that was changed a moment ago:
            two more requests for each pair. Else one that was changed, or deleted and made again, in the last five minutes
            may be told as it was [observed].

    Raises:
        HubAssocError: if it is the wrong portal, or HubSpot could not be asked.
    """
    return _Reading(view, on_step, exact=exact).document()


class _Reading:
    def __init__(self, view: PortalView, on_step: OnStep, *, exact: bool) -> None:
        self._view, self._on_step, self._exact = view, on_step, exact
        self._done = self._all = 0
        self._custom: dict[str, str] | None = None
        self._left_out: list[LeftOut] = []
        self._lists: dict[Direction, Types] = {}
        self._spared: list[Direction] = []
        self._texts: dict[Direction, tuple[str, ...]] = {}
        self._schemas = Schemas(view, self._object, lambda what: self._step(f"the internal names of {what}"))
        self._limited: dict[Key, str | None] = {}
        self._maxima: dict[Key, int] = {}

    def document(self) -> Document:
        self._step("which portal it is")
        portal_id = self._view.guard()
        pairs = self._pairs()
        self._read_limits()
        pairs = self._read_types(pairs)
        labels = sorted(
            (label for pair in pairs for label in self._labels(pair)),
            key=lambda x: (order(x.direction), x.label, x.inverse_label, x.type_id),
        )
        if self._schemas.refused and any(label.name is None for label in labels):
            self._left_out.append(LeftOut("internal names of labels", _NO_NAMES))
        limits = sorted(
            self._below_object_limit(list(self._limits(labels))),
            key=lambda x: (order(x.direction), x.category, x.type_id),
        )
        source = f"portal {portal_id}"
        return Document(source, tuple(labels), tuple(limits), tuple(self._left_out), portal_id, self._custom or {})

    def _read_limits(self) -> None:
        self._step("the limits")
        for item in self._view.limit_list(None):
            self._limited[item.key] = item.label
            if item.user_enforced_max_to_object_ids is not None:
                self._maxima[item.key] = item.user_enforced_max_to_object_ids

    # ----------------------------------------------------------------------------------------------- pairs and types

    def _pairs(self) -> list[Direction]:
        """The pairs with labels, each in the direction in which its objects stand in HubSpot's table."""
        self._step("which pairs of objects have labels")
        try:
            rows = self._view.hubspot.label_usage()
        except Refused as refusal:
            if refusal.status not in NOT_ALLOWED:
                raise
            return self._every_pair()
        usage = [(u.from_object_type.object_type_id, u.to_object_type.object_type_id) for u in rows]
        if any(end.startswith("2-") for ends in usage for end in ends):
            self._read_custom_objects()
        for row, ends in zip(rows, usage, strict=True):
            direction = self._direction(ends)
            if direction is not None:
                self._texts[direction] = (*self._texts.get(direction, ()), *row.all_labels)
        return sorted(set(map(pair_of, self._texts)), key=order)

    def _every_pair(self) -> list[Direction]:
        self._read_custom_objects()
        ends = [*WITH_LABELS, *sorted((self._custom or {}).values())]
        return sorted(set(map(pair_of, itertools.combinations_with_replacement(ends, 2))), key=order)

    def _direction(self, ends: Direction) -> Direction | None:
        """Both objects by their names; what has none is left out."""
        try:
            return (self._object(ends[0]), self._object(ends[1]))
        except ValueError as error:
            left = LeftOut(f"the labels of {ends[0]} and {ends[1]}", str(error))
            self._left_out += [left] if left not in self._left_out else []
            return None

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
            if refusal.status not in NOT_ALLOWED:
                raise
            return
        self._custom = {o.object_type_id: f"p_{o.name}" for o in found}
        for o in found:
            self._schemas.know(self._custom[o.object_type_id], o.associations)

    def _read_types(self, pairs: list[Direction]) -> list[Direction]:
        """The types of all pairs into `_lists`, from lists or without; the pairs, with those that are new meanwhile."""
        if self._exact or not self._texts:
            self._read_lists(pairs)
            self._ask_schemas([pair for pair in pairs if any(self._own(self._lists[d]) for d in (pair, pair[::-1]))])
            more = self._unheard_of(pairs)
            self._read_lists(more)
            return sorted({*pairs, *more}, key=order)
        self._ask_schemas(pairs)
        pairs = sorted({*pairs, *self._unheard_of(pairs)}, key=order)
        for pair in pairs:
            proven = proven_lists(pair, self._texts, self._schemas.of(pair), self._limited)
            if proven:
                self._lists |= proven
                self._spared.append(pair)
        self._read_lists([pair for pair in pairs if pair not in self._lists])
        return pairs

    def _read_lists(self, pairs: Iterable[Direction]) -> None:
        directions = [d for pair in pairs for d in dict.fromkeys((pair, pair[::-1]))]
        self._all = max(self._all, self._done + len(directions))
        for direction in directions:
            self._step(f"the labels of {arrow(*direction)}")
            self._lists[direction] = self._view.labels(*direction)

    def _ask_schemas(self, pairs: Iterable[Direction]) -> None:
        objects = self._schemas.unasked(pairs)
        self._all = self._done + len(objects)
        self._schemas.ask(objects)

    def _unheard_of(self, pairs: list[Direction]) -> list[Direction]:
        """Pairs that a schema shows a label of and Limits Tracking does not name yet."""
        found = []
        for pair in self._schemas.pairs():
            names = {s.name for s in self._schemas.of(pair) if s.name is not None and not s.name.isupper()}
            plain = 0 if set(pair) <= set(WITH_LABELS) else 1  # a custom object has one in many pairs
            if pair not in pairs and set(pair) <= {*WITH_LABELS, *(self._custom or {}).values()} and len(names) > plain:
                found.append(pair)
        return found

    # ------------------------------------------------------------------------------------------------------- labels

    def _labels(self, pair: Direction) -> Iterator[Label]:
        forward, backward = self._lists[pair], self._lists[pair[::-1]]
        for direction in dict.fromkeys((pair, pair[::-1])):
            self._leave_out_others(direction, self._lists[direction])
        names = self._schemas.names(pair, self._own(forward))
        back_names = names if pair[0] == pair[1] else self._schemas.names(pair[::-1], self._own(backward))
        no_other = _NO_SCHEMAS if self._schemas.refused else _NO_OTHER_DIRECTION
        matched = dict(_matched(names, back_names, one_object=pair[0] == pair[1]))
        for type_id, inverse in matched.items():
            here, there = forward[USER_DEFINED, type_id], backward.get((USER_DEFINED, inverse or 0))
            if inverse is None or here is None or there is None:
                self._leave_out_label(pair, type_id, here, no_other)
            elif not here.strip() or not there.strip():
                self._leave_out_label(pair, type_id, here or there, "its text is blank in one direction")
            else:
                # White space around a text is not kept: in a program it would be a slip of the hand.
                yield Label(*pair, here.strip(), there.strip(), names[type_id], type_id, inverse)
        for type_id in back_names.keys() - matched.values() - (matched.keys() if pair[0] == pair[1] else set()):
            text = backward[USER_DEFINED, type_id]
            self._leave_out_label(pair[::-1], type_id, text, no_other)

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

    # ------------------------------------------------------------------------------------------------------- limits

    def _limits(self, labels: list[Label]) -> Iterator[Limit]:
        of_label = {(USER_DEFINED, x.inverse_type_id): (x, True) for x in labels}
        of_label |= {(USER_DEFINED, x.type_id): (x, False) for x in labels}
        for key, most in sorted(self._maxima.items()):
            if key in of_label:
                label, inverse = of_label[key]
                one_direction = label.is_single and label.from_object_type == label.to_object_type
                if inverse and one_direction and self._maxima.get((USER_DEFINED, label.type_id or 0)) == most:
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
        if self._listed_in(key) is None and key[0] != facts.HUBSPOT_DEFINED:
            self._read_custom_objects()
            shown = [s for pair in self._schemas.pairs() for s in self._schemas.of(pair) if s.type_id == key[1]]
            for direction in sorted({s.direction for s in shown} - self._lists.keys(), key=order):
                self._step(f"the labels of {arrow(*direction)}")
                self._lists[direction] = self._view.labels(*direction)
        if self._listed_in(key) is None:  # what is not a label of somebody's own is in lists alone
            spared, self._spared = self._spared, []
            self._read_lists(spared)
        return self._listed_in(key)

    def _listed_in(self, key: Key) -> Direction | None:
        return next((direction for direction, types in self._lists.items() if key in types), None)

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
