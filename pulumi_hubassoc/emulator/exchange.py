"""One request from token to answer: who asks, how many asked before, which fault strikes, what the operation says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Literal

from pulumi_hubassoc.emulator import answers
from pulumi_hubassoc.emulator.answers import Answer, Refusal
from pulumi_hubassoc.emulator.faults import Fault
from pulumi_hubassoc.emulator.journal import STRUCK, body_to_keep, strike_out
from pulumi_hubassoc.emulator.operations import Call, Operation
from pulumi_hubassoc.emulator.portal import INTERVAL, Portal

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.server import Emulator

TIMEOUT_SECONDS = 30.0
"""How long a ``timeout`` fault holds a real connection unless it says otherwise."""
LATE_SECONDS = 300.0
"""How late names are in a ``late_names`` fault unless it says otherwise [observed]."""
NO_PORTAL = "00000000-0000-4000-8000-000000000000"
"""The correlation id of an answer to nobody in particular."""


@dataclass(frozen=True)
class Asked:
    """A request as it came, decoded from HTTP."""

    method: str
    path: str
    query_text: str
    query: Mapping[str, str]
    args: Mapping[str, str]
    version: str
    authorization: str | None
    body: bytes


@dataclass(frozen=True)
class Broken:
    """No answer: the connection breaks.

    Attributes:
        how: where it breaks.
        seconds: how long a real connection is held first.
        answer: what would have been sent, for a connection that breaks in the middle of it.
    """

    how: Literal["connect", "read", "timeout", "truncated"]
    seconds: float = 0.0
    answer: Answer | None = None


class Exchange:
    """Answers requests for an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.closing = threading.Event()

    def answer(self, operation: Operation, asked: Asked) -> Answer | Broken:
        """Answers one request and writes it down."""
        emulator, began, at = self._emulator, time.perf_counter(), self._emulator.clock()
        token = _bearer(asked.authorization)
        portal: Portal | None = None
        fault: Fault | None = None
        outcome: Answer | Broken
        correlation, in_interval, in_day = NO_PORTAL, 0, 0
        try:
            portal = self._portal(operation, asked, token)
            correlation, in_interval, in_day = portal.arrive()
            fault = emulator.faults.strike(operation.name, is_write=operation.is_write, portal_id=portal.portal_id)
            outcome = self._with_fault(operation, asked, portal, fault, in_interval, in_day)
        except Refusal as refusal:
            outcome = refusal.answer
        outcome = _stamped(outcome, at, correlation, portal, in_interval, in_day)
        emulator.journal.add(
            at=at,
            portal_id=portal.portal_id if portal else None,
            operation=operation.name,
            status=None if isinstance(outcome, Broken) else outcome.status,
            duration=time.perf_counter() - began,
            fault=fault.kind if fault else None,
            **self._kept(asked, hide_body=operation.takes_token),
        )
        return outcome

    def unknown(self, asked: Asked, status: int) -> None:
        """Writes down a request that no route knows."""
        emulator = self._emulator
        kept = self._kept(asked)
        emulator.journal.add(
            at=emulator.clock(), portal_id=None, operation="unknown", status=status, duration=0.0, **kept
        )

    def _kept(self, asked: Asked, *, hide_body: bool = False) -> dict[str, Any]:
        """What the journal keeps of a request: nothing that is a token."""
        secrets = self._emulator.tokens() | {_bearer(asked.authorization) or ""}
        return {
            "method": asked.method,
            "path": strike_out(asked.path, secrets),
            "query": strike_out(asked.query_text, secrets),
            "body": STRUCK if hide_body else body_to_keep(asked.body, secrets),
        }

    def _portal(self, operation: Operation, asked: Asked, token: str | None) -> Portal:
        """The portal of the token, which the introspection takes from the body."""
        if operation.takes_token:
            try:
                token = json.loads(asked.body)["tokenKey"]
            except (ValueError, KeyError, TypeError):
                raise Refusal(400, "Invalid input JSON: Some required fields were not set: [tokenKey]") from None
        if not token:
            raise answers.no_credentials()
        portal = self._emulator.portal_of(str(token))
        if portal is None:
            raise answers.expired_token(self._emulator.clock())
        return portal

    def _with_fault(
        self, operation: Operation, asked: Asked, portal: Portal, fault: Fault | None, in_interval: int, in_day: int
    ) -> Answer | Broken:
        settings = portal.settings
        if settings.enforce_day and in_day > settings.requests_per_day:
            raise answers.rate_limited("DAILY")
        if settings.enforce_interval and in_interval > settings.requests_per_interval:
            raise answers.rate_limited("TEN_SECONDLY_ROLLING")
        call = Call(portal, portal.state, asked.args, asked.query, asked.version, asked.body)
        if fault is None:
            return operation.run(call)
        if fault.kind == "stale" and not operation.is_write:
            writes = 1 if fault.writes is None and fault.seconds is None else fault.writes
            call = replace(call, view=portal.state_ago(writes=writes, seconds=fault.seconds))
        if fault.kind == "late_names":
            call = replace(call, name_lag=LATE_SECONDS if fault.seconds is None else fault.seconds)
        done: Answer | None = None
        if fault.takes_effect:
            try:
                done = operation.run(call)
            except Refusal as refusal:
                done = refusal.answer
        return self._strike(fault, done, portal)

    def _strike(self, fault: Fault, done: Answer | None, portal: Portal) -> Answer | Broken:
        """What comes of a request that meets a fault; `done` is the true answer if the request took effect."""
        now = portal.rules().now
        kind = fault.kind
        if kind in {"lost_answer", "reset"}:
            return Broken("read")
        if kind == "connect_error":
            return Broken("connect")
        if kind == "timeout":
            return Broken("timeout", TIMEOUT_SECONDS if fault.seconds is None else fault.seconds)
        if kind == "rate_limit":
            return answers.rate_limited(fault.policy, fault.retry_after).answer
        if kind == "locked":
            return answers.of_status(423).answer
        if kind == "migrating":
            return answers.of_status(477).with_headers(Retry_After=fault.retry_after or "3600").answer
        if kind == "unauthorized":
            return answers.expired_token(now, fault.seconds).answer
        if kind == "forbidden":
            return answers.missing_scopes(fault.scopes).answer
        if kind == "redirect":
            return Answer(fault.status or 302, None, {"Location": fault.location})
        if kind == "html":
            status = fault.status or 502
            return answers.html(status, "Bad Gateway" if status == 502 else "Error")
        if kind == "answer":
            return Answer(fault.status or 200, fault.body, fault.headers)
        if kind == "status":
            known = answers.of_status(fault.status or 503).answer
            return replace(known, body=known.body if fault.body is None else fault.body, headers=fault.headers)
        assert done is not None, f"a {kind} fault needs the true answer"
        if kind == "truncated":
            return Broken("truncated", answer=done)
        if kind == "malformed":
            raw = encoded(done.body)
            return replace(done, status=done.status if raw else 200, body=raw[: max(1, len(raw) // 2)] or b"{")
        if kind == "slow":
            self.closing.wait(fault.seconds or 0.0)
        return done


def encoded(body: object) -> bytes:
    """A body as bytes: JSON, text, or as it is; half a surrogate pair becomes a question mark, as in Java."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def _bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _stamped(
    outcome: Answer | Broken, at: float, correlation: str, portal: Portal | None, in_interval: int, in_day: int
) -> Answer | Broken:
    """With the date, the correlation id and the rate limit headers that HubSpot puts on every answer [docs]."""
    if isinstance(outcome, Broken):
        if outcome.answer is None:
            return outcome
        stamped = _stamped(outcome.answer, at, correlation, portal, in_interval, in_day)
        return replace(outcome, answer=stamped if isinstance(stamped, Answer) else None)
    headers = {
        "Date": formatdate(at, usegmt=True),
        "x-hubspot-correlation-id": correlation,
        "x-request-id": correlation,
    }
    if portal and portal.settings.rate_headers:
        headers |= _rate_headers(portal, in_interval, in_day)
    body = outcome.body
    if isinstance(body, dict) and body.get("status") == "error":
        body = {**body, "correlationId": correlation}
        if "requestId" in body:
            body["requestId"] = correlation
    return replace(outcome, body=body, headers={**headers, **outcome.headers})


def _rate_headers(portal: Portal, in_interval: int, in_day: int) -> dict[str, str]:
    settings = portal.settings
    per_second = max(1, int(settings.requests_per_interval // INTERVAL))
    headers = {
        "X-HubSpot-RateLimit-Max": str(settings.requests_per_interval),
        "X-HubSpot-RateLimit-Remaining": str(max(0, settings.requests_per_interval - in_interval)),
        "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(INTERVAL * 1000)),
        "X-HubSpot-RateLimit-Secondly": str(per_second),
        "X-HubSpot-RateLimit-Secondly-Remaining": str(per_second - 1),
    }
    if settings.daily_headers:
        headers |= {
            "X-HubSpot-RateLimit-Daily": str(settings.requests_per_day),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, settings.requests_per_day - in_day)),
        }
    return headers
