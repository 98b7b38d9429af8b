"""The commands of `hubassoc`.

Exit codes: 0 done; 1 refused or failed; 2 the command line was not understood; 7 changes where none were expected;
8 cancelled; 130 interrupted by Ctrl-C; 255 a fault of our own. 1, 7, 8 and 255 are the Pulumi CLI's. `diff` ends with 2
where it finds differences, and with 1 where its command line is not understood. `fleet` ends with 75 where no stack failed
and some are parked until their portal's next day.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from pulumi_hubassoc.cli import diff, examples, export, graph, importing
from pulumi_hubassoc.cli.extras import what_to_install
from pulumi_hubassoc.cli.fleet import fleet
from pulumi_hubassoc.cli.local import HERE, Folder, local
from pulumi_hubassoc.cli.usage import MisuseFails
from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.errors import HubAssocError

DISTRIBUTION = "pulumi-hubassoc"
EMULATOR_TOKEN = "emulator-demo-token"  # noqa: S105  it opens nothing but the emulator


_FORESEEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR}
"""Errors of files that are for the user to mend, and no fault of ours."""


class OneLineErrors(TyperGroup):
    """Says what went wrong in one line on standard error and exits with 1; `--debug` shows the traceback instead."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (EngineError, HubAssocError) as error:
            sentence = str(error)
            if ctx.params.get("debug"):
                raise
        except OSError as error:
            if error.filename is None or error.errno not in _FORESEEN or ctx.params.get("debug"):
                raise
            sentence = (
                f"{error.filename} cannot be used: {error.strerror} — make room for it there, or take another folder"
            )
        except ModuleNotFoundError as error:
            missing = what_to_install(error)
            if missing is None or ctx.params.get("debug"):
                raise
            sentence = missing
        typer.echo(f"hubassoc: {sentence}", err=True)
        raise typer.Exit(1)


app = typer.Typer(
    cls=OneLineErrors,
    help="HubSpot association labels and limits as Pulumi resources.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(local, name="local")
app.add_typer(fleet, name="fleet")


@app.callback()
def everywhere(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks, those of the providers too.")] = False,
) -> None:
    """HubSpot association labels and limits as Pulumi resources."""
    if debug:
        os.environ["HUBASSOC_DEBUG"] = "1"


@app.command(epilog=examples.DEMO)
def demo(
    engine: Annotated[
        Literal["auto", "cli", "local"],
        typer.Option(help="What runs the program: the Pulumi CLI, the built-in engine, or the CLI where there is one."),
    ] = "auto",
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep project and state in this new folder to look at them.")
    ] = None,
    install_pulumi: Annotated[
        bool, typer.Option("--install-pulumi", help="Download the official Pulumi CLI if it is not there, and use it.")
    ] = False,
) -> None:
    """See labels and limits brought up, drift, repaired, promoted and destroyed in two emulated portals.

    Nothing leaves this machine and no account is needed. The exit code is 0 only if every check held.
    """
    from pulumi_hubassoc.cli.demo import run_demo

    if install_pulumi and engine == "local":
        raise typer.BadParameter("--install-pulumi is of no use with --engine local")
    raise typer.Exit(0 if run_demo(engine, keep, install=install_pulumi) else 1)


@app.command(epilog=examples.DOCTOR)
def doctor(
    stack: Annotated[
        str | None,
        typer.Option("-s", "--stack", envvar="PULUMI_STACK", help="The stack whose configuration counts."),
    ] = None,
    cwd: Folder = HERE,
    offline: Annotated[bool, typer.Option("--offline", help="Look only at what needs no request.")] = False,
    state: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="An exported state of this project, to find labels in the portal that it does not know; may be repeated.",
            dir_okay=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at token, portal, settings, Pulumi and project, and say what is wrong and how to put it right.

    Nothing is changed, neither here nor in HubSpot, and the token is never shown.
    """
    from pulumi_hubassoc.cli.doctor import run_doctor
    from pulumi_hubassoc.doctor.scene import Scene

    if offline and state:
        raise typer.BadParameter("--state asks HubSpot for its labels: leave out --offline")
    scene = Scene(cwd.resolve(), stack or None, offline=offline, states=tuple(state or ()))
    raise typer.Exit(0 if run_doctor(scene, as_json=as_json) else 1)


@app.command(epilog=examples.EMULATOR)
def emulator(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    portal_id: Annotated[int, typer.Option(help="HubSpot's number of the portal.", min=1)] = 1001,
    token: Annotated[str, typer.Option(help="The token that opens it.")] = EMULATOR_TOKEN,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the portal's data in this file.", dir_okay=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all that looks random.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print URL, page, portal and token as one JSON object.")
    ] = False,
) -> None:
    """Serve an emulated HubSpot portal on this machine until Ctrl-C, with a page that shows it in a browser.

    The page has the portal's labels and limits as HubSpot's settings have them, and every request as it comes; rename,
    delete and limit there by hand what a stack manages, and see the stack repair it.
    """
    from pulumi_hubassoc.emulator import Emulator

    hubspot = Emulator(seed, state_file=state)
    try:
        hubspot.add_portal(token=token, portal_id=portal_id)
        hubspot.save()  # where that cannot be done it is said now, and not by the first request
        url = hubspot.start(port)
        page = f"{url}/portals/{portal_id}"
    except OSError as error:
        if error.filename is not None:
            raise
        why = (error.strerror or str(error)).partition(" (")[0]
        raise EngineError(
            f"the emulator cannot serve on port {port}: {why} — 0, the default, takes a free one"
        ) from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        typer.echo(json.dumps({"url": url, "page": page, "portalId": portal_id, "accessToken": token}))
    else:
        typer.echo(f"portal {portal_id} at {url} — Ctrl-C stops it; use it with")
        typer.echo(f"export HUBASSOC_BASE_URL={url} HUBSPOT_ACCESS_TOKEN={token}")
        typer.echo(f"see it at {page}")
    try:
        threading.Event().wait()
    finally:
        hubspot.stop()


@app.command(epilog=examples.VERSION)
def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the versions of this package, of Pulumi's SDK, and of the Pulumi CLI on PATH."""
    from pulumi_hubassoc.engine.pulumi_cli import find_pulumi

    found = {DISTRIBUTION: version_of(DISTRIBUTION), "pulumi": version_of("pulumi"), "pulumi CLI": find_pulumi()}
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, number in found.items():
        typer.echo(f"{name} {number or 'not on PATH'}")


app.command("export", epilog=export.EXAMPLES)(export.export)
app.command("import", epilog=importing.EXAMPLES)(importing.import_)
app.command("diff", cls=MisuseFails, epilog=diff.EXAMPLES)(diff.diff)
app.command("graph", epilog=graph.EXAMPLES)(graph.graph)
