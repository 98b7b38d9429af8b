"""Several portals in one stack: explicit providers, their tokens, and what moves between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pulumi
import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.emulator import Emulator, Portal
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, everything_said, make_engine, operations

EU, US = "token-of-the-eu-portal", "token-of-the-us-portal"
PROGRAM = """
import pulumi, pulumi_hubassoc as hubassoc
class Part(pulumi.ComponentResource):
    def __init__(self, provider):
        super().__init__("crm:index:Part", "part", None, pulumi.ResourceOptions(providers=[provider]))
def label(name, provider, **more):
    return hubassoc.AssociationLabel(name, from_object_type="contacts", to_object_type="companies", label=name.title(),
        opts=pulumi.ResourceOptions(provider=provider, **more))
config = pulumi.Config()
eu = hubassoc.Provider("eu", access_token=config.require_secret("euToken"), portal_id=2002)
us = hubassoc.Provider("us", portal_id=3003,
    opts=pulumi.ResourceOptions(env_var_mappings={"TOKEN_OF_US": "HUBSPOT_ACCESS_TOKEN"}))
mover = label("mover", eu)
pulumi.export("mover", mover.type_id)
hubassoc.AssociationLimit("limit", association=mover.inverse, max_to_object_ids=3, opts=pulumi.ResourceOptions(provider=eu))
label("inherited", None, parent=Part(us))
label("default", None)
"""


@pytest.fixture(params=ENGINES)
def estate(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, portal: Portal) -> Estate:
    """A stack with three portals: of the configuration, of a token in the state, of a token in the environment."""
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "TOKEN_OF_US": US,
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    emulator.add_portal(token=EU, portal_id=2002)
    emulator.add_portal(token=US, portal_id=3003)
    estate = Estate(make_engine(request.param, tmp_path), emulator, portal, tmp_path, env, PROGRAM)
    estate.stack.set_config("euToken", EU, secret=True)
    return estate


def texts(estate: Estate) -> dict[int, set[str]]:
    """Portal id -> texts of its labels."""
    return {portal.portal_id: {label.label or "" for label in portal.labels()} for portal in estate.emulator.portals()}


@pytest.mark.timeout(240)
def test_two_portals_in_one_stack(estate: Estate) -> None:
    """Each resource is made where its provider leads, a second up does nothing, and a move is a replacement."""
    estate.done("preview")
    estate.done("up")
    assert texts(estate) == {1001: {"Default"}, 2002: {"Mover"}, 3003: {"Inherited"}}
    state = json.dumps(estate.stack.export_state())
    assert (EU in state, US in state, TOKEN in state) == (False, False, False), "encrypted, or not there at all"
    assert estate.done("up", expect_no_changes=True).changed == {}
    assert estate.requests == []
    assert estate.done("refresh").changed == {}

    estate.program = PROGRAM.replace('label("mover", eu)', 'label("mover", us)').replace(
        "provider=eu))", "provider=us))"
    )
    preview = estate.done("preview")
    moved = {"mover": ["create-replacement", "delete-replaced", "replace"]}
    assert {name: sorted(found) for name, found in operations(preview).items()}["mover"] == moved["mover"]
    estate.done("up")
    assert texts(estate) == {1001: {"Default"}, 2002: set(), 3003: {"Inherited", "Mover"}}
    assert {limit.portal_id for limit in _limits(estate)} == {3003}
    assert estate.done("up", expect_no_changes=True).changed == {}
    estate.done("destroy")
    assert texts(estate) == {1001: set(), 2002: set(), 3003: set()}


def _limits(estate: Estate) -> list[Any]:
    return [type("L", (), {"portal_id": p.portal_id}) for p in estate.emulator.portals() for _ in p.limits()]


@pytest.mark.timeout(240)
def test_another_token_replaces_nothing(estate: Estate) -> None:
    """A token that was rotated is an update of the provider alone; refresh and destroy take the stored one."""
    estate.done("up")
    estate.emulator.add_token("rotated-eu-token", 2002)
    estate.stack.set_config("euToken", "rotated-eu-token", secret=True)
    up = estate.done("up")
    assert operations(up) == {}
    assert up.changed == {"update": 1}
    assert estate.requests == []
    estate.emulator.revoke(EU)
    estate.done("refresh")
    estate.done("destroy")
    assert texts(estate) == {1001: set(), 2002: set(), 3003: set()}


@pytest.mark.timeout(240)
def test_the_wrong_portal_is_refused(estate: Estate) -> None:
    """The portal that is named is not the token's: one request, nothing made there."""
    estate.program = PROGRAM.replace("portal_id=2002", "portal_id=2003")
    result = estate.run("up")
    assert not result.ok
    assert "The token belongs to portal 2002 (STANDARD), but hubassoc:portalId says 2003" in everything_said([result])
    assert texts(estate)[2002] == set()
    assert [r.operation for r in estate.emulator.journal.records(portal_id=2002)] == ["account"]


