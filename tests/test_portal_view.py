"""One view of a portal for all threads: a list is read once, stays right after writes, and no failure is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import HubAssocError, NoAnswer, UnexpectedAnswer, WrongPortal
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.gatherer import Gatherer
from pulumi_hubassoc.hubspot.portal_view import PortalView, Shared
from pulumi_hubassoc.hubspot.waiting import Patience
from tests.conftest import TOKEN

PAIR = ("contacts", "companies")
thread_counts = pytest.mark.parametrize("threads", [4, 64])


@pytest.fixture
def view(emulator: Emulator, portal: Portal) -> PortalView:
    """A view that gives up at the first failure."""
    return PortalView(HubSpot(Connection(Token(TOKEN)), transport=emulator.transport(), patience=Patience(0.0)))


def at_once(call: Callable[[], Any], threads: int) -> list[Any]:
    """What a call ends with in so many threads that begin together."""
    ready = threading.Barrier(threads)

    def one() -> Any:
        ready.wait()
        try:
            return call()
        except HubAssocError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(threads)]]


class Reader:
    """Something to be read: counts, takes a while, fails as told; says when a read has begun."""

    def __init__(self, failures: int = 0) -> None:
        self.reads = 0
        self.failures = failures
        self.most_at_once = 0
        self.at_once = 0
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self) -> frozenset[str]:
        """The value as it was when the read began."""
        self.reads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.began.set()
        time.sleep(0.01)
        self.may_end.wait(10)
        self.at_once -= 1
        if self.reads <= self.failures:
            raise NoAnswer("read", "no answer", "run it again")
        return frozenset({f"read {self.reads}"})


@thread_counts
def test_threads_share_one_read(threads: int) -> None:
    """However many ask at the same time, one reads and all get its answer."""
    reader = Reader()
    shared = Shared(reader, tick=iter(range(1, 1000)).__next__)
    assert at_once(shared.get, threads) == [frozenset({"read 1"})] * threads
    assert reader.reads == 1


@thread_counts
def test_a_failure_is_the_readers_own(threads: int) -> None:
    """Who waited for a read that failed reads again: three failures are three threads', and all others are served."""
    reader = Reader(failures=3)
    shared = Shared(reader, tick=iter(range(1, 1000)).__next__)
    outcomes = at_once(shared.get, threads)
    assert sum(isinstance(o, NoAnswer) for o in outcomes) == 3
    assert outcomes.count(frozenset({"read 4"})) == threads - 3
    assert (reader.reads, reader.most_at_once) == (4, 1)


def test_an_error_is_not_kept() -> None:
    """The next who asks after a failure reads anew."""
    shared = Shared(Reader(failures=1), tick=iter(range(1, 1000)).__next__)
    with pytest.raises(NoAnswer):
        shared.get()
    assert shared.get() == frozenset({"read 2"})


def test_a_note_reaches_a_read_under_way() -> None:
    """A write that ends while a list is read is in the list although HubSpot's answer may be without it."""
    reader = Reader()
    reader.may_end.clear()
    shared = Shared(reader, tick=iter(range(1, 1000)).__next__)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(shared.get)
        assert reader.began.wait(10)
        shared.note(lambda value: value | {"written"})
        reader.may_end.set()
        assert reading.result() == {"read 1", "written"}
    assert shared.get() == {"read 1", "written"}


def test_a_note_before_any_read_is_not_needed() -> None:
    """A write that ended before the first read is in HubSpot's answer."""
    shared = Shared(Reader(), tick=iter(range(1, 1000)).__next__)
    shared.note(lambda value: value | {"written"})
    assert shared.get() == {"read 1"}


def test_a_read_since_a_moment_is_newer(view: PortalView, emulator: Emulator, portal: Portal) -> None:
    """What a person did is seen by who asks for a list from now on; others are served from memory."""
    before = view.labels(*PAIR)
    label = portal.drift.create_label(*PAIR, "Payer")
    assert view.labels(*PAIR) == before
    since = view.now()
    assert view.labels(*PAIR, since=since)["USER_DEFINED", label.type_id] == "Payer"
    assert view.labels(*PAIR, since=since) == view.labels(*PAIR)
    assert emulator.journal.count(operation="list_labels") == 2


def test_a_read_that_began_before_a_moment_does_not_serve_it() -> None:
    """A list under way may be without what was written meanwhile: who asks since then reads again."""
    reader = Reader()
    reader.may_end.clear()
    ticks = iter(range(1, 1000))
    shared = Shared(reader, tick=ticks.__next__)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.get)
        assert reader.began.wait(10)
        second = pool.submit(shared.get, next(ticks))
        time.sleep(0.05)
        reader.may_end.set()
        assert (first.result(), second.result()) == ({"read 1"}, {"read 2"})


