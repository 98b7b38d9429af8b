"""What the engine knows of a resource, and a deployment of them in Pulumi's own JSON (version 3)."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

from pulumi_hubassoc.engine.interface import EngineError

from . import urns
from .values import Crypt, Properties, Value, from_state, to_state

SCHEMA_VERSION = 3
_VERSION_OF_STATE = "v3.260.0"  # whose rules for states this engine follows
PARENT, DEPENDENCY, PROPERTY, DELETED_WITH, REPLACE_WITH = (
    "parent",
    "dependency",
    "property",
    "deletedWith",
    "replaceWith",
)


class Dependency(NamedTuple):
    """One reason why a resource needs another; `key` is the property, where it is one."""

    kind: str
    urn: str
    key: str = ""


@dataclass(eq=False)
class ResourceState:
    """A resource as the state has it; the names are Pulumi's. Compared by identity: a URN may be there twice."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    parent: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    taint: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    replacement_trigger: Value = None
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    created: str = ""
    modified: str = ""

    def copy(self) -> ResourceState:
        """A copy that may be changed, on the first level."""
        return copy.copy(self)

    def needs(self) -> Iterator[Dependency]:
        """Everything this resource depends on, but for its provider."""
        if self.parent:
            yield Dependency(PARENT, self.parent)
        for urn in self.dependencies:
            yield Dependency(DEPENDENCY, urn)
        for key, urns_ in self.property_dependencies.items():
            for urn in urns_:
                yield Dependency(PROPERTY, urn, key)
        if self.deleted_with:
            yield Dependency(DELETED_WITH, self.deleted_with)
        for urn in self.replace_with:
            yield Dependency(REPLACE_WITH, urn)

    @property
    def provider_urn(self) -> str:
        """The URN of the resource's provider; empty where it has none."""
        return urns.split_reference(self.provider)[0] if self.provider else ""

    def touch(self, *, created: bool = False) -> None:
        """Note that the resource was changed (or made) now."""
        self.modified = now()
        if created:
            self.created = self.modified


def now() -> str:
    """The time as states have it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Operation:
    """A step that was begun, and of which nobody knows how it ended: ``creating``, ``updating``, ``deleting``."""

    type: str
    resource: ResourceState


@dataclass
class Deployment:
    """The resources of a stack, each after all that it needs, and the operations that were left pending."""

    resources: list[ResourceState] = field(default_factory=list)
    pending: list[Operation] = field(default_factory=list)

    def stack_outputs(self) -> Properties:
        """The outputs of the stack resource."""
        return next((r.outputs for r in self.resources if r.type == urns.STACK_TYPE and not r.parent), {})


# ---------------------------------------------------------------------------------------------------------- JSON

# JSON key -> attribute, for what is written as it is and left out when empty.
_AS_IS = {
    "id": "id",
    "parent": "parent",
    "delete": "delete",
    "protect": "protect",
    "taint": "taint",
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": "pending_replacement",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "importID": "import_id",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "replaceWith": "replace_with",
    "created": "created",
    "modified": "modified",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "hideDiff": "hide_diff",
}
_VALUES = {"inputs": "inputs", "outputs": "outputs", "replacementTrigger": "replacement_trigger"}
# What Pulumi writes and this engine has no use for: where in the program a resource comes from.
_DROPPED = {"sourcePosition", "stackTrace"}


def resource_to_json(state: ResourceState, encrypt: Crypt) -> dict[str, Any]:
    """A resource as Pulumi's states have it."""
    data: dict[str, Any] = {"urn": state.urn, "custom": state.custom, "type": state.type}
    for key, attribute in _VALUES.items():
        value = getattr(state, attribute)
        if value not in ({}, None):
            data[key] = to_state(value, encrypt)
    for key, attribute in _AS_IS.items():
        value = getattr(state, attribute)
        if value:
            data[key] = value
    return data


def resource_from_json(data: Mapping[str, Any], decrypt: Crypt) -> ResourceState:
    """Read a resource of a state."""
    strange = set(data) - set(_AS_IS) - set(_VALUES) - _DROPPED - {"urn", "custom", "type"}
    if strange:
        raise EngineError(
            f"the state of {data.get('urn')} has {', '.join(sorted(strange))}, which the built-in engine does not know"
        )
    state = ResourceState(data["urn"], data["type"], bool(data["custom"]))
    for key, attribute in _VALUES.items():
        if data.get(key) is not None:
            setattr(state, attribute, from_state(data[key], decrypt))
    for key, attribute in _AS_IS.items():
        if data.get(key):
            setattr(state, attribute, data[key])
    state.property_dependencies = {key: list(deps or ()) for key, deps in state.property_dependencies.items()}
    return state


