"""Any dynamic provider runs on the built-in engine, and values pass from one provider's resources to another's."""

from pathlib import Path

import pytest

from pulumi_hubassoc.testing import EmulatedPortal, StackFactory, StackUnderTest


@pytest.fixture
def stack(hubassoc_stack: StackFactory, tmp_path: Path) -> StackUnderTest:
    """The project of this folder, which keeps its page in a folder of the test."""
    return hubassoc_stack(Path(__file__).parent, config={"handbook": str(tmp_path)})


def test_one_provider_gets_what_the_other_made(
    stack: StackUnderTest, hubspot_portal: EmulatedPortal, tmp_path: Path
) -> None:
    """The page tells the type id that HubSpot gave; a rename reaches both; destroy leaves nothing of either."""
    assert stack.up().steps == {"billing": ["create"], "billing-page": ["create"]}
    page = tmp_path / "billing.md"
    type_id = hubspot_portal.portal.labels("contacts", "companies")[0].type_id
    assert page.read_text() == f"Billing contact: association type {type_id}\n"

    stack.set_config("billingText", "Payer")
    assert stack.up().steps == {"billing": ["update"], "billing-page": ["update"]}
    assert page.read_text() == f"Payer: association type {type_id}\n"

    stack.destroy()
    hubspot_portal.assert_labels()
    assert not page.exists()


def test_drift_of_one_leaves_the_other_alone(
    stack: StackUnderTest, hubspot_portal: EmulatedPortal, tmp_path: Path
) -> None:
    """A page that was deleted by hand is written again, and nothing is written to HubSpot for it."""
    stack.up()
    (tmp_path / "billing.md").unlink()
    assert stack.refresh().steps == {"billing-page": ["delete"]}
    assert stack.up().steps == {"billing-page": ["create"]}
    hubspot_portal.assert_requests()
    assert (tmp_path / "billing.md").exists()
