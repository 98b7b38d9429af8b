"""Custom objects go by their names and their ids, and a portal without them says so in the preview."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def visit(hubspot_portal: EmulatedPortal) -> str:
    """The portal has both objects; the id of the second one."""
    hubspot_portal.drift.create_custom_object("pet")
    return hubspot_portal.drift.create_custom_object("vet_visit").object_type_id


@pytest.fixture
def stack(hubassoc_stack: StackFactory, visit: str) -> StackUnderTest:
    """The project of this folder."""
    return hubassoc_stack(Path(__file__).parent, config={"visitObject": visit})


def test_labels_and_limits_of_custom_objects(stack: StackUnderTest, hubspot_portal: EmulatedPortal, visit: str) -> None:
    """All are made in one `up`; the next one, which looks the unlabeled type up again, changes nothing."""
    stack.up()
    pet = hubspot_portal.portal.resolve("p_pet")
    hubspot_portal.assert_labels(
        (pet, "contacts", "Owner", "Owns"), (visit, pet, "Follow-up"), (pet, pet, "Parent", "Offspring")
    )
    hubspot_portal.assert_limits(
        ("p_pet", "contacts", "Owner", 1), (visit, "p_pet", "Follow-up", 1), ("p_pet", "contacts", None, 3)
    )
    assert stack.outputs == {"owner_type_id": hubspot_portal.type_id("Owner")}
    assert stack.up().changed == {}


def test_the_same_program_in_another_portal(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """The name is the same there; ids and numbers are others."""
    other = hubspot_portal.add_portal(2002)
    other.drift.create_custom_object("was_here_before")
    other.drift.create_custom_object("pet")
    visit = other.drift.create_custom_object("vet_visit").object_type_id
    hubassoc_stack(Path(__file__).parent, config={"visitObject": visit}, portal=other).up()
    other.assert_limits(
        ("p_pet", "contacts", "Owner", 1), (visit, "p_pet", "Follow-up", 1), ("p_pet", "contacts", None, 3)
    )


def test_bare_names_and_missing_objects_are_told(stack: StackUnderTest) -> None:
    """A name without `p_` stops the preview; an object that the portal does not have is a warning in it."""
    stack.set_config("visitObject", "vet_visit")
    [refused] = stack.preview(fails=True).errors_of("follow-up")
    assert "its name with the prefix (p_name" in refused
    stack.set_config("visitObject", "2-999999")
    [warning] = stack.preview().warnings_of("follow-up")
    assert "2-999999" in warning
