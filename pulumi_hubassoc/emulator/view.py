"""What the page shows of a portal: objects, and for each pair of them its association types, seen from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from pulumi_hubassoc.emulator.answers import JsonObject
from pulumi_hubassoc.emulator.faults import Faults
from pulumi_hubassoc.emulator.portal import Portal
from pulumi_hubassoc.emulator.state import AssociationType, Label, State, hubspot_types, object_type_id, sides
from pulumi_hubassoc.hubspot import facts

Pair = tuple[str, str]
_RANK = {o.name: i for i, o in enumerate(facts.OBJECT_TYPES)}


def in_short(portal: Portal) -> JsonObject:
    """A portal in a list of them."""
    account, state = portal.account, portal.state
    return {
        "id": account.portal_id,
        "name": account.name,
        "type": account.account_type,
        "labels": sum(not label.is_plain for label in state.labels.values()),
        "limits": len(state.limits),
    }


def whole(portal: Portal, faults: Faults, asked: Iterable[Pair] = ()) -> JsonObject:
    """A portal with all of its labels and limits.

    Args:
        portal: which.
        faults: those that are armed; the portal's own and those of every portal are shown.
        asked: pairs that are shown though they have neither label nor limit; those of unknown objects are not.
    """
    state = portal.state
    known = [*(o.name for o in facts.OBJECT_TYPES), *facts.UNNUMBERED_OBJECT_TYPES, *state.custom_objects]
    labeled = ((x.from_object_type, x.to_object_type) for x in state.labels.values())
    limited = ((t.from_object_type, t.to_object_type) for key in state.limits if (t := state.type_of(key)))
    wanted = (pair for pair in asked if {*pair} <= {*known})
    pairs = sorted({min(pair, pair[::-1], key=_order) for pair in chain(labeled, limited, wanted)}, key=_order)
    return in_short(portal) | {
        "objects": [_object(state, name) for name in known],
        "pairs": [_pair(portal, state, pair) for pair in pairs],
        "faults": [x for x in faults.to_json() if x["portal_id"] in {None, portal.portal_id}],
    }


def _order(pair: Pair) -> tuple[tuple[int, str], ...]:
    """Pairs stand in the order of HubSpot's table of objects, custom ones after it."""
    return tuple((_RANK.get(end, len(_RANK)), end) for end in pair)


def _object(state: State, name: str) -> JsonObject:
    custom = state.custom_objects.get(name)
    title = custom.plural if custom else name.replace("_", " ").capitalize()
    return {"name": name, "title": title, "id": object_type_id(name), "custom": custom is not None}


def _pair(portal: Portal, state: State, pair: Pair) -> JsonObject:
    labels = state.of_pair(*pair)
    turned = [label if label.from_object_type == pair[0] else label.flipped() for label in labels]
    rows = [_type(state, both, "hubspot") for both in _hubspots_own(pair)]
    for made, label in zip(labels, turned, strict=True):
        by_hand = made.type_id in state.labels_by_hand
        rows.append(_type(state, sides(label), "person" if by_hand else "app", label))
    return {
        "from": pair[0],
        "to": pair[1],
        "labels": sum(not label.is_plain for label in labels),
        "most": portal.settings.labels_per_pair,
        "types": rows,
    }


def _hubspots_own(pair: Pair) -> Iterator[tuple[AssociationType, ...]]:
    """HubSpot's types, each with its other side if that is known; the list of a same-object pair has both sides of each."""
    types, shown = {t.type_id: t for t in chain(hubspot_types(*pair), hubspot_types(*pair[::-1]))}, set[int | None]()
    for t in hubspot_types(*pair):
        if t.type_id in shown:
            continue
        inverse = types.get(t.inverse_type_id) if t.inverse_type_id is not None else None
        shown |= {t.type_id, t.inverse_type_id}
        yield (t,) if inverse is None or inverse.type_id == t.type_id else (t, inverse)


def _type(state: State, both: tuple[AssociationType, ...], made_by: str, label: Label | None = None) -> JsonObject:
    """A type by the side that the pair begins with; `back` is None where one id serves both, or nobody knows the other."""
    there = both[0]
    return {
        "key": f"{there.category}:{there.type_id}",
        "category": there.category,
        "name": there.name,
        "madeBy": made_by,
        "isLabel": label is not None and not label.is_plain,
        "inUse": label is not None and label.in_use,
        "symmetric": there.is_symmetric,
        "there": _side(state, there),
        "back": _side(state, both[1]) if len(both) > 1 else None,
    }


def _side(state: State, t: AssociationType) -> JsonObject:
    return {
        "from": t.from_object_type,
        "to": t.to_object_type,
        "typeId": t.type_id,
        "text": t.label,
        "max": state.limits.get(t.key),
        "maxBy": ("person" if t.key in state.limits_by_hand else "app") if t.key in state.limits else None,
    }
