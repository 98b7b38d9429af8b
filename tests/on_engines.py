"""The engines that tests of whole stacks run on, and a stack of a program on an emulated portal."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from pulumi_hubassoc.emulator import Emulator, Portal, Record
from pulumi_hubassoc.engine.choose import choose_engine
from pulumi_hubassoc.engine.interface import Engine, Options, Project, Result, Stack
from tests.conftest import TOKEN

ENGINES = [
    "local",
    pytest.param(
        "cli",
        marks=[
            pytest.mark.cli,
            pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH"),
        ],
    ),
]
"""Parameters of a test that runs on each engine there is."""


def make_engine(which: Literal["local", "cli"], folder: Path) -> Engine:
    """An engine that keeps everything in a folder."""
    return choose_engine(which, state_dir=folder / "state", pulumi_home=folder / "pulumi-home")


def lead_commands_to(emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment leads to the portal of `TOKEN`, and the CLI to a back end and a home of its own in a folder."""
    (folder / "state").mkdir()
    for key, value in {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }.items():
        monkeypatch.setenv(key, value)


@dataclass
class Estate:
    """A stack of a program that a test can change, on a portal.

    Attributes:
        program: the source of the program; a test sets another one to edit it.
        requests: what the last operation asked of the emulator.
    """

    engine: Engine
    emulator: Emulator
    portal: Portal
    folder: Path
    env: dict[str, str]
    program: str = ""
    requests: list[Record] = field(default_factory=list)
    project: str = "estate"
    stack_name: str = "dev"

    @functools.cached_property
    def stack(self) -> Stack:
        """The stack, opened when it is first needed."""
        self._home.mkdir(exist_ok=True)
        (self._home / "Pulumi.yaml").write_text(f"name: {self.project}\nruntime: python\n")
        return self.engine.stack(Project(self.project, self._home), self.stack_name, env=self.env)

    @property
    def _home(self) -> Path:
        return self.folder / self.project

    def run(self, operation: Literal["preview", "up", "refresh", "destroy"], **options: Any) -> Result:
        """Run an operation and note its requests."""
        stack, mark = self.stack, len(self.emulator.journal)
        (self._home / "__main__.py").write_text(self.program)
        result: Result = getattr(stack, operation)(Options(**options))
        self.requests = self.emulator.journal.records()[mark:]
        return result

    def done(self, operation: Literal["preview", "up", "refresh", "destroy"], **options: Any) -> Result:
        """Run an operation that must succeed."""
        result = self.run(operation, **options)
        assert result.ok, result.errors
        return result

    def urn(self, name: str, kind: str = "AssociationLabel") -> str:
        """The URN of a resource."""
        return f"urn:pulumi:{self.stack_name}::{self.project}::pulumi-python:dynamic/hubassoc:{kind}::{name}"

    @property
    def writes(self) -> list[str]:
        """The writing operations among the last requests, in order."""
        return [r.operation for r in self.requests if r.method != "GET"]


def operations(result: Result) -> dict[str, list[str]]:
    """Name of a resource of ours -> what happened to it, without what stayed the same."""
    found: dict[str, list[str]] = {}
    for event in result.events:
        if "hubassoc:" in event.type and event.operation != "same":
            found.setdefault(event.name, []).append(event.operation)
    return found


def said_of(result: Result, name: str) -> list[str]:
    """What was said about one resource."""
    return [d.message for d in result.diagnostics if d.urn and d.urn.endswith(f"::{name}")]


def everything_said(results: Sequence[Result]) -> str:
    """All messages of some results."""
    return "\n".join(d.message for result in results for d in result.diagnostics)
