"""The doctor as a whole: how few requests it sends, what it never shows, and how its command shows the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.cli.doctor import run_doctor
from pulumi_hubassoc.doctor.checks import CHECKS
from pulumi_hubassoc.doctor.finding import Finding, worst
from pulumi_hubassoc.emulator import Fault
from tests.conftest import TOKEN
from tests.doctor.practice import Practice
from tests.test_cli import HUBASSOC, RUNNER

pytestmark = pytest.mark.timeout(120)


# ------------------------------------------------------------------------------------------------------------- the whole


def test_a_healthy_patient_takes_two_requests(practice: Practice) -> None:
    """Every line is ok, and the portal was asked whose the token is and what it may do, nothing else."""
    findings = practice.findings()
    assert {f.what: f.level for f in findings} == {c.what: "ok" for c in CHECKS if not c.of_states}
    assert practice.emulator.journal.operations() == ["account", "token_info"]


def test_offline_sends_nothing(practice: Practice) -> None:
    """What needs an answer has no line, and the other lines are as good as they can be."""
    findings = practice.findings(offline=True)
    assert [f.what for f in findings] == [c.what for c in CHECKS if not (c.asks or c.of_states)]
    assert worst(f.level for f in findings) == "ok"
    assert len(practice.emulator.journal) == 0


def test_what_needs_what_is_missing_says_so(practice: Practice) -> None:
    """Without a token and a project the lines that need them say what they lack, and no request is sent."""
    practice.folder.joinpath("Pulumi.yaml").unlink()
    findings = {f.what: f for f in practice.findings(env={})}
    assert findings["token"].level == "error"
    for what in ("portal", "scopes", "rate limits", "clock"):
        assert findings[what] == Finding("warning", what, "not looked at: no token")
    for what in ("provider's Python", "stack", "token in files"):
        assert findings[what] == Finding("warning", what, "not looked at: no project")
    assert len(practice.emulator.journal) == 0


# ----------------------------------------------------------------------------------------------------------- the command


def command(practice: Practice, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Run `hubassoc doctor` on the emulator over a socket; exit code, standard output, standard error."""
    practice.findings(offline=True)  # writes the stack's file
    with practice.emulator.serve() as url:
        own = {"HUBSPOT_ACCESS_TOKEN": TOKEN, "HUBASSOC_BASE_URL": url, "PULUMI_PYTHON_CMD": sys.executable}
        result = CliRunner(env=own | env).invoke(app, ["doctor", "-C", str(practice.folder), *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_warnings_exit_with_0_and_an_error_with_1(practice: Practice) -> None:
    """Lines with marks, the fix indented below, a sum at the end, and no colours in a log."""
    code, out, err = command(practice, "-s", "dev")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "✓ portal: 1001, SANDBOX, for stack dev, as hubassoc:portalId says" in lines
    assert any(line.startswith("! base URL: http://127.0.0.1") for line in lines)
    assert any(line.startswith("    for HubSpot take hubassoc:baseUrl out") for line in lines)
    assert lines[-1] == "15 ok, 1 warning"
    code, out, _ = command(practice, "-s", "dev", HUBSPOT_ACCESS_TOKEN="pat-eu1-of-nobody-at-all")
    assert code == 1
    assert "✗ token: HubSpot says: The OAuth token used to make this call expired" in out
    assert "\x1b" not in out


def test_json_has_every_finding_and_the_worst(practice: Practice) -> None:
    """One object and nothing else; the exit code is by the worst."""
    code, out, _ = command(practice, "--json", PULUMI_STACK="dev")
    told = json.loads(out)
    assert (code, told["worst"], set(told)) == (0, "warning", {"worst", "findings"})
    assert [f["what"] for f in told["findings"]] == [c.what for c in CHECKS if not c.of_states]
    assert {frozenset(f) for f in told["findings"]} == {frozenset({"level", "what", "said", "fix"})}
    code, out, _ = command(practice, "--json", "-s", "dev", HUBASSOC_ACCOUNT_TYPES="STANDARD")
    assert (code, json.loads(out)["worst"]) == (1, "error")


def test_offline_command_sends_nothing_and_takes_no_state(practice: Practice) -> None:
    """What cannot be had together is refused by the command line."""
    assert command(practice, "--offline", "-s", "dev")[0] == 0
    assert len(practice.emulator.journal) == 0
    code, _, err = command(practice, "--offline", "--state", "x.json")
    assert code == 2
    assert "--state" in err


def test_help_has_examples_and_exit_codes() -> None:
    """As they were written, line by line."""
    out = RUNNER.invoke(app, ["doctor", "--help"]).stdout
    assert "hubassoc doctor -s dev --offline         without a request\n" in out
    assert "Exit code: 0 all is well, or there are warnings alone; 1 there is an error." in out


@pytest.mark.parametrize(
    "kind", ["unauthorized", "forbidden", "malformed", "answer", "redirect", "rate_limit", "html", "status"]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_the_token_is_in_no_output(
    practice: Practice, kind: Any, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever HubSpot answers, itself repeated included, and wherever a file has it in clear."""
    practice.write("Pulumi.yaml", "name: crm\nruntime: {name: python, options: {toolchain: poetry}}\n")
    practice.write("Pulumi.prod.yaml", f"config:\n  hubassoc:accessToken: {TOKEN}\n  hubassoc:portalId: {TOKEN}\n")
    practice.write("Pulumi.torn.yaml", f"config:\n  hubassoc:accessToken: [{TOKEN}\n")
    echo = {"status": "error", "message": f"bad token {TOKEN}", "category": TOKEN, "correlationId": TOKEN}
    practice.emulator.arm(Fault(kind, count=None, status=400, body=echo, headers={"Date": TOKEN}, policy="DAILY"))
    for stack in ("dev", "prod", "torn"):
        assert not run_doctor(practice.scene(stack), as_json=as_json)
        told = capsys.readouterr()
        assert "accessToken" in told.out
        assert TOKEN not in told.out + told.err


def test_as_a_process(practice: Practice, tmp_path: Path) -> None:
    """With a project alone, no token and no Pulumi: exit code 1, no traceback, no colours, nothing written."""
    practice.config = {}
    before = sorted(practice.folder.rglob("*"))
    env = {"PATH": str(tmp_path / "nothing"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [*HUBASSOC, "doctor", "-C", str(practice.folder)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "✗ token: none is set" in done.stdout
    assert "! Pulumi CLI: not on PATH" in done.stdout
    assert "\x1b" not in done.stdout
    assert sorted(practice.folder.rglob("*")) == before
