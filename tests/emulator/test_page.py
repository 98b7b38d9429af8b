"""The page in a real browser, by clicks and by keys: what a person does there happens in the portal, and is seen at once."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.chromium import DESK, NEEDS_CHROMIUM, PHONE, chromium
from tests.on_engines import Estate, make_engine, operations

from .conftest import PORTAL_ID, TOKEN

pytestmark = NEEDS_CHROMIUM
PAIR = ("contacts", "companies")
BOTH = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
HOSTILE = (
    '<img src=x onerror="document.title=1">',
    '"><script>document.title="owned"</script>',
    "'\"&amp;</option></select>",
    "\u202egnp.exe \u2066turned",
    "مدير الحسابات",
    "x" * 300,
    "👩‍👩‍👧 family 🎉",
    "two\nlines\tand\u2028more",
    "javascript:document.title=1",
)
PROGRAM = """
from pulumi_hubassoc import AssociationLabel, AssociationLimit

for n in range({labels}):
    AssociationLabel(f"l{{n}}", from_object_type="contacts", to_object_type="companies", name=f"l{{n}}", label=f"Label {{n}}")
"""
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def url(emulator: Emulator, portal: Portal) -> str:
    """Where the emulator serves."""
    return emulator.start()


@pytest.fixture
def open_page(browser: Any, url: str) -> Iterator[Open]:
    """Opens a page that is up to date; at the end it has said nothing and asked nobody else for anything."""
    asked: list[str] = []
    said: list[str] = []
    contexts = []

    def open_page(path: str = f"/portals/{PORTAL_ID}", size: tuple[int, int] = DESK, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(url + path)
        page.wait_for_selector(".live.good")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in asked if not one.startswith(f"{url}/")] == []
    assert [text for text in said if "Failed to load resource" not in text] == []  # an answer of 400 is told in a form


def row(page: Any, text: str) -> Any:
    """The row of a label, by one of its texts."""
    return page.locator("#pairs tbody tr", has=page.locator("bdi.text", has_text=text))


def elsewhere(work: Callable[[], Any]) -> Any:
    """What work gives on a thread of its own: an engine wants one without the browser's event loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(timeout=100)


def wait_until(page: Any, fact: Callable[[], bool]) -> None:
    """Until something is so in the emulator, while the browser goes on."""
    for _ in range(300):
        if fact():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not come about within some seconds")


def until(page: Any, script: str, argument: Any = None) -> None:
    """Until something is so in the page, whose policy does not let Playwright do the waiting there."""
    wait_until(page, lambda: bool(page.evaluate(script, argument)))


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


@BOTH
def test_a_text_is_never_more_than_a_text(open_page: Open, portal: Portal, size: tuple[int, int]) -> None:
    """It does not run and makes no element; it is whole, stays within the page, and survives the form untouched."""
    for i, text in enumerate(HOSTILE):
        portal.drift.create_label(*PAIR, text, f"{text} back", name=f"n{i}")
    portal.add_custom_object("toy", plural=HOSTILE[0], singular=HOSTILE[1])
    portal.drift.create_label("2-1001", "contacts", "Owner", name="owner")
    page = open_page(size=size)
    shown = page.locator("#pairs bdi.text").evaluate_all("all => all.map(e => e.textContent)")
    assert set(shown) >= {*HOSTILE, *(f"{text} back" for text in HOSTILE)}
    assert page.title() == f"Portal {PORTAL_ID} — Emulated HubSpot"
    assert page.locator("img, iframe, object, body script").count() == 0
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    outside = page.locator("#pairs bdi.text").evaluate_all(
        "all => all.filter(e => e.getBoundingClientRect().right > e.closest('td').getBoundingClientRect().right + 1).length"
    )
    assert outside == 0
    row(page, "two").get_by_role("button", name="Rename").first.click()
    page.locator("#rename-dialog input[name=back]").fill('"><b>bold</b>')
    page.get_by_role("button", name="Save").click()
    wait_until(page, lambda: portal.label("n7").inverse_label == '"><b>bold</b>')
    assert portal.label("n7").label == HOSTILE[7]
    for text in HOSTILE[:3]:
        row(page, text).first.get_by_role("button", name="Delete").click()
        assert page.locator("#delete-dialog b, #delete-dialog img").count() == 0
        page.keyboard.press("Escape")


def test_no_other_script_runs(browser: Any, url: str) -> None:
    """Not one that somebody has put into the page, nor markup made from text, nor anything from elsewhere."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => (window.refused ??= []).push(e.effectiveDirective))"
    )
    page.goto(f"{url}/portals/{PORTAL_ID}")
    thrown = page.evaluate("""() => {
      const script = document.createElement("script");
      const thrown = [];
      for (const attempt of [
        () => { script.textContent = "window.owned = true"; },
        () => { document.body.innerHTML = "<b>owned</b>"; },
        () => { document.body.insertAdjacentHTML("beforeend", "<img src=x>"); },
        () => { document.body.setAttribute("onclick", "window.owned = true"); },
      ]) try { attempt(); } catch (error) { thrown.push(error.name); }
      script.append("window.owned = true");
      document.body.append(script);
      const image = new Image();
      image.src = "http://127.0.0.1:9/x.png";
      document.body.append(image);
      fetch("http://127.0.0.1:9/").catch(() => {});
      return thrown;
    }""")
    page.click("h1")
    until(page, "['img-src', 'connect-src'].every(name => window.refused?.includes(name))")
    assert thrown == ["TypeError"] * 4
    assert page.evaluate("window.owned") is None
    context.close()


def test_another_site_in_the_same_browser_changes_nothing(browser: Any, url: str, portal: Portal) -> None:
    """It sends what a browser lets it send without asking, and puts the page into a frame."""
    label = portal.drift.create_label(*PAIR, "Boss")
    target = f"{url}/_emulator/portals/{PORTAL_ID}/drift/delete_label"

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<title>elsewhere</title><iframe src='{url}/'></iframe>".encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    context = browser.new_context()
    try:
        page = context.new_page()
        failed: list[str] = []
        page.on("requestfailed", lambda r: failed.append(f"{r.method} {r.url}"))
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        send = """([target, id, mode]) => fetch(target, { method: "POST", mode, body: JSON.stringify({ type_id: id }) })
          .then(answer => answer.status, () => "refused")"""
        arguments = [target, label.type_id]
        assert [page.evaluate(send, [*arguments, mode]) for mode in ("no-cors", "cors")] == ["refused", "refused"]
        assert failed.count(f"POST {target}") == 2
        assert portal.labels() == [label]
        assert page.frames[1].url != f"{url}/"
        read = page.evaluate(f"fetch('{url}/_emulator/dump').then(() => 'read', () => 'refused')")
        assert read == "refused"
        page.goto(f"{url}/portals/{PORTAL_ID}")
        assert page.evaluate(send, [*arguments, "cors"]) == 200, "which the page itself may send"
        assert portal.labels() == []
    finally:
        context.close()
        server.shutdown()
        server.server_close()


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
