"""The whole life of stacks with labels and limits, on each engine there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, everything_said, make_engine, operations, said_of

pytestmark = pytest.mark.timeout(180)
FOREIGN_TOKEN = "pat-na1-of-another-portal"


@pytest.fixture(params=ENGINES)
def estate(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, portal: Portal) -> Estate:
    """An empty stack on an empty portal."""
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "HUBASSOC_PATIENCE_SECONDS": "3",
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    return Estate(make_engine(request.param, tmp_path), emulator, portal, tmp_path, env)


def relations(
    billing: str = "Billing contact",
    manager: tuple[str, str | None] = ("Manager", "Employee"),
    name: str | None = None,
    deals: int = 5,
) -> str:
    """A program with a single and a paired label, a limit on each, and a limit of HubSpot's own type."""
    return f"""
import pulumi
import pulumi_hubassoc as hubassoc

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label={billing!r}, name={name!r}
)
manager = hubassoc.AssociationLabel(
    "manager", from_object_type="contacts", to_object_type="contacts", label={manager[0]!r}, inverse_label={manager[1]!r}
)
hubassoc.AssociationLimit("one-payer", association=billing.inverse, max_to_object_ids=1)
hubassoc.AssociationLimit("employees", association=manager.inverse, max_to_object_ids=8)
hubassoc.AssociationLimit("deals", association=hubassoc.unlabeled("companies", "deals"), max_to_object_ids={deals})
pulumi.export("payer", billing.inverse_type_id)
pulumi.export("payer_name", billing.name)
"""


def texts(portal: Portal) -> set[tuple[str | None, str | None]]:
    """The texts of all labels."""
    return {(label.label, label.inverse_label) for label in portal.labels()}


def limits(portal: Portal) -> dict[str | None, int]:
    """The limits that are set, by the text of their type."""
    return {limit.label: limit.max_to_object_ids for limit in portal.limits()}


def test_made_and_gone_without_a_trace(estate: Estate) -> None:
    """A first preview looks and writes nothing; with nothing to do nothing is sent; destroy leaves nothing."""
    estate.program = relations()
    by_hand = estate.portal.drift.create_label("contacts", "companies", "Made by hand")

    preview = estate.done("preview")
    assert (preview.changed, estate.writes) == ({"create": 6}, [])
    assert sorted(r.operation for r in estate.requests) == ["account", "list_all_limits", *["list_labels"] * 3]
    up = estate.done("up")
    assert up.changed == {"create": 6}
    assert texts(estate.portal) == {
        ("Billing contact", "Billing contact"),
        ("Manager", "Employee"),
        ("Made by hand", "Made by hand"),
    }
    assert limits(estate.portal) == {"Billing contact": 1, "Employee": 8, None: 5}
    (payer,) = (limit for limit in estate.portal.limits() if limit.label == "Billing contact")
    assert (payer.from_object_type, up.outputs["payer"].value) == ("companies", payer.type_id)

    for operation in ("preview", "up"):
        again = estate.done(operation, expect_no_changes=True)  # type: ignore[arg-type]
        assert (again.changed, estate.requests) == ({}, [])

    assert estate.done("refresh", expect_no_changes=True).changed == {}
    assert estate.done("destroy").changed == {"delete": 6}
    assert (estate.portal.labels(), estate.portal.limits()) == ([by_hand], [])


READER = """
import pulumi
import pulumi_hubassoc as hubassoc

payer = pulumi.StackReference("organization/estate/dev").get_output("payer")
hubassoc.AssociationLimit(
    "by-number",
    from_object_type="companies",
    to_object_type="contacts",
    category="USER_DEFINED",
    type_id=payer,
    max_to_object_ids=1,
)
pulumi.export("copy", payer)
"""
"""A program of another stack that limits a label it knows by its number alone."""


def test_rename_is_one_update_and_disturbs_nothing_else(estate: Estate) -> None:
    """Preview and up of a rename show one update; limits, exports and a stack that refers to the label stay the same."""
    other = Estate(estate.engine, estate.emulator, estate.portal, estate.folder, estate.env, READER, project="reader")
    estate.program = relations()
    before = estate.done("up").outputs
    other.done("up")

    estate.program = relations(billing="Payer")
    preview = estate.done("preview")
    assert (operations(preview), estate.requests) == ({"billing": ["update"]}, [])
    assert preview.outputs["payer"] == before["payer"]
    (told,) = (e for e in preview.events if e.name == "billing")
    assert [(p, d.old, d.new) for p, d in told.diff.items()] == [("label", "Billing contact", "Payer")]

    up = estate.done("up")
    assert (operations(up), up.outputs) == ({"billing": ["update"]}, before)
    assert estate.writes == ["update_label"]
    assert limits(estate.portal) == {"Payer": 1, "Employee": 8, None: 5}
    again = other.done("preview")
    assert (again.changed, other.requests, again.outputs["copy"]) == ({}, [], before["payer"])


