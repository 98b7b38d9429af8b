"""From a run to its results: lines as it goes, records, status and page, and `--resume` that does only what is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from tests.fleet.running import Client, token_of

pytestmark = pytest.mark.timeout(180)
RUNNER = CliRunner()


def fleet(client: Client, command: str, *arguments: str) -> tuple[int, str, str]:
    """Run `hubassoc fleet …`: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["fleet", command, "-f", str(client.file), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_what_a_run_did_is_read_back(
    clients: Callable[[int], Client], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A portal whose token is refused fails alone; when that is put right, a resumed run does it and no other."""
    client = clients(3)
    client.rewrite(waves={"stop_at": "100%"})
    monkeypatch.setenv("TOKEN_1", "pat-eu1-sentinel-other")
    code, out, err = fleet(client, "up", "--engine", "local", "--jobs", "1")
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "up: 3 stacks of crm, 1 jobs at once on this machine"
    assert out.splitlines()[1].startswith("1/3 p0 up: done — 5 create — ")
    assert out.splitlines()[2].startswith("2/3 p1 up: failed — ")
    code, out, _ = fleet(client, "status", "--json", "--html", str(tmp_path / "fleet.html"))
    found = json.loads(out)
    assert (code, found["counts"]) == (1, {"failed": 1, "done": 2})
    assert [portal["stack"] for portal in found["portals"]] == ["p1", "p0", "p2"]
    assert found["portals"][1]["record"]["requests"] == client.asked(0)
    page = (tmp_path / "fleet.html").read_text(encoding="utf-8")
    assert page.count('<tr data-state="failed">') == 1
    assert page.count('<tr data-state="done">') == 2
    assert "sentinel" not in page + out + client.place.records.read_text(encoding="utf-8")
    monkeypatch.setenv("TOKEN_1", token_of(1))
    before = client.asked(0)
    code, out, _ = fleet(client, "up", "--engine", "local", "--jobs", "1", "--resume")
    assert code == 0
    assert [line for line in out.splitlines() if "p0 up" in line or "p2 up" in line] == []
    assert client.asked(0) == before
    assert client.converged(1)
    assert fleet(client, "status")[0] == 0
    assert fleet(client, "diff") == (0, "3 portals: 3 equal, 0 different\n", "")
