"""What the schemas of objects show of the associations between two: ids and internal names, no texts, no categories.

A schema shows the types that begin and those that end at its object [observed], so that not every object of a portal
has to be asked. What one object's schema does not show is looked for in the other's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.estate.document import order, pair_of
from pulumi_hubassoc.hubspot.models import Definition
from pulumi_hubassoc.hubspot.portal_view import Direction, PortalView, without_hubspots_own

NOT_ALLOWED = (403, 404)
"""Statuses of a read that this token or portal does not have."""


@dataclass(frozen=True)
class Shown:
    """One direction of a label or of a plain association, as a schema shows it."""

    type_id: int
    name: str | None
    direction: Direction


class Schemas:
    """The schemas of a portal, each object asked at most once.

    Args:
        view: the portal.
        object_type: the canonical object type of an id; raises ValueError for one that is not known.
        on_read: told of each object before it is asked.
    """

    def __init__(self, view: PortalView, object_type: Callable[[str], str], on_read: Callable[[str], None]) -> None:
        self._view, self._object_type, self._on_read = view, object_type, on_read
        self._asked: set[str] = set()
        self._shown: defaultdict[Direction, set[Shown]] = defaultdict(set)
        self.refused = False

    def know(self, object_type: str, definitions: Iterable[Definition]) -> None:
        """What another answer has told of an object's schema."""
        self._asked.add(object_type)
        for d in without_hubspots_own(definitions):
            try:
                direction = (self._object_type(d.from_object_type_id), self._object_type(d.to_object_type_id))
            except ValueError:  # an object that nobody can name has no labels that anybody could manage
                continue
            if d.id.isdecimal():
                self._shown[pair_of(direction)].add(Shown(int(d.id), d.name, direction))

    def unasked(self, pairs: Iterable[Direction]) -> list[str]:
        """The objects that have to be asked about these pairs: few, and one of each pair at least."""
        left = [pair for pair in pairs if not self._asked.intersection(pair)]
        found: list[str] = []
        while left:
            count = Counter(end for pair in left for end in set(pair))
            alone = [a for a, b in left if a == b]
            best = alone[0] if alone else min(count, key=lambda end: (-count[end], order((end, end))))
            found.append(best)
            left = [pair for pair in left if best not in pair]
        return found

    def ask(self, object_types: Iterable[str]) -> None:
        """Read the schemas of these objects, unless that is done; one that must not be read shows nothing."""
        for object_type in object_types:
            if object_type in self._asked:
                continue
            self._asked.add(object_type)
            self._on_read(object_type)
            try:
                self.know(object_type, self._view.definitions(object_type))
            except Refused as refusal:
                if refusal.status not in NOT_ALLOWED:
                    raise
                self.refused = True

    def of(self, pair: Direction) -> set[Shown]:
        """What is shown of a pair so far, both directions, without HubSpot's documented types."""
        return self._shown[pair_of(pair)]

    def names(self, direction: Direction, type_ids: Iterable[int]) -> dict[int, str | None]:
        """The internal name of each type, None where none is shown, or more than one; the other object is asked too."""
        wanted = set(type_ids)
        if wanted - self._named(direction).keys():
            self.ask(direction)
        found = self._named(direction)
        return {i: min(found[i]) if len(found[i]) == 1 else None for i in sorted(wanted)}

    def _named(self, direction: Direction) -> defaultdict[int, set[str]]:
        found: defaultdict[int, set[str]] = defaultdict(set)
        for s in self.of(direction):
            if s.direction == direction and s.name is not None:
                found[s.type_id].add(s.name)
        return found

    def pairs(self) -> Iterator[Direction]:
        """The pairs of which something is shown."""
        return (pair for pair, shown in self._shown.items() if shown)
