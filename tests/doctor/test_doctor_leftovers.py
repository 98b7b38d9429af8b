"""Labels that an interrupted run has left: found where no state knows them, and told from those of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.doctor.finding import CannotLook
from pulumi_hubassoc.doctor.leftovers import read_state
from pulumi_hubassoc.emulator import Fault
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.names import derived_name, looks_derived
from pulumi_hubassoc.resources.label import name_suffix
from tests.conftest import TOKEN
from tests.crm_folder import make_folder
from tests.doctor.practice import Practice, expect
from tests.test_cli import RUNNER

pytestmark = pytest.mark.timeout(120)


EMPTY = '{"version": 3, "deployment": {"manifest": {}}}'
"""A state as a destroy leaves it."""


@pytest.fixture
def state(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state of a stack with one label, made by the built-in engine."""
    folder = make_folder(practice.folder)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    with practice.emulator.serve() as url:
        monkeypatch.setenv("HUBASSOC_BASE_URL", url)
        result = RUNNER.invoke(app, ["local", "up", "--yes", "-f", "-s", "dev", "-C", str(folder)])
        assert result.exit_code == 0, result.output
    practice.emulator.journal.clear()
    return folder / ".pulumi-local" / "dev.json"


def test_found_and_told_apart(practice: Practice, state: Path) -> None:
    """A known label and one made by hand are none; one with a derived name is, once; so is what a state has lost."""
    practice.portal.drift.create_label("contacts", "companies", "By hand")
    expect(practice.look("left-over labels", states=(state,)), "ok", "none")
    assert practice.emulator.journal.operations() == ["account", "token_info", *["schema"] * 4]

    name = "companies_to_companies_parent_company_abc234"
    practice.portal.drift.create_label("companies", "companies", "Parent company", "Daughter", name=name)
    finding = practice.look("left-over labels", states=(state,))
    expect(finding, "warning", "1 of this portal's labels may have been left", "`pulumi up` takes its label over")
    assert finding.said.count(f"{name} (companies → companies)") == 1

    (practice.folder / "empty.json").write_text(EMPTY)
    lost = practice.look("left-over labels", states=(practice.folder / "empty.json",))
    expect(lost, "warning", "2 of this portal's labels may have been left", "delete it in HubSpot")
    assert "contacts_to_companies_billing_contact_" in lost.said
    assert practice.look("left-over labels", states=(practice.folder / "empty.json", state)) == finding


@pytest.fixture
def empty(practice: Practice) -> Path:
    """A state without a label."""
    practice.write("empty.json", EMPTY)
    return practice.folder / "empty.json"


def test_an_object_that_cannot_be_seen(practice: Practice, empty: Path) -> None:
    """It is named; where none can be seen nothing is concluded."""
    practice.emulator.arm(Fault("forbidden", "schema"))
    expect(practice.look("left-over labels", states=(empty,)), "ok", "none; could not look at companies (403)")
    practice.emulator.arm(Fault("forbidden", "schema", count=None))
    expect(
        practice.look("left-over labels", states=(empty,)), "warning", "not looked at: HubSpot shows the names of no"
    )


def test_no_answer(practice: Practice, empty: Path) -> None:
    """Nothing is concluded."""
    practice.emulator.arm(Fault("connect_error", "schema", count=None))
    expect(practice.look("left-over labels", states=(empty,)), "warning", "not looked at: no answer from")


def test_many_are_counted_and_not_all_named(practice: Practice, empty: Path) -> None:
    """A line stays a line."""
    for n in range(12):
        name = f"contacts_to_deals_text_{n}_abcde{'abcdefghijkl'[n]}"
        practice.portal.drift.create_label("contacts", "deals", f"Text {n}", name=name)
    expect(practice.look("left-over labels", states=(empty,)), "warning", "12 of this portal's", "")
    assert " and 2 more" in practice.look("left-over labels", states=(empty,)).said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"deployment": 3}', '{"deployment": {"resources": [3]}}'])
def test_what_is_no_state(tmp_path: Path, text: str) -> None:
    """It says what to give."""
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CannotLook, match="is no state: give the file of `pulumi stack export"):
        read_state(tmp_path / "x.json")


def test_a_state_that_is_not_there_or_not_whole(tmp_path: Path) -> None:
    """No file, and one of a killed run of the built-in engine."""
    with pytest.raises(CannotLook, match="cannot be read: No such file"):
        read_state(tmp_path / "dev.json")
    (tmp_path / "dev.journal").touch()
    with pytest.raises(CannotLook, match="was killed"):
        read_state(tmp_path / "dev.json")


OBJECTS = ("contacts", "companies", "line_items", "2-123", "p_thing", "p42_thing")


@given(st.sampled_from(OBJECTS), st.sampled_from(OBJECTS), st.text(max_size=60), st.text(max_size=9))
def test_every_name_that_is_derived_looks_so(start: str, end: str, label: str, resource: str) -> None:
    """Whatever the label's text, and however the program calls a custom object: HubSpot tells its id."""
    name = derived_name(start, end, label, name_suffix("crm", "dev", resource))
    told = [o if facts.is_standard(o) else "2-123" for o in (start, end)]
    assert looks_derived(name, *told)
    assert not looks_derived(name, "tickets", told[1])


@pytest.mark.parametrize("name", ["billing_contact", "contact_to_company", "contacts_to_companies_CONTACT", "PARENT"])
def test_other_names_do_not(name: str) -> None:
    """Those of the settings page, of other tools and HubSpot's own."""
    assert not looks_derived(name, "contacts", "companies")
