"""Waiting: what is sent again and when, within which time, how often in all; a limiter; and a process that must end."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_hubassoc import emulator as emulated
from pulumi_hubassoc import errors
from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.hubspot.waiting import LONGEST_WAIT_S, Limiter, Patience, RetryBudget, retry_after_s
from tests.conftest import TOKEN
from tests.wire import CALLS, WRITES, Clock, answering, client
from tests.workbench import LABEL, Process

NOW = 1_790_000_000.0
RETRIED = {423, 429, 502, 503, 504, 521, 523, 524}
"""What HubSpot says passes by itself; 477 as well, where it says when."""


def sent(call: str, transport_answer: Callable[[int], httpx.Response], **settings_: Any) -> tuple[int, Clock]:
    """How many requests a call makes of answers that depend on their number, from 1; and the clock it waited on."""
    clock, count = Clock(), 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        return transport_answer(count)

    with contextlib.suppress(errors.HubSpotError):
        CALLS[call](client(httpx.MockTransport(answer), clock, **settings_))
    return count, clock


class TestWhatIsSentAgain:
    """Every status, and every way to lose a connection."""

    @pytest.mark.parametrize("call", sorted(CALLS.keys() - {"create_label"}))
    def test_each_status_once_or_again(self, call: str) -> None:
        """Of 300 to 599, exactly the documented ones are sent again, for reads and for writes that may be repeated."""
        again = {s for s in range(300, 600) if sent(call, lambda _, s=s: httpx.Response(s))[0] > 1}
        assert again == RETRIED

    def test_437_is_final(self) -> None:
        """It looks like a passing failure, and is the cap of labels."""
        assert sent("update_label", lambda _: httpx.Response(437))[0] == 1

    @pytest.mark.parametrize("status", range(300, 600))
    def test_a_create_is_never_sent_again_by_itself(self, status: int) -> None:
        """There is no key that would make it safe: only a new list can tell what to do."""
        assert sent("create_label", lambda _: httpx.Response(status, headers={"Retry-After": "1"}))[0] == 1

    @pytest.mark.parametrize("kind", ["lost_answer", "reset", "connect_error", "timeout", "truncated"])
    @pytest.mark.parametrize("call", ["list_labels", "update_limits", "purge_limits", "create_label"])
    def test_lost_connections_are_made_again(self, kind: Any, call: str, emulator: Emulator, portal: Portal) -> None:
        """One failure is ridden out, except for a create."""
        emulator.arm(Fault(kind))
        hubspot = client(emulator.transport())
        if call == "create_label":
            with pytest.raises(errors.NoAnswer):
                CALLS[call](hubspot)
            assert emulator.journal.count() == 1
        else:
            CALLS[call](hubspot)
            assert emulator.journal.count() == 2

    @pytest.mark.parametrize("call", sorted(CALLS.keys() - {"create_label"}))
    def test_an_answer_that_makes_no_sense_is_not_asked_for_again(self, call: str) -> None:
        """Who answers so answers so again."""
        assert sent(call, lambda _: httpx.Response(200, content=b"<html>"))[0] == 1

    @pytest.mark.parametrize(
        ("wish", "requests"),
        [
            (None, 1),
            ("garbage", 1),
            ("-5", 1),
            ("nan", 1),
            ("86400", 1),
            ("inf", 1),
            ("9" * 400, 1),
            ("20", 2),
            ("0", 2),
        ],
    )
    def test_477_is_waited_out_only_where_it_says_when_and_that_fits(self, wish: str | None, requests: int) -> None:
        """Moving an account takes up to a day; an operation does not wait for that."""
        headers = {"Retry-After": wish} if wish else {}
        moved = sent("list_labels", lambda n: httpx.Response(477 if n == 1 else 404, headers=headers))
        assert moved[0] == requests

    def test_daily_stops_at_once(self) -> None:
        """The quota is back at midnight, not in ten seconds."""
        for answer in ({"policyName": "DAILY"}, {"message": "You have reached your daily limit."}):
            count, clock = sent("list_labels", lambda _, answer=answer: httpx.Response(429, json=answer))
            assert (count, clock.slept) == (1, [])


class TestHowLong:
    """Waits are what HubSpot asks for, jittered, growing, and bounded in all."""

    @pytest.mark.parametrize(
        ("status", "headers", "body", "first_s"),
        [
            (429, {}, {"policyName": "SECONDLY"}, 1.0),
            (429, {}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
            (429, {}, {"message": "You have reached your secondly limit."}, 1.0),
            (429, {}, {}, 10.0),
            (429, {"Retry-After": "3"}, {"policyName": "TEN_SECONDLY_ROLLING"}, 3.0),
            (429, {"Retry-After": "0"}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
            (429, {"Retry-After": "-7"}, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
            (429, {"Retry-After": "nan"}, {}, 10.0),
            (429, {"Retry-After": "soon"}, {}, 10.0),
            (423, {}, {}, 2.0),
            (423, {"Retry-After": "1"}, {}, 2.0),
            (423, {"Retry-After": "6"}, {}, 6.0),
            (477, {"Retry-After": "20"}, {}, 20.0),
            (477, {"Retry-After": "0"}, {}, 5.0),
            (503, {"Retry-After": "7"}, {}, 7.0),
        ],
    )
    def test_the_first_wait(self, status: int, headers: dict[str, str], body: dict[str, str], first_s: float) -> None:
        """At least what is asked or documented, and at most a second more."""
        _, clock = sent("list_labels", lambda _: httpx.Response(status, headers=headers, json=body))
        assert first_s <= clock.slept[0] <= first_s + 1

    @pytest.mark.parametrize("status", sorted(RETRIED))
    def test_no_operation_takes_longer_than_its_patience(self, status: int) -> None:
        """However often it is refused, and whatever is asked for, the waits of one operation fit into the time set."""
        for wish in (None, "0", "1", "7", "59", "61", "1e9", "inf", "9" * 400, "-3"):
            for patience_s in (5.0, 60.0, 600.0):
                headers = {"Retry-After": wish} if wish else {}
                _, clock = sent(
                    "list_labels", lambda _, h=headers: httpx.Response(status, headers=h), patience_s=patience_s
                )
                assert clock.now < patience_s

    def test_an_absurd_wish_is_cut(self) -> None:
        """A day in a 429 is a minute: the daily limit says its name."""
        _, clock = sent(
            "list_labels", lambda _: httpx.Response(429, headers={"Retry-After": "86400"}), patience_s=600.0
        )
        assert all(LONGEST_WAIT_S <= s <= LONGEST_WAIT_S + 1 for s in clock.slept)
        assert clock.slept

    @pytest.mark.parametrize(("status", "most"), [(423, 8), (429, 4), (503, 12)])
    def test_refusals_that_go_on_are_asked_less_and_less(self, status: int, most: int) -> None:
        """Within a minute there are few attempts, not one for each second."""
        count, clock = sent("list_labels", lambda _: httpx.Response(status, headers={"Retry-After": "0"}))
        assert 2 <= count <= most
        if status != 503:
            assert clock.slept == sorted(clock.slept)

    def test_jitter_spreads_threads_that_failed_together(self) -> None:
        """Two threads with other dice wait for other times; none comes back at once."""
        busy = errors.Unavailable("try", "wait", status=503)
        waits = {Patience(chance=random.Random(seed).random).wait_s(busy, 3) for seed in range(50)}
        assert len(waits) == 50
        assert max(waits) <= 4.0


class TestRetryAfter:
    """The header is a number of seconds, a date, or garbage."""

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (None, None),
            ("", None),
            ("0", 0.0),
            ("10", 10.0),
            (" 10 ", 10.0),
            ("2.5", 2.5),
            ("86400", 86400.0),
            ("9" * 400, float("inf")),
            (formatdate(NOW + 30, usegmt=True), 30.0),
            (formatdate(NOW - 30, usegmt=True), 0.0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
            ("-1", None),
            ("+1", None),
            ("nan", None),
            ("NaN", None),
            ("inf", None),
            ("-inf", None),
            ("Infinity", None),
            ("1e3", None),
            ("1_000", None),
            ("٣", None),
            ("soon", None),
            ("10 seconds", None),
            ("Mon, 99 Foo 2026 25:61:61 GMT", None),
            ("\x00", None),
        ],
    )
    def test_value(self, value: str | None, seconds: float | None) -> None:
        """Garbage is nothing; nothing is negative."""
        assert retry_after_s(value, lambda: NOW) == seconds

    @given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d( GMT| [+-]\d{4})?"))
    def test_any_text_is_none_or_a_time(self, value: str) -> None:
        """It never raises, and is never negative nor NaN."""
        seconds = retry_after_s(value, lambda: NOW)
        assert seconds is None or seconds >= 0


class TestBudget:
    """An outage is not made worse by those who wait for its end."""

    FAULTS = (
        Fault("status", status=503, count=None),
        Fault("html", status=502, count=None),
        Fault("reset", count=None),
        Fault("connect_error", count=None),
        Fault("timeout", count=None),
    )

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.kind)
    @pytest.mark.parametrize("operations", [100, 250])
    def test_an_outage_is_met_with_a_tenth_more(
        self, fault: Fault, operations: int, emulator: Emulator, portal: Portal
    ) -> None:
        """A hundred calls and more, all of which fail, are at most 1.1 times as many requests."""
        emulator.arm(fault)
        hubspot = client(emulator.transport())
        names = sorted(CALLS)
        for number in range(operations):
            with pytest.raises(errors.HubSpotError):
                CALLS[names[number % len(names)]](hubspot)
        assert operations < emulator.journal.count() <= 1.1 * operations

    def test_resources_in_an_outage(self, emulator: Emulator, portal: Portal) -> None:
        """The same for a hundred labels that a provider is asked to create, read and delete."""
        emulator.arm(Fault("status", status=503, count=None))
        provider = Process(emulator, {"hubassoc:accessToken": TOKEN}).providers["label"]
        id_ = "contacts/companies/1/2"
        made = {**LABEL, "name": "n", "type_id": 1, "inverse_type_id": 2, "portal_id": 1001}
        for number in range(40):
            for step in (
                lambda n=number: provider.create({**LABEL, "label": f"L{n}"}),
                lambda: provider.read(id_, made),
                lambda: provider.delete(id_, made),
            ):
                with pytest.raises(errors.HubAssocError):
                    step()
        assert emulator.journal.count() <= 1.1 * 120

    def test_a_short_failure_is_ridden_out(self, emulator: Emulator, portal: Portal) -> None:
        """Three refusals in a row do not reach the user."""
        emulator.arm(Fault("status", status=503, count=3))
        assert client(emulator.transport()).list_labels("contacts", "companies")
        assert emulator.journal.count() == 4

    def test_with_every_tenth_request_lost_everything_ends_well(self, emulator: Emulator, portal: Portal) -> None:
        """Successes pay for retries: a noisy network is no outage."""
        emulator.arm(Fault("reset", probability=0.08, count=None, seed=3))
        hubspot = client(emulator.transport())
        for _ in range(300):
            assert hubspot.list_labels("contacts", "companies")
        assert 310 < emulator.journal.count() < 345

    @settings(deadline=None)
    @given(st.lists(st.booleans(), max_size=400))
    def test_retries_are_a_tenth_of_the_successes_and_ten(self, outcomes: list[bool]) -> None:
        """Whatever mix of good and bad comes: the law that the docstring gives."""
        budget, retries, successes = RetryBudget(), 0, 0
        for good in outcomes:
            if good:
                budget.success()
                successes += 1
            else:
                retries += budget.spend()
            assert retries <= 10 + successes / 10 + 1e-9

    def test_waits_that_hubspot_asks_for_cost_nothing(self, emulator: Emulator, portal: Portal) -> None:
        """Being told to wait is no outage."""
        hubspot = client(emulator.transport(), patience_s=10_000.0)
        emulator.arm(Fault("locked", count=30))
        assert hubspot.list_labels("contacts", "companies")
        assert hubspot.patience.budget.spend()


class SharedClock(emulated.Clock):
    """One time for many threads and for the emulator: whoever sleeps moves it on, a little at a time."""

    def __init__(self) -> None:
        super().__init__(start=NOW)
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            super().advance(seconds)

    def sleep(self, seconds: float) -> None:
        """Pass some of the time; others may pass the rest."""
        end = self() + seconds
        while self() < end:
            self.advance(min(0.05, max(end - self(), 0.001)))
            time.sleep(0)


class Slow(httpx.BaseTransport):
    """An emulator behind a network: requests and answers are under way for some of the emulator's time."""

    def __init__(self, inner: httpx.BaseTransport, clock: SharedClock, seed: int) -> None:
        self._inner, self._clock, self._dice = inner, clock, random.Random(seed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Late there, late back; now and then very late."""
        self._clock.sleep(self._dice.choice([0.0, 0.01, 0.2, 3.0]))
        answer = self._inner.handle_request(request)
        answer.read()
        self._clock.sleep(self._dice.choice([0.0, 0.01, 0.2, 3.0]))
        return answer


class TestLimiter:
    """No rolling window of HubSpot's sees more requests than it allows."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize(("threads", "most"), [(4, 10), (16, 25), (8, 60)])
    def test_threads_together_stay_below_the_limit(self, threads: int, most: int, seed: int) -> None:
        """Real threads, an emulator that refuses what is too much, answers that take up to six seconds: no 429."""
        clock = SharedClock()
        emulator = Emulator(seed=seed, clock=clock)
        portal = emulator.add_portal(token=TOKEN, portal_id=1)
        portal.configure(requests_per_interval=most, enforce_interval=True)
        transport = Slow(emulator.transport(), clock, seed)
        hubspot = client(transport, clock, patience_s=100_000.0)
        hubspot.account()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: hubspot.list_labels("contacts", "companies"), range(3 * most)))
        statuses = [r.status for r in emulator.journal]
        assert statuses == [200] * (3 * most + 1)
        times = sorted(r.at for r in emulator.journal)
        assert max(sum(t <= u < t + 10 for u in times) for t in times) <= most

    @settings(deadline=None, max_examples=60)
    @given(
        most=st.integers(1, 40),
        window_ms=st.integers(200, 20_000),
        calls=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 5)), min_size=1, max_size=120),
    )
    def test_one_after_the_other(self, most: int, window_ms: int, calls: list[tuple[float, float]]) -> None:
        """For any limit, window, pauses and times under way, and wherever in between a request arrives."""
        clock, window_s = Clock(), window_ms / 1000
        limiter = Limiter(clock.sleep, clock)
        headers = {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(most),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(window_ms),
        }
        limiter.learn(headers)
        arrivals: list[float] = []
        for number, (pause, under_way) in enumerate(calls):
            clock.now += pause
            assert limiter.enter()
            arrivals.append(clock.now + under_way * (number % 2))  # at once, or just before the answer
            clock.now += under_way
            limiter.leave()
        assert all(sum(t <= u < t + window_s - 1e-6 for u in arrivals) <= max(1, most) for t in arrivals)

    def test_nothing_is_held_back_before_hubspot_names_a_limit(self) -> None:
        """The nine operations are documented as exempt: a thousand requests without headers wait for nothing."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        for _ in range(1000):
            assert limiter.enter()
            limiter.learn({})
            limiter.leave()
        assert clock.slept == []

    def test_a_429_without_headers_is_the_smallest_documented_limit(self) -> None:
        """Nine tenths of a hundred in ten seconds."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        limiter.learn({}, refused=True)
        for _ in range(91):
            limiter.enter()
            limiter.leave()
        assert len(clock.slept) == 1

    def test_what_others_spend_is_left_to_them(self) -> None:
        """Where HubSpot counts 80 requests that are not ours, ten are left of ninety; later ninety again."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        limiter.learn({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "20"})
        assert self._fit(limiter, clock) == 10
        clock.now += 10
        limiter.learn({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "100"})
        assert self._fit(limiter, clock) == 90

    def test_it_follows_a_limit_that_changes(self) -> None:
        """A larger one at once, a smaller one as soon as it is said."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        for most in (50, 200, 10):
            limiter.learn({"X-HubSpot-RateLimit-Max": str(most)})
            assert self._fit(limiter, clock) == int(most * 0.9)
            clock.now += 10

    @pytest.mark.parametrize(
        "headers",
        [
            {"Max": "0"},
            {"Max": "-5"},
            {"Max": "many"},
            {"Max": "1e9"},
            {"Max": "nan"},
            {"Max": "9" * 5000},
            {"Max": "10", "Interval-Milliseconds": "0"},
            {"Max": "10", "Interval-Milliseconds": "-10"},
            {"Max": "1", "Interval-Milliseconds": "86400000"},
            {"Max": "1", "Interval-Milliseconds": "9" * 400},
            {"Max": "10", "Remaining": "-1"},
            {"Max": "10", "Remaining": "x"},
        ],
    )
    def test_headers_that_make_no_sense_are_none(self, headers: dict[str, str]) -> None:
        """A wrong header holds nothing back, least of all for a day."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        limiter.learn({f"X-HubSpot-RateLimit-{name}": value for name, value in headers.items()})
        assert self._fit(limiter, clock, 50) == 50

    def test_requests_under_way_count(self) -> None:
        """They may arrive at any moment: with nine of ten unanswered there is no room, however long that takes."""
        clock = Clock()
        limiter = Limiter(clock.sleep, clock)
        limiter.learn({"X-HubSpot-RateLimit-Max": "10"})
        assert all(limiter.enter(1.0) for _ in range(9))
        clock.now += 1000
        assert not limiter.enter(1.0)
        limiter.leave()
        assert not limiter.enter(9.0)
        assert limiter.enter(11.0)

    def test_a_wait_for_room_is_bounded_and_said(self) -> None:
        """If others use the limit up, an operation ends with a sentence, and nothing of it was sent."""
        full = {"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "0"}
        hubspot = client(answering(200, {"results": []}, full), patience_s=5.0)
        hubspot.list_all_limits()
        with pytest.raises(errors.NoAnswer, match="rate limit left no room for it in 5 s") as raised:
            hubspot.update_limits("deals", "companies", [])
            CALLS["update_limits"](hubspot)
        assert not raised.value.maybe_applied

    @staticmethod
    def _fit(limiter: Limiter, clock: Clock, most: int = 1000) -> int:
        """How many requests fit in without a wait."""
        count, before = 0, len(clock.slept)
        while count < most and limiter.enter(0.0):
            limiter.leave()
            count += 1
        assert len(clock.slept) == before
        return count


SLEEPER = """
import sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pulumi_hubassoc.hubspot.waiting import sleep_in_slices

