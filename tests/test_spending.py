"""A share of a portal's day: counted whoever sends, never overspent, and said when it may go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Settings
from pulumi_hubassoc.errors import DayIsSpent, HubAssocError, RateLimited
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.spending import Spending
from tests.conftest import TOKEN
from tests.workbench import all_of

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc).timestamp()
DAY = {"X-HubSpot-RateLimit-Daily": "10"}


def client(emulator: Emulator, file: Path, share: float) -> HubSpot:
    """A client that counts in a file."""
    connection = Connection(Token(TOKEN), spending_file=file, daily_share=share)
    return HubSpot(connection, transport=emulator.transport())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a portal, in a folder that is not there yet."""
    return tmp_path / "spending" / "1001"


def test_never_more_than_the_share_is_sent(emulator: Emulator, file: Path) -> None:
    """Of 20 a day and a share of a half 10 requests arrive, whoever sends them, and the next is refused unsent."""
    emulator.add_portal(token=TOKEN, portal_id=1001, settings=Settings(requests_per_day=20))
    clients = [client(emulator, file, 0.5) for _ in range(3)]
    clients[0].account()
    refused = []

    def send(hubspot: HubSpot) -> None:
        try:
            hubspot.list_all_limits()
        except DayIsSpent as error:
            refused.append(str(error))

    all_of([lambda c=c: send(c) for c in clients * 6], threads=6)  # type: ignore[misc]
    assert len(emulator.journal) == 10
    assert len(refused) == 9
    assert "10 of the 10 requests that may be spent here of the portal's 20 a day are spent" in refused[0]
    assert "\n" not in refused[0]
    assert Spending(file).count() == 10


def test_a_request_is_counted_before_it_is_sent(emulator: Emulator, file: Path) -> None:
    """One that is never answered, or whose sender is killed, has been spent."""
    emulator.add_portal(token=TOKEN, portal_id=1001)
    emulator.arm(Fault("lost_answer"))
    hubspot = client(emulator, file, 1.0)
    hubspot.account()
    assert Spending(file).count() == len(emulator.journal) == 2


def test_hubspots_daily_refusal_is_kept_for_all(emulator: Emulator, file: Path) -> None:
    """After one DAILY nobody who counts there asks again before the portal's midnight."""
    emulator.add_portal(token=TOKEN, portal_id=1001, settings=Settings(requests_per_day=1, enforce_day=True))
    HubSpot(Connection(Token(TOKEN)), transport=emulator.transport()).account()  # somebody else's
    with pytest.raises(RateLimited):
        client(emulator, file, 1.0).account()
    sent = len(emulator.journal)
    with pytest.raises(DayIsSpent, match="HubSpot says that the portal's day of requests is spent"):
        client(emulator, file, 1.0).account()
    assert len(emulator.journal) == sent


def test_the_day_is_the_portals(file: Path) -> None:
    """It ends at midnight in the portal's zone; what was sent before does not count after it."""
    spending = Spending(file, 0.5, lambda: NOON)
    spending.in_zone("America/New_York")
    spending.learn(DAY, day_is_spent=False)
    assert [spending.take() for _ in range(5)] == [None] * 5
    spent = spending.take()
    assert spent
    assert datetime.fromtimestamp(spent.until, timezone.utc) == datetime(2026, 3, 11, 4, 0, tzinfo=timezone.utc)
    just_before, after = spent.until - 1, spent.until + 1
    assert Spending(file, 0.5, lambda: just_before).take() == spent
    assert Spending(file, 0.5, lambda: after).take() is None


@pytest.mark.parametrize("day", [(2026, 10, 25), (2026, 3, 29)])
def test_a_day_on_which_clocks_change_is_one_day(file: Path, day: tuple[int, int, int]) -> None:
    """In Berlin it has 25 hours, or 23: what was sent at noon counts until its midnight, and not after it."""
    noon = datetime(*day, 11, 0, tzinfo=timezone.utc).timestamp()
    spending = Spending(file, 0.5, lambda: noon)
    spending.in_zone("Europe/Berlin")
    spending.learn(DAY, day_is_spent=False)
    assert [spending.take() for _ in range(5)] == [None] * 5
    spent = spending.take()
    assert spent
    assert Spending(file, 0.5, lambda: spent.until - 60).take() == spent
    assert Spending(file, 0.5, lambda: spent.until + 60).take() is None


def test_a_number_cut_short_hides_no_request(file: Path) -> None:
    """A full disk leaves a part of a number: those around it count all the same."""
    spending = Spending(file, 0.5, lambda: NOON)
    spending.learn(DAY, day_is_spent=False)
    spending.take()
    spending.take()
    with file.open("a") as cut:
        cut.write("17\n")
    assert [Spending(file, 0.5, lambda: NOON).take() for _ in range(3)][:2] == [None] * 2
    assert Spending(file, 0.5, lambda: NOON).take()


def test_without_a_zone_it_may_go_on_within_a_day_at_the_latest(file: Path) -> None:
    """Nobody has said when the portal's midnight is: the last 24 hours count."""
    spending = Spending(file, 0.5, lambda: NOON)
    spending.learn(DAY, day_is_spent=True)
    spent = spending.spent()
    assert spent
    assert spent.until == NOON + 86_400


def test_without_a_daily_limit_nothing_is_held_back(file: Path) -> None:
    """HubSpot names no daily quota for OAuth apps."""
    spending = Spending(file, 0.01)
    spending.learn({}, day_is_spent=False)
    assert [spending.take() for _ in range(50)] == [None] * 50
    assert spending.count() == 50


def test_a_line_cut_short_by_a_crash_is_passed_over(file: Path) -> None:
    """The next line begins anew."""
    Spending(file, now=lambda: NOON).take()
    with file.open("a") as cut:
        cut.write("zon")
    assert Spending(file, now=lambda: NOON).take() is None
    assert Spending(file, now=lambda: NOON).count() == 2


def test_what_is_old_is_forgotten(file: Path) -> None:
    """The file does not grow for ever; quota and zone are kept."""
    old = Spending(file, now=lambda: NOON)
    old.in_zone("Europe/Berlin")
    old.learn(DAY, day_is_spent=False)
    old.take()
    later = Spending(file, now=lambda: NOON + 3 * 86_400)
    assert later.count() == 0
    assert file.read_text() == "day 10\nzone Europe/Berlin\n"


def test_where_nothing_can_be_counted_nothing_is_sent(emulator: Emulator, tmp_path: Path) -> None:
    """One line says so."""
    emulator.add_portal(token=TOKEN, portal_id=1001)
    (tmp_path / "spending").write_text("a file where the folder should be")
    with pytest.raises(HubAssocError, match="none is sent uncounted"):
        client(emulator, tmp_path / "spending" / "1001", 1.0).account()
    assert len(emulator.journal) == 0


def test_it_is_in_the_settings_of_a_connection() -> None:
    """Two that count in different places are different connections."""
    connection = Connection(Token(TOKEN))
    assert replace(connection, spending_file=Path("/a")) != connection
