"""The tutorial is done as it stands on its page: every command, and what it says it prints."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.documentation.pages import PAGES, Block, blocks_of
from tests.documentation.walkthrough import assert_said, free_port, walk

pytestmark = pytest.mark.timeout(450)
TUTORIAL = blocks_of(PAGES / "tutorial.md")


def on_free_ports(blocks: list[Block]) -> list[Block]:
    """The page's two ports may be taken on this machine."""
    ports = {"8801": str(free_port()), "8802": str(free_port())}
    return [
        replace(block, text=block.text.replace("8801", ports["8801"]).replace("8802", ports["8802"]))
        for block in blocks
    ]


def test_tutorial(tmp_path: Path) -> None:
    """From an empty folder, on the built-in engine."""
    ran = walk(on_free_ports(TUTORIAL), tmp_path, {})
    for block in ran:
        assert_said(block)
    assert len(ran) > 15
    commands = " ".join(block.block.text for block in ran)
    for command in ("emulator", "local up", "local refresh", "local outputs", "local destroy", "diff"):
        assert f"hubassoc {command}" in commands
    assert sum(bool(block.expected) for block in ran) >= 13


def on_the_cli(blocks: list[Block], page: str) -> list[Block]:
    """The page's commands as its note on the Pulumi CLI says, and the note's own before the first of them."""
    note = page.split("!!! note")[1].split("## ")[0]
    before = re.findall(r"`(export [^`]+|pulumi stack init [^`]+)`", note)
    assert len(before) == 4
    done = [
        replace(
            b, text=b.text.replace("hubassoc local outputs", "pulumi stack output").replace("hubassoc local", "pulumi")
        )
        for b in blocks
    ]
    first = next(n for n, block in enumerate(done) if re.search(r"^pulumi up", block.text, re.MULTILINE))
    done[first] = replace(done[first], text="\n".join([*before, done[first].text]))
    return done


@pytest.mark.cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
def test_tutorial_on_the_cli(tmp_path: Path) -> None:
    """The same page with the Pulumi CLI; what that prints is its own, and what this package prints is as shown."""
    work = tmp_path / "work"
    work.mkdir()
    blocks = on_the_cli(on_free_ports(TUTORIAL), (PAGES / "tutorial.md").read_text(encoding="utf-8"))
    env = {"HOME": str(tmp_path), "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    ran = walk(blocks, work, env)
    pulumi = re.compile(r"^pulumi", re.MULTILINE)
    of_this_package = [block for block in ran if block.expected and not pulumi.search(block.block.text)]
    for block in of_this_package:
        assert_said(block)
    said = "\n".join(block.said for block in ran)
    for line in (
        "exit code 7",
        "must be a whole number of at least 1, and is 0",
        "no difference between stack:sandbox",
    ):
        assert line in said
