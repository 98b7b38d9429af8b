"""What GitHub reads: workflows, forms and files for contributors. Checked against GitHub's schemas, which need no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.versions import PYTHONS, ROOT

GITHUB = ROOT / ".github"
pytestmark = pytest.mark.skipif(not GITHUB.is_dir(), reason="runs outside the tree")
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml")) if GITHUB.is_dir() else []
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if GITHUB.is_dir() else []
workflows = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def read(file: Path) -> dict[str, Any]:
    """A workflow; its key `on` is True to YAML 1.1."""
    return {str(key): value for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()}


def steps(file: Path) -> list[dict[str, Any]]:
    """All steps of all its jobs."""
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("workflows", WORKFLOWS),
        ("issue-forms", [f for f in FORMS if f.stem != "config"]),
        ("issue-config", [f for f in FORMS if f.stem == "config"]),
    ],
)
def test_github_understands_it(schema: str, files: list[Path]) -> None:
    """Each file is valid under GitHub's own schema."""
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}", *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@workflows
def test_actions_are_pinned(file: Path) -> None:
    """To a commit, with the whole version beside it: a tag can be moved."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


@workflows
def test_workflows_may_do_little(file: Path) -> None:
    """At most read, unless a job says more; every job ends; the checkout leaves no password behind; no secret is used."""
    workflow = read(file)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())
    for step in steps(file):
        if "actions/checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    assert "secrets." not in file.read_text(encoding="utf-8")


@workflows
def test_whoever_may_ask_for_an_identity_runs_nothing_of_the_repository(file: Path) -> None:
    """A job with `id-token` is in an environment, has no checkout, and runs no more than a copy."""
    for job in read(file)["jobs"].values():
        if job.get("permissions", {}).get("id-token"):
            assert job["environment"]
            assert not any("actions/checkout" in step.get("uses", "") for step in job["steps"])
            assert {step["run"].split()[0] for step in job["steps"] if "run" in step} <= {"mkdir"}


def test_the_gate_runs_on_every_supported_python() -> None:
    """The same as pyproject.toml names."""
    [job] = read(GITHUB / "workflows/ci.yml")["jobs"].values()
    assert tuple(job["strategy"]["matrix"]["python"]) == PYTHONS
    assert {"run": ".ci/run"} in job["steps"]


def test_what_workflows_run_is_there() -> None:
    """Each command of theirs is a file of the repository or one of poe's tasks, but for pip and copies."""
    tasks = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.poe.tasks]")[1].split("\n[")[0]
    for run in (step["run"] for file in WORKFLOWS for step in steps(file) if "run" in step):
        if run.startswith("poe "):
            assert re.search(rf"^{run.split()[1]} = ", tasks, re.MULTILINE), run
        elif not run.startswith(("python -m pip ", "mkdir ")):
            assert (ROOT / run).exists(), run


def test_a_bug_is_asked_for_what_is_needed_and_no_secret() -> None:
    """Engine and versions must be given; the doctor's findings are asked for with a word on what not to paste."""
    parts = {part.get("id"): part for part in read(GITHUB / "ISSUE_TEMPLATE/bug.yml")["body"]}
    assert {name for name, part in parts.items() if part.get("validations", {}).get("required")} == {
        "what",
        "how",
        "engine",
        "versions",
    }
    assert "hubassoc version --json" in parts["versions"]["attributes"]["label"]
    assert "hubassoc doctor --json" in parts["doctor"]["attributes"]["label"]
    assert "secrets" in parts["doctor"]["attributes"]["description"]


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "PULL_REQUEST_TEMPLATE.md"])
def test_files_and_commands_that_contributors_are_told_of_exist(name: str) -> None:
    """Every path in backticks is in the repository, and every poe task is one."""
    text = (GITHUB / name).read_text(encoding="utf-8")
    tasks = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.poe.tasks]")[1].split("\n[")[0]
    for told in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"(\.?\w[\w-]*/)+[\w.-]*|\w+\.(py|md|lock|toml)", told) and "thing" not in told:
            assert (ROOT / told).exists(), told
        if task := re.match(r"poe (?:-q )?([\w-]+)", told):
            assert re.search(rf"^{task[1]} = ", tasks, re.MULTILINE), told
