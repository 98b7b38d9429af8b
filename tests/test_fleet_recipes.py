"""The recipes for fleets on other services, as far as they can be held without these services and their SDKs.

The names of fields are those that the services' own descriptions have: Pulumi's `apitype` of Deployments, and release
2.9.0 of the operator's definition of a `Stack` [docs].
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_hubassoc.emulator import Emulator, Portal
from tests.conftest import TOKEN
from tests.on_engines import Estate, make_engine

RECIPES = Path(__file__).resolve().parent.parent / ".docs/pages/how-to/fleet-recipes"
pytestmark = pytest.mark.skipif(not RECIPES.is_dir(), reason="runs outside the tree")
PORTAL = {"portal_id": 1001, "token": {"env": "TOKEN_ACME"}}
SETTINGS = {
    "": {"tag", "executorContext", "sourceContext", "gitHub", "operationContext", "agentPoolID"},
    "sourceContext.git": {"repoURL", "branch", "repoDir", "commit", "gitAuth"},
    "gitHub": {
        "repository",
        "pullRequestTemplate",
        "deployCommits",
        "previewPullRequests",
        "deployPullRequest",
        "paths",
    },
    "operationContext": {"preRunCommands", "operation", "environmentVariables", "options"},
    "operationContext.options": {
        "skipInstallDependencies",
        "skipIntermediateDeployments",
        "shell",
        "deleteAfterDestroy",
        "remediateIfDriftDetected",
    },
}
STACK_SPEC = {
    *("backend", "branch", "commit", "config", "configRef", "continueResyncOnCommitMatch", "destroyOnFinalize"),
    *("envRefs", "environment", "expectNoRefreshChanges", "fluxSource", "gitAuth", "prerequisites", "preview"),
    *("programRef", "projectRepo", "refresh", "repoDir", "resyncFrequencySeconds", "retryMaxBackoffDurationSeconds"),
    *("retryOnUpdateConflict", "runProgram", "secrets", "secretsProvider", "secretsRef", "serviceAccountName"),
    *("shallow", "stack", "targetDependents", "targets", "updateTemplate", "useLocalStackOnly"),
    *("workspaceReclaimPolicy", "workspaceTemplate"),
}


def block(page: str, title: str) -> str:
    """The file of this name that a page shows."""
    text = (RECIPES / f"{page}.md").read_text(encoding="utf-8")
    found = re.search(rf'^```\w+ title="{re.escape(title)}"\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def module(page: str, title: str) -> dict[str, Any]:
    """What a program of a page defines."""
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(block(page, title), title, "exec"), names)
    return names


def test_every_recipe_says_what_was_tried() -> None:
    """Each page tells it, and what was not."""
    pages = {page.stem: page.read_text(encoding="utf-8") for page in RECIPES.glob("*.md")}
    assert set(pages) == {"airflow", "github-actions", "kubernetes-operator", "pulumi-deployments", "temporal"}
    assert [name for name, text in pages.items() if "\nTried" not in text] == []


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("temporal", "fleet_workflows.py"),
        ("temporal", "worker.py"),
        ("airflow", "dags/hubassoc_fleet.py"),
        ("pulumi-deployments", "settings.py"),
        ("kubernetes-operator", "stacks.py"),
    ],
)
def test_programs_compile(page: str, title: str) -> None:
    """Every program of a page is Python, and runs the fleet's own command where it runs one."""
    text = block(page, title)
    compile(text, title, "exec")
    for command in re.findall(r'"hubassoc",\s*("fleet".*?)[)\]]', text, re.DOTALL):
        assert {'"fleet"', '"up"', '"--only"', '"--json"'} <= set(re.findall(r'"[\w-]+"', command))


# ------------------------------------------------------------------------------------------------------------ GitHub


