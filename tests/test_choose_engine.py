"""Which engine is chosen: the Pulumi CLI on PATH where it will do, else the built-in one, which says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_hubassoc.engine.choose import choose_engine
from pulumi_hubassoc.engine.interface import EngineError


def put_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, version: str | None) -> None:
    """Make a command `pulumi` that knows its version, and nothing else, the only thing on PATH."""
    if version:
        (folder / "pulumi").write_text(f"#!/bin/sh\necho {version}\n")
        (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_a_cli_that_is_new_enough_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Auto takes the CLI on PATH, and the name says which."""
    put_on_path(monkeypatch, tmp_path, "v3.254.0")
    assert choose_engine(state_dir=tmp_path / "state").name == "Pulumi CLI 3.254.0"
    assert choose_engine("cli", state_dir=tmp_path / "state").name == "Pulumi CLI 3.254.0"


def test_the_built_in_engine_can_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Local is the built-in engine, with a CLI on PATH too."""
    put_on_path(monkeypatch, tmp_path, "v3.254.0")
    assert choose_engine("local", state_dir=tmp_path / "state").name == "built-in engine"


@pytest.mark.parametrize(
    ("version", "why", "refusal"),
    [
        (None, "no Pulumi CLI on PATH", "there is no working Pulumi CLI on PATH: install it as "),
        (
            "v3.100.0",
            "the Pulumi CLI on PATH is 3.100.0, and at least 3.254.0 is needed",
            "the Pulumi CLI is version 3.100.0, and at least 3.254.0 is needed: install it as ",
        ),
    ],
)
def test_without_a_cli_that_will_do(
    version: str | None, why: str, refusal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Auto takes the built-in engine and says why; the CLI, asked for, is refused with what to do."""
    put_on_path(monkeypatch, tmp_path, version)
    assert choose_engine("auto", state_dir=tmp_path / "state").name == f"built-in engine ({why})"
    with pytest.raises(EngineError, match=f"^{refusal}"):
        choose_engine("cli")
