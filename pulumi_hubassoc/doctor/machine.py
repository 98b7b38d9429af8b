"""What is installed on this machine: this package, Pulumi's SDK, its CLI and the programs that the CLI starts."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from pathlib import Path

from semver import VersionInfo

from pulumi_hubassoc.doctor.finding import CannotLook, Verdict, error, ok, warning
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.engine.pulumi_cli import OLDEST, too_old

DISTRIBUTION = "pulumi-hubassoc"
_INSTALL = "install it as https://www.pulumi.com/docs/install/ says"
_PLUGINS = ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
"""What the CLI starts for a Python program with dynamic resources; found on PATH or beside the CLI [observed]."""


def package(_: Scene) -> Verdict:
    """This package and the Python that runs it."""
    return ok(f"{DISTRIBUTION} {version(DISTRIBUTION)} on Python {platform.python_version()}")


def cli(scene: Scene) -> Verdict:
    """The Pulumi CLI."""
    found = scene.cli_version
    where = shutil.which("pulumi")
    if where is None:
        return warning(
            "not on PATH; the built-in engine (`hubassoc local`) can run the program instead", f"to use it, {_INSTALL}"
        )
    if found is None:
        return error(f"{where} does not say its version", _INSTALL)
    if too_old(found):
        return error(f"{found}, and at least {OLDEST} is needed ({where})", _INSTALL)
    return ok(f"{found} ({where})")


def plugins(scene: Scene) -> Verdict:
    """The programs that the CLI starts."""
    where = shutil.which("pulumi")
    if where is None or scene.cli_version is None:
        raise CannotLook("no Pulumi CLI")
    beside = Path(where).resolve().parent
    missing = [name for name in _PLUGINS if not (shutil.which(name) or (beside / name).exists())]
    if missing:
        return error(
            f"{' and '.join(missing)} neither on PATH nor in {beside}",
            "install the Pulumi CLI whole, with all its files",
        )
    return ok(", ".join(_PLUGINS))


def sdk(scene: Scene) -> Verdict:
    """Pulumi's Python SDK, beside the CLI; one of another major version speaks another protocol [assumed]."""
    found = version("pulumi")
    if scene.cli_version and VersionInfo.parse(scene.cli_version).major != VersionInfo.parse(found).major:
        return error(
            f"{found}, and the CLI is {scene.cli_version}: they are of different major versions",
            f"install a CLI of version {VersionInfo.parse(found).major}",
        )
    return ok(found + (f", with CLI {scene.cli_version}" if scene.cli_version else ""))
