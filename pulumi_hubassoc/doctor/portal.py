"""What HubSpot says: whose the token is, what it may do, how many requests are left, and what time it is there."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE
from pulumi_hubassoc.doctor.configuration import TOKEN_KEY
from pulumi_hubassoc.doctor.finding import CannotLook, Verdict, error, ok, warning
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.doctor.settings import refused
from pulumi_hubassoc.errors import HubSpotError, RateLimited, Refused, Unavailable
from pulumi_hubassoc.hubspot import facts

_FEW_LEFT = 0.05
"""Of a day's requests: fewer are worth a word."""
_CLOCK_S = 120.0
"""A clock that is further off is worth a word."""


def token(scene: Scene) -> Verdict:
    """The token; with the first request, whether HubSpot takes it."""
    scene.readable("accessToken")
    if not scene.has_token:
        said, fix = "none is set", f"`pulumi config set --secret {TOKEN_KEY}{scene.for_stack}`"
        return error(said, f"set it with {fix} or the environment variable {ENVIRONMENT['accessToken']}")
    if fault := scene.faults.get("accessToken"):
        return refused(fault)
    origin = scene.settings_of("accessToken").connection.token_from
    if scene.offline:
        return ok(f"set in {origin}; whether HubSpot takes it was not asked")
    account = scene.answer.account
    if isinstance(account, HubSpotError):
        return error(f"{account.said}{f' [{account.reference}]' if account.reference else ''}", account.advice)
    return ok(f"HubSpot takes the one in {origin}")


def portal(scene: Scene) -> Verdict:
    """The portal, and whether it is the one that is meant."""
    for key in ("portalId", "accountTypes"):
        scene.readable(key)
        if fault := scene.faults.get(key):
            return refused(fault)
    if scene.offline:
        meant = scene.settings_of("portalId").portal_id
        if meant is None:
            return _any_portal("no portal is named", "NUMBER", scene)
        return ok(f"{meant} is meant; whether the token is of that one was not asked")
    account = scene.account
    what = f"{account.portal_id}, {account.account_type or 'account type not given'}"
    what += f", for stack {scene.stack}" if scene.stack else ""
    if wrong := scene.wrong_portal:
        return error(
            f"the token is of portal {what}, but {wrong}",
            "set the token of the portal that is meant, or correct that setting; resources refuse this one",
        )
    if scene.settings.portal_id is None:
        said = f"{what}; any other would do as well, because {NAMESPACE}:portalId is not set"
        return _any_portal(said, str(account.portal_id), scene)
    return ok(f"{what}, as {NAMESPACE}:portalId says")


def _any_portal(said: str, number: str, scene: Scene) -> Verdict:
    command = f"pulumi config set {NAMESPACE}:portalId {number}{scene.for_stack}"
    return warning(said, f"{command}; a token of any other portal is then refused")


def scopes(scene: Scene) -> Verdict:
    """What the token may do, object by object (see `facts.OBJECT_SCOPES`)."""
    try:
        has = set(scene.hubspot.token_info().scopes)
    except HubSpotError as fault:
        passes = isinstance(fault, (RateLimited, Unavailable))
        if not isinstance(fault, Refused) or passes or not 400 <= fault.status < 500:
            return warning(fault.said, fault.advice)
        return warning(
            f"cannot be known for this kind of token (HubSpot answers {fault.status}): it tells them of private apps and "
            "service keys",
            "see that the app behind it has read and write scopes of the objects on both sides of your labels",
        )
    both = [o for o, (read, write) in facts.OBJECT_SCOPES.items() if {read, write} <= has]
    half = [o for o, rights in facts.OBJECT_SCOPES.items() if o not in both and has.intersection(rights)]
    none = [o for o in facts.OBJECT_SCOPES if o not in both and o not in half]
    wanted = (
        "read and write scopes (crm.objects.….read, crm.objects.….write) of the objects on both sides of your labels"
    )
    if not both and not half:
        other = any(scope.startswith("crm.objects.") for scope in has)
        said = (
            "none of contacts, companies, deals, tickets and custom objects" if other else "no crm.objects scope at all"
        )
        return error(said, f"give the app behind the token {wanted}")
    said = f"read and write: {', '.join(both) or 'none'}"
    said += f"; none: {', '.join(none)}" if none else ""
    if half:
        lacking = [s for o in half for s in dict.fromkeys(facts.OBJECT_SCOPES[o]) if s not in has]
        return warning(f"{said}; lacking: {', '.join(lacking)}", f"give the app behind the token {wanted}")
    return ok(said)


def rate_limits(scene: Scene) -> Verdict:
    """The requests that HubSpot's headers say are left [docs]; OAuth tokens have no daily limit, and no header of it [docs]."""
    answer = scene.answer
    limited = answer.account if isinstance(answer.account, RateLimited) else None
    if limited:
        return error(limited.said, limited.advice)
    if not answer.headers:
        raise CannotLook("no answer from HubSpot")
    left, most = (_number(answer.headers, f"X-HubSpot-RateLimit-{name}") for name in ("Remaining", "Max"))
    day_left, day = (_number(answer.headers, f"X-HubSpot-RateLimit-Daily{name}") for name in ("-Remaining", ""))
    window_ms = _number(answer.headers, "X-HubSpot-RateLimit-Interval-Milliseconds") or 10_000
    told = []
    if left is not None and most is not None:
        told.append(f"{left:,} of {most:,} requests left in {window_ms / 1000:g} seconds")
    if day_left is not None:
        told.append(f"{day_left:,}{f' of {day:,}' if day else ''} left today")
    said = ", ".join(told) or "HubSpot names none for this token"
    if day_left == 0 or (day and day_left is not None and day_left < day * _FEW_LEFT):
        fix = (
            "find what spends them (HubSpot: Development → Monitoring), or wait for midnight in the portal's time zone"
        )
        return error(said, fix) if day_left == 0 else warning(said, fix)
    return ok(said)


def clock(scene: Scene) -> Verdict:
    """This machine's clock beside HubSpot's, to the second and the time a request takes."""
    answer = scene.answer
    if not answer.headers:
        raise CannotLook("no answer from HubSpot")
    try:
        ahead = answer.at - parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        raise CannotLook("HubSpot's answer has no date") from None
    if abs(ahead) <= _CLOCK_S:
        return ok(
            "right" if abs(ahead) < 2 else f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} HubSpot's"
        )
    side = "ahead of" if ahead > 0 else "behind"
    return warning(
        f"this machine's clock is {abs(ahead) / 60:.0f} minutes {side} HubSpot's",
        "set it, best by NTP: what is said of when a quota resets or a token expired is wrong until then",
    )


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
