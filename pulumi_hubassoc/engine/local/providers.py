"""What the engine asks of providers, and the answers, in terms of property values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi.runtime.proto import provider_pb2

from . import urns
from .diffs import Diff, compare_inputs, with_ignored
from .provider_process import GRACE_SECONDS, Connection, ProviderError
from .values import Properties, contains_unknowns, copy, from_struct, keep_secret, to_struct, without_secrets

INTERNAL_KEY = "__internal"
_UNKNOWN_CONFIG = (
    "The provider for this resource has inputs that are not known during preview.\n"
    "This preview may not correctly represent the changes that will be applied during an update."
)


class DiffUnavailable(Exception):
    """The provider cannot compare now; the resource is taken to be updated, and the sentence is a warning."""


@dataclass(frozen=True)
class CheckAnswer:
    """Checked inputs, and what is wrong with them: pairs of property (may be empty) and reason."""

    inputs: Properties
    failures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ReadAnswer:
    """What there is; an empty id: nothing; `inputs` None: the provider does not say."""

    id: str
    outputs: Properties
    inputs: Properties | None


@dataclass(frozen=True)
class Existing:
    """A resource as the provider made it."""

    urn: str
    id: str
    inputs: Properties
    outputs: Properties


class Provider(Protocol):
    """Something that makes resources; every method may raise `ProviderError`."""

    def check(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """Validate and complete inputs; `olds` is empty for a new resource."""

    def diff(self, old: Existing, news: Properties, ignore_changes: Sequence[str], *, what_if: bool = False) -> Diff:
        """Compare; may raise `DiffUnavailable`. `what_if`: some values are unknown on purpose."""

    def create(self, urn: str, inputs: Properties, timeout: float, preview: bool) -> tuple[str, Properties]:
        """Make it; answers id and outputs (in a preview no id, and as much of the outputs as is known)."""

    def read(self, old: Existing, timeout: float, *, bare: bool = False) -> ReadAnswer:
        """Look at it; of something that the engine does not know, `inputs` and `outputs` are what the program says.

        `bare`: nothing is known but the id.
        """

    def update(
        self, old: Existing, news: Properties, ignore_changes: Sequence[str], timeout: float, preview: bool
    ) -> Properties:
        """Change it; answers all outputs."""

    def delete(self, old: Existing, timeout: float) -> None:
        """Delete it."""


class DynamicProvider:
    """A provider process as a provider of resources. It does not know secrets, and previews only what is given."""

    def __init__(self, connection: Connection, *, preview: bool) -> None:
        self._connection = connection
        self._preview = preview
        self._refusal: str | None = None
        self._config_known = True

    # -- its configuration

    def check_config(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """Validate the provider's own inputs."""
        request = provider_pb2.CheckRequest(
            urn=urn, name=urns.name_of(urn), type=urns.type_of(urn), olds=to_struct(olds), news=to_struct(news)
        )
        try:
            response = self._connection.call("CheckConfig", request)
        except ProviderError as error:
            if error.unimplemented:
                return CheckAnswer(news)
            raise
        inputs = from_struct(response.inputs)
        keep_secret(inputs, news)
        return CheckAnswer(inputs, [(f.property, f.reason) for f in response.failures])

    def diff_config(self, urn: str, old_inputs: Properties, old_outputs: Properties, news: Properties) -> Diff:
        """Compare the provider's own inputs."""
        request = provider_pb2.DiffRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            olds=to_struct(old_outputs),
            news=to_struct(news),
            old_inputs=to_struct(old_inputs),
        )
        try:
            return _diff_in(self._connection.call("DiffConfig", request))
        except ProviderError as error:
            if error.unimplemented:
                return Diff(None)
            raise

    def configure(self, urn: str, id_: str, inputs: Properties) -> None:
        """Tell the provider its inputs, unless one is unknown; a refusal is told at the first call that needs them."""
        inputs = {key: value for key, value in inputs.items() if key != INTERNAL_KEY}
        if contains_unknowns(inputs):
            self._config_known = False
            return
        package = urns.package_of(urns.type_of(urn))
        plain = {key: without_secrets(value) for key, value in inputs.items() if key != "version"}
        request = provider_pb2.ConfigureRequest(
            urn=urn,
            name=urns.name_of(urn),
            type=urns.type_of(urn),
            id=id_,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            variables={f"{package}:config:{key}": _as_text(value) for key, value in plain.items()},
            args=to_struct(inputs, secrets=True, references=True),
        )
        try:
            self._connection.call("Configure", request)
        except ProviderError as error:
            self._refusal = str(error)

    def _ready(self) -> bool:
        if self._refusal is not None:
            raise ProviderError(self._refusal)
        return self._config_known

    # -- its resources

    def check(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """Validate and complete inputs; those of a provider that is not configured are taken as they are."""
        if not self._ready():
            return CheckAnswer(news)
        news_sent = to_struct(news, unknowns=self._preview)
        request = provider_pb2.CheckRequest(**_names(urn), olds=to_struct(olds), news=news_sent)
        response = self._connection.call("Check", request)
        inputs = from_struct(response.inputs)
        keep_secret(inputs, news)
        return CheckAnswer(inputs, [(f.property, f.reason) for f in response.failures])

    def diff(self, old: Existing, news: Properties, ignore_changes: Sequence[str], *, what_if: bool = False) -> Diff:
        """Compare; not possible where the provider is not configured."""
        if not self._ready():
            raise DiffUnavailable(_UNKNOWN_CONFIG)
        request = provider_pb2.DiffRequest(
            **_names(old.urn),
            id=old.id,
            olds=to_struct(old.outputs),
            news=to_struct(news, unknowns=self._preview or what_if),
            old_inputs=to_struct(old.inputs),
            ignoreChanges=ignore_changes,
        )
        return _diff_in(self._connection.call("Diff", request))

    def create(self, urn: str, inputs: Properties, timeout: float, preview: bool) -> tuple[str, Properties]:
        """Make it."""
        known = self._ready()
        if preview:
            return "", copy(inputs) if known else {}
        request = provider_pb2.CreateRequest(
            **_names(urn), properties=to_struct(inputs, unknowns=False), timeout=timeout
        )
        try:
            response = self._connection.call("Create", request)
        except ProviderError as error:
            raise ProviderError(str(error)) from None  # what was not made is not in the state, so the state is right
        if not response.id:
            raise ProviderError(f"plugin returned empty resource.ID from create '{urn}'", unsure=True)
        outputs = from_struct(response.properties)
        keep_secret(outputs, inputs)
        return response.id, outputs

    def read(self, old: Existing, timeout: float, *, bare: bool = False) -> ReadAnswer:
        """Look at it."""
        if not self._ready():
            return ReadAnswer("", {}, {})
        request = provider_pb2.ReadRequest(
            **_names(old.urn),
            id=old.id,
            properties=None if bare else to_struct(old.outputs),
            inputs=None if bare else to_struct(old.inputs),
            timeout=timeout,
        )
        response = self._connection.call("Read", request)
        outputs = from_struct(response.properties)
        inputs = from_struct(response.inputs) if response.HasField("inputs") else None
        keep_secret(outputs, old.outputs)
        if inputs is not None:
            keep_secret(inputs, old.inputs)
        return ReadAnswer(response.id, outputs, inputs)

    def update(
        self, old: Existing, news: Properties, ignore_changes: Sequence[str], timeout: float, preview: bool
    ) -> Properties:
        """Change it."""
        known = self._ready()
        if preview:
            return copy(news) if known else {}
        request = provider_pb2.UpdateRequest(
            **_names(old.urn),
            id=old.id,
            olds=to_struct(old.outputs),
            news=to_struct(news, unknowns=False),
            old_inputs=to_struct(old.inputs),
            timeout=timeout,
            ignoreChanges=ignore_changes,
        )
        outputs = from_struct(self._connection.call("Update", request).properties)
        keep_secret(outputs, news)
        return outputs

    def delete(self, old: Existing, timeout: float) -> None:
        """Delete it."""
        self._ready()
        request = provider_pb2.DeleteRequest(
            **_names(old.urn),
            id=old.id,
            properties=to_struct(old.outputs),
            old_inputs=to_struct(old.inputs),
            timeout=timeout,
        )
        self._connection.call("Delete", request)

    def cancel(self) -> None:
        """Tell it that the run is to end soon."""
        self._connection.cancel()

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """End the process; `grace`: how many seconds it has."""
        self._connection.close(grace)


def compare(
    provider: Provider, old: Existing, news: Properties, ignore_changes: Sequence[str], *, what_if: bool = False
) -> tuple[Diff, list[str]]:
    """Ask a provider for the diff of a resource; where it leaves the comparing to the engine, compare the inputs.

    Returns:
        The diff, with `changes` known; and the paths of `ignore_changes` that could not be ignored.
    """
    diff = provider.diff(old, news, ignore_changes, what_if=what_if)
    if diff.changes is not None:
        return diff, []
    kept, failed = with_ignored(news, old.inputs, ignore_changes)
    own = compare_inputs(old.inputs, kept)
    detailed = own.detailed if own.changes else diff.detailed
    keys = own.changed_keys if own.changes else diff.changed_keys
    return Diff(own.changes, diff.replace_keys, keys, detailed, diff.delete_before_replace), failed


def _names(urn: str) -> dict[str, Any]:
    return {"urn": urn, "name": urns.name_of(urn), "type": urns.type_of(urn)}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _diff_in(response: Any) -> Diff:
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return Diff(
        {some: True, none: False}.get(response.changes),
        tuple(response.replaces),
        tuple(response.diffs),
        None,
        response.deleteBeforeReplace,
    )


def env_var_mappings(inputs: Mapping[str, Any]) -> dict[str, str]:
    """What the resource option `env_var_mappings` of a provider resource says: name in our environment -> in its."""
    internal = inputs.get(INTERNAL_KEY)
    return dict(internal.get("envVarMappings") or {}) if isinstance(internal, dict) else {}
