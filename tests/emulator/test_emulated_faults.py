"""Faults: each kind shows as it should, and writes happened or did not, as they say (E22)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal

from .conftest import Api

PAIR = ("contacts", "companies")


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        (Fault("lost_answer"), httpx.ReadError, True),
        (Fault("reset"), httpx.ReadError, False),
        (Fault("connect_error"), httpx.ConnectError, False),
        (Fault("timeout"), httpx.ReadTimeout, False),
        (Fault("timeout", applied=True), httpx.ReadTimeout, True),
        (Fault("truncated"), httpx.RemoteProtocolError, True),
    ],
)
def test_a_broken_connection_is_the_clients_own_error(
    api: Api, emulator: Emulator, portal: Portal, fault: Fault, error: type[Exception], applied: bool
) -> None:
    """The client cannot know what the portal knows: whether the label was made."""
    emulator.arm(fault)

    with pytest.raises(error):
        api.create(*PAIR, "boss", "Boss")
    assert len(portal.labels()) == applied
    assert emulator.journal[-1].status is None
    assert emulator.journal[-1].fault == fault.kind


@pytest.mark.parametrize(
    ("fault", "status", "body", "headers", "applied"),
    [
        (Fault("status", status=500), 500, {"message": "internal error"}, {}, False),
        (Fault("status", status=503, applied=True), 503, {"message": "internal error"}, {}, True),
        (Fault("locked"), 423, {"status": "error"}, {}, False),
        (Fault("migrating", retry_after="60"), 477, {"status": "error"}, {"Retry-After": "60"}, False),
        (Fault("migrating"), 477, {"status": "error"}, {"Retry-After": "3600"}, False),
        (
            Fault("rate_limit"),
            429,
            {
                "message": "You have reached your ten_secondly_rolling limit.",
                "policyName": "TEN_SECONDLY_ROLLING",
                "errorType": "RATE_LIMIT",
            },
            {"X-HubSpot-RateLimit-Interval-Milliseconds": "10000"},
            False,
        ),
        (Fault("rate_limit", policy="SECONDLY"), 429, {"policyName": "SECONDLY"}, {}, False),
        (
            Fault("rate_limit", policy="DAILY", retry_after="7"),
            429,
            {"message": "You have reached your daily limit.", "policyName": "DAILY"},
            {"Retry-After": "7"},
            False,
        ),
        (
            Fault("unauthorized", seconds=75),
            401,
            {"message": "The OAuth token used to make this call expired 75 second(s) ago."},
            {},
            False,
        ),
        (Fault("unauthorized"), 401, {"context": {"expire time": ["1970-01-01T00:00:00Z"]}}, {}, False),
        (
            Fault("forbidden", scopes=("crm.schemas.custom.write",)),
            403,
            {
                "category": "MISSING_SCOPES",
                "errors": [
                    {
                        "message": "One or more of the following scopes are required.",
                        "context": {"requiredGranularScopes": ["crm.schemas.custom.write"]},
                    }
                ],
            },
            {},
            False,
        ),
        (Fault("answer", status=200, body={"results": "wrong"}), 200, {"results": "wrong"}, {}, False),
        (Fault("answer", status=207, body={}, headers={"X-A": "b"}, applied=True), 207, {}, {"X-A": "b"}, True),
    ],
)
def test_a_refusing_fault_answers_as_hubspot_would(
    api: Api, emulator: Emulator, portal: Portal, fault: Fault, status: int, body: Any, headers: Any, applied: bool
) -> None:
    """Status, body and headers of each, and no effect but where it says so."""
    emulator.arm(fault)

    answer = api.create(*PAIR, "boss", "Boss")

    assert answer.status_code == status
    assert {key: answer.json()[key] for key in body} == body
    assert {key: answer.headers[key] for key in headers} == headers
    assert len(portal.labels()) == applied


def test_no_retry_after_comes_unasked(api: Api, emulator: Emulator) -> None:
    """HubSpot documents none for 429."""
    emulator.arm(Fault("rate_limit"))

    assert "Retry-After" not in api.all_limits().headers


def test_a_gateway_speaks_html(api: Api, emulator: Emulator, portal: Portal) -> None:
    """502 with a page where JSON was expected."""
    emulator.arm(Fault("html"))
    answer = api.create(*PAIR, "boss", "Boss")

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html;charset=utf-8")
    assert "Bad Gateway" in answer.text
    assert portal.labels() == []


@pytest.mark.parametrize("operation", ["create_label", "delete_label"])
def test_a_malformed_answer_arrives_whole_and_is_no_json(api: Api, emulator: Emulator, operation: str) -> None:
    """After the write, also where there should have been no body at all."""
    emulator.arm(Fault("malformed", operation=operation))
    answer = api.create(*PAIR, "boss", "Boss")
    if operation == "delete_label":
        answer = api.delete(*PAIR, 1)

    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()


def test_a_redirect_leads_to_another_host(api: Api, emulator: Emulator) -> None:
    """A client that follows it would hand over the token."""
    emulator.arm(Fault("redirect"))
    answer = api.all_limits()

    assert answer.status_code == 302
    assert answer.headers["location"] == "https://elsewhere.example/crm"


def test_a_stale_list_shows_what_was_before_so_many_writes(api: Api, emulator: Emulator) -> None:
    """Writes are not stale, and the next read is not either."""
    api.create(*PAIR, "a", "A")
    api.create(*PAIR, "b", "B")
    for writes, shown in ((1, {1: "A"}), (2, {}), (99, {})):
        emulator.arm(Fault("stale", operation="list_labels", writes=writes))
        assert api.shown(*PAIR) == shown
    assert api.shown(*PAIR) == {1: "A", 3: "B"}


def test_a_stale_list_shows_what_was_so_many_seconds_ago(api: Api, emulator: Emulator) -> None:
    """Time is the emulator's own."""
    emulator.clock.advance(60)
    api.create(*PAIR, "a", "A")
    emulator.clock.advance(60)
    api.create(*PAIR, "b", "B")
    emulator.arm(Fault("stale", operation="list_labels", seconds=30, count=None))
    assert api.shown(*PAIR) == {1: "A"}
    emulator.clock.advance(30)
    assert api.shown(*PAIR) == {1: "A", 3: "B"}


