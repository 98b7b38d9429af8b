"""The Pulumi CLI as an engine: whole lives of small programs on the real CLI, and what is said where there is none."""

from __future__ import annotations

import functools
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_hubassoc.engine.interface import (
    Diagnostic,
    EngineError,
    Event,
    NotSupported,
    Options,
    OutputValue,
    Project,
    PropertyDiff,
    Stack,
    StackLocked,
)
from pulumi_hubassoc.engine.pulumi_cli import PulumiCliEngine, find_pulumi, install_pulumi

PROGRAMS = Path(__file__).parent / "engine_programs"
sys.path.insert(0, str(PROGRAMS))
import notes  # noqa: E402

needs_cli = pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
RED = {"title": "red", "text": "roses"}
BLUE = {"title": "blue", "text": "violets"}


@dataclass
class Desk:
    """A shelf of notes, and stacks of the program that is written on it."""

    engine: PulumiCliEngine
    shelf: Path

    def declare(self, **declared: dict[str, Any]) -> None:
        (self.shelf / "program.json").write_text(json.dumps(declared))

    def stack(self, name: str = "dev", program: Path | None = None) -> Stack:
        env = {"PULUMI_CONFIG_PASSPHRASE": "sesame", "NOTES_SHELF": str(self.shelf), "PYTHONPATH": str(PROGRAMS)}
        project = Project("desk", program or functools.partial(notes.declare, self.shelf), program or self.shelf)
        return self.engine.stack(project, name, env=env)

    def on_shelf(self, title: str) -> dict[str, Any] | None:
        file = self.shelf / f"{title}.note"
        return json.loads(file.read_text()) if file.exists() else None


@pytest.fixture(autouse=True)
def _garbage_is_found_at_once() -> Iterator[None]:
    """Sockets and coroutines left open are warnings when they are collected, and warnings are errors here."""
    yield
    gc.collect()


@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    (tmp_path / "shelf").mkdir()
    home = tmp_path_factory.getbasetemp() / "pulumi-home"
    return Desk(PulumiCliEngine(tmp_path / "backend", home), tmp_path / "shelf")


