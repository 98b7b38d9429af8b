"""README and the pages in .docs are true and whole: every command, setting and public name is there, programs run.

The built site is looked at in `tests/documentation`, and so is every code block of the pages.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import yaml

import pulumi_hubassoc
from pulumi_hubassoc import config
from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal, Settings
from pulumi_hubassoc.estate.files import read
from tests.conftest import TOKEN
from tests.documentation.pages import PAGES, ROOT, blocks_of, files, whole_text
from tests.on_engines import Estate, make_engine
from tests.test_cli import COMMANDS

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTATION = whole_text()
"""README and all pages, as their files have them: nothing that is put in only when the site is built."""


def blocks(language: str, file: Path = ROOT / "README.md") -> list[str]:
    """The code blocks of a language on a page, in order."""
    return [block.text for block in blocks_of(file) if block.language == language]


def page(name: str) -> str:
    """The source of a page."""
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_has_help_and_is_documented(name: str) -> None:
    """Each command and each of its options says what it is for, and README and the reference name the command."""
    command = COMMANDS[name]
    assert command.help
    assert [p.name for p in command.params if not getattr(p, "help", None)] == []
    assert f"`{name}`" in README
    assert f"`{name}`" in page("reference/command-line")


@pytest.mark.parametrize(("key", "variable"), sorted(config.ENVIRONMENT.items()))
def test_setting_is_documented(key: str, variable: str) -> None:
    """README's table has the configuration key beside its environment variable."""
    assert re.search(rf"^\| `{config.NAMESPACE}:{key}`[^|]*\| `{variable}` \|", README, re.MULTILINE)


@pytest.mark.parametrize("name", pulumi_hubassoc.__all__)
def test_public_name_is_described(name: str) -> None:
    """Each public name has a docstring, on its public members too, and is in a text that somebody wrote."""
    thing = getattr(pulumi_hubassoc, name)
    assert inspect.getdoc(thing)
    own = {k: v for k, v in vars(thing).items() if not k.startswith("_")} if inspect.isclass(thing) else {}
    described = [member for member in own.values() if inspect.isfunction(member) or isinstance(member, property)]
    assert all(inspect.getdoc(member) for member in described)
    assert re.search(rf"\b{name}\b", DOCUMENTATION)


@pytest.mark.parametrize(
    "name", ["AssociationLabel", "AssociationLimit", "AssociationLimitSet", "AssociationSchema", "Provider"]
)
def test_input_is_documented(name: str) -> None:
    """Each input of a resource is in the reference of resources, or of schema files, and in the docstring of its class."""
    reference = page("reference/resources") + page("reference/schema-files")
    resource = getattr(pulumi_hubassoc, name)
    for parameter in set(inspect.signature(resource.__init__).parameters) - {"self", "resource_name", "opts"}:
        assert f"`{parameter}`" in reference
        assert f"{parameter}:" in (inspect.getdoc(resource) or "")


def test_every_assumption_of_the_emulator_is_listed() -> None:
    """What the emulator's settings call assumed is in the table of assumptions on its page."""
    told = inspect.getdoc(Settings) or ""
    attributes = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", told, re.MULTILINE)
    assumed = [name for name, text in attributes if "assumed" in text]
    assert assumed
    assert [
        name
        for name in assumed
        if f"| `{name}`" not in page("reference/emulator") and f", `{name}`" not in page("reference/emulator")
    ] == []


def test_exit_codes_are_documented() -> None:
    """The reference and the command line's own description name the same exit codes."""
    described = inspect.getdoc(inspect.getmodule(app.registered_commands[0].callback)) or ""
    codes = set(
        re.findall(
            r"\b(\d+) (?:done|refused|the command|changes|cancelled|interrupted|a fault|where no stack)", described
        )
    )
    told = page("reference/command-line").split("Exit codes:")[1].split("Colours")[0]
    assert codes == {"0", "1", "2", "7", "8", "75", "130", "255"}
    assert codes == set(re.findall(r"\b(\d+)\b", told))


@pytest.mark.parametrize("file", files(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(file: Path) -> None:
    """Files and sections that README and the pages link to are there."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, section = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        assert there.exists(), target
        if section and "pulumi_hubassoc." not in section:  # those are made when the site is built, which looks at them
            assert section in sections(there), target


def sections(file: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9_ -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_first_two_commands() -> None:
    """The first runs the demo and the second the tests, each from a clone with Python alone."""
    first, second, *_ = blocks("sh")
    for command in (first, second):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -c requirements.lock -e ")
        assert command.count("\n") == 1
    assert first.strip().endswith(".venv/bin/hubassoc demo")
    assert second.strip().endswith(".venv/bin/pytest")


@pytest.mark.timeout(120)
def test_first_program_runs(tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """README's program, beside its Pulumi.yaml, makes in a portal what it says."""
    program, *_ = blocks("python")
    project, *_ = blocks("yaml")
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN}
    name = yaml.safe_load(project)["name"]
    estate = Estate(make_engine("local", tmp_path), emulator, portal, tmp_path, env, program, project=name)
    estate.done("up")
    assert {(label.label, label.inverse_label) for label in portal.labels()} == {
        ("Billing contact", "Billing contact"),
        ("Manager", "Employee"),
    }
    assert sorted((limit.from_object_type, limit.max_to_object_ids) for limit in portal.limits()) == [
        ("companies", 1),
        ("companies", 5),
    ]
    estate.done("destroy")
    assert (portal.labels(), portal.limits()) == ([], [])


def test_schema_files_are_right(tmp_path: Path) -> None:
    """The reference's schema file and overlay, which is the one that is no whole file, are read without a fault.

    That every key is on the page the built site shows: `tests/documentation/test_site.py`.
    """
    base, overlay = [text for text in blocks("yaml", PAGES / "reference" / "schema-files.md") if "pairs:" in text]
    for name, text in {"crm.yaml": base, "crm.prod.yaml": overlay}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (pair, *_) = read(tmp_path / "crm.yaml", [tmp_path / "crm.prod.yaml"]).pairs
    assert pair != read(tmp_path / "crm.yaml").pairs[0]


def test_documentation_has_no_secret_and_no_place_of_one_machine() -> None:
    """No token of HubSpot's form and no absolute path of somebody's machine is in it."""
    assert not re.search(r"pat-(na|eu)\d-", DOCUMENTATION)
    assert not re.search(
        r"(?<![\w./])/(home(?!/pulumi/)|tmp|root|work)/", DOCUMENTATION
    )  # that home is of Pulumi's own image


def test_readme_is_a_front_page() -> None:
    """It stays short enough to be read: what is longer has a page."""
    assert len(README.splitlines()) <= 250
