"""A document as a Python program, formatted as ruff and black format it, whatever the line length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pulumi_hubassoc.errors import one_line
from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.estate.naming import Names, internal_name, variables
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.portal_view import Direction

_WIDTH = 88
"""The shortest line length that formatters have by default."""
_LONGEST_VARIABLE = 50


def program(document: Document, names: Names) -> str:
    """The source of a program that declares the labels and limits under these names."""
    start = [f'"""The labels and limits of {one_line(document.source)}, as `hubassoc export` found them."""', ""]
    if document.labels or document.limits:
        start += ["import pulumi_hubassoc as hubassoc", ""]
    if document.left_out:
        start += [*left_out(document), ""]
    variable = variables(names.labels)
    parts = ["\n".join(start)]
    for pair in document.pairs:
        parts.append("\n".join([f"# {' and '.join(pair)}", ""]))
        parts += [_label(label, names.labels[label], variable[label]) for label in document.labels_of(pair)]
        for direction in dict.fromkeys((pair, pair[::-1])):
            if direction in names.sets:
                made = [variable[label] for label in document.labels_of(pair)]
                parts += _limit_set(document.limits_of(direction), direction, names.sets[direction], variable, made)
    return "\n".join(parts).rstrip("\n") + "\n"


def schema_program(document: Document, component: str, file: str) -> str:
    """The source of a program that makes what a schema file says."""
    return (
        f'"""The labels and limits of {one_line(document.source)}, which are in a schema file."""\n\n'
        "import pulumi_hubassoc as hubassoc\n\n"
        + "\n".join(_called("hubassoc.AssociationSchema", [quoted(component), f"file={quoted(file)}"]))
        + "\n"
    )


def left_out(document: Document) -> list[str]:
    """What is not in it, as lines of a comment."""
    return ["# Left out:", *(f"# - {one_line(f'{x.what}: {x.why}')}" for x in document.left_out)]


def quoted(text: str) -> str:
    """A text as a Python literal in the quotes that formatters choose; what is not visible is escaped."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(c, quote) for c in text) + quote


def _escaped(c: str, quote: str) -> str:
    return "\\" + c if c in ("\\", quote) else c if c in "'\"" else repr(c)[1:-1]


def _label(label: Label, name: str, variable: str) -> str:
    arguments = [
        quoted(name),
        f"from_object_type={quoted(label.from_object_type)}",
        f"to_object_type={quoted(label.to_object_type)}",
        f"label={quoted(label.label)}",
    ]
    if not label.is_single:
        arguments.append(f"inverse_label={quoted(label.inverse_label)}")
    internal = internal_name(label)
    if internal is not None:
        arguments.append(f"name={quoted(internal)}")
        why = []
    elif label.name is None:
        why = ["# HubSpot does not show the internal name of this one."]
    else:
        why = [
            f"# Its internal name, {one_line(quoted(label.name))}, is one that HubSpot's API takes for no new label."
        ]
    return "\n".join([*why, *_called(f"{variable} = hubassoc.AssociationLabel", arguments), ""])


def _limit_set(
    limits: list[Limit], direction: Direction, name: str, variable: Mapping[Label, str], made: list[str]
) -> Iterator[str]:
    """A set of limits; `made` are the variables of the labels of the pair."""
    entries: list[str] = []
    for limit in sorted(limits, key=lambda x: (x.label is not None, x.category, x.type_id)):
        reference = _reference(limit, variable)
        if reference is None:
            kind = limit.type_id if limit.category == facts.HUBSPOT_DEFINED else "unlabeled"
            reference = _free("_".join((*direction, str(kind))), variable.values())
            yield "\n".join([*_defined_before(reference, limit, made), ""])
        entries.append(f"        {reference}: {limit.max_to_object_ids},")
    arguments = [
        quoted(name),
        f"from_object_type={quoted(direction[0])}",
        f"to_object_type={quoted(direction[1])}",
        "\n".join(["limits={", *entries, "    }"]),
    ]
    yield "\n".join([*_called("hubassoc.AssociationLimitSet", arguments), ""])


def _reference(limit: Limit, variable: Mapping[Label, str]) -> str | None:
    """The expression for the type that is limited; None where it needs lines of its own."""
    if limit.label is not None:
        return f"{variable[limit.label]}.{'inverse' if limit.inverse else 'forward'}"
    known = facts.defined_types().get(limit.type_id or 0) if limit.category == facts.HUBSPOT_DEFINED else None
    if known is None:
        return None
    ends = ", ".join(map(quoted, limit.direction))
    if known == facts.unlabeled_type(*limit.direction):
        call = f"hubassoc.unlabeled({ends})"
    elif known == facts.primary_type(*limit.direction):
        call = f"hubassoc.primary({ends})"
    else:
        call = f"hubassoc.hubspot_defined({quoted(known.name)})"
    fits = len(f"        {call}: {limit.max_to_object_ids},") <= _WIDTH
    return call if fits else f"hubassoc.hubspot_defined({known.type_id})"


def _defined_before(variable: str, limit: Limit, made: list[str]) -> list[str]:
    """Lines that find a type which HubSpot does not document."""
    ends = [quoted(end) for end in limit.direction]
    if limit.category == facts.HUBSPOT_DEFINED:  # its number is the same in every portal
        return _called(
            f"{variable} = hubassoc.AssociationReference", [*ends, quoted(limit.category), str(limit.type_id)]
        )
    # The unlabeled type of a custom object has another number in every portal.
    if not made:
        *call, end = _called(f"{variable} = hubassoc.get_association_types", ends)
        return [*call, f"{end}.unlabeled"]
    types = f"{variable}_types"
    return [
        "# HubSpot makes this type together with the first label of the two objects.",
        *_called(
            f"{types} = hubassoc.get_association_types_output",
            [f"{made[0]}.type_id.apply(lambda _: {ends[0]})", ends[1]],
        ),
        *_called(
            f"{variable} = hubassoc.AssociationReference",
            [*ends, quoted(limit.category), f"{types}.apply(lambda types: types.unlabeled.type_id)"],
        ),
    ]


def _free(wanted: str, taken: Iterable[str]) -> str:
    """A variable that is not one of a label's."""
    name = wanted.replace("-", "_").lower()[-_LONGEST_VARIABLE:].strip("_")
    name = name if name[:1].isalpha() else f"type_{name}"
    while name in set(taken):
        name += "_type"
    return name


def _called(what: str, arguments: Iterable[str]) -> list[str]:
    """A call with each argument on a line: formatters leave that as it is, for the comma after the last one."""
    return [f"{what}(", *(f"    {argument}," for argument in arguments), ")"]
