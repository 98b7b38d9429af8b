"""Every error this package raises on purpose, and every sentence a user reads.

```
HubAssocError                 anything raised on purpose; str() is one line
├─ ConfigError                a setting is missing or unusable (token, base URL, version …)
├─ WrongPortal                the token belongs to another portal than the one that is meant
├─ LabelConflict              another label is in the way
├─ SchemaError                schema files cannot be used; `faults` has a line for each fault
├─ NotFound                   what should be looked up, updated or limited is not in the portal
└─ HubSpotError               a request did not end well
   ├─ DayIsSpent              not sent: this portal's share of a day's requests is spent
   ├─ NoAnswer                no usable answer: connection, time-out; `maybe_applied` says whether it may have happened
   ├─ UnexpectedAnswer        an answer that does not fit what HubSpot documents; `maybe_applied` likewise
   └─ Refused                 HubSpot answered and said no: status, category, message, correlation id
      ├─ Unauthorized         401
      ├─ MissingScopes        403
      ├─ CapReached           437: no more labels on this pair
      ├─ RateLimited          429; `daily` when the day's quota is spent
      └─ Unavailable          423, 477 and the 5xx that pass; `maybe_applied` where HubSpot may have done it
```

A sentence has four parts: what was tried on what — what HubSpot said — what to do — [status category, correlation id].
Classes live in ``builtins`` by name so that Pulumi prints ``error: WrongPortal: …`` and not a module path [observed].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

WHERE_TOKENS_GO = "`pulumi config set --secret hubassoc:accessToken` or the environment variable HUBSPOT_ACCESS_TOKEN"
_LONGEST_MESSAGE = 400
_LONGEST_TRIED = 300
_LONGEST_REFERENCE = 200
_SCOPES_NAMED = 8


def one_line(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """A text of any origin on one line, control characters out, cut at `longest` characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


class HubAssocError(Exception):
    """Anything this package raises on purpose; its text is one line for people."""

    __module__ = "builtins"

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, 2000))


class ConfigError(HubAssocError):
    """A setting is missing or unusable; the sentence says which and how to set it."""

    __module__ = "builtins"


class WrongPortal(HubAssocError):
    """The token belongs to another portal than the resource or the configuration; nothing else was sent."""

    __module__ = "builtins"


class LabelConflict(HubAssocError):
    """Another label is in the way; the sentence names it and the ways out."""

    __module__ = "builtins"


class SchemaError(HubAssocError):
    """Schema files cannot be used.

    Attributes:
        faults: everything that is wrong, a line each: ``file:line: key: reason``.
    """

    __module__ = "builtins"

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(one_line(fault, 600) for fault in faults)
        super().__init__("; ".join(self.faults))


class NotFound(HubAssocError):
    """What should be read, updated or limited is not in the portal."""

    __module__ = "builtins"


class HubSpotError(HubAssocError):
    """A request to HubSpot did not end well.

    Attributes:
        tried: what was tried on what, as a phrase that follows "Cannot".
        maybe_applied: whether HubSpot may have done it all the same.
    """

    __module__ = "builtins"

    def __init__(self, tried: str, said: str, advice: str, reference: str = "", *, maybe_applied: bool = False) -> None:
        self.tried = one_line(tried, _LONGEST_TRIED)  # so that what is long leaves room for the parts behind it
        self.said = one_line(said)
        self.advice = advice
        self.reference = one_line(reference, _LONGEST_REFERENCE)
        self.maybe_applied = maybe_applied
        end = f" — [{self.reference}]" if reference else ""
        super().__init__(f"Cannot {self.tried} — {self.said} — {advice}{end}")


class DayIsSpent(HubSpotError):
    """Not sent: of the portal's requests of this day so many are spent as may be."""

    __module__ = "builtins"


class NoAnswer(HubSpotError):
    """No usable answer: the connection could not be made, was lost, or the time was up."""

    __module__ = "builtins"


class UnexpectedAnswer(HubSpotError):
    """An answer that does not fit what HubSpot documents: not JSON, wrong types, too large, a batch with errors."""

    __module__ = "builtins"


class Refused(HubSpotError):
    """HubSpot answered and said no.

    Attributes:
        status: the HTTP status.
        category: HubSpot's category, "" where it gave none (several real errors have none [observed]).
        sub_category: likewise.
        message: HubSpot's own words.
        correlation_id: for HubSpot's support, "" where there was none.
        context: HubSpot's context, name -> texts.

    Args:
        said: instead of HubSpot's own words, where it gave none that are fit for people.
    """

    __module__ = "builtins"

    def __init__(
        self,
        tried: str,
        advice: str,
        *,
        status: int,
        message: str = "",
        category: str = "",
        sub_category: str = "",
        correlation_id: str = "",
        context: Mapping[str, Iterable[str]] | None = None,
        said: str = "",
        maybe_applied: bool = False,
    ) -> None:
        self.status = status
        self.message = one_line(message)
        self.category = category
        self.sub_category = sub_category
        self.correlation_id = correlation_id
        self.context = {k: tuple(v) for k, v in (context or {}).items()}
        reference = f"{status} {category}".strip()
        if correlation_id:
            reference += f", correlation id {correlation_id}"
        words = f"HubSpot says: {self.message}" if self.message else f"HubSpot answered {status} without a reason"
        super().__init__(tried, said or words, advice, reference, maybe_applied=maybe_applied)


