"""The table of a fleet that is under way: numbers that are right, and no text that can break a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from pulumi_hubassoc.cli.fleet_table import FleetTable, line, shown
from tests.fleet.fleets import WORST, fleet, records


def told(*, terminal: bool, size: int = 40, worst: bool = False) -> str:
    """What is printed while a fleet of so many ends."""
    out = Console(file=io.StringIO(), force_terminal=terminal, width=120, highlight=False, markup=False)
    found = records(fleet(size), worst=worst)
    with shown(out, [1, len(found) - 1]) as table:
        for record in found:
            table.began(record.stack, record.wave)
            table.ended(record)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_in_a_log_each_portal_has_one_plain_line() -> None:
    """No escape, no cursor movement, nothing twice."""
    text = told(terminal=False)
    assert "\x1b" not in text
    lines = text.splitlines()
    assert len(lines) == 39
    assert lines[0].startswith("1/39 client-00001 up: failed — no change — 2 requests — ")
    assert lines[1].startswith("2/39 client-00002 up: parked until 2026-11-25 05:00 UTC — ")
    assert "done — 2 create, 1 update — 9 requests" in text


def test_on_a_terminal_what_went_wrong_stays_and_the_table_counts() -> None:
    """The table says how many of each wave are running, done, failed and parked, and how many requests were sent."""
    out = Console(file=io.StringIO(), width=120, color_system=None)
    found = records(fleet(12))
    table = FleetTable(out, [1, 10])
    for record in found[:6]:
        table.began(record.stack, 0 if record.wave == 0 else 1)
        table.ended(replace(record, wave=min(record.wave, 1)))
    for number in range(10):
        table.began(f"late-{number}", 1)
    with out.capture() as captured:
        out.print(table)
    first, second = [row.split() for row in captured.get().splitlines()[1:3]]
    assert (first[0], [number for number in first[1:] if number.isdigit()]) == ("1:", ["1", "0", "0", "1", "0", "0"])
    assert (second[0], [number for number in second[1:] if number.isdigit()]) == (
        "2:",
        ["10", "10", "4", "0", "1", "0"],
    )
    assert f"{sum(record.requests for record in found[:6])} requests" in captured.get()
    assert "late-0 0 s" in captured.get()
    assert len(captured.get().splitlines()) == 3 + 1 + 6  # each on one line, however long its error is
    assert "2 more" in captured.get()


def test_hostile_texts_cannot_move_the_cursor() -> None:
    """Escapes, bells and line ends of HubSpot's texts become spaces, what turns the writing direction goes."""
    text = told(terminal=False, worst=True)
    assert len(text.splitlines()) == 39
    assert not [c for c in text if c in "\x1b\x07\r\u202e"]
    for worst in WORST:
        shown_line = line(replace(records(fleet(3))[0], errors=(worst,))).plain
        assert shown_line.isprintable()
    assert "\x1b[2J" not in told(terminal=True, worst=True)
