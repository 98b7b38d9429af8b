"""`AssociationSchema` on whole stacks: stable names, updates in place, overlays, and moves that leave a label alone."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any, Literal

import pulumi
import pytest
import yaml

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.engine.interface import Options, Project, Stack
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, everything_said, make_engine, operations

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.timeout(240)

BILLING = {"label": "Billing contact", "inverse_max": 1}
LEGAL = {"label": "Lawyer", "inverse_label": "Client"}
MANAGER = {"label": "Manager", "inverse_label": "Employee", "max": 1, "inverse_max": 20}
PAIR = {"from": "contacts", "to": "companies"}
CRM: list[dict[str, Any]] = [
    {**PAIR, "labels": {"billing": BILLING, "legal": LEGAL}, "max": {"primary": 1}, "inverse_max": {"unlabeled": 250}},
    {"from": "contacts", "to": "contacts", "labels": {"manager": MANAGER}},
]


class Files:
    """A schema file and an overlay in a folder, and programs that read them."""

    def __init__(self, folder: Path) -> None:
        self.crm, self.overlay = folder / "crm.yaml", folder / "crm.prod.yaml"
        self.write(CRM)

    def write(self, pairs: Any, file: Path | None = None) -> None:
        """Write pairs into the file."""
        (file or self.crm).write_text(yaml.safe_dump({"pairs": pairs}, sort_keys=False), encoding="utf-8")

    def program(self, *overlays: Path) -> None:
        """Makes the schema."""
        crm = hubassoc.AssociationSchema("crm", file=self.crm, overlays=overlays)
        pulumi.export("type_ids", crm.type_ids)
        pulumi.export("inverse_type_ids", crm.inverse_type_ids)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The file `CRM`."""
    return Files(tmp_path)


@pytest.fixture
def stack(hubassoc_stack: StackFactory, files: Files) -> StackUnderTest:
    """A stack of the file."""
    return hubassoc_stack(files.program)


def names(portal: EmulatedPortal) -> set[str]:
    """The internal names of all labels."""
    return {label.name for label in portal.portal.labels()}


def ids(stack: Stack) -> dict[str, str]:
    """Resource name -> id, of labels."""
    resources = stack.export_state()["deployment"]["resources"]
    return {r["urn"].rpartition("::")[2]: r["id"] for r in resources if r["type"].endswith("AssociationLabel")}


def labels_of(text: str = "Billing contact", **more: Any) -> list[dict[str, Any]]:
    """A pair with one label, `billing`."""
    return [{**PAIR, "labels": {"billing": {"label": text, **more}}}]


# ----------------------------------------------------------------------------------------------------- what it makes


