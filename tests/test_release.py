"""A release: its version stands in one place, two builds are the same, and what is not fit is refused with a sentence."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from importlib.metadata import version as installed
from pathlib import Path

import pytest

from tests.release import artifacts, repository, supply
from tests.release.refused import Refused
from tests.release.repository import CHANGELOG, ROOT

pytestmark = pytest.mark.skipif(not (ROOT / "pulumi_hubassoc").is_dir(), reason="runs outside the tree")
needs_history = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no repository")
HEAD = """# Changelog

## [0.2.0] - 2026-01-31

### Added

- A thing.

## [0.1.0] - Unreleased

### Fixed

- Another.
"""


def test_the_version_stands_in_one_place() -> None:
    """pyproject.toml has it; what is installed says the same, and no module of the package repeats it."""
    assert installed("pulumi-hubassoc") == repository.version()
    literal = re.compile(rf"['\"]v?{re.escape(repository.version())}['\"]")
    assert [f for f in (ROOT / "pulumi_hubassoc").rglob("*.py") if literal.search(f.read_text(encoding="utf-8"))] == []


def test_the_changelog_has_the_version_first() -> None:
    """It is in the form of Keep a Changelog, and the newest entry is that of this version and says something."""
    entries = repository.changelog((ROOT / CHANGELOG).read_text(encoding="utf-8"))
    newest = next(iter(entries))
    assert newest == repository.version()
    assert any(entries[newest].changes.values())


def test_the_changelog_is_read() -> None:
    """Versions in order, with their day and their changes."""
    assert repository.changelog(HEAD) == {
        "0.2.0": repository.Entry("2026-01-31", {"Added": ["A thing."]}),
        "0.1.0": repository.Entry(None, {"Fixed": ["Another."]}),
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (HEAD.replace("2026-01-31", "last week"), "line 3"),
        (HEAD.replace("0.1.0", "0.2.0"), "line 9"),
        (HEAD.replace("### Added", "### News"), "'News' is none of Added"),
        (HEAD.replace("### Added\n", ""), "line 6: a change without"),
    ],
)
def test_another_form_is_refused(wrong: str, said: str) -> None:
    """A day that is none, a version that is there twice, an unknown heading, a change without a heading."""
    with pytest.raises(Refused, match=re.escape(said)):
        repository.changelog(wrong)


@pytest.fixture
def scratch_repository(tmp_path: Path) -> Path:
    """A repository of version 1.2.3, committed, tagged, and with that in its changelog."""
    files = {
        "pyproject.toml": '[project]\nname = "x"\nversion = "1.2.3"\n',
        CHANGELOG: "## [1.2.3] - 2026-01-31\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"], ["tag", "v1.2.3"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_only_a_clean_tagged_commit_with_a_day_is_released(scratch_repository: Path) -> None:
    """As it is, it may be; with a change, without the tag or without a day it is refused."""
    assert repository.ready(scratch_repository) == "v1.2.3, clean, of 2026-01-31"
    changelog = scratch_repository / CHANGELOG
    changelog.write_text("## [1.2.3] - Unreleased\n", encoding="utf-8")
    with pytest.raises(Refused, match="the tree is not clean"):
        repository.ready(scratch_repository)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "commit", "-qam", "x"], cwd=scratch_repository, check=True)
    with pytest.raises(Refused, match=r"no tag v1\.2\.3"):
        repository.ready(scratch_repository)
    subprocess.run(["git", "tag", "-f", "v1.2.3"], cwd=scratch_repository, check=True, capture_output=True)
    with pytest.raises(Refused, match="<day>"):
        repository.ready(scratch_repository)


@needs_history
@pytest.mark.timeout(300)
def test_two_builds_are_the_same(tmp_path: Path) -> None:
    """In other folders and under other umasks the same commit gives the same bytes, and a wheel with what it needs."""
    told = artifacts.build_twice(tmp_path / "scratch", tmp_path / "dist")
    wheel, sdist = sorted((tmp_path / "dist").iterdir())
    assert told == f"{wheel.name}, {sdist.name}"
    assert artifacts.look_into(wheel).endswith(" files")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pulumi_hubassoc/__pycache__/x.pyc", "do not belong there"),
        ("pulumi_hubassoc/.env", "do not belong there"),
        ("tests/test_x.py", "do not belong there"),
        ("pulumi_hubassoc/x.py", r"lacks py\.typed, pulumi-plugin\.json"),
    ],
)
def test_a_wheel_with_too_much_or_too_little_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """Caches, hidden files, tests; or no data."""
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        wheel.writestr(name, "")
    with pytest.raises(Refused, match=said):
        artifacts.look_into(tmp_path / "x.whl")


@pytest.mark.parametrize(
    ("told", "may"),
    [
        ("MIT", True),
        ("BSD License", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("MIT AND PSF-2.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("BSD License; GNU General Public License (GPL)", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_licences(told: str, may: bool) -> None:
    """One of alternatives suffices; of several that hold together all must be allowed; what is not known is not."""
    assert supply.allowed(told) is may


def audited(**package: object) -> str:
    """What pip-audit prints."""
    return json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", **package}]})


def test_an_audit_that_found_nothing() -> None:
    """Every package was asked about."""
    assert supply.verdict(audited(version="2", vulns=[]), "") == "2 packages, no known weakness"


@pytest.mark.parametrize(
    ("printed", "complained", "said"),
    [
        (audited(version="2", vulns=[{"id": "PYSEC-1"}]), "", r"known weaknesses: \{'b': \['PYSEC-1'\]\}"),
        (audited(skip_reason="not found"), "", r"could not ask about 1 of 2 packages \(b"),
        ("", "WARNING: x\nERROR: no connection\n", "could not be made: ERROR: no connection"),
    ],
)
def test_an_audit_that_says_no(printed: str, complained: str, said: str) -> None:
    """A weakness, a package that nobody could be asked about, and a service that is not there are all refused."""
    with pytest.raises(Refused, match=said):
        supply.verdict(printed, complained)
