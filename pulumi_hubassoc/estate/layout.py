"""Where the things of a picture are: objects on an ellipse, cards between them, and nothing over anything else.

The same picture always has the same layout. Lengths are in pixels of the picture as it is drawn unscaled.
"""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulumi_hubassoc.estate.pages import flat
from pulumi_hubassoc.estate.picture import Card, Line, Number, Picture

FONT = 13.0
LINE_HEIGHT = 20.0
PAD = 10.0
GAP = 14.0
NODE_HEIGHT = 38.0
LONGEST = 44
"""Characters of a text that are shown; all of it is in a tip."""
_ASPECT = 1.45
_GROWTH = 1.1
_FILLED = 0.5
"""How much of the ellipse cards fill at most."""
_CHOICE = 20
"""How many free places are weighed up for a card."""
_NARROW, _HALF, _WIDE = frozenset("ijlI.,:;'|!"), frozenset('ftr()[]{} -/"`'), frozenset("mwMW@%—…&")


@dataclass(frozen=True)
class Box:
    """A rectangle by its middle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """Its upper side."""
        return self.y - self.height / 2

    def near(self, other: Box, gap: float = GAP) -> bool:
        """Whether there is less than a gap between two."""
        return (
            abs(self.x - other.x) * 2 < self.width + other.width + 2 * gap
            and abs(self.y - other.y) * 2 < self.height + other.height + 2 * gap
        )

    def at(self, x: float, y: float) -> Box:
        """The same elsewhere."""
        return Box(x, y, self.width, self.height)

    def crosses(self, a: tuple[float, float], b: tuple[float, float]) -> bool:
        """Whether a line goes through it."""
        near, far = 0.0, 1.0
        for start, end, low, size in ((a[0], b[0], self.left, self.width), (a[1], b[1], self.top, self.height)):
            if start == end:
                if not low < start < low + size:
                    return False
                continue
            sides = sorted(((low - start) / (end - start), (low + size - start) / (end - start)))
            near, far = max(near, sides[0]), min(far, sides[1])
        return near < far


@dataclass(frozen=True)
class Badge:
    """An object limit at the end of an edge."""

    box: Box
    number: Number


@dataclass(frozen=True)
class Placed:
    """A card with its place."""

    card: Card
    box: Box
    badges: tuple[Badge, ...]


@dataclass(frozen=True)
class Layout:
    """A picture with places.

    Attributes:
        nodes: object -> its box.
        cards: in the order of the picture.
        frame: around all of it.
    """

    nodes: dict[str, Box]
    cards: tuple[Placed, ...]
    frame: Box


def shown(text: str) -> str:
    """A text as it is drawn: one line of at most `LONGEST` characters."""
    one_line = flat(text)
    return one_line if len(one_line) <= LONGEST else one_line[: LONGEST - 1] + "…"


def width_of(text: str, size: float = FONT) -> float:
    """How wide a text is at most, in common fonts without serifs."""
    return sum(map(_em, text)) * size


def _em(c: str) -> float:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF" or ord(c) > 0x1F000:
        return 1.4
    if c in _NARROW:
        return 0.4
    if c in _HALF:
        return 0.5
    if c in _WIDE:
        return 1.02
    return 0.76 if c.isupper() or c.isdigit() or not c.isascii() else 0.64


def numbers_of(line: Line) -> list[tuple[str, Number]]:
    """The limits of a line as they are drawn."""
    sides = (("→", line.max), ("←", line.inverse_max))
    return [(f"{arrow}{number.max}", number) for arrow, number in sides if number is not None]


def heading_of(card: Card) -> str:
    """What stands above a card's lines."""
    first, second = map(shown, card.pair)
    return f"{first} ⟲" if first == second else f"{first} ↔ {second}"


