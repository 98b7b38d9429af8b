"""Projects and the configuration of stacks: ``Pulumi.yaml`` and ``Pulumi.<stack>.yaml``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pulumi_hubassoc.engine.interface import ConfigValue, EngineError, NotSupported

from .stack_secrets import StackSecrets
from .store import write_whole


def _yaml() -> ModuleType:
    try:
        import yaml
    except ImportError:
        raise EngineError("reading Pulumi.yaml needs PyYAML: pip install 'pulumi-hubassoc[engine]'") from None
    return yaml


def _read(path: Path) -> dict[str, Any]:
    yaml = _yaml()
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(f"cannot read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # the error's own words quote the file, secrets included
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "it holds characters that YAML forbids"
        raise EngineError(f"{path} is not YAML: {where}") from None
    if data is not None and not isinstance(data, dict):
        raise EngineError(f"{path} holds no map of settings")
    return data or {}


_TEXTS = {"main", "stackConfigDir", "toolchain", "virtualenv"}


@dataclass(frozen=True)
class ProjectFile:
    """What a ``Pulumi.yaml`` says.

    Attributes:
        root: the folder that holds it.
        name: the project's name.
        main: the folder, or the file, of the program, from `root`.
        virtualenv: of the program, if it names one.
        config: configuration of all stacks, or what they must have.
        config_folder: of the stacks' files.
        toolchain: ``pip``, ``poetry`` or ``uv``, if it names one.
    """

    root: Path
    name: str
    main: str = ""
    virtualenv: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    config_folder: Path = Path()
    toolchain: str = ""

    @classmethod
    def read(cls, folder: Path) -> ProjectFile:
        """Read the project of a folder.

        Raises:
            EngineError: there is none, or it is no Python project.
        """
        path = next((p for p in (folder / "Pulumi.yaml", folder / "Pulumi.yml") if p.exists()), None)
        if path is None:
            above = next((p for p in folder.parents if (p / "Pulumi.yaml").exists()), None)
            where = f"the one above it that does is {above}" if above else "a project is a folder with that file"
            raise EngineError(
                f"{folder} holds no Pulumi.yaml — {where}; -C DIR says on the command line which is meant"
            )
        data = _read(path)
        if not data.get("name"):  # internal names of labels are derived from it
            raise EngineError(f"{path} does not say what the project is called: add the line `name: …`")
        runtime = data.get("runtime")
        name = runtime.get("name") if isinstance(runtime, dict) else runtime
        options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
        if not isinstance(options, dict):
            raise EngineError(f"the runtime options of {path} are no map")
        if name is None:
            raise EngineError(f"{path} does not say what runs the program: add the line `runtime: python`")
        if name != "python":
            raise NotSupported(f"{path} is for the runtime {name!r}; the built-in engine runs Python programs only")
        for key, value in {**options, "main": data.get("main"), "stackConfigDir": data.get("stackConfigDir")}.items():
            if key in _TEXTS and value is not None and not isinstance(value, str):
                raise EngineError(f"{key!r} in {path} is no text")
        virtualenv = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else None)
        config_folder = data.get("stackConfigDir") or (data["config"] if isinstance(data.get("config"), str) else "")
        declared: Any = data.get("config") if isinstance(data.get("config"), dict) else {}
        return cls(
            folder,
            str(data.get("name") or ""),
            data.get("main") or "",
            virtualenv,
            declared,
            folder / config_folder,
            options.get("toolchain") or "",
        )

    @property
    def directory(self) -> Path:
        """Where the program runs."""
        main = (self.root / self.main).resolve()
        return main if main.is_dir() else main.parent

    @property
    def entry(self) -> str:
        """What is run there."""
        main = self.root / self.main
        return "." if main.is_dir() else main.name

    def python(self, default: str) -> str:
        """The interpreter of the program.

        Raises:
            EngineError: the virtual environment is not there.
        """
        if not self.virtualenv:
            return default
        folder = self.root / self.virtualenv
        for name in ("bin/python", "Scripts/python.exe"):
            if (folder / name).exists():
                return str(folder / name)
        raise EngineError(
            f"the 'virtualenv' of {self.root / 'Pulumi.yaml'} is {folder}, which is no virtual environment — make it "
            f"(python3 -m venv {folder}) and install the program's requirements in it, or correct that line"
        )


class StackConfig:
    """The configuration of one stack.

    Args:
        project: the project's name, the namespace of keys without one.
        declared: what the project says about configuration.
        read: gives the content of the stack's file.
        write: keeps it; None to remove nothing.
        env: where the passphrase is looked for.
    """

    def __init__(
        self,
        project: str,
        declared: Mapping[str, Any],
        read: Callable[[], dict[str, Any]],
        write: Callable[[dict[str, Any]], None],
        env: Mapping[str, str],
    ) -> None:
        self._project = project
        self._declared = declared
        self._read = read
        self._write = write
        self._env = env

    @property
    def salt(self) -> str | None:
        """The encryption salt in the stack's file."""
        return self._read().get("encryptionsalt")

    def full_key(self, key: str) -> str:
        """The key with its namespace."""
        return key if ":" in key else f"{self._project}:{key}"

    def get(self) -> dict[str, ConfigValue]:
        """All values, those that the project declares included, secrets decrypted."""
        data = self._read()
        if data.get("environment"):
            raise NotSupported("the stack imports environments of Pulumi ESC: use the Pulumi CLI")
        if data.get("secretsprovider"):
            raise NotSupported(
                f"the stack's secrets are kept by {data['secretsprovider']}; the built-in engine knows passphrases only"
            )
        secrets = StackSecrets(self._env, data.get("encryptionsalt"))
        given = {self.full_key(str(k)): _value(v, secrets) for k, v in (data.get("config") or {}).items()}
        return dict(sorted({**self._defaults(), **given}.items()))

    def validated(self, stack: str) -> dict[str, ConfigValue]:
        """As `get`; EngineError where a value is missing that the project asks for, or is of another type."""
        values = self.get()
        for key, rule in self._declared.items():
            name = self.full_key(str(key))
            if not isinstance(rule, dict) or "value" in rule:
                continue
            if name not in values:
                raise EngineError(f"validating stack config: Stack '{stack}' is missing configuration value '{name}'")
            if rule.get("secret") and not values[name].secret:
                raise EngineError(
                    f"validating stack config: '{name}' of stack '{stack}' must be encrypted as it's secret"
                )
            _must_be(rule.get("type"), values[name].value, name, stack)
        return values

    def _defaults(self) -> dict[str, ConfigValue]:
        values = {}
        for key, rule in self._declared.items():
            value = rule.get("value", rule.get("default")) if isinstance(rule, dict) else rule
            if value is not None:
                values[self.full_key(str(key))] = ConfigValue(_text(value))
        return values

    def set(self, key: str, value: str | None, *, secret: bool) -> None:
        """Set a key, or remove it (None)."""
        data = self._read()
        config = dict(data.get("config") or {})
        name = self.full_key(key)
        config.pop(key, None)
        config.pop(name, None)
        if value is not None:
            secrets = StackSecrets(self._env, data.get("encryptionsalt"))
            config[name] = {"secure": secrets.encrypt(value)} if secret else value
            if secrets.salt:
                data = {"encryptionsalt": secrets.salt, **{k: v for k, v in data.items() if k != "encryptionsalt"}}
        self._write({**data, "config": dict(sorted(config.items()))})


