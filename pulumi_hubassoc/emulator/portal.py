"""One portal: its state and how it changes, its account, and snapshots for tests and demos."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pulumi_hubassoc.emulator import limits as limit_operations
from pulumi_hubassoc.emulator.answers import Answer, JsonObject
from pulumi_hubassoc.emulator.drift import Drift
from pulumi_hubassoc.emulator.rules import Rules
from pulumi_hubassoc.emulator.settings import Settings
from pulumi_hubassoc.emulator.state import AssociationType, CustomObject, Label, Limit, State
from pulumi_hubassoc.hubspot import facts

INTERVAL = 10.0
"""Seconds of the rolling interval of HubSpot's rate limit [docs]."""
_DAY = 86_400.0
_REMEMBERED = 1_000
"""How many earlier states a portal keeps for stale reads."""


class Clock:
    """The emulator's time: real, and moved on by hand where a test must not wait."""

    def __init__(self, start: float | None = None) -> None:
        self._frozen = start
        self._moved = 0.0

    def __call__(self) -> float:
        """Seconds since 1970; with a `start` time stands still but for `advance`."""
        return (time.time() if self._frozen is None else self._frozen) + self._moved

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self._moved += seconds


@dataclass(frozen=True)
class Account:
    """What the account details and the token introspection tell [spec].

    Attributes:
        portal_id: HubSpot's number of the portal.
        account_type: one of facts.ACCOUNT_TYPES.
        name: for people; HubSpot's API does not tell it.
        time_zone: of the portal; the daily limit ends at its midnight [docs].
        currency: of the company.
        ui_domain: where its pages are.
        hosting: where its data is.
        scopes: of the token.
    """

    portal_id: int
    account_type: str = "STANDARD"
    name: str = ""
    time_zone: str = "Europe/Berlin"
    currency: str = "EUR"
    ui_domain: str = "app.hubspot.com"
    hosting: str = "na1"
    scopes: tuple[str, ...] = ("oauth", "crm.objects.contacts.read", "crm.objects.contacts.write")

    def __post_init__(self) -> None:
        """Refuses an account type that HubSpot does not have."""
        if self.account_type not in facts.ACCOUNT_TYPES:
            msg = f"no account type: {self.account_type!r}; there are {', '.join(facts.ACCOUNT_TYPES)}"
            raise ValueError(msg)

    def details(self) -> JsonObject:
        """The body of the account details."""
        return {
            "portalId": self.portal_id,
            "accountType": self.account_type,
            "timeZone": self.time_zone,
            "companyCurrency": self.currency,
            "additionalCurrencies": [],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": self.ui_domain,
            "dataHostingLocation": self.hosting,
        }

    def token_info(self) -> JsonObject:
        """The body of a token's introspection [observed]."""
        return {"userId": 1, "hubId": self.portal_id, "appId": 1, "scopes": list(self.scopes)}


