"""Every refusal of HubSpot's becomes one line: tried — said — what to do — [status category, correlation id]."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc import errors
from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.hubspot.waiting import end_of_day
from tests.conftest import TOKEN
from tests.wire import CALLS, WRITES, answering, client, parts

CORRELATION = "019e63ab-542f-7af5-a5b9-c3b0f5ac5ff1"
CREATE = 'create the label "A" / "B" (contacts → companies)'


class Case(NamedTuple):
    """A body of HubSpot's, and what people read of it."""

    status: int
    body: Any
    kind: type[errors.Refused]
    said: str
    advised: str
    reference: str


def body(message: str, category: str | None = "VALIDATION_ERROR", **more: Any) -> dict[str, Any]:
    """HubSpot's envelope of an error."""
    known = {"status": "error", "message": message, "correlationId": CORRELATION}
    return known | ({"category": category} if category else {}) | more


VALIDATION = f"400 VALIDATION_ERROR, correlation id {CORRELATION}"
BARE = f"400, correlation id {CORRELATION}"
CORRECT = "correct what HubSpot names"
SCOPES = body(
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
    "https://developers.hubspot.com/scopes.",
    "MISSING_SCOPES",
    errors=[
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": ["crm.schemas.custom.write", "crm.objects.custom.write"]},
        }
    ],
    links={"scopes": "https://developers.hubspot.com/scopes"},
)
HTML = "<html>\n<head><title>404 Not Found</title></head></html>"
MESSAGES_400 = (
    "Invalid input JSON: Some required fields were not set: [label]",
    "Invalid JSON input: a request body was expected, but none found",
    "Association definition named x already exists for portal",
    "Association definition label A already exists on ObjectType pair 0-1 0-2",
    "Unable to find association type -1",
    "Unable to find objectTypeIds",
    "Definition with label still exists; Cannot delete unlabeled type with associationTypeId 12",
    "Association configuration limits are exceeded in portal 1 when merging 2 into 3 of object type 2-4",
)
MESSAGES_WITHOUT_CATEGORY = (
    "Invalid input JSON on line 1, column 1: Cannot deserialize value of type `int` from String value",
    "Unable to parse value for path parameter: associationTypeId",
    "Unable to infer object type from: unicorns",
)
CASES = (
    *(Case(400, body(m), errors.Refused, m, CORRECT, VALIDATION) for m in MESSAGES_400),
    *(Case(400, body(m, None), errors.Refused, m, CORRECT, BARE) for m in MESSAGES_WITHOUT_CATEGORY),
    Case(
        437,
        body("No more than 50 association types are allowed between 0-1 and 0-2"),
        errors.CapReached,
        "No more than 50 association types",
        "delete labels that are no longer used",
        f"437 VALIDATION_ERROR, correlation id {CORRELATION}",
    ),
    Case(
        401,
        body("Authentication credentials not found. This API supports OAuth 2.0 …", "INVALID_AUTHENTICATION"),
        errors.Unauthorized,
        "Authentication credentials not found",
        "check that the token is current and whole (it came from hubassoc:accessToken)",
        f"401 INVALID_AUTHENTICATION, correlation id {CORRELATION}",
    ),
    Case(
        401,
        body(
            "The OAuth token used to make this call expired 75 second(s) ago.",
            "EXPIRED_AUTHENTICATION",
            context={"expire time": ["2022-06-21T10:37:52.040Z"]},
        ),
        errors.Unauthorized,
        "expired 75 second(s) ago",
        "check that the token is current and whole (it came from hubassoc:accessToken)",
        f"401 EXPIRED_AUTHENTICATION, correlation id {CORRELATION}",
    ),
    Case(
        401,
        body(
            "The OAuth token used to make this call expired 20336 day(s) ago.",
            "EXPIRED_AUTHENTICATION",
            context={"expire time": ["1970-01-01T00:00:00Z"]},
        ),
        errors.Unauthorized,
        "expired 20336 day(s) ago",
        "the token is bad (it came from hubassoc:accessToken): HubSpot answers with 1970 for one that was never valid",
        f"401 EXPIRED_AUTHENTICATION, correlation id {CORRELATION}",
    ),
    Case(
        403,
        SCOPES,
        errors.MissingScopes,
        "hasn't been granted all required scopes",
        "one of the scopes crm.schemas.custom.write, crm.objects.custom.write",
        f"403 MISSING_SCOPES, correlation id {CORRELATION}",
    ),
    Case(
        403,
        body("x", "MISSING_SCOPES", errors=[{"message": "All of …", "context": {"requiredScopes": ["contacts"]}}]),
        errors.MissingScopes,
        "HubSpot says: x",
        "one of the scopes contacts",
        f"403 MISSING_SCOPES, correlation id {CORRELATION}",
    ),
    Case(
        403,
        body("No permission", "USER_DOES_NOT_HAVE_PERMISSIONS"),
        errors.MissingScopes,
        "No permission",
        "check that its maker is still a super admin",
        f"403 USER_DOES_NOT_HAVE_PERMISSIONS, correlation id {CORRELATION}",
    ),
    Case(
        429,
        {
            "status": "error",
            "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": CORRELATION,
            "policyName": "TEN_SECONDLY_ROLLING",
            "requestId": "3d3e35b7-0dae-4b9f-a6e3-9c230cbcf8dd",
        },
        errors.RateLimited,
        "ten_secondly_rolling limit",
        "other apps of the portal spend the same quota",
        f"429 RATE_LIMIT, correlation id {CORRELATION}",
    ),
    Case(
        429,
        body("You have reached your secondly limit.", "RATE_LIMITS"),
        errors.RateLimited,
        "secondly limit",
        "wait and run it again",
        f"429 RATE_LIMITS, correlation id {CORRELATION}",
    ),
    Case(
        429,
        body("You have reached your daily limit.", None, policyName="DAILY"),
        errors.RateLimited,
        "daily limit",
        "the day's quota of requests is spent; it resets at midnight in the portal's time zone",
        f"429, correlation id {CORRELATION}",
    ),
    Case(423, body("Locked", "LOCKED"), errors.Unavailable, "Locked", "did not recover", "423 LOCKED"),
    Case(477, body("Moving", "MIGRATION"), errors.Unavailable, "Moving", "another data centre", "477 MIGRATION"),
    Case(500, body("internal error", None), errors.Refused, "internal error", "HubSpot's support", "500, corr"),
    Case(502, HTML, errors.Unavailable, "answered 502 with a page of HTML", "did not recover", "502"),
    Case(404, HTML, errors.Refused, "answered 404 with a page of HTML", "check hubassoc:baseUrl", "404"),
    Case(405, HTML, errors.Refused, "answered 405 with a page of HTML", "check hubassoc:baseUrl", "405"),
    Case(404, b"", errors.Refused, "HubSpot answered 404 without a reason", "check hubassoc:baseUrl", "404"),
    Case(400, b"", errors.Refused, "HubSpot answered 400 without a reason", CORRECT, "400"),
    Case(400, b"null", errors.Refused, "HubSpot answered 400 without a reason", CORRECT, "400"),
    Case(400, [1], errors.Refused, "HubSpot answered 400 without a reason", CORRECT, "400"),
    Case(400, body("x", errors=7, context=[]), errors.Refused, "HubSpot says: x", CORRECT, VALIDATION),
    Case(400, {"message": ["x"], "category": {}}, errors.Refused, "answered 400 without a reason", CORRECT, "400"),
    Case(302, b"", errors.Refused, "answered 302 without a reason", "redirects are not followed", "302"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.status} {c.said[:30]}")
def test_a_refusal_is_one_line_of_four_parts(case: Case) -> None:
    """What was tried on what, HubSpot's own words, what to do, and what support asks for."""
    with pytest.raises(errors.Refused) as raised:
        CALLS["create_label"](client(answering(case.status, case.body)))
    tried, said, advice, reference = parts(raised.value)
    assert type(raised.value) is case.kind
    assert tried == f"Cannot {CREATE}"
    assert case.said in said
    assert case.advised in advice
    assert reference.startswith(f"[{case.reference}")
    assert reference.endswith("]")


OF_NO_PAIR = {"account", "list_all_limits", "token_info"}
"""Calls that are about the whole portal."""


@pytest.mark.parametrize("call", CALLS)
def test_every_call_says_what_it_tried(call: str) -> None:
    """Each sentence begins with its own call, and tells of the object types where it has any."""
    with pytest.raises(errors.Refused) as raised:
        CALLS[call](client(answering(400, b"")))
    tried = parts(raised.value)[0]
    assert tried.startswith("Cannot ")
    assert ("contacts" in tried or "deals → companies" in tried) == (call not in OF_NO_PAIR)


def test_a_page_without_a_body_still_has_a_correlation_id() -> None:
    """HubSpot puts it into a header as well, which gateways pass on."""
    with pytest.raises(errors.Unavailable) as raised:
        CALLS["list_labels"](client(answering(502, HTML, {"X-HubSpot-Correlation-Id": CORRELATION})))
    assert parts(raised.value)[-1] == f"[502, correlation id {CORRELATION}]"
    assert raised.value.correlation_id == CORRELATION


class TestWhatWasDone:
    """`maybe_applied`: whether HubSpot may have done it although the answer is no yes."""

    @pytest.mark.parametrize(
        "status", [*range(300, 600, 7), 400, 401, 403, 404, 408, 409, 423, 429, 437, 477, 500, 502]
    )
    @pytest.mark.parametrize("call", CALLS)
    def test_a_5xx_to_a_write_leaves_it_open(self, status: int, call: str) -> None:
        """A gateway that gave up (408, 5xx) does not know what HubSpot did; every other refusal came first."""
        with pytest.raises(errors.Refused) as raised:
            CALLS[call](client(answering(status)))
        assert raised.value.maybe_applied == (call in WRITES and (status >= 500 or status == 408))

    @pytest.mark.parametrize(
        ("kind", "unknown"), [("lost_answer", True), ("reset", True), ("timeout", True), ("connect_error", False)]
    )
    @pytest.mark.parametrize("call", CALLS)
    def test_a_lost_connection_leaves_a_write_open(
        self, kind: Any, unknown: bool, call: str, emulator: Emulator, portal: Portal
    ) -> None:
        """Unless there was no connection at all; the sentence says so too."""
        emulator.arm(Fault(kind, count=None))
        with pytest.raises(errors.NoAnswer) as raised:
            CALLS[call](client(emulator.transport()))
        open_ = call in WRITES and unknown
        assert raised.value.maybe_applied == open_
        assert ("HubSpot may have done it all the same" in str(raised.value)) == open_
        assert len(parts(raised.value)) == 3


class TestDaily:
    """When the day's quota is spent, the sentence says when it is back."""

    NOW = datetime(2026, 11, 24, 20, 10, tzinfo=timezone.utc)

    def test_the_time_zone_of_the_portal_is_named_once_known(self, emulator: Emulator, portal: Portal) -> None:
        """The account check tells it, and comes first."""
        hubspot = client(emulator.transport())
        hubspot.account()
        emulator.arm(Fault("rate_limit", policy="DAILY"))
        with pytest.raises(errors.RateLimited) as raised:
            hubspot.list_all_limits()
        assert "at midnight in the portal's time zone (Europe/Berlin)" in str(raised.value)
        assert raised.value.daily

    def test_midnight_is_the_portals_and_the_clock_is_the_machines(self) -> None:
        """Midnight in Berlin is 23:00 UTC in winter: two hours and fifty minutes from 20:10."""
        resets = end_of_day("Europe/Berlin", self.NOW)
        assert resets == datetime(2026, 11, 24, 23, 0, tzinfo=timezone.utc)
        local = f"{resets.astimezone():%Y-%m-%d %H:%M}"
        advice = errors.day_is_spent("Europe/Berlin", resets, self.NOW)
        assert advice.endswith(f"(Europe/Berlin), {local} on this machine's clock, in 2 h 50 min")

    def test_midnight_across_the_end_of_summer_time(self) -> None:
        """The day has 25 hours; midnight is still midnight."""
        before = datetime(2026, 10, 24, 22, 30, tzinfo=timezone.utc)  # half past midnight in Berlin, on the long day
        assert end_of_day("Europe/Berlin", before) == datetime(2026, 10, 25, 23, 0, tzinfo=timezone.utc)

    @pytest.mark.parametrize(
        "zone", ["", "Nowhere/Atlantis", "../../etc/passwd", "/etc/passwd", "Europe", "a\0b", "é" * 99]
    )
    def test_a_zone_that_is_none_leaves_the_time_out(self, zone: str) -> None:
        """The name comes from outside and may be anything."""
        assert end_of_day(zone, self.NOW) is None
        assert "on this machine's clock" not in errors.day_is_spent(zone, None, self.NOW)

    @pytest.mark.parametrize(
        ("more", "headers"),
        [
            ({"policyName": "DAILY"}, {}),
            ({"policyName": "daily"}, {}),
            ({"message": "You have reached your daily limit."}, {}),
            ({}, {"X-HubSpot-RateLimit-Daily-Remaining": "0"}),
        ],
    )
    def test_daily_is_told_by_policy_message_or_header(self, more: dict[str, Any], headers: dict[str, str]) -> None:
        """Bodies differ; any of the three says it."""
        with pytest.raises(errors.RateLimited) as raised:
            CALLS["list_labels"](client(answering(429, {"status": "error", **more}, headers)))
        assert raised.value.daily


class TestOneLine:
    """Nothing from outside breaks the form of a sentence."""

    @given(text=st.text(), category=st.text(), correlation=st.text(), context=st.dictionaries(st.text(), st.text()))
    def test_any_text_of_hubspots_stays_on_one_line(
        self, text: str, category: str, correlation: str, context: dict[str, str]
    ) -> None:
        """No line break, no control character, no text direction mark reaches a terminal."""
        answer = {"message": text, "category": category, "correlationId": correlation, "context": context}
        with pytest.raises(errors.Refused) as raised:
            CALLS["list_labels"](client(answering(400, answer)))
        assert str(raised.value).isprintable()
        assert CORRECT in str(raised.value)

    def test_long_texts_leave_room_for_the_rest(self) -> None:
        """Ten thousand characters in label, message, category, id and scopes: all four parts are still there."""
        long = "x" * 10_000
        refusal = body(long, long, errors=[{"context": {"requiredScopes": [f"{long}{i}" for i in range(90)]}}])
        hubspot = client(answering(403, refusal | {"correlationId": long}))
        with pytest.raises(errors.MissingScopes) as raised:
            hubspot.create_label("contacts", "companies", name="n", label=long, inverse_label=long)
        tried, said, advice, reference = parts(raised.value)
        assert tried.endswith("…")
        assert said.endswith("…")
        assert advice.endswith("or one of 82 others")
        assert reference.endswith("]")
        assert len(str(raised.value)) < 2000

    def test_a_token_that_hubspot_repeats_is_struck_out(self) -> None:
        """In every part of a body, also where the sentence is cut in the middle of it, and where JSON hides it."""
        escaped = "".join(f"\\u{ord(c):04x}" for c in TOKEN)
        refusals = (
            body(
                f"Bearer {TOKEN} is bad", f"C{TOKEN}", context={TOKEN: [TOKEN]}, subCategory=TOKEN, correlationId=TOKEN
            ),
            body("x" * 390 + TOKEN),
            f'{{"message": "{escaped}"}}',
            body("x", errors=[{"context": {"requiredScopes": [TOKEN]}}]),
            body("x", policyName=TOKEN, errorType=TOKEN),
        )
        for status in (400, 401, 403, 429, 500):
            for refusal in refusals:
                with pytest.raises(errors.Refused) as raised:
                    CALLS["list_labels"](client(answering(status, refusal), patience_s=0.001))
                shown = f"{raised.value} {vars(raised.value)}"
                assert TOKEN[:12] not in shown
        batch = {"status": TOKEN, "errors": [{"message": TOKEN, "context": {TOKEN: TOKEN}, "category": TOKEN}]}
        with pytest.raises(errors.Refused) as raised:
            CALLS["update_limits"](client(answering(207, batch)))
        assert TOKEN not in f"{raised.value} {vars(raised.value)}"

    def test_errors_print_their_short_names(self) -> None:
        """Pulumi prints the qualified name of an exception; a module path in front of a sentence helps nobody."""
        kinds = [errors.HubAssocError]
        for kind in kinds:
            kinds += kind.__subclasses__()
            assert kind.__module__ == "builtins"
        assert len(kinds) > 10
