"""The published JSON Schemas: of the models, valid, explaining every key, and of one mind with the reader of files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.errors import SchemaError
from pulumi_hubassoc.estate import json_schema
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.estate.spec import SchemaSpec
from tests.test_schema_files import FAULTS

ROOT = Path(__file__).resolve().parent.parent
WHOLE = jsonschema.Draft202012Validator(json_schema.whole_file())
OVERLAY = jsonschema.Draft202012Validator(json_schema.overlay())


def test_published_json_schemas_are_of_the_models() -> None:
    """`python -m pulumi_hubassoc.estate.json_schema` writes them anew."""
    for path, text in json_schema.texts().items():
        assert json.loads(path.read_text(encoding="utf-8")) == json.loads(text), f"{path.name} is stale"
    for schema in (json_schema.whole_file(), json_schema.overlay()):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_key_is_explained() -> None:
    """An editor shows the description of a field; there is none without."""
    for schema in (json_schema.whole_file(), json_schema.overlay()):
        for model in (schema, *schema["$defs"].values()):
            assert [key for key, field in model["properties"].items() if not field.get("description")] == []


def test_json_schemas_are_written_by_a_command(tmp_path: Path) -> None:
    """The module that makes them runs by itself, without Pulumi."""
    code = (
        "import sys; from pulumi_hubassoc.estate import files, json_schema; assert json_schema.texts(); "
        "assert not [m for m in sys.modules if m.partition('.')[0] == 'pulumi']"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=60)


def test_examples_are_valid() -> None:
    """Each schema file of an example, and each overlay."""
    files = sorted((ROOT / "examples").rglob("crm*.yaml"))
    assert files
    for file in files:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        (OVERLAY if file.stem.count(".") else WHOLE).validate(content)


OF_ONE_KEY = """
    no pairs; pairs no list; unknown key at the top; pair no mapping; no end; no text for an end; no object type;
    unknown key of a pair; python's name of a key; no text; empty value; blank text; label no mapping; key of a label;
    text that YAML takes for something else; internal name; yes or no; one former name; number; what is limited
"""


def test_json_schema_refuses_what_a_model_alone_refuses() -> None:
    """Faults of one key are seen in the editor already, as the loader sees them."""
    for name in " ".join(OF_ONE_KEY.split()).split("; "):
        assert not WHOLE.is_valid(yaml.safe_load(FAULTS[name][0])), name


words = st.text("abcÄß ×-_:#'\"{}[]&*!%@,?|>", min_size=1, max_size=8).filter(str.strip)
keys = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_-]{0,8}\Z")
maxima = st.integers(min_value=1, max_value=10_000)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """The content of a right file, with texts that YAML could misread."""
    pairs = []
    ends = st.sampled_from(
        [("contacts", "companies"), ("deals", "contacts"), ("companies", "2-7"), ("tickets", "tickets")]
    )
    for from_, to in draw(st.lists(ends, unique=True, max_size=4)):
        texts = iter(draw(st.lists(words.map(str.strip), unique=True, min_size=6, max_size=6)))
        labels = {}
        for key in draw(st.lists(keys, unique=True, max_size=3)):
            label: dict[str, Any] = {"label": next(texts)}
            if draw(st.booleans()):
                label["inverse_label"] = next(texts)
            if draw(st.booleans()):
                label["max"] = draw(maxima)
            labels[key] = label
        pair: dict[str, Any] = {"from": from_, "to": to}
        if labels or draw(st.booleans()):
            pair["labels"] = labels
        pairs.append(pair)
    return {"pairs": pairs}


@given(content=contents())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_right_file_reads_the_same_in_every_form(tmp_path: Path, content: dict[str, Any]) -> None:
    """As YAML and as JSON, alone and laid over nothing, and an editor finds no fault in it."""
    WHOLE.validate(content)
    OVERLAY.validate(content)
    wanted = SchemaSpec.model_validate(content)
    forms = {
        "block.yaml": yaml.safe_dump(content, allow_unicode=True),
        "flow.yaml": yaml.safe_dump(content, default_flow_style=True),
        "tabs.json": json.dumps(content, indent="\t"),
        "plain.json": json.dumps(content, ensure_ascii=False),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read(tmp_path / name) == wanted, text
    (tmp_path / "nothing.yaml").write_text("pairs: []")
    assert read(tmp_path / "nothing.yaml", [tmp_path / "block.yaml"]) == wanted
    assert read(tmp_path / "block.yaml", [tmp_path / "plain.json"]) == wanted


VOCABULARY = [
    "from",
    "to",
    "labels",
    "max",
    "inverse_max",
    "authoritative",
    "label",
    "name",
    "formerly",
    "unlabeled",
    "a",
    "[key]",
]
SENSIBLE = ["contacts", "companies", "deals", "2-7", "A", "B", 1, 5, 0, True, None, "crm-contacts-companies-b"]
junk = st.recursive(
    st.sampled_from(SENSIBLE) | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(VOCABULARY), inner, max_size=4),
    max_leaves=8,
)
ends = st.sampled_from(["contacts", "0-1", "companies", "deals"])
labels = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.dictionaries(st.sampled_from(VOCABULARY), junk) | junk, max_size=3
)
pairs = st.fixed_dictionaries(
    {"from": ends, "to": ends}, optional={"labels": labels, "max": junk, "inverse_max": junk, "authoritative": junk}
)


@given(
    files=st.lists(st.fixed_dictionaries({"pairs": st.lists(pairs | junk, max_size=3)}) | junk, min_size=1, max_size=3)
)
@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
def test_no_content_is_a_surprise(tmp_path: Path, files: list[Any]) -> None:
    """Any files end in a schema, which an editor would take too, or in faults of one line each with file and line."""
    paths = [tmp_path / f"{n}.yaml" for n in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    faults: tuple[str, ...] = ()
    try:
        schema = read(paths[0], paths[1:])
    except SchemaError as error:
        faults = error.faults
    else:
        content = schema.model_dump(by_alias=True, exclude_unset=True, mode="json")
        WHOLE.validate(content)
        assert SchemaSpec.model_validate(content) == schema
    for fault in faults:
        assert re.match(rf"{re.escape(str(tmp_path))}/\d\.yaml:\d+: \S.*: \S", fault), fault
