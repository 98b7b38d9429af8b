"""The page in a real browser, for everybody: by keyboard, on a phone, large portals, many windows, a lost connection."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.chromium import DESK, NEEDS_CHROMIUM, PHONE

from .conftest import PORTAL_ID, TOKEN
from .pages import PAIR, Open, row, until, wait_until

pytestmark = NEEDS_CHROMIUM


def test_a_whole_journey_by_keyboard(open_page: Open, portal: Portal) -> None:
    """Skip link, create, rename, delete: with Tab, Enter, Escape and letters, and one always sees where one is."""
    page = open_page("/")

    def tab_to(name: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            found = page.evaluate("""() => {
              const e = document.activeElement, style = getComputedStyle(e);
              return [e.getAttribute("aria-label") ?? (e.labels?.[0]?.textContent ?? e.textContent).trim(), style.outlineStyle, e.localName];
            }""")
            if found[0].startswith(name):
                assert found[1] != "none" or found[2] == "a", "it is seen"
                return
        raise AssertionError(f"Tab does not lead to {name}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the portals"
    page.keyboard.press("Enter")
    tab_to("Portal")
    page.keyboard.press("Enter")
    page.wait_for_selector("#create")
    page.wait_for_selector(".live.good")
    tab_to("Create label")
    page.keyboard.press("Enter")
    tab_to("Label")
    page.keyboard.type("Boss")
    page.keyboard.press("Enter")
    row(page, "Boss").first.wait_for()
    assert page.evaluate("document.activeElement.id") == "create"
    tab_to("Rename: Boss")
    page.keyboard.press("Enter")
    for _ in range(8):  # the dialog keeps the focus
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
        )
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Rename"
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("Chief")
    page.keyboard.press("Enter")
    row(page, "Chief").first.wait_for()
    assert portal.label("boss").label == "Chief"
    tab_to("Delete: Chief")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    wait_until(page, lambda: portal.labels() == [])
    until(page, "document.activeElement.matches('[tabindex=\"-1\"]')")


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_axe_finds_nothing(
    open_page: Open, portal: Portal, emulator: Emulator, size: tuple[int, int], scheme: str
) -> None:
    """On both pages and in each dialog: names, roles, order of headings, contrast as it is drawn."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    portal.drift.create_label(*PAIR, "Boss", "Staff")
    portal.drift.create_label("contacts", "contacts", "Friend")
    portal.drift.set_limit(*PAIR, 1, 3)
    emulator.arm(Fault("status", operation="account"))
    page = open_page(size=size, color_scheme=scheme)
    found: dict[str, list[str]] = {}

    def look(where: str) -> None:
        answer = axe.run(page).response
        assert len(answer["passes"]) > 15, "it has looked"
        violations = answer["violations"]
        found[where] = [
            f"{v['id']}: {n['html'][:120]} {n['failureSummary'][:200]}" for v in violations for n in v["nodes"]
        ]

    page.get_by_text("Arm a fault").click()
    look("portal")
    page.get_by_role("button", name="Create label").click()
    look("create")
    page.keyboard.press("Escape")
    for name in ("Rename", "Limits", "Delete"):
        row(page, "Boss").get_by_role("button", name=name).click()
        look(name)
        page.keyboard.press("Escape")
    page.goto(page.url.split("/portals")[0])
    page.wait_for_selector("#portals a")
    look("portals")
    assert {where: what for where, what in found.items() if what} == {}


def test_on_a_phone_fingers_hit_what_they_aim_at(open_page: Open, portal: Portal, emulator: Emulator) -> None:
    """Everything that can be touched is 40 pixels high, and no page is wider than the screen."""
    portal.drift.create_label(*PAIR, "Boss", "Staff")
    portal.drift.create_label("contacts", "contacts", "Friend")
    portal.drift.create_label("deals", "contacts", "x" * 100)
    emulator.arm(Fault("status"))
    small = """() => [...document.querySelectorAll("button, input, select, summary, nav a, .brand a, .cards a, svg a")]
      .filter(e => e.checkVisibility()).map(e => [e.textContent, e.getBoundingClientRect().height]).filter(([, height]) => height < 39.9)"""
    wide = "document.scrollingElement.scrollWidth <= innerWidth"
    page = open_page(size=PHONE)
    page.get_by_text("Arm a fault").click()
    assert page.evaluate(small) == []
    assert page.evaluate(wide)
    for name in ("Rename", "Limits", "Delete"):
        row(page, "Boss").get_by_role("button", name=name).click()
        assert page.evaluate(small) == []
        assert page.evaluate(wide)
        page.keyboard.press("Escape")
    page.goto(page.url.split("/portals")[0])
    page.wait_for_selector("#portals a")
    assert page.evaluate(small) == []
    assert page.evaluate(wide)


