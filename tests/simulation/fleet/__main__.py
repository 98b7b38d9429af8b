"""`python -m tests.simulation.fleet`: ten thousand portals, from what was measured; `--measure` measures anew, for minutes.

What is printed is computed from `measured.json`, unless it says otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.simulation.fleet.model import ANSWER_S, Costs, Scene, simulate

MEASURED = Path(__file__).resolve().parent / "measured.json"
OPERATIONS = ("preview before the first up", "first up", "up with nothing to do", "refresh")
PORTALS = 10_000
SLOTS = (2, 16, 128)
GITHUB_JOBS, GITHUB_HOURS, GITHUB_CORES = 256, 6, 4
"""Jobs of a matrix, hours of a job, cores of a runner for public repositories [docs of GitHub]."""
DAILY = 250_000
"""Requests a day of a portal with the smallest plan [docs]."""


def main() -> None:
    """Do so."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.fleet", description=__doc__)
    parser.add_argument(
        "--measure", action="store_true", help="measure first; needs Dask, and the Pulumi CLI on PATH for its rows"
    )
    if parser.parse_args().measure:
        from tests.simulation.fleet.measure import everything

        found = everything(lambda what: print(f"measures {what} …", file=sys.stderr))
        MEASURED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print("\n".join(told(json.loads(MEASURED.read_text(encoding="utf-8")))))


def told(found: dict[str, Any]) -> list[str]:
    """All of it, a line each."""
    lines = [f"measured on {found['machine']}", ""]
    lines += ["| a job (measured) | CPU s | requests | MB of its processes |", "|---|---|---|---|"]
    for engine, operation in _rows(found):
        of = Costs.measured(found, engine, operation)
        lines.append(f"| {operation}, {_engine(engine)} | {of.cpu_s:.2f} | {of.requests:.0f} | {of.mb:.0f} |")
    lines += [
        "",
        f"| {PORTALS:,} portals (computed; {ANSWER_S} s an answer, assumed) | "
        + " | ".join(f"{n} slots" for n in SLOTS)
        + " | requests |",
    ]
    lines.append("|---|" + "---|" * (len(SLOTS) + 1))
    for engine, operation in _rows(found):
        runs = [simulate(scene(found, engine, operation, slots)) for slots in SLOTS]
        cells = [f"{_time(run.seconds)}{_busy(run.handing_out)}" for run in runs]
        lines.append(f"| {operation}, {_engine(engine)} | {' | '.join(cells)} | {runs[0].requests:,.0f} |")
    return [
        *lines,
        "",
        "What is in the way, in about the order in which it is met (computed from what was measured):",
        *(f"{n}. {text}" for n, text in enumerate(limits(found), 1)),
    ]


def scene(found: dict[str, Any], engine: str, operation: str, slots: int, **changes: Any) -> Scene:
    """A run with a core for each slot; up to two slots are threads, more are Dask's."""
    out = found["hand-out"]
    hand_out = out[f"clock_s_per_record_{2 if slots <= 2 else 128}"]  # with the record on the disk
    if slots > 2:
        hand_out += 1 / found["dask"]["waiting_jobs_per_s"]
    return Scene(Costs.measured(found, engine, operation), PORTALS, slots, slots, hand_out, **changes)


