"""The programs that are measured: labels, and as many resources of a provider that does nothing."""

from __future__ import annotations

from tests.test_request_counts import PAIRS


def pairs_of(n: int) -> int:
    """Over how many pairs so many labels are spread: HubSpot takes 50 on one."""
    return min(len(PAIRS), max(1, n // 10))


def labels_program(n: int, text: str = "Label") -> str:
    """So many paired labels."""
    return f"""
import pulumi_hubassoc as hubassoc

pairs = {PAIRS[: pairs_of(n)]!r}
for i in range({n}):
    from_, to = pairs[i % len(pairs)]
    hubassoc.AssociationLabel(
        f"r{{i}}", from_object_type=from_, to_object_type=to, label=f"{text} {{i}}", inverse_label=f"Inverse {{i}}"
    )
"""


def idle_program(n: int, text: str = "Label") -> str:
    """So many resources of the provider that does nothing."""
    return f"""
from tests.benchmarks.idle import Idle

for i in range({n}):
    Idle(f"r{{i}}", f"{text} {{i}}")
"""
