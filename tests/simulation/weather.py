"""Bad weather: every kind of fault, at a rate of 5 to 30 %. (Names that show late are a setting of the portal.)"""

from __future__ import annotations

import random

from pulumi_hubassoc.emulator import Emulator, Fault

_STATUSES: tuple[dict[str, object], ...] = tuple(
    {"kind": "status", "status": status, "applied": applied}
    for status in (500, 502, 503, 504, 521, 522, 523, 524)
    for applied in (True, False)
)
KINDS: tuple[dict[str, object], ...] = (
    {"kind": "lost_answer"},
    {"kind": "lost_answer", "operation": "write"},
    {"kind": "reset"},
    {"kind": "connect_error"},
    {"kind": "timeout", "applied": True, "seconds": 0.05},
    {"kind": "timeout", "applied": False, "seconds": 0.05},
    *_STATUSES,
    {"kind": "html"},
    {"kind": "html", "applied": True},
    {"kind": "html", "status": 200, "operation": "read"},
    {"kind": "truncated"},
    {"kind": "malformed"},
    {"kind": "rate_limit"},
    {"kind": "rate_limit", "policy": "SECONDLY", "retry_after": "1"},
    {"kind": "rate_limit", "policy": "SECONDLY", "retry_after": "soon"},
    {"kind": "rate_limit", "policy": "DAILY"},
    {"kind": "locked"},
    {"kind": "migrating", "retry_after": "2"},
    {"kind": "migrating", "retry_after": "86400"},
    {"kind": "unauthorized"},
    {"kind": "forbidden"},
    {"kind": "redirect"},
    {"kind": "stale", "operation": "list_labels", "seconds": 20.0},
    {"kind": "answer", "operation": "read", "status": 200, "body": {}},
    {"kind": "answer", "operation": "list_labels", "status": 200, "body": {"results": []}},
    {"kind": "answer", "operation": "read", "status": 204},
)  # fmt: skip


def storm(emulator: Emulator, dice: random.Random) -> list[str]:
    """Arm some kinds of fault, which together strike 5 to 30 % of the requests; what was armed, for people."""
    chosen = dice.sample(KINDS, dice.randrange(1, 5))
    rate = dice.uniform(0.05, 0.30) / len(chosen)
    for fault in chosen:
        emulator.arm(Fault(**fault, count=None, probability=rate, seed=dice.randrange(2**30)))  # type: ignore[arg-type]
    return [" ".join(str(value) for value in fault.values()) for fault in chosen]
