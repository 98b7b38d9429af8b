"""What each kind of limit limits, and what is refused."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def stack(hubassoc_stack: StackFactory) -> StackUnderTest:
    """The project of this folder."""
    return hubassoc_stack(Path(__file__).parent)


def test_every_kind_holds_in_its_direction_alone(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """From, to, the text of the type, at most so many."""
    stack.up()
    hubspot_portal.assert_limits(
        ("companies", "contacts", None, 500),
        ("companies", "contacts", "Primary", 200),
        ("contacts", "companies", "Billing contact", 3),
        ("companies", "contacts", "Billing contact", 1),
        ("deals", "contacts", "Decision maker", 2),
        ("contacts", "deals", "Decides on", 20),
        ("companies", "contacts", "Billing Contact", 2),  # HubSpot's own type of nearly that text
        ("tickets", "deals", None, 5),
    )


def test_another_maximum_is_one_request(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """And touches nothing else."""
    stack.up()
    stack.set_config("contactsPerCompany", "750")
    assert stack.up().steps == {"contacts-per-company": ["update"]}
    hubspot_portal.assert_writes("update_limits")
    assert ("companies", "contacts", None, 750) in hubspot_portal.limits()


def test_label_above_the_object_limit_is_refused(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The sentence names both numbers; what was set before stays."""
    stack.up()
    stack.set_config("billingContacts", "600")
    [refused] = stack.up(fails=True).errors_of("billing-contacts")
    assert "600" in refused
    assert "500" in refused
    assert ("companies", "contacts", "Billing contact", 1) in hubspot_portal.limits()


def test_a_limit_of_nothing_stops_the_preview(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """A limit is 1 or more: no limit at all is the resource taken away."""
    stack.set_config("billingContacts", "0")
    [refused] = stack.preview(fails=True).errors_of("billing-contacts")
    assert "at least 1" in refused
    assert hubspot_portal.limits() == []
