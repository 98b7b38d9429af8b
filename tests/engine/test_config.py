"""Projects and configuration, as Pulumi's files have them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pulumi_hubassoc.engine.interface import ConfigValue, EngineError, NotSupported, Project
from pulumi_hubassoc.engine.local import LocalEngine, LocalStack
from pulumi_hubassoc.engine.local.config import ProjectFile

ENV = {"PULUMI_CONFIG_PASSPHRASE": "x"}


def stack_in(folder: Path, project: str = "", stack: str = "", *, in_memory: bool = False) -> LocalStack:
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n" + project)
    if stack:
        (folder / "Pulumi.dev.yaml").write_text(stack)
    return LocalEngine(in_memory=in_memory).stack(Project("shop", folder), "dev", env=ENV)


def test_what_is_set_is_what_is_got(tmp_path: Path) -> None:
    """Keys without a namespace are the project's."""
    stack = stack_in(tmp_path)
    stack.set_config("zone", "eu")
    stack.set_config("hubassoc:apiVersion", "v4")
    stack.set_config("gone", "x")
    stack.set_config("gone", None)
    assert stack.get_config() == {"hubassoc:apiVersion": ConfigValue("v4"), "shop:zone": ConfigValue("eu")}


def test_a_secret_is_kept_as_pulumi_keeps_it_and_shown_nowhere(tmp_path: Path) -> None:
    """The file has a ciphertext and the salt, and another process reads it with the passphrase."""
    stack_in(tmp_path).set_config("token", "hidden", secret=True)
    text = (tmp_path / "Pulumi.dev.yaml").read_text()
    assert "hidden" not in text
    data = yaml.safe_load(text)
    assert data["encryptionsalt"].startswith("v1:")
    assert data["config"]["shop:token"]["secure"].startswith("v1:")
    value = stack_in(tmp_path).get_config()["shop:token"]
    assert value == ConfigValue("hidden", secret=True)
    assert "hidden" not in repr(value)


def test_structures_and_scalars_are_texts(tmp_path: Path) -> None:
    """As a program and a provider get them."""
    stack = stack_in(tmp_path, stack="config:\n  shop:tags: [x, 1, true]\n  shop:on: true\n  shop:count: 3\n")
    assert {k: v.value for k, v in stack.get_config().items()} == {
        "shop:tags": '["x",1,true]',
        "shop:on": "true",
        "shop:count": "3",
    }


def test_the_project_gives_defaults_and_the_stack_has_the_last_word(tmp_path: Path) -> None:
    """Defaults, values for foreign namespaces, and a stack that says otherwise."""
    project = (
        "config:\n  zone: {type: string, default: eu}\n  count: {type: integer, default: 3}\n  other:key: {value: v}\n"
    )
    stack = stack_in(tmp_path, project, "config:\n  shop:zone: us\n")
    assert {k: v.value for k, v in stack.get_config().items()} == {
        "shop:zone": "us",
        "shop:count": "3",
        "other:key": "v",
    }


@pytest.mark.parametrize(
    ("rule", "value", "sentence"),
    [
        ("{type: string}", None, "missing configuration value 'shop:zone'"),
        ("{type: integer}", "many", "must be of type 'integer'"),
        ("{type: string, secret: true}", "plain", "must be encrypted"),
    ],
)
def test_a_run_refuses_what_the_project_does_not_allow(
    tmp_path: Path, rule: str, value: str | None, sentence: str
) -> None:
    """Before anything is started."""
    stack = stack_in(tmp_path, f"config:\n  zone: {rule}\n")
    if value is not None:
        stack.set_config("zone", value)
    with pytest.raises(EngineError, match=sentence):
        stack.preview()


def test_configuration_in_memory_starts_from_the_file_and_does_not_touch_it(tmp_path: Path) -> None:
    """A stack that is kept in memory leaves no trace."""
    stack = stack_in(tmp_path, stack="config:\n  shop:zone: eu\n", in_memory=True)
    stack.set_config("zone", "us")
    assert stack.get_config()["shop:zone"].value == "us"
    assert "us" not in (tmp_path / "Pulumi.dev.yaml").read_text()
    assert sorted(f.name for f in tmp_path.iterdir()) == ["Pulumi.dev.yaml", "Pulumi.yaml"]


@pytest.mark.parametrize(
    ("stack", "sentence"),
    [("environment: [prod]\n", "ESC"), ("secretsprovider: awskms://x\n", "awskms")],
)
def test_what_the_service_keeps_is_refused(tmp_path: Path, stack: str, sentence: str) -> None:
    """Environments of Pulumi ESC, and keys in clouds."""
    with pytest.raises(NotSupported, match=sentence):
        stack_in(tmp_path, stack=stack).get_config()


def test_a_project_of_another_language_is_refused(tmp_path: Path) -> None:
    """With a sentence that names it."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    with pytest.raises(NotSupported, match="nodejs"):
        ProjectFile.read(tmp_path)


def test_a_folder_without_a_project_and_one_without_its_environment_are_told(tmp_path: Path) -> None:
    """Each with one sentence."""
    with pytest.raises(EngineError, match=r"no Pulumi\.yaml"):
        ProjectFile.read(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    with pytest.raises(EngineError, match="no virtual environment"):
        ProjectFile.read(tmp_path).python("python")
