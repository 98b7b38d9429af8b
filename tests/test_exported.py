"""A stack's state as a document: what the stack manages, and how it differs from the portal."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.engine.interface import EngineError, Project
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.estate.compare import Change, compare
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.hubspot.connection import Token
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.resources.exported import exported
from pulumi_hubassoc.testing import EmulatedPortal, StackFactory
from tests.crm_folder import make_folder
from tests.on_engines import ENGINES, make_engine
from tests.wire import client


def program() -> None:
    """Labels of both kinds, a limit by itself and a set of limits."""
    legal = hubassoc.AssociationLabel(
        "legal", from_object_type="contacts", to_object_type="companies", label="Lawyer", inverse_label="Client"
    )
    hubassoc.AssociationLabel(
        "billing", from_object_type="companies", to_object_type="contacts", label="Billing", adopt_existing=True
    )
    hubassoc.AssociationLimit("one", association=legal.forward, max_to_object_ids=1)
    hubassoc.AssociationLimitSet(
        "set",
        from_object_type="companies",
        to_object_type="contacts",
        limits={hubassoc.unlabeled("companies", "contacts"): 50, legal.inverse: 5},
    )


def test_state_has_what_the_portal_has(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """After an `up` nothing differs; a change by hand is told, and what nobody manages is only in the portal."""
    stack = hubassoc_stack(program)
    stack.up()
    portal = hubspot_portal.portal

    def found() -> list[object]:
        hubspot = client(hubspot_portal.emulator.transport(), token=Token(hubspot_portal.token))
        there = read_portal(PortalView(hubspot))
        told = compare(exported(stack.stack.export_state(), "stack dev"), there)
        return [told.only_left, [e.title for e in told.only_right], [d.changes for d in told.different]]

    assert found() == [(), [], []]
    portal.drift.rename_label(hubspot_portal.type_id("Lawyer"), "Attorney")
    portal.drift.create_label("contacts", "companies", "By hand")
    assert found() == [(), ["By hand"], [(Change("label", "Lawyer", "Attorney"),)]]
    stack.destroy()
    assert exported(stack.stack.export_state(), "stack dev").labels == ()


def deployment(*portals: int) -> dict[str, object]:
    """A label in each of some portals."""
    outputs = {"label": "A", "name": "a"}
    resources = [
        {
            "type": "pulumi-python:dynamic/hubassoc:AssociationLabel",
            "id": "contacts/companies/1/2",
            "outputs": {**outputs, "portal_id": portal},
        }
        for portal in portals
    ]
    return {"version": 3, "deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, *resources]}}


def test_a_stack_of_several_portals_is_read_one_portal_at_a_time() -> None:
    """The sentence says how to name one."""
    with pytest.raises(HubAssocError, match=r"1001, 2002 — say which: stack dev@1001"):
        exported(deployment(1001, 2002), "stack dev")
    assert exported(deployment(1001, 2002), "stack dev", 2002).portal_id == 2002
    with pytest.raises(HubAssocError, match="nothing in portal 3"):
        exported(deployment(1001), "stack dev", 3)


@pytest.mark.parametrize("resources", ["x", [3], {"a": 1}])
def test_what_is_no_deployment_is_refused(resources: object) -> None:
    """In one sentence."""
    with pytest.raises(HubAssocError, match="pulumi stack export"):
        exported({"deployment": {"resources": resources}}, "x.json")


def test_a_broken_resource_is_refused() -> None:
    """In one sentence, too."""
    broken = {"type": "pulumi-python:dynamic/hubassoc:AssociationLabel", "id": "contacts/companies/1/2", "outputs": {}}
    with pytest.raises(HubAssocError, match="label"):
        exported({"resources": [broken]}, "x.json")


def test_what_is_to_be_deleted_or_only_looked_up_is_not_managed() -> None:
    """Neither is in the document."""
    for flag in ("delete", "external"):
        state = deployment(1)
        state["deployment"]["resources"][1][flag] = True  # type: ignore[index]
        assert exported(state, "x").labels == ()


@pytest.mark.parametrize("which", ENGINES)
def test_who_only_reads_makes_no_stack(tmp_path: Path, which: Literal["local", "cli"]) -> None:
    """A stack that is not there is an error, twice."""
    project = Project("crm", make_folder(tmp_path))
    engine = make_engine(which, tmp_path)
    for _ in range(2):
        with pytest.raises(EngineError, match="has no stack prod"):
            engine.stack(project, "prod", make=False)
