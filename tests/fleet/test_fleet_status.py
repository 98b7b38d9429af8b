"""`hubassoc fleet status`: what became of each stack, in lines, as JSON and as a page, with an exit code by the worst."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.fleet.record import Record, Records
from tests.fleet.fleets import WORST, fleet, records

RUNNER = CliRunner()
FLEET = """\
project: relations
schema: crm.yaml
portals:
  acme: {portal_id: 1, token: {env: A}, tags: [eu]}
  bond: {portal_id: 2, token: {env: B}, tags: [eu]}
  corp: {portal_id: 3, token: {env: C}}
"""


def status(*arguments: str) -> tuple[int, str, str]:
    """Run it: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["fleet", "status", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a fleet that was never run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm.yaml").write_text("pairs: []\n", encoding="utf-8")
    (tmp_path / "fleet.yaml").write_text(FLEET, encoding="utf-8")
    return tmp_path


@pytest.fixture
def done(folder: Path) -> Record:
    """A record of acme in the fleet's own file: an `up` that is done."""
    record = replace(records(fleet(12))[5], stack="acme", portal_id=1, outcome="done", errors=())
    Records(folder / ".hubassoc-fleet" / "records.jsonl").append(record)
    return record


def test_a_fleet_that_was_never_run(folder: Path) -> None:
    code, out, err = status()
    assert (code, err) == (75, "")
    assert out == "acme: never run\nbond: never run\ncorp: never run\n3 portals: 3 never run\n"
    assert not (folder / ".hubassoc-fleet").exists()


def test_each_stack_with_its_last_outcome_the_worst_first(folder: Path, done: Record) -> None:
    """Of a stack with many records the last one counts; stacks that have left the file are told."""
    told = Records(folder / ".hubassoc-fleet" / "records.jsonl")
    told.append(replace(done, stack="bond", outcome="failed"))
    told.append(replace(done, stack="bond", outcome="parked", may_go_on="2026-11-25T05:00:00Z", changes=()))
    told.append(replace(done, stack="gone"))
    code, out, _ = status()
    assert code == 75
    assert out.splitlines() == [
        f"bond up: parked until 2026-11-25 05:00 UTC — no change — {done.requests} requests — {done.seconds:.1f} s — 2026-11-24 10:00 UTC",
        "corp: never run",
        f"acme up: done — 2 create, 1 update — {done.requests} requests — {done.seconds:.1f} s — 2026-11-24 10:00 UTC",
        "3 portals: 1 parked, 1 never run, 1 done",
        "1 stacks have records and are not in the fleet's file: gone",
    ]
    assert status("--only", "acme")[0] == 0
    told.append(replace(done, stack="corp", outcome="failed", exit_code=1, errors=(WORST[2],)))
    code, out, _ = status()
    assert code == 1
    assert out.startswith("corp up: failed — ")
    assert not [c for c in out if not c.isprintable() and c != "\n"]
    assert status("--tag", "eu")[0] == 75


def test_as_json_and_as_a_page(folder: Path, done: Record) -> None:
    code, out, _ = status("--json", "--html", "fleet.html")
    found = json.loads(out)
    assert (code, found["exitCode"], found["counts"], found["notInFleet"]) == (75, 75, {"never-run": 2, "done": 1}, [])
    assert [(p["stack"], p["portalId"], p["state"]) for p in found["portals"]] == [
        ("bond", 2, "never-run"),
        ("corp", 3, "never-run"),
        ("acme", 1, "done"),
    ]
    assert found["portals"][2]["record"]["requests"] == done.requests
    assert "<title>Fleet relations</title>" in (folder / "fleet.html").read_text(encoding="utf-8")
    code, _, err = status("--html", "fleet.html")
    assert (code, "is there already" in err) == (1, True)


def test_other_records(folder: Path, done: Record) -> None:
    """Of another machine, say; what is no file of records is told in one line."""
    (folder / ".hubassoc-fleet" / "records.jsonl").rename(folder / "theirs.jsonl")
    assert "acme: never run" in status()[1]
    assert "acme up: done" in status("--records", "theirs.jsonl")[1]
    code, out, err = status("--records", "crm.yaml")
    assert (code, out) == (1, "")
    assert err.startswith("hubassoc: crm.yaml:1 is no record of a fleet — ")


def test_ten_thousand_records_are_told_in_seconds(folder: Path) -> None:
    """The file, the lines and the page; see `tests/simulation/fleet.py` for what that takes."""
    of = fleet(10_000)
    listed = "".join(f"  {p.stack}: {{portal_id: {p.portal_id}, token: {{env: T{p.portal_id}}}}}\n" for p in of.portals)
    (folder / "fleet.yaml").write_text("project: relations\nschema: crm.yaml\nportals:\n" + listed, encoding="utf-8")
    first, *others = records(of)
    told = Records(folder / "records.jsonl")
    told.append(first)
    line = told.path.read_text(encoding="utf-8")
    assert line.count("\n") == 1
    with told.path.open("a", encoding="utf-8") as file:
        file.writelines(line.replace(first.stack, record.stack) for record in others)
    start = time.process_time()
    code, out, _ = status("--records", "records.jsonl", "--html", "fleet.html")
    assert time.process_time() - start < 30
    assert code == 1
    assert out.splitlines()[-1] == "10000 portals: 9999 failed, 1 never run"
