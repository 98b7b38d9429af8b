"""The settings in a stack's configuration, as a provider would get them, and what keeps them from being read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_hubassoc.config import NAMESPACE
from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.engine.local.config import ProjectFile, StackConfig, file_config

TOKEN_KEY = f"{NAMESPACE}:accessToken"


@dataclass(frozen=True)
class StackSettings:
    """What the configuration of a stack says of the settings.

    Attributes:
        values: full key -> value, as far as they can be read.
        fault: why some cannot be read.
        hidden: which; empty where the whole file cannot be read.
    """

    values: Mapping[str, str]
    fault: EngineError | None = None
    hidden: tuple[str, ...] = ()


def stack_file(project: ProjectFile, stack: str) -> Path:
    """The file of a stack's configuration; ``org/dev`` has that of ``dev``, as in Pulumi."""
    return project.config_folder / f"Pulumi.{stack.rpartition('/')[2]}.yaml"


def read_settings(project: ProjectFile, stack: str | None, env: Mapping[str, str]) -> StackSettings:
    """Read the settings alone: what else is in the file, secrets of the program's own too, is none of our business.

    Args:
        project: its Pulumi.yaml has values for all stacks.
        stack: whose file is read; None for Pulumi.yaml alone.
        env: where the passphrase is looked for.
    """
    try:
        data = file_config(stack_file(project, stack))[0]() if stack else {}
    except EngineError as fault:
        return StackSettings(_opened(project, {}, env), fault)
    ours = _settings_in(project, data.get("config"))
    plain = {key: value for key, value in ours.items() if not _holds_secret(value)}
    hidden = tuple(sorted(ours.keys() - plain.keys()))
    if not hidden:
        return StackSettings(_opened(project, {"config": plain}, env))
    try:
        if not (data.get("encryptionsalt") or data.get("secretsprovider")):
            raise EngineError("secrets that Pulumi Cloud keeps are opened by the Pulumi CLI alone")
        kept = {key: data.get(key) for key in ("encryptionsalt", "secretsprovider")}
        return StackSettings(_opened(project, {**kept, "config": ours}, env))
    except EngineError as fault:
        return StackSettings(_opened(project, {"config": plain}, env), fault, hidden)


def has_plain_token(project: ProjectFile, path: Path) -> bool:
    """Whether a stack's file, or the project's, has the token in clear.

    Raises:
        EngineError: it cannot be read.
    """
    value = _settings_in(project, file_config(path)[0]().get("config")).get(TOKEN_KEY)
    if isinstance(value, dict) and not _is_secure(value):  # as Pulumi.yaml declares what all stacks have
        value = value.get("value", value.get("default"))
    return value is not None and not _is_secure(value)


def _opened(project: ProjectFile, data: dict[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    declared = _settings_in(project, project.config)
    stack = StackConfig(project.name, declared, lambda: data, lambda _: None, env)
    return {key: value.value for key, value in stack.get().items()}


def _settings_in(project: ProjectFile, config: object) -> dict[str, Any]:
    """Our part of a map of configuration, by full keys."""
    values = config if isinstance(config, dict) else {}
    named = {(str(k) if ":" in str(k) else f"{project.name}:{k}"): v for k, v in values.items()}
    return {key: value for key, value in named.items() if key.startswith(f"{NAMESPACE}:")}


def _is_secure(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _holds_secret(value: object) -> bool:
    """Whether there is a secret somewhere in a value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return _is_secure(value) or any(map(_holds_secret, parts))
