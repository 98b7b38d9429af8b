"""What the label lists of a pair would say, where other answers prove it, so that nobody has to ask for them.

Three answers tell of a label: Limits Tracking its texts, the schema of an object its ids and its internal name, the list
of all limits its category, ids and texts, if it has a limit. None of them says all of it, and each is late in its own
time: texts up to 40 seconds, new ids five minutes [observed]. So they have to agree in everything:

* as many labels are in the schema as there are texts in each direction;
* all but one are known by their limits;
* the one that is left has the one text that is left, and its internal name is one that was made of this text: by
  HubSpot's settings page or by this package. A name is for ever, a text is not: were the ids those of a label that is
  gone and the text that of its successor, the name would be of another text. A text that was changed is unprovable for
  the same reason.

What a text was a moment ago nobody can tell from these answers: who must not be late asks for the lists. That Limits
Tracking leaves out what apps have made is [assumed].
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from pulumi_hubassoc.estate.schemas import Shown
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.facts import HUBSPOT_DEFINED, USER_DEFINED
from pulumi_hubassoc.hubspot.label_lists import derived_in_settings
from pulumi_hubassoc.hubspot.names import looks_derived_from
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, Types

Texts = Mapping[Direction, Collection[str]]
"""The texts of labels by direction, as Limits Tracking has them."""


def proven_lists(
    pair: Direction, texts: Texts, shown: Collection[Shown], limited: Types
) -> dict[Direction, Types] | None:
    """The user-defined types of both directions of a pair, None unless they are proven.

    Args:
        pair: its objects.
        texts: of the whole portal.
        shown: what schemas show of the pair.
        limited: every type in the list of all limits with its text, whether or not a limit is set.
    """
    directions = list(dict.fromkeys((pair, pair[::-1])))
    left = {d: Counter(texts.get(d, ())) for d in directions}
    labels: defaultdict[str | None, list[Shown]] = defaultdict(list)
    for s in shown:
        labels[s.name].append(s)
    if None in labels or not all(left.values()) or not all(_is_whole(sides, directions) for sides in labels.values()):
        return None
    ids = {s.type_id for s in shown}
    if any(i in ids and category not in (USER_DEFINED, HUBSPOT_DEFINED) for category, i in limited):
        return None
    found: dict[Shown, str | None] = {}
    unknown: dict[str, list[Shown]] = {}
    for name, sides in labels.items():
        known = [(USER_DEFINED, s.type_id) in limited for s in sides]
        if all(known):
            found |= {s: limited[USER_DEFINED, s.type_id] for s in sides}
        elif name is not None:
            unknown[name] = sides
    for s, text in found.items():
        if text is not None:
            left[s.direction][text] -= 1
    last = _the_last(pair, left, unknown)
    if last is None or any(limited.get((USER_DEFINED, s.type_id), text) != text for s, text in last.items()):
        return None
    found |= last
    plain = {s.name for s, text in found.items() if text is None}
    if len(plain) != (0 if all(map(facts.is_standard, pair)) else 1):
        return None  # a custom object has one plain association in each pair with labels [observed], others HubSpot's
    lists: dict[Direction, dict[Key, str | None]] = {d: {} for d in directions}
    for s, text in found.items():
        lists[s.direction][USER_DEFINED, s.type_id] = text
    return {**lists}


def _is_whole(sides: list[Shown], directions: list[Direction]) -> bool:
    """Whether a name has an id in each direction; on one object two, or one that serves both."""
    number = Counter(s.direction for s in sides)
    return len(number) == len(directions) and all(n == 1 or (n == 2 and len(directions) == 1) for n in number.values())


def _the_last(
    pair: Direction, left: dict[Direction, Counter[str]], unknown: dict[str, list[Shown]]
) -> dict[Shown, str | None] | None:
    """The one label that is not known by limits with the one text that is left, and a plain association beside it."""
    texts = {d: list(counter.elements()) for d, counter in left.items()}
    if any(n < 0 for counter in left.values() for n in counter.values()):
        return None  # a text that Limits Tracking does not have (yet, or any more)
    if not any(texts.values()):
        return {s: None for sides in unknown.values() for s in sides} if len(unknown) <= 1 else None
    if any(len(set(some)) != 1 for some in texts.values()):
        return None
    either = {text for some in texts.values() for text in some}
    named = [name for name in unknown if any(_made_of(name, d, t) for d in (pair, pair[::-1]) for t in either)]
    if (
        len(named) != 1
        or len(unknown) > 2
        or any(len(some) != _sides(unknown[named[0]], d) for d, some in texts.items())
        or not all(_cannot_be_turned(pair, named[0], unknown[named[0]], unknown[n]) for n in unknown.keys() - named)
    ):
        return None
    return {s: texts[s.direction][0] if n == named[0] else None for n, sides in unknown.items() for s in sides}


def _cannot_be_turned(pair: Direction, label: str, labels: list[Shown], plain: list[Shown]) -> bool:
    """Whether it is certain which of two is the label and which the plain association, whose name may be of the text too.

    HubSpot itself calls a plain association `deal_to_toy` [observed], with singulars; whoever makes one under another
    name does so before the first label, and ids grow [observed].
    """
    plurals = any(label.startswith(f"{o}_to_") or f"_to_{o}_" in label for o in pair if facts.is_standard(o))
    grows = max(s.type_id for s in plain) < min(s.type_id for s in labels)
    return grows and (plurals or "_to_" not in label)


def _sides(label: list[Shown], direction: Direction) -> int:
    return sum(s.direction == direction for s in label)


def _made_of(name: str, direction: Direction, text: str) -> bool:
    """Whether an internal name is the one that HubSpot's settings page or this package makes of a text."""
    return name == derived_in_settings(text) or looks_derived_from(name, *direction, text)