def layout(picture: Picture) -> Layout:
    """A place for everything in a picture."""
    around = _around(picture)
    area = sum(size.width * size.height for size in map(size_of, picture.cards))
    radius = max(110.0 + 24.0 * len(around), math.sqrt(area / (math.pi * _ASPECT * _FILLED)))
    while True:  # until there is room: with more of it everything is further from everything else
        nodes = _on_ellipse(around, radius)
        boxes = _between(picture.cards, nodes, radius)
        radius *= _GROWTH
        if boxes is None or any(a.near(b) for a, b in itertools.combinations(nodes.values(), 2)):
            continue
        taken = [*nodes.values(), *boxes.values()]
        placed = [Placed(card, box, _badges(card, box, nodes, taken)) for card, box in boxes.items()]
        if all(len(x.badges) == len(_ends_with_limits(x.card)) or _is_loop(x.card) for x in placed):
            return Layout(nodes, tuple(placed), _frame(taken))


def _around(picture: Picture) -> list[str]:
    """The objects in an order in which those with much in common are near each other."""
    around = list(picture.objects)
    edges = [(card.pair, len(card.lines)) for card in picture.cards if card.pair[0] != card.pair[1]]

    def cost(names: Sequence[str]) -> int:
        at = {name: i for i, name in enumerate(names)}
        apart = ((abs(at[a] - at[b]), weight) for (a, b), weight in edges)
        return sum(min(d, len(names) - d) * weight for d, weight in apart)

    best = cost(around)
    for _ in range(4):  # more does not change much
        for i in range(len(around)):
            for j in range(i + 1, len(around)):
                swapped = [*around[:i], around[j], *around[i + 1 : j], around[i], *around[j + 1 :]]
                if cost(swapped) < best:
                    around, best = swapped, cost(swapped)
    return around


def _on_ellipse(around: Sequence[str], radius: float) -> dict[str, Box]:
    found = {}
    for i, name in enumerate(around):
        angle = 2 * math.pi * i / len(around) - math.pi
        width = width_of(shown(name), FONT + 1) + 2 * PAD + 8
        found[name] = Box(math.cos(angle) * radius * _ASPECT, math.sin(angle) * radius, width, NODE_HEIGHT)
    return found


def size_of(card: Card) -> Box:
    """A card's size, at no place yet."""
    widths = [width_of(heading_of(card), FONT)]
    for line in card.lines:
        numbers = [width_of(text) + PAD for text, _ in numbers_of(line)]
        widths.append(width_of(shown(line.text)) + sum(numbers))
    return Box(0, 0, max(widths) + 2 * PAD, LINE_HEIGHT * (len(card.lines) + 1) + PAD)


def _between(cards: Sequence[Card], nodes: dict[str, Box], radius: float) -> dict[Card, Box] | None:
    """Places for cards, each near the middle of its edge, found for the largest first; None where one has no room."""
    placed: dict[Card, Box] = {}
    sized = sorted(((size_of(card), card) for card in cards), key=lambda x: (-x[0].width * x[0].height, x[1].pair))
    for size, card in sized:
        taken = [*nodes.values(), *placed.values()]
        ends = [nodes[end] for end in card.pair]
        candidates = _outside(ends[0], size, _room(card)) if _is_loop(card) else _along(ends[0], ends[1], radius)
        fitting = ((x, y) for x, y in candidates if not any(size.at(x, y).near(other) for other in taken))
        free = list(itertools.islice(fitting, _CHOICE))
        if not free:
            return None
        placed[card] = size.at(*min(free, key=lambda at: _badness(size.at(*at), ends, taken)))
    return {card: placed[card] for card in cards}


def _badness(box: Box, ends: Sequence[Box], taken: Sequence[Box]) -> tuple[float, float, float]:
    """How far a card is from the middle of its edge, and what its edge goes behind."""
    middle = ((ends[0].x + ends[1].x) / 2, (ends[0].y + ends[1].y) / 2)
    others = [other for other in taken if other not in ends]
    behind = sum(other.crosses((end.x, end.y), (box.x, box.y)) for end in ends for other in others)
    return (math.dist((box.x, box.y), middle) + 90 * behind, box.y, box.x)


