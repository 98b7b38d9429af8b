"""The guides that change something are done as they stand on their pages, on the built-in engine, against emulated portals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.conftest import TOKEN
from tests.documentation.pages import PAGES, Block, blocks_of
from tests.documentation.walkthrough import Ran, assert_said, walk

pytestmark = pytest.mark.timeout(300)
Texts = set[tuple[str, str]]


def guide(name: str) -> list[Block]:
    """The blocks of a guide."""
    return blocks_of(PAGES / "how-to" / f"{name}.md")


@pytest.fixture
def url(emulator: Emulator) -> str:
    """Where the emulator serves."""
    return emulator.start()


def follow(blocks: Sequence[Block], folder: Path, url: str, **env: str) -> list[Ran]:
    """Do it, and see that it says what the page says."""
    ran = walk(blocks, folder, {"HUBASSOC_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN, **env})
    for block in ran:
        assert_said(block)
    assert ran
    return ran


def texts(portal: Portal) -> Texts:
    """The texts of its labels."""
    return {(label.label, label.inverse_label) for label in portal.labels()}


def test_take_over_a_portal(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """Nothing is written to HubSpot, the stack has it all, and it is protected."""
    billing = portal.drift.create_label("contacts", "companies", "Billing contact")
    portal.drift.create_label("contacts", "contacts", "Manager", "Employee")
    portal.drift.set_limit("companies", "contacts", billing.inverse_type_id, 1)
    before = (portal.labels(), portal.limits())
    follow(guide("take-over-a-portal"), tmp_path, url)
    assert (portal.labels(), portal.limits()) == before
    assert [r.operation for r in emulator.journal.records() if r.method in ("PUT", "DELETE")] == []
    assert (tmp_path / "__main__.py").read_text(encoding="utf-8").count("AssociationLabel(") == 2


def test_promote(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """Both portals have the label, and each its own limit."""
    production = emulator.add_portal(token="token-of-production", portal_id=2002)
    production.drift.create_label("deals", "contacts", "Champion")
    env = {
        f"{portal}_{name}": value
        for portal, token in {"SANDBOX": TOKEN, "PRODUCTION": "token-of-production"}.items()
        for name, value in {"HUBSPOT_ACCESS_TOKEN": token, "HUBASSOC_BASE_URL": url}.items()
    }
    follow(guide("promote"), tmp_path, url, **env)
    assert texts(portal) < texts(production)
    assert {limit.max_to_object_ids for limit in portal.limits()} == {1, 250}
    assert {limit.max_to_object_ids for limit in production.limits()} == {1, 500}


def test_rename_safely(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """One label was made and one PUT sent; no delete, no second label."""
    follow(guide("rename-safely"), tmp_path, url)
    assert texts(portal) == {("Payer", "Pays for")}
    writes = [
        r.operation
        for r in emulator.journal.records()
        if r.operation in ("create_label", "update_label", "delete_label")
    ]
    assert writes == ["create_label", "update_label"]


def test_delete_safely(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """What is protected and what is retained are in HubSpot still."""
    follow(guide("delete-safely"), tmp_path, url)
    assert {text for text, _ in texts(portal)} == {"Billing contact", "Referred by"}


def test_recover_from_a_crash(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """A run is killed when HubSpot has made the label and has not answered; the guide leaves one label, in the stack."""
    blocks = guide("recover-from-a-crash")
    files = [block for block in blocks if block.title]
    walk([*files, Block("", 0, "sh", "", "true\n")], tmp_path, {})
    emulator.arm(Fault("slow", operation="create_label", seconds=20))
    env = {"HUBASSOC_BASE_URL": url, "HUBSPOT_ACCESS_TOKEN": TOKEN}
    command = [
        sys.executable,
        "-c",
        "from pulumi_hubassoc.cli.main import main; main()",
        "local",
        "up",
        "-s",
        "dev",
        "-y",
        "-f",
    ]
    killed = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, **env}, start_new_session=True, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not portal.labels() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    (left,) = portal.labels()

    ran = follow(blocks, tmp_path, url)
    assert portal.labels() == [left], "it was taken over"
    assert f"billing_type_id: {left.type_id}" in ran[1].said


def test_rotate_a_token(tmp_path: Path, emulator: Emulator, portal: Portal, url: str) -> None:
    """The new token serves from the second step on, and the old one opens nothing from the fourth."""
    emulator.add_token("pat-eu1-a-newer-token", portal.portal_id)
    blocks = guide("rotate-a-token")
    last = max(n for n, block in enumerate(blocks) if block.language == "sh")
    env = {"OLD_TOKEN": TOKEN, "NEW_TOKEN": "pat-eu1-a-newer-token"}
    follow(blocks[:last], tmp_path, url, **env)
    emulator.revoke(TOKEN)
    labels = portal.labels()
    new = {"HUBSPOT_ACCESS_TOKEN": "pat-eu1-a-newer-token"}
    follow(blocks[last:], tmp_path, url, **new)
    assert portal.labels() == labels
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert TOKEN.encode() not in written
    assert b"newer-token" not in written
