"""Ten thousand answers that cannot be trusted, each given to every step that asks for it: no traceback, no harm, never "gone"."""

from __future__ import annotations

import contextlib
import functools
import time
from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.errors import HubSpotError
from tests.conftest import TOKEN
from tests.hostile_scene import Lies, Scene
from tests.spoiled_bodies import FIELDS, bodies
from tests.wire import CALLS, answering, client

SHARES = range(44)
BODIES_PER_SHARE = 250
EMPTY = b'{"results": []}'
SECOND_WITNESS: dict[str, dict[str, Lies]] = {
    "schema": {step: {"list_labels": (200, EMPTY)} for step in ("read pet", "delete pet")},
    "list_limits": {"read limit": {"list_all_limits": (200, EMPTY)}},
}
"""Operation -> the steps that ask for it, and what must be hidden from them before they do."""


@functools.cache
def true_bodies() -> dict[str, Any]:
    """What operations would answer; for those that answer nothing, something that looks like a yes."""
    item = {"category": "HUBSPOT_DEFINED", "typeId": 342, "userEnforcedMaxToObjectIds": 7}
    root = "/crm/v4/associations"
    paths = {
        "account": "/account-info/v3/details",
        "list_labels": f"{root}/0-1/0-2/labels",
        "list_all_limits": f"{root}/definitions/configurations/all",
        "list_limits": f"{root}/definitions/configurations/0-2/0-3",
        "schema": "/crm/v3/schemas/0-1",
    }
    with httpx.Client(transport=Scene.build(0).emulator.transport(), base_url="https://api.hubapi.com") as http:
        reads = {o: http.get(p, headers={"Authorization": f"Bearer {TOKEN}"}).json() for o, p in paths.items()}
    return reads | {
        "create_label": {"results": [{"category": "USER_DEFINED", "typeId": i, "label": "New"} for i in (91, 92)]},
        "update_limits": {"status": "COMPLETE", "results": [item], "startedAt": "x", "completedAt": "y"},
        **{o: {"status": "COMPLETE", "results": []} for o in ("update_label", "delete_label", "purge_limits")},
    }


def who_asks(scene: Scene) -> dict[str, dict[str, Lies]]:
    """Operation -> the steps that ask for it, each with what else is a lie then."""
    asked = {name: scene.asked_while(name) for name in scene.steps}
    first = {o: {n: {} for n in sorted(asked) if o in asked[n]} for o in true_bodies() if o not in SECOND_WITNESS}
    return first | SECOND_WITNESS


@pytest.mark.timeout(120)
@pytest.mark.parametrize("share", SHARES)
def test_spoiled_answers(share: int) -> None:
    """Refused, or no harm done; every body is given to at least one step."""
    scene = Scene.build(share)
    asks = who_asks(scene)
    outcomes, played = Counter[str](), 0
    for operation, status, body in bodies(true_bodies(), share, BODIES_PER_SHARE):
        assert asks[operation]
        played += 1
        for name, hidden in asks[operation].items():
            try:
                outcome, _ = scene.play_lies(name, {**hidden, operation: (status, body)})
            except Exception as error:
                error.args = (f"{name}, {operation} answers {status} {body[:3000]!r}: {error}",)
                raise
            outcomes[outcome] += 1
    assert played == BODIES_PER_SHARE
    assert outcomes["refused"] > 2 * BODIES_PER_SHARE


def test_they_are_ten_thousand() -> None:
    """All shares together, counted as different bodies, and of every operation a provider asks for hundreds."""
    distinct, per_operation = set(), Counter[str]()
    for share in SHARES:
        for operation, _, body in bodies(true_bodies(), share, BODIES_PER_SHARE):
            per_operation[operation] += hash(body) not in distinct
            distinct.add(hash(body))
    assert len(distinct) >= 10_000
    assert set(per_operation) == set(true_bodies())
    assert min(per_operation.values()) > 500


FILLS = {
    "nothing": ("results", "{},"),
    "numbers": ("errors", "1,"),
    "texts": ("context", '"x",'),
    "definitions": ("associations", '{"id":1},'),
}
"""A field, and what eight megabytes of it can consist of."""


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize("fill", list(FILLS))
def test_the_longest_answer_takes_no_time(fill: str, status: int) -> None:
    """What is wrong with it is said after its first fault: to note all of them takes a minute and gigabytes."""
    field, item = FILLS[fill]
    items = item * (8_000_000 // len(item))
    body = f'{{"{field}": [{items[:-1]}], "status": "COMPLETE"}}'
    begin = time.process_time()
    for call in ("list_labels", "update_limits", "schema"):
        with contextlib.suppress(HubSpotError):
            CALLS[call](client(answering(status, body), patience_s=0.001))
    assert time.process_time() - begin < 10  # most of it is to carry three times eight megabytes


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=ANYTHING | st.binary(max_size=200), status=st.sampled_from((200, 201, 204, 207, 400, 401, 403, 429, 477, 503))
)
def test_any_body_is_an_answer_or_an_error(body: Any, status: int) -> None:
    """JSON of any shape with HubSpot's own field names, and any bytes, for every call: a value or `HubSpotError`."""
    for call in CALLS.values():
        with contextlib.suppress(HubSpotError):
            call(client(answering(status, body), patience_s=0.001))
