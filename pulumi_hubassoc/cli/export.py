"""`hubassoc export`: a whole portal as a program, a schema file or an import file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pulumi_hubassoc.estate.document import Document

EXAMPLES = """\b
Examples:
  hubassoc export                                  show the program of the portal of HUBSPOT_ACCESS_TOKEN
  hubassoc export -s dev --output __main__.py      of the portal of a stack's configuration, into a file
  hubassoc export --format schema -o crm.yaml      a schema file for AssociationSchema
  hubassoc export --format import -o import.json   what is there, for
  pulumi import --file import.json -y --skip-preview --generate-code=false --protect=false
  hubassoc export --json | jq .leftOut             what cannot be managed, and why
"""
HERE = Path()


def export(
    format_: Annotated[
        Literal["program", "schema", "import"],
        typer.Option("--format", help="A Python program, a schema file, or the file of `pulumi import --file`."),
    ] = "program",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write this file; standard output unless given."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    component: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="In an import file: the AssociationSchema of this name makes the resources, from a schema file.",
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(metavar="URN", help="In an import file: the explicit provider, which the stack has already."),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Read all texts from label lists, as somebody may have changed one in the last five minutes.",
        ),
    ] = False,
    stack: Annotated[
        str | None, typer.Option("-s", "--stack", help="Take the settings of this stack too; made where there is none.")
    ] = None,
    cwd: Annotated[
        Path, typer.Option("-C", "--cwd", metavar="DIR", help="The folder that holds Pulumi.yaml.", file_okay=False)
    ] = HERE,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print labels, limits and what is left out as one JSON object.")
    ] = False,
) -> None:
    """Write down a whole portal: every label and every limit.

    It only reads. What no program can manage is left out, and told with the reason on standard error and in the file.
    """
    from pulumi_hubassoc.cli import portals, writing
    from pulumi_hubassoc.engine.choose import choose_engine

    if format_ != "import" and (component or provider):
        raise typer.BadParameter("--component and --provider are for --format import")
    if force and not output:
        raise typer.BadParameter("--force is for --output")
    if output:
        writing.refuse_existing(output, force=force)
    document = portals.read(portals.open_stack(choose_engine(), cwd, stack) if stack else None, exact=exact)
    text, document = _written(document, format_, component, provider)
    if output:
        writing.write(output, text, force=force)
    if as_json:
        told = {"file": str(output) if output else None, **portals.as_json(document)}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    elif not output:
        typer.echo(text, nl=False)
    if not as_json:
        for left in document.left_out:
            typer.echo(f"left out: {left.what}: {left.why}", err=True)
        typer.echo(f"{document.source}: {len(document.labels)} labels, {len(document.limits)} limits", err=True)


def _written(document: Document, format_: str, component: str | None, provider: str | None) -> tuple[str, Document]:
    """The text in a format, and what of the document is in it."""
    from pulumi_hubassoc.estate.import_file import import_file
    from pulumi_hubassoc.estate.naming import program_names, schema_names
    from pulumi_hubassoc.estate.program import program
    from pulumi_hubassoc.estate.schema_file import for_schema, schema_file

    if format_ == "schema" or component:
        document = for_schema(document)
    names = schema_names(document, component) if component else program_names(document)
    if format_ == "schema":
        return schema_file(document), document
    if format_ == "program":
        return program(document, names), document
    return json.dumps(import_file(document, names, provider), indent=2, ensure_ascii=False) + "\n", document
