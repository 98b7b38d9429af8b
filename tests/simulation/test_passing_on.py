"""What passes from one resource to another in one run: the engine makes the new one first and deletes the old one last."""

from __future__ import annotations

import random

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.portals import Portals
from tests.conftest import TOKEN
from tests.simulation.programs import LabelSpec, LimitSpec
from tests.simulation.stack import Process, Stack


@pytest.fixture
def stack(emulator: Emulator, portal: Portal) -> Stack:
    """A stack on the emulated portal."""
    return Stack(lambda: Process(emulator, TOKEN, Portals), random.Random(1))


def test_a_limit_that_is_declared_under_a_new_name_stays_set(stack: Stack, portal: Portal) -> None:
    """The new resource sets it; the deletion of the old one, which comes after, does not remove it."""
    pair = ("companies", "deals")
    assert stack.up({"old": LimitSpec(pair, "forward", 5)})
    assert stack.up({"new": LimitSpec(pair, "forward", 9)})
    assert [limit.max_to_object_ids for limit in portal.limits()] == [9]
    assert stack.up({})
    assert portal.limits() == []


def test_a_limit_set_in_one_run_is_not_removed_in_the_next(stack: Stack, emulator: Emulator, portal: Portal) -> None:
    """Also where the run that set it under its new name failed before it came to the old one."""
    pair = ("companies", "deals")
    new = {
        "new": LimitSpec(pair, "forward", 9),
        "label": LabelSpec(("contacts", "companies"), "Billing"),
        "limit of label": LimitSpec("label", "forward", 1),
    }
    assert stack.up({"old": LimitSpec(pair, "forward", 5)})
    emulator.arm(Fault("forbidden", operation="update_limits", skip=1))
    assert not stack.up(new)
    assert set(stack.resources) == {"old", "new", "label"}
    assert stack.up(new)
    assert sorted(limit.max_to_object_ids for limit in portal.limits()) == [1, 9]


def test_a_label_that_another_resource_adopts_is_not_deleted(stack: Stack, portal: Portal) -> None:
    """The new resource takes the label over; the deletion of the old one, which comes after, leaves it alone."""
    pair = ("contacts", "companies")
    assert stack.up({"old": LabelSpec(pair, "Billing")})
    made = portal.labels()
    assert stack.up({"new": LabelSpec(pair, "Billing", name="billing")})
    assert portal.labels() == made
    assert stack.resources["new"].id.endswith(f"/{made[0].type_id}/{made[0].inverse_type_id}")
    assert stack.up({})
    assert portal.labels() == []