def test_children_have_stable_names(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """A label for each key, a set of limits for each direction that has any; a second run asks for nothing."""
    up = stack.up()
    assert set(up.steps) == {
        "crm",
        "crm-contacts-companies-billing",
        "crm-contacts-companies-legal",
        "crm-contacts-contacts-manager",
        "crm-contacts-companies-limits",
        "crm-companies-contacts-limits",
        "crm-contacts-contacts-limits",
    }
    hubspot_portal.assert_labels(
        ("contacts", "companies", "Billing contact"),
        ("contacts", "companies", "Lawyer", "Client"),
        ("contacts", "contacts", "Manager", "Employee"),
    )
    hubspot_portal.assert_limits(
        ("contacts", "companies", "Primary", 1),
        ("companies", "contacts", None, 250),
        ("companies", "contacts", "Billing contact", 1),
        ("contacts", "contacts", "Manager", 1),
        ("contacts", "contacts", "Employee", 20),
    )
    assert stack.outputs["type_ids"]["contacts/contacts/manager"] == hubspot_portal.type_id("Manager")
    assert stack.outputs["inverse_type_ids"]["contacts/contacts/manager"] == hubspot_portal.type_id("Employee")
    urns = {event.name: event.urn for event in up.events}
    inside = "urn:pulumi:dev::project::hubassoc:index:AssociationSchema"
    assert urns["crm"] == f"{inside}::crm"
    assert urns["crm-contacts-companies-billing"] == (
        f"{inside}$pulumi-python:dynamic/hubassoc:AssociationLabel::crm-contacts-companies-billing"
    )
    assert stack.up(expect_no_changes=True).changed == {}
    hubspot_portal.assert_requests()
    assert stack.refresh().changed == {}
    stack.destroy()
    hubspot_portal.assert_labels()
    hubspot_portal.assert_limits()


def test_a_spec_makes_what_its_file_makes(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """A file read into models, and models given by hand, are the same schema."""
    stack = hubassoc_stack(files.program)
    stack.up()
    stack.program = lambda: hubassoc.AssociationSchema("crm", spec=read(files.crm))
    assert stack.up().steps == {}
    stack.program = lambda: hubassoc.AssociationSchema(
        "crm",
        spec=hubassoc.SchemaSpec(
            pairs=(
                hubassoc.PairSpec(
                    from_object_type="contacts",
                    to_object_type="companies",
                    labels={"billing": hubassoc.LabelSpec(label="Payer")},
                ),
            )
        ),
    )
    assert stack.up().steps["crm-contacts-companies-billing"] == ["update"]
    hubspot_portal.assert_labels(("contacts", "companies", "Payer"))


def test_two_portals_get_the_same_internal_names(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """Whatever stack, project, component and text there is when the label is made; by hand or derived."""
    files.write([{**PAIR, "labels": {"billing": BILLING, "legal": {**LEGAL, "name": "lawyer"}}}])
    production = hubspot_portal.add_portal(2002)
    hubassoc_stack(files.program, name="sandbox", project="one").up()
    files.write([{**PAIR, "labels": {"billing": {"label": "Payer"}, "legal": {**LEGAL, "name": "lawyer"}}}])
    other = lambda: hubassoc.AssociationSchema("other", file=files.crm)  # noqa: E731
    hubassoc_stack(other, name="prod", project="two", portal=production).up()
    assert names(hubspot_portal) == names(production) == {"contacts_to_companies_billing_2dj3p5", "lawyer"}


def test_the_order_in_the_file_says_nothing(
    stack: StackUnderTest, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """Pairs, labels and keys in any order: nothing to do, and not a request."""
    stack.up()
    shuffled = random.Random(7)
    for _ in range(3):
        pairs = [dict(shuffled.sample(list(pair.items()), len(pair))) for pair in shuffled.sample(CRM, len(CRM))]
        for pair in pairs:
            pair["labels"] = dict(shuffled.sample(list(pair["labels"].items()), len(pair["labels"])))
        files.write(pairs)
        assert stack.up(expect_no_changes=True).steps == {}
        hubspot_portal.assert_requests()


def test_a_text_is_one_update(stack: StackUnderTest, files: Files, hubspot_portal: EmulatedPortal) -> None:
    """Of one label; limits and type ids do not notice, in the preview either."""
    before = stack.up().outputs
    files.write([{**CRM[0], "labels": {"billing": {**BILLING, "label": "Payer"}, "legal": LEGAL}}, CRM[1]])
    preview = stack.preview()
    assert (preview.steps, preview.outputs) == ({"crm-contacts-companies-billing": ["update"]}, before)
    assert stack.up().steps == preview.steps
    hubspot_portal.assert_writes("update_label")


def test_an_overlay_makes_the_difference(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """Other limits, one label less, one more."""
    difference = {
        "labels": {"legal": None, "partner": {"label": "Partner"}},
        "max": None,
        "inverse_max": {"unlabeled": 500},
    }
    files.write([{**PAIR, **difference}], files.overlay)
    hubassoc_stack(lambda: files.program(files.overlay), name="prod").up()
    hubspot_portal.assert_labels(
        ("contacts", "companies", "Billing contact"),
        ("contacts", "companies", "Partner"),
        ("contacts", "contacts", "Manager", "Employee"),
    )
    assert ("companies", "contacts", None, 500) in hubspot_portal.limits()
    assert all(text != "Primary" for _, _, text, _ in hubspot_portal.limits())


def test_fifty_labels_with_limits(hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal) -> None:
    """As many as a pair has: made with few requests, and one batch of limits for each direction."""
    labels = {f"l{n}": {"label": f"Label {n}", "max": n + 1, "inverse_max": 1} for n in range(50)}
    files.write([{**PAIR, "labels": labels, "max": {"unlabeled": 60}}])
    stack = hubassoc_stack(files.program)
    stack.up()
    assert len(hubspot_portal.labels()) == 50
    assert len(hubspot_portal.limits()) == 101
    writes = [record.operation for record in hubspot_portal.requests() if record.method != "GET"]
    assert (writes.count("create_label"), writes.count("update_limits"), len(writes)) == (50, 2, 52)
    assert stack.up().steps == {}
    files.write([{**PAIR, "labels": labels}])
    assert stack.up().steps == {"crm-contacts-companies-limits": ["update"]}
    hubspot_portal.assert_writes("purge_limits")


def test_an_authoritative_pair_has_no_other_limits(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """Limits in either direction that are not in the file go, at once and when a person sets one later."""
    hubspot_portal.drift.set_limit("contacts", "companies", 279, 9, "HUBSPOT_DEFINED")
    hubspot_portal.drift.set_limit("companies", "contacts", 280, 9, "HUBSPOT_DEFINED")
    files.write([{**PAIR, "inverse_max": {"unlabeled": 5}, "authoritative": True}])
    stack = hubassoc_stack(files.program)
    stack.up()
    hubspot_portal.assert_limits(("companies", "contacts", None, 5))
    hubspot_portal.drift.set_limit("contacts", "companies", 279, 8, "HUBSPOT_DEFINED")
    stack.up(refresh=True)
    hubspot_portal.assert_limits(("companies", "contacts", None, 5))


def test_options_of_a_label_reach_it(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """`adopt_existing`, `protect` and `retain_on_delete` are the resource's own."""
    hubspot_portal.drift.create_label("contacts", "companies", "Billing contact")
    files.write(labels_of(adopt_existing=True, protect=True))
    stack = hubassoc_stack(files.program)
    stack.up()
    hubspot_portal.assert_writes()
    assert any("protect" in error for error in stack.destroy(fails=True).errors)
    files.write(labels_of(adopt_existing=True, retain_on_delete=True))
    stack.up()
    stack.destroy()
    hubspot_portal.assert_labels(("contacts", "companies", "Billing contact"))


@pytest.mark.parametrize("named", [False, True], ids=["derived", "by hand"])
def test_a_label_whose_state_was_lost_is_known_by_a_derived_name(
    stack: StackUnderTest, files: Files, hubspot_portal: EmulatedPortal, named: bool
) -> None:
    """It is taken over and not made again; a name by hand shows nothing of whose it is."""
    files.write(labels_of(name="by_hand") if named else labels_of())
    empty = stack.stack.export_state()
    stack.up()
    made = hubspot_portal.portal.labels()
    stack.stack.import_state(empty)
    again = stack.up(fails=named)
    assert hubspot_portal.portal.labels() == made
    if named:
        (told,) = again.errors_of("crm-contacts-companies-billing")
        assert "adopt_existing" in told
    else:
        assert ids(stack.stack) == {"crm-contacts-companies-billing": "contacts/companies/1/2"}


def test_a_second_stack_of_a_portal_is_told_what_it_takes_over(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """The same file in the same portal is the same labels: the preview says so before anything is shared."""
    files.write(labels_of())
    hubassoc_stack(files.program, name="one").up()
    second = hubassoc_stack(files.program, name="two").preview()
    assert any("is taken over" in diagnostic.message for diagnostic in second.diagnostics)


# ------------------------------------------------------------------------------------------------------------ faults


def test_a_faulty_file_ends_the_program_with_its_faults(stack: StackUnderTest, files: Files) -> None:
    """A line each, no traceback, and no resource is touched."""
    stack.up()
    files.write([{**PAIR, "labels": {"a": {"label": "A", "max": 0}, "b": {"label": "B", "foo": 1}}}])
    failed = stack.preview(fails=True)
    (told,) = failed.errors
    assert told.splitlines() == [
        f"{files.crm}:7: contacts/companies.labels.a.max: must be a whole number of at least 1, and is 0",
        (
            f"{files.crm}:10: contacts/companies.labels.b.foo: there is no such key: there are label, inverse_label, name, "
            "adopt_existing, formerly, protect, retain_on_delete, max, inverse_max"
        ),
    ]
    assert stack.up(fails=True).steps == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "AssociationSchema 'crm': give either file= or spec="),
        (
            {"file": "crm.yaml", "spec": hubassoc.SchemaSpec(pairs=())},
            "AssociationSchema 'crm': give either file= or spec=",
        ),
        ({"spec": {"pairs": []}}, "AssociationSchema 'crm': spec must be a SchemaSpec, not dict"),
        (
            {"spec": hubassoc.SchemaSpec(pairs=()), "overlays": ["x"]},
            "AssociationSchema 'crm': overlays are laid over a file: give file= and not spec=",
        ),
        ({"file": "none.yaml"}, "none.yaml: cannot be read: No such file or directory"),
    ],
)
def test_wrong_arguments_are_a_sentence(hubassoc_stack: StackFactory, given: dict[str, Any], told: str) -> None:
    """Of the program's, without a traceback."""
    stack = hubassoc_stack(lambda: hubassoc.AssociationSchema("crm", **given))
    assert stack.preview(fails=True).errors == [told]


def test_one_label_in_two_components_is_refused(hubassoc_stack: StackFactory, files: Files) -> None:
    """They would be one label in HubSpot; the preview says so."""
    files.write(labels_of())
    files.write(labels_of("Payer"), files.overlay)

    def program() -> None:
        hubassoc.AssociationSchema("crm", file=files.crm)
        hubassoc.AssociationSchema("sales", file=files.overlay)

    stack = hubassoc_stack(program)
    (told,) = stack.preview(fails=True).errors_of("sales-contacts-companies-billing")
    assert (
        "AssociationLabel 'crm-contacts-companies-billing' has the same internal name, "
        "contacts_to_companies_billing_2dj3p5: keep one of the two, or give this one another name" in told
    )


def test_each_portal_of_a_program_has_its_schema(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """A component hands an explicit provider to its children; the same file may be there for each portal."""
    production = hubspot_portal.add_portal(2002)

    def program() -> None:
        url = pulumi.Config("hubassoc").require("baseUrl")
        prod = hubassoc.Provider("prod", access_token=production.token, portal_id=2002, base_url=url)
        hubassoc.AssociationSchema("crm", file=files.crm)
        hubassoc.AssociationSchema("prod", file=files.crm, opts=pulumi.ResourceOptions(providers=[prod]))

    hubassoc_stack(program).up()
    assert len(hubspot_portal.labels()) == len(production.labels()) == 3
    assert names(hubspot_portal) == names(production)


# ------------------------------------------------------------------------------------------------------------- moves


PROGRAM = """
import pulumi
import pulumi_hubassoc as hubassoc
"""
BY_ITSELF = """
hubassoc.AssociationLabel("billing", from_object_type="contacts", to_object_type="companies", label="Billing contact")
"""
SCHEMA = """
hubassoc.AssociationSchema({name!r}, file={file!r}{more})
"""


@pytest.fixture(params=ENGINES)
def estate(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, portal: Portal) -> Estate:
    """An empty stack on an empty portal."""
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    return Estate(make_engine(request.param, tmp_path), emulator, portal, tmp_path, env)


def schema(estate: Estate, name: str, pairs: Any, file: str = "crm.yaml", more: str = "") -> str:
    """The source of a schema, its file written."""
    (estate.folder / file).write_text(yaml.safe_dump({"pairs": pairs}))
    return SCHEMA.format(name=name, file=str(estate.folder / file), more=more)


def moves(estate: Estate, program: str) -> None:
    """Another program leaves the labels alone: no step but of components, no request, the same ids."""
    before = sorted(ids(estate.stack).values())
    estate.program = PROGRAM + program
    assert operations(estate.done("up")).keys() <= {"crm", "sales"}
    assert estate.requests == []
    assert sorted(ids(estate.stack).values()) == before


def test_a_label_moves_and_stays(estate: Estate, portal: Portal) -> None:
    """From the program into a schema, to another component and file, to another key, with the component's name, and back."""
    _ = estate.stack
    estate.program = PROGRAM + BY_ITSELF
    estate.done("up")
    made = portal.labels()
    estate.program = PROGRAM + schema(estate, "crm", labels_of(formerly=["billing"]))
    assert operations(estate.done("preview")) == {"crm": ["create"]}
    moves(estate, schema(estate, "crm", labels_of(formerly=["billing"])))

    empty = schema(estate, "crm", [], file="crm.yaml")
    there = schema(estate, "sales", labels_of(formerly=["crm-contacts-companies-billing"]), file="sales.yaml")
    moves(estate, empty + there)

    payer = {"label": "Billing contact", "name": made[0].name, "formerly": ["sales-contacts-companies-billing"]}
    moves(estate, schema(estate, "sales", [{**PAIR, "labels": {"payer": payer}}]))

    del payer["formerly"]
    renamed = ", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name='sales')])"
    moves(estate, schema(estate, "crm", [{**PAIR, "labels": {"payer": payer}}], more=renamed))

    moves(estate, schema(estate, "crm", [{**PAIR, "labels": {"payer": payer}}]))
    parent = "crm = " + schema(estate, "crm", []).strip() + "\n"
    was = "opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name='crm-contacts-companies-payer', parent=crm)]))"
    moves(estate, parent + BY_ITSELF.strip().removesuffix(")") + f", {was}\n")
    assert portal.labels() == made
    estate.done("up", expect_no_changes=True)


def test_a_renamed_key_keeps_its_derived_name(estate: Estate, portal: Portal) -> None:
    """The refusal says which name to write; with it, nothing happens, and a new portal gets the same name."""
    _ = estate.stack
    estate.program = PROGRAM + schema(estate, "crm", labels_of())
    estate.done("up")
    payer = {"label": "Billing contact", "formerly": ["crm-contacts-companies-billing"]}
    estate.program = PROGRAM + schema(estate, "crm", [{**PAIR, "labels": {"payer": payer}}])
    refused = estate.run("preview")
    assert not refused.ok
    (name,) = {label.name for label in portal.labels()}
    assert any(f"`name: {name}`" in error for error in refused.errors)
    assert "Traceback" not in everything_said([refused])
    moves(estate, schema(estate, "crm", [{**PAIR, "labels": {"payer": {**payer, "name": name}}}]))


def test_limits_stay_set_when_a_pair_moves(
    hubassoc_stack: StackFactory, files: Files, hubspot_portal: EmulatedPortal
) -> None:
    """To another component: its set writes nothing that is set already, and the old one removes nothing."""
    pair = {**PAIR, "labels": {"billing": BILLING}, "inverse_max": {"unlabeled": 250}}
    files.write([pair])
    stack = hubassoc_stack(files.program)
    stack.up()
    before = hubspot_portal.limits()
    files.write([{**pair, "labels": {"billing": {**BILLING, "formerly": ["crm-contacts-companies-billing"]}}}])
    stack.program = lambda: hubassoc.AssociationSchema("sales", file=files.crm)
    assert stack.up().steps == {
        "sales": ["create"],
        "sales-companies-contacts-limits": ["create"],
        "crm-companies-contacts-limits": ["delete"],
        "crm": ["delete"],
    }
    hubspot_portal.assert_writes()
    assert hubspot_portal.limits() == before


@pytest.mark.parametrize("which", ENGINES)
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_example_lives_and_goes(
    which: Literal["local", "cli"], name: str, tmp_path: Path, emulator: Emulator
) -> None:
    """Up makes it, a second up sends nothing, destroy leaves the portal as it was."""
    folder = tmp_path / "schema_file"
    shutil.copytree(ROOT / "examples/schema_file", folder, ignore=shutil.ignore_patterns("__pycache__"))
    config = yaml.safe_load((folder / f"Pulumi.{name}.yaml").read_text())["config"]
    portal = emulator.add_portal(token=TOKEN, portal_id=int(config["hubassoc:portalId"]))
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    stack = make_engine(which, tmp_path).stack(Project("schema-file", folder), name, env=env)

    up = stack.up()
    assert up.ok, up.errors
    by_type = {limit.type_id: limit.max_to_object_ids for limit in portal.limits()}
    assert by_type[280] == {"dev": 250, "prod": 500}[name]
    assert len(portal.labels()) == len(up.outputs["type_ids"].value) == 3

    requests = len(emulator.journal)
    again = stack.up(Options(expect_no_changes=True))
    assert (again.exit_code, again.changed, len(emulator.journal)) == (0, {}, requests)
    assert stack.destroy().ok
    assert (portal.labels(), portal.limits()) == ([], [])
