"""The patch of a schema file: laid over it, nothing differs any more."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.estate.compare import compare
from pulumi_hubassoc.estate.declared import declared
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.estate.patch import patch
from pulumi_hubassoc.estate.schema_file import for_schema
from pulumi_hubassoc.estate.spec import SchemaSpec
from tests.conftest import TOKEN

PAIRS = [("contacts", "companies"), ("contacts", "contacts"), ("deals", "contacts"), ("contacts", "p_pet")]
TEXTS = ["Alpha", "Beta", "Gamma", "Delta", "Größe", 'Says "yes"']
KEYS = ["alpha", "beta", "gamma"]
NAMES = [f"name_{i}" for i in range(6)]
RUNNER = CliRunner()


@st.composite
def schemas(draw: st.DrawFn) -> SchemaSpec:
    """Pairs, written from either side, with labels of both kinds and limits, that keep all rules."""
    pairs: list[dict[str, Any]] = []
    names = draw(st.permutations(NAMES))
    for ends in draw(st.lists(st.sampled_from(PAIRS), unique=True)):
        start, end = draw(st.sampled_from([ends, ends[::-1]]))
        texts = draw(st.permutations(TEXTS))
        pair: dict[str, Any] = {"from": start, "to": end, "labels": {}}
        for number, key in enumerate(draw(st.lists(st.sampled_from(KEYS), unique=True))):
            label: dict[str, Any] = {"label": texts[2 * number]}
            if draw(st.booleans()):
                label["inverse_label"] = texts[2 * number + 1]
            fields = ["max", "inverse_max"]
            if start == end and "inverse_label" not in label:
                fields = draw(st.sampled_from([["max"], ["inverse_max"]]))
            label.update({field: draw(st.integers(1, 3)) for field in fields if draw(st.booleans())})
            if names and draw(st.booleans()):
                label["name"] = names.pop()
            pair["labels"][key] = label
        for field in ("max",) if start == end else ("max", "inverse_max"):
            if draw(st.booleans()):
                most = draw(st.integers(3, 5))
                pair[field] = {"999999": most} if "p_pet" in ends else {"unlabeled": most}
        pairs.append(pair)
    return SchemaSpec.model_validate({"pairs": pairs})


@settings(deadline=None, max_examples=80)
@given(schemas(), schemas())
def test_a_file_with_its_patch_says_what_was_wanted(a: SchemaSpec, b: SchemaSpec) -> None:
    """Whatever the two say; and a patch of what is the same already is empty."""
    wanted = for_schema(declared(a, "a"))
    with tempfile.TemporaryDirectory() as folder:
        file, over = Path(folder) / "b.yaml", Path(folder) / "patch.yaml"
        written = b.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        file.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
        over.write_text(patch(wanted, read(file), "b.yaml"), encoding="utf-8")
        made = read(file, [over])
        assert not compare(wanted, declared(made, "b.yaml with its patch"))
        assert yaml.safe_load(patch(wanted, made, "b.yaml")) == {"pairs": []}


@pytest.fixture
def served(tmp_path: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """A portal that the environment leads to, and a working directory with a schema file of another text in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    portal.drift.create_label("contacts", "companies", "Lawyer", "Client", name="legal")
    portal.drift.create_label("contacts", "deals", "Champion", name="champion")
    (tmp_path / "crm.yaml").write_text(
        "# ours\npairs: [{from: companies, to: contacts, labels: {law: {label: Client, inverse_label: Solicitor, name: legal}}}]"
    )
    return portal


def diff(*arguments: str) -> tuple[int, str, str]:
    """Run it: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["diff", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_a_patch_takes_what_changed_in_a_portal_into_a_file(served: Portal, tmp_path: Path) -> None:
    """It has the difference alone, under the file's own keys and from its own side."""
    code, _, err = diff("portal", "crm.yaml", "--write-patch", "changed.yaml")
    assert (code, err) == (2, "")
    assert yaml.safe_load((tmp_path / "changed.yaml").read_text()) == {
        "pairs": [
            {"from": "companies", "to": "contacts", "labels": {"law": {"inverse_label": "Lawyer"}}},
            {"from": "contacts", "to": "deals", "labels": {"champion": {"label": "Champion", "name": "champion"}}},
        ]
    }
    assert diff("portal", "crm.yaml+changed.yaml")[0] == 0
    assert (tmp_path / "crm.yaml").read_text().startswith("# ours")


def test_of_what_is_no_file_the_patch_is_a_whole_one(served: Portal, tmp_path: Path) -> None:
    """A schema file of the left side."""
    served.drift.set_limit("contacts", "deals", served.labels("contacts", "deals")[0].type_id, 3)
    (tmp_path / "empty.json").write_text(json.dumps({"resources": []}))
    assert diff("portal", "state:empty.json", "--write-patch", "whole.yaml")[0] == 2
    assert diff("portal", "whole.yaml")[0] == 0
    assert yaml.safe_load((tmp_path / "whole.yaml").read_text())["pairs"][1]["labels"]["champion"]["max"] == 3


def test_what_a_file_cannot_say_is_told(served: Portal, tmp_path: Path) -> None:
    """On standard error, beside a patch of the rest; no file is written over without --force."""
    served.drift.create_custom_object("pet")
    served.drift.create_label("contacts", "p_pet", "Owner", name="owner")
    unlabeled = next(t for t in served.types("contacts", "p_pet") if t.label is None)
    served.drift.set_limit("contacts", "p_pet", unlabeled.type_id, 4)
    code, _, err = diff("portal", "crm.yaml", "--write-patch", "changed.yaml", "--json")
    assert code == 2
    assert err.startswith("not in changed.yaml: the limit 4 of USER_DEFINED")
    before = (tmp_path / "changed.yaml").read_text()
    assert diff("portal", "crm.yaml", "--write-patch", "changed.yaml")[0] == 1
    assert (tmp_path / "changed.yaml").read_text() == before
    assert diff("portal", "crm.yaml", "--write-patch", "x", "--html", "x")[0] == 1


def test_a_stack_declared_from_the_other_side_is_written_from_the_right_one(tmp_path: Path) -> None:
    """A schema file of a state: the texts stand in their own direction."""
    state = {
        "type": "pulumi-python:dynamic/hubassoc:AssociationLabel",
        "id": "companies/contacts/1/2",
        "outputs": {"label": "Client", "inverse_label": "Lawyer", "name": "legal", "portal_id": 1},
    }
    limit = {
        "type": "pulumi-python:dynamic/hubassoc:AssociationLimit",
        "id": "contacts/companies/USER_DEFINED/2",
        "outputs": {"max_to_object_ids": 7, "portal_id": 1},
    }
    (tmp_path / "prod.json").write_text(json.dumps({"resources": [state, limit]}))
    (tmp_path / "none.json").write_text(json.dumps({"resources": []}))
    file, whole = str(tmp_path / "prod.json"), str(tmp_path / "whole.yaml")
    assert diff(f"state:{file}", f"state:{tmp_path / 'none.json'}", "--write-patch", whole)[0] == 2
    assert diff(f"state:{file}", whole)[0] == 0
    (label,) = read(whole).pairs[0].labels.values()
    assert (label.texts, label.max) == (("Lawyer", "Client"), 7)
