"""`python -m tests.benchmarks`: measure, and print tables in Markdown. Only ratios of one run mean anything elsewhere."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pulumi_hubassoc.engine.pulumi_cli import find_pulumi
from tests.benchmarks.measure import EngineRow, LabelRow, engines, labels_life, latency, start_up


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine() -> str:
    """What it was measured on."""
    models = [x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x]
    return (
        f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), load {os.getloadavg()[0]:.1f} at the begin, "
        f"Python {platform.python_version()}, Pulumi SDK {version('pulumi')}, CLI {find_pulumi() or 'none'}"
    )


def labels_table(rows: Sequence[LabelRow]) -> str:
    """Requests and times of labels."""
    head = ("operation", "labels", "requests", "floor", "seconds", "idle provider", "ratio")
    return table(
        head,
        [
            (r.operation, r.size, r.requests, r.floor, f"{r.seconds:.2f}", f"{r.idle_seconds:.2f}", f"{r.ratio:.2f}")
            for r in rows
        ],
    )


def engines_table(rows: Sequence[EngineRow]) -> str:
    """The built-in engine beside the CLI; growth is time for each resource beside that with the fewest resources."""
    least = {r.operation: r for r in sorted(rows, key=lambda r: -r.size)}
    head = (
        "operation",
        "resources",
        "built-in s",
        "CLI s",
        "ratio",
        "built-in MB",
        "CLI MB",
        "ratio",
        "growth",
        "CLI's",
    )
    lines = []
    for r in rows:
        first = least[r.operation]
        growth = (r.local.seconds / r.size) / (first.local.seconds / first.size)
        growth_cli = (r.cli.seconds / r.size) / (first.cli.seconds / first.size)
        lines.append(
            (
                *(r.operation, r.size, f"{r.local.seconds:.2f}", f"{r.cli.seconds:.2f}"),
                f"{r.local.seconds / r.cli.seconds:.2f}",
                *(r.local.memory // 10**6, r.cli.memory // 10**6, f"{r.local.memory / r.cli.memory:.2f}"),
                *(f"{growth:.2f}", f"{growth_cli:.2f}"),
            )
        )
    return table(head, lines)


def main(arguments: Sequence[str] | None = None) -> str:
    """Measure what is asked for; the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[1, 10, 100, 500], help="labels; none for no such table"
    )
    parser.add_argument("--engine", choices=["local", "cli"], default="local", help="runs the labels")
    parser.add_argument(
        "--engine-sizes", type=int, nargs="*", default=[100, 500, 1000], help="resources on both engines"
    )
    parser.add_argument("--latency-ms", type=float, default=50, help="in each answer, for one more create; 0 for none")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the median counts")
    parser.add_argument("--start-up-runs", type=int, default=7, help="the same for the start-up; 0 for none")
    parser.add_argument("--markdown", type=Path, help="write the report to this file too")
    given = parser.parse_args(arguments)
    parts = [f"Measured on {machine()}. Medians of {given.repeat}; start-up {given.start_up_runs}."]

    def say(part: str) -> None:
        parts.append(part)
        print(part, flush=True)

    print(parts[0])
    if given.sizes:
        say(labels_table([row for size in given.sizes for row in labels_life(given.engine, size, given.repeat)]))
    if given.sizes and given.latency_ms:
        size = min(max(given.sizes), 100)
        near, far = latency(given.engine, size, given.latency_ms / 1000, given.repeat)
        say(
            f"Create of {size} labels with {given.latency_ms:.0f} ms in each answer: {far:.2f} s, {far / near:.2f} times as long."
        )
    if given.start_up_runs:
        rows = [
            (what, f"{a:.3f}", f"{b:.3f}", f"{a / b:.2f}") for what, (a, b) in start_up(given.start_up_runs).items()
        ]
        say(table(("start-up", "seconds", "bare", "ratio"), rows))
    if given.engine_sizes and shutil.which("pulumi"):
        say(engines_table([row for size in given.engine_sizes for row in engines(size, given.repeat)]))
        say("Memory is the greatest sum over the processes of a command at one moment.")
    report = "\n\n".join(parts) + "\n"
    if given.markdown:
        given.markdown.write_text(report, encoding="utf-8")
    return report


if __name__ == "__main__":
    main()