def _value(data: Any, secrets: StackSecrets) -> ConfigValue:
    if isinstance(data, dict) and set(data) == {"secure"}:
        return ConfigValue(secrets.decrypt(data["secure"]), secret=True)
    if isinstance(data, (dict, list)):
        found = _Opened(secrets)
        return ConfigValue(_text(found.open(data)), found.any)
    return ConfigValue(_text(data))


class _Opened:
    """Decrypts secrets inside structures; `any`: whether there were some."""

    def __init__(self, secrets: StackSecrets) -> None:
        self._secrets = secrets
        self.any = False

    def open(self, data: Any) -> Any:
        if isinstance(data, dict) and set(data) == {"secure"}:
            self.any = True
            return self._secrets.decrypt(data["secure"])
        if isinstance(data, dict):
            return {key: self.open(value) for key, value in data.items()}
        return [self.open(value) for value in data] if isinstance(data, list) else data


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)


def _must_be(type_: Any, text: str, name: str, stack: str) -> None:
    kinds: dict[str, tuple[type, ...]] = {"integer": (int,), "boolean": (bool,), "array": (list,), "object": (dict,)}
    if type_ not in kinds:
        return
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, kinds[type_]) or (type_ == "integer" and isinstance(value, bool)):
        raise EngineError(f"validating stack config: '{name}' of stack '{stack}' must be of type '{type_}'")


def file_config(path: Path) -> tuple[Callable[[], dict[str, Any]], Callable[[dict[str, Any]], None]]:
    """`read` and `write` of a `StackConfig` that is kept in a file (whose comments do not survive a write)."""

    def read() -> dict[str, Any]:
        return _read(path) if path.exists() else {}

    def write(data: dict[str, Any]) -> None:
        write_whole(path, _yaml().safe_dump(data, sort_keys=False, allow_unicode=True))

    return read, write


def memory_config(start: dict[str, Any]) -> tuple[Callable[[], dict[str, Any]], Callable[[dict[str, Any]], None]]:
    """The same, kept in memory."""
    kept = [start]

    def read() -> dict[str, Any]:
        return kept[0]

    def write(data: dict[str, Any]) -> None:
        kept[0] = data

    return read, write