class Portal:
    """A HubSpot portal.

    Attributes:
        account: who it is.
        settings: how it answers; change with `configure`.
        drift: what a person does in HubSpot's settings pages.
        revision: how often state or settings have changed.
    """

    def __init__(self, account: Account, *, seed: int, clock: Clock, settings: Settings) -> None:
        self.account = account
        self.settings = settings
        self.drift = Drift(self)
        self.on_change: Callable[[], None] = lambda: None
        self._seed = seed
        self._clock = clock
        self._lock = threading.RLock()
        self._state = State()
        self._history: deque[tuple[float, State]] = deque([(0.0, self._state)], maxlen=_REMEMBERED)
        self._in_interval: deque[float] = deque()
        self._in_day: deque[float] = deque()
        self._requests = 0
        self.revision = 0

    @property
    def portal_id(self) -> int:
        """HubSpot's number of the portal."""
        return self.account.portal_id

    @property
    def state(self) -> State:
        """The portal's data now."""
        return self._state

    def labels(self, from_object_type: str | None = None, to_object_type: str | None = None) -> list[Label]:
        """The labels somebody made, without plain associations.

        Args:
            from_object_type: with `to_object_type` the labels of that pair, each turned that way; without, all labels
                as they were made.
            to_object_type: see there.
        """
        if from_object_type is None or to_object_type is None:
            return [label for label in self._state.labels.values() if not label.is_plain]
        start, end = self.resolve(from_object_type), self.resolve(to_object_type)
        found = [label for label in self._state.of_pair(start, end) if not label.is_plain]
        return [label if label.from_object_type == start else label.flipped() for label in found]

    def label(self, name: str) -> Label:
        """The label (or plain association) with an internal name.

        Raises:
            LookupError: if there is none.
        """
        found = next((label for label in self._state.labels.values() if label.name == name), None)
        if found is None:
            msg = f"portal {self.portal_id} has no label named {name!r}"
            raise LookupError(msg)
        return found

    def types(self, from_object_type: str, to_object_type: str) -> list[AssociationType]:
        """All association types of one direction, HubSpot's own and plain ones too."""
        return self._state.types(self.resolve(from_object_type), self.resolve(to_object_type))

    def limits(self) -> list[Limit]:
        """The limits that are set."""
        return limit_operations.limits_set(self._state)

    def limit(self, category: str, type_id: int) -> int | None:
        """The limit of one type, or None."""
        return self._state.limits.get((category, type_id))

    def add_custom_object(
        self, name: str, *, singular: str | None = None, plural: str | None = None, object_type_id: str | None = None
    ) -> CustomObject:
        """Creates a custom object with a bare name; its labels for people are made from the name unless given."""
        with self._lock:
            number = self._state.next_object_id
            singular = singular or name.replace("_", " ").capitalize()
            custom = CustomObject(
                object_type_id or f"2-{number}", name, singular, plural or f"{singular}s", self.portal_id
            )
            objects = {**self._state.custom_objects, custom.object_type_id: custom}
            self.commit(replace(self._state, custom_objects=objects, next_object_id=number + 1))
            return custom

    def configure(self, **changes: Any) -> Settings:
        """Changes settings by name.

        Raises:
            ValueError: if a setting or its value does not exist.
        """
        unknown = changes.keys() - Settings.__dataclass_fields__.keys()
        if unknown:
            msg = f"no such setting: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        self.settings = replace(self.settings, **changes)
        with self._lock:
            self.revision += 1
        return self.settings

    def reset(self) -> None:
        """Empties the portal and begins its ids anew; account and settings stay."""
        with self._lock:
            self._in_interval.clear()
            self._in_day.clear()
            self._requests = 0
            self.commit(State())

    def load(self, state: State) -> None:
        """Takes over a state that was saved."""
        with self._lock:
            self._state = state
            self._history.append((self._clock(), state))
            self.revision += 1

    def dump(self) -> JsonObject:
        """All of it as a JSON document; the token is not in it."""
        details = self.account.details()
        return {"name": self.account.name, "account": details, "state": self._state.to_json()}

    # What the operations use.

    def resolve(self, text: str) -> str:
        """The object type that a text means; see State.resolve."""
        return self._state.resolve(text, self.portal_id)

    def rules(self) -> Rules:
        """The circumstances of a request now."""
        return Rules(self.settings, self.portal_id, self._seed, self._clock())

    @contextmanager
    def writing(self) -> Iterator[State]:
        """The state for one who will `commit` a changed one: writes go one after the other."""
        with self._lock:
            yield self._state

    def commit(self, state: State) -> None:
        """Makes a state the portal's, if it is another."""
        with self._lock:
            if state is self._state:
                return
            self._state = state
            self._history.append((self._clock(), state))
            self.revision += 1
        self.on_change()

    def write(self, change: Callable[[State, Rules], tuple[State, Answer]], *, by_hand: bool = False) -> Answer:
        """Applies an operation: checked and committed as one, and noted whether a person or an app did it."""
        with self.writing() as state:
            changed, answer = change(state, self.rules())
            self.commit(changed.signed(state, by_hand=by_hand))
            return answer

    def state_ago(self, *, writes: int | None = None, seconds: float | None = None) -> State:
        """An earlier state: before the last `writes` writes, or as it was `seconds` ago; the oldest kept at most."""
        with self._lock:
            history = list(self._history)
        if writes is not None:
            return history[max(0, len(history) - 1 - writes)][1]
        then = self._clock() - (seconds or 0.0)
        return next((state for since, state in reversed(history) if since <= then), history[0][1])

    def arrive(self) -> tuple[str, int, int]:
        """Counts a request.

        Returns:
            Its correlation id, and how many requests the interval and the day have seen, this one included.
        """
        with self._lock:
            now = self._clock()
            self._requests += 1
            for arrivals, span in ((self._in_interval, INTERVAL), (self._in_day, _DAY)):
                arrivals.append(now)
                while arrivals[0] <= now - span:
                    arrivals.popleft()
            digest = hashlib.blake2b(
                f"{self._seed}:{self.portal_id}:{self._requests}".encode(), digest_size=16
            ).digest()
            return str(uuid.UUID(bytes=digest, version=4)), len(self._in_interval), len(self._in_day)
