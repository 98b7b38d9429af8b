"""A dynamic provider of this project's own: pages of a handbook, which are files. It knows nothing of HubSpot.

It is a module beside the program, and not part of it: so Pulumi keeps its name in the state instead of its code.
"""

from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


class PageProvider(ResourceProvider):
    """Keeps a page in a file; the id is its path."""

    serialize_as_secret_always = False  # there is no secret in it

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        replaces = ["path"] if _olds.get("path") != _news.get("path") else []
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=True)

    def create(self, props: dict[str, Any]) -> CreateResult:
        Path(props["path"]).write_text(props["text"], encoding="utf-8")
        return CreateResult(props["path"], {"path": props["path"], "text": props["text"]})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if not Path(id_).exists():
            return ReadResult("", {})
        page = {"path": id_, "text": Path(id_).read_text(encoding="utf-8")}
        return ReadResult(id_, page, inputs=dict(page))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(self.create(_news).outs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        Path(_id).unlink(missing_ok=True)


class Page(Resource, module="handbook", name="Page"):
    """A page of the handbook."""

    path: pulumi.Output[str]
    text: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        path: pulumi.Input[str],
        text: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(PageProvider(), name, {"path": path, "text": text}, opts)
