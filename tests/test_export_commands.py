"""`hubassoc export` and `hubassoc import`: what they print and write, and that nothing is lost or half done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.engine.choose import choose_engine
from pulumi_hubassoc.engine.interface import Options, Project
from pulumi_hubassoc.estate.files import read
from tests.on_engines import ENGINES, lead_commands_to

pytestmark = pytest.mark.timeout(240)
RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def settings(emulator: Emulator, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment leads to the portal, and the CLI to a back end of its own."""
    lead_commands_to(emulator, tmp_path, monkeypatch)


@pytest.fixture
def project(tmp_path: Path, portal: Portal) -> Path:
    """A project without a program; the portal has four labels, of which one is an app's, and three limits."""
    drift = portal.drift
    billing = drift.create_label("contacts", "companies", "Billing contact")
    drift.create_label("contacts", "contacts", "Manager", "Employee")
    drift.create_label("deals", "contacts", "Champion")
    drift.create_label("contacts", "companies", "App's", category="INTEGRATOR_DEFINED")
    drift.set_limit("companies", "contacts", billing.inverse_type_id, 1)
    drift.set_limit("companies", "contacts", 280, 500, "HUBSPOT_DEFINED")
    drift.set_limit("deals", "contacts", 3, 40, "HUBSPOT_DEFINED")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: crm\nruntime: python\n")
    return folder


def hubassoc(*arguments: object) -> tuple[int, str, str]:
    """Run a command; exit code, standard output, standard error."""
    result = RUNNER.invoke(app, list(map(str, arguments)))
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def import_json(*arguments: object) -> dict[str, Any]:
    """`hubassoc import --json`; its exit code is in what it prints."""
    code, out, err = hubassoc("import", *arguments, "--json")
    assert out, err
    told: dict[str, Any] = json.loads(out)
    assert code == told["exitCode"]
    return told


def test_export_prints_a_program_and_tells_what_it_leaves_out(project: Path) -> None:
    """The program goes to standard output alone; standard error has a line for each thing that is left out."""
    code, out, err = hubassoc("export")
    assert code == 0
    compile(out, "program", "exec")
    assert out.count("AssociationLabel(") == 3
    assert "# Left out:" in out
    *left, summary = err.splitlines()
    assert [line.startswith('left out: the label "App\'s"') for line in left] == [True, True]
    assert summary == "portal 1001: 3 labels, 3 limits"
    assert "\x1b" not in out + err


def test_export_json_has_everything_a_script_needs(project: Path) -> None:
    """Labels with texts, names and ids, limits, and what is left out."""
    code, out, err = hubassoc("export", "--json")
    told = json.loads(out)
    assert (code, err, told["portalId"], told["file"]) == (0, "", 1001, None)
    assert [x["name"] for x in told["labels"]] == ["manager", "billing_contact", "champion"]
    assert sorted(x["maxToObjectIds"] for x in told["limits"]) == [1, 40, 500]
    assert told["leftOut"][0]["why"].startswith("it is INTEGRATOR_DEFINED")


@pytest.mark.parametrize("format_", ["program", "schema", "import"])
def test_file_is_never_written_over_without_force(project: Path, emulator: Emulator, format_: str) -> None:
    """A file that is there is left as it is, before anything is asked; --force replaces it, and leaves nothing else."""
    file = project / "out"
    file.write_text("mine")
    emulator.journal.clear()
    code, _, err = hubassoc("export", "--format", format_, "-o", file)
    assert (code, file.read_text(), len(emulator.journal)) == (1, "mine", 0)
    assert "--force" in err
    assert hubassoc("export", "--format", format_, "-o", file, "--force")[0] == 0
    assert "1001" in file.read_text()
    assert sorted(p.name for p in project.iterdir()) == ["Pulumi.yaml", "out"]


def test_interrupted_export_leaves_nothing(project: Path, emulator: Emulator) -> None:
    """A failure on the way writes no file, whole or half."""
    emulator.portals()[0].configure(requests_per_day=3, enforce_day=True)
    code, out, err = hubassoc("export", "-o", project / "out.py")
    assert (code, out) == (1, "")
    assert err.startswith("hubassoc: ")
    assert [p.name for p in project.iterdir()] == ["Pulumi.yaml"]