def work():
    begun.set()
    try:
        sleep_in_slices(60)
    except Exception as error:
        print(error, flush=True)
        print("stopped", time.monotonic(), flush=True)

begun = threading.Event()
try:
    if sys.argv[1] == "executor":
        pool = ThreadPoolExecutor(4)
        pool.submit(work)
    elif sys.argv[1] == "thread":
        threading.Thread(target=work).start()
    else:
        begun.set()
    begun.wait()
    print("sleeping", flush=True)
    sleep_in_slices(60) if sys.argv[1] == "main" else time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", time.monotonic(), flush=True)
"""


class TestEnding:
    """A wait never keeps a process that is told to stop."""

    @pytest.mark.timeout(30)
    @pytest.mark.parametrize("where", ["executor", "thread", "main"])
    def test_ctrl_c_ends_a_process_within_a_second(self, where: str) -> None:
        """The threads of Pulumi's provider process are an executor's, which Python waits for before it ends."""
        with subprocess.Popen([sys.executable, "-c", SLEEPER, where], stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout is not None
                assert child.stdout.readline() == "sleeping\n"
                began = time.monotonic()
                child.send_signal(signal.SIGINT)
                output, _ = child.communicate(timeout=20)
            finally:
                child.kill()
        times = {words[0]: float(words[1]) for line in output.splitlines() if len(words := line.split()) == 2}
        assert times["interrupted"] - began < 1.0
        if where != "main":
            assert "the process is being stopped" in output
            assert times["stopped"] - times["interrupted"] < 1.0
        assert child.returncode == 0


def test_writes_are_those_that_the_tests_know() -> None:
    """The tables here and in the emulator agree on what writes."""
    from pulumi_hubassoc.emulator.operations import OPERATIONS

    assert {o.name for o in OPERATIONS if o.is_write} == WRITES
