"""README's commands of the first program, copied as they stand into a clean folder and run there.

What `test_docs` runs of README it runs through the engines; here a shell does, with what a new user has: an active
environment, a token, and no project yet. `--yes` is added, because nobody is here to be asked.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pulumi_hubassoc.emulator import Emulator
from tests.on_engines import ENGINES
from tests.test_docs import README, blocks
from tests.workflow import path_with, stand_in

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """README's program beside its Pulumi.yaml."""
    home = tmp_path / "relations"
    home.mkdir()
    program, *_ = blocks("python")
    project, *_ = blocks("yaml")
    (home / "__main__.py").write_text(program, encoding="utf-8")
    (home / "Pulumi.yaml").write_text(project, encoding="utf-8")
    return home


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment that is active, a home and a back end of its own."""
    (tmp_path / "state").mkdir()
    main = f'exec {sys.executable} -c "from pulumi_hubassoc.cli.main import main; main()" "$@"\n'
    return {
        "PATH": path_with(stand_in(tmp_path / "bin", "hubassoc", main), Path(sys.executable).parent),
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@pytest.fixture
def served(machine: dict[str, str]) -> Iterator[str]:
    """The line that `hubassoc emulator` prints to be copied."""
    command = ["bash", "-c", "exec hubassoc emulator"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=machine)
    assert process.stdout
    try:
        yield next(line for line in process.stdout if line.startswith("export "))
    finally:
        process.kill()
        process.communicate()


def shell(script: str, folder: Path, env: dict[str, str], typed: str = "") -> str:
    """What a script prints; it must end well."""
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=env,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_without_the_cli(folder: Path, machine: dict[str, str], served: str) -> None:
    """On the built-in engine, in the portal that `hubassoc emulator` serves: the line it prints is copied."""
    (command,) = re.findall(r"`HUBSPOT_ACCESS_TOKEN=… (hubassoc local up -s dev)`", README)
    said = shell(f"{served}\n{command} --yes", folder, machine)
    assert re.search(r"billing_type_id: \d", said)
    assert "nothing to do" in shell(f"{served}\n{command} --yes --skip-preview", folder, machine)


@pytest.mark.parametrize("which", [ENGINES[1]])
def test_with_the_cli(which: str, folder: Path, machine: dict[str, str], emulator: Emulator) -> None:
    """Line by line: the token is typed in and kept as a secret."""
    (block,) = [text for text in blocks("sh") if "pulumi stack init" in text and "config set --secret" in text]
    mine = emulator.add_portal(token="token-of-mine", portal_id=12345678)
    env = {**machine, "HUBASSOC_BASE_URL": emulator.start()}
    for line in block.splitlines():
        command = line.partition("#")[0].strip()
        typed = "token-of-mine\n" if "--secret" in command else ""
        shell(f"{command} --yes" if command == "pulumi up" else command, folder, env, typed)
    assert len(mine.labels()) == 2
    config = yaml.safe_load((folder / "Pulumi.dev.yaml").read_text())["config"]
    assert config["hubassoc:accessToken"].keys() == {"secure"}
