"""`hubassoc diff`: sources, what is told in lines, as JSON and as a page, exit codes, and files that are left alone."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.cli.writing import write
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.engine.interface import Options, Project
from tests.conftest import TOKEN
from tests.crm_folder import make_folder
from tests.on_engines import make_engine

pytestmark = pytest.mark.timeout(120)
RUNNER = CliRunner()
CRM = """
pairs:
  - from: contacts
    to: companies
    labels:
      billing: {label: Billing contact, inverse_max: 1, name: billing}
      legal: {label: Lawyer, inverse_label: Client, name: legal}
"""
HOSTILE = "<script>alert(1)</script>\"'&\u202e[bold]\nend"


def diff(*arguments: str) -> tuple[int, str, str]:
    """Run it: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["diff", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with `CRM` in crm.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm.yaml").write_text(CRM)
    return tmp_path


@pytest.fixture
def served(emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal that has what crm.yaml says, reached by the environment."""
    billing = portal.drift.create_label("contacts", "companies", "Billing contact", name="billing")
    portal.drift.create_label("contacts", "companies", "Lawyer", "Client", name="legal")
    portal.drift.set_limit("companies", "contacts", billing.inverse_type_id, 1)
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    return portal


def test_no_difference_is_0_and_a_difference_is_2(folder: Path, served: Portal) -> None:
    """As told in lines: what differs, what is only there, and how much is the same; nothing is changed, no colours."""
    code, out, err = diff("portal", "crm.yaml")
    assert (code, err) == (0, "")
    assert out == "no difference between portal 1001 and crm.yaml: 2 labels and limits are the same\n"
    lawyer = next(label for label in served.labels() if label.label == "Lawyer")
    served.drift.rename_label(lawyer.type_id, "Attorney")
    served.drift.create_label("deals", "contacts", "Champion")
    code, out, _ = diff("portal", "crm.yaml")
    assert code == 2
    assert re.search(
        r'^≠ +contacts ↔ companies +label "Attorney / Client" +label: Attorney +label: Lawyer', out, re.MULTILINE
    )
    assert re.search(r'^< +contacts ↔ deals +label "Champion"', out, re.MULTILINE)
    assert out.splitlines()[-1] == "1 different, 1 only in portal 1001, 0 only in crm.yaml, 1 the same"
    assert "\x1b" not in out
    assert diff("crm.yaml", "portal")[0] == 2


def test_two_portals(emulator: Emulator, served: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one's settings are the variables with its prefix, and no other."""
    emulator.add_portal(token="other", portal_id=2002)
    code, _, err = diff("portal", "portal:eu")
    assert code == 1
    assert "EU_HUBSPOT_ACCESS_TOKEN" in err
    assert TOKEN not in err
    monkeypatch.setenv("EU_HUBSPOT_ACCESS_TOKEN", "other")
    monkeypatch.setenv("EU_HUBASSOC_BASE_URL", os.environ["HUBASSOC_BASE_URL"])
    code, out, _ = diff("portal", "portal:eu", "--json")
    told = json.loads(out)
    assert (code, told["left"], told["right"], len(told["onlyLeft"])) == (2, "portal 1001", "portal 2002", 2)


@pytest.mark.parametrize("how", ["auto", "local"])
def test_a_stack_and_its_portal(
    how: Literal["auto", "local"], folder: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a stack of the built-in engine manages, or its exported state; what is managed by nobody is only there."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "sesame")
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    project = make_folder(folder)
    stack = make_engine("local", folder).stack(Project("crm", project), "prod")
    assert stack.up(Options()).ok
    (folder / "prod.json").write_text(json.dumps(stack.export_state()))
    assert diff("state:prod.json", "portal")[0] == 0
    assert diff("stack:prod", "portal", "--cwd", str(project), "--engine", "local")[0] == 1, "another state folder"
    (project / ".pulumi-local").symlink_to(folder / "state" / "crm")
    portal.drift.create_label("contacts", "companies", "By hand")
    code, out, _ = diff("stack:prod", "portal", "--cwd", str(project), "--engine", how, "--json")
    told = json.loads(out)
    assert (code, told["left"], told["same"], told["onlyLeft"], told["different"]) == (2, "stack:prod", 1, [], [])
    assert [(x["kind"], x["label"]) for x in told["onlyRight"]] == [("label", "By hand")]


@pytest.mark.cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
def test_a_stack_of_the_pulumi_cli(
    folder: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the built-in engine has none of that name; a name that nobody has is no reason to make a stack."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "sesame")
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    project = make_folder(folder)
    assert make_engine("cli", folder).stack(Project("crm", project), "prod").up(Options()).ok
    monkeypatch.setenv("PULUMI_BACKEND_URL", (folder / "state").as_uri())
    monkeypatch.setenv("PULUMI_HOME", str(folder / "pulumi-home"))
    assert diff("stack:prod", "portal", "--cwd", str(project))[0] == 0
    for _ in range(2):
        code, _, err = diff("stack:prdo", "portal", "--cwd", str(project))
        assert (code, "has no stack prdo" in err) == (1, True)


def test_json_has_everything(folder: Path) -> None:
    """Both sides of what differs, and each change."""
    (folder / "prod.yaml").write_text(
        "pairs: [{from: contacts, to: companies, labels: {billing: {inverse_max: 3}}, inverse_max: {unlabeled: 9}}]"
    )
    code, out, _ = diff("crm.yaml", "crm.yaml+prod.yaml", "--json")
    told = json.loads(out)
    assert code == 2
    assert told["different"][0]["changes"] == [{"field": "inverseMax", "left": 1, "right": 3}]
    assert told["different"][0]["left"] == {
        "kind": "label",
        "from": "contacts",
        "to": "companies",
        "max": None,
        "inverseMax": 1,
        "label": "Billing contact",
        "inverseLabel": "Billing contact",
        "name": "billing",
        "typeId": None,
        "inverseTypeId": None,
    }
    (limit,) = told["onlyRight"]
    assert (limit["type"], limit["typeId"], limit["max"]) == ("companies_to_contacts_unlabeled", 280, 9)
    assert (told["equal"], told["same"], told["onlyLeft"], told["notCompared"]) == (False, 1, [], [])


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def test_a_page_of_its_own_in_which_texts_are_texts(folder: Path) -> None:
    """Nothing is loaded, nothing runs, and what a label is called cannot change that."""
    text = json.dumps(HOSTILE)
    (folder / "x.yaml").write_text(f"pairs: [{{from: contacts, to: companies, labels: {{x: {{label: {text}}}}}}}]")
    assert diff("crm.yaml", "x.yaml", "--html", "page.html")[0] == 2
    source = (folder / "page.html").read_text()
    page = Tags(source)
    assert not {"script", "img", "link", "iframe", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href", "style")]
    assert "<script>alert(1)</script>\"'&[bold] end" in page.text
    assert "\u202e" not in source
    assert "default-src 'none'" in source
    (folder / "x.yaml").write_text("pairs: [{from: contacts, to: companies, labels: {x: {label: '[bold]'}}}]")
    assert 'label "[bold]"' in diff("crm.yaml", "x.yaml")[1]


def test_a_file_is_replaced_with_force_alone(folder: Path) -> None:
    """Without it nothing is read, written or left behind."""
    (folder / "page.html").write_text("mine")
    code, out, err = diff("crm.yaml", "crm.yaml", "--html", "page.html")
    assert (code, out) == (1, "")
    assert "--force" in err
    assert (folder / "page.html").read_text() == "mine"
    assert diff("crm.yaml", "crm.yaml", "--html", "page.html", "--force")[0] == 0
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    assert sorted(f.name for f in folder.iterdir()) == ["crm.yaml", "page.html"]
    assert "no such folder" in diff("crm.yaml", "crm.yaml", "--html", "no/page.html")[2]


def test_what_cannot_be_written_whole_is_not_written(folder: Path) -> None:
    """The old file is as it was, and nothing lies beside it."""
    (folder / "page.html").write_text("mine")
    with pytest.raises(UnicodeEncodeError):
        write(folder / "page.html", "a text that breaks off \ud800", force=True)
    assert (folder / "page.html").read_text() == "mine"
    assert sorted(f.name for f in folder.iterdir()) == ["crm.yaml", "page.html"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("crm.yaml", "what"), "names nothing that can be read"),
        (("crm.yaml", "portal:a-b"), "names nothing that can be read"),
        (("crm.yaml", "stack:prod@x"), "no number of a portal"),
        (("crm.yaml", "crm.yaml", "--bogus"), "No such option"),
        (("crm.yaml", "missing.yaml"), "missing.yaml"),
        (("crm.yaml", "state:missing.json"), "cannot be read"),
        (("crm.yaml", "state:crm.yaml"), "no deployment"),
        (("crm.yaml", "stack:prod"), "Pulumi.yaml"),
        (("crm.yaml", "portal"), "HUBSPOT_ACCESS_TOKEN"),
    ],
)
def test_whatever_fails_ends_with_1(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    """Also a command line that is not understood: 2 would say that there are differences."""
    code, out, err = diff(*arguments)
    assert (code, out) == (1, "")
    assert words in err
    assert "Traceback" not in err
