"""What all parts of one run share: what is asked for, what was there before, and who is told."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from . import urns
from .graph import DependencyGraph
from .registry import Registry
from .state import Deployment, ResourceState


class Impossible(Exception):
    """What is asked for cannot be done; the sentence says why."""


class Bail(Exception):
    """The run cannot go on, and the user has been told why."""


@dataclass(frozen=True)
class Targets:
    """URNs, some with ``*`` (any text without ``$``) or ``**`` (any text); an empty set contains everything, or nothing."""

    given: tuple[str, ...] = ()
    more: set[str] = field(default_factory=set)

    @property
    def constrained(self) -> bool:
        """Whether any were given."""
        return bool(self.given)

    def contains(self, urn: str) -> bool:
        """Whether the URN is one of them (any is, where none were given)."""
        return not self.given or self.names(urn)

    def names(self, urn: str) -> bool:
        """Whether the URN is one of those given."""
        return (
            urn in self.more
            or urn in self.given
            or any(_matches(pattern, urn) for pattern in self.given if "*" in pattern)
        )

    def literals(self) -> Iterable[str]:
        """Those that are whole URNs."""
        return [u for u in self.given if "*" not in u]


def _matches(pattern: str, urn: str) -> bool:
    expression = ".*".join("[^:]*".join(map(re.escape, part.split("*"))) for part in pattern.split("**"))
    return re.fullmatch(expression, urn) is not None


@dataclass(frozen=True)
class Settings:
    """What is asked of a run.

    Attributes:
        mode: ``update``, ``refresh`` or ``destroy``.
        dry_run: nothing is changed.
        with_program: a refresh or destroy runs the program.
        refresh_first: the state is refreshed before anything else.
        parallel: resource operations at once.
    """

    mode: str
    dry_run: bool
    with_program: bool
    refresh_first: bool
    parallel: int
    targets: Targets = Targets()
    excludes: Targets = Targets()
    replace_targets: Targets = Targets()
    target_dependents: bool = False
    continue_on_error: bool = False

    @property
    def message_kind(self) -> str:
        """What the run calls itself in its messages."""
        return "preview" if self.dry_run else "update"


@dataclass
class Run:
    """The shared state of one run.

    Attributes:
        olds: URN -> the state before, of what is not pending deletion.
        all_olds: URN -> all states before.
        news: URN -> what this run has registered so far; reads among them.
        stack_outputs: registered by the program, to be put into the state at the end.
        cancelled: set when nothing new may begin.
        terminated: set when even what is under way is abandoned.
        errored: whether something was refused, so that the run fails though it may go on (in a preview).
    """

    stack: str
    project: str
    settings: Settings
    prev: Deployment
    registry: Registry
    sink: Any
    snapshot: Any = None
    news: dict[str, ResourceState] = field(default_factory=dict)
    cancelled: threading.Event = field(default_factory=threading.Event)
    terminated: threading.Event = field(default_factory=threading.Event)
    errored: bool = False

    def __post_init__(self) -> None:
        self.rebuild(self.prev.resources)

    def rebuild(self, resources: list[ResourceState]) -> None:
        """Take these for what was there before."""
        self.prev = replace(self.prev, resources=resources)
        self.graph = DependencyGraph(resources)
        self.olds: dict[str, ResourceState] = {}
        self.all_olds: dict[str, list[ResourceState]] = {}
        for state in resources:
            self.all_olds.setdefault(state.urn, []).append(state)
            if not state.delete:
                self.olds[state.urn] = state

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be changed."""
        return self.settings.dry_run

    def refuse(self, message: str, urn: str, *, go_on: bool = False) -> None:
        """Tell the user that something is not done; the run fails, now or, to show more of it, at its end."""
        self.sink.diagnose("error", message, urn)
        self.errored = True
        if not go_on:
            raise Bail

    def ensure_provider(self, reference: str) -> None:
        """Have the provider of an old resource running, with the inputs that the state has."""
        if not reference or self.registry.find(reference):
            return
        urn, id_ = urns.split_reference(reference)
        for state in self.all_olds.get(urn, ()):
            if state.id == id_:
                self.registry.same(state, checked=False)
                return
        raise Impossible(f"could not find provider {reference}")

    def provider_for(self, state: ResourceState) -> Any:
        """The provider of a resource; the registry itself for a provider resource."""
        if urns.is_provider_type(state.type):
            return self.registry
        self.ensure_provider(state.provider)
        return self.registry.find(state.provider)
