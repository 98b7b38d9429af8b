"""Faults: what can be armed, and which request meets which."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from pulumi_hubassoc.emulator.answers import POLICIES, JsonObject

Kind = Literal[
    "lost_answer",
    "reset",
    "connect_error",
    "timeout",
    "status",
    "html",
    "truncated",
    "malformed",
    "rate_limit",
    "locked",
    "migrating",
    "unauthorized",
    "forbidden",
    "stale",
    "late_names",
    "redirect",
    "slow",
    "answer",
]
_NEEDS_ANSWER = {"truncated", "malformed", "stale", "late_names", "slow"}
_APPLIED = _NEEDS_ANSWER | {"lost_answer"}


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with the requests it matches.

    Kinds, and whether the request takes effect first (`applied` overrules it, except for kinds that change the true answer):

    - ``lost_answer``: done, then the connection is dropped; the client sees a read error.
    - ``reset``: dropped before anything is done; a read error.
    - ``connect_error``: not even connected; over a real socket it is a reset.
    - ``timeout``: no answer for `seconds`; in process the read timeout is raised at once. Not applied unless asked.
    - ``status``: `status` with `body`, or the body known for it. Not applied unless asked.
    - ``html``: a gateway's HTML page with `status` (502 unless given). Not applied unless asked.
    - ``truncated``: done, the connection breaks in the middle of the answer's body.
    - ``malformed``: done, and the answer arrives whole but is no JSON.
    - ``rate_limit``: 429 of `policy`, with Retry-After where `retry_after` is given.
    - ``locked``: 423. ``migrating``: 477 with Retry-After.
    - ``unauthorized``: 401, as if the token expired `seconds` ago, or never was one (`seconds` None).
    - ``forbidden``: 403 that names `scopes`.
    - ``stale``: a read shows the state before the last `writes` writes, or `seconds` ago.
    - ``late_names``: a schema read leaves out what is younger than `seconds` (300 unless given).
    - ``redirect``: 302 to `location`.
    - ``slow``: done, and answered after `seconds` of real time.
    - ``answer``: `status`, `body` and `headers` as given, whatever was asked. Not applied unless asked.

    Attributes:
        kind: as above.
        operation: an operation's name, ``read`` or ``write`` for all of them, None for every request.
        portal_id: one portal's requests only.
        count: how often it strikes; None for ever.
        skip: how many matching requests it lets pass first.
        probability: that it strikes a matching request, decided by `seed`.
        seed: of that decision.
        applied: whether the request takes effect; None for the kind's own way.
        status: for ``status``, ``html``, ``answer``.
        policy: for ``rate_limit``: ``TEN_SECONDLY_ROLLING``, ``SECONDLY`` or ``DAILY``.
        retry_after: the header's text, seconds.
        seconds: see the kinds.
        writes: for ``stale``.
        body: a JSON value, a text, or bytes.
        headers: further headers of ``answer`` and ``status``.
        location: for ``redirect``.
        scopes: for ``forbidden``.
    """

    kind: Kind
    operation: str | None = None
    portal_id: int | None = None
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    applied: bool | None = None
    status: int | None = None
    policy: str = "TEN_SECONDLY_ROLLING"
    retry_after: str | None = None
    seconds: float | None = None
    writes: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = "https://elsewhere.example/crm"
    scopes: tuple[str, ...] = ("crm.objects.contacts.read",)

    def __post_init__(self) -> None:
        """Refuses a kind or policy that does not exist: a fault that never strikes would prove nothing."""
        for name in ("count", "skip", "status", "writes", "seconds", "probability"):
            value, whole = getattr(self, name), name not in {"seconds", "probability"}
            if value is not None and not isinstance(value, int if whole else (int, float)):
                msg = f"{name} of a fault is a {'whole ' if whole else ''}number, not {value!r}"
                raise ValueError(msg)
        if self.kind not in get_args(Kind):
            msg = f"no kind of fault: {self.kind!r}; there are {', '.join(get_args(Kind))}"
            raise ValueError(msg)
        if self.policy not in POLICIES:
            msg = f"no rate limit policy: {self.policy!r}; there are {', '.join(POLICIES)}"
            raise ValueError(msg)
        if self.kind in _NEEDS_ANSWER and self.applied is False:
            msg = f"a {self.kind} fault changes the true answer: the request always takes effect"
            raise ValueError(msg)

    @property
    def takes_effect(self) -> bool:
        """Whether the request is done before the fault shows."""
        return self.kind in _APPLIED if self.applied is None else self.applied

    def to_json(self) -> JsonObject:
        """As a JSON object; bytes of a body as text."""
        document = asdict(self)
        if isinstance(self.body, bytes):
            document["body"] = self.body.decode("utf-8", "replace")
        return document


class _Armed:
    """A fault, what is left of it, and its own dice."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.left = fault.count
        self.to_skip = fault.skip
        self.struck = 0
        self.dice = random.Random(fault.seed)

    def strikes(self) -> bool:
        """Decides for one matching request."""
        if self.left == 0:
            return False
        if self.to_skip:
            self.to_skip -= 1
            return False
        if self.dice.random() >= self.fault.probability:
            return False
        self.struck += 1
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The armed faults of an emulator, asked in the order of arming: the first that strikes wins.

    Attributes:
        revision: how often what `to_json` tells may have changed.
    """

    def __init__(self) -> None:
        self._armed: dict[int, _Armed] = {}
        self._number = 0
        self.revision = 0
        self._lock = threading.Lock()

    def arm(self, fault: Fault) -> int:
        """Arms a fault; the number returned disarms it."""
        with self._lock:
            self.revision += 1
            self._number += 1
            self._armed[self._number] = _Armed(self._number, fault)
            return self._number

    def disarm(self, number: int | None = None) -> None:
        """Disarms one fault, or all."""
        with self._lock:
            self.revision += 1
            if number is None:
                self._armed.clear()
            else:
                self._armed.pop(number, None)

    def struck(self, number: int) -> int:
        """How often a fault has struck; 0 for one that is not armed."""
        with self._lock:
            armed = self._armed.get(number)
            return armed.struck if armed else 0

    def strike(self, operation: str, *, is_write: bool, portal_id: int | None) -> Fault | None:
        """The fault that a request meets, or None."""
        names = {None, operation, "write" if is_write else "read"}
        with self._lock:
            for armed in self._armed.values():
                fault = armed.fault
                if fault.operation in names and fault.portal_id in {None, portal_id} and armed.strikes():
                    self.revision += 1
                    return fault
        return None

    def to_json(self) -> list[JsonObject]:
        """The armed faults and what is left of each."""
        with self._lock:
            return [
                a.fault.to_json() | {"number": a.number, "left": a.left, "struck": a.struck}
                for a in self._armed.values()
            ]
