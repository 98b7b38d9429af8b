"""A GitHub Actions workflow, run step by step without the service: a small stand-in for its runner.

Steps that use other people's actions are passed over. What the runner does for `run:` steps is done here: variables of
workflow, job and step, expressions in them, files for outputs, and the shell that it takes.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SHELL = ["bash", "-e", "-c"]
"""How GitHub runs a step that names no shell [docs]; a step that wants ``pipefail`` sets it itself."""
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


@dataclass
class Job:
    """One job of a workflow in one place of its matrix.

    Attributes:
        workflow: the workflow's file.
        name: of the job.
        folder: the checkout.
        env: of the machine: what is on PATH, and where the services are.
        context: what expressions mean: ``matrix.stack`` -> ``dev``; what is not in it is empty, as a secret that is not set.
    """

    workflow: Path
    name: str
    folder: Path
    env: Mapping[str, str]
    context: dict[str, str] = field(default_factory=dict)

    def run(self, step_name: str) -> subprocess.CompletedProcess[str]:
        """Run one step, and note its outcome and outputs for those behind it."""
        document = read(self.workflow)
        job = document["jobs"][self.name]
        step = next(step for step in job["steps"] if step.get("name") == step_name)
        output = self.folder.parent / "output"
        output.write_text("")
        variables = {**document.get("env", {}), **job.get("env", {}), **step.get("env", {})}
        env = {
            **self.env,
            "GITHUB_REPOSITORY": "us/crm",
            "GITHUB_OUTPUT": str(output),
            "CI": "true",
            **{key: self._meant(str(value)) for key, value in variables.items()},
        }
        done = subprocess.run(
            [*SHELL, step["run"]], cwd=self.folder, env=env, capture_output=True, text=True, timeout=180, check=False
        )
        outcome = "success" if done.returncode == 0 else "failure"
        if "id" in step:
            self.context[f"steps.{step['id']}.outcome"] = outcome
            for line in output.read_text().splitlines():
                key, _, value = line.partition("=")
                self.context[f"steps.{step['id']}.outputs.{key}"] = value
        return done

    def _meant(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self.context.get(found[1], ""), text)


def read(workflow: Path) -> dict[str, Any]:
    """The workflow as data."""
    document: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return document


def run_blocks(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each `run:` of a workflow or of a composite action, with its step's name."""
    jobs = document.get("jobs") or {"action": document["runs"]}
    for job in jobs.values():
        for step in job["steps"]:
            if "run" in step:
                yield step["name"], step["run"]


def uses(document: Mapping[str, Any]) -> Iterator[str]:
    """Each action that is used."""
    jobs = document.get("jobs") or {"action": document["runs"]}
    for job in jobs.values():
        yield from (step["uses"] for step in job["steps"] if "uses" in step)


def stand_in(folder: Path, name: str, script: str) -> Path:
    """A program in place of one that talks to the service; answers its folder, to be put on PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}")
    (folder / name).chmod(0o755)
    return folder


def path_with(*folders: Path) -> str:
    """PATH with folders before it."""
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])
