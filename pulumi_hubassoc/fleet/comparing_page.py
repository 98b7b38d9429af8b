"""How the portals of a fleet differ as a web page: ways to differ, the most common first, then each portal's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pulumi_hubassoc.estate.pages import escaped, page
from pulumi_hubassoc.fleet.comparing import Compared, Group, groups, lines, summary
from pulumi_hubassoc.fleet.document import Fleet

_HERE = Path(__file__).resolve().parent
_STATES = ("failed", "parked", "done")
_WORDS = {"failed": "could not be read", "parked": "different", "done": "equal"}
"""State of a row, as `report.js` and `report.css` know it -> what it is here."""


def html(found: Sequence[Compared], fleet: Fleet) -> str:
    """The page. Portals that are equal are one row."""
    title = f"Differences in fleet {fleet.project}"
    told = groups(found)
    body = [
        f"<header><h1>{escaped(title)}</h1><p>{escaped(summary(found))}</p></header>",
        f'<section class="failures"><h2>How portals differ</h2>\n<ul>{"".join(map(_group, told))}</ul></section>'
        if told
        else "",
        _table(found),
    ]
    style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return page(title, "<main>\n" + "\n".join(filter(None, body)) + "\n</main>", style=style, script=script)


def _group(group: Group) -> str:
    ways = "".join(
        f'<p class="stacks">{f"<b><bdi>{escaped(way)}</bdi></b> " if way else ""}{escaped(", ".join(stacks))}</p>'
        for way, stacks in group.stacks.items()
    )
    return f'<li class="{group.kind}"><details><summary><bdi>{escaped(group.sentence)}</bdi></summary>{ways}</details></li>'


def _table(found: Sequence[Compared]) -> str:
    counts = {state: sum(_state(compared) == state for compared in found) for state in _STATES}
    buttons = "".join(
        f'<button type="button" class="{state}" data-state="{state}" aria-pressed="true">{n:,} {_WORDS[state]}</button>'
        for state, n in counts.items()
        if n
    )
    rows = sorted((c for c in found if not c.is_equal), key=lambda c: _STATES.index(_state(c)))
    equal = [compared.portal.stack for compared in found if compared.is_equal]
    head = "".join(f'<th scope="col"><button type="button">{text}</button></th>' for text in ("portal", "state"))
    return (
        '<section><h2>Portals</h2>\n<div class="filters"><label>Filter '
        '<input type="search" placeholder="portal, tag, number, difference"></label>'
        f'{buttons}<output aria-live="polite"></output></div>\n'
        '<div class="table" tabindex="0" role="region" aria-label="Portals"><table class="matrix">\n'
        f'<thead><tr>{head}<th scope="col">differences</th></tr></thead>\n'
        f"<tbody>\n{''.join(map(_row, rows))}{_equal(equal)}</tbody></table></div></section>"
    )


def _state(compared: Compared) -> str:
    return "failed" if compared.differences is None else "done" if compared.is_equal else "parked"


def _row(compared: Compared) -> str:
    portal, state = compared.portal, _state(compared)
    told = "".join(f"<div><bdi>{escaped(line)}</bdi></div>" for line in lines(compared))
    return (
        f'<tr data-state="{state}"><th scope="row" data-v="{escaped(portal.stack)}"><b>{escaped(portal.stack)}</b> '
        f'<span class="soft">{portal.portal_id} {escaped(", ".join(sorted(portal.tags)))}</span></th>'
        f'<td class="state" data-v="{_STATES.index(state)}">{_WORDS[state]}</td><td class="why">{told}</td></tr>\n'
    )


def _equal(stacks: Sequence[str]) -> str:
    if not stacks:
        return ""
    return (
        f'<tr data-state="done"><th scope="row" data-v="{escaped(stacks[0])}"><details><summary><b>{len(stacks):,} equal'
        f'</b></summary><p class="stacks">{escaped(", ".join(stacks))}</p></details></th>'
        f'<td class="state" data-v="2">equal</td><td class="why"></td></tr>\n'
    )
