"""A provider that does nothing, and loads nothing but Pulumi: what everything else is held against."""

from __future__ import annotations

from typing import Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult


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
