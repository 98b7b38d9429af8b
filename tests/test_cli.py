"""The command line: what it prints, how it exits, and that whatever goes wrong is one line."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app

pytestmark = pytest.mark.timeout(120)


def leaves(name: str, command: Any) -> dict[str, Any]:
    """Every command by its full name."""
    children = getattr(command, "commands", {})
    found = {name: command} if not children else {}
    for child, sub in children.items():
        found |= leaves(f"{name} {child}", sub)
    return found


RUNNER = CliRunner()
COMMANDS = leaves("hubassoc", get_command(app))
HUBASSOC = [sys.executable, "-c", "from pulumi_hubassoc.cli.main import main; main()"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that exports a number and a secret."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "sesame")
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi\npulumi.export('number', 3)\npulumi.export('word', pulumi.Output.secret('hush'))\n"
    )
    return tmp_path


def local(project: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `hubassoc local …` on the stack `dev`; exit code, standard output, standard error."""
    result = RUNNER.invoke(app, ["local", *arguments, "-C", str(project), "-s", "dev"])
    return result.exit_code, result.stdout, result.stderr


def test_version_is_that_of_the_distribution() -> None:
    """Lines for people and JSON for scripts say the same."""
    assert f"pulumi-hubassoc {version('pulumi-hubassoc')}" in RUNNER.invoke(app, ["version"]).stdout.splitlines()
    found = json.loads(RUNNER.invoke(app, ["version", "--json"]).stdout)
    assert found["pulumi"] == version("pulumi")


def test_local_runs_a_project_through_its_life(project: Path) -> None:
    """Preview, up, outputs, refresh and destroy do what they say, exit with 0, and print no escape codes in a log."""
    preview, up, again, destroy = (
        local(project, *arguments)
        for arguments in (["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"], ["destroy", "--yes"])
    )
    assert [code for code, _, _ in (preview, up, again, destroy)] == [0, 0, 0, 0]
    assert "1 create, 0 unchanged" in preview[1]
    assert "number: 3" in up[1]
    assert "nothing to do, 1 unchanged" in again[1]
    assert "1 delete" in destroy[1]
    assert "\x1b" not in "".join(out for _, out, _ in (preview, up, again, destroy))


def test_outputs_hide_secrets_until_asked(project: Path) -> None:
    """A secret is shown by --show-secrets alone, in lines and in JSON."""
    code, out, _ = local(project, "up", "--yes", "--json")
    assert (code, json.loads(out)["outputs"]) == (0, {"number": 3, "word": "[secret]"})
    assert local(project, "outputs")[1].splitlines() == ["number 3", "word [secret]"]
    assert json.loads(local(project, "outputs", "--json", "--show-secrets")[1]) == {"number": 3, "word": "hush"}
    assert not [f for f in project.rglob("*.json") if "hush" in f.read_text()]


def test_json_is_one_object_with_everything_a_script_needs(project: Path) -> None:
    """Operation, exit code, counts, events and diagnostics are in it, and nothing else is printed."""
    code, out, _ = local(project, "preview", "--json", "--expect-no-changes")
    told = json.loads(out)
    assert code == told["exitCode"] == 7, "changes where none were expected"
    assert (told["operation"], told["changes"]) == ("preview", {"create": 1})
    assert [(e["operation"], e["status"]) for e in told["events"]] == [("create", "planned")]


@pytest.mark.parametrize("operation", ["up", "refresh", "destroy"])
def test_nothing_changes_without_yes_where_nobody_can_be_asked(project: Path, operation: str) -> None:
    """Without a terminal a command that changes something needs --yes, and says so in time."""
    assert local(project, "preview")[0] == 0  # which makes the stack
    code, _, err = local(project, operation, "--skip-preview")
    assert code == 2
    assert "--yes" in err
    assert local(project, "outputs", "--json")[1].strip() == "{}"


