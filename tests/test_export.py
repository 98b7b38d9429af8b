"""A portal goes into a program, a schema file and an import file, and comes back: nothing is to do after an import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.estate import import_file as importing
from pulumi_hubassoc.estate.document import Document
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.estate.naming import program_names, schema_names
from pulumi_hubassoc.estate.program import program, schema_program
from pulumi_hubassoc.estate.schema_file import for_schema, schema_file
from pulumi_hubassoc.resources.label import AssociationLabel, LabelProvider
from pulumi_hubassoc.resources.limit import AssociationLimit, LimitProvider
from pulumi_hubassoc.resources.limit_set import AssociationLimitSet, LimitSetProvider
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, make_engine
from tests.portals import document_of, fill


@pytest.fixture
def full(emulator: Emulator, portal: Portal) -> Document:
    """A portal of 200 labels and 200 limits of all kinds, as it is read."""
    fill(portal)
    return document_of(emulator)


def test_constants_are_those_of_the_resources() -> None:
    """Type tokens and pickles in an import file are what Pulumi's SDK makes of the classes."""
    providers = {
        importing.LABEL: LabelProvider(),
        importing.LIMIT: LimitProvider(),
        importing.LIMIT_SET: LimitSetProvider(),
    }
    assert {token: serialize_provider(provider) for token, provider in providers.items()} == importing.PROVIDERS
    for token, resource in (
        (importing.LABEL, AssociationLabel),
        (importing.LIMIT, AssociationLimit),
        (importing.LIMIT_SET, AssociationLimitSet),
    ):
        assert token == f"pulumi-python:{resource._resource_type_name}"


