"""The app has the numbers of the CRM's stack, and a rename there is nothing to it."""

import json
from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest

HERE = Path(__file__).parent


@pytest.fixture
def crm(hubassoc_stack: StackFactory) -> StackUnderTest:
    """The stack that owns the labels."""
    return hubassoc_stack(HERE / "crm")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the app's settings are kept in a test."""
    return tmp_path / "settings.json"


@pytest.fixture
def app(hubassoc_stack: StackFactory, file: Path) -> StackUnderTest:
    """The stack that uses their numbers."""
    return hubassoc_stack(HERE / "app", config={"settingsFile": str(file)})


def test_the_app_knows_the_numbers(
    crm: StackUnderTest, app: StackUnderTest, file: Path, hubspot_portal: EmulatedPortal
) -> None:
    """They are HubSpot's, in a file, and no request is made for them."""
    crm.up()
    app.up()
    hubspot_portal.assert_requests()
    numbers = {"Billing contact": "billing", "Manager": "manager", "Employee": "employee"}
    assert json.loads(file.read_text()) == {
        "portalId": 1001,
        "associationTypes": {key: hubspot_portal.type_id(text) for text, key in numbers.items()},
    }


def test_a_rename_leaves_the_app_alone(
    crm: StackUnderTest, app: StackUnderTest, file: Path, hubspot_portal: EmulatedPortal
) -> None:
    """The label changes its text in place, so its number, the outputs and the app stay."""
    crm.up()
    app.up()
    before = file.read_text()
    crm.set_config("billingText", "Payer")
    assert crm.up().steps == {"billing": ["update"]}
    assert hubspot_portal.type_id("Payer")
    assert (app.preview().changed, app.up().changed, file.read_text()) == ({}, {}, before)


def test_a_label_made_anew_reaches_the_app(
    crm: StackUnderTest, app: StackUnderTest, file: Path, hubspot_portal: EmulatedPortal
) -> None:
    """Somebody deleted it in HubSpot: it comes back with another number, and the app's next `up` has that one."""
    crm.up()
    app.up()
    hubspot_portal.drift.delete_label(hubspot_portal.type_id("Manager"))
    crm.refresh()
    crm.up()
    assert app.up().steps == {"settings": ["update"]}
    assert json.loads(file.read_text())["associationTypes"]["manager"] == hubspot_portal.type_id("Manager")
