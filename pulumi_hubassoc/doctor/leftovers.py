"""Labels that an interrupted create may have left: in the portal, with a name as we derive them, and in no state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_hubassoc.doctor.finding import CannotLook, Verdict, ok, warning
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.errors import HubAssocError, HubSpotError, Refused
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import HubSpot, arrow
from pulumi_hubassoc.hubspot.models import Definition
from pulumi_hubassoc.hubspot.names import looks_derived
from pulumi_hubassoc.resources.label import split_label_id

_TYPE = "pulumi-python:dynamic/hubassoc:AssociationLabel"
_ALWAYS = ("contacts", "companies", "deals", "tickets")
"""The standard objects that are said to carry labels [docs]: a state that has lost a label does not name its objects."""
_SHOWN = 10


@dataclass(frozen=True)
class Known:
    """What states know of a portal's labels.

    Attributes:
        type_ids: of both directions.
        names: internal ones.
        object_types: on either side.
    """

    type_ids: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()
    object_types: frozenset[str] = frozenset()

    def __or__(self, other: Known) -> Known:
        return Known(self.type_ids | other.type_ids, self.names | other.names, self.object_types | other.object_types)


def leftovers(scene: Scene) -> Verdict:
    """Labels whose name looks derived and that no state given knows; other stacks and projects may own them."""
    hubspot, known = scene.hubspot, Known()
    for path in scene.states:
        known |= read_state(path)
    found: dict[str, str] = {}
    unseen: list[str] = []
    object_types = sorted({*_ALWAYS, *known.object_types})
    for object_type in object_types:
        found |= _unknown(_definitions(hubspot, object_type, unseen), known)
    if len(unseen) == len(object_types):
        raise CannotLook(f"HubSpot shows the names of no labels: {', '.join(unseen)}")
    not_seen = f"; could not look at {', '.join(unseen)}" if unseen else ""
    if not found:
        return ok(f"none{not_seen}")
    shown = ", ".join(f"{name} ({pair})" for name, pair in sorted(found.items())[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return warning(
        f"{len(found)} of this portal's labels may have been left by an interrupted run: {shown}{more}{not_seen}",
        "if the resource is still in the program, `pulumi up` takes its label over; if no other stack or project manages "
        "it, delete it in HubSpot (Settings → Objects → Associations)",
    )


def _definitions(hubspot: HubSpot, object_type: str, unseen: list[str]) -> tuple[Definition, ...]:
    """An object's definitions; of one that the portal or the token does not have, none, and a note of it."""
    try:
        return hubspot.definitions(object_type)
    except Refused as refusal:
        unseen.append(f"{object_type} ({refusal.status})")
        return ()
    except HubSpotError as fault:
        raise CannotLook(fault.said) from None


def _unknown(rows: Iterable[Definition], known: Known) -> Mapping[str, str]:
    """Name -> its direction. A label's two directions have one name; the one it was made in is that which the name tells."""
    found = {}
    for row in rows:
        ends = _object_type(row.from_object_type_id), _object_type(row.to_object_type_id)
        owned = row.name in known.names or (row.id.isdigit() and int(row.id) in known.type_ids)
        if row.name and not owned and looks_derived(row.name, *ends):
            found[row.name] = arrow(*ends)
    return found


def _object_type(type_id: str) -> str:
    try:
        return facts.object_type(type_id)
    except ValueError:  # an object whose id is not documented
        return type_id


def read_state(path: Path) -> Known:
    """What a state knows: the file of `pulumi stack export`, or ``.pulumi-local/<stack>.json``.

    Raises:
        CannotLook: it cannot be read, or is not all there is to know.
    """
    if path.with_suffix(".journal").exists():
        raise CannotLook(f"a run on {path} was killed: run `hubassoc local up` first, which ends it")
    try:
        deployment = json.loads(path.read_text(encoding="utf-8"))["deployment"]
        rows = deployment.get("resources") or []
        return _known(row for row in rows if row.get("type") == _TYPE and row.get("id"))
    except OSError as fault:
        raise CannotLook(f"{path} cannot be read: {fault.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, HubAssocError):
        raise CannotLook(f"{path} is no state: give the file of `pulumi stack export --file …`") from None


def _known(rows: Iterable[Mapping[str, Any]]) -> Known:
    known = Known()
    for row in rows:
        ref = split_label_id(row["id"])
        name = (row.get("outputs") or {}).get("name")
        known |= Known(
            frozenset({ref.type_id, ref.inverse_type_id}),
            frozenset({name} if isinstance(name, str) else ()),
            frozenset({ref.from_object_type, ref.to_object_type}),
        )
    return known
