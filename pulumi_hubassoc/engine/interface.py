"""What an engine does for a stack: the one interface of the Pulumi CLI and of the built-in engine.

An `Engine` makes `Stack`s; a stack previews, updates, refreshes and destroys a program and answers a `Result`.
Words are Pulumi's: operations are named as in its events (``create``, ``update``, ``replace``, ``delete-replaced``,
``same`` …) and property differences as in its detailed diff (path -> ``add``, ``update``, ``delete-replace`` …).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

OperationName = Literal["preview", "up", "refresh", "destroy"]
Severity = Literal["debug", "info", "info#err", "warning", "error"]


@dataclass(frozen=True)
class Project:
    """A Pulumi program and what it is called.

    Attributes:
        name: the project's name, also the namespace of its plain configuration keys.
        program: a folder that holds ``Pulumi.yaml`` and the program, or a function to be called in this process.
        work_dir: the folder the program and the providers run in; the program's own folder unless given.
            A function needs one.
    """

    name: str
    program: Path | Callable[[], None]
    work_dir: Path | None = None


@dataclass(frozen=True)
class ConfigValue:
    """A value of a stack's configuration, always a text (structures are JSON texts), and whether it is a secret."""

    value: str
    secret: bool = False

    def __repr__(self) -> str:
        """The value, unless it is a secret."""
        return f"ConfigValue({'[secret]' if self.secret else repr(self.value)})"


@dataclass(frozen=True)
class OutputValue:
    """An output of a stack and whether it is a secret."""

    value: Any
    secret: bool = False

    def __repr__(self) -> str:
        """The value, unless it is a secret."""
        return f"OutputValue({'[secret]' if self.secret else repr(self.value)})"


@dataclass(frozen=True)
class PropertyDiff:
    """How one property differs.

    Attributes:
        kind: ``add``, ``delete``, ``update``, or one of these with ``-replace``.
        input: whether inputs were compared (and not outputs).
        old: the value before; None where there was none or the engine does not say. A secret is ``[secret]``.
        new: the value after; likewise. A value not yet known is ``[unknown]``.
    """

    kind: str
    input: bool = True
    old: Any = None
    new: Any = None


@dataclass(frozen=True)
class Event:
    """What happened, or would happen, to one resource: told once an operation, when it has ended.

    An operation that was begun and never ended (the run was cut short) is not told. A refresh tells what it found:
    ``same``, ``update`` or ``delete``.

    Attributes:
        operation: ``same``, ``create``, ``update``, ``delete``, ``replace``, ``create-replacement``,
            ``delete-replaced``, ``refresh``, ``read``, ``import`` …
        urn: of the resource.
        type: its type token.
        diff: property path -> difference; empty where there is none.
        replace_keys: the properties that force a replacement.
        status: ``planned`` in a preview, else ``done`` or ``failed``.
        inputs: of the resource as it is to be, in a form that may be shown (see `PropertyDiff`); empty for one that goes.
        parent: the URN of its parent, "" where there is none.
        provider: the URN and id of its provider, "" for a component.
    """

    operation: str
    urn: str
    type: str
    diff: Mapping[str, PropertyDiff] = field(default_factory=dict)
    replace_keys: tuple[str, ...] = ()
    status: Literal["planned", "done", "failed"] = "done"
    inputs: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    parent: str = field(default="", compare=False, repr=False)
    provider: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the resource, the last part of its URN."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Diagnostic:
    """A message to the user, perhaps about one resource."""

    severity: Severity
    message: str
    urn: str | None = None


@dataclass(frozen=True)
class Result:
    """How an operation ended.

    Attributes:
        operation: what was asked for.
        exit_code: as the Pulumi CLI's: 0 done, 1 failed, 7 changes where none were expected, 8 cancelled; 255 and
            others as the CLI gives them.
        changes: how many resources had which operation, as in the summary of ``pulumi up`` (``{"create": 2}``).
        events: per resource, in the order in which the engine told them.
        diagnostics: what was said, without debug messages, passing progress, and trailing line ends.
        outputs: the stack's outputs after the operation (in a preview: as far as they are known).
        interrupted: whether Ctrl-C or a signal to end came on the way; the CLI's engine raises KeyboardInterrupt instead.
    """

    operation: OperationName
    exit_code: int
    changes: Mapping[str, int]
    events: tuple[Event, ...]
    diagnostics: tuple[Diagnostic, ...]
    outputs: Mapping[str, OutputValue]
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        """Whether the operation succeeded."""
        return self.exit_code == 0

    @property
    def changed(self) -> dict[str, int]:
        """`changes` without ``same`` and ``read``: empty when there was nothing to do."""
        return {op: n for op, n in self.changes.items() if op not in ("same", "read") and n}

    @property
    def errors(self) -> list[str]:
        """The messages of severity error."""
        return [d.message for d in self.diagnostics if d.severity == "error"]


