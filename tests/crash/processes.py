"""The processes of a running engine, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

_MARKS = {
    "_provider.py": "provider",
    "pulumi-resource-pulumi-python": "provider",
    "_runner.py": "program",
    "pulumi-language-python": "program",
}


def children_of(pid: int) -> dict[str, int]:
    """The ``provider`` and the ``program`` process that an engine has just now."""
    return {name: child for child, name in _listed(pid) if name}


def descendants_of(pid: int) -> list[int]:
    """All processes below one."""
    below = [child for child, _ in _listed(pid)]
    return below + [other for child in below for other in descendants_of(child)]


def _listed(pid: int) -> list[tuple[int, str]]:
    """The children of a process, and what they are to an engine."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.split(maxsplit=2) for line in listed.splitlines())
    mine = [(int(row[0]), row[-1]) for row in rows if row[1] == str(pid)]
    return [(child, next((name for mark, name in _MARKS.items() if mark in args), "")) for child, args in mine]


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.strip().startswith("Z")


def kill(*pids: int) -> None:
    """SIGKILL, and the moment it takes to arrive; who is gone already is no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.005)