def test_a_slow_answer_is_a_true_one(api: Api, emulator: Emulator) -> None:
    """It takes the time it says, and effect."""
    emulator.arm(Fault("slow", seconds=0.1))

    assert api.create(*PAIR, "a", "A").status_code == 200
    assert emulator.journal[-1].duration >= 0.1


def test_a_fault_strikes_its_operation_after_skipping_and_so_often(api: Api, emulator: Emulator) -> None:
    """Two list requests pass, two are struck, the rest pass; other operations never meet it."""
    number = emulator.arm(Fault("status", operation="list_labels", status=503, skip=2, count=2))
    statuses = []
    for _ in range(6):
        statuses.append(api.list(*PAIR).status_code)
        assert api.all_limits().status_code == 200

    assert statuses == [200, 200, 503, 503, 200, 200]
    assert emulator.faults.struck(number) == 2


@pytest.mark.parametrize(("which", "statuses"), [("write", (200, 503)), ("read", (503, 200))])
def test_reads_and_writes_can_be_struck_as_such(
    api: Api, emulator: Emulator, which: str, statuses: tuple[int, int]
) -> None:
    """Without naming an operation."""
    emulator.arm(Fault("status", operation=which, count=None))

    assert (api.list(*PAIR).status_code, api.create(*PAIR, "a", "A").status_code) == statuses


def test_probability_is_decided_by_the_faults_seed(api: Api, emulator: Emulator) -> None:
    """The same seed strikes the same requests; about as many as it says."""

    def struck(seed: int) -> list[bool]:
        number = emulator.arm(Fault("status", status=503, probability=0.3, seed=seed, count=None))
        seen = [api.all_limits().status_code == 503 for _ in range(60)]
        emulator.disarm(number)
        return seen

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 6 <= sum(first) <= 30


def test_a_fault_can_be_meant_for_one_portal(api: Api, emulator: Emulator) -> None:
    """Others in the same server do not notice."""
    emulator.arm(Fault("status", portal_id=7))

    assert api.all_limits().status_code == 200


def test_disarming_ends_a_fault(api: Api, emulator: Emulator) -> None:
    """One by its number, or all."""
    one = emulator.arm(Fault("status", status=500, count=None))
    emulator.arm(Fault("status", status=503, count=None))
    assert api.all_limits().status_code == 500
    emulator.disarm(one)
    assert api.all_limits().status_code == 503
    emulator.disarm()
    assert api.all_limits().status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"kind": "nonsense"}, {"kind": "rate_limit", "policy": "YEARLY"}, {"kind": "truncated", "applied": False}]
)
def test_a_fault_that_could_never_show_is_refused(wrong: dict[str, Any]) -> None:
    """A test with a misspelt fault would prove nothing."""
    with pytest.raises(ValueError):
        Fault(**wrong)
