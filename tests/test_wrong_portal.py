"""A token of another portal gets no further than the question whose it is: DELETE and PUT go by small bare numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.errors import WrongPortal
from tests.conftest import TOKEN
from tests.workbench import LABEL, OBJECT_LIMIT, Props, Stored, Workbench

OTHER_TOKEN = "pat-na1-of-another-portal"
PROGRAM: dict[str, tuple[str, Props]] = {"label": ("label", LABEL), "limit": ("limit", OBJECT_LIMIT)}


@pytest.fixture
def other(emulator: Emulator) -> Portal:
    """Another portal, a sandbox, in which the same numbers are somebody else's label and limit."""
    other = emulator.add_portal(token=OTHER_TOKEN, portal_id=2002, account_type="SANDBOX")
    other.drift.create_label("contacts", "companies", "Somebody else's")
    other.drift.set_limit("companies", "deals", 342, 9, "HUBSPOT_DEFINED")
    return other


WAYS: dict[str, tuple[Props, str]] = {
    # how token and meaning part: the configuration beside the other token, what the error says
    "configured": ({"hubassoc:portalId": "1001"}, "hubassoc:portalId says 1001"),
    "by the state": ({}, "this resource was made in portal 1001"),
    "by the account type": ({"hubassoc:accountTypes": "STANDARD, DEVELOPER_TEST"}, "hubassoc:accountTypes allows"),
}
kinds = pytest.mark.parametrize("kind", PROGRAM)


def operations(bench: Workbench, kind: str, stored: Stored) -> dict[str, Callable[[], object]]:
    """What an engine can ask of a resource, each in a process of its own."""
    changed = stored.inputs | ({"label": "Payer"} if kind == "label" else {"max_to_object_ids": 6})
    return {
        "create": lambda: bench.process().providers[kind].create(stored.inputs),
        "update": lambda: bench.process().providers[kind].update(stored.id, stored.outputs, changed),
        "read": lambda: bench.process().providers[kind].read(stored.id, stored.outputs),
        "delete": lambda: bench.process().providers[kind].delete(stored.id, stored.outputs),
    }


@pytest.mark.parametrize(
    ("way", "operation"),
    # A new resource has no state that says where it was made.
    [
        (way, o)
        for way in WAYS
        for o in ("create", "update", "read", "delete")
        if (way, o) != ("by the state", "create")
    ],
)
@kinds
def test_a_foreign_token_asks_one_question(
    bench: Workbench, portal: Portal, other: Portal, emulator: Emulator, way: str, kind: str, operation: str
) -> None:
    """Exactly one request, the account read; nothing is written, and nothing is taken as gone."""
    bench.up(PROGRAM)
    bench.config = {"hubassoc:accessToken": OTHER_TOKEN, **WAYS[way][0]}
    before = other.dump()
    emulator.journal.clear()
    with pytest.raises(WrongPortal, match=WAYS[way][1]) as caught:
        operations(bench, kind, bench.state[kind])[operation]()
    assert "nothing was sent to it" in str(caught.value)
    assert OTHER_TOKEN not in str(caught.value)
    assert emulator.journal.operations() == ["account"]
    assert other.dump() == before


def test_a_whole_run_asks_once(bench: Workbench, portal: Portal, other: Portal, emulator: Emulator) -> None:
    """All resources of a process share the one question."""
    bench.up(PROGRAM)
    bench.config = {"hubassoc:accessToken": OTHER_TOKEN}
    emulator.journal.clear()
    process = bench.process()
    for stored in bench.state.values():
        with pytest.raises(WrongPortal):
            process.providers[stored.kind].read(stored.id, stored.outputs)
    assert emulator.journal.operations() == ["account"]


@kinds
def test_another_configured_portal_replaces(bench: Workbench, portal: Portal, other: Portal, kind: str) -> None:
    """Where the configured portal is not the state's, diff says so without a request; moving is a replacement."""
    bench.up(PROGRAM)
    bench.config = {"hubassoc:accessToken": OTHER_TOKEN, "hubassoc:portalId": 2002.0}
    difference, _ = bench.diff(kind, PROGRAM[kind][1])
    assert (difference.changes, difference.replaces) == (True, ["portal_id"])
    assert difference.delete_before_replace


@kinds
@pytest.mark.parametrize("config", [{}, {"hubassoc:portalId": "1001"}, {"hubassoc:portalId": "not a number"}])
def test_the_same_portal_changes_nothing(bench: Workbench, portal: Portal, kind: str, config: Props) -> None:
    """No configured portal, the right one, and one that is refused later anyway are no reason to replace."""
    bench.up(PROGRAM)
    bench.config = {"hubassoc:accessToken": TOKEN, **config}
    difference, inputs_differ = bench.diff(kind, PROGRAM[kind][1])
    assert (difference.changes, difference.replaces, inputs_differ) == (None, [], False)


@kinds
def test_an_update_that_sends_nothing_needs_no_portal(
    bench: Workbench, portal: Portal, other: Portal, emulator: Emulator, kind: str
) -> None:
    """A change of nothing but the pickle asks nothing, and the state keeps its portal."""
    bench.up(PROGRAM)
    bench.config = {"hubassoc:accessToken": OTHER_TOKEN}
    emulator.journal.clear()
    stored = bench.state[kind]
    updated = bench.process().providers[kind].update(stored.id, stored.outputs, stored.inputs | {"__provider": "new"})
    assert updated.outs == {k: v for k, v in stored.outputs.items() if not k.startswith("__")}
    assert len(emulator.journal) == 0