def deployment_to_json(
    deployment: Deployment, encrypt: Crypt, secrets_provider: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A deployment as ``pulumi stack export`` prints it."""
    body: dict[str, Any] = {
        "manifest": {
            "time": now(),
            "magic": hashlib.sha256(_VERSION_OF_STATE.encode()).hexdigest(),
            "version": _VERSION_OF_STATE,
        }
    }
    if secrets_provider:
        body["secrets_providers"] = dict(secrets_provider)
    body["resources"] = [resource_to_json(r, encrypt) for r in with_current_names(deployment.resources)]
    if deployment.pending:
        body["pending_operations"] = [
            {"resource": resource_to_json(op.resource, encrypt), "type": op.type} for op in deployment.pending
        ]
    body["metadata"] = {}
    return {"version": SCHEMA_VERSION, "deployment": body}


def deployment_from_json(data: Mapping[str, Any], decrypt: Crypt) -> Deployment:
    """Read a deployment.

    Raises:
        EngineError: it is of another version, or damaged.
    """
    if data.get("version") != SCHEMA_VERSION:
        raise EngineError(
            f"the state is of version {data.get('version')!r}; the built-in engine knows {SCHEMA_VERSION}"
        )
    try:
        body = data["deployment"] or {}
        resources = [resource_from_json(r, decrypt) for r in body.get("resources") or ()]
        pending = [
            Operation(op["type"], resource_from_json(op["resource"], decrypt))
            for op in body.get("pending_operations") or ()
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"the state is damaged: {type(error).__name__}: {error}") from None
    return Deployment(resources, pending)


def with_current_names(resources: Iterable[ResourceState]) -> list[ResourceState]:
    """The resources with every reference to an old name (an alias) replaced by the new name, and no aliases left."""
    resources = list(resources)
    renamed: dict[str, str] = {}
    for state in resources:
        renamed.update(dict.fromkeys(state.aliases, state.urn))
        parent = renamed.get(state.parent)
        if parent and not urns.is_stack(parent):
            stack, project = state.urn.split("::", 2)[:2]
            renamed[state.urn] = urns.make(
                stack.removeprefix("urn:pulumi:"), project, parent, urns.type_of(state.urn), urns.name_of(state.urn)
            )
    if not renamed:
        return resources
    return [_renamed(state, renamed) for state in resources]


def _renamed(state: ResourceState, names: Mapping[str, str]) -> ResourceState:
    state = state.copy()
    state.urn = names.get(state.urn, state.urn)
    state.parent = names.get(state.parent, state.parent)
    state.dependencies = [names.get(u, u) for u in state.dependencies]
    state.property_dependencies = {k: [names.get(u, u) for u in us] for k, us in state.property_dependencies.items()}
    state.deleted_with = names.get(state.deleted_with, state.deleted_with)
    state.replace_with = [names.get(u, u) for u in state.replace_with]
    if state.provider:
        urn, id_ = urns.split_reference(state.provider)
        state.provider = urns.reference_to(names.get(urn, urn), id_)
    state.aliases = []
    return state


def without_dangling(resources: Iterable[ResourceState], *, tidy: bool = False) -> list[ResourceState]:
    """The resources (in order) without dependencies on those that are gone; a child falls to its next living ancestor.

    `tidy` drops the properties without dependencies from `property_dependencies` everywhere, as a refresh does.
    """
    kept: list[ResourceState] = []
    there: set[str] = set()
    parents: dict[str, str] = {}
    for state in resources:
        if tidy or any(dep.urn not in there for dep in state.needs()):
            state = _pruned(state, there, parents)  # noqa: PLW2901 - the copy takes its place
        parents[state.urn] = state.parent
        there.add(state.urn)
        kept.append(state)
    return kept


def _pruned(state: ResourceState, there: set[str], parents: Mapping[str, str]) -> ResourceState:
    state = state.copy()
    if state.parent not in there:
        state.parent = parents.get(state.parent, "")
    state.dependencies = [u for u in state.dependencies if u in there]
    pruned = {key: [u for u in deps if u in there] for key, deps in state.property_dependencies.items()}
    state.property_dependencies = {key: deps for key, deps in pruned.items() if deps}
    state.deleted_with = state.deleted_with if state.deleted_with in there else ""
    state.replace_with = [u for u in state.replace_with if u in there]
    return state
