"""What became of a fleet as a web page: what failed, then a matrix of portals and changes with requests and time.

Portals with which the same was done are one row where there are many, so that ten thousand make a page that can be read.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_hubassoc.estate.pages import escaped, page
from pulumi_hubassoc.fleet.document import Fleet
from pulumi_hubassoc.fleet.record import Change, Record
from pulumi_hubassoc.fleet.standing import STATES, WORDS, Standing, counted, standings, strangers, when

FOLD_ABOVE = 500
"""Portals from which rows that tell the same are one."""
MOST_ROWS = 2000
MOST_COLUMNS = 30
"""Changes that have a column; the others are counted in one."""
_ALIKE = 10
"""How many rows that tell the same are one row."""
_SHORT = 90
"""Characters of a row's errors that are seen at once."""
_LONGEST_HEAD = 18
_HERE = Path(__file__).resolve().parent
_SIGNS = {"create": "+", "update": "~", "delete": "−", "replace": "±", "read": "?", "import": "↓", "refresh": "↻"}
_LEGEND = "+ create  ~ update  − delete  ± replace"
_REFERENCE = re.compile(r" — \[[^\]]*\]$")
Column = tuple[str, str]
"""Type without its package, and name."""


@dataclass(frozen=True)
class _Row:
    """One portal, or many that tell the same; the first speaks for all but for numbers."""

    standings: Sequence[Standing]

    @property
    def one(self) -> Standing:
        return self.standings[0]

    @property
    def records(self) -> list[Record]:
        return [standing.record for standing in self.standings if standing.record]


def html(records: Iterable[Record], fleet: Fleet) -> str:
    """The page of the last record of each portal of a fleet.

    Args:
        records: in the order in which they were written.
        fleet: what there should be; stacks that it does not have are told in a line.
    """
    latest = {record.stack: record for record in records}
    found = standings(fleet, latest)
    title = f"Fleet {fleet.project}"
    body = [
        f"<header><h1>{escaped(title)}</h1><p>{escaped(_summary(found))}</p></header>",
        _failures(found),
        _matrix(found),
        *(f"<p>{escaped(line)}</p>" for line in _notes(fleet, latest)),
    ]
    style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return page(title, "<main>\n" + "\n".join(filter(None, body)) + "\n</main>", style=style, script=script)


def _summary(found: Sequence[Standing]) -> str:
    """One line: which run, how much."""
    records = [standing.record for standing in found if standing.record]
    if not records:
        return f"{_n(len(found))} portals, none of which was ever run"
    operations = Counter(record.operation for record in records)
    seconds = [record.seconds for record in records]
    return (
        f"{_n(len(found))} portals · {', '.join(f'{_n(n)} {name}' for name, n in operations.most_common())} · "
        f"{when(min(record.started for record in records))} to {when(max(record.started for record in records))} · "
        f"{_n(sum(record.requests for record in records))} requests · {_time(sum(seconds))} of work, "
        f"{_time(statistics.median(seconds))} a portal, {_time(max(seconds))} at most"
    )


def _notes(fleet: Fleet, latest: dict[str, Record]) -> Iterator[str]:
    others = strangers(fleet, latest)
    if others:
        more = " …" if len(others) > 20 else ""
        yield f"{_n(len(others))} stacks have records and are not in {fleet.path.name}: {', '.join(others[:20])}{more}"


# ------------------------------------------------------------------------------------------------------------ failures


def _failures(found: Sequence[Standing]) -> str:
    """Each sentence once, with the portals that it is of; the most common first."""
    stacks: defaultdict[str, list[str]] = defaultdict(list)
    for standing in found:
        if standing.record and standing.state == "failed":
            for error in standing.record.errors or (f"exit code {standing.record.exit_code}",):
                stacks[_REFERENCE.sub("", error)].append(standing.portal.stack)
    if not stacks:
        return ""
    items = "\n".join(
        f"<li><details><summary><b>{_n(len(of))} {'portal' if len(of) == 1 else 'portals'}</b> "
        f'<bdi>{escaped(error)}</bdi></summary><p class="stacks">{_listed(of)}</p></details></li>'
        for error, of in sorted(stacks.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_ROWS]
    )
    return f'<section class="failures"><h2>What failed</h2>\n<ul>\n{items}\n</ul></section>'


# -------------------------------------------------------------------------------------------------------------- matrix


def _matrix(found: Sequence[Standing]) -> str:
    columns = _columns(found)
    rows = _rows(found)
    head = "".join(_head(*column) for column in columns)
    others = _head("", "other changes") if _has_others(found, columns) else ""
    fixed = [_sortable("portal"), _sortable("state")]
    numbers = [_sortable("requests", "n"), _sortable("seconds", "n"), '<th scope="col">errors</th>']
    body = "\n".join(_row(row, columns, bool(others)) for row in rows[:MOST_ROWS])
    cut = f"<p>{_n(len(rows) - MOST_ROWS)} more rows are left out: `hubassoc fleet status --json` has them all.</p>"
    return (
        f'<section><h2>Portals and changes</h2>\n{_filters(found)}\n<p class="legend">{escaped(_LEGEND)}</p>\n'
        f'<div class="table" tabindex="0" role="region" aria-label="Portals and changes"><table class="matrix">\n'
        f"<thead><tr>{''.join(fixed)}{head}{others}{''.join(numbers)}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
        f"{cut if len(rows) > MOST_ROWS else ''}</section>"
    )


