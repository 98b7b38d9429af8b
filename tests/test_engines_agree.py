"""The built-in engine and the Pulumi CLI do the same: one life of a program on both, and a state moved between them."""

from __future__ import annotations

import functools
import gc
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.engine.choose import choose_engine
from pulumi_hubassoc.engine.interface import Options, OutputValue, Project, Result, Stack

PROGRAMS = Path(__file__).parent / "engine_programs"
sys.path.insert(0, str(PROGRAMS))
import notes  # noqa: E402

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
]

Declared = dict[str, dict[str, Any]]
RED = {"title": "red", "text": "roses"}
BLUE = {"title": "blue", "after": "red"}
PINNED = RED | {"pin": "hush"}


@pytest.fixture(autouse=True)
def _garbage_is_found_at_once() -> Iterator[None]:
    yield
    gc.collect()


@dataclass
class Desk:
    """A stack of one engine, and the shelf that its program and providers work on."""

    stack: Stack
    shelf: Path

    def run(self, declared: Declared, operation: Callable[[Stack], Result]) -> Result:
        (self.shelf / "program.json").write_text(json.dumps(declared))
        return operation(self.stack)

    def drift(self, title: str, **changed: Any) -> None:
        file = self.shelf / f"{title}.note"
        file.write_text(json.dumps(json.loads(file.read_text()) | changed))


def desk_of(which: Any, folder: Path, shelf: Path | None = None) -> Desk:
    shelf = shelf or folder / "shelf"
    shelf.mkdir(parents=True, exist_ok=True)
    engine = choose_engine(which, state_dir=folder / "state", pulumi_home=folder / "home")
    env = {"PULUMI_CONFIG_PASSPHRASE": "sesame", "NOTES_SHELF": str(shelf), "PYTHONPATH": str(PROGRAMS)}
    project = Project("desk", functools.partial(notes.declare, shelf), shelf)
    return Desk(engine.stack(project, "dev", env=env), shelf)


def told(result: Result) -> dict[str, Any]:
    """What two engines must tell alike; between resources their order is free, for one it is not."""
    by_urn: dict[str, list[Any]] = {}
    for e in result.events:
        by_urn.setdefault(e.urn, []).append((e.operation, e.status, dict(e.diff), e.replace_keys))
    return {
        "operation": result.operation,
        "exit code": result.exit_code,
        "changes": dict(result.changes),
        "events": by_urn,
        "outputs": outputs_of(result),
        "errors": {(d.urn, d.message.strip().splitlines()[-1]) for d in result.diagnostics if d.severity == "error"},
        "warnings": sorted(d.message for d in result.diagnostics if d.severity == "warning"),
    }


def outputs_of(result: Result) -> dict[str, Any]:
    """The outputs that both engines tell: of a preview, the CLI tells no secrets, and of a destroy's, none that will go."""
    planned = result.operation == "preview" or any(e.status == "planned" for e in result.events)
    if planned and result.operation == "destroy":
        return {}
    return {
        key: ("[secret]" if output.secret and planned else output.value, output.secret)
        for key, output in result.outputs.items()
    }


def urn(name: str) -> str:
    return f"urn:pulumi:dev::desk::pulumi-python:dynamic/notes:Note::{name}"


def preview(stack: Stack) -> Result:
    return stack.preview()


def up(stack: Stack) -> Result:
    return stack.up()


def refresh(stack: Stack) -> Result:
    return stack.refresh()


def destroy(stack: Stack) -> Result:
    return stack.destroy()


def both(tmp_path: Path) -> tuple[Desk, Desk]:
    return desk_of("cli", tmp_path / "cli"), desk_of("local", tmp_path / "local")


def assert_alike(desks: tuple[Desk, Desk], steps: list[tuple[Declared, Callable[[Stack], Result]]]) -> None:
    for n, (declared, operation) in enumerate(steps, start=1):
        cli, local = (told(desk.run(declared, operation)) for desk in desks)
        assert local == cli, f"step {n}"
    cli_shelf, local_shelf = ({f.name: json.loads(f.read_text()) for f in d.shelf.glob("*.note")} for d in desks)
    assert local_shelf == cli_shelf


