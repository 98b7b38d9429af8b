"""Finds in a portal what a program declares, under whatever names: labels by internal name, then by texts; limits by type.

What a limit is of is known only once its label is in the stack, so limits come in a second round. Objects are known by any
of their names, and go into the import file as the program has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi_hubassoc.estate import import_file
from pulumi_hubassoc.estate.document import Document, Label
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.portal_view import Direction, Key


@dataclass(frozen=True, eq=False)
class Declared:
    """A resource that a program declares, and its stack does not have.

    Attributes:
        type: the type token.
        name: of the resource.
        inputs: as the check of its provider made them; what is not known yet is a text instead.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]

    @property
    def direction(self) -> Direction:
        """From and to object type, as the program has them."""
        return (str(self.inputs.get("from_object_type")), str(self.inputs.get("to_object_type")))


def entries(document: Document, declared: Iterable[Declared]) -> dict[Declared, dict[str, Any]]:
    """What of the program is in the portal, as resources of an import file.

    Raises:
        ValueError: if the document comes from no portal.
    """
    if document.portal_id is None:
        msg = f"{document.source} is no portal: there is nothing in it that could be imported"
        raise ValueError(msg)
    wanted = list(declared)
    found: dict[Declared, dict[str, Any]] = {}
    for one, label in matched_labels(document, wanted):
        more = {"adopt_existing": True} if one.inputs.get("adopt_existing") is True else {}
        found[one] = import_file.label_entry(label, one.name, document.portal_id, more)
    for one in wanted:
        entry = _limits(document, one, document.portal_id)
        if entry is not None:
            found[one] = entry
    return found


def matched_labels(document: Document, declared: Iterable[Declared]) -> Iterator[tuple[Declared, Label]]:
    """Each label to one resource at most, turned as the program has it."""
    free = list(document.labels)
    left = [one for one in declared if one.type == import_file.LABEL]
    for by_texts in (False, True):
        for one in list(left):
            direction = _known(document, one)
            seen = [(label, side) for label in free for side in _sides(label, direction)]
            meant = [(label, side) for label, side in seen if _is(side, one, by_texts=by_texts)]
            # A label of an object with itself is seen from both sides: that with the declared texts is meant.
            meant.sort(key=lambda x: x[1].label != one.inputs.get("label"))
            if meant:
                free.remove(meant[0][0])
                left.remove(one)
                start, end = one.direction
                yield one, replace(meant[0][1], from_object_type=start, to_object_type=end)


def waiting(document: Document, declared: Iterable[Declared], labels: Iterable[Label]) -> list[Declared]:
    """The limits of labels that are not in the stack yet, where the portal has a limit of one of these labels."""
    meant = set(labels)
    limited = {x.direction for x in document.limits if x.label in meant}
    found = []
    for one in declared:
        listed = one.inputs.get("limits") if one.type == import_file.LIMIT_SET else [one.inputs]
        unknown = one.type != import_file.LABEL and (not isinstance(listed, list) or None in map(_key, listed))
        direction = _known(document, one)
        if unknown and (direction in limited or direction not in _directions(document)):
            found.append(one)
    return found


def labels_of(document: Document, entry: Mapping[str, Any]) -> list[Label]:
    """The labels that a resource of an import file is of, or limits."""
    inputs, outputs = entry["inputs"], entry["outputs"]
    listed = [outputs] if entry["type"] == import_file.LABEL else inputs.get("limits", [inputs])
    keys = set(map(_key, listed))
    return [x for x in document.labels if keys & {(USER_DEFINED, x.type_id), (USER_DEFINED, x.inverse_type_id)}]


def _known(document: Document, one: Declared) -> Direction:
    """The direction with the names that the document has for its objects."""
    start, end = one.direction
    return (document.object_type(start), document.object_type(end))


def _directions(document: Document) -> set[Direction]:
    return {d for pair in document.pairs for d in (pair, pair[::-1])}


def _is(label: Label, one: Declared, *, by_texts: bool) -> bool:
    """Whether a label is the declared one; a name that the program gives itself can be no other label's."""
    if not by_texts:
        return label.name is not None and label.name == one.inputs.get("name")
    text = one.inputs.get("label")
    texts = (text, one.inputs.get("inverse_label", text))
    return "name_suffix" in one.inputs and texts == (label.label, label.inverse_label)


def _sides(label: Label, direction: Direction) -> Iterator[Label]:
    """The label as it is seen in a direction, and for one of an object with itself from both sides."""
    if label.direction == direction:
        yield label
    if label.direction[::-1] == direction:
        yield replace(
            label,
            from_object_type=direction[0],
            to_object_type=direction[1],
            label=label.inverse_label,
            inverse_label=label.label,
            type_id=label.inverse_type_id,
            inverse_type_id=label.type_id,
        )


def _limits(document: Document, one: Declared, portal_id: int) -> dict[str, Any] | None:
    maxima = _maxima(document, _known(document, one))
    twins = _twins(document)
    alike = {other: maxima[key] for key, other in twins.items() if key in maxima} | maxima
    if one.type == import_file.LIMIT:
        key = _key(one.inputs)
        if key is None or key not in alike:
            return None
        return import_file.limit_entry(one.direction, key, alike[key], one.name, portal_id)
    listed = one.inputs.get("limits")
    if one.type != import_file.LIMIT_SET or not isinstance(listed, list):
        return None
    keys = [_key(entry) for entry in listed]
    if None in keys:
        return None
    authoritative = one.inputs.get("authoritative") is True
    live = {key: most for key, most in alike.items() if key in keys}
    if authoritative:
        live |= {key: most for key, most in maxima.items() if key not in live and twins.get(key) not in live}
    if not live:
        return None
    more = {"authoritative": True} if authoritative else {}
    return import_file.limit_set_entry(one.direction, live, one.name, portal_id, more)


def _maxima(document: Document, direction: Direction) -> dict[Key, int]:
    return {x.key: x.max_to_object_ids for x in document.limits_of(direction) if x.key is not None}


def _twins(document: Document) -> dict[Key, Key]:
    """The other id of each single label between records of one object: both carry one limit [docs]."""
    ids = [
        (x.type_id, x.inverse_type_id)
        for x in document.labels
        if x.is_single and x.from_object_type == x.to_object_type
    ]
    both = [pair for i, j in ids if i is not None and j is not None and i != j for pair in ((i, j), (j, i))]
    return {(USER_DEFINED, i): (USER_DEFINED, j) for i, j in both}


def _key(entry: object) -> Key | None:
    """Category and type id; None where they are not known yet."""
    if not isinstance(entry, Mapping):
        return None
    category, type_id = entry.get("category"), entry.get("type_id")
    if not isinstance(category, str) or isinstance(type_id, bool) or not isinstance(type_id, int | float):
        return None
    return (category, int(type_id))
