"""What we promise about our relations, proved on an emulated portal. Run it with `pytest`."""

from pathlib import Path

import relations

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory

HERE = Path(__file__).parent


def test_production_gets_its_labels_and_limits(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """The folder as it is, with the configuration of production, makes these labels and limits and no others."""
    prod = hubassoc_stack(HERE, name="prod")
    assert all(step == ["create"] for step in prod.up().steps.values())
    hubspot_portal.assert_labels(
        ("contacts", "companies", "Billing contact"), ("contacts", "contacts", "Manager", "Employee")
    )
    hubspot_portal.assert_limits(("companies", "contacts", "Billing contact", 1), ("companies", "deals", None, 250))
    assert prod.outputs["billing_type_id"] in {label.type_id for label in hubspot_portal.portal.labels()}


def test_second_up_does_nothing(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Where nothing is to be done HubSpot is not even asked."""
    stack = hubassoc_stack(relations.declare)
    stack.up()
    assert stack.up().changed == {}
    hubspot_portal.assert_requests()


def test_drift_is_shown_and_repaired(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """What somebody did in HubSpot's settings shows in a refresh, and the next up undoes it."""
    stack = hubassoc_stack(relations.declare)
    stack.up()
    declared = hubspot_portal.limits()
    hubspot_portal.drift.rename_label(hubspot_portal.type_id("Manager"), "Boss")
    hubspot_portal.drift.remove_limit("HUBSPOT_DEFINED", 342)

    assert stack.refresh().steps == {"manager": ["update"], "deals-per-company": ["delete"]}
    assert stack.up().steps == {"manager": ["update"], "deals-per-company": ["create"]}
    hubspot_portal.assert_labels(
        ("contacts", "companies", "Billing contact"), ("contacts", "contacts", "Manager", "Employee")
    )
    hubspot_portal.assert_limits(*declared)


def test_refusals_are_one_clear_line(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """A text that is taken, and a pair that is full, end in a sentence that says what to do."""
    stack = hubassoc_stack(relations.declare)
    by_hand = hubspot_portal.drift.create_label("contacts", "companies", "Billing contact")
    (taken,) = stack.up(fails=True).errors_of("billing")
    assert "Billing contact" in taken
    assert "adopt_existing" in taken

    hubspot_portal.drift.delete_label(by_hand.type_id)
    hubspot_portal.configure(labels_per_pair=0)
    (full,) = stack.up(fails=True).errors_of("billing")
    assert "delete labels that are no longer used" in full
    assert "\n" not in taken + full


def test_rename_is_one_update(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Another text is one update in the preview: neither limits nor the exported type id change."""
    stack = hubassoc_stack(relations.declare)
    before = stack.up().outputs
    stack.program = lambda: relations.declare(billing_text="Payer")

    preview = stack.preview()
    assert preview.steps == {"billing": ["update"]}
    assert preview.outputs == before
    assert stack.up().steps == {"billing": ["update"]}
    hubspot_portal.assert_writes("update_label")