def limits(found: dict[str, Any]) -> list[str]:
    """What ends where, from the numbers."""
    disk, files, dask, out = found["jobs local"]["on the disk"], found["files"], found["dask"], found["hand-out"]
    first_up = Costs.measured(found, "local", "first up")
    no_op = Costs.measured(found, "local", "up with nothing to do")
    hand_out = scene(found, "local", "first up", 128).hand_out_s
    cli = found.get("jobs cli", {}).get("on the disk")
    read_all = 100 * files["bytes_per_record"] * PORTALS / 2**20 / files["records_mb"] * files["read_records_s"]
    dearest = max(Costs.measured(found, e, o).requests for e, o in _rows(found))
    spent = simulate(scene(found, "local", "first up", 16, spent=0.01))
    dying = simulate(scene(found, "local", "first up", 16, dying=0.01))
    in_cli = (
        f", {cli['kb'] * PORTALS / 2**20:.1f} GB in {cli['files'] * PORTALS:,.0f} files with the Pulumi CLI"
        if cli
        else ""
    )
    hours = PORTALS * (first_up.cpu_s / GITHUB_CORES + first_up.requests * ANSWER_S / GITHUB_CORES) / 3600
    return [
        (
            f"Cores: a job is {no_op.cpu_s:.1f} to {first_up.cpu_s:.1f} s of one (built-in engine), so two cores are at best "
            f"{2 * 3600 / first_up.cpu_s:,.0f} first ups an hour."
        ),
        (
            f"Memory of workers: {first_up.mb:.0f} MB a job and {dask['worker_mb']:.0f} MB for its Dask worker: 16 slots "
            f"{16 * (first_up.mb + dask['worker_mb']) / 1024:.1f} GB, 128 slots {128 * (first_up.mb + dask['worker_mb']) / 1024:.0f} GB."
        ),
        (
            f"The one who hands out: {hand_out * 1000:.0f} ms a job, one at a time; with first ups it is always busy from "
            f"{(first_up.cpu_s + first_up.requests * ANSWER_S) / hand_out:.0f} slots, with ups that have nothing to do from "
            f"{no_op.cpu_s / hand_out:.0f}."
        ),
        (
            f"Open files: {out['descriptors_per_job']:.1f} a job in threads: 1,024 are {1024 / out['descriptors_per_job']:.0f} slots "
            "of one machine; a worker of Dask's has one."
        ),
        (
            f"The folder of the fleet: {disk['kb'] * PORTALS / 2**20:.1f} GB in {disk['files'] * PORTALS:,.0f} files with the "
            f"built-in engine{in_cli}."
        ),
        (
            f"Records: {files['bytes_per_record'] * PORTALS / 2**20:.0f} MB for each run of first ups; {files['read_records_s']:.1f} s "
            f"of CPU to read {files['records_mb']:.0f} MB, as `--resume` and `status` do: after a hundred runs of first ups {read_all:.0f} s."
        ),
        (
            f"`fleet status`: {files['status_s']:.1f} s of CPU, of which {files['read_fleet_s']:.1f} s read fleet.yaml. The page: "
            f"{files['report_s']:.1f} s, {files['report_mb'] * 1024:.0f} kB; {files['report_all_failed_differently_mb']:.1f} MB if "
            "each portal failed in another way, and 2,000 rows of them are shown."
        ),
        (
            f"Dask's scheduler: {dask['scheduler_mb']:.0f} MB, and {dask['kb_per_waiting_job']:.1f} kB for each waiting job, {dask['kb_per_worker']:.0f} kB for each worker: "
            f"{dask['kb_per_waiting_job'] * PORTALS / 1024:.0f} MB if all waited; a fleet has at most one a slot there, and hands out "
            f"{1 / hand_out:.0f} a second."
        ),
        (
            f"GitHub: a matrix has {GITHUB_JOBS} jobs, so a portal each ends at {GITHUB_JOBS} portals; one runner with "
            f"{GITHUB_CORES} cores and as many slots does all first ups in {hours:.1f} h of its {GITHUB_HOURS}."
        ),
        (
            f"HubSpot's day: a portal is sent {dearest:.0f} requests at most, of {DAILY:,}; the quota is each portal's own. If others "
            f"have spent it in 1% of the portals, {spent.parked} are parked for their midnight."
        ),
        f"Workers that die: 1% of the jobs cost {dying.jobs - PORTALS} more of them, and nothing else.",
    ]


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(engine, operation) for operation in OPERATIONS for engine in ("local", "cli") if f"jobs {engine}" in found]


def _engine(name: str) -> str:
    return {"local": "built-in engine", "cli": "Pulumi CLI"}[name]


def _time(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _busy(share: float) -> str:
    return f" (handing out {share:.0%})" if share > 0.05 else ""


if __name__ == "__main__":
    main()
