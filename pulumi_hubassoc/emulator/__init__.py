"""A HubSpot portal to try things on: answers like HubSpot, traps included, and breaks on request.

`Emulator` is the way in; importing it costs no web framework until the first request.
"""

from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.emulator.faults import Fault
from pulumi_hubassoc.emulator.journal import Journal, Record
from pulumi_hubassoc.emulator.portal import Clock, Portal
from pulumi_hubassoc.emulator.server import Emulator
from pulumi_hubassoc.emulator.settings import Settings
from pulumi_hubassoc.emulator.state import AssociationType, CustomObject, Label, Limit

__all__ = [
    "AssociationType",
    "Clock",
    "CustomObject",
    "Emulator",
    "Fault",
    "Journal",
    "Label",
    "Limit",
    "Portal",
    "Record",
    "Refusal",
    "Settings",
]
