"""Many resources: no recursion, and no step that looks at all the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_hubassoc.engine.local.goals import Goal
from pulumi_hubassoc.engine.local.stack_secrets import StackSecrets
from pulumi_hubassoc.engine.local.state import Deployment
from pulumi_hubassoc.engine.local.store import FileStore

from .rig import carry_out, goal, provider_goal


def a_chain(length: int) -> Iterator[Goal]:
    """Resources of which each needs the one before."""
    yield provider_goal()
    for n in range(length):
        yield goal(f"r{n}", [f"r{n - 1}"] if n else [], value=n)


def a_stack(folder: Path) -> FileStore:
    store = FileStore(folder, "dev", StackSecrets({}))
    store.save(Deployment())
    return store


@pytest.mark.timeout(120)
def test_a_chain_of_3000_is_made_left_alone_refreshed_and_deleted(tmp_path: Path) -> None:
    """Each operation asks for every resource once."""
    store = a_stack(tmp_path)
    sink, provider = carry_out(store, a_chain(3000))
    assert (sink.changes["create"], provider.asked["create"]) == (3000, 3000)
    sink, provider = carry_out(store, a_chain(3000))
    assert (dict(sink.changes), provider.asked["diff"]) == ({"same": 3000}, 3000)
    sink, provider = carry_out(store, a_chain(0), refresh_first=True)
    assert provider.asked["read"] == 3000
    assert (dict(sink.changes), provider.asked["delete"]) == ({"delete": 3000}, 3000)
    left = store.load()
    assert left is not None
    assert [r.type for r in left.resources] == ["pulumi:providers:pulumi-python"]


@pytest.mark.timeout(120)
def test_ten_times_the_resources_take_about_ten_times_as_long(tmp_path: Path) -> None:
    """A quadratic engine would take a hundred times as long; between there is room for a busy machine."""

    def seconds(count: int) -> float:
        store = a_stack(tmp_path / str(count))
        begin = time.process_time()
        carry_out(store, a_chain(count))
        return time.process_time() - begin

    seconds(50)
    assert seconds(2000) < 40 * seconds(200)
