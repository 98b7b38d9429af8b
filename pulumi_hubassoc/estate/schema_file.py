"""A document as a schema file: what `AssociationSchema` takes, and `files` reads back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml
from pydantic import ValidationError

from pulumi_hubassoc.errors import HubAssocError, one_line
from pulumi_hubassoc.estate.document import Document, Label, LeftOut, Limit, pair_of
from pulumi_hubassoc.estate.naming import internal_name, keys
from pulumi_hubassoc.estate.program import left_out
from pulumi_hubassoc.estate.spec import SchemaSpec
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.portal_view import Direction


class _Dumper(yaml.SafeDumper):
    """Puts a text with invisible characters into double quotes, which escape them: other forms lose some line ends."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        """A text."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_str)


def for_schema(document: Document) -> Document:
    """The document without what a schema file cannot say, which is left out with the reason."""
    out: list[LeftOut] = []
    labels: list[Label] = []
    for pair in document.pairs:
        found = document.labels_of(pair)
        labels += found[: facts.LABELS_PER_PAIR]
        why = f"a schema file has {facts.LABELS_PER_PAIR} labels for a pair, as HubSpot has: write it in the program"
        out += [LeftOut(f'the label "{x.label}" ({arrow(*x.direction)})', why) for x in found[facts.LABELS_PER_PAIR :]]
    limits = []
    for limit in document.limits:
        why_not = _why_not(limit, document, labels)
        if why_not is None:
            limits.append(limit)
        else:
            what = f'the label "{limit.label.label}"' if limit.label else f"{limit.category} {limit.type_id}"
            out.append(LeftOut(f"the limit {limit.max_to_object_ids} of {what} ({arrow(*limit.direction)})", why_not))
    return replace(document, labels=tuple(labels), limits=tuple(limits), left_out=(*document.left_out, *out))


def schema_file(document: Document) -> str:
    """The YAML of a schema file.

    Args:
        document: as `for_schema` made it.

    Raises:
        HubAssocError: if rules of schema files do not hold in it.
    """
    pairs = [_pair(document, pair) for pair in document.pairs]
    try:
        SchemaSpec.model_validate({"pairs": pairs})
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise HubAssocError(f"{document.source} is no schema file — {said} — write it down as a program") from None
    text = yaml.dump({"pairs": pairs}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**20)
    head = [f"# The labels and limits of {one_line(document.source)}, as `hubassoc export` found them."]
    return "\n".join([*head, *(left_out(document) if document.left_out else []), text])


def _why_not(limit: Limit, document: Document, labels: list[Label]) -> str | None:
    """Why a schema file cannot say a limit; None if it can."""
    if limit.label is None and limit.category != facts.HUBSPOT_DEFINED:
        find = f"get_association_types({limit.from_object_type!r}, {limit.to_object_type!r}).unlabeled"
        return f"the unlabeled type of a custom object has another number in every portal; in a program {find} finds it"
    if limit.label is not None and limit.label not in labels:
        return "its label is left out"
    one_direction = limit.from_object_type == limit.to_object_type and limit.label is not None and limit.label.is_single
    others = [x for x in document.limits if x.label == limit.label and x is not limit]
    if one_direction and limit.inverse and others:
        return "a label with one text on one object has one direction in a schema file, and that has another limit"
    return None


def _pair(document: Document, pair: Direction) -> dict[str, Any]:
    """A pair as it is written; the limits of an object with itself are all in `max`."""
    written: dict[str, Any] = {"from": pair[0], "to": pair[1]}
    named = keys(document, pair)
    if named:
        written["labels"] = {key: _label(document, label) for label, key in named.items()}
    for limit in document.limits:
        if limit.label is None and pair_of(limit.direction) == pair:
            field = "max" if limit.direction == pair else "inverse_max"
            written.setdefault(field, {})[_own_type(limit)] = limit.max_to_object_ids
    return written


def _label(document: Document, label: Label) -> dict[str, Any]:
    written: dict[str, Any] = {"label": label.label}
    if not label.is_single:
        written["inverse_label"] = label.inverse_label
    name = internal_name(label)
    if name is not None:
        written["name"] = name
    one_direction = label.is_single and label.from_object_type == label.to_object_type
    for limit in document.limits:
        if limit.label == label:
            written["inverse_max" if limit.inverse and not one_direction else "max"] = limit.max_to_object_ids
    return written


def _own_type(limit: Limit) -> str:
    for word, found in (
        ("unlabeled", facts.unlabeled_type(*limit.direction)),
        ("primary", facts.primary_type(*limit.direction)),
    ):
        if found is not None and found.type_id == limit.type_id:
            return word
    return str(limit.type_id)
