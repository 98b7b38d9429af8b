"""The portal that a command reads: its settings, and the reading with a progress bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_hubassoc import config
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.portal_view import PortalView

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import Engine, Stack
    from pulumi_hubassoc.estate.document import Document


def open_stack(engine: Engine, cwd: Path, name: str, env: Mapping[str, str] | None = None) -> Stack:
    """A stack of the project in a folder."""
    from pulumi_hubassoc.engine.interface import Project
    from pulumi_hubassoc.engine.local.config import ProjectFile

    folder = cwd.resolve()
    return engine.stack(Project(ProjectFile.read(folder).name, folder), name, env=env)


def read(stack: Stack | None, *, exact: bool) -> Document:
    """What the portal has, of the stack's configuration and the environment, or of the environment alone.

    Args:
        stack: None for the environment alone.
        exact: as of `read_portal`.

    Raises:
        HubAssocError: if a setting cannot be used, it is the wrong portal, or HubSpot could not be asked.
    """
    found = {key: value.value for key, value in stack.get_config().items()} if stack else {}
    return read_with(config.settings(found, os.environ), exact=exact)


def read_with(settings: config.Settings, of: str = "", *, exact: bool) -> Document:
    """What the portal of some settings has, with a progress bar; `of` names it there, where several are read.

    Args:
        settings: whose portal.
        of: its name.
        exact: as of `read_portal`.

    Raises:
        HubAssocError: if it is the wrong portal, or HubSpot could not be asked.
    """
    hubspot = HubSpot(settings.connection)
    try:
        with progress() as tell:
            view = PortalView(hubspot, settings.portal_id, settings.account_types)
            return read_portal(
                view, lambda done, all_, what: tell(done, all_, f"reads {what} {of}".rstrip()), exact=exact
            )
    finally:
        hubspot.close()


@contextmanager
def progress() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on standard error, where that is a terminal: told how many are done, of how many, and what comes."""
    if not sys.stderr.isatty():
        yield lambda _done, _all, _what: None
        return
    from rich.progress import Progress

    from pulumi_hubassoc.cli import show

    with Progress(console=show.console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def tell(done: int, all_: int, what: str) -> None:
            bar.update(task, completed=done, total=all_, description=what)

        yield tell


def as_json(document: Document) -> dict[str, Any]:
    """A document for a script."""
    return {
        "portalId": document.portal_id,
        "labels": [
            {
                "fromObjectType": x.from_object_type,
                "toObjectType": x.to_object_type,
                "label": x.label,
                "inverseLabel": x.inverse_label,
                "name": x.name,
                "typeId": x.type_id,
                "inverseTypeId": x.inverse_type_id,
            }
            for x in document.labels
        ],
        "limits": [
            {
                "fromObjectType": x.from_object_type,
                "toObjectType": x.to_object_type,
                "category": x.category,
                "typeId": x.type_id,
                "maxToObjectIds": x.max_to_object_ids,
                "label": None if x.label is None else x.label.inverse_label if x.inverse else x.label.label,
            }
            for x in document.limits
        ],
        "leftOut": [{"what": x.what, "why": x.why} for x in document.left_out],
    }