def urn(name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::desk::pulumi-python:dynamic/notes:Note::{name}"


def operations(events: tuple[Event, ...]) -> dict[str, list[str]]:
    """Name of the note -> what happened to it."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event.type.endswith(":Note"):
            found.setdefault(event.name, []).append(event.operation)
    return found


# ----------------------------------------------------------------------------------------------------- with the CLI


@pytest.mark.cli
@needs_cli
def test_a_whole_life(desk: Desk) -> None:
    """Preview, up, nothing to do, update, drift, replacement, destroy, remove: each does and tells what Pulumi does."""
    desk.declare(red=RED)
    stack = desk.stack()

    preview = stack.preview()
    assert (preview.exit_code, preview.changes) == (0, {"create": 2})
    assert [(e.operation, e.status) for e in preview.events if e.name == "red"] == [("create", "planned")]
    assert preview.outputs == {"red": OutputValue("[unknown]")}
    assert desk.on_shelf("red") is None

    told: list[Event | Diagnostic] = []
    up = stack.up(on_event=told.append)
    assert (up.exit_code, up.changes, up.outputs) == (0, {"create": 2}, {"red": OutputValue(3)})
    assert [(e.name, e.operation, e.status) for e in up.events] == [
        ("desk-dev", "create", "done"),
        ("default", "create", "done"),
        ("red", "create", "done"),
    ]
    assert tuple(told) == up.events
    assert stack.outputs() == up.outputs

    again = stack.up(Options(expect_no_changes=True))
    assert (again.exit_code, again.changed, again.changes) == (0, {}, {"same": 2})

    desk.declare(red=RED | {"text": "tulips"})
    unexpected = stack.preview(Options(expect_no_changes=True))
    assert (unexpected.exit_code, unexpected.changed) == (7, {"update": 1})
    update = stack.up()
    assert [e.diff for e in update.events if e.name == "red"] == [
        {"text": PropertyDiff("update", input=True, old="roses", new="tulips")}
    ]

    (desk.shelf / "red.note").write_text(json.dumps(RED | {"text": "weeds", "number": 3}))
    assert stack.refresh(Options(preview_only=True)).changed == {"update": 1}
    refresh = stack.refresh()
    assert [(e.operation, e.diff) for e in refresh.events if e.name == "red"] == [
        ("update", {"text": PropertyDiff("update", input=True, old="tulips", new="weeds")})
    ]

    desk.declare(red=BLUE)
    replace = stack.up()
    assert operations(replace.events) == {"red": ["delete-replaced", "replace", "create-replacement"]}
    assert {e.replace_keys for e in replace.events if e.operation == "replace"} == {("title",)}
    assert (replace.changed, replace.outputs) == ({"replace": 1}, {"red": OutputValue(4)})

    assert stack.destroy(Options(preview_only=True)).changed == {"delete": 2}
    assert desk.on_shelf("blue")
    destroy = stack.destroy()
    assert (destroy.exit_code, destroy.changed, destroy.outputs) == (0, {"delete": 2}, {})
    assert desk.on_shelf("blue") is None
    stack.remove()
    assert not list((desk.shelf.parent / "backend").rglob("dev.json"))


@pytest.mark.cli
@needs_cli
def test_a_program_in_a_folder(desk: Desk, tmp_path: Path) -> None:
    """A folder with Pulumi.yaml runs like a function, and what the program prints is told."""
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
    shutil.copy(PROGRAMS / "notes.py", program)
    (program / "__main__.py").write_text("import notes\nnotes.declare(notes.shelf())\n")
    desk.declare(red=RED | {"print": "mind the thorns"})
    stack = desk.stack(program=program)
    up = stack.up()
    assert (up.exit_code, up.outputs) == (0, {"red": OutputValue(3)})
    assert Diagnostic("info#err", "mind the thorns") in up.diagnostics

    desk.declare(red=RED | {"print": "once more"}, blue=BLUE | {"text": "unwritable"})
    failed = stack.up()
    assert failed.exit_code == 1
    assert [d.message for d in failed.diagnostics if d.severity == "info#err"] == ["once more"], (
        "the traceback of the interrupted program is left out"
    )
    assert any("OSError: the pen is dry" in message for message in failed.errors)


@pytest.mark.cli
@needs_cli
def test_a_failing_create_is_a_result(desk: Desk) -> None:
    """The exit code is 1, the failed operation and the provider's words are told, and what was made stays made."""
    desk.declare(red=RED, blue=BLUE | {"text": "unwritable", "after_it": ""})
    up = desk.stack().up(Options(parallel=1, continue_on_error=True))
    assert up.exit_code == 1
    assert [(e.operation, e.status) for e in up.events if e.name == "blue"] == [("create", "failed")]
    (error,) = [d for d in up.diagnostics if d.urn == urn("blue")]
    assert error.severity == "error"
    assert error.message.endswith("OSError: the pen is dry")
    assert desk.on_shelf("red")
    assert up.changes == {"create": 2}, "the stack and red"


@pytest.mark.cli
@needs_cli
def test_a_failing_check_is_a_result(desk: Desk) -> None:
    """A refused input ends a preview with exit code 1 and the engine's one line."""
    desk.declare(red=RED | {"text": ""})
    preview = desk.stack().preview()
    assert preview.exit_code == 1
    assert [m.split(": ", 1)[1] for m in preview.errors] == [
        "property text value {} has a problem: a note needs a text"
    ]


@pytest.mark.cli
@needs_cli
def test_a_program_that_raises_is_a_result(desk: Desk) -> None:
    """An exception in the program is an error of the operation, with the program's words."""
    desk.declare(red=RED, blue={"title": "x", "after": "nobody"})
    preview = desk.stack().preview()
    assert preview.exit_code == 1
    assert any("KeyError: 'nobody'" in message for message in preview.errors)


@pytest.mark.cli
@needs_cli
def test_protect_targets_and_replace_flags(desk: Desk) -> None:
    """The flags of the CLI reach it: protect, target, replace, target-replace, exclude, exclude-protected."""
    desk.declare(red=RED | {"protect": True}, blue=BLUE)
    stack = desk.stack()
    up = stack.up(Options(target=[urn("blue")]))
    assert operations(up.events)["blue"] == ["create"]
    assert desk.on_shelf("red") is None
    stack.up()

    assert operations(stack.preview(Options(replace=[urn("blue")])).events) == {
        "red": ["same"],
        "blue": ["create-replacement", "replace", "delete-replaced"],
    }
    assert stack.preview(Options(target_replace=[urn("blue")])).changed == {"replace": 1}
    assert stack.destroy(Options(preview_only=True, exclude=[urn("red"), urn("blue")])).changed == {}

    protected = stack.destroy()
    assert protected.exit_code == 1
    assert any("protected" in message for message in protected.errors)
    assert desk.on_shelf("red")
    assert stack.destroy(Options(exclude_protected=True)).exit_code == 0
    assert desk.on_shelf("red")
    assert desk.on_shelf("blue") is None


@pytest.mark.cli
@needs_cli
def test_secrets_are_known_to_the_program_alone(desk: Desk) -> None:
    """A secret output is decrypted in the result and marked; events, diffs and the state never hold it."""
    desk.declare(red=RED | {"pin": "hush-4711"})
    stack = desk.stack()
    assert stack.preview().outputs["red-pin"].secret
    up = stack.up()
    assert up.outputs["red-pin"] == OutputValue("hush-4711", secret=True)
    desk.declare(red=RED | {"pin": "hush-4712"})
    preview = stack.preview()
    (event,) = [e for e in preview.events if e.name == "red"]
    assert event.diff == {"pin": PropertyDiff("update", input=True, old="[secret]", new="[secret]")}
    assert "hush" not in repr((up, preview))
    assert "hush" not in json.dumps(stack.export_state())


@pytest.mark.cli
@needs_cli
def test_a_dependent_of_something_new_is_not_yet_known(desk: Desk) -> None:
    """In a preview, what comes from a resource that is to be made is `[unknown]`."""
    desk.declare(blue=BLUE)
    stack = desk.stack()
    stack.up()
    desk.declare(red=RED, blue={"title": "blue", "after": "red"})
    (event,) = [e for e in stack.preview().events if e.name == "blue"]
    assert event.diff == {"text": PropertyDiff("update", input=True, old="violets", new="[unknown]")}


@pytest.mark.cli
@needs_cli
def test_a_component_that_registers_no_outputs_is_told_too(desk: Desk) -> None:
    """Its creation is an event like any other."""
    desk.declare(red=RED | {"folder": "drawer"})
    up = desk.stack().up()
    assert [(e.operation, e.status) for e in up.events if e.name == "drawer"] == [("create", "done")]


@pytest.mark.cli
@needs_cli
def test_the_state_goes_out_and_in(desk: Desk) -> None:
    """An exported deployment put into a new stack of the same name makes an empty preview, secrets and all."""
    desk.declare(red=RED | {"pin": "hush-4711"})
    stack = desk.stack()
    stack.up()
    deployment = stack.export_state()
    elsewhere = Desk(PulumiCliEngine(desk.shelf.parent / "other"), desk.shelf).stack()
    elsewhere.import_state(deployment)
    preview = elsewhere.preview(Options(expect_no_changes=True))
    assert (preview.exit_code, preview.changes) == (0, {"same": 2})
    assert elsewhere.outputs()["red-pin"].value == "hush-4711"
    with pytest.raises(EngineError, match=r"^pulumi stack import: "):
        elsewhere.import_state({"version": 3, "deployment": {"resources": [{"urn": "nonsense"}]}})


@pytest.mark.cli
@needs_cli
def test_configuration(desk: Desk) -> None:
    """Plain and secret values are kept exactly, removed with None, and reach the program."""
    desk.declare(red={"title": "red", "note_of_config": "words"})
    stack = desk.stack()
    stack.set_config("words", "two\nlines\n")
    stack.set_config("other:token", "-hush ", secret=True)
    stack.set_config("gone", "soon")
    stack.set_config("gone", None)
    config = stack.get_config()
    assert {key: (value.value, value.secret) for key, value in config.items()} == {
        "desk:words": ("two\nlines\n", False),
        "other:token": ("-hush ", True),
    }
    assert "hush" not in repr(config)
    assert stack.up().ok
    note = desk.on_shelf("red")
    assert note
    assert note["text"] == "two\nlines\n"
    with pytest.raises(EngineError, match=r"^pulumi config set a:b:c: "):
        stack.set_config("a:b:c", "hush", secret=True)


@pytest.mark.cli
@needs_cli
def test_two_stacks_at_once(desk: Desk) -> None:
    """Stacks of one process run in threads side by side, each with its own outcome."""
    desk.declare(red=RED)
    other = Desk(desk.engine, desk.shelf.parent / "other-shelf")
    other.shelf.mkdir()
    other.declare(red=RED | {"text": "unwritable"})
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(lambda d, name: d.stack(name).up(), d, n) for d, n in ((desk, "one"), (other, "two"))]
    one, two = (run.result() for run in runs)
    assert (one.exit_code, two.exit_code) == (0, 1)
    assert {e.urn for e in one.events if e.name == "red"} == {urn("red", "one")}
    assert {e.urn for e in two.events if e.name == "red"} == {urn("red", "two")}


