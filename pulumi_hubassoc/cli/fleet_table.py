"""A fleet that is under way, for people: a live table on a terminal, a plain line for each portal elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pulumi_hubassoc.estate.pages import flat
from pulumi_hubassoc.fleet.standing import WORDS, when

if TYPE_CHECKING:
    from pulumi_hubassoc.fleet.record import Record

STYLES = {"done": "green", "failed": "bold red", "parked": "yellow", "not-run": "dim", "never-run": "dim"}
"""State -> how it is shown."""
_MOST_RUNNING = 8
"""Stacks that are named while they run."""
_LAST = 6
"""Records that stay below the table; those of failures stay for good."""
_TWICE_A_SECOND = 2


class FleetTable:
    """What is waiting, running and ended, by wave. Threads may tell it.

    Args:
        out: where it is shown.
        waves: how many portals each wave has.
    """

    def __init__(self, out: Console, waves: list[int]) -> None:
        self._out, self._waves = out, waves
        self._running: dict[str, tuple[int, float]] = {}
        self._ended = [Counter[str]() for _ in waves]
        self._requests = 0
        self._last: list[Record] = []
        self._began = time.monotonic()
        self._lock = threading.RLock()  # a Ctrl-C prints, which draws the table, while this thread has it

    def began(self, stack: str, wave: int) -> None:
        """A stack is being worked on."""
        with self._lock:
            self._running[stack] = (wave, time.monotonic())

    def ended(self, record: Record) -> None:
        """There is a record. What did not end well is printed above the table, and all elsewhere than on a terminal."""
        with self._lock:
            self._running.pop(record.stack, None)
            self._ended[min(record.wave, len(self._waves) - 1)][record.outcome] += 1
            self._requests += record.requests
            self._last = [*self._last, record][-_LAST:]
            count = sum(sum(wave.values()) for wave in self._ended)
        if record.outcome in ("failed", "parked") or not self._out.is_terminal:
            self._out.print(Text(f"{count}/{sum(self._waves)} ") + line(record), soft_wrap=True)

    def __rich__(self) -> Group:
        """How it looks now."""
        with self._lock:
            return Group(self._by_wave(), _on_one_line(self._now()), *(_on_one_line(line(r)) for r in self._last))

    def _by_wave(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for head in ("wave", "", "running", "done", "failed", "parked", "not run"):
            table.add_column(head, justify="left" if head in ("wave", "") else "right")
        for number, size in enumerate(self._waves):
            if not size:
                continue
            ended = self._ended[number]
            running = sum(wave == number for wave, _ in self._running.values())
            counts = (running, *(ended[outcome] for outcome in ("done", "failed", "parked", "not-run")))
            done = ProgressBar(total=max(size, 1), completed=sum(ended.values()), width=30)
            table.add_row(f"{number + 1}: {size}", done, *(str(count) for count in counts))
        return table

    def _now(self) -> Text:
        now = time.monotonic()
        oldest = sorted(self._running.items(), key=lambda item: item[1][1])
        named = [f"{stack} {now - since:.0f} s" for stack, (_, since) in oldest[:_MOST_RUNNING]]
        more = [f"{len(oldest) - _MOST_RUNNING} more"] if len(oldest) > _MOST_RUNNING else []
        total = f"{self._requests} requests, {now - self._began:.0f} s"
        return Text(flat(f"{total}: {', '.join([*named, *more])}" if named else total), style="dim")


def _on_one_line(text: Text) -> Text:
    """As much of a text as there is room for: a table that grows and shrinks cannot be read."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


@contextmanager
def shown(out: Console, waves: list[int]) -> Iterator[FleetTable]:
    """A table that is redrawn while the fleet runs; where the output is no terminal, lines alone."""
    table = FleetTable(out, waves)
    with Live(table, console=out, refresh_per_second=_TWICE_A_SECOND) if out.is_terminal else nullcontext():
        yield table


def line(record: Record) -> Text:
    """A record on one line; whatever a portal says is text in it."""
    changes = Counter(change.operation for change in record.changes)
    told = ", ".join(f"{n} {operation}" for operation, n in sorted(changes.items())) or "no change"
    until = f" until {when(record.may_go_on)}" if record.outcome == "parked" and record.may_go_on else ""
    parts = [told, f"{record.requests} requests", f"{record.seconds:.1f} s", *record.errors[:1]]
    state = Text(f"{WORDS[record.outcome]}{until}", style=STYLES[record.outcome])
    return Text.assemble(flat(f"{record.stack} {record.operation}:"), " ", state, " — ", flat(" — ".join(parts)))
