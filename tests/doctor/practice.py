"""What the tests of the doctor share: a patient in perfect health, and a way to make it ill."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_hubassoc.doctor.checks import examine
from pulumi_hubassoc.doctor.finding import Finding
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection
from pulumi_hubassoc.hubspot.waiting import Limiter, Patience
from tests.conftest import TOKEN
from tests.wire import Clock

ALL_SCOPES = ("oauth", *(scope for rights in facts.OBJECT_SCOPES.values() for scope in rights))
CLI = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")


def put_cli_on_path(folder: Path, said: str = "v3.260.0", files: tuple[str, ...] = CLI) -> None:
    """Programs of the Pulumi CLI's names in a folder; `pulumi` says a version and nothing else."""
    folder.mkdir(exist_ok=True)
    for name in files:
        (folder / name).write_text(f"#!/bin/sh\necho {said}\n")
        (folder / name).chmod(0o755)


@dataclass
class Practice:
    """A patient in perfect health, and a way to make it ill before it is looked at."""

    emulator: Emulator
    portal: Portal
    folder: Path
    bin: Path
    env: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=lambda: {"hubassoc:portalId": "1001"})

    def write(self, name: str, text: str) -> None:
        """A file of the project's."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def connect(self, connection: Connection) -> HubSpot:
        """The emulator, in this process, with a clock on which waiting takes no time."""
        clock = Clock()
        patience = Patience(connection.patience_s, sleep=clock.sleep, clock=clock, chance=lambda: 0.5)
        transport = self.emulator.transport()
        return HubSpot(connection, transport=transport, patience=patience, limiter=Limiter(clock.sleep, clock))

    def findings(self, stack: str | None = "dev", **scene: Any) -> list[Finding]:
        """What is found."""
        return list(examine(self.scene(stack, **scene)))

    def scene(self, stack: str | None = "dev", **scene: Any) -> Scene:
        """What is looked at; `config` becomes the stack's file unless that is there."""
        if not (self.folder / "Pulumi.dev.yaml").exists() and self.config:
            self.write("Pulumi.dev.yaml", json.dumps({"config": self.config}))  # JSON is YAML
        env = {"PULUMI_PYTHON_CMD": sys.executable, "HUBSPOT_ACCESS_TOKEN": TOKEN, **self.env}
        scene = {"env": env, "connect": self.connect, "clock": self.emulator.clock, **scene}
        return Scene(self.folder, stack, **scene)

    def look(self, what: str, stack: str | None = "dev", **scene: Any) -> Finding:
        """What one check finds."""
        (found,) = [f for f in self.findings(stack, **scene) if f.what == what]
        return found


def expect(finding: Finding, level: str, said: str, fix: str = "") -> None:
    """A finding of a level with these words in it; what is no error or warning needs no fix, the others have one."""
    assert (finding.level, said in finding.said, fix in finding.fix) == (level, True, True), finding
    assert bool(finding.fix) == (level != "ok" and not finding.said.startswith("not looked at")), finding
    assert finding.said.splitlines() == [finding.said]
