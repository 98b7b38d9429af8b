"""A preview says what HubSpot would refuse of what is about to be made; it stops nothing, and costs lists and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pulumi
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, make_engine, said_of
from tests.test_limit_set import a_set
from tests.workbench import LABEL, OBJECT_LIMIT, PAIRED, Props, Workbench

PAIR = {**LABEL, "label": "Payer", "inverse_label": "Paid by"}


def said(bench: Workbench, *programs: tuple[str, Props]) -> list[tuple[str, str]]:
    """Severity and message of what the preview of some new resources says."""
    told = bench.preview({f"r{i}": declared for i, declared in enumerate(programs)})
    return [(severity, message) for _, severity, message in told]


def test_nothing_is_said_of_what_will_do(bench: Workbench, emulator: Emulator) -> None:
    """The guard and one list, whatever the number of labels of a direction."""
    labels = [("label", LABEL | {"label": f"L{i}", "name_suffix": f"x{i}"}) for i in range(20)]
    assert said(bench, *labels) == []
    assert emulator.journal.operations() == ["account", "list_labels"]


def test_nothing_to_do_costs_nothing(bench: Workbench, emulator: Emulator) -> None:
    """No request, with labels, limits and sets in the state; a rename asks nothing either."""
    program = {
        "a": ("label", LABEL),
        "b": ("limit", OBJECT_LIMIT),
        "c": ("limits", a_set({("HUBSPOT_DEFINED", 279): 4})),
    }
    bench.up(program)
    emulator.journal.clear()
    assert bench.preview(program) == []
    assert bench.preview(program | {"a": ("label", LABEL | {"label": "Renamed"})}) == []
    assert len(emulator.journal) == 0


@pytest.mark.parametrize(
    ("taken", "new", "where"),
    [
        (("contacts", "companies", "Billing contact"), LABEL, "contacts → companies"),
        (("contacts", "companies", "Billing contact", "Other"), LABEL, "contacts → companies"),
        (("companies", "contacts", "Paid by", "Other"), PAIR, "companies → contacts"),
        (("contacts", "contacts", "Employee"), PAIRED, "contacts → contacts"),
    ],
)
def test_a_text_that_is_used_is_told(bench: Workbench, portal: Portal, taken: Any, new: Props, where: str) -> None:
    """On either side, with the label that has it, its internal name and the ways out."""
    there = portal.drift.create_label(*taken)
    [(severity, message)] = said(bench, ("label", new))
    assert severity == "warning"
    ids = {there.type_id, there.inverse_type_id}
    assert any(f"label {i} (internal name {there.name})" in message for i in ids)
    assert f"({where})" in message
    assert "adopt_existing=True" in message


def test_two_new_labels_with_one_text(bench: Workbench) -> None:
    """The second of the program is told."""
    [(_, message)] = said(bench, ("label", LABEL), ("label", LABEL | {"name_suffix": "other"}))
    assert "another new label of this program has the text" in message


def test_a_label_that_is_taken_over_is_told(bench: Workbench, portal: Portal) -> None:
    """Because the program says so, or because the name shows that it is this resource's."""
    there = portal.drift.create_label("contacts", "companies", "Billing contact")
    [(severity, message)] = said(bench, ("label", LABEL | {"adopt_existing": True}))
    assert severity == "info"
    assert f"is there already: label {there.type_id} (internal name billing_contact) is taken over (adopt" in message


def test_a_label_of_a_run_that_was_cut_short_is_told(bench: Workbench, portal: Portal) -> None:
    """It was made and is not in the state: its derived name shows whose it is."""
    bench.up({"r0": ("label", LABEL)})
    bench.state.clear()
    [(severity, message)] = said(bench, ("label", LABEL))
    assert severity == "info"
    assert "derived for this resource alone, as after a run that was cut short, and is taken over" in message


def test_what_is_taken_over_is_said_by_up_too(bench: Workbench, portal: Portal) -> None:
    """Once it has happened; of a label that is made nothing is said."""
    there = portal.drift.create_label("contacts", "companies", "Billing contact")
    process = bench.process()
    bench.up({"a": ("label", LABEL | {"adopt_existing": True}), "b": ("label", PAIRED)}, process)
    message = (
        f'The label "Billing contact" (contacts → companies) was there already and is taken over: label {there.type_id}'
    )
    assert process.surroundings.heard == [("", "info", message)]