@pytest.mark.cli
@needs_cli
def test_a_stack_that_another_run_holds(desk: Desk) -> None:
    """A second run is refused with a sentence that says who holds the stack; a dead run's lock goes with cancel."""
    desk.declare(red=RED | {"text": "slow"})
    stack = desk.stack()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(stack.up)
        wait_until((desk.shelf / "begun").exists)
        (lock,) = (desk.shelf.parent / "backend" / ".pulumi" / "locks").rglob("*.json")
        content = lock.read_text()
        try:
            with pytest.raises(StackLocked, match=r"^the stack dev is locked by another run, .+@.+ \(pid \d+\)"):
                stack.up()
        finally:
            (desk.shelf / "go").touch()
        assert first.result().ok
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(content)  # as a run that was killed leaves it
    with pytest.raises(StackLocked, match=r"`pulumi cancel --stack dev`$"):
        stack.refresh()
    stack.cancel()
    assert stack.refresh().ok


@pytest.mark.cli
@needs_cli
def test_an_interrupted_run_ends_in_order(desk: Desk, tmp_path: Path) -> None:
    """Ctrl-C waits for what the CLI has begun: it is in the state, nothing is pending, and the stack is free."""
    desk.declare(red=RED | {"text": "slow"}, blue={"title": "blue", "after": "red"})
    stack = desk.stack()
    script = f"""
import pathlib
from test_pulumi_cli import Desk, PulumiCliEngine
Desk(PulumiCliEngine(pathlib.Path({str(tmp_path / "backend")!r})), pathlib.Path({str(desk.shelf)!r})).stack().up()
"""
    run = subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        start_new_session=True,  # so that it can be interrupted as a terminal does, with all that it has started
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until((desk.shelf / "begun").exists)
        os.killpg(run.pid, signal.SIGINT)
        time.sleep(0.5)
        (desk.shelf / "go").touch()
        _, stderr = run.communicate(timeout=60)
    finally:
        (desk.shelf / "go").touch()
        run.kill()
    assert stderr.splitlines()[-1] == "KeyboardInterrupt"
    deployment = stack.export_state()["deployment"]
    assert [r["urn"] for r in deployment["resources"] if r["type"].endswith(":Note")] == [urn("red")]
    assert not deployment.get("pending_operations")
    assert stack.up().changed == {"create": 1}


