"""Every example runs on every engine: made, unchanged by a second run, and gone without a trace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Label, Portal
from pulumi_hubassoc.engine.interface import ConfigValue, Options, Project, Stack
from pulumi_hubassoc.estate.files import read
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, make_engine

Which = Literal["local", "cli"]
ROOT = Path(__file__).resolve().parent.parent
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
MADE_AND_GONE = [
    "limit_sets",
    "two_portals",
    "preview_warnings",
    "paired_labels",
    "limits",
    "custom_objects",
    "two_dynamic_providers",
    "testing_your_stack",
]
"""The examples that need nothing in the portal before, and leave nothing in it."""
CONFIGS = sorted((ROOT / PROJECT["stackConfigDir"]).glob("Pulumi.*.yaml"))


def test_every_example_is_tested() -> None:
    """Each example is the root project's, which runs below, or brings its own project and tests, and runs below too."""
    run_here = {*MADE_AND_GONE, "lookups", "schema_file", "adoption", "stack_references"}
    for folder in (file.parent for file in (ROOT / "examples").rglob("__main__.py")):
        own = (folder / "Pulumi.yaml").exists() and [*folder.glob("test_*.py"), *folder.parent.glob("test_*.py")]
        assert folder.relative_to(ROOT).as_posix() == PROJECT["main"] or own, folder
        assert run_here & {*folder.relative_to(ROOT).parts} or folder.name == "quickstart", folder
    assert [file.name for file in CONFIGS] == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]


def test_no_token_is_in_an_example() -> None:
    """The stacks' files say which portal is meant and not how to open it."""
    for file in CONFIGS:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
        assert config["hubassoc:portalId"].isdigit()
        assert "hubassoc:accessToken" not in config


def settings(emulator: Emulator) -> dict[str, str]:
    """The environment that leads to the emulated portals."""
    return {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "HUBSPOT_TOKEN_US": "token-of-us",
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }


