"""Names of resources: URNs and references to providers, as Pulumi writes them.

A URN is ``urn:pulumi:<stack>::<project>::<types of parents and own, joined by $>::<name>``; a reference to a provider
is the provider's URN and id, joined by ``::``.
"""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
DYNAMIC_PACKAGE = "pulumi-python"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; a parent that is the stack leaves no trace in it."""
    parent_types = qualified_type(parent) if parent else ""
    if parent_types in ("", STACK_TYPE):
        return f"urn:pulumi:{stack}::{project}::{type_}::{name}"
    return f"urn:pulumi:{stack}::{project}::{parent_types}${type_}::{name}"


def _parts(urn: str) -> list[str]:
    parts = urn.split("::", 3)
    return parts if len(parts) == 4 else ["", "", "", ""]


def qualified_type(urn: str) -> str:
    """The type with those of the parents: ``toy:index:Chest$toy:index:Box``."""
    return _parts(urn)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return _parts(urn)[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name."""
    return _parts(urn)[3]


def is_provider_type(type_: str) -> bool:
    """Whether resources of this type are providers."""
    return type_.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether this is a provider that the engine made, not the program."""
    return is_provider_type(type_of(urn)) and name_of(urn).startswith("default")


def is_stack(urn: str) -> bool:
    """Whether this is the stack itself."""
    return qualified_type(urn) == STACK_TYPE


def package_of(type_: str) -> str:
    """The package of a type token: of a provider's type the one that it serves."""
    if is_provider_type(type_):
        return type_[len(PROVIDER_PREFIX) :]
    return type_.split(":", 1)[0]


def split_reference(reference: str) -> tuple[str, str]:
    """The URN and the id in a reference to a provider."""
    urn, _, id_ = reference.rpartition("::")
    return urn, id_


def reference_to(urn: str, id_: str) -> str:
    """The reference to a provider."""
    return f"{urn}::{id_}"
