"""What is in users' state stays readable for ever: pickles of the providers, ids, inputs and outputs, byte for byte.

`tests/states` holds one resource of each kind as the state keeps it. These files are never edited to make a test pass:
a release that needs them changed would break the stacks of everyone who is on the one before.
"""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.resources.label import LabelProvider, split_label_id
from pulumi_hubassoc.resources.limit import LimitProvider, split_limit_id
from pulumi_hubassoc.resources.limit_set import LimitSetProvider, split_set_id
from tests.workbench import KINDS, Stored, Workbench, wire

STATES = {path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "states").glob("*.json"))}
states = pytest.mark.parametrize("state", STATES.values(), ids=STATES)
State = dict[str, Any]

PICKLES = {
    LabelProvider: (
        "gASVOAAAAAAAAACMH3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGFiZWyUjA1MYWJlbFByb3ZpZGVylJOUKYGULg==",
        b"\x80\x04\x958\x00\x00\x00\x00\x00\x00\x00\x8c\x1fpulumi_hubassoc.resources.label\x94\x8c\rLabelProvider\x94\x93\x94)\x81\x94.",
    ),
    LimitProvider: (
        "gASVOAAAAAAAAACMH3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGltaXSUjA1MaW1pdFByb3ZpZGVylJOUKYGULg==",
        b"\x80\x04\x958\x00\x00\x00\x00\x00\x00\x00\x8c\x1fpulumi_hubassoc.resources.limit\x94\x8c\rLimitProvider\x94\x93\x94)\x81\x94.",
    ),
    LimitSetProvider: (
        "gASVPwAAAAAAAACMI3B1bHVtaV9odWJhc3NvYy5yZXNvdXJjZXMubGltaXRfc2V0lIwQTGltaXRTZXRQcm92aWRlcpSTlCmBlC4=",
        b"\x80\x04\x95?\x00\x00\x00\x00\x00\x00\x00\x8c#pulumi_hubassoc.resources.limit_set\x94\x8c\x10LimitSetProvider\x94\x93\x94)\x81\x94.",
    ),
}


@pytest.mark.parametrize("provider", PICKLES, ids=lambda provider: provider.__name__)
def test_a_pickle_is_the_name_of_a_class(provider: type) -> None:
    """The pickle in the state names module and class and nothing else, and loads as that class."""
    text, raw = PICKLES[provider]
    assert base64.b64decode(text) == raw
    assert type(dill.loads(raw)) is provider
    assert vars(dill.loads(raw)) == {}
    if pickle.DEFAULT_PROTOCOL == 4:
        assert serialize_provider(provider()) == text
    assert dill.loads(base64.b64decode(serialize_provider(provider()))).__class__ is provider


def test_pickles_stay_out_of_secrets() -> None:
    """Nothing secret is in a pickle, so Pulumi need not encrypt one for each resource."""
    assert {provider.serialize_as_secret_always for provider in KINDS.values()} == {False}


def test_the_pickle_of_every_provider_is_kept() -> None:
    """Above; a new one's is what `serialize_provider` makes of it."""
    lacking = set(KINDS.values()) - set(PICKLES)
    made = {provider: serialize_provider(provider()) for provider in lacking}
    assert {p.__name__: (text, base64.b64decode(text)) for p, text in made.items()} == {}


def prepare(portal: Portal, state: State) -> None:
    """What a portal has before a resource is made: a custom object, a label by hand, one id for both sides."""
    before = state["before"]
    portal.configure(**before.get("settings", {}))
    if "custom_object" in before:
        portal.add_custom_object(before["custom_object"])
    if "label" in before:
        portal.drift.create_label(*before["label"])


def stored(state: State) -> Stored:
    """The resource as the state has it."""
    return Stored(state["kind"], state["id"], wire(state["inputs"]), wire(state["outputs"]))


def test_there_is_a_state_of_each_kind() -> None:
    """Labels of all kinds, limits of all kinds and sets of them are kept."""
    assert set(STATES) == {
        "label_single",
        "label_paired",
        "label_single_one_object",
        "label_single_one_object_one_id",
        "label_paired_one_object",
        "label_custom_object",
        "label_given_name",
        "label_adopted",
        "limit_unlabeled",
        "limit_primary",
        "limit_label_forward",
        "limit_label_inverse",
        "limit_set",
        "limit_set_authoritative",
    }


@states
def test_todays_code_makes_this_state(bench: Workbench, portal: Portal, state: State) -> None:
    """Creating the resource in an empty portal ends in exactly this id, these inputs and outputs."""
    prepare(portal, state)
    bench.up({"x": (state["kind"], state["program"])})
    assert bench.state["x"] == stored(state)


@states
def test_todays_code_takes_this_state(bench: Workbench, portal: Portal, emulator: Emulator, state: State) -> None:
    """A state that was made before has nothing to do, reads as the same, updates and is deleted."""
    prepare(portal, state)
    kind, program = state["kind"], state["program"]
    bench.up({"x": (kind, program)})
    bench.state = {"x": stored(state)}
    emulator.journal.clear()
    difference, inputs_differ = bench.diff("x", program)
    assert (difference.changes, difference.replaces, inputs_differ) == (None, [], False)
    assert bench.up({"x": (kind, program)}) == {"x": "same"}
    assert len(emulator.journal) == 0
    assert bench.refresh() == {"x": "same"}
    change: dict[str, Any] = {
        "label": {"label": "Renamed"},
        "limit": {"max_to_object_ids": 3},
        "limits": {"limits": [program["limits"][0] | {"max_to_object_ids": 3}] if kind == "limits" else []},
    }[kind]
    assert bench.up({"x": (kind, program | change)}) == {"x": "update"}
    assert bench.state["x"].id == state["id"]
    kept = {k: v for k, v in bench.state["x"].outputs.items() if k not in change}
    assert kept == {k: v for k, v in stored(state).outputs.items() if k not in change}
    bench.destroy()
    assert [label for label in portal.labels() if label.label == "Renamed"] == []
    assert portal.limits() == []


@states
def test_checked_inputs_of_a_state_are_its_inputs(state: State) -> None:
    """An import sends stored inputs through check: they come back as they are."""
    checked = KINDS[state["kind"]]().check({}, wire(state["inputs"]))
    assert checked.failures == []
    assert wire(checked.inputs) == wire(state["inputs"])


@states
def test_an_id_tells_its_type_ids(state: State) -> None:
    """Type ids are read from the id, as whole numbers."""
    if state["kind"] == "label":
        ref = split_label_id(state["id"])
        assert (ref.type_id, ref.inverse_type_id) == (state["outputs"]["type_id"], state["outputs"]["inverse_type_id"])
    elif state["kind"] == "limits":
        ends = (state["inputs"]["from_object_type"], state["inputs"]["to_object_type"])
        assert split_set_id(state["id"]) == ends
    else:
        limit = split_limit_id(state["id"])
        assert (limit.category, limit.type_id) == (state["inputs"]["category"], state["inputs"]["type_id"])
