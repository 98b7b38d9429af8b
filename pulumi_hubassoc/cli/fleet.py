"""`hubassoc fleet …`: one operation on the stacks of many portals, on this machine or on a Dask cluster."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pulumi_hubassoc.cli import examples, fleet_reports, writing
from pulumi_hubassoc.cli.fleet_reports import HERE, FleetFile, Only, Tag
from pulumi_hubassoc.cli.sources import Force
from pulumi_hubassoc.cli.usage import MisuseFails

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import OperationName
    from pulumi_hubassoc.fleet.cluster import Workforce
    from pulumi_hubassoc.fleet.document import Fleet, FleetPortal
    from pulumi_hubassoc.fleet.job import Job
    from pulumi_hubassoc.fleet.record import Record
    from pulumi_hubassoc.fleet.run import RunResult

fleet = typer.Typer(help="Run one schema in many portals, a stack for each.", no_args_is_help=True)

EngineOption = Annotated[
    Literal["auto", "cli", "local"],
    typer.Option(help="What runs the stacks: the Pulumi CLI, the built-in engine, or the CLI where there is one."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Run on the Dask cluster of this scheduler, as in tcp://10.0.0.1:8786."),
]
Workers = Annotated[int | None, typer.Option(metavar="N", min=1, help="Run on so many Dask workers of this machine.")]
Jobs = Annotated[
    int | None, typer.Option("-j", "--jobs", metavar="N", min=1, help="Stacks at once; one for each core unless given.")
]
Parallel = Annotated[
    int | None, typer.Option("-p", "--parallel", metavar="N", min=1, help="Resource operations at once in a stack.")
]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=1, help="After which the job of a stack is ended.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the last run: only its stacks, and only those not done.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the records, one JSON object a line, and nothing else.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write a web page of the results.", dir_okay=False)]


def _command(operation: OperationName, told: str, epilog: str) -> None:
    """An operation as a command; all have the same flags, which are handed on as they are."""

    def command(
        file: FleetFile = HERE,
        tag: Tag = None,
        only: Only = None,
        engine: EngineOption = "auto",
        scheduler: Scheduler = None,
        workers: Workers = None,
        jobs: Jobs = None,
        parallel: Parallel = None,
        timeout: Timeout = 3600,
        resume: Resume = False,
        as_json: Json = False,
        html: Html = None,
        force: Force = False,
    ) -> None:
        _run(operation, **{name: value for name, value in locals().items() if name != "operation"})

    fleet.command(operation, help=told, epilog=epilog)(command)


_command("preview", "Show what `up` would do in each portal, and change nothing.", examples.FLEET_PREVIEW)
_command(
    "up", "Make each portal what the schema says, in waves, without asking: look at `preview` first.", examples.FLEET_UP
)
_command("refresh", "Make each state what there really is in its portal.", examples.FLEET_REFRESH)
_command("destroy", "Delete what the stacks hold in each portal, in waves, without asking.", examples.FLEET_DESTROY)


def _run(
    operation: OperationName,
    *,
    file: Path,
    tag: list[str] | None,
    only: list[str] | None,
    engine: Literal["auto", "cli", "local"],
    scheduler: str | None,
    workers: int | None,
    jobs: int | None,
    parallel: int | None,
    timeout: float,
    resume: bool,
    as_json: bool,
    html: Path | None,
    force: bool,
) -> None:
    """Run it, say what comes of each stack as it comes, and exit by the worst."""
    from pulumi_hubassoc.cli.fleet_table import FleetTable, shown
    from pulumi_hubassoc.cli.show import console
    from pulumi_hubassoc.fleet import document
    from pulumi_hubassoc.fleet.run import Interruption, run_fleet

    if scheduler and workers:
        raise typer.BadParameter("--workers starts workers here, and --scheduler has its own: leave one out")
    if jobs and workers:
        raise typer.BadParameter("--jobs is as many as there are --workers: leave one out")
    if html is not None:
        writing.refuse_existing(html, force=force)
    found = document.read(file)
    portals = document.chosen(found, tag or (), only or ())
    out = console(stderr=as_json)
    tables: list[FleetTable] = []

    def say(line: str) -> None:
        out.print(line, soft_wrap=True)

    def on_plan(waves: list[int]) -> None:
        if not as_json:
            tables.append(around.enter_context(shown(out, waves)))

    def on_begin(job: Job) -> None:
        for table in tables:
            table.began(job.stack, job.wave)

    def on_record(record: Record) -> None:
        if as_json:
            typer.echo(json.dumps(asdict(record)))
        for table in tables:
            table.ended(record)

    interruption = Interruption()
    with _workforce(scheduler, workers, jobs) as workforce, contextlib.ExitStack() as around:
        around.enter_context(interruption.by_ctrl_c(say))
        say(f"{operation}: {_stacks(len(portals))} of {found.project}, {workforce.name}")
        result = run_fleet(
            found,
            operation,
            workforce.executor,
            portals=portals,
            slots=workforce.slots,
            engine=engine,
            resume=resume,
            parallel=parallel,
            timeout_s=timeout,
            interruption=interruption,
            on_plan=on_plan,
            on_begin=on_begin,
            on_record=on_record,
        )
    say(summary(result))
    if html is not None:
        writing.write(html, _page(found, portals, result), force=force)
    raise typer.Exit(result.exit_code)


@contextlib.contextmanager
def _workforce(scheduler: str | None, workers: int | None, jobs: int | None) -> Iterator[Workforce]:
    from pulumi_hubassoc.fleet import cluster

    if scheduler:
        chosen = cluster.cluster_at(scheduler, jobs)
    elif workers:
        chosen = cluster.local_cluster(workers)
    else:
        chosen = cluster.threads(jobs)
    with chosen as force:
        yield force


def summary(result: RunResult) -> str:
    """How a run ended, in one line."""
    counts: dict[str, int] = {}
    for record in result.records:
        counts[record.outcome] = counts.get(record.outcome, 0) + 1
    parts = [f"{n} {outcome.replace('-', ' ')}" for outcome, n in sorted(counts.items())]
    if result.skipped:
        parts.append(f"{len(result.skipped)} done before")
    requests = sum(record.requests for record in result.records)
    return f"run {result.run}: {', '.join(parts) or 'nothing to run'}; {requests} requests"


def _stacks(number: int) -> str:
    return "1 stack" if number == 1 else f"{number} stacks"


def _page(found: Fleet, portals: tuple[FleetPortal, ...], result: RunResult) -> str:
    """The page of what was meant, with the records of this run."""
    from dataclasses import replace

    from pulumi_hubassoc.fleet import report
    from pulumi_hubassoc.fleet.place import FleetPlace
    from pulumi_hubassoc.fleet.record import Records

    records = [r for r in Records(FleetPlace.of(found).records).read() if r.run == result.run]
    return report.html(records, replace(found, portals=portals))


fleet.command(epilog=fleet_reports.STATUS_EXAMPLES)(fleet_reports.status)
fleet.command(cls=MisuseFails, epilog=fleet_reports.DIFF_EXAMPLES)(fleet_reports.diff)
