"""The site, built once for all tests that look at it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation.pages import ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the build has succeeded and said nothing, warnings count as failures."""
    shared = (
        tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.mktemp("s")
    )
    folder, failure = shared / "site", shared / "site.failure"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists() and not failure.exists():
            # Not with --quiet: warnings that are not shown are not counted as failures either.
            command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", ".docs/mkdocs.yml", "-d", folder]
            env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
            run = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
            said = [line for line in (run.stdout + run.stderr).splitlines() if not line.startswith("INFO ")]
            if run.returncode or said:
                failure.write_text("\n".join([f"mkdocs ended with {run.returncode}", *said]), encoding="utf-8")
    if failure.exists():
        pytest.fail(failure.read_text(encoding="utf-8"))
    return folder
