"""The site in Chromium, at a desk and on a phone: it can be read and searched, and asks nobody else for anything."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH"),
]
DESK, PHONE = (1280, 900), (390, 844)
PAGES = ("index", "tutorial", "reference/resources")
CONTRAST = """() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = luminance(getComputedStyle(document.body).backgroundColor);
  const ink = luminance(getComputedStyle(document.querySelector('article p, article td')).color);
  return (Math.max(ground, ink) + .05) / (Math.min(ground, ink) + .05);
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The built site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium."""
    with playwright.sync_playwright() as running:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = running.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any, served: str) -> Iterator[Any]:
    """Opens pages of the site; at the end nothing but the site was asked, and nothing was complained of."""
    asked: list[str] = []
    said: list[str] = []
    contexts: list[Any] = []

    def open_page(name: str, size: tuple[int, int], scheme: str = "light") -> Any:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{served}/{name}.html", wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert asked
    assert [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []
    assert said == []


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk-light", "phone-dark"])
def test_pages_can_be_read(tab: Any, size: tuple[int, int], scheme: str) -> None:
    """No page is wider than the screen, and text stands out from its ground as WCAG wants it (4.5)."""
    for name in PAGES:
        page = tab(name, size, scheme)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), name
        assert page.evaluate(CONTRAST) >= 4.5, name


def test_search_finds(tab: Any) -> None:
    """In the browser alone, an input of a resource leads to the pages that have it."""
    page = tab("index", DESK)
    page.fill(".md-search__input", "inverse_label")
    page.wait_for_selector(".md-search-result__link", state="attached", timeout=60_000)
    found = page.eval_on_selector_all(
        ".md-search-result__link", "links => links.map(link => link.getAttribute('href'))"
    )
    assert any("reference/resources" in link for link in found)
