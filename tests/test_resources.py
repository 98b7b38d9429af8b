"""The resource classes: what a program hands to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.provider import PROBLEM
from pulumi_hubassoc.resources.label import LabelProvider, name_suffix
from pulumi_hubassoc.resources.limit import LimitProvider
from tests.recorder import LABEL_TYPE, LIMIT_TYPE, Run, label, limit
from tests.workbench import wire

# ----------------------------------------------------------------------------------------------------- labels


def test_a_label_is_registered_with_its_token_and_inputs(run: Run) -> None:
    """The type token is for ever; the suffix comes from project, stack and resource name."""
    run(label)
    assert run.request("billing").type == LABEL_TYPE
    assert run.inputs("billing") == {
        "from_object_type": "contacts",
        "to_object_type": "companies",
        "label": "Billing contact",
        "name_suffix": name_suffix("crm", "dev", "billing"),
        "adopt_existing": False,
    }
    assert LabelProvider().check({}, wire(run.inputs("billing"))).failures == []


def test_type_ids_come_from_the_id(run: Run) -> None:
    """They are whole numbers, and known as long as the id is."""
    assert run(lambda: [label().type_id, label("other").inverse_type_id]) == [12, 13]


def test_a_subclass_keeps_the_token(run: Run) -> None:
    """Pulumi resets the token of a subclass; a user's own label class is still a label."""

    class House(hubassoc.AssociationLabel):
        """A user's."""

    class Lower(hubassoc.AssociationLimit):
        """A user's."""

    run(
        lambda: (
            Lower(
                "limit",
                association=House("x", from_object_type="contacts", to_object_type="companies", label="A"),
                max_to_object_ids=1,
            ).id
        )
    )
    assert (run.request("x").type, run.request("limit").type) == (LABEL_TYPE, LIMIT_TYPE)


@pytest.mark.parametrize(("given", "wanted"), [(None, True), (True, True), (False, False)])
def test_delete_before_replace_is_set_unless_given(run: Run, given: bool | None, wanted: bool) -> None:
    """Without it --replace would make the new label first and then delete the live one; the user's word wins."""
    opts = pulumi.ResourceOptions(delete_before_replace=given)
    run(lambda: [label(opts=opts).id, limit(hubassoc.unlabeled("companies", "deals"), opts=opts).id])
    assert run.request("billing").deleteBeforeReplace is wanted
    assert run.request("limit").deleteBeforeReplace is wanted


def test_the_users_options_stay(run: Run) -> None:
    """Options are merged, and the user's object is not changed."""
    opts = pulumi.ResourceOptions(ignore_changes=["label"], protect=True)
    run(lambda: label(opts=opts).id)
    assert list(run.request("billing").ignoreChanges) == ["label"]
    assert run.request("billing").protect
    assert opts.delete_before_replace is None


# ----------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("association", "fields"),
    [
        (label, ("contacts", "companies", "USER_DEFINED", 12)),
        (lambda: label().forward, ("contacts", "companies", "USER_DEFINED", 12)),
        (lambda: label().inverse, ("companies", "contacts", "USER_DEFINED", 13)),
        (lambda: hubassoc.unlabeled("Company", "0-3"), ("companies", "deals", "HUBSPOT_DEFINED", 342)),
        (lambda: hubassoc.unlabeled("contacts", "contacts"), ("contacts", "contacts", "HUBSPOT_DEFINED", 449)),
        (lambda: hubassoc.primary("companies", "contacts"), ("companies", "contacts", "HUBSPOT_DEFINED", 2)),
    ],
    ids=["label", "forward", "inverse", "unlabeled", "unlabeled on one object", "primary"],
)
def test_a_reference_names_type_and_direction(run: Run, association: Callable[[], Any], fields: tuple) -> None:
    """Each way to say what is limited ends in object types, category and type id."""
    run(lambda: limit(association()).id)
    inputs = run.inputs("limit")
    assert tuple(inputs[k] for k in ("from_object_type", "to_object_type", "category", "type_id")) == fields
    assert inputs["max_to_object_ids"] == 1
    assert PROBLEM not in inputs
    assert run.request("limit").type == LIMIT_TYPE
    assert LimitProvider().check({}, wire(inputs)).failures == []


