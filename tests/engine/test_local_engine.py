"""The built-in engine as its users meet it: programs that are functions, stacks in memory, refusals, what is left behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pulumi_hubassoc.engine.interface import (
    Diagnostic,
    EngineError,
    Event,
    Options,
    OutputValue,
    Project,
    PropertyDiff,
    Result,
    StackLocked,
)
from pulumi_hubassoc.engine.local import LocalEngine, LocalStack

from .shelf import Thing

ROOT = Path(__file__).parent.parent.parent
Program = Callable[[], None]


@pytest.fixture(autouse=True)
def _garbage_is_found_at_once() -> Iterator[None]:
    """What a program leaves behind is blamed on its own test."""
    yield
    gc.collect()


class Desk:
    """Opens stacks whose things lie in one folder."""

    def __init__(self, folder: Path, **engine: Any) -> None:
        self.shelf = folder / "shelf"
        self.shelf.mkdir()
        self._folder = folder
        self._env = {"SHELF": str(self.shelf), "PYTHONPATH": str(ROOT), "PULUMI_CONFIG_PASSPHRASE": "x"}
        self.engine = LocalEngine(**{"state_dir": folder / "state", **engine})

    def stack(self, program: Program, name: str = "dev", **env: str) -> LocalStack:
        return self.engine.stack(Project("desk", program, self._folder), name, env={**self._env, **env})

    def things(self) -> list[str]:
        return sorted(file.stem for file in self.shelf.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def one(text: Any = "hello") -> Program:
    def program() -> None:
        pulumi.export("text", Thing("red", text).text)

    return program


def errors(result: Result) -> str:
    return "\n".join(result.errors)


# ------------------------------------------------------------------------------------------------ a life


def test_a_function_lives_as_a_program_does(desk: Desk) -> None:
    """Preview, up, nothing to do, update, destroy; the preview changes nothing."""
    preview = desk.stack(one()).preview()
    assert (preview.exit_code, preview.changes, desk.things()) == (0, {"create": 2}, [])
    up = desk.stack(one()).up()
    assert (up.exit_code, up.changes, desk.things()) == (0, {"create": 2}, ["red"])
    assert up.outputs == {"text": OutputValue("hello")}
    assert desk.stack(one()).up().changed == {}
    update = desk.stack(one("bye")).up()
    assert update.changed == {"update": 1}
    [event] = [e for e in update.events if e.operation == "update"]
    assert event.diff == {"text": PropertyDiff("update", input=True, old="hello", new="bye")}
    assert event.name == "red"
    assert desk.stack(one()).destroy().changes == {"delete": 2}
    assert desk.things() == []


@pytest.mark.parametrize("provider", ["process", "in-process"])
def test_a_stack_in_memory_lives_as_long_as_its_engine(
    tmp_path: Path, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves no file, and is forgotten with the engine."""
    desk = Desk(tmp_path, state_dir=None, in_memory=True, provider=provider)
    monkeypatch.setenv("SHELF", str(desk.shelf))
    stack = desk.stack(one())
    stack.set_config("zone", "eu")
    assert stack.up().ok
    assert desk.stack(one()).up().changed == {}
    assert [r["outputs"].get("zone") for r in stack.export_state()["deployment"]["resources"][-1:]] == ["eu"]
    assert sorted(f.name for f in tmp_path.iterdir()) == ["shelf"]
    assert LocalEngine(in_memory=True).stack(Project("desk", one(), tmp_path), "dev").outputs() == {}


def test_a_secret_output_is_marked_and_not_on_disk(desk: Desk, tmp_path: Path) -> None:
    """The result has the value for who asks for it, its representation and the files have not."""

    def program() -> None:
        pulumi.export("text", Thing("red", pulumi.Output.secret("hidden words")).text)

    result = desk.stack(program).up()
    assert result.outputs == {"text": OutputValue("hidden words", secret=True)}
    assert "hidden words" not in repr(result)
    for file in (tmp_path / "state").rglob("*"):
        assert not file.is_file() or b"hidden words" not in file.read_bytes()


def test_a_state_moves_between_stacks_as_json(desk: Desk) -> None:
    """What one stack exports another one imports, secrets under its own salt."""
    first = desk.stack(one(), "first")
    first.up()
    state = first.export_state()
    assert state["version"] == 3
    second = desk.stack(one(), "second")
    second.import_state(state)
    assert second.export_state()["deployment"]["resources"] == state["deployment"]["resources"]