def test_a_text_that_this_run_frees_is_fine(bench: Workbench) -> None:
    """By a rename or a replacement that was compared before."""
    program = {"old": ("label", LABEL)}
    bench.up(program)
    new = ("label", LABEL | {"name_suffix": "other"})
    assert bench.preview({"old": ("label", LABEL | {"label": "Other"}), "new": new}) == []
    assert bench.preview({"old": ("label", LABEL | {"name": "given"})}) == [], "it is deleted first"
    [(name, _, message)] = bench.preview(program | {"new": new})
    assert (name, "has the text" in message) == ("new", True)


@pytest.mark.parametrize(("from_", "to"), [("contacts", "companies"), ("contacts", "contacts")])
def test_the_cap_of_a_pair_is_told_once(bench: Workbench, portal: Portal, from_: str, to: str) -> None:
    """With the labels that are there and those the program adds; a setting says how many a pair may have."""
    portal.configure(labels_per_pair=3)
    bench.config["hubassoc:labelsPerPair"] = "3"
    for i in range(2):
        portal.drift.create_label(from_, to, f"L{i}", f"M{i}")
    ends = {"from_object_type": from_, "to_object_type": to}
    new = [("label", LABEL | ends | {"label": f"N{i}", "name_suffix": f"x{i}"}) for i in range(4)]
    [(severity, message)] = said(bench, *new)
    assert severity == "warning"
    assert f"{from_} → {to} has 2 labels already, and a pair may have 3" in message
    assert '"N1"' in message


def test_an_object_type_that_the_portal_does_not_have(bench: Workbench, emulator: Emulator) -> None:
    """HubSpot's words, once for the pair; other pairs are looked at all the same."""
    pet = LABEL | {"to_object_type": "p_pet"}
    first, second = said(bench, ("label", pet), ("label", pet | {"label": "B"}), ("label", LABEL), ("label", LABEL))
    assert "HubSpot says: Unable to infer object type from: p_pet" in first[1]
    assert "another new label" in second[1]
    assert emulator.journal.count(operation="list_labels") == 2


LIMIT = {**LABEL, "category": "USER_DEFINED", "max_to_object_ids": 8}
LIMIT = {k: v for k, v in LIMIT.items() if k not in ("label", "name_suffix")}


