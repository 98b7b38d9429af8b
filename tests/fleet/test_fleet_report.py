"""The report of a fleet: every portal is in it, what failed comes first, and whatever HubSpot said is text."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pulumi_hubassoc.fleet.record import Record
from pulumi_hubassoc.fleet.report import html
from pulumi_hubassoc.fleet.standing import State, exit_code, standings, when
from tests.fleet.fleets import fleet, records
from tests.test_browser import (  # noqa: F401  `browser` and `open_page` are fixtures
    BOTH,
    DESK,
    Open,
    assert_no_sideways_scrolling,
    browser,
    open_page,
)
from tests.test_browser import (
    pytestmark as in_chromium,
)


def by_stack(found: list[Record]) -> dict[str, Record]:
    """The last record of each stack."""
    return {record.stack: record for record in found}


def in_a_browser(test: object) -> object:
    """Marks a test as one that needs Chromium."""
    for mark in in_chromium:
        test = mark(test)
    return test


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["done", "done"], 0),
        ([], 0),
        (["done", "parked", "failed"], 1),
        (["done", "parked"], 75),
        (["not-run", "parked"], 1),
        (["never-run"], 75),
    ],
)
def test_exit_code_is_by_the_worst(states: list[State], code: int) -> None:
    assert exit_code(states) == code


def test_the_worst_come_first() -> None:
    """Failed, parked, not run, never run, done; each as in the file."""
    found = standings(fleet(8), by_stack(records(fleet(8))))
    assert [standing.state for standing in found[:3]] == ["failed", "parked", "never-run"]
    done = [standing.portal.stack for standing in found[3:]]
    assert done == sorted(done)
    assert found[1].told == "parked until 2026-11-25 05:00 UTC"
    assert (when("2026-11-25T05:00:00Z"), when("soon")) == ("2026-11-25 05:00 UTC", "soon")


def test_page_of_no_records() -> None:
    assert "3 portals, none of which was ever run" in html([], fleet(3))


def test_the_last_record_of_a_stack_counts_and_strangers_are_told() -> None:
    of = fleet(3)
    first = records(of)[0]
    page = html([first, replace(first, outcome="done", errors=()), replace(first, stack="gone")], of)
    assert "What failed" not in page
    assert "1 stacks have records and are not in fleet.yaml: gone" in page


def test_a_sentence_that_many_portals_failed_with_is_told_once() -> None:
    """HubSpot's correlation ids, which differ, are left to the rows."""
    of = fleet(4)
    failed = records(of)[0]
    page = html([replace(failed, stack=portal.stack) for portal in of.portals], of)
    assert page.count("<li>") == 1
    assert "<b>4 portals</b>" in page


def test_a_page_of_ten_thousand_can_be_read() -> None:
    """Portals with which the same was done are one row with their number; none is lost, and what failed stands for itself."""
    of = fleet(10_000)
    found = records(of)
    start = time.process_time()
    page = html(found, of)
    assert time.process_time() - start < 10
    assert len(page) < 1_000_000
    failed = [record.stack for record in found if record.outcome == "failed"]
    assert page.count('<tr data-state="failed">') == len(failed)
    assert page.count("<tr ") < len(failed) + 50
    assert [portal.stack for portal in of.portals if portal.stack not in page] == []


# -------------------------------------------------------------------------------------------------------- in a browser


@in_a_browser
@BOTH
def test_hostile_texts_are_texts(size: tuple[int, int], open_page: Open) -> None:  # noqa: F811
    """Nothing that HubSpot said is run, is an element or moves the page; `open_page` sees that the page says nothing."""
    of = fleet(30)
    page = open_page(html(records(of, worst=True), of), size)
    assert page.title() == "Fleet relations"
    assert page.query_selector_all("img, main script, iframe") == []
    assert_no_sideways_scrolling(page)
    assert len(page.query_selector_all("table.matrix tbody tr")) == 30
    columns = len(page.query_selector_all("thead th"))
    assert {len(row.query_selector_all("th, td")) for row in page.query_selector_all("tbody tr")} == {columns}


@in_a_browser
@BOTH
def test_rows_are_filtered_and_sorted_from_the_keyboard(size: tuple[int, int], open_page: Open) -> None:  # noqa: F811
    """By text, by state, by a column; the heads stay when the table scrolls."""
    of = fleet(220)
    found = by_stack(records(of))
    page = open_page(html(found.values(), of), size)
    shown = "() => [...document.querySelectorAll('tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].dataset.v)"
    assert page.evaluate(shown)[0] == next(stack for stack, record in found.items() if record.outcome == "failed")
    page.focus("input[type=search]")
    page.keyboard.type("retail client-0011")
    assert page.evaluate(shown) == ["client-00110"]
    assert page.inner_text("output") == "1 of 220 rows"
    page.fill("input[type=search]", "")
    page.focus("button[data-state=done]")
    page.keyboard.press("Enter")
    assert set(page.evaluate(shown)) == {s.portal.stack for s in standings(of, found) if s.state != "done"}
    page.keyboard.press("Space")
    page.focus("thead th:nth-last-child(2) button")
    page.keyboard.press("Enter")
    slowest = sorted(found.values(), key=lambda record: -record.seconds)
    assert page.evaluate(shown)[:3] == [record.stack for record in slowest[:3]]
    assert page.get_attribute("thead th:nth-last-child(2)", "aria-sort") == "descending"
    page.focus("thead th button")
    page.keyboard.press("Enter")
    assert page.evaluate(shown) == sorted(portal.stack for portal in of.portals)
    page.evaluate("document.querySelector('.table').scrollTo(300, 2000)")
    frame, head = (page.query_selector(s).bounding_box() for s in (".table", "thead th"))
    assert abs(frame["y"] - head["y"]) < 3
    assert abs(frame["x"] - head["x"]) < 3


@in_a_browser
def test_a_page_of_ten_thousand_is_quick(open_page: Open) -> None:  # noqa: F811
    """It is there in seconds, and a filter finds the one portal among thousands in a row that tells its group."""
    of = fleet(10_000)
    page = open_page(html(records(of), of), DESK)
    start = time.monotonic()
    page.fill("input[type=search]", "client-09876")
    assert page.inner_text("output").startswith("1 of ")
    assert time.monotonic() - start < 2