def test_program_is_formatted_and_type_checks(full: Document, tmp_path: Path) -> None:
    """Formatters would leave it as it is, at their own line length and at ours; linter and type checker find nothing."""
    file = tmp_path / "__main__.py"
    file.write_text(program(full, program_names(full)), encoding="utf-8")
    for command in (
        ["ruff", "format", "--isolated", "--diff"],
        ["ruff", "format", "--isolated", "--diff", "--line-length", "120"],
        ["ruff", "check", "--isolated"],
        ["mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, str(file)], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Written:
    """A document in one of its two forms: the files of the project, and what is imported."""

    files: dict[str, str]
    import_file: dict[str, Any]


def as_program(document: Document) -> Written:
    """As resources of a program."""
    names = program_names(document)
    return Written({"__main__.py": program(document, names)}, importing.import_file(document, names))


def as_schema(document: Document) -> Written:
    """As a schema file."""
    document = for_schema(document)
    files = {"__main__.py": schema_program(document, "crm", "crm.yaml"), "crm.yaml": schema_file(document)}
    return Written(files, importing.import_file(document, schema_names(document, "crm")))


forms = pytest.mark.parametrize("form", [as_program, as_schema])


@pytest.fixture
def estate(emulator: Emulator, portal: Portal, tmp_path: Path) -> Estate:
    """A stack of the portal without a program."""
    return estate_on("local", emulator, portal, tmp_path)


def estate_on(engine: Literal["local", "cli"], emulator: Emulator, portal: Portal, folder: Path) -> Estate:
    """The same on an engine."""
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    return Estate(make_engine(engine, folder), emulator, portal, folder, env)


def put(estate: Estate, written: Written) -> None:
    """Write the files into the stack's project."""
    assert estate.stack
    for name, text in written.files.items():
        (estate.folder / estate.project / name).write_text(text, encoding="utf-8")
    estate.program = written.files["__main__.py"]


@forms
@pytest.mark.parametrize("engine", ENGINES)
def test_import_then_preview_shows_nothing_to_do(
    engine: Literal["local", "cli"],
    emulator: Emulator,
    portal: Portal,
    full: Document,
    form: Callable[[Document], Written],
    tmp_path: Path,
) -> None:
    """What is written and what is imported of a whole portal agree with each other, and with HubSpot."""
    estate = estate_on(engine, emulator, portal, tmp_path)
    assert (len(full.labels), len(full.limits) >= 200) == (200, True)
    written = form(full)
    put(estate, written)
    imported = estate.stack.import_resources(written.import_file, protect=False)
    assert imported.ok, imported.errors
    assert estate.done("preview").changed == {}
    assert estate.done("up").changed == {}
    assert estate.writes == []
    assert estate.done("refresh").changed == {}


def test_schema_file_reads_back(full: Document, tmp_path: Path) -> None:
    """A schema file of the portal has no fault, and every label and limit of the document but those left out."""
    document = for_schema(full)
    (tmp_path / "crm.yaml").write_text(schema_file(document), encoding="utf-8")
    spec = read(tmp_path / "crm.yaml")
    labels = [(pair, label) for pair in spec.pairs for label in pair.labels.values()]
    assert sorted((*pair.ends, *label.texts, label.name) for pair, label in labels) == sorted(
        (*x.direction, x.label, x.inverse_label, x.name) for x in full.labels
    )
    maxima = [most for _, label in labels for most in (label.max, label.inverse_max) if most is not None]
    maxima += [most for pair in spec.pairs for most in (*pair.max.values(), *pair.inverse_max.values())]
    assert sorted(maxima) == sorted(x.max_to_object_ids for x in document.limits)
    (plain,) = (x for x in document.left_out if x not in full.left_out)
    assert plain.what.startswith("the limit 600 of USER_DEFINED")
    assert plain.what in (tmp_path / "crm.yaml").read_text()


def test_what_cannot_be_managed_is_left_out_with_the_reason(full: Document) -> None:
    """Labels of apps and types of work, and their limits, are told; nothing of them is in program or import file."""
    told = {x.what: x.why for x in full.left_out}
    assert told['the label "Made by an app" (contacts → companies, type 1)'].startswith("it is INTEGRATOR_DEFINED")
    assert told['the label "At work" (contacts → deals, type 3)'].startswith("it is WORK")
    assert "labeled('Made by an app')" in told["the limit 1 of INTEGRATOR_DEFINED 1 (contacts → companies)"]
    source = program(full, program_names(full))
    assert all(what in source for what in told)
    assert not {"Made by an app", "At work"} & {label.label for label in full.labels}


def test_names_are_told_by_texts(emulator: Emulator, portal: Portal) -> None:
    """A resource is called after its text; where two meet, after the pair too; other scripts by the internal name."""
    make = portal.drift.create_label
    make("contacts", "companies", "Größter Kunde")
    make("contacts", "companies", "Owner", name="owner_1")
    make("contacts", "deals", "Owner", name="owner_2")
    make("deals", "tickets", "מנהל", name="boss")
    make("deals", "companies", "🎉", name="פ")
    make("contacts", "companies", "Owner!", name="owner_3")
    document = document_of(emulator)
    assert sorted(program_names(document).labels.values()) == [
        "boss",
        "contacts-companies-owner-owner-1",
        "contacts-companies-owner-owner-3",
        "contacts-deals-owner",
        "grosster-kunde",
        "label",
    ]


def test_label_whose_name_is_not_shown(estate: Estate, emulator: Emulator, portal: Portal) -> None:
    """Such a label is imported all the same: a program says no name, and the one in the state is never used."""
    portal.drift.create_label("contacts", "companies", "New")
    portal.configure(names_checked=False)
    portal.drift.create_label("contacts", "deals", "Co-owner", "Deal owned", name="co-owner")
    portal.configure(schema_name_lag=300.0)
    emulator.clock.advance(301)
    portal.drift.create_label("deals", "tickets", "Newest", "Its deal")
    document = document_of(emulator)
    assert [label.name for label in document.labels] == ["new", "co-owner", None]
    written = as_program(document)
    assert written.files["__main__.py"].count("name=") == 1
    put(estate, written)
    assert estate.stack.import_resources(written.import_file, protect=False).ok
    assert estate.done("up").changed == {}
    assert estate.done("refresh").changed == {}


def test_exporting_what_a_stack_made_names_it_alike(estate: Estate, emulator: Emulator) -> None:
    """Another stack of the same project and name, with resources of the same names, has nothing to do after an import."""
    estate.program = (
        "import pulumi_hubassoc as h\n"
        "h.AssociationLabel('billing', from_object_type='contacts', to_object_type='companies', label='Billing')\n"
    )
    estate.done("up")
    estate.stack.import_state({"version": 3, "deployment": {"manifest": {}, "resources": []}})
    written = as_program(document_of(emulator))
    put(estate, written)
    assert estate.stack.import_resources(written.import_file, protect=False).ok
    assert estate.done("up").changed == {}


def test_portal_that_no_schema_file_can_say(emulator: Emulator, portal: Portal) -> None:
    """Two texts that differ in white space alone are one in a file, and a sentence says so."""
    portal.drift.create_label("contacts", "companies", "Twin", name="a")
    portal.drift.create_label("contacts", "companies", "Twin ", name="b")
    with pytest.raises(HubAssocError, match="'Twin' is another label's already") as raised:
        schema_file(for_schema(document_of(emulator)))
    assert len(str(raised.value).splitlines()) == 1


def test_object_limit_of_a_custom_object_on_an_empty_portal(estate: Estate, emulator: Emulator, portal: Portal) -> None:
    """HubSpot makes the type with the first label of the pair: the limit waits for that, and a preview does not need it."""
    portal.drift.create_custom_object("pet")
    label = portal.drift.create_label("p_pet", "contacts", "Owner")
    limit_plain(portal)
    exported = as_program(document_of(emulator))
    portal.drift.delete_label(label.type_id)
    alone = as_program(document_of(emulator))
    put(estate, exported)
    for before in (0, 1):
        portal.reset()
        portal.drift.create_custom_object("pet")
        estate.stack.import_state({"version": 3, "deployment": {"manifest": {}, "resources": []}})
        for number in range(before):  # so that the portal's numbers are others
            portal.drift.create_label("contacts", "companies", f"Label {number}")
        assert estate.done("preview").changed == {"create": 4}
        assert estate.done("up").changed == {"create": 4}
        assert sorted(x.max_to_object_ids for x in portal.limits()) == [600, 700]
        assert estate.done("up").changed == {}
    portal.reset()
    portal.drift.create_custom_object("pet")
    estate.stack.import_state({"version": 3, "deployment": {"manifest": {}, "resources": []}})
    put(estate, alone)
    failed = estate.run("up")
    assert not failed.ok
    assert "a pair with a custom object gets one with its first label" in "\n".join(failed.errors)


def limit_plain(portal: Portal) -> None:
    """Limits of the unlabeled type of a custom object, both ways."""
    for ends, most in ((("contacts", "p_pet"), 600), (("p_pet", "contacts"), 700)):
        plain = next(x for x in portal.types(*ends) if x.label is None)
        portal.drift.set_limit(*ends, plain.type_id, most)