def test_export_takes_the_settings_of_a_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack's configuration counts: another portal than the one it means is refused."""
    monkeypatch.setenv("PATH", str(project))  # the built-in engine
    (project / "Pulumi.dev.yaml").write_text("config:\n  hubassoc:portalId: 2002\n")
    code, _, err = hubassoc("export", "-s", "dev", "-C", project)
    assert code == 1
    assert "2002" in err


def test_exact_export_reads_every_list(project: Path, emulator: Emulator) -> None:
    """One that is not spares those of a pair whose one label is proven otherwise; both say the same."""
    told = []
    for more, lists in (([], 3), (["--exact"], 5)):
        emulator.journal.clear()
        told.append(hubassoc("export", *more))
        assert [r.operation for r in emulator.journal.records()].count("list_labels") == lists
    assert told[0] == told[1]


def test_schema_format_is_a_schema_file(project: Path) -> None:
    """It reads back without a fault."""
    assert hubassoc("export", "--format", "schema", "-o", project / "crm.yaml")[0] == 0
    pairs = {pair.title: pair for pair in read(project / "crm.yaml").pairs}
    assert pairs["contacts/companies"].labels["billing-contact"].inverse_max == 1


def test_import_format_names_component_and_provider(project: Path) -> None:
    """Resources of a component have it as their parent; an explicit provider is named by its URN."""
    urn = "urn:pulumi:dev::crm::pulumi:providers:pulumi-python::eu"
    code, out, _ = hubassoc("export", "--format", "import", "--component", "crm", "--provider", urn)
    file = json.loads(out)
    component, *rest = file["resources"]
    assert (code, component["component"], file["nameTable"]) == (0, True, {"eu": urn})
    assert {(x["parent"], x["provider"]) for x in rest} == {("crm", "eu")}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("more", [[], ["--schema"]], ids=["program", "schema"])
def test_import_writes_imports_and_previews_nothing_to_do(
    project: Path, emulator: Emulator, engine: Literal["local", "cli"], more: list[str]
) -> None:
    """One command does it all; a second one imports nothing, and neither changes anything in HubSpot."""
    arguments = ["-s", "dev", "-C", project, "--engine", engine, *more]
    first, again = import_json(*arguments), import_json(*arguments)
    number = 5 + len(more)  # three labels, two sets of limits, and the component
    assert (first["exitCode"], len(first["imported"]), first["alreadyThere"]) == (0, number, [])
    assert first["preview"]["changes"] == {"same": number + 1}
    assert (again["exitCode"], again["imported"], len(again["alreadyThere"])) == (0, [], 5)
    assert again["written"] == []
    assert [r.operation for r in emulator.journal.records() if r.method != "GET"] == []
    code, out, _ = hubassoc("import", *arguments)
    assert code == 0
    assert "nothing imported" in out
    assert "nothing to do" in out


def test_dry_run_writes_and_imports_nothing(project: Path) -> None:
    """It tells what would be done, and the folder is as it was but for the stack's empty state."""
    told = import_json("-s", "dev", "-C", project, "--engine", "local", "--dry-run")
    assert [Path(path).name for path in told["written"]] == ["__main__.py"]
    assert len(told["imported"]) == 5
    assert not (project / "__main__.py").exists()
    assert len(import_json("-s", "dev", "-C", project, "--engine", "local")["imported"]) == 5


def test_only_what_is_meant_is_imported(project: Path) -> None:
    """Patterns choose labels by text, internal name or resource name; their limits come along."""
    arguments = ["-s", "dev", "-C", project, "--engine", "local"]
    told = import_json(*arguments, "--only", "billing*")
    assert (told["exitCode"], set(told["imported"])) == (0, {"billing-contact", "companies-contacts-limits"})


