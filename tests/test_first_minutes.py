"""What a new user gets wrong in the first minutes is one line that says what to do, and nothing is left behind."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal
from tests.conftest import TOKEN

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).resolve().parent.parent
RUNNER = CliRunner()
PROGRAM = "import pulumi\npulumi.export('number', 3)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that exports a number."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return folder


def hubassoc(*arguments: object) -> tuple[int, str, str]:
    """Run a command; exit code, standard output, standard error."""
    result = RUNNER.invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: object) -> str:
    """The one line that a command fails with."""
    code, _, err = hubassoc(*arguments)
    assert code == 1
    (line,) = err.splitlines()
    assert line.startswith("hubassoc: ")
    return line


# ------------------------------------------------------------------------------------------------- stacks and projects


@pytest.mark.parametrize("command", ["outputs", "cancel", "refresh", "destroy"])
def test_a_stack_that_is_not_there_is_not_made(project: Path, command: str) -> None:
    """What only looks or takes away says which stacks there are, and leaves no file."""
    assert "has no stack dev" in refused("local", command, "-s", "dev", "-C", project)
    assert sorted(file.name for file in project.iterdir()) == ["Pulumi.yaml", "__main__.py"]


def test_a_misspelled_stack_is_said_to_be_new(project: Path) -> None:
    """Where the project has files of other stacks; the first stack of a project is nothing to talk about."""
    assert hubassoc("local", "preview", "-s", "dev", "-C", project)[2] == ""
    for name in ("dev", "prod"):
        (project / f"Pulumi.{name}.yaml").write_text("config: {}\n")
    code, _, err = hubassoc("local", "preview", "-s", "prdo", "-C", project)
    assert (code, err) == (0, "prdo is a new stack without a Pulumi.prdo.yaml; there is one of dev, prod\n")
    assert "there is dev, prdo" in refused("local", "outputs", "-s", "prod", "-C", project)


def test_a_folder_without_a_project_names_the_one_above(project: Path, tmp_path: Path) -> None:
    """As people stand in a subfolder of their project, or in another one altogether."""
    (project / "sub").mkdir()
    assert str(project) in refused("local", "preview", "-s", "dev", "-C", project / "sub").partition("above it")[2]
    assert "a project is a folder with that file" in refused("import", "-s", "dev", "-C", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: tiny\n", "add the line `runtime: python`"),
        ("runtime: python\n", "add the line `name: …`"),
        ("name: tiny\nruntime: {name: python, options: {virtualenv: .venv}}\n", "make it (python3 -m venv "),
    ],
)
def test_what_is_missing_in_a_project_is_said_with_its_cure(project: Path, text: str, words: str) -> None:
    """A line of Pulumi.yaml, or what it names."""
    (project / "Pulumi.yaml").write_text(text)
    assert words in refused("local", "preview", "-s", "dev", "-C", project)


def test_a_project_without_a_program(project: Path) -> None:
    """One line, and no traceback of the Python that looks for it."""
    (project / "__main__.py").unlink()
    code, out, _ = hubassoc("local", "preview", "-s", "dev", "-C", project)
    assert (code, "Traceback" in out) == (1, False)
    assert f"there is no program: {project} has no __main__.py" in out


def test_an_environment_without_the_sdk(project: Path) -> None:
    """Where `virtualenv:` names an environment in which nothing is installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True)
    (project / "Pulumi.yaml").write_text("name: tiny\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    code, out, _ = hubassoc("local", "preview", "-s", "dev", "-C", project)
    assert (code, "Traceback" in out) == (1, False)
    assert "install the program's requirements there" in out


def test_line_ends_of_windows_do_no_harm(project: Path) -> None:
    """In the program and in every file of the project."""
    (project / "Pulumi.yaml").write_bytes(b"name: tiny\r\nruntime: python\r\n")
    (project / "Pulumi.dev.yaml").write_bytes(b"config:\r\n  tiny:number: 4\r\n")
    (project / "__main__.py").write_bytes(
        b"import pulumi\r\npulumi.export('number', pulumi.Config().get_int('number'))\r\n"
    )
    code, out, _ = hubassoc("local", "up", "--yes", "-s", "dev", "-C", project)
    assert code == 0
    assert "number: 4" in out


def test_stacks_of_two_projects_find_each_other(
    tmp_path: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each project keeps its stacks to itself, unless one folder is named for all; the sentence says so."""
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    shutil.copytree(ROOT / "examples" / "stack_references", tmp_path / "two")
    crm, application = tmp_path / "two" / "crm", tmp_path / "two" / "app"
    run = ("local", "up", "--yes", "--skip-preview", "-s", "dev", "-C")
    assert hubassoc(*run, crm)[0] == 0
    code, out, _ = hubassoc(*run, application)
    assert (code, "found where HUBASSOC_STATE_DIR names a folder for all" in out) == (1, True)

    monkeypatch.setenv("HUBASSOC_STATE_DIR", str(tmp_path / "state"))
    assert [hubassoc(*run, folder)[0] for folder in (crm, application)] == [0, 0]
    assert (application / "settings.json").exists()
    assert len(portal.labels()) == 2, "what the first one made was found again by its name"


# ------------------------------------------------------------------------------------------------- the machine


@pytest.mark.parametrize(
    "command",
    [
        ["local", "preview", "-s", "dev", "-C", "{project}"],
        ["demo", "--engine", "local", "--keep", "{project}/Pulumi.yaml/kept"],
        ["emulator", "--state", "{project}/Pulumi.yaml/state.json"],
    ],
)
def test_a_place_that_cannot_be_written_to(project: Path, command: list[str]) -> None:
    """Here a file stands where a folder should be; a missing permission and a full disk come the same way."""
    (project / ".pulumi-local").write_text("")
    line = refused(*[word.format(project=project) for word in command])
    assert "cannot be used: Not a directory" in line
    assert str(project) in line


def test_a_port_that_is_taken() -> None:
    """The sentence says which, and how to have a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("emulator", "--port", port)
    assert line == (
        f"hubassoc: the emulator cannot serve on port {port}: Address already in use — 0, the default, takes a free one"
    )


def test_a_proxy_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named by its variable; its address may hold a password, and is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for key, value in {
        "https_proxy": f"http://me:hush@127.0.0.1:{port}",
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "HUBASSOC_PATIENCE_SECONDS": "0.1",
    }.items():
        monkeypatch.setenv(key, value)
    line = refused("export")
    assert "check the network, the proxy in https_proxy and the base URL" in line
    assert "hush" not in line
