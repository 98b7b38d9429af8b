"""`fleet.yaml`: what it means, each fault told with file, line and key, and no token told at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.errors import HubAssocError, SchemaError
from pulumi_hubassoc.estate import written
from pulumi_hubassoc.fleet import json_schema
from pulumi_hubassoc.fleet.document import Fleet, TokenFrom, Waves, check_schemas, chosen, read, schema_of

SCHEMA = "pairs: [{from: contacts, to: companies, labels: {boss: {label: Boss, max: 5}}}]\n"
WHOLE = """\
# yaml-language-server: $schema=fleet.json
project: relations
schema: crm.yaml
backend: file:///srv/states
daily_share: 0.25
waves: { second: 12.5%, stop_at: 0 }
config: { hubassoc:apiVersion: v4, hubassoc:patienceSeconds: 90, quick: true }
portals:
  acme:
    portal_id: 12345678
    token: { env: ACME_TOKEN }
    overlay: overlays/acme.yaml
    tags: [eu, retail]
    config: { hubassoc:preflight: false }
  bond: { portal_id: 7, token: { file: secrets/bond }, tags: [eu], canary: true }
  corp: { portal_id: 8, token: config }
"""
HEAD = "project: p\nschema: crm.yaml\nportals:\n"
ONE = "  a: {portal_id: 1, token: {env: A}"
SECRET = "pat-na1-00000000-1111-2222-3333-444444444444"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a fleet file beside a schema, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("overlays").mkdir()
    Path("overlays/acme.yaml").write_text(
        "pairs: [{from: contacts, to: companies, labels: {boss: {max: 9}}}]\n", encoding="utf-8"
    )
    Path("crm.yaml").write_text(SCHEMA, encoding="utf-8")

    def write(text: str) -> Path:
        Path("fleet.yaml").write_text(text, encoding="utf-8")
        return Path("fleet.yaml")

    return write


def faults(path: Path) -> list[str]:
    """What is wrong with a fleet file."""
    with pytest.raises(SchemaError) as raised:
        read(path)
    return list(raised.value.faults)


# ------------------------------------------------------------------------------------------------- what it means


def test_everything_that_a_fleet_says(write: Write, tmp_path: Path) -> None:
    """Paths are absolute, from the file's folder; values of the configuration are texts as Pulumi writes them."""
    fleet = read(write(WHOLE))
    acme, bond, corp = fleet.portals
    assert (fleet.path, fleet.project, fleet.program) == (tmp_path / "fleet.yaml", "relations", None)
    assert (fleet.schema, fleet.backend, fleet.daily_share) == (tmp_path / "crm.yaml", "file:///srv/states", 0.25)
    assert fleet.waves == Waves(0.125, 0.0)
    assert fleet.config == {"hubassoc:apiVersion": "v4", "hubassoc:patienceSeconds": "90", "quick": "true"}
    assert (acme.stack, acme.portal_id, acme.tags) == ("acme", 12345678, {"eu", "retail"})
    assert (acme.overlay, acme.config) == (tmp_path / "overlays/acme.yaml", {"hubassoc:preflight": "false"})
    assert acme.token == TokenFrom(env="ACME_TOKEN")
    assert bond.token == TokenFrom(file=tmp_path / "secrets/bond")  # it need not be there yet
    assert corp.token == TokenFrom(config=True)
    assert [portal.canary for portal in fleet.portals] == [False, True, False]


def test_without_a_canary_the_first_portal_is_it(write: Write) -> None:
    fleet = read(write(HEAD + ONE + "}\n  b: {portal_id: 2, token: {env: B}}\n"))
    assert [portal.canary for portal in fleet.portals] == [True, False]
    assert fleet.waves == Waves(0.1, 0.2)


