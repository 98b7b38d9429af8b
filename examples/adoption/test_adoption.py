"""What was there stays as it was: taken over, kept by destroy, and never made twice."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest

BILLING = ("contacts", "companies", "Billing contact")
MANAGER = ("contacts", "contacts", "Manager", "Employee")


@pytest.fixture
def stack(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> StackUnderTest:
    """The project of this folder, on a portal in which people made the labels."""
    hubspot_portal.drift.create_label(*BILLING)
    hubspot_portal.drift.create_label(*MANAGER)
    return hubassoc_stack(Path(__file__).parent)


def test_labels_are_taken_over_and_not_made(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The preview says which; the only thing written is the limit, and the numbers are those of before."""
    before = hubspot_portal.portal.labels()
    said = " ".join(diagnostic.message for diagnostic in stack.preview().diagnostics)
    assert "label 1 (internal name billing_contact) is taken over" in said
    assert "(internal name manager) is taken over" in said
    stack.up()
    hubspot_portal.assert_writes("update_limits")
    assert hubspot_portal.portal.labels() == before
    assert stack.outputs == {
        "billing_type_id": hubspot_portal.type_id("Billing contact"),
        "manager_type_id": hubspot_portal.type_id("Manager"),
    }


def test_destroy_leaves_the_labels(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """The protected one is refused by name; without it the retained one is forgotten, and both are still there."""
    stack.up()
    assert any("manager" in error for error in stack.destroy(fails=True).errors)
    stack.destroy(exclude_protected=True)
    hubspot_portal.assert_labels(BILLING, MANAGER)
    hubspot_portal.assert_limits()


def test_an_empty_portal_gets_them(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Where there is nothing to take over, the labels are made."""
    empty = hubspot_portal.add_portal(2002)
    hubassoc_stack(Path(__file__).parent, portal=empty).up()
    empty.assert_labels(BILLING, MANAGER)
