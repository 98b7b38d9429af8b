"""Every example runs on every engine: made, unchanged by a second run, and gone without a trace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.engine.interface import Options, Project
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, make_engine

ROOT = Path(__file__).resolve().parent.parent
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
CONFIGS = sorted((ROOT / PROJECT["stackConfigDir"]).glob("Pulumi.*.yaml"))


def test_every_example_is_tested() -> None:
    """Each example is the root project's, which runs below, or brings its own project and tests."""
    for folder in (file.parent for file in (ROOT / "examples").rglob("__main__.py")):
        own = (folder / "Pulumi.yaml").exists() and list(folder.glob("test_*.py"))
        assert folder.relative_to(ROOT).as_posix() == PROJECT["main"] or own, folder
    assert [file.name for file in CONFIGS] == ["Pulumi.dev.yaml", "Pulumi.prod.yaml"]


def test_no_token_is_in_an_example() -> None:
    """The stacks' files say which portal is meant and not how to open it."""
    for file in CONFIGS:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
        assert config["hubassoc:portalId"].isdigit()
        assert "hubassoc:accessToken" not in config


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
def test_look_ups_run(which: Literal["local", "cli"], tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """The limit on a person's label is set and removed, and the label stays as it was."""
    label = portal.drift.create_label("deals", "contacts", "Champion", "Champion of")
    folder = tmp_path / "lookups"
    shutil.copytree(ROOT / "examples" / "lookups", folder, ignore=shutil.ignore_patterns("__pycache__"))
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    stack = make_engine(which, tmp_path).stack(Project("lookups", folder), "dev", env=env)
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
def test_example_lives_and_goes(which: Literal["local", "cli"], file: Path, tmp_path: Path, emulator: Emulator) -> None:
    """Up makes it, a second up sends nothing, destroy leaves the portal as it was."""
    config: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    portal = emulator.add_portal(token=TOKEN, portal_id=int(config["hubassoc:portalId"]))
    before = [portal.drift.create_label("contacts", "companies", "Made by hand")]
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    stack = make_engine(which, tmp_path).stack(Project(PROJECT["name"], tmp_path), file.name.split(".")[1], env=env)

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
@pytest.mark.parametrize("example", ["limit_sets", "two_portals", "preview_warnings"])
def test_examples_with_tests_of_their_own_run_everywhere(
    which: Literal["local", "cli"], example: str, tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """Beside their own tests, which take the built-in engine: up, nothing to do, destroy."""
    emulator.add_portal(token="token-of-eu", portal_id=2002)
    emulator.add_portal(token="token-of-us", portal_id=3003)
    folder = tmp_path / example
    shutil.copytree(ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "HUBSPOT_TOKEN_US": "token-of-us",
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    name = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    stack = make_engine(which, tmp_path).stack(Project(name, folder), "dev", env=env)
    if example == "two_portals":
        stack.set_config("euToken", "token-of-eu", secret=True)
        stack.set_config("euPortal", "2002")
        stack.set_config("usPortal", "3003")
    up = stack.up()
    assert up.ok, up.errors
    assert sum(len(p.labels()) for p in emulator.portals()) >= 1
    assert stack.up(Options(expect_no_changes=True)).ok
    assert stack.destroy().ok
    assert [(p.labels(), p.limits()) for p in emulator.portals()] == [([], [])] * 3
