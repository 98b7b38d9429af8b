"""A portal as resources use it: the shared view, its labels, its limits and sets of them."""

from __future__ import annotations

from pulumi_hubassoc.hubspot.labels import Labels
from pulumi_hubassoc.hubspot.limit_sets import LimitSets
from pulumi_hubassoc.hubspot.limits import Limits
from pulumi_hubassoc.hubspot.plans import GRACE_S
from pulumi_hubassoc.hubspot.portal_view import PortalView


class Portal:
    """One portal in one process.

    Args:
        view: what the process has seen of it.
        grace_s: how long a write that is in the way waits to hear what else is planned.
    """

    def __init__(self, view: PortalView, grace_s: float = GRACE_S) -> None:
        self.view = view
        self.labels = Labels(view, grace_s)
        self.limits = Limits(view, grace_s)
        self.limit_sets = LimitSets(view, self.limits)

    def guard(self, state_portal_id: int | None = None) -> int:
        """The portal's id, once it is certain that it is the right one (see `PortalView.guard`)."""
        return self.view.guard(state_portal_id)
