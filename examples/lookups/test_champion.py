"""The label is a person's: it is found, limited, and left alone."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest

CHAMPION = ("deals", "contacts", "Champion", "Champion of")


@pytest.fixture
def stack(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> StackUnderTest:
    """The project of this folder, on a portal in which a person made the label."""
    hubspot_portal.drift.create_label(*CHAMPION)
    return hubassoc_stack(Path(__file__).parent)


def test_the_limit_comes_and_goes_and_the_label_stays(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """Its type id is exported; a second up does nothing."""
    assert stack.up().steps == {"one-champion": ["create"], "two-billing-contacts": ["create"]}
    hubspot_portal.assert_limits(("deals", "contacts", "Champion", 1), ("companies", "contacts", "Billing Contact", 2))
    assert stack.outputs == {"champion_type_id": hubspot_portal.type_id("Champion")}
    assert stack.up().changed == {}
    hubspot_portal.assert_requests("account", "list_labels")

    stack.destroy()
    hubspot_portal.assert_labels(CHAMPION)
    hubspot_portal.assert_limits()


def test_a_preview_tells_what_was_renamed(stack: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """A text that is not there any more is said with those that are."""
    hubspot_portal.drift.rename_label(hubspot_portal.type_id("Champion"), "Sponsor")
    told, *_ = stack.preview(fails=True).errors
    assert 'there are "Sponsor" (USER_DEFINED' in told
    stack.set_config("championText", "Sponsor")
    assert stack.preview().ok
