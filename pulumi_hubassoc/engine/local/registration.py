"""A program's registration of a resource, read off the message that the SDK sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pulumi_hubassoc.engine.interface import NotSupported

from . import urns
from .goals import Alias, Goal, ReadGoal
from .providers import INTERNAL_KEY
from .values import dependencies_in, from_struct, without_outputs

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def goal_of(request: Any, parent: Goal | None, inherited: Mapping[str, str], default_provider: str = "") -> Goal:
    """What the program wants.

    Args:
        request: a ``RegisterResourceRequest``.
        parent: the parent's goal, whose `protect`, `retain_on_delete` and `deleted_with` hold for its children too.
        inherited: package -> reference to a provider, from the component around the resource.
        default_provider: the reference to take if there is no other.
    """
    if request.importId:
        raise NotSupported("the built-in engine imports nothing by `import_`: use the Pulumi CLI for this program")
    values = from_struct(request.object)
    dependencies = set(request.dependencies)
    named = {key: set(deps.urns) for key, deps in request.propertyDependencies.items()}
    by_property = {key: named.get(key, set()) if named else set(dependencies) for key in values} | named
    for key, value in values.items():
        by_property[key] = by_property[key] | dependencies_in(value)
    properties = without_outputs(values)
    if urns.is_provider_type(request.type):
        if request.version:
            properties = {**properties, "version": request.version}
        if request.envVarMappings:
            properties = {**properties, INTERNAL_KEY: {"envVarMappings": dict(request.envVarMappings)}}
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        properties=properties,
        parent=request.parent,
        provider=_provider(request, parent, inherited, default_provider),
        dependencies=sorted(dependencies),
        property_dependencies={key: sorted(deps) for key, deps in by_property.items()},
        protect=request.protect if request.HasField("protect") else (parent.protect if parent else None),
        delete_before_replace=(
            request.deleteBeforeReplace if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace else None
        ),
        ignore_changes=list(request.ignoreChanges),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=[*(Alias(urn=urn) for urn in request.aliasURNs), *map(_alias, request.aliases)],
        custom_timeouts=_timeouts(request),
        replace_on_changes=list(request.replaceOnChanges),
        replacement_trigger=_trigger(request),
        retain_on_delete=(
            request.retainOnDelete
            if request.HasField("retainOnDelete")
            else (parent.retain_on_delete if parent else None)
        ),
        deleted_with=request.deletedWith or (parent.deleted_with if parent else ""),
        replace_with=list(request.replace_with),
        hide_diff=list(request.hideDiffs),
    )


def _provider(request: Any, parent: Goal | None, inherited: Mapping[str, str], default: str) -> str:
    if not request.custom or urns.is_provider_type(request.type):
        return ""
    package = urns.package_of(request.type)
    if request.provider:
        return str(request.provider)
    if parent is not None and parent.provider:
        provider_urn = urns.split_reference(parent.provider)[0]
        if urns.package_of(urns.type_of(provider_urn)) == package:
            return parent.provider
    return str(request.providers.get(package) or inherited.get(package) or default)


def _alias(alias: Any) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn if spec.WhichOneof("parent") == "parentUrn" else "",
        no_parent=spec.noParent if spec.WhichOneof("parent") == "noParent" else False,
    )


def _trigger(request: Any) -> Any:
    if not request.HasField("replacement_trigger"):
        return None
    holder = type(request.object)()
    holder.fields["value"].CopyFrom(request.replacement_trigger)
    return without_outputs(from_struct(holder))["value"]


def _timeouts(request: Any) -> dict[str, float]:
    given = request.customTimeouts
    named = {"create": given.create, "update": given.update, "delete": given.delete, "read": given.read}
    return {key: seconds(text) for key, text in named.items() if text}


def seconds(text: str) -> float:
    """A duration such as ``1m30s`` in seconds.

    Raises:
        ValueError: it is none.
    """
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(p.group() for p in parts) != text:
        raise ValueError(f"not a duration: {text!r}")
    total = sum(float(p[1]) * _SECONDS[p[2]] for p in parts)
    return int(total) if total == int(total) else total


def read_goal_of(request: Any, provider: str) -> ReadGoal:
    """What the program wants to look at, from a ``ReadResourceRequest``."""
    return ReadGoal(
        type=request.type,
        name=request.name,
        id=request.id,
        properties=without_outputs(from_struct(request.properties)),
        parent=request.parent,
        provider=provider,
        dependencies=list(request.dependencies),
        additional_secret_outputs=list(request.additionalSecretOutputs),
    )