@thread_counts
def test_a_portals_lists_are_read_once(view: PortalView, emulator: Emulator, threads: int) -> None:
    """Account, a label list and all limits: one request each, whoever asks."""
    at_once(lambda: (view.guard(), view.labels(*PAIR), view.limits()), threads)
    assert sorted(emulator.journal.operations()) == ["account", "list_all_limits", "list_labels"]


@thread_counts
@pytest.mark.parametrize("operation", ["account", "list_labels", "list_all_limits"])
def test_one_lost_answer_costs_one_thread(view: PortalView, emulator: Emulator, threads: int, operation: str) -> None:
    """A reader that loses its answer fails alone; the others get theirs from the next read."""
    emulator.arm(Fault("reset", operation=operation))
    outcomes = at_once(lambda: (view.labels(*PAIR), view.limits()), threads)
    assert sum(isinstance(o, HubAssocError) for o in outcomes) == 1


def test_the_account_comes_before_everything(view: PortalView, emulator: Emulator) -> None:
    """Without an answer to whose token it is, nothing else is asked."""
    emulator.arm(Fault("status", operation="account", status=500, count=None))
    for read in (lambda: view.labels(*PAIR), view.limits, lambda: view.definitions("contacts")):
        with pytest.raises(HubAssocError, match="which portal the token belongs to"):
            read()
    assert set(emulator.journal.operations()) == {"account"}


@pytest.mark.parametrize(
    ("kwargs", "state_portal_id", "sentence"),
    [
        ({"portal_id": 2002}, None, "hubassoc:portalId says 2002"),
        ({"account_types": ["SANDBOX"]}, None, "hubassoc:accountTypes allows only SANDBOX"),
        ({}, 2002, "this resource was made in portal 2002"),
    ],
)
def test_another_portal_is_refused(
    emulator: Emulator, portal: Portal, kwargs: dict[str, Any], state_portal_id: int | None, sentence: str
) -> None:
    """The token's portal has to be the configured one, of an allowed type, and the resource's."""
    view = PortalView(HubSpot(Connection(Token(TOKEN)), transport=emulator.transport()), **kwargs)
    with pytest.raises(WrongPortal, match=sentence):
        view.guard(state_portal_id)


def test_hubspots_own_type_is_no_witness(view: PortalView, portal: Portal) -> None:
    """Definitions have no category: HubSpot's own type 3 does not make a label 3 that is gone look alive."""
    portal.add_custom_object("pet")
    assert view.lacks(("contacts", "p_pet"), ("USER_DEFINED", 3))


def test_a_second_witness_is_heard(view: PortalView, portal: Portal, emulator: Emulator) -> None:
    """An empty list of a custom pair is not believed while the object's schema still shows the label."""
    portal.add_custom_object("pet")
    label = portal.drift.create_label("contacts", "p_pet", "Owner")
    emulator.arm(Fault("answer", operation="list_labels", body={"results": []}))
    with pytest.raises(UnexpectedAnswer, match="not taken as deleted"):
        view.lacks(("contacts", "p_pet"), ("USER_DEFINED", label.type_id))


# ---------------------------------------------------------------------------------------------------------- gatherer


def test_wishes_pile_up_behind_a_busy_worker() -> None:
    """The first works at once and alone; all who come meanwhile are served by one more piece of work."""
    piles: list[list[int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def work(key: str, wishes: Any) -> list[HubAssocError | None]:
        piles.append(list(wishes))
        busy.set()
        go_on.wait(10)
        return [HubAssocError(f"no {wish}") if wish == 3 else None for wish in wishes]

    gather: Gatherer[str, int] = Gatherer(work)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gather, "k", 0)
        assert busy.wait(10)
        rest = [pool.submit(gather, "k", n) for n in range(1, 6)]
        time.sleep(0.1)
        go_on.set()
        errors = {n: future.exception() for n, future in enumerate([first, *rest])}
    assert [sorted(pile) for pile in piles] == [[0], [1, 2, 3, 4, 5]]
    assert {n: str(e) for n, e in errors.items() if e} == {3: "no 3"}


def test_a_bug_in_one_piece_of_work_is_not_success_for_others() -> None:
    """Whoever piled up behind an unforeseen failure has its wish done by itself."""
    piles: list[list[int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def work(key: str, wishes: Any) -> list[HubAssocError | None]:
        piles.append(list(wishes))
        busy.set()
        go_on.wait(10)
        if len(piles) == 2:
            raise ZeroDivisionError
        return [None] * len(wishes)

    gather: Gatherer[str, int] = Gatherer(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gather, "k", 0)
        assert busy.wait(10)
        rest = [pool.submit(gather, "k", n) for n in (1, 2)]
        time.sleep(0.1)
        go_on.set()
        failures = [future.exception() for future in [first, *rest]]
    assert sum(isinstance(f, ZeroDivisionError) for f in failures) == 1
    assert sum(f is None for f in failures) == 2
    assert len(piles) == 3
