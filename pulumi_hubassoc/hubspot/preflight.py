"""Looking ahead in a preview: what HubSpot would refuse of what is about to be made.

It says and never stops anything. Lists are read once a process, whatever the number of resources, and what cannot be
looked up is said once. What other resources of the run are about to become is known only as far as their checks have
come [observed], so a sentence says where this run itself may clear the way.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from pulumi_hubassoc.errors import HubAssocError, Refused
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.label_create import NewLabel
from pulumi_hubassoc.hubspot.label_lists import LabelLists, LabelRef, holder
from pulumi_hubassoc.hubspot.labels import Labels
from pulumi_hubassoc.hubspot.limit_sets import LimitSets, Maxima
from pulumi_hubassoc.hubspot.limits import Limits
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, Types

_NAMED = 5


class Notice(NamedTuple):
    """Something to be said in a preview."""

    severity: Literal["info", "warning"]
    message: str


class Preflight:
    """Looks ahead for one portal. Threads may share it.

    Args:
        view: the portal, read by a client that does not wait long.
        labels: what is known of the labels of this run.
        limits: what is known of the limits of this run.
        labels_per_pair: labels that a pair may have.
    """

    def __init__(self, view: PortalView, labels: Labels, limits: Limits, labels_per_pair: int) -> None:
        self._view, self._labels, self._limits = view, labels, limits
        self._lists = LabelLists(view)
        self._live = Limits(view)
        self._sets = LimitSets(view, self._live)
        self._most = labels_per_pair
        self._lock = threading.Lock()
        self._off = False
        self._refused: set[frozenset[str]] = set()
        self._leaving: set[tuple[Direction, Key]] = set()
        self._new_texts: defaultdict[Direction, set[str]] = defaultdict(set)
        self._new_labels: Counter[frozenset[str]] = Counter()

    def leave(self, ref: LabelRef) -> None:
        """Note that a label is replaced: it is deleted before anything takes its texts."""
        self._leaving |= {(ref.forward, ref.key), (ref.backward, ref.inverse_key)}

    def label(self, new: NewLabel) -> list[Notice]:
        """What is to be said of a label that is about to be made."""
        return self._ahead(new.direction, f"the label {new}", lambda: self._label(new))

    def limits(
        self,
        direction: Direction,
        wanted: Maxima,
        *,
        going: Collection[Key] = (),
        stays: Collection[Key] | None = None,
    ) -> list[Notice]:
        """What is to be said of limits that are about to be set.

        Args:
            direction: from and to object type.
            wanted: the limits.
            going: limits that are removed first.
            stays: the only limits that are not; None where others are left alone.
        """
        what = f"the limits of {arrow(*direction)}"
        return self._ahead(direction, what, lambda: self._maxima(direction, wanted, going, stays))

    def others(self, direction: Direction, listed: Collection[Key], *, authoritative: bool) -> list[Notice]:
        """Which limits a set of limits leaves alone, or removes."""
        what = f"the limits of {arrow(*direction)}"
        return self._ahead(direction, what, lambda: self._others(direction, listed, authoritative=authoritative))

    def _ahead(self, direction: Direction, what: str, look: Callable[[], Iterable[Notice]]) -> list[Notice]:
        """What a look finds; a portal, or a pair of objects, that cannot be looked at is told once."""
        with self._lock:
            if self._off or frozenset(direction) in self._refused:
                return []
            try:
                return list(look())
            except Refused as refusal:
                self._off = refusal.status not in (400, 404)
                self._refused.add(frozenset(direction))
                verb = "The preview could not look at" if self._off else "HubSpot would refuse"
                return [Notice("warning", f"{verb} {what}: {refusal}")]
            except HubAssocError as error:
                self._off = True
                return [Notice("warning", f"The preview could not look into the portal: {error}")]

    # ------------------------------------------------------------------------------------------------------- labels

    def _label(self, new: NewLabel) -> Iterator[Notice]:
        taken_over = False
        is_single = new.inverse_label is None
        for direction, text in dict.fromkeys(((new.direction, new.texts[0]), (new.backward, new.texts[1]))):
            second_side = direction != new.direction
            # A single label is free on its other side too, as a rule: that list is not worth a request.
            held_by = None if second_side and is_single else self._held_by(direction, text)
            told = text in self._new_texts[direction]
            self._new_texts[direction].add(text)
            if held_by is not None:
                notice = self._text_is_held(new, direction, text, held_by)
                taken_over = taken_over or notice.severity == "info"
                yield notice
            elif told:
                yield _refused(
                    new, f'another new label of this program has the text "{text}" ({arrow(*direction)}) too'
                )
            if told and is_single:
                break  # the same of the other side
        if not taken_over:
            yield from self._cap(new)

    def _held_by(self, direction: Direction, text: str) -> int | None:
        """The label that has a text, unless it is about to lose it."""
        listed = self._view.labels(*direction)
        leaving = {key[1] for where, key in self._leaving if where == direction}
        freed = {i for (_, i) in listed if (texts := self._labels.planned(direction, i)) and texts[0] != text}
        return holder(listed, text, but=leaving | freed)

    def _text_is_held(self, new: NewLabel, direction: Direction, text: str, held_by: int) -> Notice:
        names = sorted(self._lists.names_of(direction, held_by, wait=False))
        who = f"label {held_by}" + (f" (internal name {', '.join(names)})" if names else "")
        if direction == new.direction and self._labels.planned(direction, held_by) is None:
            if new.adopt:
                return Notice("info", f"The label {new} is there already: {who} is taken over (adopt_existing)")
            if new.own_name and new.name in names:
                why = "has the name that is derived for this resource alone, as after a run that was cut short"
                return Notice("info", f"The label {new} is there already: {who} {why}, and is taken over")
        return _refused(
            new,
            f'{who} of this portal has the text "{text}" ({arrow(*direction)}) — choose another text, take that label over '
            "with adopt_existing=True, or run `pulumi up` for what removes it first; if this run renames it, all is well",
        )

    def _cap(self, new: NewLabel) -> Iterator[Notice]:
        pair = frozenset(new.direction)
        listed = self._view.labels(*new.direction).items()
        ids = [key for key, text in listed if key[0] == USER_DEFINED and text is not None]
        ids = [key for key in ids if (new.direction, key) not in self._leaving]
        there = len(ids) if len(pair) > 1 else -(-len(ids) // 2)  # both sides stand in the list of one object
        self._new_labels[pair] += 1
        if there + self._new_labels[pair] == self._most + 1:  # the first one too many tells it
            yield _refused(
                new,
                f"{arrow(*new.direction)} has {there} labels already, and a pair may have {self._most} — delete some",
            )

    # ------------------------------------------------------------------------------------------------------- limits

    def _maxima(
        self, direction: Direction, wanted: Maxima, going: Collection[Key], stays: Collection[Key] | None
    ) -> Iterator[Notice]:
        listed = self._view.labels(*direction)
        current = {key: most for key, most in self._view.limits().items() if key in listed and key not in going}
        current = {key: most for key, most in current.items() if stays is None or key in stays}
        ends = {key: most for key, most in (current | self._limits.planned(listed) | dict(wanted)).items() if most}
        object_key = self._live.object_key(direction)
        where = arrow(*direction)
        for key, maximum in wanted.items():
            if key not in listed:
                yield Notice(
                    "warning", f"HubSpot would refuse the limit of {key[0]} {key[1]}: {where} has no such type"
                )
            elif key == object_key:
                above = [f"{self._named(listed, k)} = {m}" for k, m in ends.items() if k != key and m > maximum]
                if above:
                    yield Notice(
                        "warning",
                        f"HubSpot would refuse the object limit {maximum} of {where}: {_few(above)} is above it — raise it, "
                        "or lower those in the same run",
                    )
            elif object_key is not None and maximum > ends.get(object_key, maximum):
                yield Notice(
                    "warning",
                    f"HubSpot would refuse the limit {maximum} of {self._named(listed, key)} ({where}): the object limit is "
                    f"{ends[object_key]} — lower this one, or raise that in the same run",
                )

    def _others(self, direction: Direction, listed: Collection[Key], *, authoritative: bool) -> Iterator[Notice]:
        texts = self._view.labels(*direction)
        found = [f"{self._named(texts, key)} = {most}" for key, most in self._sets.others(direction, listed).items()]
        if found and authoritative:
            yield Notice("warning", f"Limits of {arrow(*direction)} that are not listed are removed: {_few(found, 50)}")
        elif found:
            yield Notice("info", f"Limits of {arrow(*direction)} that are not listed are left alone: {_few(found, 50)}")

    @staticmethod
    def _named(listed: Types, key: Key) -> str:
        text = listed.get(key)
        return f'"{text}"' if text is not None else f"{key[0]} {key[1]}"


def _refused(new: NewLabel, why: str) -> Notice:
    return Notice("warning", f"HubSpot would refuse the label {new}: {why}")


def _few(items: list[str], most: int = _NAMED) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
