"""The example of GitHub Actions, tried as far as it can be without the service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Portal
from tests.conftest import TOKEN
from tests.on_engines import ENGINES
from tests.workflow import Job, path_with, read, run_blocks, stand_in, uses

pytestmark = pytest.mark.timeout(240)
ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "examples" / "github_actions"
ACTION = HERE / "setup" / "action.yml"
WORKFLOW = HERE / "hubassoc.yml"
NEEDS_CLI = [ENGINES[1]]

# Says what `gh api` was asked for, and answers the number of the comment that is there already, if there is one.
GH = """
printf '%s\\n' "$*" >> "$GH_LOG"
case "$*" in
  *--paginate*) cat "$GH_THERE" 2>/dev/null || true ;;
  *body=@comment.md*) cp comment.md "$GH_COMMENT" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository as the example's first lines want it: a project, its stacks, and both files in their places."""
    folder = tmp_path / "crm"
    shutil.copytree(ROOT / "examples" / "schema_file", folder, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    for source, name in ((WORKFLOW, "workflows/hubassoc.yml"), (ACTION, "actions/hubassoc/action.yml")):
        (folder / ".github" / name).parent.mkdir(parents=True)
        shutil.copy(source, folder / ".github" / name)
    return folder


@pytest.fixture
def machine(tmp_path: Path, emulator: Emulator) -> dict[str, str]:
    """The runner's environment: the CLI, this Python, a back end of its own, and something in place of `gh`."""
    (tmp_path / "state").mkdir()
    bin_ = stand_in(tmp_path / "bin", "gh", GH)
    stand_in(bin_, "hubassoc", f'exec {sys.executable} -c "from pulumi_hubassoc.cli.main import main; main()" "$@"\n')
    return {
        "PATH": path_with(bin_, Path(sys.executable).parent),
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "HUBASSOC_BASE_URL": emulator.start(),
        "GH_LOG": str(tmp_path / "asked"),
        "GH_THERE": str(tmp_path / "there"),
        "GH_COMMENT": str(tmp_path / "comment"),
    }


def context(folder: Path, stack: str, token: str = TOKEN) -> dict[str, str]:
    """What the expressions of a job mean in one place of its matrix."""
    return {
        "matrix.stack": stack,
        "vars.PULUMI_BACKEND_URL": (folder.parent / "state").as_uri(),
        "secrets.HUBSPOT_ACCESS_TOKEN": token,
        "secrets.PULUMI_CONFIG_PASSPHRASE": "sesame",
        "github.event.number": "12",
        "github.token": "the-service-is-not-asked",
    }


# ------------------------------------------------------------------------------------------------------------- its form


@pytest.mark.parametrize(("file", "schema"), [(WORKFLOW, "workflows"), (ACTION, "actions")])
def test_it_is_what_github_takes(file: Path, schema: str) -> None:
    """By the schema of such files, which `check-jsonschema` brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_in_it_is_known_to_be_unsafe(checkout: Path) -> None:
    """`zizmor` looks for injected expressions, wide permissions, actions that are not pinned, and much more."""
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--no-progress", "--min-severity", "medium", str(checkout)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr


@pytest.mark.parametrize("file", [WORKFLOW, ACTION])
def test_scripts_are_bash_and_take_what_is_given_as_variables(file: Path) -> None:
    """An expression in a script would be run as a part of it, whatever somebody has called a branch."""
    for name, script in run_blocks(read(file)):
        done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, timeout=20, check=False)
        assert (done.returncode, done.stderr, "${{" in script) == (0, "", False), name


def test_permissions_actions_and_concurrency() -> None:
    """The least that does, versions that cannot be moved, and one run at a time in a portal."""
    document = read(WORKFLOW)
    assert document["permissions"] == {}
    rights = {name: job["permissions"] for name, job in document["jobs"].items()}
    assert rights.pop("preview") == {"contents": "read", "pull-requests": "write"}
    assert all(right == {"contents": "read"} for right in rights.values())
    for action in (*uses(document), *uses(read(ACTION))):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}|\./\.github/actions/hubassoc", action), action
    for name in ("first", "others"):
        assert document["jobs"][name]["concurrency"]["cancel-in-progress"] is False
        assert document["jobs"][name]["concurrency"]["group"].startswith("hubassoc-up-")
    first = document["jobs"]["first"]
    assert first["environment"] == first["env"]["STACK"] == document["env"]["FIRST"]


# ---------------------------------------------------------------------------------------------------------- what it does


def test_the_stacks_are_those_with_a_file(checkout: Path, machine: dict[str, str]) -> None:
    """All of them for previews, and those behind the first one for `up`."""
    job = Job(WORKFLOW, "stacks", checkout, machine)
    assert job.run("list").returncode == 0
    assert json.loads(job.context["steps.list.outputs.all"]) == ["dev", "prod"]
    assert json.loads(job.context["steps.list.outputs.others"]) == ["prod"]


@pytest.mark.parametrize(("others", "taken"), [(255, True), (256, False)])
def test_a_matrix_has_at_most_256_jobs(checkout: Path, machine: dict[str, str], others: int, taken: bool) -> None:
    """One more is said to be too many, instead of being left out."""
    (checkout / "Pulumi.prod.yaml").unlink()
    for number in range(others):
        (checkout / f"Pulumi.portal-{number}.yaml").write_text("config: {}\n")
    job = Job(WORKFLOW, "stacks", checkout, machine)
    done = job.run("list")
    assert (done.returncode == 0) is taken
    if taken:
        assert len(json.loads(job.context["steps.list.outputs.all"])) == 256
    else:
        assert "at most 256 jobs, and there are 257 stacks" in done.stderr


def test_the_first_stack_must_be_there(checkout: Path, machine: dict[str, str]) -> None:
    """Or nothing goes first, and nothing is done."""
    (checkout / "Pulumi.dev.yaml").unlink()
    done = Job(WORKFLOW, "stacks", checkout, machine).run("list")
    assert (done.returncode, "there is no Pulumi.dev.yaml" in done.stderr) == (1, True)


def test_the_doctor_stops_a_token_of_another_portal(
    checkout: Path, machine: dict[str, str], portal: Portal, emulator: Emulator
) -> None:
    """Before anything is previewed."""
    emulator.add_portal(token="token-of-prod", portal_id=2002)
    assert Job(WORKFLOW, "preview", checkout, machine, context(checkout, "dev")).run("doctor").returncode == 0
    done = Job(WORKFLOW, "preview", checkout, machine, context(checkout, "prod")).run("doctor")
    assert done.returncode == 1
    assert "hubassoc:portalId says 2002" in done.stdout


@pytest.mark.parametrize("which", NEEDS_CLI)
def test_from_pull_request_to_portal(
    which: str, checkout: Path, machine: dict[str, str], portal: Portal, tmp_path: Path
) -> None:
    """A preview becomes a comment, the next one replaces it, and what is merged is made in the portal."""
    preview = Job(WORKFLOW, "preview", checkout, machine, context(checkout, "dev"))
    done = preview.run("preview")
    assert done.returncode == 0, done.stdout + done.stderr
    assert portal.labels() == []
    assert preview.run("comment").returncode == 0
    comment = (tmp_path / "comment").read_text()
    assert comment.startswith("<!-- hubassoc preview of dev -->\n### Preview of `dev`: success\n")
    assert "Billing contact" in comment
    assert TOKEN not in comment + done.stdout + done.stderr
    assert "--method POST repos/us/crm/issues/12/comments" in (tmp_path / "asked").read_text()

    (tmp_path / "there").write_text("4711\n")
    assert preview.run("comment").returncode == 0
    assert "--method PATCH repos/us/crm/issues/comments/4711" in (tmp_path / "asked").read_text()

    up = Job(WORKFLOW, "first", checkout, machine, context(checkout, "dev")).run("up")
    assert up.returncode == 0, up.stdout + up.stderr
    assert len(portal.labels()) == 3


@pytest.mark.parametrize("which", NEEDS_CLI)
def test_a_preview_that_fails_is_commented_and_fails(
    which: str, checkout: Path, machine: dict[str, str], portal: Portal, tmp_path: Path
) -> None:
    """What is wrong stands in the comment; the step fails although its output goes through `tee`."""
    schema = checkout / "crm.yaml"
    schema.write_text(schema.read_text().replace("inverse_max: 1 ", "inverse_max: 0 "))
    preview = Job(WORKFLOW, "preview", checkout, machine, context(checkout, "dev"))
    assert preview.run("preview").returncode != 0
    assert preview.run("comment").returncode == 0
    comment = (tmp_path / "comment").read_text()
    assert "### Preview of `dev`: failure" in comment
    assert "must be a whole number of at least 1, and is 0" in comment


def jobs_with_environment() -> list[tuple[str, dict[str, Any]]]:
    """The jobs that have secrets."""
    return [(name, job) for name, job in read(WORKFLOW)["jobs"].items() if "environment" in job]


def test_secrets_come_from_environments_and_reach_single_steps() -> None:
    """No job without an environment has one, and none is a variable of a whole job or of the workflow."""
    secret_jobs = {name for name, job in read(WORKFLOW)["jobs"].items() if "secrets." in json.dumps(job)}
    assert secret_jobs == {name for name, _ in jobs_with_environment()} == {"preview", "first", "others"}
    for _, job in jobs_with_environment():
        assert "secrets." not in json.dumps({key: value for key, value in job.items() if key != "steps"})
