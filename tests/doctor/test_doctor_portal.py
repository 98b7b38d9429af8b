"""What the doctor finds in settings and in HubSpot's answers: each check in each of its outcomes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault
from pulumi_hubassoc.hubspot import facts
from tests.doctor.practice import ALL_SCOPES, Practice, expect

pytestmark = pytest.mark.timeout(120)


# ------------------------------------------------------------------------------------------------------------- settings


def test_every_setting_that_is_bad_is_told(practice: Practice) -> None:
    """Each in its own line, all at once, and nothing is sent with them."""
    practice.config = {
        "hubassoc:portalId": "x",
        "hubassoc:baseUrl": "https://elsewhere.example",
        "hubassoc:apiVersion": "v9",
        "hubassoc:timeoutSeconds": "-1",
        "hubassoc:preflight": "perhaps",
        "hubassoc:labelsPerPairs": "50",
    }
    findings = {f.what: f for f in practice.findings()}
    expect(findings["settings"], "error", "hubassoc:preflight is 'perhaps'", "use true or false")
    expect(findings["settings"], "error", "hubassoc:labelsPerPairs is no setting", "write hubassoc:labelsPerPair")
    expect(findings["settings"], "error", "hubassoc:timeoutSeconds is '-1'", "greater than 0")
    expect(findings["base URL"], "error", "hubassoc:baseUrl cannot be used", "https and a host of HubSpot's")
    expect(findings["API version"], "error", "hubassoc:apiVersion is 'v9'", "use one of v4")
    expect(findings["portal"], "error", "hubassoc:portalId is 'x'", "use a number")
    assert findings["scopes"].said.startswith("not looked at: hubassoc:portalId, ")
    assert len(practice.emulator.journal) == 0


def test_account_types_that_are_none(practice: Practice) -> None:
    """They stand in the portal's line."""
    practice.config = {"hubassoc:accountTypes": "HOBBY"}
    expect(practice.look("portal"), "error", "hubassoc:accountTypes names 'HOBBY'", "STANDARD")


def test_base_url_of_this_machine(practice: Practice) -> None:
    """An emulator: right for a try, and a trap for whoever forgot it."""
    practice.config["hubassoc:baseUrl"] = "http://127.0.0.1:8080"
    expect(practice.look("base URL"), "warning", "an emulator and not HubSpot", "HUBASSOC_BASE_URL")
    del practice.config["hubassoc:baseUrl"]
    (practice.folder / "Pulumi.dev.yaml").unlink()
    expect(practice.look("base URL"), "ok", "https://api.hubapi.com")


@pytest.mark.parametrize(
    ("api_version", "today", "level", "words"),
    [
        ("v4", "2026-12-29", "ok", "v4, supported until 2027-03-30"),
        ("v4", "2026-12-31", "warning", "support is said to end in 89 days (2027-03-30)"),
        ("v4", "2027-03-31", "warning", "support is said to have ended (2027-03-30)"),
        ("crm-v4", "2027-03-01", "warning", "support is said to end in 29 days"),
        ("2025-09", "2026-11-01", "ok", "supported until 2027-03"),
        ("2025-09", "2027-01-01", "warning", "support is said to end in 59 days (2027-03)"),
        ("2026-03", "2027-09-15", "warning", "support is said to have ended (2027-09)"),
        ("2026-09", "2026-11-01", "ok", "supported until 2028-03"),
        ("2026-09", "2029-01-01", "ok", "supported until 2028-03"),
    ],
)
def test_api_version(practice: Practice, api_version: str, today: str, level: str, words: str) -> None:
    """Ninety days ahead a version's end is a warning, with the command that leaves it; the newest known has no other."""
    practice.config["hubassoc:apiVersion"] = api_version
    now = datetime.fromisoformat(today).replace(tzinfo=timezone.utc).timestamp()
    finding = practice.look("API version", offline=True, clock=lambda: now)
    expect(finding, level, words, "hubassoc:apiVersion 2026-09 -s dev" if level == "warning" else "")


def test_every_api_version_has_an_end_of_support() -> None:
    """One added to the paths alone would have no line."""
    assert facts.API_SUPPORT_ENDS.keys() == facts.API_PATHS.keys()


# ---------------------------------------------------------------------------------------------------------------- token


@pytest.mark.parametrize(
    ("token", "words", "fix"),
    [
        (None, "none is set", "pulumi config set --secret hubassoc:accessToken -s dev"),
        ("two words", "cannot be one: it has 9 characters", "set it again"),
        ("pat-eu1-of-nobody-at-all", "expired", "1970"),
    ],
)
def test_bad_token(practice: Practice, token: str | None, words: str, fix: str) -> None:
    """Missing, of no possible form, and one that HubSpot calls expired in 1970, which is a wrong one."""
    env = {} if token is None else {"HUBSPOT_ACCESS_TOKEN": token}
    finding = practice.look("token", env=env)
    expect(finding, "error", words, fix)
    assert (token or "no token") not in repr(finding)


