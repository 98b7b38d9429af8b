"""The portals of a process, made from settings: one client and one view for each, shared by all that ask."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection
from pulumi_hubassoc.hubspot.plans import GRACE_S
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.hubspot.waiting import Patience

if TYPE_CHECKING:
    import httpx

_HASTE_S = 5.0
"""A preview that looks ahead waits for a connection, an answer's parts and the end of failures no longer than this, once."""


class Portals:
    """The portals this process speaks to, one for each set of settings; threads and resource kinds share them.

    Args:
        transport: an httpx transport instead of the network.
        patience: how failures are waited out, made from the seconds that are set.
        grace_s: how long a write that is in the way waits to hear what else is planned.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        patience: Callable[[float], Patience] = Patience,
        grace_s: float = GRACE_S,
    ) -> None:
        self._transport, self._patience, self._grace_s = transport, patience, grace_s
        self._open: dict[configuration.Settings, Portal] = {}
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def is_news(self, message: str) -> bool:
        """Whether something that concerns the whole process is said for the first time."""
        with self._lock:
            known = message in self._said
            self._said.add(message)
            return not known

    def of(self, settings: configuration.Settings) -> Portal:
        """The portal of these settings. Nothing is sent yet."""
        with self._lock:
            if settings not in self._open:
                hasty = replace(
                    settings.connection,
                    patience_s=min(settings.connection.patience_s, _HASTE_S),
                    timeout_s=min(settings.connection.timeout_s, _HASTE_S),
                )
                self._open[settings] = Portal(
                    self._view(settings, settings.connection),
                    self._grace_s,
                    self._view(settings, hasty),
                    settings.labels_per_pair,
                )
            return self._open[settings]

    def anew(self) -> Portals:
        """Portals that are reached in the same way, of which nothing is known yet."""
        return Portals(self._transport, self._patience, self._grace_s)

    def close(self) -> None:
        """Close all connections; a later request opens a new one."""
        with self._lock:
            portals = list(self._open.values())
        for portal in portals:
            portal.view.hubspot.close()

    def _view(self, settings: configuration.Settings, connection: Connection) -> PortalView:
        hubspot = HubSpot(connection, transport=self._transport, patience=self._patience(connection.patience_s))
        return PortalView(hubspot, settings.portal_id, settings.account_types)
