"""What the page shows of a portal: objects, and for each pair of them its association types, seen from both sides."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from pulumi_hubassoc.emulator.answers import JsonObject
from pulumi_hubassoc.emulator.faults import Faults
from pulumi_hubassoc.emulator.portal import Portal
from pulumi_hubassoc.emulator.state import AssociationType, State, object_type_id
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
    types = state.types(*pair)
    if pair[0] == pair[1]:  # the list has both sides of each type; one of them shows it
        types = [
            t
            for i, t in enumerate(types)
            if t.inverse_type_id not in {x.type_id for x in types[:i] if x.category == t.category}
        ]
    return {
        "from": pair[0],
        "to": pair[1],
        "labels": sum(not label.is_plain for label in state.of_pair(*pair)),
        "most": portal.settings.labels_per_pair,
        "types": [_type(state, t) for t in types],
    }


def _type(state: State, t: AssociationType) -> JsonObject:
    """A type by the side that the pair begins with; `back` is None where one id serves both, or nobody knows the other."""
    made = state.find(t.type_id) if t.category != facts.HUBSPOT_DEFINED else None
    inverse = None if t.inverse_type_id in {None, t.type_id} else state.type_of((t.category, t.inverse_type_id or 0))
    by_hand = made is not None and made.type_id in state.labels_by_hand
    return {
        "key": f"{t.category}:{t.type_id}",
        "category": t.category,
        "name": t.name,
        "madeBy": "hubspot" if made is None else "person" if by_hand else "app",
        "isLabel": made is not None and not made.is_plain,
        "inUse": made is not None and made.in_use,
        "symmetric": t.is_symmetric,
        "there": _side(state, t),
        "back": _side(state, inverse) if inverse else None,
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
