"""One stack, run with the Pulumi CLI through Pulumi's Automation API."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pulumi import automation as auto
from pulumi.automation.errors import (
    CommandError,
    ConcurrentUpdateError,
    StackAlreadyExistsError,
    StackNotFoundError,
)

from pulumi_hubassoc.engine.interface import (
    DEFAULTS,
    ConfigValue,
    EngineError,
    NoSuchStack,
    NotSupported,
    OnEvent,
    OperationName,
    Options,
    OutputValue,
    Project,
    Result,
    StackLocked,
)
from pulumi_hubassoc.engine.pulumi_events import EventCollector, shown


class PulumiCliStack:
    """One stack of a project, run with the CLI. Nothing is kept between calls, so threads may share it."""

    def __init__(
        self, command: auto.PulumiCommand, project: Project, name: str, folder: Path, env: Mapping[str, str]
    ) -> None:
        """Take what a stack is; `PulumiCliEngine.stack` makes sure that it exists.

        Args:
            command: the CLI.
            project: the program.
            name: of the stack.
            folder: that holds ``Pulumi.yaml``.
            env: environment variables on top of this process's.
        """
        self.project = project
        self.name = name
        self._command = command
        self._folder = folder
        self._env = dict(env)

    def preview(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Show what `up` would do, and change nothing."""
        return self._operate("preview", options, on_event)

    def up(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the stack what the program says (without a preview of its own)."""
        return self._operate("up", options, on_event)

    def refresh(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the state what the providers read."""
        return self._operate("refresh", options, on_event)

    def destroy(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Delete every resource of the stack."""
        return self._operate("destroy", options, on_event)

    def import_resources(
        self,
        file: Mapping[str, Any],
        *,
        protect: bool = True,
        preview_only: bool = False,
        on_event: OnEvent | None = None,
    ) -> Result:
        """Take resources that exist already into the state, as ``pulumi import --file``, without generating code."""
        collector = EventCollector(on_event)

        def on_line(line: str) -> None:
            if line.startswith("{"):
                collector(auto.EngineEvent.from_json(json.loads(line)))

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "import.json"
            path.write_text(json.dumps(file), encoding="utf-8")
            command = ["import", "--file", str(path), "--stack", self.name, "--yes", "--json", "--generate-code=false"]
            command += [f"--protect={str(protect).lower()}", "--preview-only" if preview_only else "--skip-preview"]
            # The Automation API's own import tells no events.
            _, exit_code = self._carry_out(
                "import", collector, lambda: self._command.run(command, str(self._folder), self._env, on_line)
            )
        return self._result("preview" if preview_only else "up", exit_code, collector, None)

    def outputs(self) -> dict[str, OutputValue]:
        """The stack's outputs, as of the last operation; secrets decrypted."""
        with self._refusals("stack output"):
            return _outputs(self._automation().outputs())

    def export_state(self) -> dict[str, Any]:
        """The deployment, as ``pulumi stack export`` prints it (secrets encrypted)."""
        # The Automation API's own export shows the secrets.
        deployment: dict[str, Any] = json.loads(self._pulumi("stack", "export", "--stack", self.name).stdout)
        return deployment

    def import_state(self, deployment: dict[str, Any]) -> None:
        """Put a deployment in place of the stack's, as ``pulumi stack import``."""
        # The Automation API's own import leaves its file behind where the CLI refuses.
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "deployment.json"
            file.write_text(json.dumps(deployment), encoding="utf-8")
            self._pulumi("stack", "import", "--file", str(file), "--stack", self.name)

    def set_config(self, key: str, value: str | None, *, secret: bool = False) -> None:
        """Set a key of the stack's configuration (None removes it); a key without ``:`` is the project's."""
        if value is None:
            self._pulumi("config", "rm", key, "--stack", self.name)
            return
        # The Automation API puts the value into the arguments, where every user of the machine can read it. The CLI
        # cuts one line end off what it reads.
        kind = "--secret" if secret else "--plaintext"
        command = [self._command.command, "config", "set", key, kind, "--stack", self.name, "--non-interactive"]
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=os.environ | self._env,
            input=value + "\n",
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            raise EngineError(f"pulumi config set {key}: {_first_error(done.stderr)}")

    def get_config(self) -> dict[str, ConfigValue]:
        """The stack's configuration, keys with their namespace, secrets decrypted."""
        with self._refusals("config"):
            found = self._automation().get_all_config()
        return {key: ConfigValue(value.value, bool(value.secret)) for key, value in found.items()}

    def cancel(self) -> None:
        """Take away the lock of a run that has died, as ``pulumi cancel``; a run that lives goes on without it."""
        with self._refusals("cancel"):
            self._automation().cancel()

    def remove(self) -> None:
        """Forget a stack that holds no resources, and its configuration, as ``pulumi stack rm``."""
        with self._refusals("stack rm"):
            self._automation().workspace.remove_stack(self.name)

    # ------------------------------------------------------------------------------------------------ how it is done

    def open(self, *, make: bool = True) -> None:
        """Make the stack where there is none, or refuse to go on without it."""
        with self._refusals("stack init" if make else "stack"):
            try:
                self._run("stack", "--show-name", "--stack", self.name)
            except StackNotFoundError:
                if not make:
                    raise NoSuchStack(
                        f"the Pulumi CLI has no stack {self.name} of the project in {self._folder} — `pulumi stack ls` "
                        "tells which there are"
                    ) from None
                # Another thread or process may be opening it too.
                with contextlib.suppress(StackAlreadyExistsError):
                    self._run("stack", "init", self.name, "--no-select")

    def _operate(self, operation: OperationName, options: Options, on_event: OnEvent | None) -> Result:
        arguments, env = _arguments(operation, options)
        collector = EventCollector(on_event)

        def run() -> Any:
            with _program(self.project) as program:
                stack = self._automation(program, env)
                preview_only = options.preview_only
                method: dict[OperationName, Callable[..., Any]] = {
                    "preview": stack.preview,
                    "up": partial(stack.up, show_secrets=False),
                    "refresh": stack.preview_refresh if preview_only else partial(stack.refresh, show_secrets=False),
                    "destroy": stack.preview_destroy if preview_only else partial(stack.destroy, show_secrets=False),
                }
                return method[operation](on_event=collector, color="never", suppress_progress=True, **arguments)

        done, exit_code = self._carry_out(operation, collector, run)
        outputs = _outputs(done.outputs) if isinstance(done, auto.UpResult) else None
        if operation == "preview" or options.preview_only:
            outputs = collector.outputs
        return self._result(operation, exit_code, collector, outputs)

    def _carry_out(self, what: str, collector: EventCollector, run: Callable[[], Any]) -> tuple[Any, int]:
        """Run a command that tells events; its answer, None where it failed, and its exit code."""
        done, exit_code = None, 0
        try:
            # In a thread of its own: Ctrl-C reaches the CLI too, which then ends what it has begun and saves the state,
            # and this process (where the program may be running) must not go before that.
            with ThreadPoolExecutor(max_workers=1) as pool:
                done = pool.submit(run).result()
        except CommandError as error:
            if not collector.began:
                self._refuse(what, error)
            exit_code = _exit_code(error)
        collector.finish()
        return done, exit_code

    def _result(
        self,
        operation: OperationName,
        exit_code: int,
        collector: EventCollector,
        outputs: dict[str, OutputValue] | None,
    ) -> Result:
        return Result(
            operation=operation,
            exit_code=exit_code,
            changes=collector.changes,
            events=tuple(collector.events),
            diagnostics=tuple(collector.diagnostics),
            outputs=self.outputs() if outputs is None else outputs,
        )

    def _automation(
        self, program: Callable[[], None] | None = None, env: Mapping[str, str] | None = None
    ) -> auto.Stack:
        """The Automation API's view of this stack."""
        workspace = _Workspace(
            work_dir=str(self._folder),
            program=program,
            env_vars=self._env | dict(env or {}),
            pulumi_command=self._command,
        )
        return auto.Stack.select(self.name, workspace)

    def _run(self, *args: str) -> auto.CommandResult:
        return self._command.run(list(args), str(self._folder), self._env)

    def _pulumi(self, *args: str) -> auto.CommandResult:
        """Run a command that is no operation; EngineError where the CLI refuses."""
        with self._refusals(" ".join(args[:2])):
            return self._run(*args)

    @contextlib.contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        try:
            yield
        except CommandError as error:
            self._refuse(what, error)

    def _refuse(self, what: str, error: CommandError) -> NoReturn:
        """Say in one sentence what the CLI said in many lines."""
        stderr = _parts(error)["stderr"]
        if isinstance(error, ConcurrentUpdateError):
            who = re.search(r"created by (.+?) at (\S+)", stderr)
            raise StackLocked(
                f"the stack {self.name} is locked by another run{f', {who[1]} since {who[2]}' if who else ''}: wait for "
                f"its end, or if it has died, `pulumi cancel --stack {self.name}`"
            ) from None
        raise EngineError(f"pulumi {what}: {_first_error(stderr)}") from None


class _Workspace(auto.LocalWorkspace):
    """A workspace that leaves alone which stack the user has selected; that the stack exists has been seen to."""

    def select_stack(self, stack_name: str) -> None:
        """Do nothing."""


@contextlib.contextmanager
def _program(project: Project) -> Iterator[Callable[[], None] | None]:
    """The function to run for a project, if it is one; afterwards, whatever the SDK left of its run is ended.

    Where the engine stops before the program has ended, the SDK does not get to closing the program's event loop. Its
    tasks and sockets would go one day with the garbage, and with tracebacks that tell nobody anything.
    """
    function = project.program
    if isinstance(function, Path):
        yield None
        return
    loops: list[asyncio.AbstractEventLoop] = []

    def program() -> None:
        loops.append(asyncio.get_running_loop())
        return function()

    try:
        yield program
    finally:
        for loop in loops:
            _close(loop)


def _close(loop: asyncio.AbstractEventLoop, patience: float = 5) -> None:
    """Close an event loop that another thread has run, once it has stopped; after `patience` seconds let it be."""
    deadline = time.monotonic() + patience
    while loop.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    if loop.is_running() or loop.is_closed():
        return
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=patience))
    loop.close()


