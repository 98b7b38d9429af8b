"""How a fleet stands: the last record of each of its portals, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from pulumi_hubassoc.fleet.document import Fleet, FleetPortal
from pulumi_hubassoc.fleet.record import Outcome, Record

State = Literal[Outcome, "never-run"]
"""``never-run``: there is no record of it."""
STATES: tuple[State, ...] = ("failed", "parked", "not-run", "never-run", "done")
"""The worst first."""
WORDS: Mapping[State, str] = {
    "failed": "failed",
    "parked": "parked",
    "not-run": "not run",
    "never-run": "never run",
    "done": "done",
}
FAILED, UNFINISHED = 1, 75
"""Exit codes; the second as ``EX_TEMPFAIL`` has it: nothing went wrong, and it is not done yet."""


@dataclass(frozen=True)
class Standing:
    """How one portal stands.

    Attributes:
        portal: of the fleet.
        record: its last one, None if there is none.
    """

    portal: FleetPortal
    record: Record | None

    @property
    def state(self) -> State:
        """What became of its last operation."""
        return self.record.outcome if self.record else "never-run"

    @property
    def told(self) -> str:
        """The state for people; of one that is parked, until when."""
        until = self.record.may_go_on if self.record and self.state == "parked" else None
        return f"{WORDS[self.state]} until {when(until)}" if until else WORDS[self.state]


def when(instant: str) -> str:
    """An instant of a record for people: ``2026-11-24 10:00 UTC``; as it is where it is none."""
    try:
        found = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    except ValueError:
        return instant
    return f"{found.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"


def standings(fleet: Fleet, latest: Mapping[str, Record]) -> tuple[Standing, ...]:
    """Every portal of a fleet, the worst first, else as they stand in the file.

    Args:
        fleet: the fleet.
        latest: stack -> its last record.
    """
    found = [Standing(portal, latest.get(portal.stack)) for portal in fleet.portals]
    return tuple(sorted(found, key=lambda standing: STATES.index(standing.state)))


def strangers(fleet: Fleet, latest: Mapping[str, Record]) -> list[str]:
    """Stacks that have records and are no longer in the fleet file, in order."""
    known = {portal.stack for portal in fleet.portals}
    return sorted(stack for stack in latest if stack not in known)


def counted(found: Iterable[Standing]) -> dict[State, int]:
    """How many portals are in each state that there is, the worst first."""
    counts = Counter(standing.state for standing in found)
    return {state: counts[state] for state in STATES if counts[state]}


def exit_code(states: Iterable[State]) -> int:
    """By the worst: 0 all are done, 1 some failed or were not begun, 75 others are parked or were never run."""
    seen = set(states)
    return FAILED if seen & {"failed", "not-run"} else UNFINISHED if seen - {"done"} else 0
