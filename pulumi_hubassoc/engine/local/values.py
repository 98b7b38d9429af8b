"""Property values: what they are in this engine, on the wire and in the state.

In the engine a value is None, a bool, a number, a text, a list, a dict with text keys, `UNKNOWN`, a `Secret`, a
`ResourceReference`, or (only in what a program registers) an `OutputValue`. On the wire the last four are texts and maps
with Pulumi's signatures; the state has secrets encrypted, and no unknowns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf import struct_pb2

from pulumi_hubassoc.engine.interface import NotSupported

Value: TypeAlias = Any
Properties: TypeAlias = dict[str, Any]

SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a password
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSETS = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN_TEXTS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown:
    """A value that is not known before the update."""

    def __repr__(self) -> str:
        """As users see it."""
        return "[unknown]"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that must not be shown or stored in clear."""

    value: Value

    def __repr__(self) -> str:
        """Never the value."""
        return "[secret]"


@dataclass(frozen=True)
class ResourceReference:
    """A resource as a value; `id` is None for a component and `UNKNOWN` for one not yet made."""

    urn: str
    id: Value
    package_version: str = ""


@dataclass(frozen=True)
class OutputValue:
    """A value with what it depends on, as a program registers it."""

    value: Value
    known: bool
    secret: bool
    dependencies: tuple[str, ...]

    def plain(self) -> Value:
        """The value as inputs hold it."""
        value = without_outputs(self.value) if self.known else UNKNOWN
        return Secret(value) if self.secret else value


# ------------------------------------------------------------------------------------------------------ the wire


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties in a message."""
    return {key: _from_message(value) for key, value in struct.fields.items()}


def _from_message(message: struct_pb2.Value) -> Value:
    kind = message.WhichOneof("kind")
    if kind == "string_value":
        text = message.string_value
        return UNKNOWN if text in _UNKNOWN_TEXTS else text
    if kind == "number_value":
        return number(message.number_value)
    if kind == "bool_value":
        return message.bool_value
    if kind == "list_value":
        return [_from_message(v) for v in message.list_value.values]
    if kind == "struct_value":
        return _from_map(from_struct(message.struct_value))
    return None


def number(value: float) -> int | float:
    """A number as JSON writes it: whole ones without a fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _from_map(given: Properties) -> Value:
    signature = given.get(SIGNATURE)
    if signature is None:
        return given
    if signature == _SECRET:
        return Secret(given.get("value"))
    if signature == _RESOURCE:
        id_ = given.get("id")
        return ResourceReference(given["urn"], UNKNOWN if id_ == "" else id_, given.get("packageVersion") or "")
    if signature == _OUTPUT:
        dependencies = tuple(given.get("dependencies") or ())
        return OutputValue(given.get("value"), "value" in given, bool(given.get("secret")), dependencies)
    if signature in _ASSETS:
        raise NotSupported("the built-in engine has no assets and archives: use the Pulumi CLI for this program")
    return given


def to_struct(
    properties: Mapping[str, Value], *, secrets: bool = False, references: bool = False, unknowns: bool = True
) -> struct_pb2.Struct:
    """Properties as a message.

    Args:
        properties: to be sent.
        secrets: whether the receiver wants to be told what is secret; else it gets plain values.
        references: whether it understands references to resources; else it gets their ids (or URNs).
        unknowns: whether it is told what is unknown; else that is left out.
    """
    struct = struct_pb2.Struct()
    _Writer(secrets, references, unknowns).fill(struct, properties)
    return struct


@dataclass(frozen=True)
class _Writer:
    """Writes values into messages, as the receiver understands them."""

    secrets: bool
    references: bool
    unknowns: bool

    def fill(self, struct: struct_pb2.Struct, properties: Mapping[str, Value]) -> None:
        for key in sorted(properties):
            if self.unknowns or not self._is_unknown(properties[key]):
                self._set(struct.fields[key], properties[key])

    @staticmethod
    def _is_unknown(value: Value) -> bool:
        return isinstance(value, Unknown) or (isinstance(value, Secret) and isinstance(value.value, Unknown))

    def _set(self, message: struct_pb2.Value, value: Value) -> None:
        if value is None:
            message.null_value = struct_pb2.NULL_VALUE
        elif isinstance(value, bool):
            message.bool_value = value
        elif isinstance(value, (int, float)):
            message.number_value = value
        elif isinstance(value, str):
            message.string_value = value
        elif isinstance(value, Unknown):
            message.string_value = UNKNOWN_TEXT
        elif isinstance(value, (list, tuple)):
            message.list_value.SetInParent()
            for element in value:
                if self.unknowns or not self._is_unknown(element):
                    self._set(message.list_value.values.add(), element)
        elif isinstance(value, dict):
            message.struct_value.SetInParent()
            self.fill(message.struct_value, value)
        elif isinstance(value, Secret):
            self._set(message, {SIGNATURE: _SECRET, "value": value.value} if self.secrets else value.value)
        elif isinstance(value, ResourceReference):
            self._set(message, _reference_on_wire(value, self.references))
        else:
            raise TypeError(f"no property value: {type(value).__name__}")


