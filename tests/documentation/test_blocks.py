"""Every code block of README and the pages is right: commands and options there are, programs that run, files that fit."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

import pulumi_hubassoc
from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.engine.interface import ConfigValue
from pulumi_hubassoc.estate import json_schema
from pulumi_hubassoc.fleet import json_schema as fleet_schema
from pulumi_hubassoc.testing import EmulatedPortal, StackFactory
from tests.documentation.pages import Block, all_blocks, files
from tests.test_cli import COMMANDS

SHELL = all_blocks("sh", "bash")
PYTHON = all_blocks("python")
YAML = all_blocks("yaml")


def ids(block: Block) -> str:
    return block.place


def commands_of(text: str) -> Iterator[list[str]]:
    """The calls of `hubassoc` in a text of the shell, as words."""
    lines = text.replace("\\\n", " ").splitlines()
    for part in (part for line in lines for part in re.split(r"\|\||&&|[|;&]|(?<!\$)\(", line)):
        words = shlex.split(part, comments=True) if "hubassoc" in part else []
        while words and re.fullmatch(r"\w+=.*", words[0]):
            del words[0]
        if words and words[0].rsplit("/", 1)[-1] == "hubassoc":
            yield ["hubassoc", *words[1:]]


def faults(words: list[str]) -> list[str]:
    """What of a call there is not: its command, or an option."""
    name = max((c for c in COMMANDS if words[: len(c.split())] == c.split()), key=len, default=None)
    rest = words[len(name.split()) :] if name else words
    if name is None:
        return [] if set(words[1:]) <= {"--help", "--version", "--install-completion", "…"} else [" ".join(words)]
    known = {option for p in COMMANDS[name].params for option in (*p.opts, *p.secondary_opts)} | {"--help", "-h"}
    return [f"{name} {word}" for word in rest if re.match(r"--?[a-zA-Z]", word) and word.split("=")[0] not in known]


@pytest.mark.parametrize("block", [b for b in SHELL if "hubassoc" in b.text], ids=ids)
def test_commands_and_options_exist(block: Block) -> None:
    """Each call in a block of the shell is of a command there is, with options it has."""
    assert [fault for words in commands_of(block.text) for fault in faults(words)] == []


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_commands_in_the_text_exist(file: Path) -> None:
    """So is each that stands in a sentence or a table."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    calls = [
        call for call in re.findall(r"`(hubassoc [^`]+)`", text) if call not in ("hubassoc local", "hubassoc --debug …")
    ]
    assert [fault for call in calls for words in commands_of(call) for fault in faults(words)] == []


def test_a_command_that_is_not_there_is_found() -> None:
    """The tests above would see it."""
    assert faults(["hubassoc", "exprot"])
    assert faults(["hubassoc", "local", "up", "--jes"])
    assert list(commands_of("A=1 hubassoc diff a b || echo no")) == [["hubassoc", "diff", "a", "b"]]


@pytest.mark.parametrize("block", PYTHON, ids=ids)
def test_python_names_what_there_is(block: Block) -> None:
    """It is Python, and every public name and argument of this package in it exists."""
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hubassoc":
            assert node.attr in pulumi_hubassoc.__all__
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "hubassoc":
            arguments = inspect.signature(getattr(pulumi_hubassoc, called.attr)).parameters
            assert {keyword.arg for keyword in node.keywords} <= set(arguments), called.attr  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "block", [b for b in PYTHON if "import pulumi_hubassoc" in b.text and "hubassoc." in b.text], ids=ids
)
def test_whole_programs_run(
    block: Block, tmp_path: Path, hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal
) -> None:
    """Each program that says what it imports is made and made again without a change, with the files of its page."""
    others = [other for other in all_blocks("yaml", "python") if other.page == block.page and other.title]
    for other in others:
        place = tmp_path / os.path.relpath(other.title, Path(block.title or "").parent)
        if place.is_relative_to(tmp_path) and ".." not in place.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(other.text, encoding="utf-8")
    for stale in tmp_path.glob("Pulumi.*.yaml"):
        stale.unlink()  # they name the page's portals
    (tmp_path / "Pulumi.yaml").write_text("name: crm\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(block.text, encoding="utf-8")
    numbers = {name: 2002 + n for n, name in enumerate(asked_for(block.text, "Token"))}
    config: dict[str, ConfigValue | int] = {f"crm:{name}Portal": n for name, n in numbers.items()}
    for name, number in numbers.items():
        config[f"crm:{name}Token"] = ConfigValue(hubspot_portal.add_portal(number).token, secret=True)
    stack = hubassoc_stack(tmp_path, config=config)
    assert stack.up().changed
    assert stack.up().changed == {}


def asked_for(program: str, what: str) -> list[str]:
    """The names of portals whose ``Token`` or ``Portal`` a program asks its configuration for."""
    return re.findall(rf'config\.require_\w+\("(\w+){what}"\)', program)


@pytest.mark.parametrize("block", YAML, ids=ids)
def test_yaml_fits_its_schema(block: Block) -> None:
    """Schema files, overlays and fleet files fit their JSON Schema, settings of a stack are settings, workflows name commands there are."""
    found = yaml.safe_load(block.text)
    assert isinstance(found, dict)
    if "pairs" in found:
        whole, overlay = (jsonschema.Draft202012Validator(s) for s in (json_schema.whole_file(), json_schema.overlay()))
        assert whole.is_valid(found) or overlay.is_valid(found), json.dumps(found)
    if "portals" in found:
        assert jsonschema.Draft202012Validator(fleet_schema.whole_file()).is_valid(found), json.dumps(found)
    ours = [key.split(":")[1] for key in found.get("config", {}) if key.startswith(f"{configuration.NAMESPACE}:")]
    assert set(ours) <= set(configuration.ENVIRONMENT)
    for job in [*found.get("jobs", {}).values(), *filter(None, [found.get("runs")])]:
        runs = [step["run"] for step in job["steps"] if "run" in step]
        assert [fault for run in runs for words in commands_of(run) for fault in faults(words)] == []


def test_what_is_called_sh_is_run() -> None:
    """On the site's pages an ``sh`` block is one that a test runs; what is only shown is called ``bash``."""
    guides = {
        "take-over-a-portal",
        "promote",
        "rename-safely",
        "delete-safely",
        "recover-from-a-crash",
        "rotate-a-token",
    }
    run = {".docs/pages/tutorial.md", *(f".docs/pages/how-to/{guide}.md" for guide in guides)}
    assert {block.page for block in SHELL if block.language == "sh"} == {"README.md", *run}


def test_there_are_blocks_of_each_kind() -> None:
    """None of the tests above is empty."""
    assert min(len(SHELL), len(PYTHON), len(YAML)) >= 10
