"""What a command line names as a document: a portal, schema files, a stack, an exported state."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pulumi_hubassoc.errors import ConfigError, HubAssocError

if TYPE_CHECKING:
    from pulumi_hubassoc.estate.document import Document

EngineName = Literal["auto", "cli", "local"]
Engine = Annotated[
    EngineName,
    typer.Option(
        help="Whose stack: the Pulumi CLI's, the built-in engine's, or that one's if it has it, else the CLI's."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
FORMS = "portal, portal:PREFIX, a schema file (crm.yaml, crm.yaml+crm.prod.yaml), stack:NAME, state:FILE"
_FILE = re.compile(r".*\.(ya?ml|json)", re.IGNORECASE | re.DOTALL)
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def read(source: str, *, cwd: Path = Path(), engine: EngineName = "auto", exact: bool = False) -> Document:
    """The document that a source on the command line names.

    Args:
        source: one of `FORMS`. ``portal`` takes its settings from the environment, ``portal:EU`` from variables that
            begin with ``EU_`` (``EU_HUBSPOT_ACCESS_TOKEN``) and from no other.
        cwd: the folder with the ``Pulumi.yaml`` of a stack.
        engine: whose stack; ``auto`` is the built-in engine's if it has one of that name, else the Pulumi CLI's.
        exact: of a portal, as of `read_portal`.

    Raises:
        HubAssocError: if it cannot be read.
        EngineError: likewise, of a stack.
        typer.BadParameter: if it is none of the forms.
    """
    kind, colon, rest = source.partition(":")
    if kind == "portal" and (not colon or _PREFIX.fullmatch(rest)):
        return _portal(source, f"{rest.upper()}_" if rest else "", exact=exact)
    if kind == "stack" and rest:
        return _stack(rest, cwd, engine)
    if kind == "state" and rest:
        from pulumi_hubassoc.resources.exported import exported

        return exported(_json(Path(rest)), rest)
    files = schema_files(source)
    if files is not None:
        return _files(files, source.removeprefix("file:"))
    raise typer.BadParameter(f"{source!r} names nothing that can be read: there are {FORMS}")


def _portal(source: str, prefix: str, *, exact: bool) -> Document:
    from pulumi_hubassoc.cli.portals import read_with
    from pulumi_hubassoc.config import ENVIRONMENT, settings

    found = {name: os.environ[prefix + name] for name in ENVIRONMENT.values() if prefix + name in os.environ}
    try:
        given = settings({}, found)
    except ConfigError as error:
        if not prefix:
            raise
        raise ConfigError(
            f"{source}: {error} — here all variables begin with {prefix}: {prefix}HUBSPOT_ACCESS_TOKEN"
        ) from None
    return read_with(given, f"of {source}", exact=exact)


def schema_files(source: str) -> list[str] | None:
    """The schema file that a source names, and its overlays; None if it names something else."""
    names = source.removeprefix("file:")
    if (
        source.startswith(("portal:", "stack:", "state:"))
        or not names
        or (names == source and not _FILE.fullmatch(source))
    ):
        return None
    return [names] if Path(names).exists() else names.split("+")


def _files(files: list[str], source: str) -> Document:
    from pulumi_hubassoc.estate.declared import declared
    from pulumi_hubassoc.estate.files import read as read_files

    return declared(read_files(files[0], files[1:]), source)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HubAssocError(f"{path} cannot be read — {error.strerror} — name another file") from None
    except ValueError:  # no JSON, or no text at all
        found = None
    if not isinstance(found, dict):
        raise HubAssocError(f"{path} is no deployment — it must be what `pulumi stack export` prints")
    return found


def _stack(name: str, cwd: Path, engine: EngineName) -> Document:
    from pulumi_hubassoc.engine.interface import Project
    from pulumi_hubassoc.engine.local.config import ProjectFile
    from pulumi_hubassoc.resources.exported import exported

    stack, at, portal = name.partition("@")
    if at and not (portal.isascii() and portal.isdigit()):
        raise typer.BadParameter(f"{portal!r} is no number of a portal: write stack:{stack}@12345678")
    folder = cwd.resolve()
    state = _state(Project(ProjectFile.read(folder).name, folder), stack, engine)
    return exported(state, f"stack:{stack}", int(portal) if at else None)


def _state(project: Any, stack: str, engine: EngineName) -> dict[str, Any]:
    from pulumi_hubassoc.engine.choose import choose_engine, why_not_cli
    from pulumi_hubassoc.engine.interface import NoSuchStack

    if engine != "auto" or "/" in stack:  # organization/project/stack is the CLI's
        return choose_engine("cli" if engine == "auto" else engine).stack(project, stack, make=False).export_state()
    try:
        return choose_engine("local").stack(project, stack, make=False).export_state()
    except NoSuchStack as error:
        why_not = why_not_cli()
        if why_not:
            raise NoSuchStack(f"{error}, and {why_not} to ask — name another stack, or its folder with --cwd") from None
    return choose_engine("cli").stack(project, stack, make=False).export_state()
