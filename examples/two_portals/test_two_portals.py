"""Both portals have the relations, each by its own token, and neither token is anywhere else."""

import json
from pathlib import Path

import pytest

from pulumi_hubassoc.testing import ConfigValue, EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def portals(hubspot_portal: EmulatedPortal, monkeypatch: pytest.MonkeyPatch) -> dict[str, EmulatedPortal]:
    """Two portals beside the one of the stack's configuration, which this program does not use."""
    portals = {"eu": hubspot_portal.add_portal(2002), "us": hubspot_portal.add_portal(3003)}
    monkeypatch.setenv("HUBSPOT_TOKEN_US", portals["us"].token)
    return portals


@pytest.fixture
def stack(hubassoc_stack: StackFactory, portals: dict[str, EmulatedPortal]) -> StackUnderTest:
    """The project of this folder."""
    config = {"euToken": ConfigValue(portals["eu"].token, secret=True), "euPortal": 2002, "usPortal": 3003}
    return hubassoc_stack(Path(__file__).parent, config=config)


def test_both_portals_have_the_relations(
    stack: StackUnderTest, portals: dict[str, EmulatedPortal], hubspot_portal: EmulatedPortal
) -> None:
    """The same labels and limits, and nothing in a third one."""
    portals["us"].drift.create_label("contacts", "deals", "Here before")  # so that type ids differ
    stack.up()
    portals["eu"].assert_labels(("contacts", "companies", "Billing contact"))
    for portal in portals.values():
        portal.assert_limits(("companies", "contacts", "Billing contact", 1))
    assert stack.outputs["eu_billing_type_id"] != stack.outputs["us_billing_type_id"]
    assert (hubspot_portal.labels(), hubspot_portal.requests()) == ([], [])


def test_the_state_tells_no_token(stack: StackUnderTest, portals: dict[str, EmulatedPortal]) -> None:
    """One is encrypted, the other one never gets there."""
    stack.up()
    state = json.dumps(stack.stack.export_state())
    assert [portal.token in state for portal in portals.values()] == [False, False]


def test_a_token_of_the_wrong_portal_is_refused(stack: StackUnderTest, portals: dict[str, EmulatedPortal]) -> None:
    """It gets as far as the question which portal it is; the other portal is served all the same."""
    stack.set_config("euPortal", 4004)
    failed = stack.up(fails=True, continue_on_error=True)
    assert "belongs to portal 2002" in failed.errors_of("eu-billing")[0]
    portals["eu"].assert_labels()
    portals["us"].assert_labels(("contacts", "companies", "Billing contact"))