# Which options of the interface the commands of the CLI have.
_COMMON = {"parallel", "run_program", "target", "exclude", "target_dependents"}
_OPTIONS: dict[OperationName, set[str]] = {
    "preview": _COMMON | {"refresh", "expect_no_changes", "replace", "target_replace"},
    "up": _COMMON | {"refresh", "expect_no_changes", "replace", "target_replace", "continue_on_error"},
    "refresh": _COMMON | {"preview_only", "expect_no_changes", "clear_pending_creates"},
    "destroy": _COMMON | {"preview_only", "refresh", "continue_on_error", "exclude_protected"},
}


def _arguments(operation: OperationName, options: Options) -> tuple[dict[str, Any], dict[str, str]]:
    """The options as arguments of the Automation API, and environment variables for what it has no argument for."""
    given = {f.name: getattr(options, f.name) for f in fields(options) if getattr(options, f.name)}
    unknown = sorted(set(given) - _OPTIONS[operation])
    if unknown:
        raise NotSupported(f"pulumi {operation} has no --{unknown[0].replace('_', '-')}")
    given.pop("preview_only", None)
    arguments = {key: list(value) if isinstance(value, (list, tuple)) else value for key, value in given.items()}
    # `--target-replace` is short for both.
    for urn in arguments.pop("target_replace", ()):
        for flag in ("target", "replace"):
            arguments[flag] = [*arguments.get(flag, ()), urn]
    env = {}
    if operation == "destroy" and "exclude" in arguments:
        quoted = ('"' + urn.replace('"', '""') + '"' for urn in arguments.pop("exclude"))
        env["PULUMI_OPTION_EXCLUDE"] = ",".join(quoted)
    return arguments, env


def _outputs(found: auto.OutputMap) -> dict[str, OutputValue]:
    """The outputs of a stack; one that an update of targets left unknown is so in the state too."""
    return {key: OutputValue(shown(output.value), output.secret) for key, output in found.items()}


def _parts(error: CommandError) -> dict[str, str]:
    """Exit code, standard output and standard error, which the Automation API joins to one text."""
    found = re.fullmatch(
        r"\s*code: (?P<code>-?\d+)\n stdout: (?P<stdout>.*)\n stderr: (?P<stderr>.*)", str(error), re.DOTALL
    )
    assert found, "the Automation API has changed the text of its errors"
    return found.groupdict()


def _exit_code(error: CommandError) -> int:
    return int(_parts(error)["code"])


def _first_error(stderr: str) -> str:
    """The first error on standard error, as one line, without the hints and warnings around it."""
    blocks = re.split(r"^(?=error: |warning: )", stderr.strip(), flags=re.MULTILINE)
    errors = [b.removeprefix("error: ") for b in blocks if b.startswith("error: ")]
    return " ".join((errors or blocks)[0].split()) or "it failed and said nothing"
