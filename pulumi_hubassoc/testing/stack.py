"""`hubassoc_stack`: stacks of any program, on the built-in engine and emulated portals."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from pulumi_hubassoc.engine.interface import (
    ConfigValue,
    EngineError,
    OperationName,
    Options,
    Project,
    Result,
    Stack,
)
from pulumi_hubassoc.engine.local import LocalEngine
from pulumi_hubassoc.engine.local.config import ProjectFile
from pulumi_hubassoc.testing.in_process import (
    NOWHERE,
    environment,
    in_plain_words,
    new_provider_process,
    run_folder,
    working_in,
)
from pulumi_hubassoc.testing.portal import EmulatedPortal

Program = Callable[[], Any] | Path | str
"""A function, or a folder that holds a ``Pulumi.yaml``."""


class OperationFailed(AssertionError):
    """An operation ended otherwise than the test expected; the text has what was said."""


@dataclass(frozen=True)
class Outcome(Result):
    """How an operation ended, as every engine of ours tells it, and what it did in short."""

    @property
    def steps(self) -> dict[str, list[str]]:
        """Name of a resource -> what was done to it, or would be; without what stays the same."""
        found: dict[str, list[str]] = {}
        for event in self.events:
            if event.operation != "same" and not event.type.startswith("pulumi:"):
                found.setdefault(event.name, []).append(event.operation)
        return found

    def errors_of(self, name: str) -> list[str]:
        """What was said at severity error about the resource of a name."""
        return self._said_of(name, "error")

    def warnings_of(self, name: str) -> list[str]:
        """Likewise at severity warning: in a preview, what HubSpot would refuse."""
        return self._said_of(name, "warning")

    def _said_of(self, name: str, severity: str) -> list[str]:
        return [d.message for d in self.diagnostics if d.severity == severity and (d.urn or "").endswith(f"::{name}")]


class StackUnderTest:
    """One stack of a program.

    Its operations raise `OperationFailed` where they fail, so that a test need not look; with ``fails=True`` they
    answer the failure, and raise where there is none. Further arguments are the fields of `Options`, which are the
    flags of the Pulumi CLI: ``stack.up(refresh=True)``.

    Attributes:
        portal: the portal it runs against.
        stack: the engine's own, for whatever is not here (configuration, state, cancel).
    """

    def __init__(
        self,
        engine: LocalEngine,
        portal: EmulatedPortal,
        program: Program,
        project: str,
        name: str,
        env: Mapping[str, str],
    ) -> None:
        self.portal = portal
        self._in_process = engine.provider == "in-process"
        self._folder: Path | None = None
        self._env = env
        self._program: Callable[[], Any] | None = None
        if callable(program):
            self._program = program
            self.stack: Stack = engine.stack(Project(project, self._run, Path.cwd()), name, env=env)
            return
        folder = Path(program).resolve()
        file = ProjectFile.read(folder)
        stack = engine.stack(Project(file.name, folder), name, env=env)
        if self._in_process:  # configuration comes from the folder all the same
            main = file.directory / file.entry
            stack.project = Project(file.name, lambda: run_folder(main), file.directory)
            self._folder = file.directory
        self.stack = stack

    def _run(self) -> Any:
        assert self._program is not None
        return self._program()  # the one that is set now, not when the stack was opened

    @property
    def program(self) -> Callable[[], Any] | None:
        """The function that the stack is of; set another one to edit the program. None for a folder: edit its files."""
        return self._program

    @program.setter
    def program(self, program: Callable[[], Any]) -> None:
        if self._program is None:
            raise EngineError("the program of this stack is a folder: edit the files in it")
        self._program = program

    def preview(self, *, fails: bool = False, **options: Any) -> Outcome:
        """Show what `up` would do, and change nothing."""
        __tracebackhide__ = True
        return self._operate("preview", fails, options)

    def up(self, *, fails: bool = False, **options: Any) -> Outcome:
        """Make the portal what the program says."""
        __tracebackhide__ = True
        return self._operate("up", fails, options)

    def refresh(self, *, fails: bool = False, **options: Any) -> Outcome:
        """Make the state what the portal says."""
        __tracebackhide__ = True
        return self._operate("refresh", fails, options)

    def destroy(self, *, fails: bool = False, **options: Any) -> Outcome:
        """Delete everything the stack has made."""
        __tracebackhide__ = True
        return self._operate("destroy", fails, options)

    @property
    def outputs(self) -> dict[str, Any]:
        """The values that the program exported at the last `up`."""
        return {name: output.value for name, output in self.stack.outputs().items()}

    def set_config(self, key: str, value: Any) -> None:
        """Set a key of the stack's configuration (None removes it); one without ``:`` is the project's.

        Args:
            key: ``dealsPerCompany``, ``hubassoc:patienceSeconds`` …
            value: a text, or what becomes JSON; a secret is a `ConfigValue`.
        """
        if isinstance(value, ConfigValue):
            self.stack.set_config(key, value.value, secret=value.secret)
        else:
            self.stack.set_config(key, value if value is None or isinstance(value, str) else json.dumps(value))

    def _operate(self, operation: OperationName, fails: bool, options: Mapping[str, Any]) -> Outcome:
        __tracebackhide__ = True
        self.portal.emulator.journal.clear()
        with contextlib.ExitStack() as around:
            if self._in_process:
                around.enter_context(new_provider_process(self.portal.emulator))
            elif self._program:  # it runs in this process, where its look-ups must be led to the emulator too
                around.enter_context(environment(self._env))
            if self._folder:
                around.enter_context(working_in(self._folder))
            result: Result = getattr(self.stack, operation)(Options(**options))
        if self._in_process:
            result = replace(result, diagnostics=tuple(map(in_plain_words, result.diagnostics)))
        outcome = Outcome(**{field.name: getattr(result, field.name) for field in fields(Result)})
        if outcome.ok == fails:
            said = [f"{d.severity}: {d.message}" for d in outcome.diagnostics if d.severity != "info"]
            ended = "did not fail" if outcome.ok else f"failed with exit code {outcome.exit_code}"
            raise OperationFailed("\n  ".join([f"{operation} of {self.stack.name} {ended}", *said]))
        return outcome


class StackFactory:
    """Opens stacks for one test; they share an engine, so that stack references work, and are kept in memory."""

    def __init__(self, portal: EmulatedPortal, provider: Literal["in-process", "process"]) -> None:
        self._portal = portal
        self._engine = LocalEngine(in_memory=True, provider=provider)
        self._base_url = portal.emulator.start() if provider == "process" else NOWHERE
        # Explicit providers get nothing of the configuration: this leads them to the emulator, and no https out.
        proxies = {"https_proxy": NOWHERE, "no_proxy": "127.0.0.1,localhost"}
        self._env = {"HUBASSOC_BASE_URL": self._base_url, **proxies, **{k.upper(): v for k, v in proxies.items()}}

    def __call__(
        self,
        program: Program,
        *,
        name: str = "dev",
        config: Mapping[str, Any] | None = None,
        portal: EmulatedPortal | None = None,
        project: str = "project",
    ) -> StackUnderTest:
        """Open a stack.

        Args:
            program: a function, or a folder that holds a ``Pulumi.yaml``.
            name: of the stack; of a folder, ``Pulumi.<name>.yaml`` is read, and nothing is written there.
            config: configuration on top of that (see `StackUnderTest.set_config`).
            portal: the portal it runs against; `hubspot_portal` unless given.
            project: the name of a function's project; a folder has its own.

        Raises:
            EngineError: there is no such project, or the name is none.
        """
        portal = portal or self._portal
        stack = StackUnderTest(self._engine, portal, program, project, name, self._env)
        # What a folder's own configuration says of these never counts: a test does not reach HubSpot.
        ours = {"hubassoc:accessToken": portal.token, "hubassoc:baseUrl": self._base_url}
        for key, value in {**(config or {}), **ours}.items():
            stack.set_config(key, value)
        return stack