BAD = """
import pulumi, pulumi_hubassoc as hubassoc
hubassoc.AssociationLabel("fine", from_object_type="contacts", to_object_type="companies", label="Fine")
hubassoc.Provider("eu", access_token="has a space", portal_id=-1, base_url="http://example.com", api_version="v9",
    timeout_seconds=0, preflight="perhaps", account_types=["TOY"])
hubassoc.AssociationLabel("blank", from_object_type="contacts", to_object_type="companies", label=" ")
"""


@pytest.mark.timeout(120)
def test_plain_mistakes_of_a_provider_are_told_with_all_others(estate: Estate) -> None:
    """One line each, no traceback, no token, and nothing is sent."""
    estate.program = BAD
    for operation in ("preview", "up"):
        result = estate.run(operation)
        assert not result.ok
        told = everything_said([result])
        for part in ("accessToken", "portalId", "baseUrl", "apiVersion", "timeoutSeconds", "preflight", "accountTypes"):
            assert f"hubassoc:{part} " in told
        assert "has a space" not in told
        assert "Provider 'eu': hubassoc:portalId is '-1' — use a number greater than 0" in told
    assert [p.labels() for p in estate.emulator.portals()] == [[], [], []]


def test_it_cannot_be_mixed_up_with_another_package() -> None:
    """It is a provider of the package of dynamic providers."""
    assert issubclass(hubassoc.Provider, pulumi.ProviderResource)


@pytest.mark.parametrize("mode", ["in-process", "process"])
def test_stacks_under_test_have_it_too(mode: Literal["in-process", "process"], request: pytest.FixtureRequest) -> None:
    """A program under test reaches emulated portals by the tokens of its explicit providers, and nothing else."""
    request.applymarker(pytest.mark.hubassoc(provider=mode))
    stack_of, portal = request.getfixturevalue("hubassoc_stack"), request.getfixturevalue("hubspot_portal")
    other = portal.add_portal(2002)

    def program() -> None:
        there = hubassoc.Provider("there", access_token=other.token, portal_id=2002)
        for name, provider in (("here", None), ("there", there)):
            hubassoc.AssociationLabel(
                name,
                from_object_type="contacts",
                to_object_type="companies",
                label=name,
                opts=pulumi.ResourceOptions(provider=provider),
            )

    stack_of(program).up()
    portal.assert_labels(("contacts", "companies", "here"))
    other.assert_labels(("contacts", "companies", "there"))


@pytest.mark.hubassoc(provider="process")
def test_a_stack_under_test_reaches_nothing_real(request: pytest.FixtureRequest) -> None:
    """Not even where the program says so: no https leaves the processes of a test."""
    stack_of, portal = request.getfixturevalue("hubassoc_stack"), request.getfixturevalue("hubspot_portal")

    def program() -> None:
        real = hubassoc.Provider(
            "real", access_token=portal.token, base_url="https://api.hubapi.com", patience_seconds=1, preflight=False
        )
        hubassoc.AssociationLabel(
            "x",
            from_object_type="contacts",
            to_object_type="companies",
            label="X",
            opts=pulumi.ResourceOptions(provider=real),
        )

    [error] = stack_of(program).up(fails=True).errors_of("x")
    assert "no answer from https://api.hubapi.com (ConnectError)" in error


def test_settings_of_any_form_are_taken(request: pytest.FixtureRequest) -> None:
    """Awaitables, tuples, whole floats, and outputs that turn out to hold nothing, which are as if they were not given."""
    stack_of, portal = request.getfixturevalue("hubassoc_stack"), request.getfixturevalue("hubspot_portal")

    async def portal_id() -> int:
        return portal.portal.portal_id

    def program() -> None:
        there = hubassoc.Provider(
            "there",
            access_token=pulumi.Output.from_input(portal.token),
            portal_id=portal_id(),
            account_types=("STANDARD", "SANDBOX"),
            labels_per_pair=50.0,  # type: ignore[arg-type]
            api_version=pulumi.Output.from_input(None),  # type: ignore[arg-type]
        )
        hubassoc.AssociationLabel(
            "x",
            from_object_type="contacts",
            to_object_type="companies",
            label="X",
            opts=pulumi.ResourceOptions(provider=there),
        )

    stack = stack_of(program)
    stack.up()
    assert stack.up().changed == {}
    portal.assert_labels(("contacts", "companies", "X"))


@pytest.mark.hubassoc(provider="process")
def test_a_look_up_of_a_function_under_test_reaches_the_emulator(request: pytest.FixtureRequest) -> None:
    """The program runs in the test's process, and is led to the emulator as the processes are."""
    stack_of, portal = request.getfixturevalue("hubassoc_stack"), request.getfixturevalue("hubspot_portal")

    def program() -> None:
        there = hubassoc.Provider("there", access_token=portal.token, patience_seconds=1)
        types = hubassoc.get_association_types_output("contacts", "companies", provider=there)
        pulumi.export("types", types.apply(len))

    assert stack_of(program).up().outputs["types"].value == 3
