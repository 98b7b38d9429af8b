"""The site builds without a warning, is whole, and loads nothing from elsewhere."""

from __future__ import annotations

import html
import importlib
import importlib.util
import re
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from pulumi_hubassoc import config
from pulumi_hubassoc.emulator import Settings
from pulumi_hubassoc.emulator.control import DRIFT
from pulumi_hubassoc.estate.spec import LabelSpec, PairSpec, keys_of
from pulumi_hubassoc.hubspot import facts
from tests.documentation.pages import PAGES, ROOT
from tests.test_cli import COMMANDS

pytestmark = pytest.mark.timeout(300)
ELSEWHERE = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=["']?(?:https?:)?//[^"' >]+"""
    r"""|<link\b(?![^>]*rel=["']?canonical)[^>]*\bhref=["']?(?:https?:)?//[^"' >]+"""
    r"""|@import\s*(?:url\()?["']?(?:https?:)?//[^"')]+|url\(["']?(?:https?:)?//[^"')]+""",
    re.IGNORECASE,
)


def read(site: Path, page: str) -> str:
    """The text of a built page, without tags."""
    text = (site / page).with_suffix(".html").read_text(encoding="utf-8")
    return html.unescape(re.sub(r"<[^>]+>", "", text.split("<article", 1)[1].split("</article>")[0]))


def test_every_page_is_built_and_reached(site: Path) -> None:
    """Each page has its HTML, and the home page's navigation leads to it."""
    pages = [file.relative_to(PAGES).with_suffix(".html").as_posix() for file in PAGES.rglob("*.md")]
    assert len(pages) > 30
    home = (site / "index.html").read_text(encoding="utf-8")
    assert [page for page in pages if not (site / page).exists()] == []
    assert [
        page for page in pages if not re.search(rf'href="?{re.escape(page)}["> ]', home) and page != "index.html"
    ] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture has an address on another host; links may."""
    files = [file for kind in ("html", "css", "svg") for file in site.rglob(f"*.{kind}")]
    assert files
    assert {file.name: found for file in files if (found := ELSEWHERE.findall(file.read_text(encoding="utf-8")))} == {}
    assert ELSEWHERE.search('<link rel="stylesheet" href="https://fonts.example/css">'), "the test would see it"


def test_search_knows_every_page(site: Path) -> None:
    """The index that the browser searches is part of the site."""
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert [
        f.stem for f in PAGES.rglob("*.md") if f.relative_to(PAGES).with_suffix(".html").as_posix() not in index
    ] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_is_in_the_reference(site: Path, name: str) -> None:
    """With all its options and the first line of its help, as it prints them."""
    page = read(site, "reference/command-line")
    of_command = re.split(r"^\s*hubassoc.*?¶?$", page.split(f"Usage: {name} [", 1)[1], maxsplit=1)[0]
    options = [
        option
        for p in COMMANDS[name].params
        if p.param_type_name == "option"
        for option in (*p.opts, *p.secondary_opts)
    ]
    assert [option for option in options if option not in of_command] == []
    assert " ".join(COMMANDS[name].help.split("\n\n")[0].split()) in " ".join(of_command.split())


def test_settings_are_in_the_reference(site: Path) -> None:
    """Configuration key and environment variable of each."""
    page = read(site, "reference/configuration")
    assert [key for key in config.ENVIRONMENT if f"{config.NAMESPACE}:{key}" not in page] == []
    assert [variable for variable in config.ENVIRONMENT.values() if variable not in page] == []


@pytest.mark.parametrize(
    ("module", "page"),
    [
        ("pulumi_hubassoc", "reference/python-api"),
        ("pulumi_hubassoc.testing", "reference/testing"),
        ("pulumi_hubassoc.emulator", "reference/emulator"),
    ],
)
def test_public_names_are_in_the_reference(site: Path, module: str, page: str) -> None:
    """Each public name is a heading with its docstring below it."""
    built = (site / page).with_suffix(".html").read_text(encoding="utf-8")
    text = " ".join(read(site, page).replace("`", "").split())
    public = importlib.import_module(module)
    for name in public.__all__:
        assert re.search(rf'<h2 id="?[\w.]*{name}"?[ >]', built), name
        first = (getattr(public, name).__doc__ or "").strip().split("\n\n")[0]
        assert " ".join(first.replace("`", "").split()) in text, name


def test_engine_interface_is_in_the_reference(site: Path) -> None:
    """Both protocols, with every method."""
    built = (site / "reference/engine.html").read_text(encoding="utf-8")
    from pulumi_hubassoc.engine.interface import Engine, Stack

    names = [f"{kind.__name__}.{name}" for kind in (Engine, Stack) for name in vars(kind) if not name.startswith("_")]
    assert len(names) > 10
    assert [name for name in names if f"pulumi_hubassoc.engine.interface.{name}" not in built] == []


def test_tables_of_facts_are_in_the_reference(site: Path) -> None:
    """The keys of a schema file, the emulator's settings, API versions, scopes and objects; and the examples."""
    wanted = {
        "reference/schema-files": [*keys_of(PairSpec), *keys_of(LabelSpec)],
        "reference/emulator": [*(field.name for field in fields(Settings)), *DRIFT],
        "how-to/examples": [f.name for f in (ROOT / "examples").iterdir() if any(f.rglob("__main__.py"))],
        "reference/hubspot": [
            *facts.API_PATHS,
            *facts.API_SUPPORT_ENDS.values(),
            *(scope for scopes in facts.OBJECT_SCOPES.values() for scope in scopes),
            *(name for o in facts.OBJECT_TYPES for name in (o.name, o.singular, o.type_id)),
        ],
    }
    for page, names in wanted.items():
        text = read(site, page)
        assert [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)] == [], page


def test_every_page_that_the_nav_names_is_there() -> None:
    """And once."""
    config_text = (ROOT / ".docs" / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_load(re.split(r"^nav:\n", config_text, flags=re.MULTILINE)[1])
    named = [
        page for entry in nav for value in entry.values() for page in (value if isinstance(value, list) else [value])
    ]
    assert [page for page in named if not (PAGES / page).exists()] == []
    assert len(named) == len(set(named))


def test_a_new_page_joins_the_section_of_its_folder(tmp_path: Path) -> None:
    """Without a word in the nav; the pages of a folder in it are a section of their own."""
    spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / ".docs" / "hooks.py")
    assert spec
    assert spec.loader
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    for page in ("old", "new", "fleet-recipes/kubernetes"):
        (tmp_path / "how-to" / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "how-to" / f"{page}.md").write_text("# A page")
    config = SimpleNamespace(docs_dir=tmp_path, nav=[{"Start": "index.md"}, {"How-to guides": ["how-to/old.md"]}])
    _, section = hooks.on_config(config).nav
    assert section == {
        "How-to guides": ["how-to/old.md", "how-to/new.md", {"Fleet recipes": ["how-to/fleet-recipes/kubernetes.md"]}]
    }


def test_nothing_is_generated_by_hand() -> None:
    """Every page that shows what code says asks for it, and every such request is one that is made."""
    asked = {name for file in PAGES.rglob("*.md") for name in re.findall(r"<!-- generated: (.+) -->", file.read_text())}
    made = set(
        re.findall(
            r'^    "([^"]+)": ', (ROOT / ".docs" / "hooks.py").read_text().split("GENERATED = {")[1], re.MULTILINE
        )
    )
    assert asked == made
