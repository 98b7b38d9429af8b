"""HubSpot's client on transports that need no network: an emulator's, or one that gives a fixed answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.models import LimitInput, TypeInput
from pulumi_hubassoc.hubspot.waiting import Limiter, Patience
from tests.conftest import TOKEN

FIVE = LimitInput(category="HUBSPOT_DEFINED", type_id=341, max_to_object_ids=5)

Call = Callable[[HubSpot], Any]


class Clock:
    """A clock of its own, on which waiting takes no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock on."""
        self.slept.append(seconds)
        self.now += seconds


CALLS: dict[str, Call] = {
    "list_labels": lambda h: h.list_labels("contacts", "companies"),
    "create_label": lambda h: h.create_label("contacts", "companies", name="n", label="A", inverse_label="B"),
    "update_label": lambda h: h.update_label("contacts", "companies", 1, label="A", inverse_label="B"),
    "delete_label": lambda h: h.delete_label("contacts", "companies", 1),
    "list_all_limits": lambda h: h.list_all_limits(),
    "list_limits": lambda h: h.list_limits("contacts", "companies"),
    "create_limits": lambda h: h.create_limits("deals", "companies", [FIVE]),
    "update_limits": lambda h: h.update_limits("deals", "companies", [FIVE]),
    "purge_limits": lambda h: h.purge_limits(
        "deals", "companies", [TypeInput(category="HUBSPOT_DEFINED", type_id=341)]
    ),
    "account": lambda h: h.account(),
    "schema": lambda h: h.definitions("contacts"),
    "token_info": lambda h: h.token_info(),
}
"""Every call there is, by the emulator's name of its operation."""
READS = {"list_labels", "list_all_limits", "list_limits", "account", "schema", "token_info"}
WRITES = CALLS.keys() - READS


def client(transport: httpx.BaseTransport | None, clock: Clock | None = None, **settings: Any) -> HubSpot:
    """A client whose waits take no time; `settings` are of its `Connection`."""
    clock = clock or Clock()
    connection = Connection(**{"token": Token(TOKEN), "token_from": "hubassoc:accessToken", **settings})
    patience = Patience(connection.patience_s, sleep=clock.sleep, clock=clock, chance=lambda: 0.5)
    return HubSpot(connection, transport=transport, patience=patience, limiter=Limiter(clock.sleep, clock))


def answering(status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> httpx.MockTransport:
    """A transport that gives the same answer to whatever is asked: bytes, a text, or a value as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return httpx.MockTransport(lambda _: httpx.Response(status, content=raw, headers=dict(headers or {})))


def parts(error: Exception) -> list[str]:
    """The parts of a sentence; it is one line."""
    text = str(error)
    assert text.splitlines() == [text]
    return text.split(" — ")
