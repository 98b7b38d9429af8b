"""Answers that cannot be trusted: whatever HubSpot, or somebody in its place, says, no traceback, no harm, never "gone".

Two sources of answers: a list of those that somebody thought of, and thousands that a seeded generator makes by spoiling
true ones. Each is given to one operation while a provider creates, reads, updates or deletes a label and a limit.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Fault
from pulumi_hubassoc.errors import HubAssocError, HubSpotError
from tests.conftest import TOKEN
from tests.wire import CALLS, answering, client
from tests.workbench import LABEL, PAIRED, Process, Stored, Workbench

OBJECT_LIMIT = {
    "from_object_type": "companies",
    "to_object_type": "deals",
    "category": "HUBSPOT_DEFINED",
    "type_id": 342,
    "max_to_object_ids": 5,
}
FIELDS = [
    "results",
    "associations",
    "category",
    "typeId",
    "label",
    "userEnforcedMaxToObjectIds",
    "portalId",
    "accountType",
    "timeZone",
    "id",
    "name",
    "status",
    "errors",
    "numErrors",
    "message",
    "context",
    "subCategory",
    "correlationId",
    "policyName",
    "errorType",
    "paging",
]
OPERATIONS = (
    "account",
    "list_labels",
    "create_label",
    "update_label",
    "delete_label",
    "list_all_limits",
    "list_limits",
    "update_limits",
    "purge_limits",
    "schema",
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6),
    max_leaves=20,
)
SEEDS = range(24)
BODIES_PER_SEED = 100


@dataclass
class Scene:
    """A portal with three labels, one between a contact and a custom object's record, and a limit; all are in a state."""

    emulator: Emulator
    bench: Workbench

    @classmethod
    def build(cls, seed: int) -> Scene:
        """The same for every seed but for the order of answers."""
        emulator = Emulator(seed=seed)
        portal = emulator.add_portal(token=TOKEN, portal_id=1001)
        portal.add_custom_object("pet", object_type_id="2-7")
        bench = Workbench(emulator, {"hubassoc:accessToken": TOKEN})
        bench.up(
            {
                "single": ("label", LABEL),
                "paired": ("label", PAIRED),
                "pet": ("label", {**LABEL, "to_object_type": "p_pet", "label": "Owner"}),
                "limit": ("limit", OBJECT_LIMIT),
            }
        )
        return cls(emulator, bench)

    def steps(self) -> dict[str, tuple[str, Callable[[Process], Any]]]:
        """What a provider can be asked to do here: kind of method, and the call in a process of its own."""

        def look(old: Stored) -> Callable[[Process], Any]:
            return lambda p: p.providers[old.kind].read(old.id, old.outputs)

        def remove(old: Stored) -> Callable[[Process], Any]:
            return lambda p: p.providers[old.kind].delete(old.id, old.outputs)

        def change(old: Stored, **news: Any) -> Callable[[Process], Any]:
            return lambda p: p.providers[old.kind].update(old.id, old.outputs, {**old.inputs, **news})

        def make(kind: str, news: dict[str, Any]) -> Callable[[Process], Any]:
            return lambda p: p.providers[kind].create(p.check(kind, news))

        state = self.bench.state
        return {
            **{f"read {name}": ("read", look(old)) for name, old in state.items()},
            **{f"delete {name}": ("delete", remove(old)) for name, old in state.items()},
            "update single": ("update", change(state["single"], label="Other")),
            "update paired": ("update", change(state["paired"], label="Boss")),
            "update limit": ("update", change(state["limit"], max_to_object_ids=7)),
            "create single": ("create", make("label", {**LABEL, "label": "New", "name_suffix": "newone"})),
            "create paired": ("create", make("label", {**PAIRED, "label": "X", "inverse_label": "Y"})),
            "create limit": ("create", make("limit", {**OBJECT_LIMIT, "to_object_type": "contacts", "type_id": 280})),
        }

    def asked_while(self, step: Callable[[Process], Any]) -> list[str]:
        """Which operations a step asks for where nothing is wrong; the portal is put back."""
        portal = self.emulator.portal(1001)
        state, before = portal.state, len(self.emulator.journal)
        step(self.bench.process())
        portal.load(state)
        return [r.operation for r in self.emulator.journal][before:]

    def play(self, name: str, fault: Fault) -> tuple[str, Any]:
        """One step against a fault, judged; the portal is put back after it.

        Returns:
            "refused" and the error, or "done" and the result.
        """
        method, step = self.steps()[name]
        portal = self.emulator.portal(1001)
        state = portal.state
        self.emulator.arm(fault)
        try:
            result = step(self.bench.process())
        except HubAssocError as error:
            return "refused", error
        finally:
            after = portal.state
            self.emulator.disarm()
            portal.load(state)
        self._judge(name, method, result, changed=after is not state)
        return "done", result

    def _judge(self, name: str, method: str, result: Any, *, changed: bool) -> None:
        """A step that ended well in spite of a lie told the truth all the same."""
        old = self.bench.state.get(name.split()[1])
        if method == "read":
            assert old is not None
            assert result.id == old.id, "gone, or another resource"
            assert (result.inputs, result.outs) == (_stored(old.inputs), _stored(old.outputs))
        else:
            assert changed, f"{method} is said to be done, and nothing was"


