"""The page in a real browser: a text is never more than a text, and no other site has a say."""

from __future__ import annotations

import http.server
import threading
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Portal
from tests.chromium import DESK, NEEDS_CHROMIUM, PHONE

from .conftest import PORTAL_ID
from .pages import PAIR, Open, row, until, wait_until

pytestmark = NEEDS_CHROMIUM
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