def test_drift_is_found_and_repaired(desk: Desk) -> None:
    """Refresh sees a changed thing and a missing one; up brings them back."""

    def program() -> None:
        Thing("red", "a")
        Thing("blue", "b")

    desk.stack(program).up()
    (desk.shelf / "red.json").write_text('{"title": "red", "text": "other"}')
    (desk.shelf / "blue.json").unlink()
    looked = desk.stack(program).refresh(Options(preview_only=True, expect_no_changes=True))
    assert (looked.exit_code, looked.changed) == (7, {"update": 1, "delete": 1})
    assert desk.stack(program).refresh().changed == {"update": 1, "delete": 1}
    assert desk.stack(program).up().changed == {"update": 1, "create": 1}


def test_events_come_while_it_happens(desk: Desk) -> None:
    """Every event and diagnostic of the result was passed on, in that order, one at a time."""
    told: list[Event | Diagnostic] = []

    def program() -> None:
        pulumi.log.warn("beware")
        Thing("red", "a")

    result = desk.stack(program).up(on_event=told.append)
    assert [e for e in told if isinstance(e, Event)] == list(result.events)
    assert [d for d in told if isinstance(d, Diagnostic)] == [Diagnostic("warning", "beware")]


# ------------------------------------------------------------------------------------------------- failures


def test_a_failing_create_is_told_and_the_rest_is_kept(desk: Desk) -> None:
    """Exit status 1, the sentence of the provider, and what was made is in the state."""

    def program() -> None:
        red = Thing("red", "a")
        Thing("bad", "explode", pulumi.ResourceOptions(depends_on=[red]))

    result = desk.stack(program).up()
    assert result.exit_code == 1
    assert "too much text" in errors(result)
    assert [e.status for e in result.events if e.name == "bad"] == ["failed"]
    urns = [r["urn"] for r in desk.stack(program).export_state()["deployment"]["resources"]]
    assert [u.rsplit("::", 1)[1] for u in urns] == ["desk-dev", "default", "red"]


def test_a_program_that_raises_deletes_nothing(desk: Desk) -> None:
    """What it did not get to stays."""
    desk.stack(one()).up()

    def program() -> None:
        raise LookupError("no such thing")

    result = desk.stack(program).up()
    assert result.exit_code == 1
    assert "no such thing" in errors(result)
    assert desk.things() == ["red"]


def test_a_run_error_is_its_text(desk: Desk) -> None:
    """No traceback for what the program says itself."""

    def program() -> None:
        raise pulumi.RunError("say where")

    assert "Traceback" not in errors(desk.stack(program).up())
    assert "say where" in errors(desk.stack(program).up())


def _with_hook() -> None:
    hook = pulumi.ResourceHook("hook", lambda args: None)
    Thing("red", "a", pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook])))


def _with_transform() -> None:
    Thing("red", "a", pulumi.ResourceOptions(transforms=[lambda args: None]))


def _with_import() -> None:
    Thing("red", "a", pulumi.ResourceOptions(import_="red"))


def _with_other_package() -> None:
    pulumi.CustomResource("aws:s3/bucket:Bucket", "bucket", {})


def _with_function_of_other_package() -> None:
    pulumi.export("x", pulumi.runtime.invoke("aws:index/x:x", {}).value)


def _with_remote_component() -> None:
    pulumi.ComponentResource("other:index:Chest", "chest", {}, remote=True)


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (_with_hook, "runs no resource hooks"),
        (_with_transform, "runs no transforms"),
        (_with_import, "imports nothing by `import_`"),
        (_with_other_package, "the package 'aws' needs a plugin"),
        (_with_function_of_other_package, "calls no functions of packages"),
        (_with_remote_component, "no remote components"),
    ],
)
def test_what_the_engine_lacks_it_refuses_with_a_sentence(desk: Desk, program: Program, sentence: str) -> None:
    """The sentence says what has it: the Pulumi CLI."""
    result = desk.stack(program).preview()
    assert result.exit_code == 1
    assert sentence in errors(result)
    assert "use the Pulumi CLI" in errors(result)


def test_a_stack_that_is_busy_is_locked(desk: Desk) -> None:
    """A second run is refused, a preview is not; afterwards the stack is free."""
    inside, go_on = threading.Event(), threading.Event()

    def program() -> None:
        inside.set()
        go_on.wait(30)

    first = threading.Thread(target=desk.stack(program).up)
    first.start()
    try:
        assert inside.wait(30)
        with pytest.raises(StackLocked, match="locked by"):
            desk.stack(one()).up()
        assert desk.stack(one()).preview().ok
    finally:
        go_on.set()
        first.join()
    assert desk.stack(one()).up().ok


def test_a_stack_with_resources_is_not_removed(desk: Desk) -> None:
    """First it must be destroyed; then it is gone."""
    stack = desk.stack(one())
    stack.up()
    with pytest.raises(EngineError, match="still holds resources"):
        stack.remove()
    stack.destroy()
    stack.remove()
    with pytest.raises(EngineError, match="no stack"):
        stack.outputs()


