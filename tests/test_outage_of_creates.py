"""HubSpot reads well and answers no create: what that costs, and how soon creates go out again when it is over.

A create without an answer costs a list too, which decides whether it was done; so a hundred of them would be more than
twice the requests of a good day, were they all sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot.waiting import Breaker
from tests.test_request_counts import Program, labels
from tests.wire import Clock
from tests.workbench import Process, Workbench, all_of

N, PAIRS = 100, 10
GOOD_DAY = 1 + PAIRS + N
"""Requests of the same creates where nothing is wrong."""
KINDS = [Fault("status", "create_label", status=503), Fault("reset", "create_label"), Fault("timeout", "create_label")]
NOT_SENT = "nothing was sent"
faults = pytest.mark.parametrize("fault", KINDS, ids=lambda f: f.kind)
parallelism = pytest.mark.parametrize("threads", [1, 4, 64])


class Away(httpx.BaseTransport):
    """An emulator far enough away that all threads have a request under way at once."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, a little later."""
        time.sleep(0.02)
        return self._inner.handle_request(request)


@dataclass
class Run:
    """A run of creates of which none stops the others: when each began, and how it ended."""

    ended: dict[str, tuple[float, HubAssocError | None]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, bench: Workbench, program: Program, threads: int, before: Callable[[float], None] = lambda _: None
    ) -> Run:
        """Carry it out; `before` is told the clock at the begin of each create."""
        run = cls()
        process = Process(bench.emulator, bench.config, transport=Away(bench.emulator.transport()))

        def create(name: str, step: Callable[[], object]) -> None:
            began = process.clock()
            before(began)
            try:
                step()
            except HubAssocError as error:
                run.ended[name] = (began, error)
            else:
                run.ended[name] = (began, None)

        steps = {name: bench.prepare(process, name, *declared)[1] for name, declared in program.items()}
        all_of([lambda name=name, step=step: create(name, step) for name, step in steps.items()], threads)
        return run

    @property
    def made(self) -> list[float]:
        """When those began that ended well."""
        return [began for began, error in self.ended.values() if error is None]

    @property
    def held_back(self) -> list[float]:
        """When those began of which nothing was sent."""
        return [began for began, error in self.ended.values() if NOT_SENT in str(error)]


@pytest.fixture
def program(portal: Portal) -> Program:
    """A hundred paired labels; no rate limit, which would be waited for on the same clock."""
    portal.configure(rate_headers=False)
    return labels(N, PAIRS, paired=True)


def lasting(fault: Fault, skip: int = 0) -> Fault:
    """The fault from a request on, without end."""
    return Fault(fault.kind, fault.operation, count=None, status=fault.status, skip=skip)


@faults
@parallelism
@pytest.mark.parametrize("good", [0, 50])
def test_an_outage_causes_a_tenth_more_at_most(
    bench: Workbench, emulator: Emulator, portal: Portal, program: Program, fault: Fault, threads: int, good: int
) -> None:
    """From the first create on or from the middle; what the run could not do the next one does, each label once.

    A provider process has four threads. Of 64 that have a create under way each when the outage begins, every one has
    cost its request already, and each pair a list or two that decides.
    """
    emulator.arm(lasting(fault, good))
    run = Run.of(bench, program, threads)
    total = emulator.journal.count()
    print(f"{fault.kind} after {good}, {threads} threads: {total} requests, {total / GOOD_DAY:.2f} of a good day")
    assert len(run.made) == len(portal.labels()) == good
    assert total <= (1.5 if threads == 64 else 1.1) * GOOD_DAY
    emulator.disarm()
    bench.up_together(program, threads)
    assert len({label.name for label in portal.labels()}) == len(portal.labels()) == N


@faults
@parallelism
def test_what_comes_after_an_outage_is_sent_soon(
    bench: Workbench, emulator: Emulator, portal: Portal, program: Program, fault: Fault, threads: int
) -> None:
    """One create in a few seconds finds out that it is over, and then all go out; the next run does the rest."""
    emulator.arm(lasting(fault))
    over: list[float] = []

    def end_after(seconds: float, now: float, begin: float) -> None:
        if now >= begin + seconds and not over:
            over.append(now)
            emulator.disarm()

    begin = emulator.clock()
    run = Run.of(bench, program, threads, lambda now: end_after(60.0, now, begin))
    [end] = over
    assert run.made, "the run went on after the outage"
    if threads == 1:  # several on one clock move it on while the one that went out is under way
        assert max(run.held_back) <= end + Breaker.PAUSE_S
    bench.up_together(program, threads)
    assert len(portal.labels()) == N


@parallelism
def test_lost_answers_alone_hold_nothing_back(
    bench: Workbench, emulator: Emulator, portal: Portal, program: Program, threads: int
) -> None:
    """Every label is made and every answer lost: the lists show that HubSpot works."""
    emulator.arm(Fault("lost_answer", "create_label", count=None))
    run = Run.of(bench, program, threads)
    assert len(run.made) == len(portal.labels()) == N
    assert [r.operation for r in emulator.journal].count("create_label") == N


def test_nothing_was_sent_is_true(bench: Workbench, emulator: Emulator, portal: Portal, program: Program) -> None:
    """The sentence stands where no create went out for that label, and says what to do."""
    emulator.arm(lasting(KINDS[0]))
    run = Run.of(bench, program, threads=4)
    sent = {r.body["label"] for r in emulator.journal if r.operation == "create_label"}
    held = {str(program[name][1]["label"]) for name, (_, error) in run.ended.items() if NOT_SENT in str(error)}
    assert held
    assert held.isdisjoint(sent)
    assert held | sent == {news["label"] for _, news in program.values()}
    assert all("run `pulumi up` again" in str(error) for _, error in run.ended.values() if NOT_SENT in str(error))


class TestBreaker:
    """By itself, on a clock."""

    def test_one_goes_out_in_each_pause(self) -> None:
        """After so many without an answer; the others have waited a moment."""
        clock = Clock()
        breaker = Breaker(clock.sleep, clock)
        for _ in range(Breaker.MOST):
            assert breaker.lets_pass()
            breaker.note(clear=False)
        assert clock.slept == []
        passed = [breaker.lets_pass() for _ in range(100)]
        assert 100 / Breaker.PAUSE_S - 1 <= sum(passed) <= 100 / Breaker.PAUSE_S + 1
        assert set(clock.slept) == {1.0}

    def test_a_clear_answer_ends_it(self) -> None:
        """At once, for all."""
        clock = Clock()
        breaker = Breaker(clock.sleep, clock)
        for _ in range(3 * Breaker.MOST):
            breaker.note(clear=False)
        assert not breaker.lets_pass()
        breaker.note(clear=True)
        assert all(breaker.lets_pass() for _ in range(100))

    def test_failures_that_answers_interrupt_are_no_outage(self) -> None:
        """However many there are."""
        breaker = Breaker(Clock().sleep, Clock())
        for number in range(100):
            breaker.note(clear=number % Breaker.MOST == 0)
            assert breaker.lets_pass()
