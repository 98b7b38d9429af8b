"""The emulator: several portals behind one HubSpot, in process or on a loopback socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_hubassoc.emulator.exchange import Exchange
from pulumi_hubassoc.emulator.faults import Fault, Faults
from pulumi_hubassoc.emulator.journal import Journal
from pulumi_hubassoc.emulator.portal import Account, Clock, Portal
from pulumi_hubassoc.emulator.settings import Settings
from pulumi_hubassoc.emulator.state import State

if TYPE_CHECKING:
    import flask
    import httpx

    from pulumi_hubassoc.emulator.httpd import RunningServer


class Emulator:
    """HubSpot, as far as association labels and limits go.

    ```python
    emulator = Emulator(seed=0)
    portal = emulator.add_portal(token="pat-na1-…", portal_id=42)
    client = httpx.Client(transport=emulator.transport(), base_url="https://api.hubapi.com")
    with emulator.serve() as url:
        ...
    ```

    Attributes:
        seed: all orders and correlation ids come from it.
        clock: the time; `clock.advance(300)` instead of waiting.
        journal: what was asked.
        faults: what is armed; `arm` and `disarm` are short for its methods.
        exchange: answers one request.
    """

    def __init__(self, seed: int = 0, *, clock: Clock | None = None, state_file: Path | None = None) -> None:
        """An emulator without portals.

        Args:
            seed: of all that looks random.
            clock: real time unless given; `Clock(start=…)` stands still.
            state_file: where the portals' data is kept; read when a portal is added, written after each write.
        """
        self.seed = seed
        self.clock = clock or Clock()
        self.journal = Journal()
        self.faults = Faults()
        self.exchange = Exchange(self)
        self._portals: dict[int, Portal] = {}
        self._tokens: dict[str, int] = {}
        self._state_file = state_file
        self._saving = threading.Lock()
        self._running: RunningServer | None = None

    def add_portal(
        self,
        *,
        token: str,
        portal_id: int = 1,
        account_type: str = "STANDARD",
        name: str = "",
        scopes: tuple[str, ...] | None = None,
        settings: Settings | None = None,
    ) -> Portal:
        """Adds a portal, and the token that opens it.

        Args:
            token: a bearer token; more of them with `add_token`.
            portal_id: HubSpot's number.
            account_type: one of facts.ACCOUNT_TYPES.
            name: for people.
            scopes: of the token; object scopes of contacts unless given.
            settings: how the portal answers.

        Raises:
            ValueError: if there is such a portal already, or such a token.
        """
        if portal_id in self._portals:
            msg = f"there is a portal {portal_id} already"
            raise ValueError(msg)
        account = Account(portal_id, account_type, name)
        if scopes is not None:
            account = replace(account, scopes=scopes)
        portal = Portal(account, seed=self.seed, clock=self.clock, settings=settings or Settings())
        self.add_token(token, portal_id)
        self._portals[portal_id] = portal
        if self._state_file:
            self._restore(portal, self._state_file)
            portal.on_change = self.save
        return portal

    def add_token(self, token: str, portal_id: int) -> None:
        """Lets a token open a portal.

        Raises:
            ValueError: if the token is empty or opens one already.
        """
        if not token or token in self._tokens:
            msg = "a token is empty or in use already"
            raise ValueError(msg)
        self._tokens[token] = portal_id

    def revoke(self, token: str) -> None:
        """Lets a token open nothing any more: HubSpot then says it expired in 1970 [observed]."""
        self._tokens.pop(token, None)

    def portal(self, portal_id: int) -> Portal:
        """The portal of a number.

        Raises:
            LookupError: if there is none.
        """
        if portal_id not in self._portals:
            msg = f"there is no portal {portal_id}"
            raise LookupError(msg)
        return self._portals[portal_id]

    def portals(self) -> list[Portal]:
        """All portals."""
        return list(self._portals.values())

    def portal_of(self, token: str) -> Portal | None:
        """The portal a token opens, or None."""
        portal_id = self._tokens.get(token)
        return None if portal_id is None else self._portals.get(portal_id)

    def tokens(self) -> set[str]:
        """All tokens: what must be struck out of everything that is kept."""
        return set(self._tokens)

    def arm(self, fault: Fault) -> int:
        """Arms a fault; the number returned disarms it."""
        return self.faults.arm(fault)

    def disarm(self, number: int | None = None) -> None:
        """Disarms one fault, or all."""
        self.faults.disarm(number)

    def reset(self) -> None:
        """Empties all portals, the journal and the faults; portals, tokens and settings stay."""
        for portal in self.portals():
            portal.reset()
        self.journal.clear()
        self.faults.disarm()

    def dump(self) -> dict[str, Any]:
        """The data of all portals as a JSON document, without tokens."""
        return {"portals": [portal.dump() for portal in self.portals()]}

    @cached_property
    def app(self) -> flask.Flask:
        """The WSGI application."""
        from pulumi_hubassoc.emulator.routes import make_app

        return make_app(self)

    def transport(self) -> httpx.WSGITransport:
        """An httpx transport that needs no socket; any base URL leads here."""
        from pulumi_hubassoc.emulator.transport import make_transport

        return make_transport(self.app)

    def start(self, port: int = 0) -> str:
        """Serves on 127.0.0.1 from a thread of this process until `stop`; answers the base URL."""
        from pulumi_hubassoc.emulator.httpd import RunningServer

        if self._running is not None:
            msg = f"the emulator serves {self._running.url} already"
            raise RuntimeError(msg)
        self._running = RunningServer(self.app, port, self.exchange.closing)
        return self._running.url

    def stop(self) -> None:
        """Stops serving; does nothing if it does not serve."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serves within a `with` block; the base URL is its value."""
        try:
            yield self.start(port)
        finally:
            self.stop()

    def save(self) -> None:
        """Writes the state file, whole or not at all."""
        if self._state_file is None:
            return
        with self._saving:
            partial = self._state_file.with_name(f"{self._state_file.name}.partial")
            partial.write_text(json.dumps(self.dump(), indent=1), encoding="utf-8")
            partial.replace(self._state_file)

    @staticmethod
    def _restore(portal: Portal, state_file: Path) -> None:
        if not state_file.exists():
            return
        saved = json.loads(state_file.read_text(encoding="utf-8"))["portals"]
        for document in saved:
            if document["account"]["portalId"] == portal.portal_id:
                portal.load(State.from_json(document["state"]))
