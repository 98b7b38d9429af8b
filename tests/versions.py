"""`python -m tests.versions`: the heart of the tests with the lowest and the highest versions that pyproject.toml allows.

For each Python of `PYTHONS` that this machine has and for both ends, a new environment is made in a temporary folder and
`HEART` is run in it. Lowest are the run-time requirements themselves (all extras but those of developers); what they
need in turn, and the test tools, are as new as may be. `--write` puts the result into the page of supported versions.
The exit code is 0 only where every run passed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / ".docs/pages/reference/supported-versions.md"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
ENDS = {"lowest": "lowest-direct", "highest": "highest"}  # of the allowed versions -> what uv calls it
FOR_USERS = ("cli", "emulator", "engine", "testing", "fleet")
TOOLS = ("hypothesis", "jsonschema", "pytest-timeout", "pytest-xdist")
HEART = (
    "tests/test_state_contract.py",
    "tests/test_resources.py",
    "tests/test_label.py",
    "tests/test_limit.py",
    "tests/test_check.py",
    "tests/test_config.py",
    "tests/test_client.py",
    "tests/test_portal_view.py",
    "tests/test_preflight.py",
    "tests/test_schema_files.py",
    "tests/test_lookups.py",
    "tests/test_passphrase.py",
    "tests/test_cli.py",
    "tests/emulator/test_emulated_http.py",
    "tests/engine/test_config.py",
    "tests/engine/test_local_engine.py",
    "tests/engine/test_store.py",
    "tests/engine/test_values.py",
)
QUICK = ("tests/test_state_contract.py", "tests/test_resources.py", "tests/test_check.py", "tests/test_config.py")
"""For every submission: what users have in their state, the resources, their checks and settings."""


def requirements() -> dict[str, Requirement]:
    """What users' installations need, by canonical name, from pyproject.toml: of each extra that is for them, and of none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = project["dependencies"] + [t for extra in FOR_USERS for t in project["optional-dependencies"][extra]]
    found = {str(canonicalize_name(r.name)): r for r in map(Requirement, texts)}
    found.pop(project["name"])
    return found


def bounds(requirement: Requirement) -> tuple[str, str]:
    """The lowest version allowed, and the first that is not: `("3.260", "4")`; without such, `—`."""
    of = {s.operator: s.version for s in requirement.specifier}
    return of[">="], of.get("<", "—")


def find_python(version: str) -> Path | None:
    """A Python of that version: this one, one on PATH, or one of pyenv's."""
    known = [sys.executable, shutil.which(f"python{version}")]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], check=True, capture_output=True, text=True).stdout.strip()
        known += [str(p) for p in sorted(Path(root).glob(f"versions/{version}.*/bin/python"))]
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    for path in known:
        if (
            path
            and subprocess.run([path, "-c", question], check=False, capture_output=True, text=True).stdout.strip()
            == version
        ):
            return Path(path)
    return None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one environment had and how it went; `seconds` are of the tests alone."""

    python: str
    end: str
    versions: dict[str, str]
    said: str
    seconds: float
    passed: bool


def uv(*arguments: str) -> str:
    """Run uv and answer what it printed; what it said of a failure ends the program."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments], check=False, capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        sys.exit(f"uv {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def try_end(python: Path, end: str, tests: tuple[str, ...], folder: Path, workers: str) -> Outcome:
    """Make an environment with one end of what is allowed and run tests in it."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    tools = folder / "tools.txt"
    tools.write_text("\n".join(line for line in lock if line.split("==")[0] in TOOLS), encoding="utf-8")
    own = folder / "venv" / "bin" / "python"
    uv("venv", "-q", "--python", str(python), str(folder / "venv"))
    package = f"{ROOT}[{','.join(FOR_USERS)}]"
    uv("pip", "install", "-q", "--python", str(own), "--resolution", ENDS[end], "-e", package, "-r", str(tools))
    frozen = dict(line.split("==") for line in uv("pip", "freeze", "--python", str(own)).splitlines() if "==" in line)
    version = subprocess.run(
        [own, "-c", "import platform; print(platform.python_version())"], check=True, capture_output=True
    )
    began = time.monotonic()
    pytest = [str(own), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", workers, "--tb=short", *tests]
    done = subprocess.run(pytest, check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:], file=sys.stderr)
    counted = re.findall(r"^=* ?(\d+ .*?) in [\d.]+s", done.stdout, re.MULTILINE)
    return Outcome(
        python=version.stdout.decode().strip(),
        end=end,
        versions={name: frozen[name] for name in requirements()},
        said=counted[-1] if counted else f"ended with {done.returncode}",
        seconds=time.monotonic() - began,
        passed=done.returncode == 0,
    )


def tables(outcomes: list[Outcome]) -> str:
    """The two tables of the page: what is allowed and was tried, and how it went."""
    lines = ["| requirement | from | below | lowest tried | highest tried |", "|---|---|---|---|---|"]
    for name, requirement in requirements().items():
        low, high = bounds(requirement)
        tried = [
            ", ".join(sorted({o.versions[name] for o in outcomes if o.end == end}, key=Version)) or "—" for end in ENDS
        ]
        lines.append(f"| {name} | {low} | {high} | {' | '.join(tried)} |")
    lines += ["", "| Python | lowest | highest |", "|---|---|---|"]
    for python in dict.fromkeys(o.python for o in outcomes):
        said = {o.end: o.said for o in outcomes if o.python == python}
        lines.append(f"| {python} | {' | '.join(said.get(end, 'not run') for end in ENDS)} |")
    return "\n".join(lines)


def main() -> int:
    """Run what is asked for, print a table, and answer the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this one; may be repeated")
    parser.add_argument("--end", action="append", choices=ENDS, help="only this one of the two")
    parser.add_argument("--quick", action="store_true", help="the part that is run for every submission")
    parser.add_argument("--workers", default="auto", help="processes that run tests (auto)")
    parser.add_argument("--write", action="store_true", help="put the tables into the page of supported versions")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background, and tests send it
    found = {version: find_python(version) for version in asked.python or PYTHONS}
    if missing := [version for version, path in found.items() if path is None]:
        print(f"not on this machine: Python {', '.join(missing)}", file=sys.stderr)
    outcomes = []
    for python in filter(None, found.values()):
        for end in asked.end or ENDS:
            with tempfile.TemporaryDirectory() as folder:
                outcomes.append(try_end(python, end, QUICK if asked.quick else HEART, Path(folder), asked.workers))
            last = outcomes[-1]
            print(f"Python {last.python}, {end}: {last.said} in {last.seconds:.0f} s", file=sys.stderr)
    print(tables(outcomes))
    if asked.write:
        text = PAGE.read_text(encoding="utf-8")
        start, stop = "<!-- tables -->\n", "<!-- end of tables -->"
        before, _, rest = text.partition(start)
        PAGE.write_text(before + start + tables(outcomes) + "\n" + stop + rest.partition(stop)[2], encoding="utf-8")
    return 0 if outcomes and all(o.passed for o in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
