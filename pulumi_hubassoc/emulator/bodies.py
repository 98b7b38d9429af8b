"""Reading request bodies the way HubSpot's JSON layer does, refusals included."""

from __future__ import annotations

import json
import re
from typing import Any

from pulumi_hubassoc.emulator.answers import JsonObject, Refusal

INT32 = 2**31


def json_object(body: bytes) -> JsonObject:
    """The JSON object of a body.

    Raises:
        Refusal: 400 for no body [observed], for what is no JSON [observed, without a category], for no object [assumed].
    """
    if not body.strip():
        raise Refusal(400, "Invalid JSON input: a request body was expected, but none found")
    try:
        value = json.loads(body)
    except RecursionError:
        raise Refusal(
            400, "Invalid input JSON on line 1, column 1: Document nesting depth exceeds the maximum", None
        ) from None
    except ValueError as err:
        line, column = (err.lineno, err.colno) if isinstance(err, json.JSONDecodeError) else (1, 1)
        msg = f"Invalid input JSON on line {line}, column {column}: Unexpected character"
        raise Refusal(400, msg, None) from None
    if not isinstance(value, dict):
        raise _undeserializable("Object", value)
    return value


def require(value: JsonObject, *keys: str) -> None:
    """Refuses an object that lacks keys, or has null there [observed]."""
    missing = [key for key in keys if value.get(key) is None]
    if missing:
        raise Refusal(400, f"Invalid input JSON: Some required fields were not set: [{', '.join(missing)}]")


def text(value: JsonObject, key: str) -> str | None:
    """A text, or None where the key is absent or null."""
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise _undeserializable("java.lang.String", found)
    return found


def integer(value: JsonObject, key: str) -> int:
    """A 32-bit integer."""
    found = value.get(key)
    if not isinstance(found, int) or isinstance(found, bool) or not -INT32 <= found < INT32:
        raise _undeserializable("int", found)
    return found


def path_integer(name: str, found: str) -> int:
    """A 32-bit integer of a path; anything else is refused without a category [observed]."""
    if not re.fullmatch(r"-?[0-9]{1,10}", found) or not -INT32 <= int(found) < INT32:
        raise Refusal(400, f"Unable to parse value for path parameter: {name}", None)
    return int(found)


def objects(value: JsonObject, key: str) -> list[JsonObject]:
    """A list of objects."""
    found = value.get(key)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _undeserializable("java.util.List", found)
    return found


def _undeserializable(wanted: str, found: Any) -> Refusal:
    kind = {dict: "Object", list: "Array", str: "String", bool: "Boolean", type(None): "Null"}.get(
        type(found), "Number"
    )
    msg = f"Invalid input JSON on line 1, column 1: Cannot deserialize value of type `{wanted}` from {kind} value"
    return Refusal(400, msg, None)
