"""A dynamic provider of the app's own, in place of whatever would bring the settings to it: it writes a file."""

from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class SettingsFileProvider(ResourceProvider):
    """Keeps a text in a file; the id is its path."""

    serialize_as_secret_always = False  # there is no secret in it

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        replaces = ["path"] if _olds.get("path") != _news.get("path") else []
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        Path(props["path"]).write_text(props["text"], encoding="utf-8")
        return CreateResult(props["path"], {"path": props["path"], "text": props["text"]})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self.create(_news).outs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        Path(_id).unlink(missing_ok=True)


class SettingsFile(Resource, module="settings", name="SettingsFile"):
    """A file of settings."""

    path: pulumi.Output[str]
    text: pulumi.Output[str]

    def __init__(self, name: str, *, path: pulumi.Input[str], text: pulumi.Input[str]) -> None:
        super().__init__(SettingsFileProvider(), name, {"path": path, "text": text})