def test_the_workflow_is_one(tmp_path: Path) -> None:
    """GitHub's schema has nothing to say about it."""
    (tmp_path / "fleet.yml").write_text(block("github-actions", ".github/workflows/fleet.yml"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, tmp_path / "fleet.yml"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("others", "canaries"), [(0, 1), (1, 0), (200, 3), (201, 1), (1000, 20)])
def test_a_matrix_has_every_stack_once(tmp_path: Path, others: int, canaries: int) -> None:
    """The step runs as on a runner; canaries stay apart, and there are never more than 256 jobs."""
    portals = {
        f"p{n}": {"portal_id": n + 1, "token": "config", "canary": n < canaries} for n in range(others + canaries)
    }
    (tmp_path / "fleet.yaml").write_text(json.dumps({"schema": "crm.yaml", "portals": portals}), encoding="utf-8")
    plan = yaml.safe_load(block("github-actions", ".github/workflows/fleet.yml"))["jobs"]["plan"]
    [step] = [step for step in plan["steps"] if step.get("shell") == "python"]
    env = {"GITHUB_OUTPUT": str(tmp_path / "out")}
    subprocess.run([sys.executable, "-c", step["run"]], check=True, cwd=tmp_path, env=env)
    told = dict(line.split("=", 1) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines())
    assert set(told) == set(plan["outputs"])
    groups = json.loads(told["groups"])
    assert len(groups) + (told["canaries"] != "") <= 256
    stacks = [[word for word in group.split() if word != "--only"] for group in [told["canaries"], *groups]]
    assert stacks[0] == [f"p{n}" for n in range(canaries or 1)]  # the first, if none says so
    assert sorted(stack for group in stacks for stack in group) == sorted(portals)


# ---------------------------------------------------------------------------------------------------- Pulumi's services


def test_deployment_settings_have_pulumis_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field is one of Pulumi's, and the token is a secret there."""
    monkeypatch.setenv("TOKEN_ACME", TOKEN)
    made = module("pulumi-deployments", "settings.py")["settings"](PORTAL)
    for path, names in SETTINGS.items():
        part = made
        for key in filter(None, path.split(".")):
            part = part[key]
        assert set(part) <= names, path
    variables = made["operationContext"]["environmentVariables"]
    assert variables == {"HUBSPOT_ACCESS_TOKEN": {"secret": TOKEN}, "HUBASSOC_PORTAL_ID": "1001"}


@pytest.mark.timeout(180)
def test_the_program_runs_with_such_an_environment(tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """It makes in the portal what the schema file says."""
    program = block("pulumi-deployments", "crm/__main__.py")
    pair = {"from": "contacts", "to": "companies", "labels": {"billing": {"label": "Billing contact"}}}
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "crm.yaml").write_text(yaml.safe_dump({"pairs": [pair]}), encoding="utf-8")
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN, "HUBASSOC_PORTAL_ID": "1001"}
    Estate(make_engine("local", tmp_path), emulator, portal, tmp_path, env, program, project="crm").done("up")
    assert [label.label for label in portal.labels()] == ["Billing contact"]


def test_objects_have_the_operators_names() -> None:
    """A stack for each portal, of fields that the operator knows; whoever deletes one deletes no label."""
    made = module("kubernetes-operator", "stacks.py")["stack"]("acme", PORTAL)
    assert (made["apiVersion"], made["kind"]) == ("pulumi.com/v1", "Stack")
    assert set(made["spec"]) <= STACK_SPEC
    assert made["spec"]["destroyOnFinalize"] is False
    assert made["spec"]["config"] == {"hubassoc:portalId": "1001"}
    assert made["spec"]["envRefs"]["HUBSPOT_ACCESS_TOKEN"]["secret"]["key"] == "TOKEN_ACME"
    more = module("kubernetes-operator", "stacks.py")["stack"](
        "acme", PORTAL | {"config": {"crm:overlay": "acme.yaml"}}
    )
    assert more["spec"]["config"] == {"crm:overlay": "acme.yaml", "hubassoc:portalId": "1001"}
