"""The page in a real browser, by clicks: what a person does there happens in the portal, and is seen at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.chromium import NEEDS_CHROMIUM
from tests.on_engines import Estate, make_engine, operations

from .conftest import PORTAL_ID, TOKEN
from .pages import Open, row, until, wait_until

pytestmark = NEEDS_CHROMIUM
PROGRAM = """
from pulumi_hubassoc import AssociationLabel, AssociationLimit

for n in range({labels}):
    AssociationLabel(f"l{{n}}", from_object_type="contacts", to_object_type="companies", name=f"l{{n}}", label=f"Label {{n}}")
"""


def elsewhere(work: Callable[[], Any]) -> Any:
    """What work gives on a thread of its own: an engine wants one without the browser's event loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(timeout=100)


@pytest.fixture
def estate(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> Estate:
    """A stack of labels on the built-in engine."""
    env = {"HUBASSOC_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    return Estate(make_engine("local", tmp_path), emulator, portal, tmp_path, env, PROGRAM.format(labels=2))


def test_from_the_list_of_portals_to_a_rename_that_a_stack_sees(
    open_page: Open, estate: Estate, emulator: Emulator, portal: Portal
) -> None:
    """A person opens the portal and renames by clicks what the stack has made; its next refresh says so."""
    emulator.add_portal(token="other", portal_id=7, account_type="SANDBOX", name="Try-out")
    elsewhere(lambda: estate.done("up"))
    page = open_page("/")
    listed = " ".join(page.locator("#portals").inner_text().split())
    assert listed == (
        f"Portal {PORTAL_ID} DEVELOPER_TEST · 2 labels · 0 limits Try-out (7) SANDBOX · 0 labels · 0 limits"
    )
    page.click(f"a[href='/portals/{PORTAL_ID}']")
    assert "An app, by API" in row(page, "Label 1").first.inner_text()
    row(page, "Label 1").get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog", name="Rename label")
    dialog.get_by_label("Contacts → Companies").fill("Renamed by hand")
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="hidden")
    row(page, "Renamed by hand").wait_for()
    assert portal.label("l1").label == "Renamed by hand"
    assert portal.label("l1").inverse_label == "Label 1"
    seen = elsewhere(lambda: estate.done("refresh", preview_only=True))
    assert operations(seen) == {"l1": ["update"]}
    elsewhere(lambda: estate.done("up", refresh=True))
    row(page, "Renamed by hand").wait_for(state="detached")


def test_an_up_is_seen_while_it_runs(open_page: Open, estate: Estate, emulator: Emulator, portal: Portal) -> None:
    """Labels and requests appear one after the other, each well within a second, and are marked as new."""
    estate.program = PROGRAM.format(labels=6)
    emulator.arm(Fault("slow", operation="create_label", seconds=0.35, count=None))
    page = open_page()
    page.evaluate("""() => {
      window.appeared = [];
      const look = () => {
        for (const text of document.querySelectorAll("#pairs bdi.text")) {
          const row = text.closest("tr");
          if (!row.noted && text.textContent.startsWith("Label")) {
            row.noted = true;
            window.appeared.push([text.textContent, Date.now() / 1000, row.classList.contains("changed")]);
          }
        }
      };
      new MutationObserver(look).observe(document.querySelector("#pairs"), { childList: true, subtree: true });
    }""")
    made: dict[str, float] = {}
    portal.on_change = lambda: made.update({x.label or "": time.time() for x in portal.labels() if x.label not in made})
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(estate.done, "up", parallel=1)
        until(page, "window.appeared.length >= 2")
        while_it_ran = not running.done()
        while not running.done():
            page.wait_for_timeout(50)
        running.result()
    assert while_it_ran
    until(page, "window.appeared.length >= 6")
    appeared = page.evaluate("window.appeared")
    late = {text: when - made[text] for text, when, _ in appeared}
    assert max(late.values()) < 2, late
    assert len({round(when, 1) for _, when, _ in appeared}) > 2, "one after the other"
    assert all(marked for *_, marked in appeared[1:])
    count = emulator.journal.count()
    until(page, "wanted => document.querySelectorAll('.journal tbody tr').length === wanted", count)
    newest = page.locator(".journal tbody tr").first.inner_text()
    last = emulator.journal[-1]
    assert last.method in newest
    assert str(last.status) in newest
    assert str(PORTAL_ID) in newest
    assert page.locator(".journal tbody .badge", has_text="fault: slow").count() == 6
    until(page, "document.querySelector('#said').textContent.includes('added')")


def test_a_label_is_made_limited_and_deleted_by_hand(open_page: Open, portal: Portal) -> None:
    """What the emulator refuses is said in the form, in its own words; the form stays open."""
    page = open_page()
    assert page.get_by_text("No labels and no limits yet.").is_visible()
    page.get_by_role("button", name="Create label").click()
    create = page.get_by_role("dialog", name="Create label")
    create.get_by_label("Label", exact=True).fill("Boss")
    create.get_by_label("Label in the other direction").fill("Staff")
    create.get_by_role("button", name="Create").click()
    row(page, "Boss").wait_for()
    label = portal.label("boss")
    assert (label.label, label.inverse_label, label.from_object_type) == ("Boss", "Staff", "contacts")
    assert "A person, by hand" in row(page, "Boss").inner_text()
    page.get_by_role("button", name="Create label").click()
    create.get_by_label("Label", exact=True).fill("Boss")
    create.get_by_label("Internal name").fill("other")
    create.get_by_role("button", name="Create").click()
    page.wait_for_selector("#create-dialog .error:not(:empty)")
    assert create.get_by_role("alert").inner_text() == (
        "Association definition label Boss already exists on ObjectType pair CONTACT, COMPANY"
    )
    page.keyboard.press("Escape")

    limits = page.get_by_role("dialog", name="Limits of")
    there, back = (limits.get_by_role("spinbutton").nth(i) for i in (0, 1))
    row(page, "Boss").get_by_role("button", name="Limits").click()
    there.fill("3")
    back.fill("20000")
    limits.get_by_role("button", name="Save").click()
    page.wait_for_selector("#limit-dialog .error:not(:empty)")
    assert "valid range is 1-10000" in limits.get_by_role("alert").inner_text()
    back.fill("2")
    limits.get_by_role("button", name="Save").click()
    limits.wait_for(state="hidden")
    assert [portal.limit("USER_DEFINED", i) for i in (label.type_id, label.inverse_type_id)] == [3, 2]
    row(page, "Boss").get_by_text("≤ 2").wait_for()
    assert row(page, "Boss").locator(".limit .badge").all_inner_texts() == ["by hand"] * 2
    row(page, "Boss").get_by_role("button", name="Limits").click()
    assert [there.input_value(), back.input_value()] == ["3", "2"]
    there.fill("")
    limits.get_by_role("button", name="Save").click()
    row(page, "Boss").get_by_text("many").wait_for()
    assert [portal.limit("USER_DEFINED", i) for i in (label.type_id, label.inverse_type_id)] == [None, 2]

    portal.drift.use_label(label.type_id)
    row(page, "Boss").get_by_text("on records").wait_for()
    row(page, "Boss").get_by_role("button", name="Delete").click()
    ask = page.get_by_role("dialog", name="Delete Boss / Staff?")
    assert "≤ 2" in ask.inner_text()
    assert "Records carry it" in ask.inner_text()
    ask.get_by_role("button", name="Cancel").click()
    assert portal.labels()
    row(page, "Boss").get_by_role("button", name="Delete").click()
    ask.get_by_role("button", name="Delete").click()
    row(page, "Boss").wait_for(state="detached")
    assert portal.labels() == []


def test_limits_of_hubspots_own_types(open_page: Open, portal: Portal) -> None:
    """A person asks for a pair that has nothing yet; its unlabeled type can be limited and not renamed or deleted."""
    page = open_page()
    another = page.locator("#another")
    another.get_by_label("First object").select_option("deals")
    another.get_by_label("Second object").select_option("contacts")
    another.get_by_role("button", name="Show").click()
    section = page.get_by_role("table", name="Contacts ↔ Deals")
    unlabeled = section.get_by_role("row").filter(has_text="HUBSPOT_DEFINED").first
    unlabeled.wait_for()
    assert unlabeled.get_by_role("button").all_inner_texts() == ["Limits"]
    unlabeled.get_by_role("button", name="Limits").click()
    page.get_by_role("spinbutton").nth(1).fill("7")
    page.get_by_role("button", name="Save").click()
    unlabeled.get_by_text("≤ 7").wait_for()
    assert portal.limit("HUBSPOT_DEFINED", 3) == 7
    page.locator("#graph").get_by_text("≤ 7").wait_for()
    assert page.locator("#graph a").get_attribute("aria-label") == "Contacts and Deals: 0 labels"


def test_the_journal_is_filtered_and_paused(open_page: Open, emulator: Emulator, url: str) -> None:
    """By text, by status, by fault; while it is paused nothing comes, and nothing is lost."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as api:
        path = "/crm/v4/associations/contacts/companies/labels"
        api.get(path)
        api.post(path, json={"name": "boss", "label": "Boss"})
        api.post(path, json={"name": "boss", "label": "Boss"})
        emulator.arm(Fault("status"))
        api.get("/account-info/v3/details")
        page = open_page()
        rows = page.locator(".journal tbody tr:visible")

        def shown(text: str = "", answer: str = "Every answer") -> list[str]:
            page.get_by_label("Find a request").fill(text)
            page.locator("#journal select").select_option(answer)
            return [" ".join(line.split()) for line in rows.all_inner_texts()]

        assert [line.split()[2] for line in shown()] == ["GET", "POST", "POST", "GET"]
        assert [line.split()[-2] for line in shown()] == ["503", "400", "200", "200"]
        assert len(shown("DETAILS")) == 1
        assert len(shown("create_label")) == 2
        assert len(shown("boss")) == 2
        assert len(shown("boss", "4xx, refused")) == 1
        assert len(shown("", "5xx, failed")) == len(shown("", "Met a fault")) == 1
        assert page.get_by_text("1 of 4 requests").is_visible()
        assert len(shown()) == 4
        page.get_by_role("button", name="Pause").click()
        for _ in range(3):
            api.get(path)
        page.get_by_text("4 requests; paused, 3 more came since").wait_for()
        assert rows.count() == 4
        page.get_by_role("button", name="Pause").click()
        assert rows.count() == 7
        rows.nth(5).locator("summary").click()
        assert '"label": "Boss"' in rows.nth(5).inner_text()
        emulator.journal.clear()
        page.get_by_text("0 requests").wait_for()
        values = {"at": 0.0, "portal_id": PORTAL_ID, "method": "GET", "query": "", "operation": "unknown", "body": None}
        for number in range(700):
            emulator.journal.add(**values, path=f"/{number}", status=404, duration=0.0)
        until(page, "document.querySelector('.journal tbody tr')?.textContent.includes('/699')")
        assert page.locator(".journal tbody tr").count() == 500


def test_faults_are_armed_and_disarmed(open_page: Open, emulator: Emulator, url: str) -> None:
    """For this portal, and what is left of each is told as it strikes."""
    page = open_page()
    page.get_by_text("Arm a fault").click()
    page.get_by_label("What goes wrong").select_option("503, nothing is done")
    page.get_by_label("With which requests").select_option("Reads")
    page.get_by_label("How often").fill("2")
    page.get_by_role("button", name="Arm", exact=True).click()
    armed = page.locator("#faults li")
    armed.get_by_text("503, nothing is done — reads; 2 left, struck 0").wait_for()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{url}/account-info/v3/details", headers=headers).status_code == 503
    armed.get_by_text("1 left, struck 1").wait_for()
    page.get_by_label("How often").fill("")
    page.get_by_role("button", name="Arm", exact=True).click()
    armed.get_by_text("until disarmed").wait_for()
    assert [f["portal_id"] for f in emulator.faults.to_json()] == [PORTAL_ID] * 2
    page.get_by_role("button", name="Disarm").first.click()
    until(page, "document.querySelectorAll('#faults li').length === 1")
    emulator.disarm()
    page.get_by_text("None is armed").wait_for()
    kinds = page.locator("select[name=kind] option").evaluate_all("all => all.map(o => o.value)")
    for kind in kinds:
        page.get_by_label("What goes wrong").select_option(kind)
        page.get_by_role("button", name="Arm", exact=True).click()
        wait_until(page, lambda: len(emulator.faults.to_json()) == kinds.index(kind) + 1)  # noqa: B023
    assert page.locator("#arm .error").inner_text() == ""
