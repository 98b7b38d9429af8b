"""A picture as SVG: objects as boxes, an edge through the card of each pair, what is not managed in grey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pulumi_hubassoc.estate import layout as layouts
from pulumi_hubassoc.estate.layout import FONT, LINE_HEIGHT, PAD, Box, Layout, Placed, heading_of, numbers_of, shown
from pulumi_hubassoc.estate.pages import STYLE, escaped, flat, page
from pulumi_hubassoc.estate.picture import Line, Picture

_COLOURS = 8
_FOLDER = Path(__file__).parent
_DRAWING_STYLE = (_FOLDER / "drawing.css").read_text(encoding="utf-8")
LEGEND = "→5: a record of the first object has at most 5 of the second; ←5: the other way round; a number on a line: whatever the label"
GREY = "grey and dashed: not managed"


def svg_file(picture: Picture) -> str:
    """A picture as a file of its own."""
    return _svg(picture, layouts.layout(picture), f"<style>{STYLE}{_DRAWING_STYLE}</style>")


def drawing_page(picture: Picture) -> str:
    """A picture as a web page of its own that can be zoomed, moved and searched."""
    style, script = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("drawing_page.css", "drawing_page.js"))
    legend = f"{LEGEND}; {GREY}" if picture.tells_managed else LEGEND
    body = (
        f"<header>\n<h1>{escaped(picture.title)}</h1>\n"
        f"<p>{len(picture.objects)} objects, {picture.label_count} labels</p>\n"
        '<search><input id="search" type="search" placeholder="Search" aria-label="Search labels and objects" '
        'autocomplete="off" spellcheck="false"><output id="found" for="search"></output></search>\n'
        '<div class="buttons"><button id="out" aria-label="Smaller" title="Smaller (−)">−</button>'
        '<button id="in" aria-label="Larger" title="Larger (+)">+</button>'
        '<button id="all" title="All of it (0)">All</button></div>\n</header>\n'
        f"<main>{_svg(picture, layouts.layout(picture), '')}</main>\n<footer>{escaped(legend)}</footer>"
    )
    return page(picture.title, body, style=_DRAWING_STYLE + style, script=script)


def _svg(picture: Picture, found: Layout, style: str) -> str:
    frame = found.frame
    view = f"{_n(frame.left)} {_n(frame.top)} {_n(frame.width)} {_n(frame.height)}"
    inside = "\n".join(_parts(picture, found))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="{view}" width="{_n(frame.width)}" '
        f'height="{_n(frame.height)}" role="img" aria-label="{escaped(picture.title)}">{style}\n{inside}\n</svg>\n'
    )


def _parts(picture: Picture, found: Layout) -> Iterator[str]:
    """Edges lie under everything, so that no line goes through a text."""
    if not picture.objects:
        yield f'<text class="heading" x="{_n(found.frame.x)}" y="{_n(found.frame.y)}" text-anchor="middle">no labels, no limits</text>'
    for i, placed in enumerate(found.cards):
        yield _edge(placed, found.nodes, i % _COLOURS)
    for i, placed in enumerate(found.cards):
        yield from _card(placed, i % _COLOURS)
    for name, box in found.nodes.items():
        text = _text("object", box.x, box.y + 5, name, anchor="middle")
        yield f'<g class="node">{_rect(box, 19)}{text}</g>'


def _edge(placed: Placed, nodes: dict[str, Box], colour: int) -> str:
    a, b = (nodes[end] for end in placed.card.pair)
    middle = placed.box
    if a is not b:
        path = f"M{_n(a.x)} {_n(a.y)}L{_n(middle.x)} {_n(middle.y)}L{_n(b.x)} {_n(b.y)}"
    else:  # a loop: from one side of the object to the card and back to the other side
        start, end = (f"{_n(x)} {_n(y)}" for x, y in layouts.turns_of(a, middle))
        path = f"M{_n(a.x)} {_n(a.y)}Q{start} {_n(middle.x)} {_n(middle.y)}Q{end} {_n(a.x)} {_n(a.y)}"
    return f'<path class="edge c{colour}{_grey(placed.card.managed)}" d="{path}"/>'


def _card(placed: Placed, colour: int) -> Iterator[str]:
    box, card = placed.box, placed.card
    x, y = box.left + PAD, box.top + LINE_HEIGHT * 0.5 + 9
    lines = [_text("heading", x, y, heading_of(card))]
    for i, line in enumerate(card.lines, 1):
        lines.append(_line(line, x, y + i * LINE_HEIGHT, box.left + box.width - PAD))
    yield f'<g class="card c{colour}{_grey(card.managed)}">{_rect(box, 7)}{"".join(lines)}</g>'
    for badge in placed.badges:
        number = _text("number", badge.box.x, badge.box.y + 4.5, str(badge.number.max), anchor="middle")
        yield f'<g class="badge c{colour}{_grey(badge.number.managed)}">{_rect(badge.box, 9)}{number}</g>'


def _line(line: Line, left: float, y: float, right: float) -> str:
    kind = "label" if line.is_label else "type"
    parts = [_text(f"{kind}{_grey(line.managed)}", left, y, line.text)]
    for text, number in reversed(numbers_of(line)):
        parts.append(_text(f"number{_grey(number.managed)}", right, y, text, anchor="end"))
        right -= layouts.width_of(text, FONT) + PAD
    return f'<g class="line">{"".join(parts)}</g>'


def _text(kind: str, x: float, y: float, text: str, anchor: str = "start") -> str:
    """A text by itself: writing from right to left turns nothing around it; all of a long one is in a tip."""
    cut = shown(text)
    tip = "" if cut == flat(text) else f"<title>{escaped(text)}</title>"
    isolated = f"\u2068{escaped(cut)}\u2069" if not cut.isascii() else escaped(cut)
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}"{at}>{tip}{isolated}</text>'


def _rect(box: Box, radius: float) -> str:
    size = f'width="{_n(box.width)}" height="{_n(box.height)}" rx="{_n(radius)}"'
    return f'<rect x="{_n(box.left)}" y="{_n(box.top)}" {size}/>'


def _grey(managed: bool) -> str:
    return "" if managed else " unmanaged"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
