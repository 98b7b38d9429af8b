"""`hubassoc doctor`: shows what `pulumi_hubassoc.doctor` finds, each line as soon as it is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from pulumi_hubassoc.cli import show
from pulumi_hubassoc.doctor.checks import examine
from pulumi_hubassoc.doctor.finding import LEVELS, worst

if TYPE_CHECKING:
    from rich.console import Console

    from pulumi_hubassoc.doctor.finding import Finding
    from pulumi_hubassoc.doctor.scene import Scene

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "bold red")}


def run_doctor(scene: Scene, *, as_json: bool) -> bool:
    """Look, and print on standard output what is found.

    Returns:
        Whether there was no error.
    """
    if as_json:
        findings = list(examine(scene))
        said = {"worst": worst(f.level for f in findings), "findings": [asdict(f) for f in findings]}
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        findings = _print(show.console(), examine(scene))
    return worst(f.level for f in findings) != "error"


def _print(out: Console, findings: Iterable[Finding]) -> list[Finding]:
    printed = []
    for finding in findings:
        mark, style = _MARKS[finding.level]
        out.print(Text.assemble((mark, style), f" {finding.what}: {finding.said}"), soft_wrap=True)
        if finding.fix:
            out.print(Text(f"    {finding.fix}", style="dim"), soft_wrap=True)
        printed.append(finding)
    counts = Counter(f.level for f in printed)
    out.print(", ".join(f"{counts[level]} {level}" for level in LEVELS if counts[level]), style="bold")
    return printed
