"""The two files of a release: built twice from the commit alone, compared, looked into, installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.release.refused import Refused
from tests.release.repository import ROOT, git, version

PACKAGE = "pulumi_hubassoc"
WANTED = ("py.typed", "pulumi-plugin.json", "estate/schema.json", "estate/overlay.json", "hubspot/type_ids.json")
"""Data without which the installed package does not work."""


def build(folder: Path, *, umask: int, root: Path = ROOT) -> list[Path]:
    """Build sdist and wheel of the last commit in a new folder; sorted. What is not committed is not in them."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=root, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x"], cwd=tree, input=archive, check=True, umask=umask)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(tree)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": git("log", "-1", "--format=%ct", root=root)}
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, umask=umask)
    if done.returncode:
        raise Refused(f"the build failed: {done.stderr.strip() or done.stdout.strip()}")
    return sorted((folder / "dist").iterdir())


def build_twice(scratch: Path, target: Path) -> str:
    """Build in two places, under two umasks; put the files into `target` if they are the same byte for byte."""
    first, second = build(scratch / "one", umask=0o022), build(scratch / "other-place", umask=0o077)
    for one, other in zip(first, second, strict=True):
        if one.name != other.name or one.read_bytes() != other.read_bytes():
            raise Refused(f"two builds of one commit differ: {one.name}, {other.name}")
    target.mkdir(exist_ok=True)
    for file in first:
        (target / file.name).write_bytes(file.read_bytes())
    return ", ".join(f.name for f in first)


def look_into(wheel: Path) -> str:
    """The wheel has the package and its data, and nothing of tests, caches or hidden files."""
    names = zipfile.ZipFile(wheel).namelist()
    own = f"{PACKAGE}-{version()}.dist-info/"
    strange = [
        name
        for name in names
        if not name.startswith((f"{PACKAGE}/", own))
        or any(part.startswith(".") or part in {"__pycache__", "tests"} for part in name.split("/"))
        or name.endswith((".pyc", ".lock"))
    ]
    if strange:
        raise Refused(f"the wheel has files that do not belong there: {', '.join(strange[:5])}")
    if lacking := [w for w in WANTED if f"{PACKAGE}/{w}" not in names]:
        raise Refused(f"the wheel lacks {', '.join(lacking)}")
    return f"{len(names)} files"


def check_metadata(files: list[Path]) -> str:
    """What a package index would say of the files."""
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise Refused(f"the metadata is not right: {done.stdout.strip()} {done.stderr.strip()}")
    return "twine has no remark"


def install(wheel: Path, venv: Path) -> str:
    """Install the wheel for users, with the locked versions of what it needs, and ask the command for its version."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    lock = str(ROOT / "requirements.lock")
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install", "-q", "-c", lock]
    done = subprocess.run([*pip, f"{wheel}[all]"], check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"the wheel cannot be installed: {done.stderr.strip()}")
    said = subprocess.run(
        [venv / "bin" / "hubassoc", "version", "--json"], check=False, capture_output=True, text=True, cwd=venv
    )
    if said.returncode or json.loads(said.stdout)["pulumi-hubassoc"] != version():
        raise Refused(f"hubassoc version of the installed wheel: {said.stdout.strip()} {said.stderr.strip()}")
    return said.stdout.strip()
