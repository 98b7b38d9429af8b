"""Sets of limits in whole stacks, on every engine; and what a program tells of its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator, Portal
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, make_engine, operations, said_of

PROGRAM = """
import pulumi, pulumi_hubassoc as hubassoc
ends = {"from_object_type": "contacts", "to_object_type": "companies"}
billing = hubassoc.AssociationLabel("billing", label="Billing contact", **ends)
decides = hubassoc.AssociationLabel("decides", label="Decides for", inverse_label="Decided by", **ends)
forth = hubassoc.AssociationLimitSet("forth", limits={billing: 3, decides: 4, hubassoc.unlabeled(*ends.values()): 9}, **ends)
hubassoc.AssociationLimitSet("back", from_object_type="companies", to_object_type="contacts",
    limits={billing.inverse: 1, decides.inverse: 5})
pulumi.export("limits", forth.limits)
"""


@pytest.fixture(params=ENGINES)
def estate(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, portal: Portal) -> Estate:
    """A stack with two labels and the limits of both directions."""
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    return Estate(make_engine(request.param, tmp_path), emulator, portal, tmp_path, env, PROGRAM)


def live(portal: Portal) -> dict[tuple[str, str | None], int]:
    """The limits by start and text."""
    return {(x.from_object_type, x.label): x.max_to_object_ids for x in portal.limits()}


@pytest.mark.timeout(300)
def test_the_life_of_sets(estate: Estate, portal: Portal) -> None:
    """Made with their labels, left alone by a rename, changed by one request, following a label that is replaced."""
    estate.done("preview")
    up = estate.done("up")
    assert sorted(estate.writes) == ["create_label", "create_label", "update_limits", "update_limits"]
    wanted = {
        ("contacts", None): 9,
        ("contacts", "Billing contact"): 3,
        ("contacts", "Decides for"): 4,
        ("companies", "Billing contact"): 1,
        ("companies", "Decided by"): 5,
    }
    assert live(portal) == wanted
    assert sorted(entry["max_to_object_ids"] for entry in up.outputs["limits"].value) == [3, 4, 9]
    assert estate.done("up", expect_no_changes=True).changed == {}
    assert estate.requests == []

    estate.program = PROGRAM.replace('label="Billing contact"', 'label="Payer"')
    assert operations(estate.done("preview")) == {"billing": ["update"]}
    assert operations(estate.done("up")) == {"billing": ["update"]}

    estate.program = estate.program.replace("billing: 3, decides: 4", "decides: 12").replace("): 9}", "): 12}")
    assert operations(estate.done("up")) == {"forth": ["update"]}
    assert estate.writes == ["purge_limits", "update_limits"]
    assert live(portal)["contacts", "Decides for"] == live(portal)["contacts", None] == 12

    estate.program = estate.program.replace('label="Decides for"', 'label="Decides for", name="decides"')
    assert set(operations(estate.done("preview"))) == {"decides", "forth", "back"}
    replaced = operations(estate.done("up"))
    assert (replaced["forth"], replaced["back"]) == (["update"], ["update"])
    assert live(portal) == {
        ("contacts", None): 12,
        ("contacts", "Decides for"): 12,
        ("companies", "Payer"): 1,
        ("companies", "Decided by"): 5,
    }
    assert estate.done("refresh").changed == {}
    assert estate.done("up", expect_no_changes=True).changed == {}
    estate.done("destroy")
    assert (portal.labels(), portal.limits()) == ([], [])


@pytest.mark.timeout(120)
def test_limits_that_are_not_listed_are_told_in_the_preview(estate: Estate, portal: Portal) -> None:
    """Those that a change of an authoritative set removes, before it removes them."""
    estate.program = PROGRAM.replace("9}, **ends", "9}, authoritative=True, **ends")
    portal.drift.set_limit("contacts", "companies", 1, 2, "HUBSPOT_DEFINED")
    assert said_of(estate.done("preview"), "forth") == [
        'Limits of contacts → companies that are not listed are removed: "Primary" = 2'
    ]
    estate.done("up")
    assert ("contacts", "Primary") not in live(portal)
    portal.drift.set_limit("contacts", "companies", 1, 2, "HUBSPOT_DEFINED")
    assert operations(estate.done("refresh")) in ({"forth": ["update"]}, {"forth": ["refresh"]})
    assert operations(estate.done("up")) == {"forth": ["update"]}
    assert ("contacts", "Primary") not in live(portal)


@pytest.mark.timeout(120)
def test_a_type_that_two_resources_limit_is_refused_at_preview(estate: Estate, emulator: Emulator) -> None:
    """With both names, and nothing is sent."""
    estate.program = PROGRAM + 'hubassoc.AssociationLimit("alone", association=billing, max_to_object_ids=2)\n'
    for operation in ("preview", "up"):
        result = estate.run(operation)
        assert not result.ok
        [message] = said_of(result, "alone")
        assert "AssociationLimitSet 'forth' limits the same association type: keep it in one of the two" in message
    assert [r.operation for r in emulator.journal.records() if r.method == "PUT"] == []


@pytest.mark.timeout(120)
def test_mistakes_of_a_whole_program_are_told_by_one_preview(estate: Estate, emulator: Emulator) -> None:
    """Each with its resource; nothing was asked of HubSpot for them."""
    estate.program = """
import pulumi_hubassoc as hubassoc
hubassoc.AssociationLabel("blank", from_object_type="contacts", to_object_type="companies", label=" ")
hubassoc.AssociationLabel("typo", from_object_type="contcts", to_object_type="companies", label="A", name="a-b")
hubassoc.AssociationLimit("zero", association=hubassoc.unlabeled("contacts", "deals"), max_to_object_ids=0)
"""
    result = estate.run("preview")
    assert not result.ok
    told = " ".join(d.message for d in result.diagnostics if " has a problem: " in d.message)
    assert "must not be blank, and is ' '" in told
    assert "'contcts' is no object type" in told
    assert "holds a hyphen: 'a-b'" in told
    assert "must be a whole number of at least 1, and is 0" in told
    assert told.count(" has a problem: also ") in (2, 3), "whichever resource comes first tells those of the others"
    assert len(emulator.journal) == 0
