"""The engine that everybody uses: the Pulumi CLI, driven through Pulumi's Automation API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError

from pulumi import automation as auto
from pulumi.automation.errors import InvalidVersionError
from semver import VersionInfo
from yaml import YAMLError

from pulumi_hubassoc.engine.interface import EngineError, NotSupported, Project
from pulumi_hubassoc.engine.pulumi_stack import PulumiCliStack

OLDEST = "3.254.0"  # the first that imports a state with inputs and outputs
"""The oldest version of the CLI that is used."""

_HOW_TO_INSTALL = "install it as https://www.pulumi.com/docs/install/ says"


def find_pulumi() -> str | None:
    """The version of the Pulumi CLI on PATH, as it says itself (``3.260.0``); None where there is none that answers."""
    command = shutil.which("pulumi")
    if command is None:
        return None
    env = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run([command, "version"], env=env, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    version = answer.stdout.strip().removeprefix("v")
    return version if VersionInfo.is_valid(version) else None


def too_old(version: str) -> bool:
    """Whether a version of the CLI is older than what is needed."""
    return VersionInfo.parse(version) < VersionInfo.parse(OLDEST)


def install_pulumi(root: Path | None = None) -> Path:
    """Download the official CLI, in the version of the installed SDK, unless it is there already.

    Args:
        root: where to; ``~/.pulumi/versions/<version>`` unless given.

    Returns:
        The folder that `PulumiCliEngine` takes as `root` (the CLI is in its ``bin``).

    Raises:
        EngineError: it cannot be had; the sentence says what to do.
    """
    try:
        command = auto.PulumiCommand.install(root=str(root) if root else None)
    except (OSError, subprocess.SubprocessError, InvalidVersionError) as error:
        why = error.reason if isinstance(error, URLError) else "its installer failed"
        raise EngineError(
            f"the Pulumi CLI cannot be downloaded from get.pulumi.com ({why}): {_HOW_TO_INSTALL}, "
            "or use the built-in engine"
        ) from None
    return Path(command.command).parent.parent


class PulumiCliEngine:
    """Runs stacks with the Pulumi CLI.

    Attributes:
        name: ``Pulumi CLI 3.260.0``.
    """

    def __init__(
        self, backend: Path | None = None, pulumi_home: Path | None = None, *, root: Path | None = None
    ) -> None:
        """Find the CLI.

        Args:
            backend: a folder for a file back end of its own, made if it is not there; the back end the user is logged
                in to unless given. Settings of projects whose program is a function are kept there too.
            pulumi_home: the CLI's own folder, ``~/.pulumi`` unless given.
            root: where `install_pulumi` put the CLI; the one on PATH unless given.

        Raises:
            EngineError: there is none, or it is too old.
        """
        try:
            self._command = auto.PulumiCommand(root=str(root.resolve()) if root else None, skip_version_check=True)
            version = self._command.version
        except (OSError, subprocess.SubprocessError):
            version = None
        if version is None:
            where = f"in {root}" if root else "on PATH"
            raise EngineError(f"there is no working Pulumi CLI {where}: {_HOW_TO_INSTALL}")
        if too_old(str(version)):
            raise EngineError(
                f"the Pulumi CLI is version {version}, and at least {OLDEST} is needed: {_HOW_TO_INSTALL}"
            )
        self.name = f"Pulumi CLI {version}"
        self._backend = backend.resolve() if backend else None
        self._env = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_PYTHON_CMD": sys.executable}
        if self._backend:
            self._backend.mkdir(parents=True, exist_ok=True)
            # With a back end of its own, a run needs nothing from outside: neither a login nor plugins.
            self._env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        self._env = {key: os.environ.get(key, value) for key, value in self._env.items()}
        if self._backend:
            self._env["PULUMI_BACKEND_URL"] = self._backend.as_uri()
        if pulumi_home:
            self._env["PULUMI_HOME"] = str(pulumi_home.resolve())

    def stack(
        self, project: Project, name: str, *, env: Mapping[str, str] | None = None, make: bool = True
    ) -> PulumiCliStack:
        """Open a stack, making it where there is none; which stack the user has selected stays as it is.

        Args:
            project: the program. A function is called in this process, so that `env` does not reach it, but the
                providers.
            name: of the stack.
            env: environment variables for the CLI, the program and the providers, on top of this process's.
            make: whether a stack that is not there is made, or is an error.

        Raises:
            EngineError: the project cannot be used as it is, or the CLI refuses.
        """
        stack = PulumiCliStack(
            self._command, project, name, self._settings_folder(project), self._env | dict(env or {})
        )
        stack.open(make=make)
        return stack

    def _settings_folder(self, project: Project) -> Path:
        """The folder with ``Pulumi.yaml`` and the stacks' ``Pulumi.<stack>.yaml``."""
        if isinstance(project.program, Path):
            folder = project.program.resolve()
            if project.work_dir and project.work_dir.resolve() != folder:
                raise NotSupported("the Pulumi CLI runs a program in its own folder: leave out work_dir")
            self._check_name(folder, project.name)
            return folder
        if project.work_dir is None:
            raise EngineError("a program that is a function needs a work_dir")
        work_dir = project.work_dir.resolve()
        folder = self._backend / "projects" / project.name if self._backend else work_dir
        if folder != work_dir or not (folder / "Pulumi.yaml").exists():
            # JSON is YAML. `main` is where the providers run. Replaced at once, because other stacks may be reading it.
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
                json.dump({"name": project.name, "runtime": "python", "main": str(work_dir)}, file, indent=2)
            Path(file.name).replace(folder / "Pulumi.yaml")
        self._check_name(folder, project.name)
        return folder

    def _check_name(self, folder: Path, name: str) -> None:
        """The CLI would go by ``Pulumi.yaml`` and say nothing."""
        try:
            found = auto.LocalWorkspace(work_dir=str(folder), pulumi_command=self._command).project_settings().name
        except FileNotFoundError:
            raise EngineError(f"there is no Pulumi.yaml in {folder}") from None
        except (OSError, YAMLError, KeyError, TypeError, AttributeError):
            raise EngineError(f"the Pulumi.yaml in {folder} cannot be read as a project's") from None
        if found != name:
            raise EngineError(f"the project in {folder} is called {found!r} in its Pulumi.yaml, and not {name!r}")
