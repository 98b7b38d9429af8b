"""What the schema file makes, in sandbox and production, on emulated portals. Run it with `pytest`."""

from pathlib import Path

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory

HERE = Path(__file__).parent
LABELS = [
    ("contacts", "companies", "Billing contact"),
    ("deals", "contacts", "Decision maker", "Decides on"),
    ("contacts", "contacts", "Manager", "Employee"),
]


def test_both_portals_get_the_same_labels(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """With the same internal names, by which integrations know them; limits differ as the overlay says."""
    production = hubspot_portal.add_portal(2002)
    production.drift.create_label("contacts", "companies", "Made by hand")  # so that type ids differ
    sandbox = hubassoc_stack(HERE, name="dev").up()
    prod = hubassoc_stack(HERE, name="prod", portal=production).up()

    hubspot_portal.assert_labels(*LABELS)
    production.assert_labels(*LABELS, ("contacts", "companies", "Made by hand"))
    names = {label.name for label in hubspot_portal.portal.labels()}
    assert names < {label.name for label in production.portal.labels()}
    assert sandbox.outputs["type_ids"].value != prod.outputs["type_ids"].value

    common = [
        ("contacts", "companies", "Primary", 1),
        ("companies", "contacts", "Billing contact", 1),
        ("contacts", "contacts", "Manager", 1),
    ]
    hubspot_portal.assert_limits(
        *common, ("companies", "contacts", None, 250), ("contacts", "contacts", "Employee", 20)
    )
    production.assert_limits(*common, ("companies", "contacts", None, 500))


def test_second_up_does_nothing(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """HubSpot is not even asked."""
    stack = hubassoc_stack(HERE)
    stack.up()
    assert stack.up().changed == {}
    hubspot_portal.assert_requests()


def test_a_token_of_the_other_portal_gets_nowhere(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Production's file names production's portal: with the sandbox's token nothing is written."""
    failed = hubassoc_stack(HERE, name="prod").up(fails=True)
    assert any("belongs to portal 1001" in error for error in failed.errors)
    hubspot_portal.assert_requests("account")
