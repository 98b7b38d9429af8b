"""The pages in a real browser, at the size of a desk and of a phone: they can be read, zoomed and searched, and are safe."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.estate.compare import compare
from pulumi_hubassoc.estate.document import Document
from pulumi_hubassoc.estate.drawing import drawing_page
from pulumi_hubassoc.estate.picture import picture
from pulumi_hubassoc.estate.report import as_page
from tests.chromium import DESK, NEEDS_CHROMIUM, PHONE, chromium
from tests.drawn import hostile, large

pytestmark = NEEDS_CHROMIUM
BOTH = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
BOXES = """selector => [...document.querySelectorAll(selector)].map(e => {
  const {left, top, right, bottom} = e.getBoundingClientRect();
  return {left, top, right, bottom, text: e.textContent};
})"""
Box = dict[str, Any]
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file; at the end it has said nothing and asked for nothing but that file."""
    asked: list[str] = []
    said: list[str] = []
    contexts = []
    file = tmp_path / "page.html"

    def open_page(source: str, size: tuple[int, int] = DESK, **options: Any) -> Any:
        file.write_text(source, encoding="utf-8")
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert set(asked) == {file.as_uri()}
    assert said == []


def boxes(page: Any, selector: str) -> list[Box]:
    """Where elements are on the screen."""
    found: list[Box] = page.evaluate(BOXES, selector)
    return found


def overlapping(found: list[Box]) -> list[tuple[str, str]]:
    """Those that lie over each other, by their texts."""
    pairs = itertools.combinations(found, 2)
    return [
        (a["text"], b["text"])
        for a, b in pairs
        if min(a["right"], b["right"]) - max(a["left"], b["left"]) > 0.5
        and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 0.5
    ]


def drawn(document: Document, *managed: Document) -> str:
    """The page of a picture."""
    return drawing_page(picture(document, managed))


def width(page: Any) -> float:
    """How much of the drawing is seen, from left to right."""
    seen: float = page.evaluate("document.querySelector('svg').viewBox.baseVal.width")
    return seen


def assert_no_sideways_scrolling(page: Any) -> None:
    """The page is as wide as the screen."""
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


@BOTH
@pytest.mark.parametrize("document", [large(), hostile()], ids=["large", "hostile"])
def test_no_text_lies_over_another(document: Document, size: tuple[int, int], open_page: Open, tmp_path: Path) -> None:
    """Twelve objects and sixty labels, and texts in other writings: each is within its card, and on the whole page too."""
    page = open_page(drawn(document), size)
    page.keyboard.press("0")
    texts = boxes(page, "svg text")
    assert len(texts) > len(document.labels)
    assert overlapping(texts) == []
    assert overlapping(boxes(page, "header > *, main, footer")) == []
    for card in page.query_selector_all("svg .card, svg .node, svg .badge"):
        frame = card.query_selector("rect").bounding_box()
        for text in card.query_selector_all("text"):
            box = text.bounding_box()
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    assert_no_sideways_scrolling(page)
    whole = page.query_selector("main").bounding_box()
    assert all(whole["x"] <= x["left"] and x["right"] <= whole["x"] + whole["width"] for x in texts), (
        "all of it is seen"
    )
    picture_of_it = page.screenshot(path=tmp_path / "screen.png")
    assert picture_of_it.startswith(b"\x89PNG")
    assert [int.from_bytes(picture_of_it[i : i + 4], "big") for i in (16, 20)] == list(size)


@BOTH
def test_a_large_picture_can_be_read_where_it_begins_or_is_zoomed(size: tuple[int, int], open_page: Open) -> None:
    """A phone begins close to the first object; a desk sees all."""
    page = open_page(drawn(large()), size)
    heights = [box["bottom"] - box["top"] for box in boxes(page, "svg text.label")]
    assert min(heights) > 8


@BOTH
def test_search_marks_what_it_finds(size: tuple[int, int], open_page: Open) -> None:
    """Whatever the case; Enter goes there, Escape ends it."""
    page = open_page(drawn(large()), size)
    page.fill("#search", "DECISION maker")
    found = page.eval_on_selector_all("text.found", "all => all.map(e => e.textContent)")
    assert len(found) == 10
    assert all("decision maker" in text.lower() for text in found)
    assert page.inner_text("#found") == "10 found"
    faint = page.eval_on_selector(".card:not(.found) text", "e => getComputedStyle(e).opacity")
    clear = page.eval_on_selector(".card.found text", "e => getComputedStyle(e).opacity")
    assert float(faint) < float(clear) == 1
    for number in (1, 2):
        page.press("#search", "Enter")
        assert page.inner_text("#found") == f"{number} of 10"
        (now,) = boxes(page, "text.now")
        (main,) = boxes(page, "main")
        assert main["left"] <= now["left"] <= now["right"] <= main["right"]
        assert main["top"] <= now["top"] <= now["bottom"] <= main["bottom"]
        assert now["bottom"] - now["top"] > 11, "it can be read"
    page.press("#search", "Escape")
    assert page.query_selector_all(".found") == []


def test_search_finds_what_is_cut_and_what_is_written_in_other_ways(open_page: Open) -> None:
    """All of a long text, and letters with or without their marks."""
    page = open_page(drawn(hostile()))
    for words, number in {"x" * 80: 1, "حسابات": 1, "会計": 1, "two lines": 1, "<script>": 1, "nothing": 0}.items():
        page.fill("#search", words)
        assert page.inner_text("#found") == f"{number} found"