@dataclass(frozen=True)
class Options:
    """The flags of ``pulumi preview|up|refresh|destroy``; each means what it means there.

    `preview_only` makes a refresh or a destroy show what it would do. `parallel` is the number of resource
    operations at once (None: the engine's default).
    """

    parallel: int | None = None
    refresh: bool = False
    run_program: bool = False
    preview_only: bool = False
    expect_no_changes: bool = False
    continue_on_error: bool = False
    target: Sequence[str] = ()
    exclude: Sequence[str] = ()
    target_dependents: bool = False
    replace: Sequence[str] = ()
    target_replace: Sequence[str] = ()
    exclude_protected: bool = False
    clear_pending_creates: bool = False


class EngineError(Exception):
    """The engine could not do what was asked at all; one sentence says why and what to do."""

    __module__ = "builtins"


class NotSupported(EngineError):
    """The engine lacks what was asked for; the sentence names it and what has it."""

    __module__ = "builtins"


class NoSuchStack(EngineError):
    """There is no stack of that name, and nobody asked for one to be made."""

    __module__ = "builtins"


class StackLocked(EngineError):
    """Another run holds the stack; the sentence says whose, and how to cancel it."""

    __module__ = "builtins"


OnEvent = Callable[[Event | Diagnostic], None]
DEFAULTS = Options()


class Stack(Protocol):
    """One stack of a project.

    An operation that fails as operations do (a check refused, a create failed, the program raised) answers a
    `Result` with its exit code; `EngineError` is raised only where nothing could be run.
    """

    name: str
    project: Project

    def preview(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Show what `up` would do, and change nothing."""

    def up(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the stack what the program says (without a preview of its own)."""

    def refresh(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Make the state what the providers read."""

    def destroy(self, options: Options = DEFAULTS, on_event: OnEvent | None = None) -> Result:
        """Delete every resource of the stack."""

    def import_resources(
        self,
        file: Mapping[str, Any],
        *,
        protect: bool = True,
        preview_only: bool = False,
        on_event: OnEvent | None = None,
    ) -> Result:
        """Take resources that exist already into the state, as ``pulumi import --file``; those that are there are left.

        Args:
            file: what such a file holds: ``resources`` with `type`, `name`, `id`, `inputs`, `outputs`, `parent`,
                `provider` and `component`, and ``nameTable``, the URNs of names that are in the state.
            protect: whether the resources are protected from now on.
            preview_only: show what would be imported, and change nothing.
            on_event: told of each.
        """

    def outputs(self) -> dict[str, OutputValue]:
        """The stack's outputs, as of the last operation."""

    def export_state(self) -> dict[str, Any]:
        """The deployment, as ``pulumi stack export`` prints it (secrets encrypted)."""

    def import_state(self, deployment: dict[str, Any]) -> None:
        """Put a deployment in place of the stack's, as ``pulumi stack import``."""

    def set_config(self, key: str, value: str | None, *, secret: bool = False) -> None:
        """Set a key of the stack's configuration (None removes it); a key without ``:`` is the project's."""

    def get_config(self) -> dict[str, ConfigValue]:
        """The stack's configuration, keys with their namespace, secrets decrypted."""

    def cancel(self) -> None:
        """Take away the lock of a run that has died, as ``pulumi cancel``."""

    def remove(self) -> None:
        """Forget a stack that holds no resources, as ``pulumi stack rm``."""


class Engine(Protocol):
    """Something that can run stacks.

    Attributes:
        name: for people, with the version: ``Pulumi CLI 3.260.0``, ``built-in engine``.
    """

    name: str

    def stack(self, project: Project, name: str, *, env: Mapping[str, str] | None = None, make: bool = True) -> Stack:
        """Open a stack, making it where there is none.

        Args:
            project: the program.
            name: of the stack.
            env: environment variables for the program and the providers, on top of this process's.
            make: False for who only reads: where there is no such stack, that is a `NoSuchStack`.
        """