def test_a_program_gives_the_project_its_name(write: Write, tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm/Pulumi.yaml").write_text("name: relations\nruntime: python\n", encoding="utf-8")
    fleet = read(write("program: crm\nportals:\n" + ONE + "}\n"))
    assert (fleet.project, fleet.program, fleet.schema) == ("relations", tmp_path / "crm", None)
    assert faults(write("program: crm\nproject: other\nportals:\n" + ONE + ", overlay: overlays/acme.yaml}\n")) == [
        "fleet.yaml:2: project: is not that of the program, relations: leave it out",
        "fleet.yaml:4: portals.a.overlay: needs `schema`: a program chooses for itself, by the portal's `config`",
    ]


def test_the_schema_of_a_portal_has_its_overlay(write: Write) -> None:
    fleet = read(write(WHOLE))
    assert [schema_of(fleet, portal).pairs[0].labels["boss"].max for portal in fleet.portals] == [9, 5, 5]


def test_all_overlays_are_read_before_a_run(write: Write) -> None:
    """Faults of all of them are told at once, each once; of portals that are not chosen nothing is read."""
    fleet = read(write(WHOLE))
    check_schemas(fleet, fleet.portals)
    Path("overlays/acme.yaml").write_text("pairs: [{from: contacts, to: companies, most: 1}]\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"acme\.yaml:1: contacts/companies\.most: there is no such key"):
        check_schemas(fleet, fleet.portals)
    check_schemas(fleet, fleet.portals[1:])


# ------------------------------------------------------------------------------------------------------- faults

NO_TOKEN = (
    "must not be the token itself: name where it is instead: `{ env: VARIABLE }`, `{ file: path }`, or `config` for the "
    "stack's own"
)
FAULTS = {
    "empty file": ("", ["fleet.yaml:1: portals: is missing: the file is empty"]),
    "no mapping": (
        "- a\n",
        [
            "fleet.yaml:1: the file: must hold keys and their values",
            "fleet.yaml:1: schema: is missing: what do the portals get?",
        ],
    ),
    "no portals": ("project: p\nschema: crm.yaml\n", ["fleet.yaml:1: portals: is missing"]),
    "empty portals": (
        HEAD[:-1] + " {}\n",
        ["fleet.yaml:3: portals: has no portal: write one, under the name of its stack"],
    ),
    "no project": (
        "schema: crm.yaml\nportals:\n" + ONE + "}",
        ["fleet.yaml:1: project: is missing: a name for the Pulumi project of all stacks"],
    ),
    "both": (
        HEAD + ONE + "}\nprogram: .\n",
        [
            "fleet.yaml:5: program: is there beside `schema`: keep one of them",
            "fleet.yaml:5: program: there is no folder of this name with a Pulumi.yaml",
        ],
    ),
    "neither": ("project: p\nportals:\n" + ONE + "}", ["fleet.yaml:1: schema: is missing: what do the portals get?"]),
    "files that are not there": (
        "project: p\nschema: no.yaml\nportals:\n" + ONE + ", overlay: n.yaml}",
        ["fleet.yaml:2: schema: there is no such file", "fleet.yaml:4: portals.a.overlay: there is no such file"],
    ),
    "unknown keys": (
        HEAD + ONE + ", tag: [x]}\nwave: {}\n",
        [
            "fleet.yaml:4: portals.a.tag: there is no such key: did you mean tags?",
            "fleet.yaml:5: wave: there is no such key: did you mean waves?",
        ],
    ),
    "stack twice": (
        HEAD + ONE + "}\n" + ONE.replace("1", "2").replace("A", "B") + "}",
        ["fleet.yaml:5: portals.a: is written twice (see fleet.yaml:4)"],
    ),
    "portal twice": (
        HEAD + ONE + "}\n  b: {portal_id: 1, token: config}",
        ["fleet.yaml:5: portals.b.portal_id: is another portal's too: a portal has one stack (see fleet.yaml:4)"],
    ),
    "variable twice": (
        HEAD + ONE + "}\n  b: {portal_id: 2, token: {env: A}}",
        ["fleet.yaml:5: portals.b.token.env: is another portal's too: a token opens one portal (see fleet.yaml:4)"],
    ),
    "token's file twice": (
        HEAD + "  a: {portal_id: 1, token: {file: t}}\n  b: {portal_id: 2, token: {file: t}}",
        ["fleet.yaml:5: portals.b.token.file: is another portal's too: a token opens one portal (see fleet.yaml:4)"],
    ),
    "tag twice": (HEAD + ONE + ", tags: [x, x]}", ["fleet.yaml:4: portals.a.tags: x is written twice"]),
    "no tag": (
        HEAD + ONE + ", tags: [x y, 1]}",
        [
            "fleet.yaml:4: portals.a.tags.0: is no tag: up to 64 letters, digits, hyphens, underscores and periods",
            "fleet.yaml:4: portals.a.tags.1: must be a text: put it in quotes",
        ],
    ),
    "null byte": (HEAD + ONE + ', overlay: "a\\0b"}', ["fleet.yaml:4: portals.a.overlay: must not have a null byte"]),
    "number of a portal": (
        HEAD
        + "  a: {portal_id: true, token: config}\n  b: {portal_id: 1.5, token: config}\n  c: {portal_id: 99999999999999999999, token: config}",
        [
            f"fleet.yaml:{n}: portals.{s}.portal_id: must be HubSpot's number of the portal, as in 12345678"
            for n, s in ((4, "a"), (5, "b"), (6, "c"))
        ],
    ),
    "name of a stack": (
        HEAD + "  a/b: {portal_id: 1, token: config}",
        [
            "fleet.yaml:4: portals.a/b: is no name of Pulumi's: 1 to 100 letters, digits, hyphens, underscores and periods"
        ],
    ),
    "shares": (
        "waves: {second: 0, stop_at: 20}\ndaily_share: 150%\n" + HEAD + ONE + "}",
        [
            "fleet.yaml:1: waves.second: must be more than 0",
            "fleet.yaml:1: waves.stop_at: must be a share from 0% to 100%, as in 10% or 0.1",
            "fleet.yaml:2: daily_share: must be a share from 0% to 100%, as in 10% or 0.1",
        ],
    ),
    "empty values": (
        HEAD + "  a:\n  b: {portal_id: , token: config}",
        [
            "fleet.yaml:4: portals.a: is empty: give it a value, or leave the key out",
            "fleet.yaml:5: portals.b.portal_id: is empty: give it a value, or leave the key out",
        ],
    ),
    "where the token is": (
        HEAD + "  a: {portal_id: 1, token: {}}\n  b: {portal_id: 2, token: {env: B, file: b}}",
        [
            f"fleet.yaml:{n}: portals.{s}.token: must be one of `{{ env: VARIABLE }}`, `{{ file: path }}` and `config`"
            for n, s in ((4, "a"), (5, "b"))
        ],
    ),
    "secret in the configuration": (
        "config: {hubassoc:accessToken: x, db:password: y}\n" + HEAD + ONE + "}",
        [
            f"fleet.yaml:1: config.{key}: looks like a secret, which this file never holds: set it in the stack's own configuration, or in the environment"
            for key in ("hubassoc:accessToken", "db:password")
        ],
    ),
    "settings": (
        "config: {hubassoc:portalId: 1, hubassoc:baseURL: x, hubassoc:preflight: [1]}\n" + HEAD + ONE + "}",
        [
            "fleet.yaml:1: config.hubassoc:portalId: is each portal's own: write `portal_id` under the portal",
            "fleet.yaml:1: config.hubassoc:baseURL: there is no such setting: did you mean hubassoc:baseUrl?",
            "fleet.yaml:1: config.hubassoc:preflight: must be a text, a number, true or false",
        ],
    ),
    "back end": (
        "backend: states\n" + HEAD + ONE + "}",
        ["fleet.yaml:1: backend: must be the URL of a Pulumi back end, as in file:///srv/states or s3://bucket"],
    ),
    "password of a back end": (
        "backend: postgres://me:hunter2@db/x\n" + HEAD + ONE + "}",
        [
            "fleet.yaml:1: backend: holds a password, which this file never does: leave `backend` out and set PULUMI_BACKEND_URL"
        ],
    ),
    "no YAML": (
        "portals: [\n",
        ["fleet.yaml:2: is not YAML: while parsing a flow node, expected the node content, but found '<stream end>'"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_told_where_it_is(name: str, write: Write) -> None:
    text, told = FAULTS[name]
    assert faults(write(text)) == told


IN_CLEAR = [
    f"token: {SECRET}",
    f"token: [{SECRET}]",
    f"token: {{ {SECRET} }}",
    f"token: {{ {SECRET}: x, {SECRET}: y }}",
    f"token: {{ env: {SECRET} }}",
    f"token: {{ file: {SECRET} }}",
    f"token: {{ value: {SECRET} }}",
    f"token: {{ env: {{ x: {SECRET} }} }}",
    f"token: *{SECRET}",
    f"token: config, access_token: {SECRET}",
    f"token: config, config: {{ note: {SECRET} }}",
    f"token: config, tags: [{SECRET}]",
    f"token: config, overlay: {SECRET}",
    f"token: config, portal_id: {SECRET}",
    "token: 0123456789abcdefABCDEF",
    "token: { 0123456789abcdefABCDEF }",
    "token: config, portal_id: 0123456789abcdefABCDEF",
]


@pytest.mark.parametrize("written", IN_CLEAR)
def test_a_token_in_clear_is_refused_and_not_told(written: str, write: Write) -> None:
    """Of any form, in any place where a hand may put it."""
    told = faults(write(f"{HEAD}  a: {{ portal_id: 1, {written} }}\n"))
    assert told
    assert not [fault for fault in told if SECRET[8:] in fault or "0123456789abcdef" in fault]


def test_no_token_is_read(write: Write, tmp_path: Path) -> None:
    """A token's file may be a pipe that nobody writes: reading the fleet does not wait for it."""
    os.mkfifo(tmp_path / "pipe")
    assert read(write(HEAD + "  a: {portal_id: 1, token: {file: pipe}}")).portals[0].token.file == tmp_path / "pipe"


# ----------------------------------------------------------------------------------------------------- choosing


@pytest.fixture
def fleet(write: Write) -> Fleet:
    """`WHOLE`, read."""
    return read(write(WHOLE))


@pytest.mark.parametrize(
    ("tags", "only", "stacks"),
    [
        ([], [], ["acme", "bond", "corp"]),
        (["eu"], [], ["acme", "bond"]),
        (["retail", "eu"], [], ["acme", "bond"]),
        ([], ["corp", "acme"], ["acme", "corp"]),
        (["retail"], ["acme", "corp"], ["acme"]),
    ],
)
def test_portals_are_chosen_by_tag_and_stack(fleet: Fleet, tags: list[str], only: list[str], stacks: list[str]) -> None:
    assert [portal.stack for portal in chosen(fleet, tags, only)] == stacks


@pytest.mark.parametrize(
    ("tags", "only", "said"),
    [
        (["retial"], [], "fleet.yaml has no tag 'retial' — did you mean retail?"),
        ([], ["x"], "fleet.yaml has no stack 'x' — there are acme, bond, corp"),
        (["retail"], ["corp"], "no portal in fleet.yaml is one of corp and has the tag retail — choose others"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(fleet: Fleet, tags: list[str], only: list[str], said: str) -> None:
    with pytest.raises(HubAssocError) as raised:
        chosen(fleet, tags, only)
    assert str(raised.value) == said


# -------------------------------------------------------------------------------------------------- JSON Schema


def test_published_json_schema_is_of_the_models() -> None:
    """`python -m pulumi_hubassoc.fleet.json_schema` writes it anew; every key is explained."""
    schema = json_schema.whole_file()
    assert json.loads(json_schema.FILE.read_text(encoding="utf-8")) == schema, "fleet.json is stale"
    jsonschema.Draft202012Validator.check_schema(schema)
    for model in (schema, *schema["$defs"].values()):
        assert [key for key, field in model["properties"].items() if not field.get("description")] == []


BETWEEN = {
    "stack twice",
    "portal twice",
    "variable twice",
    "token's file twice",
    "tag twice",
    "files that are not there",
}
NOT_IN_EDITOR = BETWEEN | {"empty file", "no YAML", "null byte", "settings", "password of a back end", "shares"}


def test_editors_see_what_is_wrong_with_one_key() -> None:
    """The JSON Schema takes a whole file, and refuses what the models refuse of one key."""
    validator = jsonschema.Draft202012Validator(json_schema.whole_file())
    validator.validate(yaml.safe_load(WHOLE))
    for name in FAULTS.keys() - NOT_IN_EDITOR:
        assert not validator.is_valid(yaml.safe_load(FAULTS[name][0])), name


def test_documents_and_records_need_no_pulumi(tmp_path: Path) -> None:
    code = (
        "import sys; from pulumi_hubassoc.fleet import document, json_schema, record; "
        "assert not [m for m in sys.modules if m.partition('.')[0] == 'pulumi']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)


# ----------------------------------------------------------------------------------------------------- ten thousand


def test_ten_thousand_portals_are_read_in_seconds(write: Write) -> None:
    """By the C parser where there is one; a fault in the last line is still told with that line."""
    portals = "".join(f"  s{n}: {{portal_id: {n}, token: {{env: T{n}}}, tags: [eu]}}\n" for n in range(1, 10_001))
    start = time.process_time()
    assert len(read(write(HEAD + portals)).portals) == 10_000
    assert time.process_time() - start < 20
    told = faults(write(HEAD + portals + "  s10001: {portal_id: 1, token: config}\n"))
    assert told == [
        "fleet.yaml:10004: portals.s10001.portal_id: is another portal's too: a portal has one stack (see fleet.yaml:4)"
    ]


TOKENS = [
    "a",
    "b: ",
    "- ",
    "x: 1",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    "'",
    '"',
    " # ",
    "|\n",
    "> ",
    "%",
    "@",
    "~",
]
TOKENS += [
    "null",
    "1.0",
    "0x1f",
    "2024-01-01",
    "<<: ",
    "true",
    "k:v",
    "a:b,c",
    "é",
    "ü: ",
    "-",
    "?",
    ":",
    "&a ",
    "*a",
    "!!int ",
    "\t",
]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_large_files_are_read_as_small_ones_are(texts: str, tmp_path: Path) -> None:
    """The C parser takes over from a size on, and nothing may depend on the size of a file: here on a comment's."""
    told = []
    for comment in ("#\n", f"#{'x' * 100_000}\n"):
        (tmp_path / "any.yaml").write_text(comment + texts, encoding="utf-8")
        try:
            told.append(repr(written.read(tmp_path / "any.yaml")))
        except SchemaError as error:
            told.append(str(error))
    assert told[0] == told[1]