def test_loose_fields_say_the_same(run: Run) -> None:
    """An association type can be given by its numbers."""
    fields = {"from_object_type": "contacts", "to_object_type": "p_pet", "category": "USER_DEFINED", "type_id": 9}
    run(lambda: limit(None, **fields).id)
    assert run.inputs("limit") == fields | {"max_to_object_ids": 1}


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (lambda: limit(None), "association is missing: give association=, or from_object_type"),
        (lambda: limit(None, type_id=5), "from_object_type, to_object_type, category missing beside type_id"),
        (
            lambda: limit(None, from_object_type="contacts", to_object_type="companies", type_id=5),
            "category missing beside from_object_type, to_object_type, type_id",
        ),
        (lambda: limit(hubassoc.unlabeled("contacts", "deals"), type_id=4), "type_id as well: give one or the other"),
        (lambda: limit(label(), from_object_type="deals"), "from_object_type as well"),
        (lambda: limit("contacts"), "association must be an AssociationLabel, label.forward"),
        (lambda: limit(limit(hubassoc.unlabeled("contacts", "deals"), "l")), "not AssociationLimit"),
    ],
)
def test_what_is_written_wrong_is_a_check_failure(run: Run, program: Callable[[], Any], reason: str) -> None:
    """How a limit was written is told at preview by check, as one reason."""
    run(lambda: program().id)
    [failure] = LimitProvider().check({}, wire(run.inputs("limit"))).failures
    assert failure.property == ""
    assert reason in failure.reason


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (lambda: hubassoc.unlabeled("contacts", "p_pet"), r"get_association_types\('contacts', 'p_pet'\) reads"),
        (lambda: hubassoc.primary("contacts", "deals"), "no such association — nearest: contacts_to_deals_unlabeled"),
        (lambda: hubassoc.hubspot_defined("contact"), "HubSpot documents no such association type"),
    ],
)
def test_a_reference_to_nothing_is_told_in_the_program(program: Callable[[], Any], sentence: str) -> None:
    """What HubSpot does not document raises Pulumi's error of one sentence."""
    with pytest.raises(hubassoc.UnknownAssociation, match=sentence):
        program()


class Part(pulumi.ComponentResource):
    """A user's component."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("crm:index:Part", name, {}, opts)


def child_of(component_opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Options of a resource in a component with these options."""
    return pulumi.ResourceOptions(parent=Part("part", component_opts))


OUTLIVING = {
    "plain": (lambda: None, True),
    "protected": (lambda: pulumi.ResourceOptions(protect=True), False),
    "explicitly not protected": (lambda: pulumi.ResourceOptions(protect=False), True),
    "retained": (lambda: pulumi.ResourceOptions(retain_on_delete=True), False),
    "looked up": (lambda: pulumi.ResourceOptions(id="contacts/companies/12/13"), False),
    "in a component": (lambda: child_of(pulumi.ResourceOptions()), True),
    "in a protected component": (lambda: child_of(pulumi.ResourceOptions(protect=True)), False),
}


@pytest.mark.parametrize(("opts", "wanted"), OUTLIVING.values(), ids=OUTLIVING)
@pytest.mark.parametrize("side", ["itself", "forward", "inverse"])
def test_a_limit_is_deleted_with_a_label_that_is_deleted(run: Run, opts: Callable, wanted: bool, side: str) -> None:
    """One delete serves both, but only where the label does not stay in the portal: then its limits must be removed."""

    def program() -> Any:
        made = label(opts=opts())
        return [limit(made if side == "itself" else getattr(made, side)).id, made.urn]

    _, urn = run(program)
    assert run.request("limit").deletedWith == (urn if wanted else "")


def test_a_limit_of_hubspots_own_type_hangs_on_nothing(run: Run) -> None:
    """There is no label it could be deleted with."""
    run(lambda: limit(hubassoc.unlabeled("companies", "deals")).id)
    assert run.request("limit").deletedWith == ""


def test_the_users_deleted_with_wins(run: Run) -> None:
    """An option given by the user stands."""

    def program() -> Any:
        other = label("other")
        return [limit(label(), opts=pulumi.ResourceOptions(deleted_with=other)).id, other.urn]

    _, urn = run(program)
    assert run.request("limit").deletedWith == urn