def _filters(found: Sequence[Standing]) -> str:
    buttons = "".join(
        f'<button type="button" class="{state}" data-state="{state}" aria-pressed="true">{_n(n)} {WORDS[state]}</button>'
        for state, n in counted(found).items()
    )
    return (
        '<div class="filters"><label>Filter <input type="search" placeholder="portal, tag, number, error"></label>'
        f'{buttons}<output aria-live="polite"></output></div>'
    )


def _columns(found: Sequence[Standing]) -> list[Column]:
    """The changes that most portals have, the most common first."""
    counts = Counter(
        column
        for standing in found
        if standing.record
        for column in dict.fromkeys(map(_column, standing.record.changes))
    )
    return [column for column, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_COLUMNS]]


def _has_others(found: Sequence[Standing], columns: Sequence[Column]) -> bool:
    known = set(columns)
    return any(_column(c) not in known for standing in found if standing.record for c in standing.record.changes)


def _column(change: Change) -> Column:
    return (change.type.rpartition(":")[2].removeprefix("Association"), change.name)


def _rows(found: Sequence[Standing]) -> list[_Row]:
    """A row for each portal; of many, one for those that tell the same. What failed stands for itself."""
    if len(found) <= FOLD_ABOVE:
        return [_Row([standing]) for standing in found]
    alike: defaultdict[object, list[Standing]] = defaultdict(list)
    for standing in found:
        record = standing.record
        same = record and (record.operation, record.changes, record.errors, record.may_go_on)
        alike[standing.portal.stack if standing.state == "failed" else (standing.state, same)].append(standing)
    rows = [
        row
        for group in alike.values()
        for row in ([_Row(group)] if len(group) >= _ALIKE else [_Row([standing]) for standing in group])
    ]
    return sorted(rows, key=lambda row: STATES.index(row.one.state))


def _row(row: _Row, columns: Sequence[Column], others: bool) -> str:
    record, records = row.one.record, row.records
    of_column: defaultdict[Column, list[Change]] = defaultdict(list)
    for change in record.changes if record else ():
        of_column[_column(change)].append(change)
    cells = [_cell(of_column.pop(column, [])) for column in columns]
    if others:
        rest = [change for changes in of_column.values() for change in changes]
        cells.append(_cell(rest, f"{len(rest)}"))
    requests = sum(r.requests for r in records)
    seconds = statistics.median(r.seconds for r in records) if records else 0.0
    many = len(row.standings) > 1
    errors = _errors(" · ".join(record.errors)) if record else ""
    operation = f' <span class="soft">{escaped(record.operation)}</span>' if record else ""
    return (
        f'<tr data-state="{row.one.state}">{_portal(row)}'
        f'<td class="state" data-v="{STATES.index(row.one.state)}">{escaped(row.one.told)}{operation}</td>'
        f'{"".join(cells)}<td class="n" data-v="{requests}">{_n(requests) if records else ""}</td>'
        f'<td class="n" data-v="{seconds:.3f}">{_median(seconds, many=many) if records else ""}</td>'
        f'<td class="why">{errors}</td></tr>'
    )


def _portal(row: _Row) -> str:
    portal = row.one.portal
    if len(row.standings) == 1:
        tags = f' <span class="soft">{escaped(", ".join(sorted(portal.tags)))}</span>' if portal.tags else ""
        inner = f'<b>{escaped(portal.stack)}</b> <span class="soft">{portal.portal_id}</span>{tags}'
    else:
        stacks = _listed(standing.portal.stack for standing in row.standings)
        inner = (
            f"<details><summary><b>{_n(len(row.standings))} portals</b></summary>"
            f'<p class="stacks">{stacks}</p></details>'
        )
    return f'<th scope="row" data-v="{escaped(portal.stack)}">{inner}</th>'


def _errors(text: str) -> str:
    """Errors on two lines or so; all of long ones when they are opened."""
    if len(text) <= _SHORT:
        return f"<bdi>{escaped(text)}</bdi>"
    return f"<details><summary><bdi>{escaped(text[:_SHORT])}…</bdi></summary><bdi>…{escaped(text[_SHORT:])}</bdi></details>"


def _cell(changes: Sequence[Change], text: str = "") -> str:
    if not changes:
        return "<td></td>"
    told = " · ".join(_told(change) for change in changes[:10]) + (" …" if len(changes) > 10 else "")
    signs = text or "".join(dict.fromkeys(_sign(change.operation) for change in changes))
    return f'<td class="c" data-v="1" title="{escaped(told)}">{escaped(signs)}</td>'


def _told(change: Change) -> str:
    keys = f" ({', '.join(change.keys)})" if change.keys else ""
    return f"{change.operation} {' '.join(_column(change))}{keys}"


def _sign(operation: str) -> str:
    return _SIGNS.get(operation) or _SIGNS.get(operation.partition("-")[0], "·")


def _head(kind: str, name: str) -> str:
    """A narrow column's head, read upwards: the end of a long name tells more than its beginning."""
    end = name if len(name) <= _LONGEST_HEAD else f"…{name[-_LONGEST_HEAD:]}"
    whole, shown = (escaped(f"{kind} {text}".strip()) for text in (name, end))
    return f'<th scope="col" class="change"><button type="button" title="{whole}"><bdi>{shown}</bdi></button></th>'


def _sortable(text: str, kind: str = "") -> str:
    return f'<th scope="col" class="{kind}"><button type="button">{text}</button></th>'


def _listed(stacks: Iterable[str]) -> str:
    return escaped(", ".join(stacks))


def _median(seconds: float, *, many: bool) -> str:
    return f"{seconds:.1f}" + (" (median)" if many else "")


def _n(number: int) -> str:
    return f"{number:,}"


def _time(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
