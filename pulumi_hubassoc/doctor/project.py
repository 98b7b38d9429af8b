"""How the project is set up: the traps between Pulumi.yaml, the stacks' files and the Python that runs a provider."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from pulumi_hubassoc.config import ENVIRONMENT
from pulumi_hubassoc.doctor.configuration import TOKEN_KEY, has_plain_token, stack_file
from pulumi_hubassoc.doctor.finding import CannotLook, Verdict, error, ok, warning
from pulumi_hubassoc.doctor.machine import DISTRIBUTION
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.engine.local.config import ProjectFile

_ASK_VERSIONS = """
import importlib.metadata, json
found = {}
for name in ("pulumi", "pulumi-hubassoc"):
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def project(scene: Scene) -> Verdict:
    """The Pulumi.yaml."""
    fault = scene.read_project
    if isinstance(fault, ProjectFile):
        return ok(f"{fault.name}, in {scene.folder}")
    if scene.has_project:
        return error(str(fault), "correct it: https://www.pulumi.com/docs/reference/pulumi-yaml/ describes it")
    said = f"no Pulumi.yaml in {scene.folder}: the environment alone is looked at"
    fix = "say where the project is with -C DIR"
    return error(said, fix) if scene.stack else warning(said, fix)


def python(scene: Scene) -> Verdict:
    """The Python in which the provider runs, which is not always the program's [observed]."""
    file = scene.project
    if scene.cli_version is None:
        where = _of_virtualenv(file.root, file.virtualenv) if file.virtualenv else Path(sys.executable)
    elif file.virtualenv:
        where = _of_virtualenv(file.directory, file.virtualenv)
    elif file.toolchain == "poetry":
        raise CannotLook("poetry alone knows which it is")
    else:
        # As the CLI's own script for dynamic providers does.
        named = scene.env.get("PULUMI_PYTHON_CMD") or "python3"
        where = Path(found) if (found := shutil.which(named)) else None
        if where is None:
            return error(f"{named} is not on PATH: the provider cannot start", "activate a Python environment")
    if file.virtualenv and _of_virtualenv(file.root, file.virtualenv) is None:
        return error(
            f"virtualenv: {file.virtualenv} in Pulumi.yaml is no virtual environment (looked in {file.root})",
            f"make it and install {DISTRIBUTION} there: python3 -m venv {file.root / file.virtualenv}",
        )
    if where is None:
        return error(
            f"virtualenv: {file.virtualenv} with main: — the program's Python is found in {file.root}, and the provider's "
            f"is looked for in {file.directory}",
            "leave virtualenv: out and activate the environment, or give an absolute path",
        )
    return _versions_in(where)


def _of_virtualenv(folder: Path, virtualenv: str | None) -> Path | None:
    places = (folder / (virtualenv or "") / name for name in ("bin/python", "Scripts/python.exe"))
    return next((place for place in places if place.exists()), None)


def _versions_in(python_: Path) -> Verdict:
    """Whether an interpreter finds what a provider needs."""
    own, mine = version(DISTRIBUTION), f"{python_} has"
    try:
        # -I would leave out PYTHONPATH, which the provider is given too
        command = [str(python_), "-c", _ASK_VERSIONS]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=os.sep).stdout
        found = json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return error(f"{python_} does not run", "make the environment anew")
    missing = [name for name, number in found.items() if number is None]
    if missing:
        return error(
            f"{mine} no {' and no '.join(missing)}, and it is the one that runs the provider",
            f"activate the environment that has them, or install them there: {python_} -m pip install …",
        )
    if found[DISTRIBUTION] != own:
        return warning(f"{mine} {DISTRIBUTION} {found[DISTRIBUTION]}, and this is {own}", "install one version in both")
    return ok(f"{mine} {DISTRIBUTION} {own} and pulumi {found['pulumi']}")


def stack(scene: Scene) -> Verdict:
    """The stack's configuration."""
    file = scene.project
    names = [path.name.split(".", 1)[1].removesuffix(".yaml") for path in stack_files(file)]
    if scene.stack is None:
        if not names:
            return ok("none named, and no stack has a file: the environment alone counts")
        return warning(
            f"none named: the configuration of {', '.join(names)} was not read",
            f"name one: hubassoc doctor -s {names[0]}",
        )
    settings = scene.stack_settings
    if settings.fault and not settings.hidden:
        return error(str(settings.fault), "correct the file")
    if settings.fault:
        return _not_opened(scene, settings.hidden, str(settings.fault))
    path = stack_file(file, scene.stack)
    if not path.exists():
        return warning(
            f"{scene.stack} has no configuration: there is no {path.name} in {path.parent}",
            f"set what it needs with `pulumi config set{scene.for_stack} …`, or correct the name"
            + (f" (there are {', '.join(names)})" if names else ""),
        )
    ours = ", ".join(sorted(settings.values)) or "none of the settings, which is fine: the environment may have them"
    return ok(f"{path.name} has {ours}")


def _not_opened(scene: Scene, keys: tuple[str, ...], why: str) -> Verdict:
    """Secrets that cannot be read: for the doctor alone, the environment can stand in for them."""
    known = {key: ENVIRONMENT[name] for key in keys if (name := key.partition(":")[2]) in ENVIRONMENT}
    instead = [variable for variable in known.values() if scene.env.get(variable)]
    said = f"{', '.join(keys)} cannot be read here: {why.partition(': ')[0]}"  # what to do stands below
    said += f"; {', '.join(instead)} looked at instead" if instead else ""
    given = " ".join(f"{variable}=$(pulumi config get {key}{scene.for_stack})" for key, variable in known.items())
    open_it = "set PULUMI_CONFIG_PASSPHRASE, or " if "passphrase" in why else ""
    return warning(said, f"{open_it}run it as {given} hubassoc doctor{scene.for_stack}")


def stack_files(file: ProjectFile) -> list[Path]:
    """The files of all stacks."""
    return sorted(file.config_folder.glob("Pulumi.*.yaml"))


def plain_token(scene: Scene) -> Verdict:
    """The token in clear in a file, of whichever stack."""
    file = scene.project
    found, unread = [], []
    for path in [*(scene.folder / name for name in ("Pulumi.yaml", "Pulumi.yml")), *stack_files(file)]:
        if not path.exists():
            continue
        try:
            found += [path.name] if has_plain_token(file, path) else []
        except EngineError:
            unread.append(path.name)
    if found:
        return error(
            f"{TOKEN_KEY} is in clear in {', '.join(found)}",
            f"make a new token, and set it with `pulumi config set --secret {TOKEN_KEY}{scene.for_stack}`; the old one may "
            "be in your repository's history",
        )
    if unread:
        return warning(f"{', '.join(unread)} cannot be read", "correct the file")
    return ok("in no file in clear")