BY_HAND = """\
import pulumi
import pulumi_hubassoc as h

class Relations(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("crm:index:Relations", "relations")
        opts = pulumi.ResourceOptions(parent=self)
        boss = h.AssociationLabel("boss", from_object_type="contact", to_object_type="0-1", label="Employee",
            inverse_label="Manager", opts=opts)
        payer = h.AssociationLabel("payer", from_object_type="companies", to_object_type="contacts", label="Payer",
            name="billing_contact", adopt_existing=True, opts=opts)
        h.AssociationLimit("one-payer", association=payer, max_to_object_ids=1, opts=opts)

Relations()
h.AssociationLimitSet("deals", from_object_type="deals", to_object_type="contacts", authoritative=True,
    limits={h.unlabeled("deals", "contacts"): 40})
h.AssociationLabel("new", from_object_type="deals", to_object_type="tickets", label="Not there yet")
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_program_that_is_there_stays_and_what_it_declares_is_found(
    project: Path, engine: Literal["local", "cli"]
) -> None:
    """Labels by internal name or texts from either side, limits by what they are of, in components, under any names."""
    (project / "__main__.py").write_text(BY_HAND)
    told = import_json("-s", "dev", "-C", project, "--engine", engine)
    *first, last = told["imported"]
    assert (set(first), last) == ({"relations", "boss", "payer", "deals"}, "one-payer")
    assert told["notInTheProgram"] == ['"Champion" (contacts → deals)']
    assert (project / "__main__.py").read_text() == BY_HAND
    assert told["exitCode"] == 7
    changes = [(e["urn"].rpartition("::")[2], e["operation"]) for e in told["preview"]["events"]]
    # The text is another one in HubSpot, the last label is in no portal: all else is as the program says.
    assert sorted(c for c in changes if c[1] != "same") == [("new", "create"), ("payer", "update")]
    assert import_json("-s", "dev", "-C", project, "--engine", engine)["imported"] == []


def test_dry_run_with_a_program_tells_what_would_be_imported(project: Path) -> None:
    """Limits of labels that are not in the stack yet are found in the second round; a dry run tells which these are."""
    (project / "__main__.py").write_text(BY_HAND)
    arguments = ["-s", "dev", "-C", project, "--engine", "local", "--dry-run"]
    told = import_json(*arguments)
    assert set(told["imported"]) == {"relations", "boss", "payer", "deals"}
    assert told["waitingForTheirLabels"] == ["one-payer"]
    again = import_json(*arguments, "--only", "boss")
    assert (set(again["imported"]), again["waitingForTheirLabels"]) == ({"relations", "boss"}, [])
    assert "would be looked for once its labels are in the stack: one-payer" in hubassoc("import", *arguments)[1]


def test_only_what_is_meant_of_a_program_is_imported(project: Path) -> None:
    """Labels by text, internal name or resource name; their limits come along, and nothing else is told of."""
    (project / "__main__.py").write_text(BY_HAND)
    arguments = ["-s", "dev", "-C", project, "--engine", "local"]
    told = import_json(*arguments, "--only", "billing contact")
    assert told["imported"] == ["relations", "payer", "one-payer"]
    assert (told["exitCode"], told["notInTheProgram"]) == (7, [])
    code, out, _ = hubassoc("import", *arguments, "--only", "champ*", "--only", "deals")
    assert code == 7
    assert 'not in the program: "Champion" (contacts → deals)' in out
    assert "1 imported, 2 in the stack already" in out


@pytest.mark.parametrize("program", [None, BY_HAND])
def test_only_that_means_nothing_is_refused(project: Path, program: str | None) -> None:
    """No label and no resource is called so: one line, and nothing is written or imported."""
    if program:
        (project / "__main__.py").write_text(program)
    code, _, err = hubassoc("import", "-s", "dev", "-C", project, "--engine", "local", "--only", "biling*")
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(
        "hubassoc: --only 'biling*': no label of portal 1001 and no resource of the program is called so"
    )
    assert (project / "__main__.py").exists() == bool(program)


@pytest.mark.parametrize("engine", ENGINES)
def test_resources_of_an_explicit_provider_are_left_alone(project: Path, engine: Literal["local", "cli"]) -> None:
    """Such a provider may be of another portal, and ids of this one would be wrong there."""
    (project / "__main__.py").write_text(
        "import pulumi\n"
        "import pulumi_hubassoc as h\n"
        "h.AssociationLabel('billing', from_object_type='contacts', to_object_type='companies', label='Billing contact',\n"
        "    opts=pulumi.ResourceOptions(provider=h.Provider('eu', portal_id=2002)))\n"
    )
    told = import_json("-s", "dev", "-C", project, "--engine", engine)
    assert (told["imported"], told["ofExplicitProviders"], told["exitCode"]) == ([], ["billing"], 7)


EXPLICIT = """\
import pulumi
import pulumi_hubassoc as h

eu = pulumi.ResourceOptions(provider=h.Provider("eu", portal_id=1001))
billing = h.AssociationLabel("billing-contact", from_object_type="contacts", to_object_type="companies",
    label="Billing contact", opts=eu)
