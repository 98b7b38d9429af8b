"""`hubassoc graph`: a picture of a portal, a schema file or a stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pulumi_hubassoc.cli import sources
from pulumi_hubassoc.cli.local import HERE, Folder

EXAMPLES = """\b
Examples:
  hubassoc graph portal --html crm.html
  hubassoc graph portal --managed stack:prod --html crm.html    unmanaged is grey
  hubassoc graph crm.yaml --svg crm.svg
\b
Sources are those of `hubassoc diff`.
"""


def graph(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=f"What to draw: {sources.FORMS}.")],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a web page that can be zoomed and searched.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture.")] = None,
    managed: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="What it does not have is grey, such as stack:prod; may be repeated."),
    ] = None,
    force: sources.Force = False,
    cwd: Folder = HERE,
    engine: sources.Engine = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what is in the picture as one JSON object and nothing else.")
    ] = False,
) -> None:
    """Draw objects, their labels and limits, of a portal, a schema file or a stack; nothing is changed."""
    from pulumi_hubassoc.cli import writing
    from pulumi_hubassoc.cli.portals import progress
    from pulumi_hubassoc.estate import drawing
    from pulumi_hubassoc.estate import picture as pictures

    if not (html or svg or as_json):
        raise typer.BadParameter("say what to make: --html FILE, --svg FILE or --json")
    if html and svg and html.absolute() == svg.absolute():
        raise typer.BadParameter("--html and --svg name one file: name two")
    for file in filter(None, (html, svg)):
        writing.refuse_existing(file, force=force)
    document, *stacks = [sources.read(name, cwd=cwd, engine=engine) for name in (source, *(managed or ()))]
    shown = pictures.picture(document, stacks)
    for made, draw in ((html, drawing.drawing_page), (svg, drawing.svg_file)):
        if made is not None:
            with progress() as tell:
                tell(0, 1, f"draws {made}")
                drawn = draw(shown)
            writing.write(made, drawn, force=force)
            if not as_json:
                typer.echo(f"{made}: {shown.title}, {len(shown.objects)} objects, {shown.label_count} labels")
    if as_json:
        typer.echo(json.dumps(pictures.as_json(shown), indent=2))
    else:
        for out in document.left_out:
            typer.echo(f"not drawn: {out.what} — {out.why}", err=True)