@pytest.mark.parametrize(
    ("fault", "words", "fix", "requests"),
    [
        (Fault("unauthorized", count=None), "401 EXPIRED_AUTHENTICATION", "1970", 1),
        (Fault("forbidden", count=None), "required scopes", "crm.objects.contacts.read", 1),
        (Fault("status", count=None, status=500), "internal error", "support", 1),
        (Fault("redirect", count=None), "302", "hubassoc:baseUrl", 1),
        (Fault("malformed", count=None), "not what it documents", "what stands between", 1),
    ],
)
def test_question_that_fails(practice: Practice, fault: Fault, words: str, fix: str, requests: int) -> None:
    """HubSpot's words are the token's line; the lines that need the portal say so; nothing more is asked."""
    practice.emulator.arm(fault)
    findings = {f.what: f for f in practice.findings()}
    expect(findings["token"], "error", words, fix)
    for what in ("portal", "scopes"):
        assert findings[what].said == "not looked at: HubSpot did not say which portal the token belongs to"
    assert findings["clock"].level == findings["rate limits"].level == "ok", "any answer has a date and the limits"
    assert len(practice.emulator.journal) == requests


@pytest.mark.parametrize("config", [{}, {"hubassoc:portalId": "1001"}])
@pytest.mark.parametrize("kind", ["connect_error", "timeout"])
def test_no_network(practice: Practice, kind: Any, config: dict[str, str]) -> None:
    """The retries are few and within ten seconds; what needs an answer says that there was none."""
    practice.config = config
    practice.emulator.arm(Fault(kind, count=None))
    findings = {f.what: f for f in practice.findings()}
    expect(findings["token"], "error", "no answer from https://api.hubapi.com", "check the network")
    assert findings["clock"].said == findings["rate limits"].said == "not looked at: no answer from HubSpot"
    assert set(practice.emulator.journal.operations()) == {"account"}


def test_token_not_tried_offline(practice: Practice) -> None:
    """It says where it is set, and that it was not tried."""
    expect(practice.look("token", offline=True), "ok", "HUBSPOT_ACCESS_TOKEN; whether HubSpot takes it was not asked")


# --------------------------------------------------------------------------------------------------------------- portal


def test_portal_as_meant(practice: Practice) -> None:
    """Number, type and stack."""
    expect(practice.look("portal"), "ok", "1001, SANDBOX, for stack dev, as hubassoc:portalId says")
    expect(practice.look("portal", offline=True), "ok", "1001 is meant")


def test_no_portal_meant(practice: Practice) -> None:
    """A warning with the command that names the token's."""
    practice.config = {}
    expect(practice.look("portal", None), "warning", "1001, SANDBOX; any other would do", "hubassoc:portalId 1001;")
    expect(practice.look("portal", None, offline=True), "warning", "no portal is named", "hubassoc:portalId NUMBER")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("portalId", "2002", "the token is of portal 1001, SANDBOX, for stack dev, but hubassoc:portalId says 2002"),
        ("accountTypes", "STANDARD", "but hubassoc:accountTypes allows only STANDARD"),
    ],
)
def test_wrong_portal_is_asked_nothing_more(practice: Practice, key: str, value: str, words: str) -> None:
    """As everywhere: a token of another portal gets as far as the question which one it is."""
    practice.config[f"hubassoc:{key}"] = value
    findings = {f.what: f for f in practice.findings(states=(practice.folder / "any.json",))}
    expect(findings["portal"], "error", words, "set the token of the portal that is meant")
    for what in ("scopes", "left-over labels"):
        assert findings[what].said == "not looked at: the token is of another portal than the one that is meant"
    assert practice.emulator.journal.operations() == ["account"]


# --------------------------------------------------------------------------------------------------------------- scopes


