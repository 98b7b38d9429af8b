"""Dynamic resources for tests of the engine: things that live in files of the folder that SHELF names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


def _file(name: str) -> Path:
    return Path(os.environ["SHELF"]) / f"{name}.json"


class ThingProvider(ResourceProvider):
    """A thing has a fixed `title` and a `text`; what it was configured with is among its outputs."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        self.zone = req.config.get("zone")

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        replaces = ["title"] if olds["title"] != news["title"] else []
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["title"], self._put(props))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self._put(news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if not _file(id_).exists():
            return ReadResult("", {})
        found = json.loads(_file(id_).read_text())
        return ReadResult(id_, {**found, "zone": self.zone}, found)

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        _file(id_).unlink(missing_ok=True)

    def _put(self, props: dict[str, Any]) -> dict[str, Any]:
        if props["text"] == "explode":
            raise ValueError("too much text")
        given = {"title": props["title"], "text": props["text"]}
        _file(props["title"]).write_text(json.dumps(given))
        return {**given, "zone": self.zone}


class Thing(Resource, module="shelf", name="Thing"):
    """A thing on the shelf."""

    title: pulumi.Output[str]
    text: pulumi.Output[str]
    zone: pulumi.Output[str]

    def __init__(self, name: str, text: Any, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(ThingProvider(), name, {"title": name, "text": text, "zone": None}, opts)
