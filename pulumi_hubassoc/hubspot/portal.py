"""A portal as resources use it: the shared view, its labels, its limits and sets of them."""

from __future__ import annotations

from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.labels import Labels
from pulumi_hubassoc.hubspot.limit_sets import LimitSets
from pulumi_hubassoc.hubspot.limits import Limits
from pulumi_hubassoc.hubspot.plans import GRACE_S
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.hubspot.preflight import Preflight


class Portal:
    """One portal in one process.

    Args:
        view: what the process has seen of it.
        grace_s: how long a write that is in the way waits to hear what else is planned.
        hasty: the same portal, seen by a client that does not wait long: a preview looks ahead with it.
        labels_per_pair: labels that a pair may have.
    """

    def __init__(
        self,
        view: PortalView,
        grace_s: float = GRACE_S,
        hasty: PortalView | None = None,
        labels_per_pair: int = facts.LABELS_PER_PAIR,
    ) -> None:
        self.view = view
        self.labels = Labels(view, grace_s)
        self.limits = Limits(view, grace_s)
        self.limit_sets = LimitSets(view, self.limits)
        self.preflight = Preflight(hasty or view, self.labels, self.limits, labels_per_pair)

    def guard(self, state_portal_id: int | None = None) -> int:
        """The portal's id, once it is certain that it is the right one (see `PortalView.guard`)."""
        return self.view.guard(state_portal_id)
