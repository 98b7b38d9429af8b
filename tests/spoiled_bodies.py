"""Bodies made from true ones so that they cannot be believed any more: the same ones each time, from a seed.

What still reads as a plain and plausible answer is a lie that nobody can see; such bodies are not made, or thrown away
(`believable`).
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

FIELDS = (
    *(
        "results",
        "associations",
        "category",
        "typeId",
        "label",
        "userEnforcedMaxToObjectIds",
        "portalId",
        "accountType",
    ),
    *("timeZone", "id", "name", "status", "errors", "numErrors", "message", "context", "subCategory", "correlationId"),
    *("policyName", "errorType", "paging"),
)
"""HubSpot's own names of what stands in bodies."""
TEXTS, NUMBERS, TEXTS_OR_NULL = ("category", "id"), ("typeId", "userEnforcedMaxToObjectIds", "portalId"), ("label",)
CATEGORIES = ("WORK", "INTEGRATOR_DEFINED", "user_defined", "USER_DEFINED ", "USER-DEFINED", "ANY", "UNKNOWN")


def bodies(true: dict[str, Any], seed: int, count: int) -> Iterator[tuple[str, int, bytes]]:
    """So many bodies that differ from each other: the operation that is to give each, its status, the body.

    Args:
        true: operation -> what it would answer.
        seed: of the dice.
        count: how many.
    """
    dice, given = random.Random(seed), set[int]()
    operations = list(true)
    weights = [
        1 if o == "account" else 2 for o in operations
    ]  # every step asks for it, and so each of its lies is dear
    while len(given) < count:
        [operation] = dice.choices(operations, weights)
        body = dice.choice(_WAYS)(copy.deepcopy(true[operation]), dice)
        if hash(body) not in given and not believable(operation, body):
            given.add(hash(body))
            yield operation, dice.choice((200, 200, 200, 207, 201)), body


def believable(operation: str, body: bytes) -> bool:
    """Whether a body is, in spite of all, a yes to a write or a whole list of a second witness, as documented."""
    if operation not in {"update_label", "delete_label", "purge_limits", "list_limits", "schema"}:
        return False
    try:
        told = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return not body.strip()
    if operation in {"list_limits", "schema"}:
        items = told.get("associations" if operation == "schema" else "results") if isinstance(told, dict) else None
        return isinstance(items, list) and all(isinstance(i, dict) and _is_whole(operation, i) for i in items)
    done = isinstance(told, dict) and told.get("status") == "COMPLETE" and not told.get("errors")
    return not body.strip() or (operation == "purge_limits" and done and isinstance(told.get("results", []), list))


def _is_whole(operation: str, item: dict[str, Any]) -> bool:
    if operation == "schema":
        return type(item.get("id")) is str
    return type(item.get("category")) is str and type(item.get("typeId")) is int


# ------------------------------------------------------------------------------------------------------------ material


def _items(body: Any) -> list[dict[str, Any]]:
    """The objects of a body that say something: those of its list, or itself."""
    items = (body.get("results") or body.get("associations") or []) if isinstance(body, dict) else []
    return [i for i in items if isinstance(i, dict)] or [body]


def _word(dice: random.Random, most: int = 12) -> str:
    return "".join(dice.choice('abcXYZ 019_-é漢\u202e\U0001f642\\"<%\n\0') for _ in range(dice.randrange(1, most)))


def _number(dice: random.Random) -> Any:
    """A number that no id, count or maximum of HubSpot's can be."""
    return dice.choice(
        (
            -dice.randrange(1, 2**40),
            dice.randrange(2**53 + 1, 2**70),
            dice.randrange(10**6) + 0.5,
            dice.random() * 1e-9,
            dice.random() * 1e300,
            -dice.random(),
        )
    )


