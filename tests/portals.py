"""Portals with something in them, for what reads, compares or exports a whole portal."""

from __future__ import annotations

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.estate.document import Document
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.hubspot.waiting import Patience
from tests.conftest import TOKEN

HARD_TEXTS = [
    'Says "yes"',
    'It\'s "both"',
    "Line\nbreak",
    "Other\x85line\u2028ends",
    "Back\\slash\ttab",
    "Boss 👩‍💼",
    "מנהל",
    "مدير \u202eabc",
    "Größe",
    "class",
    "7 of 9",
    "{{braces}} $HOME ${x} %s",
    "# no comment: really",
    "yes",
    "x" * 120,
]
"""Texts that are hard on names, quotes, formats and readers."""


def view_of(emulator: Emulator) -> PortalView:
    """A view of the portal of `TOKEN`, without a network."""
    return PortalView(HubSpot(Connection(Token(TOKEN)), transport=emulator.transport(), patience=Patience(0.0)))


def document_of(emulator: Emulator) -> Document:
    """What the portal of `TOKEN` has."""
    return read_portal(view_of(emulator))


def fill(portal: Portal) -> None:
    """Labels of every kind, made in HubSpot's own pages and over its API, and limits of every kind; 200 of each to manage.

    Ids collide with HubSpot's own, custom objects are on either side, and a label of an app and a type of work are there.
    """
    drift = portal.drift
    for name in ("pet", "vet_visit"):
        drift.create_custom_object(name)
    drift.create_label("contacts", "companies", "Made by an app", category="INTEGRATOR_DEFINED")
    drift.create_label("contacts", "deals", "At work", category="WORK")
    for number, text in enumerate(HARD_TEXTS):
        drift.create_label("contacts", "companies", text, name=f"hard_{number}")
        drift.create_label("contacts", "contacts", text, f"{text} back", name=f"hard_own_{number}")
    for start, end in (
        ("companies", "contacts"),  # made from the other side
        ("contacts", "deals"),
        ("deals", "deals"),
        ("p_pet", "contacts"),
        ("p_pet", "p_vet_visit"),
        ("p_pet", "p_pet"),
    ):
        for number in range(26):
            inverse = f"Is of {number}" if number % 2 else None
            drift.create_label(start, end, f"Relation {number}", inverse, name=f"{start}_{end}_{number}")
    drift.create_label("companies", "tickets", "Relation 0")  # named by HubSpot
    number_of = len(portal.labels())
    for number in range(202 - number_of):
        drift.create_label("tickets", "contacts", f"Watcher {number}")
    for a, b, type_id, most in (
        ("contacts", "companies", 279, 900),
        ("companies", "contacts", 280, 800),
        ("contacts", "companies", 1, 3),
        ("companies", "companies", 13, 20),
        ("contacts", "contacts", 449, 700),
        ("deals", "line_items", 19, 50),
    ):
        drift.set_limit(a, b, type_id, most, "HUBSPOT_DEFINED")
    plain = next(x for x in portal.types("contacts", "p_pet") if x.label is None)
    drift.set_limit("contacts", "p_pet", plain.type_id, 600)
    limit_labels(portal, 220)  # some are told twice, some are of apps


def limit_labels(portal: Portal, number: int) -> None:
    """Limits of labels, in turn of one direction or both, until there are so many in the portal."""
    for count, label in enumerate(portal.labels()):
        ends = (label.from_object_type, label.to_object_type)
        for a, b, type_id in ((*ends, label.type_id), (*ends[::-1], label.inverse_type_id))[count % 2 :]:
            if len(portal.limits()) < number:
                portal.drift.set_limit(a, b, type_id, 1 + count, label.category)