@pytest.mark.cli
@needs_cli
def test_a_listener_that_raises(desk: Desk) -> None:
    """What a listener raises comes out of the operation, which has gone on to its end."""
    desk.declare(red=RED)

    def listen(_told: Event | Diagnostic) -> None:
        raise LookupError("not my event")

    with pytest.raises(LookupError, match="not my event"):
        desk.stack().up(on_event=listen)
    assert desk.on_shelf("red")


@pytest.mark.cli
@needs_cli
def test_what_cannot_be_run_is_one_sentence(desk: Desk, tmp_path: Path) -> None:
    """Refusals of the CLI and of the engine are `EngineError`s of one line."""
    desk.declare(red=RED)
    stack = desk.stack()
    stack.set_config("pin", "hush", secret=True)
    stack.up()
    sentences = {
        "pulumi stack rm: 'dev' still has resources": stack.remove,
        "pulumi refresh has no --replace": lambda: stack.refresh(Options(replace=[urn("red")])),
        "there is no Pulumi.yaml in": lambda: desk.engine.stack(Project("desk", tmp_path), "dev"),
        "a program that is a function needs a work_dir": lambda: desk.engine.stack(Project("desk", print), "dev"),
        "pulumi stack init: .*passphrase must be set": lambda: desk.engine.stack(
            Project("desk", print, tmp_path), "new", env={}
        ),
        "pulumi config: .*incorrect passphrase": lambda: desk.engine.stack(
            Project("desk", print, tmp_path), "dev", env={"PULUMI_CONFIG_PASSPHRASE": "open"}
        ).get_config(),
    }
    for sentence, run in sentences.items():
        with pytest.raises(EngineError, match=f"^{sentence}") as caught:
            run()
        assert "\n" not in str(caught.value)
    assert isinstance(NotSupported(""), EngineError)


@pytest.mark.cli
@needs_cli
def test_the_users_selected_stack_stays_selected(desk: Desk) -> None:
    """Opening and running a stack leaves the CLI's own workspace files alone."""
    desk.declare(red=RED)
    home = desk.shelf.parent / "home"
    engine = PulumiCliEngine(desk.shelf.parent / "backend", home)
    Desk(engine, desk.shelf).stack().preview()
    assert not list((home / "workspaces").glob("*"))


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -------------------------------------------------------------------------------------------------- without the CLI


def test_no_cli_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found on an empty PATH, and an engine for it says what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_pulumi() is None
    with pytest.raises(EngineError, match=r"^there is no working Pulumi CLI on PATH: install it as https://"):
        PulumiCliEngine()


def test_something_else_called_pulumi_is_no_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not answer with a version is not taken for the CLI."""
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_pulumi() is None
    with pytest.raises(EngineError, match=r"^there is no working Pulumi CLI"):
        PulumiCliEngine()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK leaves a file open
def test_installing_without_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the download fails, the sentence says so and what to do; here a proxy that is not there stops it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for variable in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(
        EngineError, match=r"^the Pulumi CLI cannot be downloaded .+ or use the built-in engine$"
    ) as caught:
        install_pulumi(tmp_path)
    assert "\n" not in str(caught.value)
