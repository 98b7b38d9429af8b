"""A stack on disk: whole after every crash, locked while it is changed, and without a secret in clear."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.engine.interface import EngineError, NotSupported, StackLocked
from pulumi_hubassoc.engine.local.snapshot import Snapshot
from pulumi_hubassoc.engine.local.stack_secrets import StackSecrets
from pulumi_hubassoc.engine.local.state import (
    Deployment,
    Operation,
    ResourceState,
    with_current_names,
    without_dangling,
)
from pulumi_hubassoc.engine.local.store import FileStore
from pulumi_hubassoc.engine.local.values import Secret

WITH_PASSPHRASE = {"PULUMI_CONFIG_PASSPHRASE": "x"}


def store_in(folder: Path, env: dict[str, str] | None = None) -> FileStore:
    return FileStore(folder, "dev", StackSecrets(WITH_PASSPHRASE if env is None else env))


def box(name: str, **more: Any) -> ResourceState:
    return ResourceState(f"urn:pulumi:dev::p::t:m:Box::{name}", "t:m:Box", True, id=f"id-{name}", **more)


def names(deployment: Deployment | None) -> list[str]:
    assert deployment is not None
    return [r.urn.rsplit("::", 1)[1] + ("'" if r.outputs.get("new") else "") for r in deployment.resources]


def pending(deployment: Deployment | None) -> list[tuple[str, str]]:
    assert deployment is not None
    return [(op.type, op.resource.urn.rsplit("::", 1)[1]) for op in deployment.pending]


def a_run(store: FileStore) -> Snapshot:
    """A run on a, b and c that updates a, creates d, deletes b, and is deleting c when it is left alone."""
    store.save(Deployment([box("a"), box("b"), box("c")]))
    base = store.load()
    assert base is not None
    a, b, c = base.resources
    snapshot = Snapshot(store, base)
    new_a, d = box("a", outputs={"new": True}), box("d", inputs={"s": Secret("hidden")})
    snapshot.begin("updating", new_a)
    snapshot.end(new_a, new=new_a, gone=a)
    snapshot.begin("creating", d)
    snapshot.end(d, new=d)
    snapshot.begin("deleting", b)
    snapshot.end(b, gone=b)
    snapshot.begin("deleting", c)
    return snapshot


def a_killed_run(folder: Path) -> Path:
    """The files that the run leaves if it is killed."""
    snapshot = a_run(store_in(folder / "run"))
    shutil.copytree(folder / "run", folder / "killed")
    snapshot.close()
    return folder / "killed"


def test_what_a_killed_run_confirmed_is_there(tmp_path: Path) -> None:
    """New states come first, then what is left of the old; what was under way is pending."""
    found = store_in(a_killed_run(tmp_path)).load()
    assert names(found) == ["a'", "d", "c"]
    assert pending(found) == [("deleting", "c")]


def test_whatever_byte_a_crash_stops_at_the_state_is_one_that_was_confirmed(tmp_path: Path) -> None:
    """The journal is cut off at every single byte."""
    folder = a_killed_run(tmp_path)
    journal = folder / "dev.journal"
    whole = journal.read_bytes()
    steps = [["a", "b", "c"], ["a'", "b", "c"], ["a'", "d", "b", "c"], ["a'", "d", "c"]]
    reached = 0
    for end in range(len(whole) + 1):
        journal.write_bytes(whole[:end])
        now = steps.index(names(store_in(folder).load()))
        assert now >= reached
        reached = now
    assert reached == len(steps) - 1


def test_a_journal_that_was_put_into_the_file_is_not_played_twice(tmp_path: Path) -> None:
    """A crash after the file was written, and before the journal was deleted, does no harm."""
    snapshot = a_run(store_in(tmp_path))
    journal = (tmp_path / "dev.journal").read_bytes()
    snapshot.close()
    assert not (tmp_path / "dev.journal").exists()
    (tmp_path / "dev.journal").write_bytes(journal)
    assert names(store_in(tmp_path).load()) == ["a'", "d", "c"]


def test_a_pending_create_stays_and_the_rest_goes(tmp_path: Path) -> None:
    """The next run takes over pending creates; only the user can say what became of them."""
    store = store_in(tmp_path)
    store.save(Deployment([box("a")], [Operation("creating", box("b")), Operation("updating", box("a"))]))
    base = store.load()
    assert base is not None
    Snapshot(store, base).close()
    assert pending(store.load()) == [("creating", "b")]


def test_no_secret_is_on_disk_in_clear(tmp_path: Path) -> None:
    """Neither in the journal nor in the file; both are opened with the passphrase."""
    killed = a_killed_run(tmp_path)
    for folder in (killed, tmp_path / "run"):
        for file in folder.iterdir():
            assert b"hidden" not in file.read_bytes()
        found = store_in(folder).load()
        assert found is not None
        assert found.resources[1].inputs == {"s": Secret("hidden")}
    provider = json.loads((tmp_path / "run" / "dev.json").read_text())["deployment"]["secrets_providers"]
    assert provider["type"] == "passphrase"
    assert provider["state"]["salt"].startswith("v1:")


def test_without_a_passphrase_the_first_secret_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    """The sentence says what to set; the old file stays."""
    store = store_in(tmp_path, {})
    store.save(Deployment([box("a")]))
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE"):
        store.save(Deployment([box("a", inputs={"s": Secret("hidden")})]))
    assert names(store.load()) == ["a"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["dev.json"]


def test_a_wrong_passphrase_is_said_to_be_wrong(tmp_path: Path) -> None:
    """It is noticed when the first secret is read."""
    store_in(tmp_path).save(Deployment([box("a", inputs={"s": Secret("hidden")})]))
    with pytest.raises(EngineError, match="incorrect passphrase"):
        store_in(tmp_path, {"PULUMI_CONFIG_PASSPHRASE": "y"}).load()


def test_secrets_of_other_providers_are_refused(tmp_path: Path) -> None:
    """The engine has passphrases only."""
    (tmp_path / "dev.json").write_text(
        json.dumps({"version": 3, "deployment": {"secrets_providers": {"type": "service", "state": {}}}})
    )
    with pytest.raises(NotSupported, match="service"):
        store_in(tmp_path).load()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 3, "deployment": {"resources": [{}]}}', '{"version": 9}'])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, text: str) -> None:
    """One sentence, no traceback of JSON."""
    (tmp_path / "dev.json").write_text(text)
    with pytest.raises(EngineError, match=r"damaged|version"):
        store_in(tmp_path).load()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """The sentence names who holds the stack; cancel takes the lock away."""
    with store_in(tmp_path).locked():
        with pytest.raises(StackLocked, match=r"pid \d+"), store_in(tmp_path).locked():
            pass
        store_in(tmp_path).unlock()
        with store_in(tmp_path).locked():
            pass
    assert not (tmp_path / "dev.lock").exists()


def test_what_is_written_grows_with_what_is_done_and_not_with_the_stack(tmp_path: Path) -> None:
    """A change of one resource costs the same among 10 and among 1000."""
    sizes = []
    for count in (10, 1000):
        store = store_in(tmp_path / str(count))
        base = Deployment([box(f"b{n}") for n in range(count)])
        store.save(base)
        snapshot = Snapshot(store, base)
        new = box("b5", outputs={"new": True})
        snapshot.begin("updating", new)
        snapshot.end(new, new=new, gone=base.resources[5])
        sizes.append((tmp_path / str(count) / "dev.journal").stat().st_size)
        snapshot.close()
    assert abs(sizes[0] - sizes[1]) < 20


def test_references_follow_a_renamed_resource() -> None:
    """An alias is replaced by the new name wherever it is mentioned."""
    renamed = box("new", aliases=[box("old").urn])
    child = box("child", parent=box("old").urn, dependencies=[box("old").urn], deleted_with=box("old").urn)
    _, after = with_current_names([renamed, child])
    assert {after.parent, *after.dependencies, after.deleted_with} == {renamed.urn}


def test_what_is_gone_is_needed_by_nobody() -> None:
    """Dependencies go; a child falls to its grandparent."""
    gone = box("gone", parent=box("top").urn)
    child = box("child", parent=gone.urn, property_dependencies={"p": [gone.urn], "q": [box("top").urn]})
    kept = without_dangling([box("top"), child])
    assert kept[1].property_dependencies == {"q": [box("top").urn]}
    assert kept[1].parent == ""
