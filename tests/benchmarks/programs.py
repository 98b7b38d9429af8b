"""The programs that are measured: labels, and as many resources of a provider that does nothing."""

from __future__ import annotations

from typing import Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult

from tests.test_request_counts import PAIRS


class IdleProvider(ResourceProvider):
    """Asks nobody anything."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("1", props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_news)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        inputs = {k: v for k, v in props.items() if k != "__provider"}
        return ReadResult(id_, inputs, inputs)


class Idle(Resource):
    """A resource without a world."""

    def __init__(self, name: str, label: Input[str], opts: ResourceOptions | None = None) -> None:
        super().__init__(IdleProvider(), name, {"label": label}, opts)


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
from tests.benchmarks.programs import Idle

for i in range({n}):
    Idle(f"r{{i}}", f"{text} {{i}}")
"""