def _along(a: Box, b: Box, radius: float) -> Iterator[tuple[float, float]]:
    """Points on and beside an edge, from its middle to its ends."""
    length = math.dist((a.x, a.y), (b.x, b.y)) or 1.0
    across = ((a.y - b.y) / length, (b.x - a.x) / length)
    for aside in (0.0, 30.0, -30.0, 65.0, -65.0, 0.2 * radius, -0.2 * radius, 0.35 * radius, -0.35 * radius):
        for step in range(15):
            t = 0.5 + (step + 1) // 2 * (0.045 if step % 2 else -0.045)
            yield (a.x + (b.x - a.x) * t + across[0] * aside, a.y + (b.y - a.y) * t + across[1] * aside)


def _outside(node: Box, size: Box, room: float) -> Iterator[tuple[float, float]]:
    """Points around an object, away from the middle of the picture first; `room` is for a number on the loop."""
    out = math.atan2(node.y, node.x)
    for ring in range(7):
        for step in range(16):
            angle = out + (step + 1) // 2 * (math.pi / 8 if step % 2 else -math.pi / 8)
            far = 26.0 + room + 28.0 * ring
            reach = ((node.width + size.width) / 2 + far, (node.height + size.height) / 2 + far)
            yield (node.x + math.cos(angle) * reach[0], node.y + math.sin(angle) * reach[1])


def _ends_with_limits(card: Card) -> list[tuple[str, Number]]:
    """The ends of an edge that have an object limit: the objects that are counted. A loop has one number at most."""
    ends = zip(reversed(card.pair), card.object_limits, strict=True)
    return [(end, number) for end, number in ends if number is not None][: 1 if _is_loop(card) else 2]


def _is_loop(card: Card) -> bool:
    return card.pair[0] == card.pair[1]


def _room(card: Card) -> float:
    """How much further a card is from its object for the number on its loop."""
    return max((_badge(number).width for _, number in _ends_with_limits(card)), default=0.0)


def _badge(number: Number) -> Box:
    return Box(0, 0, width_of(str(number.max), FONT) + 12, 18)


def turns_of(node: Box, card: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two points that a loop bends towards, on its way from an object to its card and back."""
    dx, dy = (card.y - node.y) / 2.5, (node.x - card.x) / 2.5
    return ((card.x + dx, card.y + dy), (card.x - dx, card.y - dy))


def _on_edge(node: Box, card: Box, t: float, *, loop: bool) -> tuple[float, float]:
    """The point of an edge that is a part `t` of the way from the object to the card."""
    if not loop:
        return (node.x + (card.x - node.x) * t, node.y + (card.y - node.y) * t)
    x, y = turns_of(node, card)[0]
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return (a * node.x + b * x + c * card.x, a * node.y + b * y + c * card.y)


def _badges(card: Card, box: Box, nodes: dict[str, Box], taken: list[Box]) -> tuple[Badge, ...]:
    """Object limits on the edge, near its ends, where there is room; `taken` has them then. All are on the card too."""
    found: list[Badge] = []
    for end, number in _ends_with_limits(card):
        node = nodes[end]
        size = _badge(number)
        for step in range(40):
            t = 0.05 + step * 0.02
            there = size.at(*_on_edge(node, box, t, loop=_is_loop(card)))
            if not any(there.near(other, 3) for other in taken):
                found.append(Badge(there, number))
                taken.append(there)
                break
    return tuple(found)


def _frame(boxes: Sequence[Box]) -> Box:
    if not boxes:
        return Box(0, 0, 400, 200)
    left, right = min(b.left for b in boxes), max(b.left + b.width for b in boxes)
    top, bottom = min(b.top for b in boxes), max(b.top + b.height for b in boxes)
    return Box((left + right) / 2, (top + bottom) / 2, right - left + 40, bottom - top + 40)
