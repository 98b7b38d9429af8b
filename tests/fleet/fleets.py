"""Fleets and records as an agency might have them, of any size, and with the worst texts that HubSpot may hold."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pulumi_hubassoc.fleet.document import Fleet, FleetPortal, TokenFrom, Waves
from pulumi_hubassoc.fleet.record import Change, Record

LABEL, LIMITS = "hubassoc:index:AssociationLabel", "hubassoc:index:AssociationLimitSet"
WORST = (
    '</td></tr></table><script>document.title="hit"</script><img src=x onerror=alert(1)> & "quoted" \'text\'',
    "تسمية طويلة جدا 漢字 שלום \u202egnitirw\u202c",
    "\x1b[31m\x1b[2J\x07\r\nred" + "x" * 200,
)
START = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)


def portal(number: int) -> FleetPortal:
    """A portal of a fleet; one in three is `eu`, one in ten `retail`."""
    tags = frozenset(tag for tag, every in (("eu", 3), ("retail", 10)) if number % every == 0)
    token = TokenFrom(env=f"TOKEN_{number}")
    return FleetPortal(f"client-{number:05}", token, 10_000_000 + number, None, tags, {}, canary=number == 1)


def fleet(size: int) -> Fleet:
    """A fleet with one schema."""
    portals = tuple(portal(number) for number in range(1, size + 1))
    return Fleet(Path("/fleet/fleet.yaml"), "relations", None, Path("/fleet/crm.yaml"), portals, {}, None, Waves())


CHANGES = (
    Change("create", LABEL, "crm-contacts-companies-decision-maker"),
    Change("update", LABEL, "crm-contacts-companies-billing", ("label", "inverse_label")),
    Change("create", LIMITS, "crm-contacts-companies"),
)


def records(of: Fleet, *, worst: bool = False) -> list[Record]:
    """An `up` of each portal: most have the three changes, some none, 2% failed, 1% are parked, the last one never ran."""
    chance = random.Random(7)
    return [_record(each, number, chance, worst=worst) for number, each in enumerate(of.portals[:-1], start=1)]


def _record(each: FleetPortal, number: int, chance: random.Random, *, worst: bool) -> Record:
    kind = chance.choices(["done", "same", "drifted", "failed", "parked"], [70, 20, 7, 2, 1])[0]
    kind = {1: "failed", 2: "parked"}.get(number, kind)
    changes = {
        "done": CHANGES,
        "drifted": (*CHANGES[:2], Change("delete", LABEL, f"left-over-{chance.randrange(5)}")),
    }.get(kind, ())
    errors: tuple[str, ...] = ()
    if kind == "failed":
        errors = (
            (
                "Unauthorized: Cannot see which portal it is — HubSpot says: Authentication credentials not found — check "
                f"that the token is current and whole — [401 INVALID_AUTHENTICATION, correlation id {chance.random()}]"
            ),
        )
    if worst and number % 5 == 0:
        text = WORST[number // 5 % len(WORST)]
        changes = (*changes, Change("update", LABEL, text, (text,)))
        errors = (f"LabelConflict: {text}",)
        kind = "failed"
    return Record(
        run="20261124T100000Z",
        operation="up",
        stack=each.stack,
        portal_id=each.portal_id,
        outcome="failed" if kind == "failed" else "parked" if kind == "parked" else "done",
        exit_code=1 if kind == "failed" else 0,
        changes=changes,
        errors=errors,
        requests=9 if changes else 2,
        seconds=round(chance.uniform(2, 6), 3),
        started=(START + timedelta(seconds=number * 2)).isoformat(),
        may_go_on="2026-11-25T05:00:00+00:00" if kind == "parked" else None,
        engine="local",
        worker=f"tcp://127.0.0.1:{40000 + number % 16}",
        wave=0 if number == 1 else 2,
    )
