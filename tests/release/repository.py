"""What is released: the version, the commit it is made from, and what the changelog says of it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.release.refused import Refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent.parent
CHANGELOG = ".docs/pages/reference/changelog.md"
CHANGES = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""The headings of Keep a Changelog."""


def version(root: Path = ROOT) -> str:
    """The version, from the one place where it is written: pyproject.toml."""
    return str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def git(*arguments: str, root: Path = ROOT) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class Entry:
    """A version in the changelog: its day (None: not released), and heading -> lines."""

    day: str | None
    changes: dict[str, list[str]]


def changelog(text: str) -> dict[str, Entry]:
    """The changelog by version, newest first; `Refused` where it is not in the form of Keep a Changelog 1.1."""
    found: dict[str, Entry] = {}
    heading = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            told = re.fullmatch(r"## \[(\d+\.\d+\.\d+\S*)\] - (\d{4}-\d\d-\d\d|Unreleased)", line)
            if not told or told[1] in found:
                raise Refused(f"changelog, line {number}: {line!r} is no `## [1.2.3] - 2026-01-31`, or is there twice")
            found[told[1]] = Entry(None if told[2] == "Unreleased" else told[2], {})
            heading = ""
        elif line.startswith("### "):
            heading = line.removeprefix("### ")
            if heading not in CHANGES or not found:
                raise Refused(f"changelog, line {number}: {heading!r} is none of {', '.join(CHANGES)}")
            list(found.values())[-1].changes.setdefault(heading, [])
        elif line.startswith("- "):
            if not heading:
                raise Refused(f"changelog, line {number}: a change without one of the headings {', '.join(CHANGES)}")
            list(found.values())[-1].changes[heading].append(line.removeprefix("- "))
    return found


def ready(root: Path = ROOT) -> str:
    """The tree is that of a tagged commit and the changelog has the version with a day; `Refused` if not."""
    wanted = f"v{version(root)}"
    if changed := git("status", "--porcelain", root=root):
        raise Refused(f"the tree is not clean ({len(changed.splitlines())} files): commit or stash first")
    if wanted not in git("tag", "--points-at", "HEAD", root=root).splitlines():
        raise Refused(f"the commit has no tag {wanted}, the version of pyproject.toml: git tag -s {wanted}")
    entry = changelog((root / CHANGELOG).read_text(encoding="utf-8")).get(version(root))
    if entry is None or entry.day is None:
        raise Refused(f"{CHANGELOG} has no `## [{version(root)}] - <day>`")
    return f"{wanted}, clean, of {entry.day}"
