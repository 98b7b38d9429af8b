"""What a release brings with it: its run-time dependencies, their licences and their known weaknesses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.release.refused import Refused
from tests.release.repository import ROOT, git

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
}
"""Licences that a run-time dependency may have: permissive ones, and MPL, which binds only changes to its own files."""
OLD_NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""How packages without an SPDX expression call them."""


def allowed(told: str) -> bool:
    """Whether a package may be used: of alternatives one is allowed, of licences that hold together all are.

    `told` is an SPDX expression, or the old names of one or more licences with `;` between them, which are taken to
    hold together.
    """
    if ";" in told:
        return all(allowed(part) for part in told.split(";"))
    name = OLD_NAMES.get(told.strip(), told.strip())
    alternatives = re.split(r" OR ", name.strip("()"))
    return any(all(p.strip(" ()") in ALLOWED for p in re.split(r" AND ", a)) for a in alternatives)


def licences(venv: Path) -> str:
    """Every package of the environment has an allowed licence."""
    command = [sys.executable, "-m", "piplicenses", "--python", str(venv / "bin" / "python"), "--format", "json"]
    done = subprocess.run([*command, "--with-system"], check=True, capture_output=True, text=True)
    found = {p["Name"]: p["License"] for p in json.loads(done.stdout)}
    if wrong := {name: told for name, told in found.items() if not allowed(told)}:
        raise Refused(
            f"not among the allowed licences: {wrong}: leave the package out, or decide and say so in supply.py"
        )
    return f"{len(found)} packages, {', '.join(sorted(set(found.values())))}"


def bill_of_materials(venv: Path, target: Path) -> str:
    """Write a CycloneDX bill of the environment's packages; the same bytes for the same commit and lock."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", str(venv / "bin" / "python")]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-reproducible"]
    env = {**os.environ, "SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct")}
    done = subprocess.run([*command, *options, "-o", str(target)], env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"no bill of materials: {done.stderr.strip()}")
    return f"{target.name}, {len(json.loads(target.read_text(encoding='utf-8'))['components'])} components"


def audit(lock: Path = ROOT / "requirements.lock") -> str:
    """No locked package, of users' or developers', has a known weakness; what could not be asked about is a refusal too."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--no-deps", "--disable-pip", "-f", "json"]
    done = subprocess.run([*command, "--progress-spinner", "off"], check=False, capture_output=True, text=True)
    return verdict(done.stdout, done.stderr)


def verdict(printed: str, complained: str) -> str:
    """What pip-audit's JSON means. It ends with 0 where it could ask about nothing at all, so that is not looked at."""
    try:
        packages: list[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (ValueError, KeyError):
        last = (complained.strip().splitlines() or ["nothing was said"])[-1]
        raise Refused(
            f"the audit could not be made: {last} — try again, or say --no-audit and audit elsewhere"
        ) from None
    if weak := {p["name"]: [v["id"] for v in p["vulns"]] for p in packages if p.get("vulns")}:
        raise Refused(f"known weaknesses: {weak}: raise these versions in requirements.lock")
    if unknown := [p["name"] for p in packages if "skip_reason" in p]:
        raise Refused(
            f"the audit could not ask about {len(unknown)} of {len(packages)} packages ({', '.join(unknown[:3])}, …): "
            "the vulnerability service is not reached — try again, or say --no-audit and audit elsewhere"
        )
    return f"{len(packages)} packages, no known weakness"
