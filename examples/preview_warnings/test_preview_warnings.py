"""A preview looks into the portal for what is about to be made, says what HubSpot would refuse, and stops nothing."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def stack(hubassoc_stack: StackFactory) -> StackUnderTest:
    """The project of this folder."""
    return hubassoc_stack(Path(__file__).parent)


def test_a_text_that_is_used_already(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The label that has it is named, with the ways out; `up` is refused for the same reason."""
    hubspot_portal.drift.create_label("contacts", "companies", "Billing contact")
    [warning] = stack.preview().warnings_of("billing")
    assert 'label 1 (internal name billing_contact) of this portal has the text "Billing contact"' in warning
    assert "adopt_existing=True" in warning
    assert "label 1 of this portal has that text" in stack.up(fails=True).errors_of("billing")[0]


def test_a_limit_above_the_object_limit(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Somebody has limited all companies of a contact to one."""
    hubspot_portal.drift.set_limit("contacts", "companies", 279, 1, "HUBSPOT_DEFINED")
    [warning] = stack.preview().warnings_of("primary")
    assert 'the limit 3 of "Primary" (contacts → companies): the object limit is 1' in warning


def test_nothing_new_is_not_looked_up(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Neither where nothing is to be done nor where a text changes."""
    stack.up()
    assert stack.preview().changed == {}
    hubspot_portal.assert_requests()
    stack.set_config("billingText", "Payer")
    assert stack.preview().steps == {"billing": ["update"]}
    hubspot_portal.assert_requests()


def test_it_can_be_turned_off(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Then a preview asks nothing at all."""
    hubspot_portal.drift.create_label("contacts", "companies", "Billing contact")
    stack.set_config("hubassoc:preflight", "false")
    assert stack.preview().warnings_of("billing") == []
    hubspot_portal.assert_requests()