def test_single_becomes_paired_and_back_in_place(estate: Estate) -> None:
    """A second text, and its removal, are updates that keep both type ids."""
    estate.program = relations(manager=("Colleague", None))
    estate.done("up")
    ids = {label.type_id for label in estate.portal.labels()}
    for manager, shown in ((("Boss", "Report"), ("Boss", "Report")), (("Peer", None), ("Peer", "Peer"))):
        estate.program = relations(manager=manager)
        assert operations(estate.done("up")) == {"manager": ["update"]}
        assert shown in texts(estate.portal)
        assert {label.type_id for label in estate.portal.labels()} == ids
    assert estate.done("preview").changed == {}


def test_another_name_replaces_the_label_and_its_limit(estate: Estate) -> None:
    """The old label goes before the new one is made; its limit goes with it and is set on the new one."""
    estate.program = relations(name="payer_one")
    before = estate.done("up").outputs
    estate.program = relations(name="payer_two")
    preview = estate.done("preview")
    assert [r.operation for r in estate.requests] == ["account", "list_labels"]
    assert said_of(preview, "billing") == [], "the text is free: the old label goes first"
    (told,) = (e for e in preview.events if e.name == "billing" and e.operation == "replace")
    assert told.replace_keys == ("name",)

    up = estate.done("up")
    assert set(operations(up)) == {"billing", "one-payer"}
    assert estate.writes == ["delete_label", "create_label", "update_limits"], "deleted_with spares the purge"
    assert up.outputs["payer"] != before["payer"]
    assert up.outputs["payer_name"].value == "payer_two"
    assert limits(estate.portal) == {"Billing contact": 1, "Employee": 8, None: 5}
    assert estate.done("preview").changed == {}


@pytest.mark.parametrize(
    "flags",
    [{"replace": ["billing"]}, {"target_replace": ["billing"], "target_dependents": True}],
    ids=lambda f: next(iter(f)),
)
def test_flags_that_replace_delete_first(estate: Estate, flags: dict[str, Any]) -> None:
    """--replace and --target-replace never ask the provider, and still delete the label before they make it anew."""
    estate.program = relations()
    estate.done("up")
    options = {k: [estate.urn(name) for name in v] if isinstance(v, list) else v for k, v in flags.items()}
    estate.done("up", **options)
    assert estate.writes == ["delete_label", "create_label", "update_limits"]
    assert texts(estate.portal) == {("Billing contact", "Billing contact"), ("Manager", "Employee")}
    assert limits(estate.portal) == {"Billing contact": 1, "Employee": 8, None: 5}
    assert estate.done("up").changed == {}


def test_limit_replaced_by_a_flag_is_still_set(estate: Estate) -> None:
    """--replace of a limit removes it before it sets it, so that it is there afterwards."""
    estate.program = relations()
    estate.done("up")
    estate.done("up", replace=[estate.urn("deals", "AssociationLimit")])
    assert estate.writes == ["purge_limits", "update_limits"]
    assert limits(estate.portal)[None] == 5


Drifting = Callable[[Portal], object]


def id_of(portal: Portal, text: str) -> int:
    """The type id of the direction that shows a text."""
    sides = [side for label in portal.labels() for side in (label, label.flipped())]
    return next(side.type_id for side in sides if side.label == text)