def test_motion_is_for_those_who_like_it(open_page: Open, portal: Portal) -> None:
    """What is new is marked either way."""
    for liked, animation in (("no-preference", "fade"), ("reduce", "none")):
        page = open_page(reduced_motion=liked)
        portal.drift.create_label(*PAIR, f"Boss {liked}", name=liked.replace("-", "_"))
        new = page.locator("tr.changed", has_text=liked)
        new.wait_for()
        assert new.evaluate("e => getComputedStyle(e).animationName") == animation
        new.wait_for(state="detached", timeout=8000) if liked == "reduce" else None


def test_five_hundred_labels_are_handled_with_ease(open_page: Open, portal: Portal) -> None:
    """They are there soon, and a change of one touches its row and nothing else."""
    ends = ("companies", "deals", "tickets", "products", "quotes", "orders", "carts", "leads", "calls", "notes")
    for end in ends:
        for n in range(50):
            portal.drift.create_label("contacts", end, f"Label {n}", f"Of {end} {n}", name=f"{end}_{n}")
    began = time.monotonic()
    page = open_page()
    until(page, "document.querySelectorAll('#pairs tbody tr').length >= 500")
    assert time.monotonic() - began < 8
    page.evaluate("""() => {
      window.touched = { rows: new Set(), others: 0 };
      new MutationObserver(changes => {
        for (const { target } of changes) {
          const row = (target.nodeType === 1 ? target : target.parentElement).closest("tbody tr");
          if (row) window.touched.rows.add(row); else window.touched.others++;
        }
      }).observe(document.querySelector("#pairs"), { childList: true, subtree: true, characterData: true, attributes: true });
    }""")
    portal.drift.rename_label(portal.label("deals_7").type_id, "Renamed")
    row(page, "Renamed").wait_for()
    assert page.evaluate("[window.touched.rows.size, window.touched.others]") == [1, 0]
    page.get_by_label("Find a label").fill("of tickets 33")
    assert page.locator("#pairs tbody tr:visible").count() == 1
    assert page.locator("#pairs > section:visible").count() == 1


def test_more_windows_than_a_browser_has_connections(browser: Any, url: str, portal: Portal) -> None:
    """Nine in one browser, which opens six connections: all of them are live."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    pages = [context.new_page() for _ in range(9)]
    for page in pages:
        page.goto(f"{url}/portals/{PORTAL_ID}")
    for page in pages:
        page.wait_for_selector(".live.good")
    portal.drift.create_label(*PAIR, "Boss")
    began = time.monotonic()
    for page in pages:
        row(page, "Boss").first.wait_for()
    assert time.monotonic() - began < 6
    context.close()


def test_it_says_when_the_emulator_is_gone_and_comes_back_with_it(
    open_page: Open, emulator: Emulator, portal: Portal, url: str
) -> None:
    """What has changed meanwhile is there then."""
    page = open_page()
    emulator.stop()
    page.get_by_text("Not connected: is the emulator running?").wait_for()
    page.get_by_role("button", name="Create label").click()
    page.locator("#create-dialog").get_by_label("Label", exact=True).fill("Boss")
    page.locator("#create-dialog").get_by_role("button", name="Create").click()
    page.get_by_text("The emulator does not answer: is it running?").wait_for()
    page.keyboard.press("Escape")
    portal.drift.create_label(*PAIR, "Meanwhile")
    emulator.start(int(url.rpartition(":")[2]))
    row(page, "Meanwhile").first.wait_for()
    assert page.locator("#live").inner_text().endswith("Live")
    httpx.get(f"{url}/nowhere")
    page.locator(".journal tbody tr").wait_for()
    emulator.stop()
    another = Emulator()
    another.add_portal(token=TOKEN, portal_id=PORTAL_ID, name="Another").drift.create_label(*PAIR, "Elsewhere")
    with another.serve(int(url.rpartition(":")[2])):
        row(page, "Elsewhere").first.wait_for()
        assert row(page, "Meanwhile").count() == page.locator(".journal tbody tr").count() == 0
        page.close()
