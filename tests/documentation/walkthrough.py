"""A page as its reader does it: files are written, commands run one after another in one shell, and print what the page says.

A block with a title is that file; an ``sh`` block is run; a ``text`` block right after one is what it prints, line by line
and in order (see `assert_said`): other lines may stand between, ``…`` stands for anything, and columns may be wider.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.documentation.pages import Block

_SIGNS = ("+ ", "- ", "~ ", "≠ ", "< ", "> ", "✓ ")
_MARK = "=== block {} ==="
_IN_BACKGROUND = re.compile(r"--port (\d+).*&$")
_UNTIL_SERVED = "for i in $(seq 300); do (exec 3<>/dev/tcp/127.0.0.1/{}) 2>/dev/null && break; sleep 0.1; done"


@dataclass(frozen=True)
class Ran:
    """What a block printed, both streams together, and what the page says it prints."""

    block: Block
    said: str
    expected: str = ""


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def walk(blocks: Sequence[Block], folder: Path, env: Mapping[str, str], timeout: float = 400) -> list[Ran]:
    """Do what the blocks say, in a folder; each command must succeed.

    Args:
        blocks: of a page, in order. Other blocks than files, commands and outputs are passed over.
        folder: where the shell is.
        env: its environment, on top of this process's; `hubassoc` is the one of this Python.
        timeout: seconds for all of it.
    """
    script = ["set -euo pipefail", "exec 2>&1", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for number, block in enumerate(blocks):
        script.append(f"echo '{_MARK.format(number)}'")
        if block.title:
            script.append(f"cat > '{block.title}' <<'END OF {number}'\n{block.text}END OF {number}")
        elif block.language == "sh":
            for line in block.text.splitlines():
                script.append(line)
                if served := _IN_BACKGROUND.search(line):
                    script.append(_UNTIL_SERVED.format(served[1]))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env={**os.environ, **env, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
        check=False,
    )
    said = re.split(r"^=== block \d+ ===\n", run.stdout, flags=re.MULTILINE)[1:]
    ran = [
        Ran(block, text, follower.text if follower and follower.language == "text" else "")
        for block, follower, text in zip(blocks, [*blocks[1:], None], said)  # noqa: B905  the last may be missing
        if block.language == "sh" and not block.title
    ]
    assert run.returncode == 0, f"{ran[-1].block.place} failed with {run.returncode}:\n{ran[-1].said}"
    return ran


def assert_said(ran: Ran) -> None:
    """Each line that the page shows was printed, in this order.

    Lines that tell what happens to a resource begin with a sign; those between two other lines may come in any order,
    since operations run side by side.
    """
    printed = [" ".join(line.split()) for line in ran.said.splitlines()]
    expected = [" ".join(line.split()) for line in ran.expected.splitlines() if line.strip()]
    start, signed = 0, []
    for line in [*expected, ""]:
        if line.startswith(_SIGNS):
            signed.append(line)
            continue
        end = _where(line, printed, start) if line else len(printed)
        assert end is not None, f"{ran.block.place}: not printed, or not there: {line!r}\n{ran.said}"
        for sign in signed:
            assert _where(sign, printed[:end], start) is not None, f"{ran.block.place}: not there: {sign!r}\n{ran.said}"
        start, signed = end + 1, []


def _where(line: str, printed: Sequence[str], start: int) -> int | None:
    """The first printed line from `start` on that is, or holds, an expected one."""
    pattern = ".*".join(map(re.escape, line.split("…")))
    return next((n for n, text in enumerate(printed) if n >= start and re.search(pattern, text)), None)
