"""Internal names of labels that are given none. They are in users' state and portals: these functions never change."""

from __future__ import annotations

import hashlib
import re

from pulumi_hubassoc.hubspot import facts

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def derived_name(from_object_type: str, to_object_type: str, label: str, suffix: str) -> str:
    """The internal name of a label that was given none: `{from}_to_{to}_{slug of label}_{suffix}`."""
    slug = _slug(label)
    start = "_".join(filter(None, (from_object_type, "to", to_object_type, slug, suffix))).replace("-", "_")
    return f"o{start}" if start[0].isdigit() else start


def looks_derived(name: str, from_object_type: str, to_object_type: str) -> bool:
    """Whether an internal name may be one that `derived_name` made for a label of this direction, of whichever stack.

    A custom object's name is not looked at: the program may have called it by id or by name.
    """
    return _is_derived(name, from_object_type, to_object_type, r"(?:[a-z0-9_]+_)?")


def looks_derived_from(name: str, from_object_type: str, to_object_type: str, label: str) -> bool:
    """Whether it may be one that was made of this text; never, for a text of which nothing is in its name."""
    slug = _slug(label)
    return bool(slug) and _is_derived(name, from_object_type, to_object_type, f"{slug}_")


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40].strip("_")


def _is_derived(name: str, from_object_type: str, to_object_type: str, slug: str) -> bool:
    start, end = (o if facts.is_standard(o) else r"(?:o?2_\d+|p\w+)" for o in (from_object_type, to_object_type))
    return re.fullmatch(rf"{start}_to_{end}_{slug}[a-z2-7]{{6}}", name) is not None


def six_characters(seed: str) -> str:
    """Six characters that only this seed has (one in a thousand million for two to meet)."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return "".join(_ALPHABET[number >> (5 * i) & 31] for i in range(6))


def seeded_suffix(from_object_type: str, to_object_type: str, seed: str) -> str:
    """What a name ends in that is derived from a seed and not from a stack: the same in every portal."""
    return six_characters(f"{from_object_type}/{to_object_type}/{seed}")


def seeded_name(from_object_type: str, to_object_type: str, seed: str) -> str:
    """The internal name that a seed gives; object types are canonical."""
    return derived_name(from_object_type, to_object_type, seed, seeded_suffix(from_object_type, to_object_type, seed))
