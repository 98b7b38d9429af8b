"""Answers and refusals: what goes back over the wire, and HubSpot's error bodies [observed unless said otherwise]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

JsonObject = dict[str, Any]
# The largest unit of which two have passed [assumed]: 75 seconds were told in seconds [observed].
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
SCOPES_PAGE = "https://developers.hubspot.com/scopes"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: the HTTP status.
        body: a JSON object, a text (HTML), bytes as they are, or None for no body.
        headers: headers beside the usual ones.
    """

    status: int
    body: JsonObject | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """HubSpot says no: an exception that is its own answer."""

    def __init__(self, status: int, message: str, category: str | None = "VALIDATION_ERROR", **rest: Any) -> None:
        super().__init__(message)
        self.status = status
        body: JsonObject = {"status": "error", "message": message, **rest}
        if category is not None:
            body["category"] = category
        self.body = body
        self.headers: Mapping[str, str] = {}

    @property
    def answer(self) -> Answer:
        """What is sent; the correlation id is added on the way out."""
        return Answer(self.status, self.body, self.headers)

    def with_headers(self, **headers: str) -> Refusal:
        """Adds headers, written as keywords with underscores."""
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self


def timestamp(now: float) -> str:
    """A time as HubSpot writes it: ``2025-02-19T05:28:18.851Z``."""
    return datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def no_credentials() -> Refusal:
    """401 for a missing or garbled Authorization header."""
    return Refusal(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
        "at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def expired_token(now: float, seconds_ago: float | None = None) -> Refusal:
    """401 for an expired token; a static token that is wrong or revoked looks expired since 1970."""
    expired_at = 0.0 if seconds_ago is None else now - seconds_ago
    ago = int(now - expired_at)
    size, unit = next(((size, unit) for size, unit in _UNITS if ago >= 2 * size), _UNITS[-1])
    number = ago // size
    when = "1970-01-01T00:00:00Z" if seconds_ago is None else timestamp(expired_at)
    return Refusal(
        401,
        f"The OAuth token used to make this call expired {number} {unit}(s) ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [when]},
    )


def missing_scopes(scopes: Sequence[str]) -> Refusal:
    """403 for a token that lacks scopes."""
    return Refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        f"{SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": SCOPES_PAGE},
    )


POLICIES = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly", "DAILY": "daily"}


def rate_limited(policy: str, retry_after: str | None = None) -> Refusal:
    """429: `errorType` in place of a category [docs]; Retry-After only where asked for, HubSpot documents none."""
    refusal = Refusal(
        429,
        f"You have reached your {POLICIES[policy]} limit.",
        None,
        errorType="RATE_LIMIT",
        policyName=policy,
        requestId="00000000-0000-0000-0000-000000000000",
    )
    return refusal if retry_after is None else refusal.with_headers(Retry_After=retry_after)


def of_status(status: int) -> Refusal:
    """The body of a status nobody has captured, or 500, 423 and 477 as far as they are known."""
    if status == 477:
        return Refusal(477, "This account is being migrated to another data hosting location.", "MIGRATION_IN_PROGRESS")
    if status == 423:
        return Refusal(423, "The resource is locked by another request.", "LOCKED")
    return Refusal(status, "internal error", None)


def html(status: int, title: str) -> Answer:
    """A page of HTML where JSON was expected: gateways and unknown routes."""
    page = f"<html>\n<head><title>{status} {title}</title></head>\n<body><h1>{status} {title}</h1></body>\n</html>\n"
    return Answer(status, page)
