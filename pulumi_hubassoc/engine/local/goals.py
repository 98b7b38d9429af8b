"""What a program asks for: registrations, reads and outputs, on their way from the program to the engine and back."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .state import ResourceState
from .values import Properties, Value


@dataclass(frozen=True)
class Alias:
    """Another name of a resource: a whole URN, or what differs from the present name."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True)
class Goal:
    """A resource as the program wants it; the names are those of Pulumi's resource options."""

    type: str
    name: str
    custom: bool
    properties: Properties
    parent: str = ""
    provider: str = ""
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    protect: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    aliases: Sequence[Alias] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    replace_on_changes: Sequence[str] = ()
    replacement_trigger: Value = None
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    replace_with: Sequence[str] = ()
    hide_diff: Sequence[str] = ()


class Abandoned(Exception):
    """The engine stopped before it answered."""


class Request:
    """Something that the program waits for.

    `result` is ``success``, ``failed`` or ``skipped``; `unknown`: the resource was left out (by ``--target``) and nothing is
    known of it.
    """

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._abandoned = False
        self.state: ResourceState | None = None
        self.result = "success"
        self.unknown = False

    def done(self, state: ResourceState | None = None, result: str = "success", *, unknown: bool = False) -> None:
        """Answer the program."""
        self.state, self.result, self.unknown = state, result, unknown
        self._answered.set()

    def abandon(self) -> None:
        """There will be no answer."""
        if not self._answered.is_set():
            self._abandoned = True
            self._answered.set()

    def wait(self) -> None:
        """Wait for the answer; raises `Abandoned` if none will come."""
        self._answered.wait()
        if self._abandoned:
            raise Abandoned


class Registration(Request):
    """A resource is registered."""

    def __init__(self, goal: Goal) -> None:
        super().__init__()
        self.goal = goal


@dataclass(frozen=True)
class ReadGoal:
    """A resource that exists already, and that the program wants to look at."""

    type: str
    name: str
    id: str
    properties: Properties
    parent: str
    provider: str
    dependencies: Sequence[str]
    additional_secret_outputs: Sequence[str]


class Reading(Request):
    """A resource is read."""

    def __init__(self, goal: ReadGoal) -> None:
        super().__init__()
        self.goal = goal


class Outputs(Request):
    """A component, or the stack, has its outputs."""

    def __init__(self, urn: str, outputs: Properties) -> None:
        super().__init__()
        self.urn = urn
        self.outputs = outputs


@dataclass(frozen=True)
class ProgramEnded:
    """No more requests come; `error` is what the program said at its end (empty: already said), None if all is well."""

    error: str | None = None


@dataclass(frozen=True)
class Refreshed:
    """A resource of the program was read, and its registration may go on; `old` is None if there is nothing."""

    registration: Registration
    urn: str
    old: ResourceState | None
    new: ResourceState
    error: str | None = None