def test_a_provider_process_that_cannot_start_is_told(desk: Desk) -> None:
    """The sentence says what was tried."""
    result = desk.stack(one(), PULUMI_PYTHON_CMD="false").up()
    assert result.exit_code == 1
    assert "the provider process did not start" in errors(result)


def test_two_stacks_run_at_the_same_time_in_one_process(tmp_path: Path) -> None:
    """Programs in threads do not see each other's settings."""
    desk = Desk(tmp_path)
    results: dict[str, Result] = {}

    def program() -> None:
        pulumi.export("stack", pulumi.get_stack())
        Thing(pulumi.get_stack(), "a")

    def run(name: str) -> None:
        results[name] = desk.stack(program, name).up()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("east", "west")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: r.outputs["stack"].value for name, r in results.items()} == {"east": "east", "west": "west"}
    assert desk.things() == ["east", "west"]


def test_no_process_is_left_behind(desk: Desk) -> None:
    """After success and after failure the provider processes are gone."""
    for text in ("a", "explode"):
        desk.stack(one(text)).up()
    assert started_with(desk.shelf) == []


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _secret_input() -> None:
    Thing("red", pulumi.Output.secret("hidden"))


def _secret_output() -> None:
    Thing("red", "a", pulumi.ResourceOptions(additional_secret_outputs=["zone"]))


@pytest.mark.parametrize("program", [_secret_input, _secret_output])
def test_what_could_not_be_kept_is_not_made(tmp_path: Path, program: Program) -> None:
    """Without a passphrase a resource with secrets is refused before its provider is asked to make it."""
    desk = Desk(tmp_path)
    stack = desk.engine.stack(
        Project("desk", program, tmp_path), "dev", env={"SHELF": str(desk.shelf), "PYTHONPATH": str(ROOT)}
    )
    result = stack.up()
    assert result.exit_code == 1
    assert "PULUMI_CONFIG_PASSPHRASE" in errors(result)
    assert desk.things() == []
    assert [r["urn"].rsplit("::", 1)[1] for r in stack.export_state()["deployment"]["resources"]] == [
        "desk-dev",
        "default",
    ]


def test_a_secret_export_that_cannot_be_kept_loses_nothing_else(tmp_path: Path) -> None:
    """The engine says what is missing; what was made is in the state."""
    desk = Desk(tmp_path)

    def program() -> None:
        Thing("red", "a")
        pulumi.export("word", pulumi.Output.secret("hidden"))

    stack = desk.engine.stack(
        Project("desk", program, tmp_path), "dev", env={"SHELF": str(desk.shelf), "PYTHONPATH": str(ROOT)}
    )
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE"):
        stack.up()
    assert len(stack.export_state()["deployment"]["resources"]) == 3
    assert stack.destroy().ok
    assert desk.things() == []


def test_a_listener_that_raises_does_not_cost_the_state(desk: Desk) -> None:
    """The run ends with what the listener said, and what was made is known."""

    def listen(event: Event | Diagnostic) -> None:
        if isinstance(event, Event) and event.name == "red":
            raise RuntimeError("not listening")

    result = desk.stack(one()).up(on_event=listen)
    assert result.exit_code == 1
    assert "not listening" in errors(result)
    assert desk.stack(one()).up().changed == {}


def test_what_the_engine_started_ends_with_it_even_if_it_is_killed(tmp_path: Path) -> None:
    """Program and provider notice that nobody is there any more; a call in progress may end first."""
    (tmp_path / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import time, pulumi\nfrom tests.engine.shelf import Thing\n"
        "Thing('red', 'a').text.apply(lambda _: time.sleep(60))\n"
    )
    code = (
        "from pathlib import Path; from pulumi_hubassoc.engine.interface import Project; "
        "from pulumi_hubassoc.engine.local import LocalEngine; "
        f"LocalEngine().stack(Project('desk', Path({str(tmp_path)!r})), 'dev').up()"
    )
    env = {**os.environ, "SHELF": str(tmp_path), "PYTHONPATH": str(ROOT), "PULUMI_CONFIG_PASSPHRASE": "x"}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env) as engine:
        wait_until((tmp_path / "red.json").exists)
        assert len(started_with(tmp_path)) == 3
        engine.kill()
    wait_until(lambda: not started_with(tmp_path))


def wait_until(settled: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started_with(shelf: Path) -> list[Path]:
    """The processes that know this shelf."""
    mark = f"SHELF={shelf}".encode()
    return [p for p in Path("/proc").glob("[0-9]*") if mark in _environment(p)]
