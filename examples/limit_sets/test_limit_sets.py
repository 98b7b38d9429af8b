"""What the sets do: few requests, the right order, and what becomes of limits that are not listed."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def stack(hubassoc_stack: StackFactory) -> StackUnderTest:
    """The project of this folder."""
    return hubassoc_stack(Path(__file__).parent)


def test_one_request_sets_all_limits_of_a_direction(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Two labels, four limits: two requests for the labels, two for the limits."""
    stack.up()
    hubspot_portal.assert_writes("create_label", "create_label", "update_limits", "update_limits")
    hubspot_portal.assert_limits(
        ("contacts", "companies", None, 10),
        ("contacts", "companies", "Decides for", 5),
        ("companies", "contacts", "Billing contact", 1),
        ("companies", "contacts", "Decided by", 5),
    )


def test_object_limit_and_label_limit_rise_and_fall_together(
    stack: StackUnderTest, hubspot_portal: EmulatedPortal
) -> None:
    """HubSpot allows no label a limit above the object limit: the set sends them in an order that never has one."""
    stack.up()
    for companies in ("40", "2"):
        stack.set_config("companiesPerContact", companies)
        assert stack.up().steps == {"companies-of-contacts": ["update"]}
        hubspot_portal.assert_writes("update_limits")


def test_what_is_not_listed(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The authoritative set removes a limit that a person set; the other one leaves it alone."""
    stack.up()
    hubspot_portal.drift.set_limit("contacts", "companies", 1, 1, "HUBSPOT_DEFINED")  # the primary company
    hubspot_portal.drift.set_limit("companies", "contacts", 280, 500, "HUBSPOT_DEFINED")  # all contacts of a company
    assert stack.refresh().steps == {"companies-of-contacts": ["update"]}
    assert stack.up().steps == {"companies-of-contacts": ["update"]}
    left = {(start, text): most for start, _, text, most in hubspot_portal.limits()}
    assert ("contacts", "Primary") not in left
    assert left["companies", None] == 500
