"""What a paired label is from either side, and that texts change in place."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest

MANAGER = ("contacts", "contacts", "Manager", "Employee")


@pytest.fixture
def stack(hubassoc_stack: StackFactory) -> StackUnderTest:
    """The project of this folder."""
    return hubassoc_stack(Path(__file__).parent)


def test_each_direction_has_a_text_a_number_and_a_limit(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Three labels, three requests: either side is the same label."""
    stack.up()
    hubspot_portal.assert_labels(
        ("deals", "contacts", "Decision maker", "Decides on"), MANAGER, ("companies", "companies", "Partner")
    )
    hubspot_portal.assert_limits(
        ("deals", "contacts", "Decision maker", 2),
        ("contacts", "contacts", "Manager", 1),
        ("contacts", "contacts", "Employee", 12),
    )
    manager, employee = hubspot_portal.type_id("Manager"), hubspot_portal.type_id("Employee")
    assert stack.outputs == {"manager_type_id": manager, "employee_type_id": employee}
    assert manager != employee


def test_one_side_is_renamed_in_place(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The other side's text, both numbers and the limits stay."""
    stack.up()
    number = hubspot_portal.type_id("Decision maker")
    stack.set_config("decisionText", "Decides")
    assert stack.up().steps == {"decision": ["update"]}
    hubspot_portal.assert_writes("update_label")
    assert hubspot_portal.type_id("Decides") == number
    assert ("deals", "contacts", "Decides", "Decides on") in hubspot_portal.labels()
    assert ("deals", "contacts", "Decides", 2) in hubspot_portal.limits()


def test_single_becomes_paired_and_single_again(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """One request each time; the label keeps its number."""
    stack.up()
    number = hubspot_portal.type_id("Partner")
    for text, label in (
        ("Partnered by", ("companies", "companies", "Partner", "Partnered by")),
        ("", ("companies", "companies", "Partner")),
    ):
        stack.set_config("partnerInverseText", text)
        assert stack.up().steps == {"partner": ["update"]}
        hubspot_portal.assert_writes("update_label")
        assert (label in hubspot_portal.labels(), hubspot_portal.type_id("Partner")) == (True, number)
