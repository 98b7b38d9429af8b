"""Differences as they are told: rows for people, one JSON object for a script, a web page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_hubassoc.estate.compare import Differences, Entry, LabelEntry
from pulumi_hubassoc.estate.pages import escaped, page
from pulumi_hubassoc.hubspot.client import arrow

NONE = "—"
_WORDS = {"inverse_label": "inverse label", "name": "internal name", "inverse_max": "inverse max"}
_STYLE = """
main { max-width: 72rem; margin: 0 auto; padding: 1.2rem; }
p { color: var(--soft); margin: .4rem 0 1.2rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 34rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
td:first-child { font-weight: 700; white-space: nowrap; }
.left td:first-child { color: var(--here); } .right td:first-child { color: var(--there); }
.both td:first-child { color: var(--both); }
"""


@dataclass(frozen=True)
class Row:
    """One line of a comparison.

    Attributes:
        side: which document has it.
        objects: ``contacts → companies``; ``↔`` for a label, which has both directions.
        what: the label or the limit.
        left: in the left document: the field that differs and its value, or what there is.
        right: likewise.
    """

    side: Literal["left", "right", "both"]
    objects: str
    what: str
    left: str
    right: str

    @property
    def sign(self) -> str:
        """``<`` only left, ``>`` only right, ``≠`` different."""
        return {"left": "<", "right": ">", "both": "≠"}[self.side]


def rows(found: Differences) -> Iterator[Row]:
    """The differences: what is different, then what is only left, then what is only right."""
    for d in found.different:
        for change in d.changes:
            word = _WORDS.get(change.field, change.field)
            left, right = (f"{word}: {NONE if value is None else value}" for value in (change.left, change.right))
            yield Row("both", _objects(d.left), _title(d.left), left, right)
    for entry in found.only_left:
        yield Row("left", _objects(entry), _title(entry), _details(entry), NONE)
    for entry in found.only_right:
        yield Row("right", _objects(entry), _title(entry), NONE, _details(entry))


def summary(found: Differences) -> str:
    """One line: how many are where."""
    if not found:
        return f"no difference between {found.left} and {found.right}: {found.same} labels and limits are the same"
    numbers = f"{len(found.different)} different, {len(found.only_left)} only in {found.left}"
    return f"{numbers}, {len(found.only_right)} only in {found.right}, {found.same} the same"


def notes(found: Differences) -> list[str]:
    """What could not be compared, a line each."""
    return [f"not compared, in {source}: {out.what} — {out.why}" for source, out in found.left_out]


def as_json(found: Differences) -> dict[str, Any]:
    """The differences for a script."""
    return {
        "left": found.left,
        "right": found.right,
        "equal": not found,
        "same": found.same,
        "onlyLeft": [_entry(entry) for entry in found.only_left],
        "onlyRight": [_entry(entry) for entry in found.only_right],
        "different": [
            {
                "left": _entry(d.left),
                "right": _entry(d.right),
                "changes": [{"field": _camel(c.field), "left": c.left, "right": c.right} for c in d.changes],
            }
            for d in found.different
        ],
        "notCompared": [{"source": source, "what": out.what, "why": out.why} for source, out in found.left_out],
    }


def as_page(found: Differences) -> str:
    """The differences as a web page of its own."""
    title = f"{found.left} and {found.right}"
    head = "".join(f"<th>{escaped(h)}</th>" for h in ("", "objects", "what", found.left, found.right))
    body = "\n".join(
        f'<tr class="{row.side}">'
        + "".join(f'<td dir="auto">{escaped(c)}</td>' for c in (row.sign, row.objects, row.what, row.left, row.right))
        + "</tr>"
        for row in rows(found)
    )
    table = f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    said = "".join(f"<p>{escaped(line)}</p>" for line in (summary(found), *notes(found)))
    return page(title, f"<main>\n<h1>{escaped(title)}</h1>\n{said}\n{table if found else ''}\n</main>", style=_STYLE)


def _objects(entry: Entry) -> str:
    return " ↔ ".join(entry.direction) if isinstance(entry, LabelEntry) else arrow(*entry.direction)


def _title(entry: Entry) -> str:
    return f'label "{entry.title}"' if isinstance(entry, LabelEntry) else f"limit {entry.title}"


def _details(entry: Entry) -> str:
    if not isinstance(entry, LabelEntry):
        return str(entry.max)
    limits = [("max", entry.max), ("inverse max", entry.inverse_max)]
    name = f"named {entry.label.name}" if entry.label.name else "internal name not known"
    return ", ".join([name, *(f"{word} {most}" for word, most in limits if most is not None)])


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(part.title() for part in rest)


def _entry(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"from": entry.direction[0], "to": entry.direction[1], "max": entry.max}
    if not isinstance(entry, LabelEntry):
        return {
            "kind": "limit",
            **told,
            "type": entry.type,
            "category": entry.limit.category,
            "typeId": entry.limit.type_id,
        }
    x = entry.label
    ids = {"typeId": x.type_id, "inverseTypeId": x.inverse_type_id}
    texts = {"label": x.label, "inverseLabel": x.inverse_label, "name": x.name}
    return {"kind": "label", **told, "inverseMax": entry.inverse_max, **texts, **ids}