def test_a_limit_above_the_object_limit(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """The limit of a label, alone or in a set, unless the run raises the object limit."""
    there = portal.drift.create_label("contacts", "companies", "A")
    portal.drift.set_limit("contacts", "companies", 279, 5, "HUBSPOT_DEFINED")
    limit = LIMIT | {"type_id": there.type_id}
    [(severity, message)] = said(bench, ("limit", limit))
    assert severity == "warning"
    assert 'would refuse the limit 8 of "A" (contacts → companies): the object limit is 5' in message
    assert emulator.journal.operations() == ["account", "list_labels", "list_all_limits"]
    raised = {**LIMIT, "category": "HUBSPOT_DEFINED", "type_id": 279}
    assert said(bench, ("limit", raised), ("limit", limit)) == []
    told = said(bench, ("limits", a_set({("USER_DEFINED", there.type_id): 8})))
    assert [message for severity, message in told if severity == "warning"] == [message]
    assert said(bench, ("limits", a_set({("USER_DEFINED", there.type_id): 8, ("HUBSPOT_DEFINED", 279): 8}))) == []


def test_an_object_limit_below_a_labels(bench: Workbench, portal: Portal) -> None:
    """The labels that are above it are named."""
    there = portal.drift.create_label("contacts", "companies", "A")
    portal.drift.set_limit("contacts", "companies", there.type_id, 9)
    [(_, message)] = said(bench, ("limit", {**LIMIT, "category": "HUBSPOT_DEFINED", "type_id": 279}))
    assert 'the object limit 8 of contacts → companies: "A" = 9 is above it' in message


def test_a_limit_of_a_type_that_is_not_there(bench: Workbench) -> None:
    """A label that is gone, or a number of another portal."""
    [(_, message)] = said(bench, ("limit", LIMIT | {"type_id": 77}))
    assert "the limit of USER_DEFINED 77: contacts → companies has no such type" in message


@pytest.mark.parametrize(
    ("authoritative", "severity", "verb"), [(True, "warning", "removed"), (False, "info", "left alone")]
)
def test_limits_that_a_set_does_not_list(
    bench: Workbench, portal: Portal, authoritative: bool, severity: str, verb: str
) -> None:
    """They are told where the set is new or changes: those that go, and those that stay."""
    portal.drift.create_label("contacts", "companies", "A")
    portal.drift.set_limit("contacts", "companies", 1, 4, "HUBSPOT_DEFINED")
    there = portal.drift.create_label("contacts", "companies", "B")
    portal.drift.set_limit("contacts", "companies", there.type_id, 2)
    wanted = ("limits", a_set({("HUBSPOT_DEFINED", 279): 5}, authoritative=authoritative))
    [(how, message)] = said(bench, wanted)
    assert how == severity
    assert message == f'Limits of contacts → companies that are not listed are {verb}: "Primary" = 4, "B" = 2'
    bench.up({"r0": wanted})
    changed = ("limits", a_set({("HUBSPOT_DEFINED", 279): 6}, authoritative=authoritative))
    assert len(said(bench, changed)) == (0 if authoritative else 1)


def test_a_set_with_labels_that_are_not_made_yet(bench: Workbench, portal: Portal) -> None:
    """What is known is looked at."""
    portal.drift.set_limit("contacts", "companies", 1, 9, "HUBSPOT_DEFINED")
    unknown = {"category": "USER_DEFINED", "type_id": pulumi.UNKNOWN, "max_to_object_ids": 3}
    limits = [unknown, {"category": "HUBSPOT_DEFINED", "type_id": 279, "max_to_object_ids": 8}]
    told = said(bench, ("limits", a_set({}) | {"limits": limits}))
    assert any('"Primary" = 9 is above it' in message for _, message in told)


@pytest.mark.parametrize("config", [{"hubassoc:preflight": "false"}, {"hubassoc:accessToken": ""}])
def test_it_can_be_off(bench: Workbench, portal: Portal, emulator: Emulator, config: dict[str, str]) -> None:
    """By a setting; and without a token nothing is said, because a preview needs none."""
    portal.drift.create_label("contacts", "companies", "Billing contact")
    bench.config |= config
    assert said(bench, ("label", LABEL)) == []
    assert len(emulator.journal) == 0


def test_the_wrong_portal_is_told_once(bench: Workbench, emulator: Emulator) -> None:
    """One request, whatever the number of resources."""
    bench.config["hubassoc:portalId"] = "2002"
    [(severity, message)] = said(bench, ("label", LABEL), ("label", PAIRED), ("limit", OBJECT_LIMIT))
    assert severity == "warning"
    assert "The token belongs to portal 1001 (STANDARD), but hubassoc:portalId says 2002" in message
    assert emulator.journal.operations() == ["account"]


def test_a_setting_that_cannot_be_used_is_told_once(bench: Workbench, emulator: Emulator) -> None:
    """It will stop the `up`; the preview goes on."""
    bench.config["hubassoc:baseUrl"] = "http://example.com"
    [(_, message)] = said(bench, ("label", LABEL), ("label", PAIRED))
    assert "`pulumi up` will be refused: hubassoc:baseUrl cannot be used" in message


@pytest.mark.parametrize("kind", ["status", "reset", "unauthorized", "rate_limit"])
def test_a_portal_that_does_not_answer_is_told_once(bench: Workbench, emulator: Emulator, kind: Any) -> None:
    """After ten seconds at most: it never blocks, and what follows does not ask again."""
    emulator.arm(Fault(kind, operation="account", count=None, **({"status": 503} if kind == "status" else {})))
    process = bench.process()
    for news in (LABEL, PAIRED, {**LABEL, "label": "C"}):
        process.check("label", news | {"previewed_as": "x"})
    assert len(process.surroundings.heard) == 1
    assert sum(process.clock.slept) <= 10


PROGRAM = """
import pulumi, pulumi_hubassoc as hubassoc
class Part(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("crm:index:Part", "part")
part = Part()
hubassoc.AssociationLabel("billing", from_object_type="contacts", to_object_type="companies", label="Billing contact",
    opts=pulumi.ResourceOptions(parent=part))
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("which", ENGINES)
def test_a_preview_says_it_in_the_resources_own_lines(
    which: Literal["local", "cli"], tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """On every engine, for a resource inside a component too; up says nothing of it, and does what it does."""
    portal.drift.create_label("contacts", "companies", "Billing contact")
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    estate = Estate(make_engine(which, tmp_path), emulator, portal, tmp_path, env, PROGRAM)
    preview = estate.done("preview")
    [message] = said_of(preview, "billing")
    assert "HubSpot would refuse the label" in message
    [diagnostic] = [d for d in preview.diagnostics if d.message == message]
    assert (diagnostic.severity, diagnostic.urn) == (
        "warning",
        "urn:pulumi:dev::estate::crm:index:Part$pulumi-python:dynamic/hubassoc:AssociationLabel::billing",
    )
    assert [r.operation for r in estate.requests] == ["account", "list_labels", "schema"]
    estate.program = PROGRAM.replace('label="Billing contact"', 'label="Payer"')
    assert estate.done("up").changed == {"create": 3}
    estate.done("destroy")
