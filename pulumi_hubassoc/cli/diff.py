"""`hubassoc diff`: what differs between two portals, files or stacks."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_hubassoc.cli import sources
from pulumi_hubassoc.cli.local import HERE, Folder

if TYPE_CHECKING:
    from pulumi_hubassoc.estate.compare import Differences
    from pulumi_hubassoc.estate.document import Document

DIFFERENT = 2
"""Exit code."""
EXAMPLES = """\b
Sources:
  portal            the portal of HUBSPOT_ACCESS_TOKEN, HUBASSOC_PORTAL_ID …
  portal:EU         the portal of EU_HUBSPOT_ACCESS_TOKEN, EU_HUBASSOC_PORTAL_ID …
  crm.yaml          a schema file; crm.yaml+crm.prod.yaml is one with an overlay
  stack:prod        a stack of the project in --cwd, as of its last operation;
                    stack:prod@2002 is its part in portal 2002
  state:prod.json   what `pulumi stack export` printed
\b
Examples:
  hubassoc diff portal crm.yaml            has somebody changed the portal?
  hubassoc diff portal crm.yaml --write-patch changed.yaml
  hubassoc diff portal:SANDBOX portal:PROD --html sandbox-and-prod.html
  hubassoc diff stack:prod portal --json   .onlyRight is what nobody manages
\b
Exit codes: 0 no difference, 2 differences, 1 it failed or was not understood.
"""
_STYLES = {"left": "green", "right": "red", "both": "yellow"}


def diff(
    left: Annotated[str, typer.Argument(metavar="A", help=f"What to compare: {sources.FORMS}.")],
    right: Annotated[str, typer.Argument(metavar="B", help="With what: likewise.")],
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a web page too.")] = None,
    write_patch: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the overlay with which the schema file B says what A has; of another B, a schema file of A.",
        ),
    ] = None,
    force: sources.Force = False,
    cwd: Folder = HERE,
    engine: sources.Engine = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Show what differs between two portals, or a portal and a schema file or a stack; nothing is changed.

    Labels are matched by internal name, then by texts, whichever side they were declared from.
    """
    from pulumi_hubassoc.cli import writing
    from pulumi_hubassoc.estate import report
    from pulumi_hubassoc.estate.compare import compare

    files = [file for file in (html, write_patch) if file is not None]
    if len({file.absolute() for file in files}) < len(files):
        raise typer.BadParameter("--html and --write-patch name one file: name two")
    for file in files:
        writing.refuse_existing(file, force=force)
    # Who compares after an `up` must not see a text of before.
    a, b = [sources.read(source, cwd=cwd, engine=engine, exact=True) for source in (left, right)]
    found = compare(a, b)
    if html is not None:
        writing.write(html, report.as_page(found), force=force)
    if write_patch is not None:
        text, lacks = _patch(a, right)
        writing.write(write_patch, text, force=force)
        for line in lacks:
            typer.echo(f"not in {write_patch}: {line}", err=True)
    if as_json:
        typer.echo(json.dumps(report.as_json(found), indent=2))
    else:
        _print(found)
    raise typer.Exit(DIFFERENT if found else 0)


def _patch(document: Document, right: str) -> tuple[str, list[str]]:
    """The text of the patch, which has been tried, and what it does not make equal."""
    from pulumi_hubassoc.errors import HubAssocError, SchemaError
    from pulumi_hubassoc.estate import report
    from pulumi_hubassoc.estate.compare import compare, in_order
    from pulumi_hubassoc.estate.declared import declared
    from pulumi_hubassoc.estate.files import read
    from pulumi_hubassoc.estate.patch import patch
    from pulumi_hubassoc.estate.schema_file import for_schema, schema_file

    wanted, files = for_schema(in_order(document)), sources.schema_files(right)
    try:
        text = patch(wanted, read(files[0], files[1:]), right) if files else schema_file(wanted)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "patch.yaml"
            file.write_text(text, encoding="utf-8")
            made = read(files[0], [*files[1:], file]) if files else read(file)
    except (SchemaError, ValueError) as error:
        raise HubAssocError(f"no schema file says what {document.source} has — {error} — nothing was written") from None
    left = [f"{out.what} — {out.why}" for out in wanted.left_out]
    rest = compare(wanted, declared(made, "the patch"))
    return text, left + [f"{row.what} ({row.objects}): {row.left}" for row in report.rows(rest)]


def _print(found: Differences) -> None:
    from rich.table import Table
    from rich.text import Text

    from pulumi_hubassoc.cli import show
    from pulumi_hubassoc.estate import report
    from pulumi_hubassoc.estate.pages import flat

    out = show.console()
    if found:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for head in ("", "objects", "what", found.left, found.right):
            table.add_column(Text(flat(head)), overflow="fold")
        for row in report.rows(found):
            cells = (row.sign, row.objects, row.what, row.left, row.right)
            table.add_row(*(Text(flat(cell)) for cell in cells), style=_STYLES[row.side])
        out.print(table)
    for line in (report.summary(found), *report.notes(found)):
        out.print(flat(line), soft_wrap=True)