h.AssociationLimitSet("companies-contacts-limits", from_object_type="companies", to_object_type="contacts",
    limits={billing.inverse: 1, h.unlabeled("companies", "contacts"): 500}, opts=eu)
h.AssociationLabel("champion", from_object_type="contacts", to_object_type="deals", label="Champion")
"""


def test_resources_of_an_explicit_provider_come_by_an_import_file(project: Path, emulator: Emulator) -> None:
    """`hubassoc import` takes the others and says so; a file that names the provider takes those."""
    (project / "__main__.py").write_text(EXPLICIT)
    code, out, _ = hubassoc("import", "-s", "dev", "-C", project, "--engine", "local")
    assert code == 7
    assert (
        "left alone, as an explicit provider may be of another portal: billing-contact, companies-contacts-limits"
        in out
    )
    assert "1 imported, 0 in the stack already" in out
    stack = choose_engine("local").stack(Project("crm", project), "dev", env={"HUBASSOC_PREFLIGHT": "false"})
    urn = "urn:pulumi:dev::crm::pulumi:providers:pulumi-python::eu"
    assert stack.up(Options(target=[urn])).ok
    code, out, _ = hubassoc("export", "--format", "import", "--provider", urn)
    file = json.loads(out)
    mine = {"billing-contact", "companies-contacts-limits"}
    file["resources"] = [x for x in file["resources"] if x["name"] in mine]
    assert (code, len(file["resources"])) == (0, 2)
    assert stack.import_resources(file, protect=False).ok
    told = import_json("-s", "dev", "-C", project, "--engine", "local")
    assert (told["exitCode"], told["imported"], told["ofExplicitProviders"]) == (0, [], [])
    assert [r.operation for r in emulator.journal.records() if r.method != "GET"] == []


ALIASES = """\
import pulumi_hubassoc as h
owner = h.AssociationLabel("owner", from_object_type="{pet}", to_object_type="contacts", label="Owner")
friend = h.AssociationLabel("friend", from_object_type="contacts", to_object_type="contacts", label="Friend")
h.AssociationLimit("one-owner", association=owner, max_to_object_ids=1)
h.AssociationLimit("friends", association=friend.inverse, max_to_object_ids=9)
"""


@pytest.mark.parametrize("pet", ["p_pet", "p1001_pet", "2-1001"])
def test_custom_objects_are_known_by_any_name(project: Path, portal: Portal, pet: str) -> None:
    """As is the limit of the other side of a symmetric label, which is one with this side's."""
    portal.drift.create_custom_object("pet")
    owner = portal.drift.create_label("p_pet", "contacts", "Owner")
    friend = portal.drift.create_label("contacts", "contacts", "Friend")
    portal.drift.set_limit("p_pet", "contacts", owner.type_id, 1)
    portal.drift.set_limit("contacts", "contacts", friend.type_id, 9)
    (project / "__main__.py").write_text(ALIASES.format(pet=pet))
    told = import_json("-s", "dev", "-C", project, "--engine", "local")
    assert (told["exitCode"], sorted(told["imported"])) == (0, ["friend", "friends", "one-owner", "owner"])
    assert told["preview"]["changes"] == {"same": 5}
    refreshed = choose_engine("local").stack(Project("crm", project), "dev").refresh()
    assert (refreshed.ok, refreshed.changed) == (True, {})


def test_program_that_says_otherwise_ends_in_7(project: Path) -> None:
    """A preview that is not empty after the import is shown, and the exit code tells a script."""
    (project / "__main__.py").write_text(
        "import pulumi_hubassoc as h\n"
        "h.AssociationLabel('manager', from_object_type='contacts', to_object_type='contacts', label='Boss',\n"
        "    inverse_label='Employee', name='manager')\n"
    )
    code, out, _ = hubassoc("import", "-s", "dev", "-C", project, "--engine", "local")
    assert code == 7
    assert "1 imported" in out
    assert '~ label: "Manager" => "Boss"' in out


def test_protected_resources_are_protected(project: Path) -> None:
    """With --protect the stack's state says so, and a destroy refuses."""
    import_json("-s", "dev", "-C", project, "--engine", "local", "--protect")
    (state,) = (project / ".pulumi-local").rglob("dev.json")
    resources = json.loads(state.read_text())
    assert json.dumps(resources).count('"protect": true') == 5
