"""Ctrl-C in `hubassoc import`, `export`, `diff` and `graph`: nothing is half done, and a second run finishes the work."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.on_engines import ENGINES, lead_commands_to

pytestmark = pytest.mark.timeout(240)
LABELS = 30
PAIRS = (("contacts", "companies"), ("contacts", "deals"), ("deals", "tickets"))
HUBASSOC = (sys.executable, "-c", "from pulumi_hubassoc.cli.main import main; main()")
INTERRUPTED_AT = """
import os, signal, sys

wanted, name = sys.argv[1:3]
sys.argv[1:3] = []

def hook(event, arguments):
    # Ctrl-C comes at the first of these that is about the file to be.
    if event == wanted and hook.armed and is_it(event, arguments):
        hook.armed = False
        os.kill(os.getpid(), signal.SIGINT)

def is_it(event, arguments):
    if event == "open" and isinstance(arguments[0], int):  # a file that has been made already
        return name in os.readlink(f"/proc/self/fd/{arguments[0]}")
    return event != "open" and name in str(arguments)

hook.armed = True
sys.addaudithook(hook)
from pulumi_hubassoc.cli.main import main
main()
"""
"""A command that is interrupted at an event of Python's own, as near to it as can be."""


@pytest.fixture
def project(emulator: Emulator, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a program, whose environment leads to a portal with many labels."""
    lead_commands_to(emulator, tmp_path, monkeypatch)
    for number in range(LABELS):
        portal.drift.create_label(*PAIRS[number % len(PAIRS)], f"Label {number}")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: crm\nruntime: python\n")
    return folder


@contextmanager
def started(
    *arguments: object, command: Sequence[str] = HUBASSOC, stderr: int | IO[Any] = subprocess.PIPE
) -> Iterator[Any]:
    """A command in a session of its own, as a terminal's: Ctrl-C reaches it and its children."""
    process = subprocess.Popen(
        [*command, *map(str, arguments)], stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def interrupted(process: subprocess.Popen[str], when: Callable[[], bool], times: int = 1) -> tuple[int, str, str]:
    """Press Ctrl-C so often once it is time; exit code as a shell has it, standard output and error."""
    end = time.monotonic() + 60
    while not when() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    out, err = process.communicate(timeout=60)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode, out, err


def files(folder: Path) -> set[str]:
    """What is in a folder, and in those below it."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("engine", ENGINES)
def test_import_goes_on_where_it_was_interrupted(project: Path, engine: str, times: int) -> None:
    """Program and stack are whole, no lock is left, and the second import takes what the first did not."""
    arguments = ("import", "-s", "dev", "-C", project, "--engine", engine)

    def imported() -> int:
        journal = project / ".pulumi-local/dev.journal"
        lines = journal.read_text().splitlines() if journal.exists() else ()
        states = (project.parent / "state").rglob("stacks/**/dev.json")
        found = [*(line for line in lines if '"do":"put"' in line), *(path.read_text() for path in states)]
        return sum(text.count("AssociationLabel::") for text in found)

    with started(*arguments, command=("nice", *HUBASSOC)) as process:  # who watches it is not to be late
        code, _, err = interrupted(process, lambda: imported() >= 3, times)
    assert code in ({130} if times == 1 else {8, 130})
    assert "Traceback" not in err
    assert "a second run goes on from there" in err or times == 2
    left = files(project.parent)
    assert not [name for name in left if name.endswith((".lock", ".journal", ".tmp")) or "/locks/" in name]
    assert {name for name in left if name.startswith("project/") and "pulumi-local" not in name} <= {
        *("project/Pulumi.yaml", "project/Pulumi.dev.yaml", "project/__main__.py")
    }
    compile((project / "__main__.py").read_text(), "written", "exec")
    again = json.loads(
        subprocess.run([*HUBASSOC, *map(str, arguments), "--json"], capture_output=True, check=True).stdout
    )
    assert again["preview"]["changes"] == {"same": LABELS + 1}
    assert len(again["imported"]) + len(again["alreadyThere"]) == LABELS
    assert again["alreadyThere"]


READERS = {
    "import": ("import", "-s", "dev", "--engine", "local", "-C"),
    "export": ("export", "-o", "out.py", "-C"),
    "diff": ("diff", "portal", "crm.yaml", "--html", "out.html", "-C"),
    "graph": ("graph", "portal", "--svg", "out.svg", "--html", "out.html", "-C"),
}


@pytest.mark.parametrize("command", READERS)
def test_interrupted_reading_leaves_nothing(
    project: Path, emulator: Emulator, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 130, no traceback, no file."""
    monkeypatch.chdir(project)
    Path("crm.yaml").write_text("pairs: []\n")
    before = files(project)
    emulator.journal.clear()
    emulator.arm(Fault("slow", operation="label_usage", seconds=5.0))
    with started(*READERS[command], project) as process:
        code, out, err = interrupted(process, lambda: len(emulator.journal) >= 1)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert {x for x in files(project) - before if ".pulumi-local" not in x} == set()


WRITERS = [
    *((command, "os.rename") for command in READERS),
    *(("export", event) for event in ("tempfile.mkstemp", "open", "os.chmod")),
]


@pytest.mark.parametrize(("command", "event"), WRITERS)
def test_interrupted_writing_leaves_no_half_of_a_file(
    project: Path, command: str, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the file has its name there is none, nor anything of it under another name."""
    monkeypatch.chdir(project)
    Path("crm.yaml").write_text("pairs: []\n")
    before = files(project)
    name = "__main__.py" if command == "import" else "out."
    with started(event, name, *READERS[command], project, command=(sys.executable, "-c", INTERRUPTED_AT)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert {x for x in files(project) - before if ".pulumi-local" not in x} == set()


def test_schema_file_of_an_interrupted_import_is_taken_up(project: Path) -> None:
    """It comes before the program; a second run finds it as it would write it, and another one is not written over."""
    arguments = ("import", "-s", "dev", "--schema", "--engine", "local", "-C", project)
    with started("os.rename", "__main__.py", *arguments, command=(sys.executable, "-c", INTERRUPTED_AT)) as process:
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert {x for x in files(project) if ".pulumi-local" not in x} == {"Pulumi.yaml", "crm.yaml"}
    text = (project / "crm.yaml").read_text()
    (project / "crm.yaml").write_text(text + "# mine\n")
    done = subprocess.run([*HUBASSOC, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "crm.yaml is there already" in done.stderr
    (project / "crm.yaml").write_text(text)
    done = subprocess.run([*HUBASSOC, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert (project / "__main__.py").exists()


def test_progress_of_an_import_on_a_terminal(project: Path, emulator: Emulator) -> None:
    """A bar on standard error tells what is read and how many are imported; standard output is free of it."""
    emulator.arm(Fault("slow", operation="list_labels", seconds=0.3))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
    with started("import", "-s", "dev", "--engine", "local", "-C", project, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while True:
                shown += os.read(ours, 65536)
        except OSError:  # Linux's way to say that nobody writes any more
            pass
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    text = shown.decode()
    assert process.returncode == 0
    assert "reads the labels of contacts → companies" in text
    assert "imports" in text
    assert "100%" in text
    assert "\x1b" not in out
    assert f"{LABELS} imported" in out
