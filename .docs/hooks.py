"""What MkDocs cannot do by itself: pages of which a part is read from the code, and a nav that new pages join.

A page's line ``<!-- generated: NAME -->`` is replaced, whenever the site is built, by what `GENERATED` makes under that
name. So a reference cannot be older than the code.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from typer.main import get_command

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.cli import app as cli
from pulumi_hubassoc.emulator import Settings
from pulumi_hubassoc.emulator.control import DRIFT
from pulumi_hubassoc.emulator.drift import Drift
from pulumi_hubassoc.estate import json_schema
from pulumi_hubassoc.hubspot import facts

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 84
"""Columns of a command's help."""


def on_config(config: Any) -> Any:
    """Let pages that the nav does not list join the section of their folder, in order of their names."""
    for section in (entry for entry in config.nav if isinstance(next(iter(entry.values())), list)):
        (pages,) = section.values()
        folder = pages[0].split("/")[0]
        pages += _unlisted(config.docs_dir, folder, set(pages))
    return config


def _unlisted(docs_dir: str, folder: str, listed: set[str]) -> list[Any]:
    here = Path(docs_dir, folder)
    pages: list[Any] = [f"{folder}/{file.name}" for file in sorted(here.glob("*.md"))]
    below = [
        {_title(sub.name): _unlisted(docs_dir, f"{folder}/{sub.name}", set())}
        for sub in sorted(here.iterdir())
        if sub.is_dir() and any(sub.rglob("*.md"))
    ]
    return [page for page in pages if page not in listed] + below


def _title(folder: str) -> str:
    return folder.replace("-", " ").capitalize()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put in what is generated (a name that nobody makes ends the build), and tell evidence from the text around it."""
    if "/" not in page.file.src_uri:  # it has no neighbours to lead to
        page.meta["hide"] = ["navigation", "toc"] if page.is_homepage else ["navigation"]
    whole = re.sub(r"^<!-- generated: (.+) -->$", lambda found: GENERATED[found[1]](), markdown, flags=re.MULTILINE)
    return re.sub(r"(?<![`\w\]])\[(spec|docs|observed|assumed)\](?![(\[`])", r'<span class="evidence">\1</span>', whole)


def commands() -> str:
    """Each command's help, as it prints it."""
    return "\n\n".join(
        f"## `{name}`\n\n```text\n{help_text}\n```"
        for name, help_text in _helps("hubassoc", get_command(cli.app), None)
    )


def _helps(name: str, command: Any, parent: Any) -> Iterator[tuple[str, str]]:
    context = command.make_context(
        name.rsplit(maxsplit=1)[-1], [], parent=parent, resilient_parsing=True, max_content_width=WIDTH
    )
    context.terminal_width = WIDTH
    yield name, command.get_help(context).strip()
    for child, sub in getattr(command, "commands", {}).items():
        yield from _helps(f"{name} {child}", sub, context)


def settings_table() -> str:
    """The settings, from the docstring of the module that reads them."""
    return "\n".join(re.findall(r"^\|.*\|$", inspect.getdoc(configuration) or "", re.MULTILINE))


def public_names(module: str) -> str:
    """The reference of each public name of a module, by its docstrings."""
    names = importlib.import_module(module).__all__
    return "\n\n".join(f"::: {module}.{name}\n    options: {{heading_level: 2}}" for name in names)


def emulator_settings() -> str:
    """The emulator's settings with default and evidence."""
    told = dict(re.findall(r"^    (\w+): (.*(?:\n        .*)*)", inspect.getdoc(Settings) or "", re.MULTILINE))
    rows = (f"| `{f.name}` | `{f.default!r}` | {' '.join(told[f.name].split())} |" for f in fields(Settings))
    return "\n".join(["| setting | default | |", "|---|---|---|", *rows])


def drift_actions() -> str:
    """What can be done to an emulated portal as a person would, with the arguments of each."""
    rows = []
    for name in DRIFT:
        method = getattr(Drift, name)
        arguments = [argument for argument in inspect.signature(method).parameters if argument != "self"]
        first = (inspect.getdoc(method) or "").splitlines()[0]
        rows.append(f"| `{name}` | {', '.join(f'`{argument}`' for argument in arguments)} | {first} |")
    return "\n".join(["| action | JSON object | |", "|---|---|---|", *rows])


def schema_keys() -> str:
    """The keys of a schema file, from its JSON Schema."""
    schema = json_schema.whole_file()
    parts = {"a file": schema, "a pair": schema["$defs"]["PairSpec"], "a label": schema["$defs"]["LabelSpec"]}
    return "\n\n".join(_keys(of, model) for of, model in parts.items())


def _keys(of: str, model: dict[str, Any]) -> str:
    required = model.get("required", ())
    rows = (
        f"| `{key}`{' (required)' if key in required else ''} | {_kind(value)} | {' '.join(value['description'].split())} |"
        for key, value in model["properties"].items()
    )
    return "\n".join([f"| key of {of} | value | |", "|---|---|---|", *rows])


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return "see below"
    if "anyOf" in value or "enum" in value:
        return "text"
    return {
        "array": "list",
        "object": "mapping",
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
    }[value["type"]]


def api_versions() -> str:
    """The API versions that can be chosen, with path and end of support."""
    rows = (f"| `{v}` | `{path}` | {facts.API_SUPPORT_ENDS[v]} |" for v, path in facts.API_PATHS.items())
    return "\n".join(["| `hubassoc:apiVersion` | path | supported until |", "|---|---|---|", *rows])


def scopes() -> str:
    """The scopes of each object that carries labels."""
    rows = (f"| {name} | `{read}` | `{write}` |" for name, (read, write) in facts.OBJECT_SCOPES.items())
    return "\n".join(["| object | reads | writes |", "|---|---|---|", *rows])


def examples() -> str:
    """The examples of the repository, in the words they begin with."""
    folders = sorted(folder for folder in (ROOT / "examples").iterdir() if folder.is_dir() and _told(folder))
    return "\n".join(["| `examples/…` | |", "|---|---|", *(f"| `{f.name}` | {_told(f)} |" for f in folders)])


def _told(folder: Path) -> str:
    """What the program in it says of itself, or the first comment of a file that is none."""
    for program in sorted(folder.rglob("__main__.py")):
        said = ast.get_docstring(ast.parse(program.read_text(encoding="utf-8"))) or ""
        return " ".join(said.split("\n\n")[0].split())
    for file in sorted(folder.rglob("*.y*ml")):
        return file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    return ""


def object_types() -> str:
    """The standard objects by plural, singular and id."""
    rows = (f"| `{o.name}` | `{o.singular}` | `{o.type_id}` |" for o in facts.OBJECT_TYPES)
    return "\n".join(["| plural | singular | id |", "|---|---|---|", *rows])


GENERATED = {
    "commands": commands,
    "settings": settings_table,
    "public names of pulumi_hubassoc": lambda: public_names("pulumi_hubassoc"),
    "public names of pulumi_hubassoc.testing": lambda: public_names("pulumi_hubassoc.testing"),
    "public names of pulumi_hubassoc.emulator": lambda: public_names("pulumi_hubassoc.emulator"),
    "emulator settings": emulator_settings,
    "drift": drift_actions,
    "examples": examples,
    "keys of a schema file": schema_keys,
    "API versions": api_versions,
    "scopes": scopes,
    "object types": object_types,
}
"""What a page can ask for."""
