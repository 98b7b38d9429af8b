"""Whatever is sent, the emulator answers, and its portal stays one that HubSpot could have."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Portal

from .conftest import TOKEN, Api

OBJECTS = st.sampled_from(["contacts", "0-1", "COMPANIES", "deal", "p_toy"])
IDS = st.integers(-1, 12) | st.just(279)
TEXTS = st.sampled_from(["", "A", "B", "C", "Primary"])
NAMES = st.sampled_from([f"n{n}" for n in range(8)])
CATEGORIES = st.sampled_from(["U", "H"])
MAXIMA = st.integers(-1, 6)
STEPS = st.one_of(
    st.tuples(st.just("create"), OBJECTS, OBJECTS, NAMES, TEXTS, st.none() | TEXTS),
    st.tuples(st.just("update"), OBJECTS, OBJECTS, IDS, TEXTS, st.none() | TEXTS),
    st.tuples(st.just("delete"), OBJECTS, OBJECTS, IDS),
    st.tuples(
        st.just("batch"),
        st.sampled_from(["create", "update"]),
        OBJECTS,
        OBJECTS,
        st.tuples(CATEGORIES, IDS, MAXIMA),
        st.tuples(CATEGORIES, IDS, MAXIMA),
    ),
    st.tuples(st.just("batch"), st.just("purge"), OBJECTS, OBJECTS, st.tuples(CATEGORIES, IDS)),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "label", "inverseLabel", "associationTypeId", "inputs", "category", "typeId"]),
            inner,
        )
    ),
    max_leaves=8,
)


def a_portal() -> tuple[Portal, httpx.Client]:
    emulator = Emulator(seed=0)
    portal = emulator.add_portal(token=TOKEN, portal_id=1)
    portal.configure(labels_per_pair=3)
    portal.add_custom_object("toy")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return portal, httpx.Client(transport=emulator.transport(), base_url="http://hubspot", headers=headers)


def assert_possible(portal: Portal) -> None:
    """The rules that no sequence of requests may break."""
    state = portal.state
    labels = list(state.labels.values())
    assert max(Counter(label.name for label in labels).values(), default=1) == 1
    ids = [i for label in labels for i in {label.type_id, label.inverse_type_id}]
    assert len(ids) == len(set(ids))
    assert all(i < state.next_type_id for i in ids)
    pairs = {(label.from_object_type, label.to_object_type) for label in labels}
    for start, end in pairs | {(b, a) for a, b in pairs}:
        types = state.types(start, end)
        made = [label for label in state.of_pair(start, end) if not label.is_plain]
        assert len(made) <= 3
        assert sum(t.label is None for t in types) == 1
        # A text stands once in a list, but for the two sides of one label.
        shown = Counter((t.label, t.name) for t in types)
        assert len({text for text, _ in shown}) == len(shown)
        ceiling = next((state.limits[t.key] for t in types if t.label is None and t.key in state.limits), 10_000)
        assert all(1 <= state.limits[t.key] <= ceiling for t in types if t.key in state.limits)
    assert all(state.type_of(key) for key in state.limits)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_no_sequence_of_requests_makes_an_impossible_portal(steps: list[tuple[Any, ...]]) -> None:
    """Names, ids, texts, caps and ranges hold after every step, and a refused request changes nothing."""
    portal, client = a_portal()
    with client:
        api = Api(client)
        for verb, *arguments in steps:
            before = portal.state
            answer = getattr(api, verb)(*arguments)
            assert answer.status_code in {200, 201, 204, 207, 400, 437}
            if answer.is_error:
                assert portal.state is before
                assert answer.json()["status"] == "error"
            assert_possible(portal)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["POST /contacts/companies/labels", "PUT /contacts/companies/labels"])
    | st.sampled_from(["create", "update", "purge"]).map(
        lambda verb: f"POST /definitions/configurations/contacts/companies/batch/{verb}"
    ),
    st.binary(max_size=20) | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_answered(where: str, body: bytes) -> None:
    """Bytes that are no JSON and JSON that is no request are refused with 400, or meant something after all."""
    method, path = where.split(" ")
    portal, client = a_portal()
    with client:
        answer = client.request(method, f"/crm/v4/associations{path}", content=body)

    assert answer.status_code in {200, 201, 204, 207, 400}
    assert_possible(portal)


def test_a_bottomless_body_and_half_a_character_are_answered() -> None:
    """Deep nesting is a 400; a lone surrogate is a text like any other, shown as a question mark."""
    _, client = a_portal()
    with client:
        path = "/crm/v4/associations/contacts/companies/labels"
        assert client.post(path, content=b"[" * 200_000).status_code == 400
        made = client.post(path, content=b'{"name":"n","label":"\\ud800"}')

    assert made.status_code == 200
    assert {r["label"] for r in made.json()["results"]} == {"?"}