def _tree(dice: random.Random, depth: int = 3) -> Any:
    """JSON of any shape, with HubSpot's own field names in it."""
    kind = dice.randrange(8 if depth else 5)
    if kind < 5:
        return (None, dice.random() < 0.5, _number(dice), _word(dice), dice.randrange(2**31))[kind]
    if kind == 5:
        return [_tree(dice, depth - 1) for _ in range(dice.randrange(5))]
    keys = (dice.choice(FIELDS) if dice.random() < 0.8 else _word(dice) for _ in range(dice.randrange(6)))
    return {key: _tree(dice, depth - 1) for key in keys}


def _wrong(field: str, dice: random.Random) -> Any:
    """A value of a type or a size that a field cannot have."""
    if field in NUMBERS:
        return dice.choice(
            (_number(dice), str(dice.randrange(2**31)), _word(dice), True, False, [7], [_tree(dice)], {})
        )
    value = dice.choice((dice.randrange(2**31), _number(dice), True, False, [_word(dice)], [], {_word(dice): 1}, None))
    return value if value is not None or field in TEXTS else [None]


def _harmless(body: Any, dice: random.Random) -> Any:
    """The same said otherwise: what nobody reads is added, lists are in another order."""
    for item in _items(body):
        if dice.random() < 0.7:
            item[f"x{_word(dice)}"] = _tree(dice, 1)
    if isinstance(body, dict) and isinstance(body.get("results"), list):
        dice.shuffle(body["results"])
    return body


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


# ---------------------------------------------------------------------------------------------------------------- ways


def another_type(body: Any, dice: random.Random) -> bytes:
    """Fields of one item have values of a type or a size that they cannot have."""
    item = dice.choice(_items(_harmless(body, dice)))
    fields = [k for k in item if k in TEXTS + NUMBERS + TEXTS_OR_NULL] or ["status"]
    for field in dice.sample(fields, dice.randint(1, len(fields))):
        item[field] = _wrong(field, dice)
    return _json(body)


def field_missing(body: Any, dice: random.Random) -> bytes:
    """A field that is always there is not."""
    item = dice.choice(_items(_harmless(body, dice)))
    if item is body:
        del item[next(k for k in ("portalId", "results", "associations", "status") if k in item)]
    else:
        del item[dice.choice([k for k in ("category", "typeId", "label", "id") if k in item])]
    return _json(body)


def duplicates(body: Any, dice: random.Random) -> bytes:
    """Types stand in the list twice and more, one of them as two different things."""
    items = _harmless(body, dice).get("results")
    if not items:
        return _json({"results": None, _word(dice): _tree(dice)})
    items += [dict(dice.choice(items)) for _ in range(dice.randrange(6))]
    twin = dict(dice.choice(items))
    if "userEnforcedMaxToObjectIds" in twin:
        twin["userEnforcedMaxToObjectIds"] = (twin["userEnforcedMaxToObjectIds"] or 0) + dice.randint(1, 9999)
    else:
        twin["label"] = f"not {twin.get('label')}{_word(dice)}"
    items.insert(dice.randrange(len(items) + 1), twin)
    return _json(body)


def unknown_categories(body: Any, dice: random.Random) -> bytes:
    """What was there is there under a category nobody has heard of."""
    for item in _items(_harmless(body, dice)):
        item["category"] = dice.choice(CATEGORIES) if dice.random() < 0.7 else _word(dice)
    return _json(body)


def empty_list(body: Any, dice: random.Random) -> bytes:
    """A list of nothing, or of nothing that belongs to it, which a standard pair never has."""
    strangers = [
        {
            "category": "HUBSPOT_DEFINED",
            "typeId": dice.randrange(5_000, 2**31),
            "label": dice.choice((None, _word(dice))),
        }
        for _ in range(dice.choice((0, 0, 1, 3)))
    ]
    return _json({"results": strangers, "associations": [], f"x{_word(dice)}": _tree(dice, 1)})


