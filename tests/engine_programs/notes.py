"""A small dynamic provider for tests of engines, and a program that declares what a file says.

A note is a file on a shelf (a folder): its title names it for good, its text may change, its pin is a secret, and the
shelf gives it a number. The program reads ``program.json`` on the shelf: name -> ``{"title", "text", "pin", …}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


def shelf() -> Path:
    """The folder of the notes, for providers."""
    return Path(os.environ["NOTES_SHELF"])


class NoteProvider(ResourceProvider):
    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        failures = [CheckFailure("text", "a note needs a text")] if news.get("text") == "" else []
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(
            changes=None,
            replaces=["title"] if _olds.get("title") != _news.get("title") else [],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        if props["text"] == "unwritable":
            raise OSError("the pen is dry")
        if props["text"] == "slow":
            (shelf() / "begun").touch()
            deadline = time.monotonic() + 60
            while not (shelf() / "go").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
        file = shelf() / f"{props['title']}.note"
        note = {**props, "number": len(props["title"])}
        file.write_text(json.dumps({k: v for k, v in note.items() if k != "__provider"}))
        return CreateResult(props["title"], note)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        file = shelf() / f"{id_}.note"
        if not file.exists():
            return ReadResult("", {})
        note = json.loads(file.read_text())
        return ReadResult(id_, note, inputs={k: v for k, v in note.items() if k != "number"})

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self.create({**news, "title": id_}).outs)

    def delete(self, id_: str, _props: dict[str, Any]) -> None:
        (shelf() / f"{id_}.note").unlink(missing_ok=True)


class Note(Resource, module="notes", name="Note"):
    number: pulumi.Output[int]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(NoteProvider(), name, {"number": None, "pin": None, **props}, opts)


class Folder(pulumi.ComponentResource):
    """A component that registers no outputs."""

    def __init__(self, name: str) -> None:
        super().__init__("notes:index:Folder", name)


def declare(folder: Path) -> None:
    """The program: what ``program.json`` in the folder says."""
    declared: dict[str, Note] = {}
    for name, given in json.loads((folder / "program.json").read_text()).items():
        props = {key: given[key] for key in ("title", "text") if key in given}
        if "pin" in given:
            props["pin"] = pulumi.Output.secret(given["pin"])
        if "after" in given:
            props["text"] = declared[given["after"]].number.apply(lambda number: f"after number {number}")
        if "note_of_config" in given:
            props["text"] = pulumi.Config().require(given["note_of_config"])
        parent = Folder(given["folder"]) if "folder" in given else None
        opts = pulumi.ResourceOptions(protect=given.get("protect"), parent=parent)
        declared[name] = Note(name, props, opts)
        pulumi.export(name, declared[name].number)
        if "pin" in given:
            pulumi.export(f"{name}-pin", declared[name].pin)
        if "print" in given:
            print(given["print"], file=sys.stderr)