@pytest.mark.parametrize(
    ("drift", "found", "repaired"),
    [
        pytest.param(
            lambda p: p.drift.rename_label(id_of(p, "Manager"), "Boss"),
            {"manager": ["update"]},
            {"manager": ["update"]},
            id="label renamed",
        ),
        pytest.param(
            lambda p: p.drift.delete_label(id_of(p, "Manager")),
            {"manager": ["delete"], "employees": ["delete"]},
            {"manager": ["create"], "employees": ["create"]},
            id="label deleted",
        ),
        pytest.param(
            lambda p: p.drift.set_limit("companies", "deals", 342, 9, "HUBSPOT_DEFINED"),
            {"deals": ["update"]},
            {"deals": ["update"]},
            id="limit changed",
        ),
        pytest.param(
            lambda p: p.drift.remove_limit("HUBSPOT_DEFINED", 342),
            {"deals": ["delete"]},
            {"deals": ["create"]},
            id="limit removed",
        ),
    ],
)
def test_drift_is_found_shown_and_repaired(
    estate: Estate, drift: Drifting, found: dict[str, list[str]], repaired: dict[str, list[str]]
) -> None:
    """What a person did in HubSpot shows in refresh and in the next preview, and up undoes it."""
    estate.program = relations()
    estate.done("up")
    declared = texts(estate.portal), limits(estate.portal)
    drift(estate.portal)
    assert (texts(estate.portal), limits(estate.portal)) != declared

    assert operations(estate.done("refresh")) == found
    assert operations(estate.done("preview")) == repaired
    assert operations(estate.done("up")) == repaired
    assert (texts(estate.portal), limits(estate.portal)) == declared
    assert estate.done("up", refresh=True).changed == {}


LABEL: dict[str, Any] = {"from_object_type": "contacts", "to_object_type": "companies", "label": "Payer"}


def one_label(**inputs: Any) -> str:
    """A program with one label."""
    return f"import pulumi_hubassoc as hubassoc\nhubassoc.AssociationLabel('payer', **{LABEL | inputs!r})\n"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"label": "  "}, "must not be blank"),
        ({"name": "made-up"}, "holds a hyphen"),
        ({"to_object_type": "planets"}, "is no object type"),
    ],
)
def test_bad_input_is_refused_at_preview(estate: Estate, wrong: dict[str, Any], reason: str) -> None:
    """Preview fails with one line about the resource, and nothing is sent."""
    estate.program = one_label(**wrong)
    preview = estate.run("preview")
    assert preview.exit_code != 0
    (line,) = said_of(preview, "payer")
    assert reason in line
    assert "\n" not in line
    assert estate.requests == []


@pytest.mark.parametrize("token", ["", "pat with spaces"])
def test_token_that_is_none(estate: Estate, token: str) -> None:
    """Without a token, or with one that cannot be one, a sentence says where to set it, and never what it was."""
    estate.env["HUBSPOT_ACCESS_TOKEN"] = token
    estate.program = one_label()
    results = [estate.run("preview"), estate.run("up")]
    assert (results[0].exit_code, results[1].exit_code) == (0, 1)
    (line,) = said_of(results[1], "payer")
    assert "hubassoc:accessToken" in line
    assert "HUBSPOT_ACCESS_TOKEN" in line
    assert "\n" not in line
    assert "Traceback" not in everything_said(results)
    assert not token or token not in everything_said(results)
    assert estate.requests == []


def test_wrong_portal_is_asked_who_it_is_and_nothing_else(estate: Estate) -> None:
    """With a token of another portal than the state's, no operation sends more than the account check."""
    foreign = estate.emulator.add_portal(token=FOREIGN_TOKEN, portal_id=4004)
    estate.program = relations()
    estate.done("up")
    estate.stack.set_config("hubassoc:accessToken", FOREIGN_TOKEN, secret=True)
    estate.program = relations(billing="Payer", deals=7)
    results = []
    for operation, options in (("up", {}), ("refresh", {"run_program": True}), ("destroy", {"run_program": True})):
        results.append(estate.run(operation, **options))  # type: ignore[arg-type]
        assert results[-1].exit_code == 1
        assert {r.operation for r in estate.requests} == {"account"}
    assert "WrongPortal" in everything_said(results)
    assert FOREIGN_TOKEN not in everything_said(results)
    assert (foreign.labels(), foreign.limits()) == ([], [])
    assert limits(estate.portal) == {"Billing contact": 1, "Employee": 8, None: 5}


def test_failing_create_is_one_line(estate: Estate) -> None:
    """What HubSpot refuses is one line about the resource; what was made is kept, and the next up makes the rest."""
    estate.emulator.arm(Fault("forbidden", operation="create_label"))
    estate.program = one_label()
    failed = estate.run("up")
    assert failed.exit_code == 1
    (line,) = said_of(failed, "payer")
    assert "\n" not in line
    assert "crm.objects.contacts.read" in line
    assert "Traceback" not in everything_said([failed])
    assert operations(estate.done("up")) == {"payer": ["create"]}
    assert texts(estate.portal) == {("Payer", "Payer")}
