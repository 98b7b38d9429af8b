"""How the portals of a fleet differ from what they should have, and which of them differ in the same way."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.errors import HubAssocError, one_line
from pulumi_hubassoc.estate import report
from pulumi_hubassoc.estate.compare import Differences, compare
from pulumi_hubassoc.estate.declared import declared
from pulumi_hubassoc.estate.document import Document
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.fleet.access import settings_of
from pulumi_hubassoc.fleet.document import Fleet, FleetPortal, schema_of
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.portal_view import PortalView

PARALLEL = 8
"""Portals that are read at once."""
Kind = Literal["unread", "misses", "changed", "besides"]
"""``misses`` what the schema has; ``besides`` has what it has not."""
_KINDS: tuple[Kind, ...] = ("unread", "misses", "changed", "besides")
_OF_SIDE: dict[str, Kind] = {"left": "misses", "both": "changed", "right": "besides"}
_REFERENCE = re.compile(r" — \[[^\]]*\]$")


@dataclass(frozen=True)
class Compared:
    """One portal.

    Attributes:
        portal: of the fleet.
        differences: from what it should have, which is left; None if it could not be read.
        error: why it could not be, one line; "" if it could.
    """

    portal: FleetPortal
    differences: Differences | None
    error: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether it was read, and has what it should have and nothing else."""
        return self.differences is not None and not self.differences


@dataclass(frozen=True)
class Group:
    """A way to differ, and the portals that do.

    Attributes:
        kind: of the difference.
        what: the label or limit, and which field; for what could not be read, why.
        stacks: of each way in which it is so (``5 → 10``; "" where there is one only) the portals.
    """

    kind: Kind
    what: str
    stacks: dict[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """How many portals."""
        return sum(map(len, self.stacks.values()))

    @property
    def sentence(self) -> str:
        """For people."""
        many = self.size != 1
        if self.kind == "unread":
            return f"{self.size} could not be read: {self.what}"
        verbs = {"misses": ("miss", "misses"), "changed": ("have", "has"), "besides": ("have besides", "has besides")}
        verb = verbs[self.kind][0 if many else 1]
        return f"{self.size} {verb} {self.what}" + (" changed" if self.kind == "changed" else "")


def read_all(
    fleet: Fleet,
    portals: Sequence[FleetPortal],
    *,
    parallel: int = PARALLEL,
    on_read: Callable[[Compared], None] = lambda _: None,
) -> list[Compared]:
    """Compare each of some portals with the fleet's schema and its overlay; in their order.

    A portal that cannot be read says so in its own result, and no other one hears of it.

    Args:
        fleet: with a schema.
        portals: of it.
        parallel: how many are read at once.
        on_read: told of each, as it comes, from the calling thread.

    Raises:
        SchemaError: if the schema or an overlay has any fault.
    """
    wanted = _wanted(fleet, portals)
    pool = ThreadPoolExecutor(parallel, thread_name_prefix="portal")
    try:
        reading = [pool.submit(_compared, fleet, portal, wanted[portal.overlay]) for portal in portals]
        for future in as_completed(reading):
            on_read(future.result())
        return [future.result() for future in reading]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after a Ctrl-C nothing more is asked


def groups(found: Iterable[Compared]) -> list[Group]:
    """Equal differences together: what could not be read, then what is missed, changed, besides; the most common first."""
    ways: defaultdict[tuple[Kind, str], defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for compared in found:
        for kind, what, way in _ways(compared):
            ways[kind, what][way].append(compared.portal.stack)
    made = [
        Group(kind, what, {way: tuple(of[way]) for way in sorted(of, key=lambda way: (-len(of[way]), way))})
        for (kind, what), of in ways.items()
    ]
    return sorted(made, key=lambda group: (_KINDS.index(group.kind), -group.size, group.what))


def summary(found: Sequence[Compared]) -> str:
    """One line: how many are equal, how many differ, how many could not be read."""
    equal = sum(compared.is_equal for compared in found)
    unread = sum(compared.differences is None for compared in found)
    parts = [f"{equal} equal", f"{len(found) - equal - unread} different"]
    return ", ".join([*parts, *([f"{unread} could not be read"] if unread else [])])


def as_json(found: Sequence[Compared]) -> dict[str, Any]:
    """All of it for a script; a portal's differences are what `hubassoc diff --json` prints."""
    return {
        "equal": [compared.portal.stack for compared in found if compared.is_equal],
        "groups": [
            {"kind": group.kind, "what": group.what, "portals": group.size, "stacks": group.stacks}
            for group in groups(found)
        ],
        "portals": [
            {
                "stack": compared.portal.stack,
                "portalId": compared.portal.portal_id,
                "error": compared.error or None,
                "differences": report.as_json(compared.differences) if compared.differences is not None else None,
            }
            for compared in found
        ],
    }


def lines(compared: Compared) -> list[str]:
    """A portal's differences, a line each."""
    if compared.differences is None:
        return [f"could not be read: {compared.error}"]
    return [_line(row) for row in report.rows(compared.differences)]


def _line(row: report.Row) -> str:
    field, way = _field_and_way(row)
    what = f"{row.what} ({row.objects})"
    told = {"left": f"misses {what}: {row.left}", "right": f"has besides {what}: {row.right}"}
    return told.get(row.side, f"{field}{what}: {way}")


def _wanted(fleet: Fleet, portals: Sequence[FleetPortal]) -> dict[Any, Document]:
    """What portals should have, by overlay: a fleet may have thousands of portals and few overlays."""
    return {
        overlay: declared(schema_of(fleet, portal), "the schema")
        for overlay, portal in {portal.overlay: portal for portal in portals}.items()
    }


def _compared(fleet: Fleet, portal: FleetPortal, wanted: Document) -> Compared:
    try:
        settings = settings_of(fleet, portal)
        hubspot = HubSpot(settings.connection)
        try:
            found = read_portal(PortalView(hubspot, settings.portal_id, settings.account_types))
        finally:
            hubspot.close()
        return Compared(portal, compare(wanted, found))
    except (HubAssocError, EngineError) as error:
        return Compared(portal, None, one_line(f"{type(error).__name__}: {error}", 600))
    except Exception as error:  # noqa: BLE001  a fault of ours at one portal is no end of the others
        return Compared(portal, None, f"unexpected {type(error).__name__}")


def _ways(compared: Compared) -> Iterator[tuple[Kind, str, str]]:
    """Kind, what, and in which way."""
    if compared.differences is None:
        yield "unread", _REFERENCE.sub("", compared.error), ""
        return
    for row in report.rows(compared.differences):
        field, way = _field_and_way(row)
        yield _OF_SIDE[row.side], f"{field}{row.what} ({row.objects})", way


def _field_and_way(row: report.Row) -> tuple[str, str]:
    """``max of`` and ``5 → 10``; nothing where something is there on one side alone."""
    if row.side != "both":
        return "", ""
    (field, _, left), right = row.left.partition(": "), row.right.partition(": ")[2]
    return f"{field} of ", f"{left} → {right}"