@BOTH
def test_it_zooms_and_moves(size: tuple[int, int], open_page: Open) -> None:
    """With buttons, keys, wheel and pointer; 0 and All show everything again."""
    page = open_page(drawn(large()), size)
    page.keyboard.press("0")
    everything, before = width(page), boxes(page, "svg text")[0]
    page.click("#in")
    assert width(page) < everything
    after = boxes(page, "svg text")[0]
    assert after["bottom"] - after["top"] > before["bottom"] - before["top"]
    page.click("#all")
    assert width(page) == everything
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert width(page) < everything / 1.5
    page.keyboard.press("-")
    page.click("#out")
    assert width(page) == pytest.approx(everything)
    middle = [size[0] / 2, size[1] / 2]
    page.mouse.move(*middle)
    page.mouse.wheel(0, -300)
    page.wait_for_function("all => document.querySelector('svg').viewBox.baseVal.width < all", arg=everything)
    before = boxes(page, "svg text")[0]
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30)
    page.mouse.up()
    after = boxes(page, "svg text")[0]
    assert after["left"] - before["left"] == pytest.approx(60, abs=2)
    assert after["top"] - before["top"] == pytest.approx(30, abs=2)
    page.keyboard.press("ArrowRight")
    assert boxes(page, "svg text")[0]["left"] < after["left"]


def test_two_fingers_zoom_and_one_moves(open_page: Open) -> None:
    """What lies under each finger stays there; the page itself neither zooms nor scrolls."""
    page = open_page(drawn(large()), PHONE, has_touch=True, is_mobile=True)
    hand = page.context.new_cdp_session(page)
    page.click("#all")
    everything = width(page)
    x, y = PHONE[0] / 2, PHONE[1] / 2
    apart, further = [(x - 40, y), (x + 40, y + 10)], [(x - 80, y - 20), (x + 80, y + 40)]
    under = [page.evaluate("at => { const p = under(...at); return [p.x, p.y]; }", list(at)) for at in apart]
    touch(hand, "touchStart", *apart)
    touch(hand, "touchMove", *further)
    page.wait_for_function("all => view.width < all / 1.8", arg=everything)
    zoomed = width(page)
    ratio = math.dist(*further) / math.dist(*apart)
    assert everything / zoomed == pytest.approx(ratio, rel=0.02)
    middle = [sum(c) / 2 for c in zip(*under, strict=True)]
    seen = page.evaluate(
        "at => { const p = new DOMPoint(...at).matrixTransform(svg.getScreenCTM()); return [p.x, p.y]; }", middle
    )
    assert math.dist(seen, [sum(c) / 2 for c in zip(*further, strict=True)]) < 30  # fingers turn, a drawing does not
    touch(hand, "touchMove", *apart)
    page.wait_for_function("width => view.width > width * 1.5", arg=zoomed)
    assert width(page) == pytest.approx(everything, rel=0.02)
    touch(hand, "touchEnd")
    assert page.evaluate("[visualViewport.scale, scrollX, scrollY, svg.classList.contains('moving')]") == [
        1,
        0,
        0,
        False,
    ]
    before = boxes(page, "svg text")[0]
    touch(hand, "touchStart", (x, y))
    touch(hand, "touchMove", (x + 50, y + 25))
    touch(hand, "touchEnd")
    page.wait_for_function(
        "left => document.querySelector('svg text').getBoundingClientRect().left > left + 45", arg=before["left"]
    )
    after = boxes(page, "svg text")[0]
    assert (after["left"] - before["left"], after["top"] - before["top"]) == pytest.approx((50, 25), abs=2)
    assert width(page) == pytest.approx(everything, rel=0.02)


def touch(session: Any, kind: str, *fingers: tuple[float, float]) -> None:
    """What Chromium makes of fingers on a screen."""
    points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.parametrize(
    "source", [drawn(hostile()), as_page(compare(hostile(), Document("b")))], ids=["graph", "diff"]
)
@BOTH
def test_a_text_of_a_label_is_never_more_than_a_text(source: str, size: tuple[int, int], open_page: Open) -> None:
    """It does not run, makes no element, and the page would let no other script run either."""
    page = open_page(source, size)
    assert "owned" in page.title()
    assert page.title() != "owned"
    assert page.query_selector_all("img, iframe, object, link, a") == []
    assert len(page.query_selector_all("body script")) == source.count("</script>\n</body>")
    assert_no_sideways_scrolling(page)


def test_no_other_script_runs_and_nothing_is_loaded(browser: Any, tmp_path: Path) -> None:
    """Even one that somebody put into the page: its policy refuses it."""
    file = tmp_path / "page.html"
    file.write_text(drawn(large()), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => (window.refused ??= []).push(e.effectiveDirective))"
    )
    page.goto(file.as_uri())
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.owned = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src='x.png' onerror='window.owned = true'>");
    }""")
    page.wait_for_function("window.refused?.length >= 2")
    assert {"script-src-elem", "img-src"} <= set(page.evaluate("window.refused"))
    assert page.evaluate("window.owned") is None
    context.close()


def test_what_is_not_managed_is_grey_and_dark_screens_are_dark(open_page: Open) -> None:
    """As the browser draws it."""
    document = large()
    colours = {}
    for scheme in ("light", "dark"):
        page = open_page(drawn(document, Document("stack:dev", document.labels[:30])), color_scheme=scheme)
        colour = "e => getComputedStyle(e).fill"
        managed = page.eval_on_selector("text.label:not(.unmanaged)", colour)
        grey = page.eval_on_selector("text.label.unmanaged", colour)
        red, green, blue = (int(part) for part in grey.removeprefix("rgb(").removesuffix(")").split(","))
        assert max(red, green, blue) - min(red, green, blue) < 30
        assert grey != managed
        colours[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colours["light"] != colours["dark"]
