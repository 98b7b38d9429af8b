"""The demo holds every step against the portals: it succeeds on each engine, and a lie of HubSpot's fails it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import pytest

from pulumi_hubassoc.cli.demo import run_demo
from pulumi_hubassoc.cli.witness import Expected, Witness
from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.on_engines import ENGINES

pytestmark = pytest.mark.timeout(280)


@pytest.mark.parametrize("which", ENGINES)
def test_demo_succeeds_and_says_on_what(
    which: Literal["local", "cli"], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every check holds; the summary has each step with its requests; the folder that is kept holds no token."""
    emulator = Emulator()
    assert run_demo(which, tmp_path / "kept", emulator=emulator)
    out = capsys.readouterr().out
    assert f"--engine {which}" in out.splitlines()[0]
    assert "\x1b" not in out
    assert "Every check held" in out
    rows = re.findall(r"│ (\d+)\s+│ (dev|prod)\s+│ ([\w ]+?)\s+│ .*│ (\d+)\s+│ (\d+) of (\d+)", out)
    assert [row[2] for row in rows] == [
        *["up", "up", "preview", "by hand", "refresh", "preview", "up"],
        *["preview", "up", "up", "destroy", "destroy"],
    ]
    assert all(held == of for *_, held, of in rows)
    assert sum(int(row[3]) for row in rows) == len(emulator.journal)
    assert [int(row[3]) for row in rows if row[2] in ("preview", "by hand")] == [0, 0, 2, 0], (
        "only a new label is looked up"
    )
    assert not [
        f
        for f in (tmp_path / "kept").rglob("*")
        for t in emulator.tokens()
        if f.is_file() and t.encode() in f.read_bytes()
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            Fault("forbidden", operation="create_label", portal_id=1001),
            "up succeeded (exit code 1)",
            id="HubSpot refuses a label",
        ),
        pytest.param(
            Fault("answer", operation="update_label", portal_id=2002, count=None, status=204),
            "label missing: contacts → contacts Manager / Employee",
            id="HubSpot says a label is renamed, and it is not",
        ),
    ],
)
def test_demo_fails_where_the_portal_is_not_as_it_should_be(
    fault: Fault, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check that did not hold is named, and nothing follows it."""
    emulator = Emulator()
    emulator.arm(fault)
    assert not run_demo("local", tmp_path / "kept", emulator=emulator)
    out = capsys.readouterr().out
    (failure,) = (line for line in out.splitlines() if line.startswith("   FAILED: "))
    assert words in failure
    assert "FAILED in step" in out
    assert "Every check held" not in out


def test_witness_sees_every_difference(emulator: Emulator, portal: Portal) -> None:
    """Missing, surplus, doubled, and a touched label of somebody else's are each told."""
    witness = Witness(emulator, portal)
    witness.add_unmanaged("Former employer", 25)
    assert witness.differences(Expected()) == []

    declared = Expected(frozenset({("contacts", "companies", "Payer", "Payer")}), frozenset())
    assert witness.differences(declared) == ["label missing: contacts → companies Payer / Payer"]
    payer = portal.drift.create_label("contacts", "companies", "Payer")
    assert witness.differences(declared) == []
    portal.drift.set_limit("contacts", "companies", payer.type_id, 2)
    assert witness.differences(declared) == ["limit too many: contacts → companies Payer / 2"]

    portal.drift.rename_label(witness.others[0].type_id, "Past employer")
    assert "the unmanaged label 'Former employer' was touched" in witness.differences(declared)


def test_ctrl_c_ends_the_demo(tmp_path: Path) -> None:
    """A Ctrl-C ends the demo soon, with a code that is not 0 and without a traceback."""
    command = [
        sys.executable,
        "-u",
        "-c",
        "from pulumi_hubassoc.cli.main import main; main()",
        "demo",
        "--engine",
        "local",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout
    assert "built-in engine" in process.stdout.readline()
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (1, 130)
    assert "Traceback" not in out + err
