"""How a request waits: a limiter and a breaker shared by all threads, and retries that are few, jittered and bounded.

What is sent again: 429 (not DAILY), 423, 477 where its time fits, 502, 503, 504, 521, 523, 524 and lost connections
[docs]. Everything else is final; 437 looks like a passing failure and is not [observed].
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  its exit hook must be registered before ours, see _ENDING
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from datetime import time as time_of_day
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pulumi_hubassoc.errors import HubSpotError, NoAnswer, RateLimited, Unavailable

T = TypeVar("T")
Sleep = Callable[[float], None]

RETRIED_STATUSES = frozenset({423, 429, 477, 502, 503, 504, 521, 523, 524})
LONGEST_WAIT_S = 60.0
_LOCKED_WAIT_S = 2.0  # how long a lock lasts [docs]
_MOVING_WAIT_S = 5.0
_POLICY_WAIT_S = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
_SECONDS = re.compile(r"[0-9]{1,400}(\.[0-9]{1,400})?")

_ENDING = threading.Event()
"""Set as soon as the interpreter begins to end.

The threads of an executor, such as those that Pulumi's provider process works in, are joined while the main thread
still counts as alive. Of all hooks only the one that executors use themselves runs before that; hooks run last
registered first, hence the import of theirs above. Where a Python has no such hook, the main thread is looked at.
"""
getattr(threading, "_register_atexit", lambda _: None)(_ENDING.set)


def sleep_in_slices(seconds: float) -> None:
    """Sleep, but give up within a quarter of a second once the process is ending.

    Raises:
        NoAnswer: if the process is ending.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if _ENDING.wait(min(left, 0.25)) or not threading.main_thread().is_alive():
            raise NoAnswer("wait for HubSpot", "the process is being stopped", "run `pulumi up` again")


def retry_after_s(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a Retry-After header asks for: a number of seconds or a date; None if absent or garbage.

    Never negative, never NaN, may be infinite. How long is too long is for the caller to say.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        return max(0.0, date.timestamp() - now())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def end_of_day(time_zone: str, now: datetime) -> datetime | None:
    """The next midnight in a time zone, as an instant; None if the zone is not known on this machine."""
    from zoneinfo import ZoneInfo

    try:
        zone = ZoneInfo(time_zone)
    except (ValueError, KeyError, OSError):  # a name from outside: no zone, a folder, a path …
        return None
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time_of_day(), zone).astimezone(timezone.utc)


class RetryBudget:
    """Lets a short failure be ridden out and keeps a long one from multiplying the traffic.

    Each retry costs one token, each success gives back a tenth; with none left nothing is sent again. So all
    operations of a process together send at most a tenth more than once each, and `tokens` requests: in an outage
    that lasts over 100 operations, a tenth more. Waits that HubSpot asks for (429, 423, 477) cost nothing: they are no
    failures, and grow with each attempt.
    """

    def __init__(self, tokens: float = 10.0) -> None:
        self._most = self._tokens = tokens
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Whether one more retry may be made; takes its token if so."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def success(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._tokens = min(self._most, self._tokens + 0.1)