@pytest.mark.parametrize(
    ("scopes", "level", "words", "fix"),
    [
        (ALL_SCOPES, "ok", "read and write: contacts, companies, deals, tickets, custom objects", ""),
        (
            ("oauth", "tickets", "crm.objects.deals.read", "crm.objects.deals.write"),
            "ok",
            "read and write: deals, tickets; none: contacts, companies, custom objects",
            "",
        ),
        (
            ("crm.objects.deals.read", "crm.objects.contacts.write"),
            "warning",
            "none; none: companies, tickets, custom objects; lacking: crm.objects.contacts.read, crm.objects.deals.write",
            "read and write scopes",
        ),
        (("oauth", "crm.schemas.contacts.read"), "error", "no crm.objects scope at all", "read and write scopes"),
        (("crm.objects.orders.read",), "error", "none of contacts, companies, deals, tickets", "read and write scopes"),
    ],
)
def test_scopes(
    practice: Practice, emulator: Emulator, scopes: tuple[str, ...], level: str, words: str, fix: str
) -> None:
    """Object by object; half a right is a warning, none of any object an error."""
    emulator.add_portal(token="pat-eu1-of-another-app", portal_id=3, scopes=scopes)
    practice.config = {"hubassoc:portalId": "3"}
    practice.env["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-of-another-app"
    expect(practice.look("scopes"), level, words, fix)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_scopes_of_a_token_of_another_kind(practice: Practice, status: int) -> None:
    """HubSpot tells them of private apps and service keys only; which refusal the others get nobody has shown."""
    practice.emulator.arm(Fault("status", "token_info", count=None, status=status))
    expect(
        practice.look("scopes"), "warning", f"cannot be known for this kind of token (HubSpot answers {status})", "app"
    )


@pytest.mark.parametrize(
    ("fault", "words", "fix"),
    [
        (Fault("connect_error", "token_info", count=None), "no answer from", "check the network"),
        (Fault("rate_limit", "token_info", count=None, policy="DAILY"), "daily limit", "midnight"),
        (Fault("status", "token_info", count=None, status=503), "internal error", "run it again later"),
        (Fault("malformed", "token_info", count=None), "not what it documents", "stands between"),
    ],
)
def test_scopes_that_are_not_answered(practice: Practice, fault: Fault, words: str, fix: str) -> None:
    """What says nothing about the kind of token is said as what it is."""
    practice.emulator.arm(fault)
    expect(practice.look("scopes"), "warning", words, fix)


# ------------------------------------------------------------------------------------------------ rate limits and clock


@pytest.mark.parametrize(
    ("settings", "level", "words", "fix"),
    [
        ({}, "ok", "149 of 150 requests left in 10 seconds, 499,999 of 500,000 left today", ""),
        ({"requests_per_day": 1}, "error", "0 of 1 left today", "midnight"),
        ({"daily_headers": False}, "ok", "149 of 150 requests left in 10 seconds", ""),
        ({"rate_headers": False}, "ok", "HubSpot names none", ""),
        ({"requests_per_day": 0, "enforce_day": True}, "error", "daily limit", "quota"),
    ],
)
def test_rate_limits(practice: Practice, settings: dict[str, Any], level: str, words: str, fix: str) -> None:
    """What the headers say is left; a day that is spent is an error."""
    practice.portal.configure(**settings)
    expect(practice.look("rate limits"), level, words, fix)


def test_few_requests_left(practice: Practice) -> None:
    """Less than a twentieth of the day is a warning."""
    headers = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "49"}
    practice.emulator.arm(Fault("answer", "account", body={"portalId": 1001}, headers=headers))
    expect(practice.look("rate limits"), "warning", "49 of 1,000 left today", "midnight")


@pytest.mark.parametrize("text", ["-1", "many", "９", "9" * 400, ""])
def test_headers_that_make_no_sense_are_none(practice: Practice, text: str) -> None:
    """Who stands between may write anything."""
    names = ("Max", "Remaining", "Interval-Milliseconds", "Daily", "Daily-Remaining")
    headers = {f"X-HubSpot-RateLimit-{name}": text for name in names if text.isascii()}
    practice.portal.configure(rate_headers=False)
    practice.emulator.arm(Fault("answer", "account", body={"portalId": 1001}, headers=headers))
    expect(practice.look("rate limits"), "ok", "HubSpot names none")


@pytest.mark.parametrize(
    ("ahead_s", "level", "words"),
    [
        (0, "ok", "right"),
        (100, "ok", "s ahead of HubSpot's"),
        (-100, "ok", "s behind HubSpot's"),
        (300, "warning", "5 minutes ahead of HubSpot's"),
        (-7200, "warning", "120 minutes behind HubSpot's"),
    ],
)
def test_clock(practice: Practice, ahead_s: float, level: str, words: str) -> None:
    """Two minutes are let pass."""
    clock = practice.emulator.clock
    expect(practice.look("clock", clock=lambda: clock() + ahead_s), level, words, "NTP" if level == "warning" else "")


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Nov 9999"])
def test_an_answer_without_a_date(practice: Practice, date: str) -> None:
    """There is nothing to compare with."""
    practice.emulator.arm(Fault("answer", "account", body={"portalId": 1001}, headers={"Date": date}))
    expect(practice.look("clock"), "warning", "not looked at: HubSpot's answer has no date")