def _reference_on_wire(reference: ResourceReference, references: bool) -> Value:
    if not references:
        return reference.urn if reference.id is None else reference.id
    wire = {SIGNATURE: _RESOURCE, "urn": reference.urn}
    if reference.id is not None:
        wire["id"] = "" if reference.id is UNKNOWN else reference.id
    if reference.package_version:
        wire["packageVersion"] = reference.package_version
    return wire


# ----------------------------------------------------------------------------------------------------- the state

Crypt: TypeAlias = Callable[[str], str]


def to_state(value: Value, encrypt: Crypt) -> Any:
    """A value as JSON data for the state, secrets encrypted by `encrypt`."""
    if isinstance(value, dict):
        return {key: to_state(value[key], encrypt) for key in sorted(value)}
    if isinstance(value, list):
        return [to_state(v, encrypt) for v in value]
    if isinstance(value, Secret):
        plaintext = json.dumps(to_state(value.value, lambda _: ""), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE: _SECRET, "ciphertext": encrypt(plaintext)}
    if isinstance(value, ResourceReference):
        state = {SIGNATURE: _RESOURCE, "urn": value.urn, "packageVersion": value.package_version}
        if value.id is not None:
            state["id"] = "" if value.id is UNKNOWN else value.id
        return state
    if isinstance(value, Unknown):
        return UNKNOWN_TEXT
    return value


def from_state(data: Any, decrypt: Crypt) -> Value:
    """The value that `to_state`, or Pulumi, wrote; a secret may also be there in clear, under ``plaintext``."""
    if isinstance(data, list):
        return [from_state(v, decrypt) for v in data]
    if isinstance(data, float):
        return number(data)
    if not isinstance(data, dict):
        return data
    if data.get(SIGNATURE) == _SECRET:
        plaintext = data["plaintext"] if "plaintext" in data else decrypt(data["ciphertext"])
        return Secret(from_state(json.loads(plaintext), decrypt))
    return _from_map({key: from_state(v, decrypt) for key, v in data.items()})


# ---------------------------------------------------------------------------------------------------- questions


def walk(value: Value) -> Iterator[Value]:
    """The value and everything inside it, without recursion into what the caller does not want to see."""
    todo = [value]
    while todo:
        one = todo.pop()
        yield one
        if isinstance(one, dict):
            todo.extend(one.values())
        elif isinstance(one, (list, tuple)):
            todo.extend(one)
        elif isinstance(one, (Secret, OutputValue)):
            todo.append(one.value)
        elif isinstance(one, ResourceReference):
            todo.append(one.id)


def contains_unknowns(value: Value) -> bool:
    """Whether anything in the value is unknown."""
    return any(isinstance(v, Unknown) or (isinstance(v, OutputValue) and not v.known) for v in walk(value))


def contains_secrets(value: Value) -> bool:
    """Whether anything in the value is secret."""
    return any(isinstance(v, Secret) for v in walk(value))


def dependencies_in(value: Value) -> set[str]:
    """The URNs that output values in the value depend on."""
    return {urn for v in walk(value) if isinstance(v, OutputValue) for urn in v.dependencies}


def equal(one: Value, other: Value) -> bool:
    """Whether two values are the same to Pulumi; a key with None counts as no key."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(
            equal(one[key], other[key])
            if key in one and key in other
            else (one.get(key) is None and other.get(key) is None)
            for key in {**one, **other}
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, Secret) and isinstance(other, Secret):
        return equal(one.value, other.value)
    if isinstance(one, ResourceReference) and isinstance(other, ResourceReference):
        return one.urn == other.urn and equal(one.id, other.id)
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


# ------------------------------------------------------------------------------------------------------- changes


def without_outputs(value: Value) -> Value:
    """The value with plain values, unknowns and secrets where output values were."""
    return _map(value, lambda v: v.plain() if isinstance(v, OutputValue) else v)


def without_secrets(value: Value) -> Value:
    """The value with what its secrets hold in their places."""
    return _map(value, lambda v: without_secrets(v.value) if isinstance(v, Secret) else v)


def redacted(value: Value) -> Value:
    """The value as it may be shown: secrets and unknowns are words."""
    return _map(value, lambda v: repr(v) if isinstance(v, (Secret, Unknown)) else v)


def _map(value: Value, change: Callable[[Value], Value]) -> Value:
    if isinstance(value, dict):
        return {key: _map(v, change) for key, v in value.items()}
    if isinstance(value, list):
        return [_map(v, change) for v in value]
    changed = change(value)
    if changed is value and isinstance(value, Secret):
        return Secret(_map(value.value, change))
    return changed


def copy(value: Value) -> Value:
    """A copy whose maps and lists may be changed."""
    return _map(value, lambda v: v)


def keep_secret(outputs: Properties, inputs: Mapping[str, Value]) -> None:
    """Mark outputs as secret where the input of the same name is, for providers that do not know secrets.

    Maps are compared key by key; a list with a secret in it makes the whole output secret.
    """
    for key, given in inputs.items():
        if key not in outputs:
            continue
        output = outputs[key]
        if isinstance(output, dict) and isinstance(given, dict):
            keep_secret(output, given)
        elif not isinstance(output, Secret) and contains_secrets(given):
            outputs[key] = Secret(output)
