"""Property paths such as ``note.list[1]`` or ``["a key"].x``: read, written, compared, and used to reset values."""

from __future__ import annotations

import re
from typing import TypeAlias

from .values import Properties, Secret, Value, copy

Path: TypeAlias = tuple[str | int, ...]

_ELEMENT = re.compile(
    r"""\.?\[ (?: "(?P<quoted>(?:\\"|[^"])*)" | (?P<index>\d+) | (?P<star>\*) ) \]  |  \.?(?P<name>[^.\[]+)""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[A-Za-z0-9_]+")


def parse(text: str) -> Path:
    """Read a path.

    Raises:
        ValueError: it is none.
    """
    path: list[str | int] = []
    place = 0
    while place < len(text):
        match = _ELEMENT.match(text, place)
        if not match:
            raise ValueError(f"not a property path: {text!r}")
        if match["index"] is not None:
            path.append(int(match["index"]))
        elif match["quoted"] is not None:
            path.append(match["quoted"].replace('\\"', '"'))
        else:
            path.append(match["star"] or match["name"])
        place = match.end()
    return tuple(path)


def render(path: Path) -> str:
    """Write a path."""
    text = ""
    for element in path:
        if isinstance(element, int):
            text += f"[{element}]"
        elif _PLAIN.fullmatch(element):
            text += f".{element}" if text else element
        else:
            text += '["' + element.replace('"', '\\"') + '"]'
    return text


def contains(outer: Path, inner: Path) -> bool:
    """Whether `inner` is `outer` or lies in it; ``*`` stands for any element."""
    return len(inner) >= len(outer) and all(a in ("*", b) for a, b in zip(outer, inner, strict=False))


def reset(path: Path, old: Properties, new: Properties) -> bool:
    """Give `new` the value that `old` has at the path (in place).

    Returns:
        Whether it could be done: elements of lists are neither added nor removed.
    """
    return _reset(path, old, new, secret=False)


def _reset(path: Path, old: Value, new: Value, secret: bool) -> bool:
    while isinstance(old, Secret):
        old, secret = old.value, True
    while isinstance(new, Secret):
        new, secret = new.value, False
    key, rest = path[0], path[1:]
    if key == "*":
        return _reset_all(rest, old, new, secret)
    if isinstance(key, int):
        if not (isinstance(old, list) and isinstance(new, list)):
            return not rest and not isinstance(old, list) and not isinstance(new, list)
        if key >= len(old) or key >= len(new):
            return not rest and key >= len(old) and key >= len(new)
        if rest:
            return _reset(rest, old[key], new[key], secret)
        new[key] = _taken(old[key], secret)
        return True
    if not rest:
        return _reset_key(key, old, new, secret)
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return not isinstance(old, dict) and not isinstance(new, dict)
    if key not in new:
        return key not in old
    return _reset(rest, old.get(key), new[key], secret)


def _reset_key(key: str, old: Value, new: Value, secret: bool) -> bool:
    if isinstance(old, dict) and key in old:
        if not isinstance(new, dict):
            return False
        new[key] = _taken(old[key], secret)
    elif isinstance(new, dict):
        new.pop(key, None)
    return True


def _reset_all(rest: Path, old: Value, new: Value, secret: bool) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        if not rest:
            new.clear()
            new.update({key: _taken(value, secret) for key, value in old.items()})
            return True
        return all(key in new and _reset(rest, old[key], new[key], secret) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        for n in range(min(len(old), len(new))):
            if not rest:
                new[n] = _taken(old[n], secret)
            elif not _reset(rest, old[n], new[n], secret):
                return False
        return len(old) == len(new)
    return not rest and isinstance(new, (dict, list))


def _taken(value: Value, secret: bool) -> Value:
    value = copy(value)
    return Secret(value) if secret and not isinstance(value, Secret) else value
