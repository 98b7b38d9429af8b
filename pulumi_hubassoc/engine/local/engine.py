"""The built-in engine: stacks of Python programs with dynamic resources, without the Pulumi CLI."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pulumi_hubassoc.engine.interface import (
    DEFAULTS,
    ConfigValue,
    EngineError,
    NoSuchStack,
    OnEvent,
    OperationName,
    Options,
    OutputValue,
    Project,
    Result,
)

from . import editing
from .config import ProjectFile, StackConfig, file_config, memory_config
from .graph import DependencyGraph
from .importer import Importer
from .operation import Bench, Operation, public
from .provider_process import ProviderError
from .run import Settings, Targets
from .stack_secrets import StackSecrets
from .state import Deployment, deployment_from_json, deployment_to_json
from .store import PROJECT_FOLDER, FileStore, MemoryStore, Store
from .trace import Trace
from .values import Properties, Secret

STATE_DIR = "HUBASSOC_STATE_DIR"
"""The environment variable that names the folder of all stacks."""


class LocalEngine:
    """Runs stacks in this process and its children; see `pulumi_hubassoc.engine.interface` for what it does.

    Args:
        state_dir: where stacks are kept, in a folder for each project, whose stacks can then refer to each other's;
            unless given the folder in the environment variable ``HUBASSOC_STATE_DIR``, and without that one
            ``.pulumi-local`` in the project's own folder.
        in_memory: keep stacks only as long as this engine lives.
        provider: ``process`` runs providers in processes of their own, as Pulumi does; ``in-process`` in this one, which is
            faster, shares its modules with the test, and cannot be interrupted.
        trace: receives every call and step, secrets in clear.
    """

    name = "built-in engine"

    def __init__(
        self,
        state_dir: Path | str | None = None,
        *,
        in_memory: bool = False,
        provider: Literal["process", "in-process"] = "process",
        trace: Trace | None = None,
    ) -> None:
        state_dir = state_dir or os.environ.get(STATE_DIR)
        self._state_dir = Path(state_dir).absolute() if state_dir else None
        self._in_memory = in_memory
        self.provider = provider
        self.trace = trace
        self._memory: dict[tuple[str, str], tuple[MemoryStore, Any]] = {}

    def stack(
        self, project: Project, name: str, *, env: Mapping[str, str] | None = None, make: bool = True
    ) -> LocalStack:
        """Open a stack, making it where there is none (see `Engine.stack`)."""
        if not name or any(c in name for c in "/\\: "):
            raise EngineError(f"{name!r} is no name for a stack")
        if isinstance(project.program, Path):
            file = ProjectFile.read(project.program)
        elif project.work_dir is not None:
            file = ProjectFile(project.work_dir, project.name)
        else:
            raise EngineError("a program that is a function needs a work_dir")
        full_env = {**os.environ, **(env or {})}
        read, write = self._config_of(project, file, name)
        config = StackConfig(project.name, file.config, read, write, full_env)
        secrets = StackSecrets(full_env, config.salt)
        store = self._store_of(project, file, name, secrets)
        if store.load() is None:
            if not make:
                there = ", ".join(self._stacks(project.name, file.root)) or "none yet"
                raise NoSuchStack(
                    f"the built-in engine has no stack {name} of the project in {file.root}; there is {there}"
                )
            store.save(Deployment())
        return LocalStack(self, project, name, file, full_env, config, store, secrets)

    def _config_of(self, project: Project, file: ProjectFile, name: str) -> Any:
        path = file.config_folder if isinstance(project.program, Path) else self._folder(project.name, file.root)
        path /= f"Pulumi.{name}.yaml"
        if not self._in_memory:
            return file_config(path)
        key = (project.name, name)
        if key not in self._memory:
            self._memory[key] = (MemoryStore(), memory_config(file_config(path)[0]()))
        return self._memory[key][1]

    def _store_of(self, project: Project, file: ProjectFile, name: str, secrets: StackSecrets) -> Store:
        if self._in_memory:
            return self._memory[project.name, name][0]
        return FileStore(self._folder(project.name, file.root), name, secrets)

    def _folder(self, project: str, root: Path) -> Path:
        return self._state_dir / project if self._state_dir else root / PROJECT_FOLDER

    def _stacks(self, project: str, root: Path) -> list[str]:
        """The stacks that there are of a project."""
        if self._in_memory:
            return sorted(stack for name, stack in self._memory if name == project)
        return sorted(file.stem for file in self._folder(project, root).glob("*.json"))

    def outputs_of(self, name: str, project: str, root: Path, env: Mapping[str, str]) -> Properties:
        """The outputs of a stack that a program refers to: ``organization/project/stack``, or a stack of this project."""
        parts = name.split("/")
        other, stack = (parts[-2], parts[-1]) if len(parts) > 1 else (project, name)
        store: Store | None = None
        if self._in_memory:
            store = self._memory[other, stack][0] if (other, stack) in self._memory else None
        elif other == project or self._state_dir:
            store = FileStore(self._folder(other, root), stack, StackSecrets(env))
        deployment = store.load() if store else None
        if deployment is None:
            known = other == project or self._in_memory or self._state_dir
            more = "" if known else f": those of other projects are found where {STATE_DIR} names a folder for all"
            raise ProviderError(f"unknown stack {name!r}{more}")
        return deployment.stack_outputs()


@dataclass
class LocalStack:
    """One stack of the built-in engine; see `Stack`."""

    engine: LocalEngine
    project: Project
    name: str
    _file: ProjectFile
    _env: Mapping[str, str]
    _config: StackConfig
    _store: Store
    _secrets: StackSecrets

    # -- operations

    def preview(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Show what `up` would do, and change nothing."""
        return self._run("preview", "update", options, on_event, dry_run=True, with_program=True)

    def up(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the stack what the program says (without a preview of its own)."""
        return self._run("up", "update", options, on_event, dry_run=False, with_program=True)

    def refresh(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the state what the providers read."""
        dry_run, with_program = options.preview_only, options.run_program
        if options.clear_pending_creates and not dry_run:
            with self._store.locked():
                self._store.save(replace(self._load(), pending=[]))
        return self._run("refresh", "refresh", options, on_event, dry_run=dry_run, with_program=with_program)

    def destroy(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Delete every resource of the stack."""
        if options.exclude_protected:
            unprotected = self._unprotected()
            if not unprotected:
                return Result("destroy", 0, {}, (), (), self.outputs())
            options = replace(options, target=unprotected, target_dependents=True)
        dry_run, with_program = options.preview_only, options.run_program
        return self._run("destroy", "destroy", options, on_event, dry_run=dry_run, with_program=with_program)

    def _unprotected(self) -> list[str]:
        """The resources that are not protected, and that no protected one needs."""
        graph = DependencyGraph(self._load().resources)
        kept = {r.urn for r in graph.resources if r.protect}
        for state in graph.resources:
            if state.protect:
                kept |= {need.urn for need in graph.transitive_dependencies_of(state)}
        return [r.urn for r in graph.resources if r.urn not in kept]

    def _run(
        self,
        operation: OperationName,
        mode: str,
        options: Options,
        on_event: OnEvent | None,
        *,
        dry_run: bool,
        with_program: bool,
    ) -> Result:
        settings = Settings(
            mode,
            dry_run,
            with_program,
            refresh_first=(mode == "refresh" and not with_program) or (mode != "refresh" and options.refresh),
            parallel=options.parallel or _default_parallel(self._env),
            targets=Targets((*options.target, *options.target_replace)),
            excludes=Targets(tuple(options.exclude)),
            replace_targets=Targets((*options.replace, *options.target_replace)),
            target_dependents=options.target_dependents,
            continue_on_error=options.continue_on_error,
        )
        config = self._config.validated(self.name) if with_program else self._config.get()
        lock: Any = contextlib.nullcontext() if dry_run else self._store.locked()
        with lock:
            return Operation(self._bench(), operation, settings, config, on_event).deploy(options.expect_no_changes)

    def import_resources(
        self,
        file: Mapping[str, Any],
        *,
        protect: bool = True,
        preview_only: bool = False,
        on_event: OnEvent | None = None,
    ) -> Result:
        """Take resources that exist already into the state, as ``pulumi import --file`` does (see `Importer`)."""
        settings = Settings("import", preview_only, False, False, _default_parallel(self._env))
        config = self._config.get()
        lock: Any = contextlib.nullcontext() if preview_only else self._store.locked()
        with lock:
            operation = Operation(self._bench(), "preview" if preview_only else "up", settings, config, on_event)
            inputs = {key: Secret(v.value) if v.secret else v.value for key, v in config.items()}
            importer = Importer(operation.run, file, protect=protect, config=inputs)
            return operation.carry_out(importer.execute, lambda: None)

    def _bench(self) -> Bench:
        engine, root = self.engine, self._file.root

        def stack_outputs(name: str) -> Properties:
            return engine.outputs_of(name, self.project.name, root, self._env)

        return Bench(
            self.project, self.name, self._file, self._env, self._store, engine.provider, engine.trace, stack_outputs
        )

    # -- what there is

    def _load(self) -> Deployment:
        deployment = self._store.load()
        if deployment is None:
            raise EngineError(f"there is no stack {self.name!r} of the project {self.project.name!r} any more")
        return deployment

    def outputs(self) -> dict[str, OutputValue]:
        """The stack's outputs, as of the last operation."""
        return public(self._load().stack_outputs())

    def export_state(self) -> dict[str, Any]:
        """The deployment, as ``pulumi stack export`` prints it (secrets encrypted)."""
        deployment = self._load()
        deployment_to_json(deployment, self._secrets.encrypt, None)  # makes the salt, if there are secrets
        return deployment_to_json(deployment, self._secrets.encrypt, self._secrets.provider)

    def import_state(self, deployment: dict[str, Any]) -> None:
        """Put a deployment in place of the stack's, as ``pulumi stack import``."""
        theirs = StackSecrets(self._env)
        theirs.use((deployment.get("deployment") or {}).get("secrets_providers"))
        read = deployment_from_json(deployment, theirs.decrypt)
        with self._store.locked():
            self._store.save(read)

    def delete_from_state(self, urn: str) -> None:
        """Forget a resource, as ``pulumi state delete``."""
        self._edit(lambda deployment: editing.without(deployment, urn))

    def rename_in_state(self, urn: str, name: str) -> None:
        """Give a resource another name, as ``pulumi state rename``."""
        self._edit(lambda deployment: editing.renamed(deployment, urn, name))

    def unprotect_in_state(self, urn: str | None = None) -> None:
        """Take away the protection of a resource, or of all, as ``pulumi state unprotect``."""
        self._edit(lambda deployment: editing.unprotected(deployment, urn))

    def move_to(self, other: LocalStack, chosen: Collection[str]) -> None:
        """Move resources to another stack, as ``pulumi state move``."""
        with self._store.locked(), other._store.locked():
            mine, theirs = editing.moved(
                self._load(), other._load(), chosen, stack=other.name, project=other.project.name
            )
            other._store.save(theirs)
            self._store.save(mine)

    def _edit(self, change: Callable[[Deployment], Deployment]) -> None:
        with self._store.locked():
            self._store.save(change(self._load()))

    def set_config(self, key: str, value: str | None, *, secret: bool = False) -> None:
        """Set a key of the stack's configuration (None removes it); a key without ``:`` is the project's."""
        self._config.set(key, value, secret=secret)

    def get_config(self) -> dict[str, ConfigValue]:
        """The stack's configuration, keys with their namespace, secrets decrypted."""
        return self._config.get()

    def cancel(self) -> None:
        """Take away the lock of a run that has died, as ``pulumi cancel``."""
        self._store.unlock()

    def remove(self) -> None:
        """Forget a stack that holds no resources, as ``pulumi stack rm``."""
        if self._load().resources:
            raise EngineError(f"the stack {self.name!r} still holds resources: destroy it first")
        with self._store.locked():
            self._store.remove()


def _default_parallel(env: Mapping[str, str]) -> int:
    given = env.get("PULUMI_PARALLEL", "")
    return int(given) if given.isdigit() and int(given) else 4 * (os.cpu_count() or 1)