def open_example(which: Which, example: str, folder: Path, env: dict[str, str], name: str = "dev") -> Stack:
    """A stack of a copy of an example."""
    home = folder / example
    shutil.copytree(ROOT / "examples" / example, home, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    project = yaml.safe_load((home / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    return make_engine(which, folder).stack(Project(project, home), name, env=env)


def set_config(stack: Stack, config: dict[str, str | ConfigValue]) -> None:
    """Set keys of a stack's configuration."""
    for key, value in config.items():
        if isinstance(value, ConfigValue):
            stack.set_config(key, value.value, secret=value.secret)
        else:
            stack.set_config(key, value)


def test_the_fleet_is_whole() -> None:
    """Each portal's schema can be read with its overlay, and no token stands in its file."""
    folder = ROOT / "examples" / "fleet"
    fleet = yaml.safe_load((folder / "fleet.yaml").read_text(encoding="utf-8"))
    for name, portal in fleet["portals"].items():
        overlays = [folder / portal["overlay"]] if "overlay" in portal else []
        assert read(folder / fleet["schema"], overlays).pairs, name
        assert portal["token"].keys() <= {"env", "file"}
    assert "secrets/" in (folder / ".gitignore").read_text().splitlines()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
def test_look_ups_run(which: Which, tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """The limit on a person's label is set and removed, and the label stays as it was."""
    label = portal.drift.create_label("deals", "contacts", "Champion", "Champion of")
    stack = open_example(which, "lookups", tmp_path, settings(emulator))
    up = stack.up()
    assert up.ok, up.errors
    assert up.outputs["champion_type_id"].value == label.type_id
    assert portal.limit("USER_DEFINED", label.type_id) == 1
    again = stack.up(Options(expect_no_changes=True))
    assert (again.exit_code, again.changed) == (0, {})
    assert stack.destroy().ok
    assert (portal.labels(), portal.limits()) == ([label], [])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_example_lives_and_goes(which: Which, file: Path, tmp_path: Path, emulator: Emulator) -> None:
    """Up makes it, a second up sends nothing, destroy leaves the portal as it was."""
    config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    portal = emulator.add_portal(token=TOKEN, portal_id=int(config["hubassoc:portalId"]))
    before = [portal.drift.create_label("contacts", "companies", "Made by hand")]
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    project = Project(PROJECT["name"], tmp_path)
    stack = make_engine(which, tmp_path).stack(project, file.name.split(".")[1], env=settings(emulator))

    up = stack.up()
    assert up.ok, up.errors
    by_type = {limit.type_id: limit.max_to_object_ids for limit in portal.limits()}
    assert by_type[342] == int(config["hubassoc-quickstart:dealsPerCompany"]), "the stack's own limit"
    assert up.outputs["portal_id"].value == portal.portal_id

    requests = len(emulator.journal)
    again = stack.up(Options(expect_no_changes=True))
    assert (again.exit_code, again.changed, len(emulator.journal)) == (0, {}, requests)

    assert stack.destroy().ok
    assert (portal.labels(), portal.limits()) == (before, [])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ENGINES)
@pytest.mark.parametrize("example", MADE_AND_GONE)
def test_examples_with_tests_of_their_own_run_everywhere(
    which: Which, example: str, tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """Beside their own tests, which take the built-in engine: up, nothing to do, destroy."""
    emulator.add_portal(token="token-of-eu", portal_id=2002)
    emulator.add_portal(token="token-of-us", portal_id=3003)
    portal.drift.create_custom_object("pet")
    visit = portal.drift.create_custom_object("vet_visit").object_type_id
    stack = open_example(which, example, tmp_path, settings(emulator))
    config = {
        "two_portals": {"euToken": ConfigValue("token-of-eu", secret=True), "euPortal": "2002", "usPortal": "3003"},
        "custom_objects": {"visitObject": visit},
        "two_dynamic_providers": {"handbook": str(tmp_path)},
    }
    set_config(stack, config.get(example, {}))
    up = stack.up()
    assert up.ok, up.errors
    assert sum(len(p.labels()) for p in emulator.portals()) >= 1
    assert stack.up(Options(expect_no_changes=True)).ok
    assert stack.destroy().ok
    assert [(p.labels(), p.limits()) for p in emulator.portals()] == [([], [])] * 3


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ENGINES)
def test_a_schema_file_has_environments(which: Which, tmp_path: Path, emulator: Emulator) -> None:
    """The stack of production takes its portal and its overlay from its file."""
    production = emulator.add_portal(token=TOKEN, portal_id=2002)
    stack = open_example(which, "schema_file", tmp_path, settings(emulator), name="prod")
    up = stack.up()
    assert up.ok, up.errors
    assert production.limit("HUBSPOT_DEFINED", 280) == 500, "as the overlay says"
    assert stack.destroy().ok
    assert (production.labels(), production.limits()) == ([], [])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ENGINES)
def test_labels_are_adopted(which: Which, tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """`up` makes no label; `destroy` is refused for the protected one, and leaves both in the portal."""
    before = adoptable(portal)
    stack = open_example(which, "adoption", tmp_path, settings(emulator))
    up = stack.up()
    assert up.ok, up.errors
    assert (portal.labels(), up.outputs["billing_type_id"].value) == (before, before[0].type_id)
    assert not stack.destroy().ok
    assert stack.destroy(Options(exclude_protected=True)).ok
    assert (portal.labels(), portal.limits()) == (before, [])


@pytest.mark.timeout(240)
def test_labels_are_imported(
    tmp_path: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way of the same example: `hubassoc import` takes over labels and limit, and nothing is left to do.

    On the built-in engine; `test_export_commands` imports with the CLI too.
    """
    before = adoptable(portal)
    portal.drift.set_limit("companies", "contacts", before[0].inverse_type_id, 1)
    shutil.copytree(ROOT / "examples" / "adoption", tmp_path / "adoption")
    for key, value in settings(emulator).items():
        monkeypatch.setenv(key, value)
    command = ["import", "-s", "dev", "-C", str(tmp_path / "adoption"), "--engine", "local", "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    assert sorted(json.loads(done.stdout)["imported"]) == ["billing", "manager", "one-billing-contact"]
    assert [r.operation for r in emulator.journal.records() if r.method != "GET"] == []
    assert portal.labels() == before


@pytest.mark.timeout(240)
@pytest.mark.parametrize("which", ENGINES)
def test_one_stack_takes_the_numbers_of_another(
    which: Which, tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """A rename in the CRM's stack is nothing to the app's, whose file has the numbers of the portal."""
    env = settings(emulator)
    crm = open_example(which, "stack_references/crm", tmp_path, env)
    done = crm.up()
    assert done.ok, done.errors
    app_stack = open_example(which, "stack_references/app", tmp_path, env)
    file = tmp_path / "settings.json"
    app_stack.set_config("settingsFile", str(file))
    up = app_stack.up()
    assert up.ok, up.errors
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["associationTypes"]["manager"] == next(x.type_id for x in portal.labels() if x.label == "Manager")

    crm.set_config("billingText", "Payer")
    assert crm.up().changed == {"update": 1}
    assert app_stack.up(Options(expect_no_changes=True)).ok
    assert json.loads(file.read_text(encoding="utf-8")) == told
    assert app_stack.destroy().ok
    assert crm.destroy().ok
    assert (file.exists(), portal.labels(), portal.limits()) == (False, [], [])


def adoptable(portal: Portal) -> list[Label]:
    """What people have made in the portal, for the example of adoption."""
    portal.drift.create_label("contacts", "companies", "Billing contact")
    portal.drift.create_label("contacts", "contacts", "Manager", "Employee")
    return portal.labels()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
def test_the_fleet_runs(which: Which, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each portal gets its own schema, a second run sends nothing, and nothing is left when the stacks are gone."""
    home = tmp_path / "fleet"
    shutil.copytree(ROOT / "examples" / "fleet", home)
    acme = emulator.add_portal(token="token-of-acme", portal_id=1001)
    globex = emulator.add_portal(token="token-of-globex", portal_id=1002)
    (home / "secrets").mkdir()
    (home / "secrets" / "globex").write_text("token-of-globex\n", encoding="utf-8")
    for name, value in (settings(emulator) | {"ACME_TOKEN": "token-of-acme"}).items():
        monkeypatch.setenv(name, value)

    def fleet(command: str) -> str:
        result = CliRunner().invoke(app, ["fleet", command, "-f", str(home / "fleet.yaml"), "--engine", which])
        assert result.exit_code == 0, result.output
        return result.output.splitlines()[-1]

    assert "2 done" in fleet("up")
    for portal, overlays in ((acme, [home / "overlays" / "acme.yaml"]), (globex, [])):
        wanted = [x.label for pair in read(home / "crm.yaml", overlays).pairs for x in pair.labels.values()]
        assert sorted(x.label for x in portal.labels()) == sorted(wanted)
    assert fleet("up").endswith("2 done; 0 requests")
    assert "2 done" in fleet("destroy")
    assert [portal.labels() + portal.limits() for portal in (acme, globex)] == [[], []]
