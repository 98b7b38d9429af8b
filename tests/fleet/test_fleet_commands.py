"""`hubassoc fleet up` and its like: what they print, and how they exit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from tests.fleet.conftest import Make
from tests.fleet.running import Client

pytestmark = pytest.mark.timeout(180)


def fleet(client: Client, command: str, *arguments: str) -> tuple[int, str, str]:
    """Run a command; exit code, standard output, standard error."""
    words = ["fleet", command, "-f", str(client.file), "--engine", "local", *arguments]
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.stdout, result.stderr


def test_commands_say_what_comes_of_each_stack(clients: Make, tmp_path: Path) -> None:
    """The first line says what runs it; then a line for each stack, and a summary. JSON is a record a line."""
    client = clients(2)
    code, out, err = fleet(client, "up", "--jobs", "2", "--html", str(tmp_path / "up.html"))
    first, *lines, last = out.splitlines()
    assert (code, err) == (0, "")
    assert first == "up: 2 stacks of crm, 2 jobs at once on this machine"
    assert len(lines) == 2
    assert "p0 up: done" in lines[0]
    assert "2 done; 20 requests" in last
    assert "p0" in (tmp_path / "up.html").read_text()

    code, out, err = fleet(client, "destroy", "--only", "p1", "--json")
    [record] = map(json.loads, out.splitlines())
    assert (code, record["stack"], record["outcome"], len(record["changes"])) == (0, "p1", "done", 5)
    assert err.startswith("destroy: 1 stack of crm, ")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], 2, "leave one out"),
        (["--workers", "2", "--jobs", "2"], 2, "leave one out"),
        (["--only", "acme"], 1, "has no stack 'acme'"),
        (["--resume"], 1, "There is no run to resume"),
        (["--scheduler", "tcp://127.0.0.1:1"], 1, "The Dask scheduler at tcp://127.0.0.1:1 cannot be reached"),
    ],
)
def test_what_cannot_be_begun_is_said_in_one_line(
    clients: Make, arguments: list[str], code: int, sentence: str
) -> None:
    """And nothing is sent."""
    client = clients(1)
    found = fleet(client, "up", *arguments)
    assert found[0] == code
    assert sentence in " ".join(found[2].split())
    assert code == 2 or len(found[2].splitlines()) == 1
    assert client.asked() == 0


def test_a_page_that_is_there_is_left_alone(clients: Make, tmp_path: Path) -> None:
    """That is said before anything is begun; --force writes over it."""
    client, page = clients(1), tmp_path / "up.html"
    page.write_text("mine")
    code, _, err = fleet(client, "up", "--html", str(page))
    assert (code, page.read_text(), client.asked()) == (1, "mine", 0)
    assert "up.html is there already" in err
    assert fleet(client, "up", "--html", str(page), "--force")[0] == 0
    assert "p0" in page.read_text()


def test_without_dask_workers_cannot_be_started(clients: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install; without --workers it is not needed."""
    client = clients(1)
    monkeypatch.setitem(sys.modules, "dask", None)
    code, _, err = fleet(client, "up", "--workers", "2")
    assert (code, len(err.splitlines())) == (1, 1)
    assert "pip install 'pulumi-hubassoc[fleet]'" in err
    assert fleet(client, "preview")[0] == 0