class Unauthorized(Refused):
    """401: HubSpot does not accept the token."""

    __module__ = "builtins"


class MissingScopes(Refused):
    """403: the token's app lacks a scope, or its maker a permission."""

    __module__ = "builtins"


class CapReached(Refused):
    """437: the pair of object types has as many labels as it may have. Final."""

    __module__ = "builtins"


class RateLimited(Refused):
    """429: too many requests.

    Attributes:
        policy: HubSpot's ``policyName`` (``DAILY``, ``TEN_SECONDLY_ROLLING``, ``SECONDLY``), "" where it gave none.
        retry_after_s: seconds HubSpot asks to wait, None where it does not say.
    """

    __module__ = "builtins"
    policy = ""
    retry_after_s: float | None = None

    @property
    def daily(self) -> bool:
        """Whether the day's quota is spent: waiting seconds does not help."""
        return self.policy.upper() == "DAILY"


class Unavailable(Refused):
    """HubSpot cannot do it just now: 423 locked, 477 moving, 502, 503, 504, 521, 523, 524.

    Attributes:
        retry_after_s: seconds HubSpot asks to wait, None where it does not say.
    """

    __module__ = "builtins"
    retry_after_s: float | None = None


def advice_for(
    status: int, *, required_scopes: Iterable[str] = (), token_from: str = "", never_valid: bool = False
) -> str:
    """What to do about a refusal, by status.

    Args:
        status: the HTTP status.
        required_scopes: what a 403 asks for.
        token_from: where the token was found.
        never_valid: whether a 401 says that the token expired in 1970.
    """
    if status == 401:
        origin = f" (it came from {token_from})" if token_from else ""
        what = (
            f"the token is bad{origin}: HubSpot answers with 1970 for one that was never valid, was revoked or is not whole"
            if never_valid
            else f"check that the token is current and whole{origin}"
        )
        return (
            f"{what}; set it with {WHERE_TOKENS_GO}; `pulumi refresh` and `pulumi destroy` use the configuration of the "
            "last `pulumi up` unless given --run-program"
        )
    if status == 403:
        wanted = list(required_scopes)
        scopes = ", ".join(one_line(scope, 60) for scope in wanted[:_SCOPES_NAMED])
        more = f" or one of {len(wanted) - _SCOPES_NAMED} others" if len(wanted) > _SCOPES_NAMED else ""
        return (
            f"give the app behind the token one of the scopes {scopes}{more}"
            if scopes
            else "give the app behind the token read and write scopes for both objects, and check that its maker is "
            "still a super admin"
        )
    if status == 437:
        return "delete labels that are no longer used: the cap is per pair of objects, both directions together"
    if status == 429:
        return "wait and run it again; other apps of the portal spend the same quota"
    if status == 477:
        return "HubSpot is moving this account to another data centre, for up to a day; run it again then"
    if status in (423, 502, 503, 504, 521, 523, 524):
        return "HubSpot did not recover in the time given; run it again later"
    if status >= 500:
        return "run it again later, and give HubSpot's support the correlation id if it stays"
    if 300 <= status < 400:
        return "redirects are not followed, because the token would go along; correct hubassoc:baseUrl"
    if status in (404, 405):
        return "check hubassoc:baseUrl and hubassoc:apiVersion, and what stands between here and HubSpot"
    return "correct what HubSpot names and run it again"


def day_is_spent(time_zone: str, resets: datetime | None, now: datetime) -> str:
    """What to do when the day's quota is spent.

    Args:
        time_zone: of the portal, "" if it is not known yet.
        resets: when its day ends, None if that cannot be computed here.
        now: an instant; the clock of people is the local one.
    """
    where = f" ({one_line(time_zone, 60)})" if time_zone else ""
    advice = f"the day's quota of requests is spent; it resets at midnight in the portal's time zone{where}"
    if resets is None:
        return advice
    minutes = -(-(resets - now) // timedelta(minutes=1))  # rounded up: never too early
    return f"{advice}, {resets.astimezone():%Y-%m-%d %H:%M} on this machine's clock, in {minutes // 60} h {minutes % 60} min"


def go_on_at(seconds: float) -> str:
    """What to do when a portal's share of a day is spent; `seconds` since 1970 is when the next day begins."""
    when = datetime.fromtimestamp(seconds, timezone.utc)
    return f"run it again from {when.astimezone():%Y-%m-%d %H:%M} on this machine's clock, or raise the share"