def test_a_whole_life(tmp_path: Path) -> None:
    """Create, nothing to do, update, replacement with a dependant, removal and destroy are told alike."""
    two = {"red": PINNED, "blue": BLUE}
    assert_alike(
        both(tmp_path),
        [
            (two, preview),
            (two, up),
            (two, up),
            (two | {"red": PINNED | {"text": "tulips", "pin": "hush!"}}, preview),
            (two | {"red": PINNED | {"text": "tulips", "pin": "hush!"}}, up),
            (two | {"red": RED | {"title": "crimson"}}, preview),
            (two | {"red": RED | {"title": "crimson"}}, up),
            ({"red": RED | {"title": "crimson"}}, up),
            ({"red": RED | {"title": "crimson"}}, lambda stack: stack.destroy(Options(preview_only=True))),
            ({}, destroy),
        ],
    )


def test_failures(tmp_path: Path) -> None:
    """A refused input, a failed create, a raising program and a protected note end alike, and leave the same behind."""
    assert_alike(
        both(tmp_path),
        [
            ({"red": RED | {"text": ""}}, preview),
            ({"red": RED | {"text": ""}}, up),
            ({"red": RED | {"text": "unwritable"}}, up),
            ({"red": RED | {"protect": True}}, up),
            ({"red": RED | {"protect": True}, "blue": {"title": "blue", "after": "nobody"}}, preview),
            ({}, destroy),
            ({}, lambda stack: stack.destroy(Options(exclude_protected=True))),
            ({"red": RED}, up),
            ({"red": RED}, destroy),
        ],
    )


def test_drift(tmp_path: Path) -> None:
    """A refresh finds what has changed and what is gone, and the next up repairs it, in the same way."""
    desks = both(tmp_path)
    two = {"red": RED, "blue": BLUE}
    assert_alike(desks, [(two, up), (two, refresh)])
    for desk in desks:
        desk.drift("red", text="weeds")
    assert_alike(
        desks,
        [
            (two, lambda stack: stack.refresh(Options(preview_only=True, expect_no_changes=True))),
            (two, lambda stack: stack.preview(Options(refresh=True))),
            (two, refresh),
            (two, up),
        ],
    )
    for desk in desks:
        (desk.shelf / "red.note").unlink()
    assert_alike(desks, [(two, refresh), (two, lambda stack: stack.up(Options(refresh=True))), (two, destroy)])


def test_flags(tmp_path: Path) -> None:
    """Targets, replace flags, excludes and expect-no-changes mean the same."""
    two: Declared = {"red": RED, "blue": BLUE, "green": {"title": "green", "text": "grass", "folder": "drawer"}}
    other = two | {"green": {"title": "green", "text": "moss", "folder": "drawer"}}
    assert_alike(
        both(tmp_path),
        [
            (two, lambda stack: stack.up(Options(target=[urn("red")]))),
            (two, lambda stack: stack.up(Options(parallel=1))),
            (other, lambda stack: stack.up(Options(exclude=["**green"]))),
            (other, lambda stack: stack.preview(Options(expect_no_changes=True))),
            (two, lambda stack: stack.preview(Options(replace=[urn("red")]))),
            (two, lambda stack: stack.up(Options(target_replace=[urn("red")]))),
            (two, lambda stack: stack.destroy(Options(target=[urn("red")]))),
            (two, lambda stack: stack.destroy(Options(target=[urn("red")], target_dependents=True))),
            (two, destroy),
        ],
    )


@pytest.mark.parametrize(("first", "second"), [("cli", "local"), ("local", "cli")])
def test_a_state_moves_from_one_engine_to_the_other(first: str, second: str, tmp_path: Path) -> None:
    """What one engine exported, the other imports: nothing is to do, secrets are read, and it can be destroyed."""
    declared = {"red": PINNED, "blue": BLUE}
    old = desk_of(first, tmp_path / first)
    assert old.run(declared, up).ok
    new = desk_of(second, tmp_path / second, old.shelf)
    new.stack.import_state(old.stack.export_state())
    for operation in (preview, up):
        result = new.run(declared, operation)
        assert (result.exit_code, result.changed, result.changes) == (0, {}, {"same": 3})
    assert new.stack.outputs() == {
        "red": OutputValue(3),
        "red-pin": OutputValue("hush", secret=True),
        "blue": OutputValue(4),
    }
    old.stack.import_state(new.stack.export_state())
    assert old.run(declared, preview).changed == {}
    assert new.stack.destroy().changed == {"delete": 3}
    assert not list(new.shelf.glob("*.note"))