def broken_text(body: Any, dice: random.Random) -> bytes:
    """Not JSON any more: cut, with a byte that is no UTF-8, with NaN, twice, as a page, in another encoding."""
    raw = _json(_harmless(body, dice))
    cut = dice.randrange(len(raw) - 1)
    ways: tuple[bytes, ...] = (
        raw[:cut],
        raw[:cut],
        raw[:cut] + bytes([dice.randrange(0x80, 0xC0)]) + raw[cut + 1 :],
        raw[:cut] + bytes([dice.randrange(1, 9)]) + raw[cut:],
        raw[:cut] + raw[cut + 1 :] + b"}",
        raw[cut:],
        b"\xef\xbb\xbf" + raw,
        raw + raw[:cut],
        raw.decode().encode(dice.choice(("utf-16", "utf-16-be", "utf-32"))),
        b"<html><body>" + raw + b"</body></html>",
        raw.replace(b": ", dice.choice((b": NaN, ", b": Infinity, ", b"= ", b": 'x', ")), dice.randint(1, 4)),
        raw + b"\x00",
        _word(dice).encode() + b"(" + raw + b")",
        b" " * dice.randrange(50),
        dice.randbytes(dice.randrange(1, 200)),
    )
    return dice.choice(ways)


def another_shape(body: Any, dice: random.Random) -> bytes:
    """JSON of another shape: the list alone or deeper down, an error under 200, a page of several, anything at all."""
    items = _items(_harmless(body, dice))
    error = {"status": "error", "message": _word(dice, 40), "correlationId": _word(dice), "category": _word(dice)}
    results = {"results": body["results"]} if isinstance(body, dict) and "results" in body else {}
    after = str(dice.randrange(10**6))
    ways: tuple[Any, ...] = (
        items,
        {"results": {_word(dice): items}},
        {"results": [items, _tree(dice)]},
        {"results": [_tree(dice, 0), *items]},
        {dice.choice(("data", "value", "items", "result")): body},
        error,
        body | error if isinstance(body, dict) and "portalId" not in body else error,
        {**results, "errors": [{"message": _word(dice, 40)}], "numErrors": 1},
        {**results, "paging": {"next": {"after": after, "link": f"?after={after}"}}},
        _tree(dice),
        _tree(dice),
        [_tree(dice), _tree(dice)],
    )
    return _json(dice.choice(ways))


def deep(body: Any, dice: random.Random) -> bytes:
    """Lists and objects in one another, a few or hundreds of thousands."""
    depth = dice.randint(40, 1_000) if dice.random() < 0.95 else dice.randint(1_000, 200_000)
    begin, end = dice.choice((("[", "]"), ('{"results":', "}"), ('{"errors":[', "]}"), ('[{"label":', "}]")))
    nest = begin * depth + "1" + end * (depth if dice.random() < 0.5 else dice.randrange(depth))
    field = dice.choice(("results", "portalId", "associations", "status", "errors"))
    return dice.choice((nest, f'{{"{field}": {nest}}}', f'{{"results": [{{"category": {nest}}}]}}')).encode()


def huge(body: Any, dice: random.Random) -> bytes:
    """Texts, numbers, lists and blanks that are far too long."""
    if dice.random() > 0.02:
        item = dice.choice(_items(body))
        field = dice.choice([k for k in item if k in TEXTS + NUMBERS + TEXTS_OR_NULL] or ["status"])
        length = dice.randint(10_001, 20_000)
        item[field] = (
            int("9" * dice.randint(20, 4_000)) if field in NUMBERS else dice.choice("aé漢\0") * length + _word(dice)
        )
        return _json(body)
    if dice.random() > 0.5:
        return b'{"results": [' + b"{}, " * dice.randint(5_000, 50_000) + b"{}]}"
    return b'{"results": [' + b" " * dice.randint(8_500_000, 9_000_000) + b"]}"


_WAYS: tuple[Callable[[Any, random.Random], bytes], ...] = (
    *(another_type, another_type, field_missing, duplicates, unknown_categories, empty_list),
    *(broken_text, broken_text, another_shape, another_shape, deep, huge),
)
