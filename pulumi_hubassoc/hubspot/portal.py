"""A portal as resources use it: the shared view, its labels and its limits."""

from __future__ import annotations

from collections.abc import Collection

from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.labels import Labels
from pulumi_hubassoc.hubspot.limits import Limits
from pulumi_hubassoc.hubspot.portal_view import PortalView


class Portal:
    """One portal in one process.

    Args:
        hubspot: its API.
        portal_id: the portal that is meant, None if any will do.
        account_types: the account types allowed, empty if all are.
    """

    def __init__(self, hubspot: HubSpot, portal_id: int | None = None, account_types: Collection[str] = ()) -> None:
        self.view = PortalView(hubspot, portal_id, account_types)
        self.labels = Labels(self.view)
        self.limits = Limits(self.view)

    def guard(self, state_portal_id: int | None = None) -> int:
        """The portal's id, once it is certain that it is the right one (see `PortalView.guard`)."""
        return self.view.guard(state_portal_id)
