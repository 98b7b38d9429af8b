"""`hubassoc fleet status` and `fleet diff`: how a fleet stands, and how its portals differ. Nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_hubassoc.cli.sources import Force

if TYPE_CHECKING:
    from pulumi_hubassoc.fleet.comparing import Compared
    from pulumi_hubassoc.fleet.standing import Standing

FleetFile = Annotated[
    Path, typer.Option("-f", "--file", metavar="FILE", help="The file that lists the portals.", dir_okay=False)
]
Tag = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="Only portals with this tag; may be repeated.")
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="STACK", help="Only this stack; may be repeated.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a web page too.", dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
HERE = Path("fleet.yaml")
DIFFERENT, UNREAD = 2, 1
"""Exit codes of `diff`."""
STATUS_EXAMPLES = """\b
Examples:
  hubassoc fleet status                    the last outcome of each stack, the worst first
  hubassoc fleet status --html fleet.html  and as a web page: portals and changes
  hubassoc fleet status --json             for a script: .counts, .portals[].state
\b
Exit codes: 0 all done; 1 some failed, or were not begun because others failed;
75 some are parked until the portal's next day, or were never run.
"""
DIFF_EXAMPLES = """\b
Examples:
  hubassoc fleet diff                      which portals differ from the schema, and how
  hubassoc fleet diff --tag retail --html differences.html
  hubassoc fleet diff --json               for a script: .equal, .groups, .portals
\b
Exit codes: 0 no difference, 2 differences, 1 it failed, was not understood,
or a portal could not be read (the others are compared all the same).
"""
_MOST_NAMED = 8
"""Portals that a line of a group names."""


def status(
    file: FleetFile = HERE,
    tag: Tag = None,
    only: Only = None,
    records: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The records; .hubassoc-fleet/records.jsonl beside the fleet's file unless given."
        ),
    ] = None,
    html: Html = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Show what became of each stack when it was last run, the worst first; no portal is asked."""
    from dataclasses import replace

    from pulumi_hubassoc.cli import writing
    from pulumi_hubassoc.fleet import document, report
    from pulumi_hubassoc.fleet.place import FleetPlace
    from pulumi_hubassoc.fleet.record import Records
    from pulumi_hubassoc.fleet.standing import exit_code, standings, strangers

    if html is not None:
        writing.refuse_existing(html, force=force)
    fleet = document.read(file)
    latest = Records(records or FleetPlace.of(fleet).records).latest()
    others = strangers(fleet, latest)
    fleet = replace(fleet, portals=document.chosen(fleet, tag or (), only or ()))
    found = standings(fleet, latest)
    if html is not None:
        writing.write(html, report.html(latest.values(), fleet), force=force)
    code = exit_code(standing.state for standing in found)
    if as_json:
        typer.echo(json.dumps(_status_as_json(found, others, code), indent=2))
    else:
        _print_status(found, others)
    raise typer.Exit(code)


def diff(
    file: FleetFile = HERE,
    tag: Tag = None,
    only: Only = None,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, max=64, help="Portals that are read at once.")] = 8,
    html: Html = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Read each portal and show which differ from the schema with their overlay, and how; equal differences together."""
    from pulumi_hubassoc.cli import portals, writing
    from pulumi_hubassoc.errors import HubAssocError
    from pulumi_hubassoc.fleet import comparing, comparing_page, document

    if html is not None:
        writing.refuse_existing(html, force=force)
    fleet = document.read(file)
    chosen = document.chosen(fleet, tag or (), only or ())
    if fleet.schema is None:
        raise HubAssocError(
            "This fleet has a program — what a portal should have is known to that alone — "
            "run `hubassoc fleet preview`, or compare one with `hubassoc diff stack:NAME portal`"
        )
    with portals.progress() as tell:
        done: list[str] = []

        def on_read(compared: Compared) -> None:
            done.append(compared.portal.stack)
            tell(len(done), len(chosen), f"read {compared.portal.stack}")

        found = comparing.read_all(fleet, chosen, parallel=jobs, on_read=on_read)
    if html is not None:
        writing.write(html, comparing_page.html(found, fleet), force=force)
    if as_json:
        typer.echo(json.dumps(comparing.as_json(found), indent=2))
    else:
        _print_groups(found)
    if any(compared.differences is None for compared in found):
        raise typer.Exit(UNREAD)
    raise typer.Exit(0 if all(compared.is_equal for compared in found) else DIFFERENT)


def _status_as_json(found: tuple[Standing, ...], others: list[str], code: int) -> dict[str, Any]:
    from dataclasses import asdict

    from pulumi_hubassoc.fleet.standing import counted

    return {
        "exitCode": code,
        "counts": counted(found),
        "portals": [
            {
                "stack": standing.portal.stack,
                "portalId": standing.portal.portal_id,
                "tags": sorted(standing.portal.tags),
                "state": standing.state,
                "record": asdict(standing.record) if standing.record else None,
            }
            for standing in found
        ],
        "notInFleet": others,
    }


def _print_status(found: tuple[Standing, ...], others: list[str]) -> None:
    from rich.text import Text

    from pulumi_hubassoc.cli import fleet_table, show
    from pulumi_hubassoc.fleet.standing import WORDS, counted, when

    out = show.console()
    for standing in found:
        if standing.record is None:
            said = Text.assemble(f"{standing.portal.stack}: ", (standing.told, fleet_table.STYLES["never-run"]))
        else:
            said = fleet_table.line(standing.record) + Text(f" — {when(standing.record.started)}", style="dim")
        out.print(said, soft_wrap=True)
    counts = ", ".join(f"{n} {WORDS[state]}" for state, n in counted(found).items())
    out.print(f"{len(found)} portals: {counts}", soft_wrap=True)
    if others:
        out.print(f"{len(others)} stacks have records and are not in the fleet's file: {_some(others)}", soft_wrap=True)


def _print_groups(found: list[Compared]) -> None:
    from rich.text import Text

    from pulumi_hubassoc.cli import show
    from pulumi_hubassoc.estate.pages import flat
    from pulumi_hubassoc.fleet.comparing import groups, summary

    styles = {"unread": "bold red", "misses": "green", "changed": "yellow", "besides": "red"}
    out = show.console()
    for group in groups(found):
        out.print(Text(flat(group.sentence), style=styles[group.kind]), soft_wrap=True)
        for way, stacks in group.stacks.items():
            out.print(Text(f"  {flat(way)}: {_some(stacks)}" if way else f"  {_some(stacks)}"), soft_wrap=True)
    notes = sum(bool(compared.differences and compared.differences.left_out) for compared in found)
    if notes:
        out.print(f"{notes} portals have something that cannot be compared: --json tells what")
    out.print(f"{len(found)} portals: {summary(found)}", soft_wrap=True)


def _some(stacks: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(stacks) - _MOST_NAMED} more" if len(stacks) > _MOST_NAMED else ""
    return ", ".join(stacks[:_MOST_NAMED]) + more
