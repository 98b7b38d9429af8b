"""`python -m tests.release`: build what is released into `dist`, and refuse what is not fit to be released.

Nothing is uploaded: that is the workflow's part. Every step is done and told, also after one that said no; the exit
code is 0 only where none did.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.release import artifacts, repository, supply
from tests.release.refused import Refused
from tests.release.repository import ROOT


def step(name: str, do: Callable[[], str]) -> bool:
    """Do one step and tell how it went."""
    try:
        print(f"✓ {name}: {do()}")
    except Refused as refused:
        print(f"✗ {name}: {refused}")
        return False
    return True


def skipped(name: str, option: str) -> bool:
    """Tell that a step was left out, which whoever gave the option wanted."""
    print(f"! {name}: left out, as {option} says")
    return True


def release(scratch: Path, target: Path, *, dry: bool, with_audit: bool) -> bool:
    """All steps in order; whether none said no."""
    good = skipped("commit", "--dry") if dry else step("commit", repository.ready)
    if not step("two builds are the same", partial(artifacts.build_twice, scratch, target)):
        return False
    files = sorted(target.glob(f"{artifacts.PACKAGE}-{repository.version()}[-.]*[lz]"))
    [wheel] = [f for f in files if f.suffix == ".whl"]
    good &= step("contents of the wheel", partial(artifacts.look_into, wheel))
    good &= step("metadata", partial(artifacts.check_metadata, files))
    venv = scratch / "venv"
    if not step("installed", partial(artifacts.install, wheel, venv)):
        return False
    bill = target / f"{artifacts.PACKAGE}-{repository.version()}.cdx.json"
    good &= step("bill of materials", partial(supply.bill_of_materials, venv, bill))
    good &= step("licences", partial(supply.licences, venv))
    good &= step("audit", supply.audit) if with_audit else skipped("audit", "--no-audit")
    return good


def main() -> int:
    """Do as the command line says; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.release", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dry", action="store_true", help="try: the tree may be changed, and have no tag")
    parser.add_argument("--no-audit", action="store_true", help="do not ask for known weaknesses, as without a network")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR", help="where the files go (dist)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        good = release(Path(scratch), asked.output.resolve(), dry=asked.dry, with_audit=not asked.no_audit)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