class Breaker:
    """Keeps creates from being sent where none is answered.

    While HubSpot reads well and answers no create, every create costs a list as well, which has to decide what came of
    it; and those lists succeed and give the retry budget back. So after `MOST` creates in a row without an answer only
    one goes out in `PAUSE_S`, to find out whether it is over; any clear answer ends it. The others wait a moment and
    are refused before anything of them was sent. A retry that the budget has paid for is not asked.
    """

    MOST = 10
    PAUSE_S = 5.0
    _MOMENT_S = 1.0

    def __init__(self, sleep: Sleep = sleep_in_slices, clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._unclear = 0
        self._next_at = 0.0

    def lets_pass(self) -> bool:
        """Whether a create may be sent; where it may not now, a moment later."""
        if self._is_free():
            return True
        self._sleep(self._MOMENT_S)
        return self._is_free()

    def _is_free(self) -> bool:
        with self._lock:
            now = self._clock()
            if self._unclear < self.MOST:
                return True
            if now < self._next_at:
                return False
            self._next_at = now + self.PAUSE_S
            return True

    def note(self, *, clear: bool) -> None:
        """Note what came of a create: an answer, good or bad, or none that says whether it was done."""
        with self._lock:
            self._unclear = 0 if clear else self._unclear + 1
            if not clear:
                self._next_at = self._clock() + self.PAUSE_S


class Limiter:
    """Keeps the requests of one token within HubSpot's rolling window, for all threads of the process together.

    Nothing is held back until HubSpot has named a limit: the nine operations are marked as exempt from the ten-second
    limit [spec], and nobody has shown whether they are. From the headers (``X-HubSpot-RateLimit-Max``, ``-Remaining``,
    ``-Interval-Milliseconds`` [docs]) on, at most nine tenths of the limit less what others spend is sent in any
    window; a 429 without headers counts as the smallest documented limit.

    A request counts from when it is sent until one window after it was answered, because it may reach HubSpot at any
    moment in between: so however long requests take, no window of HubSpot's sees more.
    """

    SMALLEST = 100
    SHARE = 0.9
    LONGEST_WINDOW_S = 60.0
    _IN_FLIGHT_POLL_S = 0.05

    def __init__(self, sleep: Sleep = sleep_in_slices, clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._in_flight = 0
        self._ended: deque[float] = deque()
        self._limit: int | None = None
        self._window_s = 10.0

    def enter(self, longest_s: float = float("inf")) -> bool:
        """Wait until one more request may be sent, and count it; every `enter` that is True needs a `leave`.

        Args:
            longest_s: how long to wait at most.

        Returns:
            False if there was no room in that time.
        """
        until = self._clock() + longest_s
        while True:
            with self._lock:
                now = self._clock()
                self._forget(now)
                if self._limit is None or self._in_flight + len(self._ended) < self._limit:
                    self._in_flight += 1
                    return True
                wait = self._ended[0] + self._window_s - now if self._ended else self._IN_FLIGHT_POLL_S
            if now + wait > until:
                return False
            self._sleep(max(wait, 0.01))

    def leave(self) -> None:
        """Note that a request has ended, well or not."""
        with self._lock:
            self._in_flight -= 1
            self._ended.append(self._clock())

    def learn(self, headers: Mapping[str, str], *, refused: bool = False) -> None:
        """Take the limit from an answer's headers; `refused` says that it was a 429. Headers that make no sense are none."""
        try:
            most = int(headers.get("X-HubSpot-RateLimit-Max", ""))
            window_s = int(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")) / 1000
            remaining = int(headers.get("X-HubSpot-RateLimit-Remaining", str(most)))
            sensible = most >= 1 and 0 < window_s <= self.LONGEST_WINDOW_S and remaining >= 0
        except (ValueError, OverflowError):
            sensible = False
        with self._lock:
            if sensible:
                self._window_s = window_s
                self._forget(self._clock())
                others = max(0, most - remaining - self._in_flight - len(self._ended))
                self._limit = max(1, int(most * self.SHARE) - others)
            elif refused and self._limit is None:
                self._limit = int(self.SMALLEST * self.SHARE)

    def _forget(self, now: float) -> None:
        while self._ended and self._ended[0] <= now - self._window_s:
            self._ended.popleft()


class Patience:
    """Sends again what may be sent again, within a bounded time.

    Args:
        total_s: the longest time one operation may take with its retries, waits included.
        sleep: sleeps for that many seconds.
        budget: shared by all operations of the process.
        chance: a number in [0, 1), for jitter.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        total_s: float = 60.0,
        sleep: Sleep = sleep_in_slices,
        budget: RetryBudget | None = None,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total_s = total_s
        self.sleep = sleep
        self.clock = clock
        self.budget = budget or RetryBudget()
        self.breaker = Breaker(sleep, clock)
        self._chance = chance

    def __call__(self, send: Callable[[], T]) -> T:
        """Call `send`, and again after failures that pass; the last failure is raised."""
        import tenacity

        started = self.clock()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self.may_resend),
            wait=lambda state: self.wait_s(_failure(state), state.attempt_number),
            stop=lambda state: self.clock() - started + state.upcoming_sleep >= self.total_s,
            sleep=self.sleep,
            reraise=True,
        )
        answer = retrying(send)
        self.budget.success()
        return answer

    def may_resend(self, error: BaseException) -> bool:
        """Whether a failure passes by itself, and the budget allows to find out."""
        if isinstance(error, RateLimited):
            return not error.daily
        if isinstance(error, Unavailable) and error.status in (423, 477):
            return error.status == 423 or error.retry_after_s is not None
        return isinstance(error, (NoAnswer, Unavailable)) and self.budget.spend()

    def wait_s(self, error: BaseException | None, attempt: int) -> float:
        """Seconds to wait before the next attempt (the first failure has attempt 1).

        What HubSpot asks for, and where it does not say, or says next to nothing, more with each attempt. An absurd
        wish is cut at `LONGEST_WAIT_S`, except for 477, which may mean a day: that wish ends the retries. Jitter keeps
        threads that failed together from coming back together.
        """
        jitter = self._chance()
        asked: float = getattr(error, "retry_after_s", None) or 0.0
        if isinstance(error, Unavailable) and error.status == 477:
            return max(asked, _MOVING_WAIT_S * attempt) + jitter
        asked = min(asked, LONGEST_WAIT_S)
        if isinstance(error, RateLimited):
            unit_s = 1.0 if asked else _POLICY_WAIT_S.get(error.policy.upper(), 10.0)
            return max(asked, unit_s * attempt) + jitter
        if isinstance(error, Unavailable) and error.status == 423:
            return max(asked, _LOCKED_WAIT_S * attempt) + jitter
        return max(asked, min(20.0, 0.5 * float(2 ** min(attempt, 10))) * jitter)


def _failure(state: object) -> BaseException | None:
    outcome = getattr(state, "outcome", None)
    error = outcome.exception() if outcome is not None else None
    return error if isinstance(error, HubSpotError) else None