def _stored(props: dict[str, Any]) -> dict[str, Any]:
    return {k: int(v) if type(v) is float else v for k, v in props.items() if k != "__provider"}


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One scene for all answers that are thought of: each puts the portal back."""
    return Scene.build(0)


def fault(operation: str, items: list[tuple[Any, ...]] | None = None, **more: Any) -> Fault:
    """An operation that answers with a list of types, well-formed and yet not to be believed."""
    results = [{"category": c, "typeId": i, "label": t} for c, i, t in items or []]
    return Fault("answer", operation, count=None, body={"results": results, **more})


HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
UNLABELED, PRIMARY, FOREIGN = (HUBSPOT, 279, None), (HUBSPOT, 1, "Primary"), (HUBSPOT, 341, None)
DOUBTFUL: dict[str, Callable[[int, str], list[tuple[Any, ...]]]] = {
    "an empty list, which a standard pair never has": lambda _i, _t: [],
    "a list without the unlabeled type": lambda _i, _t: [PRIMARY],
    "the list of another pair": lambda _i, _t: [FOREIGN, (HUBSPOT, 5, "Primary")],
    "the label under a category nobody knows": lambda i, t: [UNLABELED, PRIMARY, ("SOMETHING_NEW", i, t)],
    "the label under WORK": lambda i, t: [UNLABELED, PRIMARY, ("WORK", i, t)],
    "the label under INTEGRATOR_DEFINED": lambda i, t: [UNLABELED, PRIMARY, ("INTEGRATOR_DEFINED", i, t)],
    "the label under a category in small letters": lambda i, t: [UNLABELED, PRIMARY, ("user_defined", i, t)],
    "the label without a text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, None)],
    "the label with an empty text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, "")],
    "the label with a blank text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, "   ")],
}
"""Lists from which nobody may conclude that a label is gone, or renamed, by its type id and text."""


class TestDoubtfulLists:
    """Well-formed lists that are not plausible: refused, and what is in the state stays there."""

    @pytest.mark.parametrize("why", list(DOUBTFUL))
    @pytest.mark.parametrize("method", ["read", "delete"])
    def test_a_label_is_not_gone(self, scene: Scene, why: str, method: str) -> None:
        """Neither does a read let go of it, nor does a delete take it for done."""
        type_id = int(scene.bench.state["single"].id.split("/")[2])
        lie = fault("list_labels", DOUBTFUL[why](type_id, LABEL["label"]))
        outcome, error = scene.play(f"{method} single", lie)
        assert outcome == "refused" or method == "delete", error

    @pytest.mark.parametrize("skip", range(4))
    def test_a_label_that_one_list_has_and_another_not_is_not_gone(self, scene: Scene, skip: int) -> None:
        """Whichever of the two directions lacks it once, and however good that list looks."""
        good = [UNLABELED, PRIMARY, (HUBSPOT, 280, None), (HUBSPOT, 2, "Primary")]
        lie = Fault("answer", "list_labels", skip=skip, body=fault("", good).body)
        outcome, result = scene.play("read single", lie)
        assert outcome == "refused" or result.id == scene.bench.state["single"].id

    def test_a_label_of_a_custom_object_is_not_gone_while_its_schema_has_it(self, scene: Scene) -> None:
        """Such a pair may truly have an empty list; the definitions are the second witness."""
        for items in ([], [("WORK", 77, "x")], [(HUBSPOT, 279, None)]):
            for method in ("read", "delete"):
                outcome, error = scene.play(f"{method} pet", fault("list_labels", items))
                assert outcome == "refused", error

    @pytest.mark.parametrize("others", [[], [(HUBSPOT, 4, None)], [("WORK", 342, None)]])
    def test_a_limit_is_not_gone_while_the_list_of_its_pair_has_it(
        self, scene: Scene, others: list[tuple[Any, ...]]
    ) -> None:
        """A list of all limits that lacks one is not enough: it may be truly empty, or not all of it."""
        outcome, result = scene.play("read limit", fault("list_all_limits", others))
        assert outcome == "refused" or result.id == scene.bench.state["limit"].id

    def test_true_lists_are_believed(self, scene: Scene) -> None:
        """The rules above do not stop what is true: what is gone in the portal is gone."""
        portal = scene.emulator.portal(1001)
        state = portal.state
        for old in scene.bench.state.values():
            process = scene.bench.process()
            process.providers[old.kind].delete(old.id, old.outputs)
        for old in scene.bench.state.values():
            assert scene.bench.process().providers[old.kind].read(old.id, old.outputs).id == ""
        portal.load(state)


def spoiled(true: Any, dice: random.Random) -> bytes:
    """A body made from a true one so that it cannot be believed any more."""
    return dice.choice(_WAYS)(copy.deepcopy(true), dice)


def _items(body: Any) -> list[dict[str, Any]]:
    """The objects of a body that say something: those of its list, or itself."""
    items = (body.get("results") or body.get("associations") or []) if isinstance(body, dict) else []
    return [i for i in items if isinstance(i, dict)] or [body]


NOT_TEXTS: tuple[Any, ...] = (7, -1, True, 1.5, [], {}, ["x"], {"x": 1})
NOT_NUMBERS: tuple[Any, ...] = ("7", "", True, False, 1.5, -1, -(2**31), 2**31, 2**70, 1e300, [], {}, [7], "NaN")
TEXTS, NUMBERS = ("category", "label"), ("typeId", "userEnforcedMaxToObjectIds", "portalId")


def _another_type(body: Any, dice: random.Random) -> bytes:
    """One field of one item has a value of a type or a size that it cannot have."""
    item = dice.choice(_items(body))
    fields = [k for k in item if k in TEXTS + NUMBERS] or ["status"]
    field = dice.choice(fields)
    item[field] = dice.choice(NOT_TEXTS if field in (*TEXTS, "status") else NOT_NUMBERS)
    return json.dumps(body).encode()


def _field_missing(body: Any, dice: random.Random) -> bytes:
    """A field that is always there is not."""
    item = dice.choice(_items(body))
    must = [k for k in ("category", "typeId", "label", "portalId", "id") if k in item and item is not body] or list(
        body
    )
    if item is body and "portalId" in body:
        must = ["portalId"]
    del item[must[0] if item is body else dice.choice(must)]
    return json.dumps(body).encode()


def _two_meanings(body: Any, dice: random.Random) -> bytes:
    """One type twice, as two different things."""
    items = body.get("results")
    if not items:
        return b'{"results": null}'
    twin = dict(dice.choice(items))
    if "userEnforcedMaxToObjectIds" in twin:
        twin["userEnforcedMaxToObjectIds"] = (twin["userEnforcedMaxToObjectIds"] or 0) + 1
    else:
        twin["label"] = f"not {twin.get('label')}"
    items.insert(dice.randrange(len(items) + 1), twin)
    return json.dumps(body).encode()


def _broken_text(body: Any, dice: random.Random) -> bytes:
    """Not JSON any more: cut, with a byte that is no UTF-8, with a mark in front, with NaN, twice, as a page."""
    raw = json.dumps(body).encode()
    cut = dice.randrange(len(raw))
    ways: tuple[bytes, ...] = (
        raw[:cut],
        raw[:cut] + b"\xff" + raw[cut + 1 :],
        b"\xef\xbb\xbf" + raw,
        raw + raw,
        raw.decode().encode("utf-16"),
        b"<html><body>" + raw + b"</body></html>",
        raw.replace(b":", b": NaN,", 1),
        raw + b"\x00",
        b"callback(" + raw + b")",
        b"",
        b" ",
    )
    return dice.choice(ways)


LARGE = '{"results": [' + " " * 9_000_000 + "]}"


def _another_shape(body: Any, dice: random.Random) -> bytes:
    """JSON of another shape: the list alone, too deep, too large, an error under 200."""
    deep = "[" * dice.choice((50, 5_000, 200_000))
    error = {"status": "error", "message": "internal error", "correlationId": "x", "category": "VALIDATION_ERROR"}
    ways: tuple[Any, ...] = (
        _items(body),
        {"results": {"0": _items(body)}},
        {"results": [_items(body)]},
        {"results": [None]},
        {"data": body},
        error,
        body | error if isinstance(body, dict) and "portalId" not in body else error,
        {**_list_of(body), "errors": [{"message": "partial"}], "numErrors": 1},
        {**_list_of(body), "paging": {"next": {"after": "2", "link": "?after=2"}}},
        f'{{"results": {deep}',
        f'{{"results": {deep}{"]" * len(deep)}, "portalId": {deep}{"]" * len(deep)}}}',
        *("null", "true", "0", '"ok"', "[]", "{}"),
        LARGE,
    )
    way = dice.choice(ways)
    return (way if isinstance(way, str) else json.dumps(way)).encode()


def _list_of(body: Any) -> dict[str, Any]:
    return {"results": body["results"]} if isinstance(body, dict) and isinstance(body.get("results"), list) else {}


_WAYS: tuple[Callable[[Any, random.Random], bytes], ...] = (
    _another_type,
    _field_missing,
    _two_meanings,
    _broken_text,
    _another_shape,
)


def true_body(scene: Scene, operation: str) -> Any:
    """What the portal would answer to an operation; for those that answer nothing, something that looks like a yes."""
    root = "/crm/v4/associations"
    paths = {
        "account": "/account-info/v3/details",
        "list_labels": f"{root}/0-1/0-2/labels",
        "list_all_limits": f"{root}/definitions/configurations/all",
        "list_limits": f"{root}/definitions/configurations/0-2/0-3",
        "schema": "/crm/v3/schemas/0-1",
    }
    if operation in paths:
        with httpx.Client(transport=scene.emulator.transport(), base_url="https://api.hubapi.com") as http:
            return http.get(paths[operation], headers={"Authorization": f"Bearer {TOKEN}"}).json()
    if operation == "create_label":
        return {"results": [{"category": "USER_DEFINED", "typeId": i, "label": "New"} for i in (91, 92)]}
    if operation == "update_limits":
        item = {"category": "HUBSPOT_DEFINED", "typeId": 342, "userEnforcedMaxToObjectIds": 7}
        return {"status": "COMPLETE", "results": [item], "startedAt": "x", "completedAt": "y"}
    return {"status": "COMPLETE", "results": []}


def stories(seed: int) -> Iterator[tuple[str, str, int, bytes]]:
    """Steps, the operation that lies to them, the status of the lie, and its body."""
    dice = random.Random(seed)
    scene = Scene.build(seed)
    asked = {name: set(scene.asked_while(step)) & set(OPERATIONS) for name, (_, step) in scene.steps().items()}
    true = {operation: true_body(scene, operation) for operation in OPERATIONS}
    for _ in range(BODIES_PER_SEED):
        operation = dice.choice(OPERATIONS)
        body = spoiled(true[operation], dice)
        if _is_a_yes(operation, body):
            continue
        for name in sorted(asked):
            if operation in asked[name]:
                yield name, operation, dice.choice((200, 200, 200, 207, 201)), body


def _is_a_yes(operation: str, body: bytes) -> bool:
    """Whether a body is a documented yes to a write in spite of all: then it is a plain lie, which nobody can see."""
    if operation not in {"update_label", "delete_label", "purge_limits"}:
        return False
    try:
        told = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return not body.strip()
    done = isinstance(told, dict) and told.get("status") == "COMPLETE" and not told.get("errors")
    return not body.strip() or (operation == "purge_limits" and done and isinstance(told.get("results", []), list))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", SEEDS)
def test_spoiled_answers(seed: int) -> None:
    """Over two thousand bodies in all, each given to every step that asks for it: refused, or no harm done."""
    scene = Scene.build(seed)
    outcomes = {"refused": 0, "done": 0}
    for name, operation, status, body in stories(seed):
        try:
            outcome, _ = scene.play(name, Fault("answer", operation, count=None, status=status, body=body))
        except Exception as error:
            error.args = (f"{name}, {operation} answers {status} {body[:3000]!r}: {error}",)
            raise
        outcomes[outcome] += 1
    assert outcomes["refused"] > 100


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=ANYTHING | st.binary(max_size=200), status=st.sampled_from((200, 201, 204, 207, 400, 401, 403, 429, 477, 503))
)
def test_any_body_is_an_answer_or_an_error(body: Any, status: int) -> None:
    """JSON of any shape with HubSpot's own field names, and any bytes, for every call: a value or `HubSpotError`."""
    for call in CALLS.values():
        with contextlib.suppress(HubSpotError):
            call(client(answering(status, body), patience_s=0.001))
