"""How a request waits: a limiter shared by all threads, and retries that are few, jittered and bounded.

What is sent again: 429 (not DAILY), 423, 477 where its time fits, 502, 503, 504, 521, 523, 524 and lost connections
[docs]. Everything else is final; 437 looks like a passing failure and is not [observed].
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pulumi_hubassoc.errors import HubSpotError, NoAnswer, RateLimited, Unavailable

T = TypeVar("T")
Sleep = Callable[[float], None]

RETRIED_STATUSES = frozenset({423, 429, 477, 502, 503, 504, 521, 523, 524})
LONGEST_WAIT_S = 60.0
_LOCKED_WAIT_S = 2.0
_POLICY_WAIT_S = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}


def sleep_in_slices(seconds: float) -> None:
    """Sleep, but give up within a quarter of a second once the process is ending (its main thread has ended).

    Raises:
        NoAnswer: if the process is ending.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not threading.main_thread().is_alive():
            raise NoAnswer("wait for HubSpot", "the process is being stopped", "run `pulumi up` again")
        time.sleep(min(left, 0.25))


def retry_after_s(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that a Retry-After header asks for: a number of seconds or a date; None if absent or garbage.

    Never negative. How long is too long is for the caller to say.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        seconds = date.timestamp() - datetime.fromtimestamp(now(), timezone.utc).timestamp()
    return max(0.0, seconds) if seconds == seconds else None  # noqa: PLR0124  NaN is garbage too


class RetryBudget:
    """Lets a short failure be ridden out and keeps a long one from multiplying the traffic.

    Each retry costs one token, each success gives back a tenth; with none left nothing is sent again. So an outage
    causes at most `tokens` extra requests, however many operations meet it. Waits that HubSpot asks for (429, 423,
    477) are not failures and cost nothing.
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


class Limiter:
    """Keeps the requests of one token within HubSpot's rolling window, for all threads of the process together.

    Nothing is held back until HubSpot has named a limit: the nine operations are marked as exempt from the ten-second
    limit [spec], and nobody has shown whether they are. From the headers (``X-HubSpot-RateLimit-Max``, ``-Remaining``,
    ``-Interval-Milliseconds`` [docs]) on, at most nine tenths of the limit less what others spend is sent in any
    window; a 429 without headers counts as the smallest documented limit.
    """

    SMALLEST = 100
    SHARE = 0.9

    def __init__(self, sleep: Sleep = sleep_in_slices, clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._clock = sleep, clock
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._limit: int | None = None
        self._window_s = 10.0

    def acquire(self) -> None:
        """Wait until one more request may be sent, and count it."""
        while True:
            with self._lock:
                now = self._clock()
                self._forget(now)
                if self._limit is None or len(self._sent) < self._limit:
                    self._sent.append(now)
                    return
                wait = self._sent[0] + self._window_s - now
            self._sleep(max(wait, 0.01))

    def learn(self, headers: Mapping[str, str], *, refused: bool = False) -> None:
        """Take the limit from an answer's headers; `refused` says that it was a 429."""
        try:
            most = int(headers.get("X-HubSpot-RateLimit-Max", ""))
            window_s = int(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")) / 1000
            remaining = int(headers.get("X-HubSpot-RateLimit-Remaining", str(most)))
        except ValueError:
            if refused:
                with self._lock:
                    self._limit = self._limit or int(self.SMALLEST * self.SHARE)
            return
        if most < 1 or not 0 < window_s <= 3600:
            return
        with self._lock:
            self._window_s = window_s
            self._forget(self._clock())
            others = max(0, most - remaining - len(self._sent))
            self._limit = max(1, int(most * self.SHARE) - others)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - self._window_s:
            self._sent.popleft()


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
        """Seconds to wait before the next attempt (the first failure has attempt 1)."""
        jitter = self._chance()
        asked: float | None = getattr(error, "retry_after_s", None)
        if isinstance(error, RateLimited):
            least = asked if asked is not None else _POLICY_WAIT_S.get(error.policy.upper(), 10.0)
            # An absurd wish is cut, and jitter keeps threads that were refused together from coming back together.
            return min(least, LONGEST_WAIT_S) + jitter
        if isinstance(error, Unavailable) and error.status == 477:
            return (asked or 0.0) + jitter  # too long a wish ends the retries
        if isinstance(error, Unavailable) and error.status == 423:
            return max(_LOCKED_WAIT_S, min((asked or 0.0), LONGEST_WAIT_S)) + jitter
        backoff = min(20.0, 0.5 * float(2**attempt))
        return max(min((asked or 0.0), LONGEST_WAIT_S), backoff * jitter)


def _failure(state: object) -> BaseException | None:
    outcome = getattr(state, "outcome", None)
    error = outcome.exception() if outcome is not None else None
    return error if isinstance(error, HubSpotError) else None