def test_program_that_raises_fails_the_command(project: Path) -> None:
    """The exit code is 1 and the program's own error is shown."""
    (project / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('no such planet')\n")
    code, out, _ = local(project, "up", "--yes", "--skip-preview")
    assert code == 1
    assert "no such planet" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["local", "preview", "-C", "/", "-s", "dev"], "Pulumi.yaml"),
        (["local", "outputs", "-C", "{project}", "-s", "a/b"], "no name for a stack"),
        (["demo", "--engine", "cli"], "Pulumi CLI"),
        (["demo", "--keep", "{project}"], "takes a new folder"),
        (["emulator", "--port", "{port}"], "cannot serve"),
    ],
)
def test_foreseen_failure_is_one_line_and_exit_code_1(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    """Standard error holds one sentence, without a traceback."""
    monkeypatch.setenv("PATH", str(project))  # no Pulumi CLI
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = RUNNER.invoke(app, [argument.format(project=project, port=port) for argument in arguments])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("hubassoc: ")
    assert words in line


def test_secret_that_could_not_be_kept_is_said_and_not_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a passphrase a stack with secrets ends with a sentence that names the variable."""
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    code, out, err = local(project, "up", "--yes", "--skip-preview")
    assert code == 1
    assert "PULUMI_CONFIG_PASSPHRASE" in out + err
    assert "Traceback" not in out + err
    assert not [f for f in project.rglob("*") if f.is_file() and f.suffix != ".py" and b"hush" in f.read_bytes()]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_has_examples_that_parse(name: str) -> None:
    """Each command's help ends in examples of that command, line by line, with options that it has."""
    out = RUNNER.invoke(app, [*name.split()[1:], "--help"]).stdout
    examples = re.findall(r"^    ?(hubassoc .+?)(?:  .*)?$", out.split("Examples:")[1], re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(example.split(" | ")[0])  # what follows is another program
        depth = len(name.split())
        assert words[:depth] == name.split()
        COMMANDS[name].make_context(name, words[depth:]).close()


def test_shell_completion_knows_the_commands() -> None:
    """What a shell asks on Tab is answered with the commands that begin so."""
    asked = {"_HUBASSOC_COMPLETE": "complete_bash", "COMP_WORDS": "hubassoc d", "COMP_CWORD": "1"}
    done = subprocess.run(HUBASSOC, env=os.environ | asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["demo", "doctor", "diff"]
    assert "--install-completion" in RUNNER.invoke(app, ["--help"]).stdout


def test_debug_shows_the_traceback() -> None:
    """With --debug a foreseen failure raises."""
    done = run("--debug", "local", "preview", "-C", "/", "-s", "dev")
    assert done.returncode != 0
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [("typer", ["version"]), ("rich", ["demo"]), ("flask", ["emulator"]), ("werkzeug", ["emulator"])],
)
def test_missing_extra_is_named(missing: str, arguments: list[str], project: Path) -> None:
    """Without an extra, one sentence says what to install."""
    program = f"import sys; sys.modules[{missing!r}] = None; from pulumi_hubassoc.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "pip install 'pulumi-hubassoc[" in line


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `hubassoc` as a process."""
    return subprocess.run([*HUBASSOC, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`hubassoc emulator --json` as a process, and what it printed."""
    command = [*HUBASSOC, "emulator", "--json", "--portal-id", "77", "--token", "a-token"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        assert select.select([process.stdout], [], [], 60)[0], "it says where it is within a minute"
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def test_emulator_serves_a_portal_until_ctrl_c(served: tuple[subprocess.Popen[str], dict[str, str]]) -> None:
    """It answers to its token on loopback, and Ctrl-C ends it with 130 and without a word."""
    process, said = served
    assert said["url"].startswith("http://127.0.0.1:")
    headers = {"Authorization": f"Bearer {said['accessToken']}"}
    answer = httpx.get(f"{said['url']}/account-info/v3/details", headers=headers, trust_env=False)
    assert answer.json()["portalId"] == said["portalId"] == 77
    assert "<title>" in httpx.get(said["page"], trust_env=False).raise_for_status().text
    assert said["page"].startswith(said["url"])
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_commands_load_what_they_need_alone() -> None:
    """Starting up loads neither HubSpot's client nor Pulumi's SDK: who asks for help does not wait for these."""
    program = "import sys, pulumi_hubassoc.cli.app; print([m for m in ('httpx', 'pydantic', 'pulumi', 'rich.table') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_emulator_says_how_to_use_it() -> None:
    """A bad port is refused by the command line itself."""
    assert run("emulator", "--port", "70000").returncode == 2
