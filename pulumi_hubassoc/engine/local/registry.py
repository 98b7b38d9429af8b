"""The providers of a run: made, configured and found by the references that resources have to them.

To the rest of the engine the registry is the provider of provider resources.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from pulumi_hubassoc.engine.interface import NotSupported

from . import urns
from .diffs import Diff
from .provider_process import ProviderError
from .providers import INTERNAL_KEY, CheckAnswer, DynamicProvider, Existing, Provider, ReadAnswer, env_var_mappings
from .state import ResourceState
from .values import UNKNOWN_TEXT, Properties, equal

Start = Callable[[dict[str, str]], DynamicProvider]
"""Starts a provider process, given its `env_var_mappings`."""


class Registry:
    """Keeps the provider instances of one run.

    Args:
        start: starts a dynamic provider.
        builtin: the provider of Pulumi's own resources.
    """

    def __init__(self, start: Start, builtin: Any) -> None:
        self._start = start
        self._builtin = builtin
        self._lock = threading.Lock()
        self._configured: dict[str, Any] = {}  # by reference
        self._checked: dict[str, Any] = {}  # by URN: started by check, not yet configured
        self._aliases: dict[str, str] = {}
        self._started: list[DynamicProvider] = []

    def find(self, reference: str) -> Provider | None:
        """The configured provider with this reference."""
        provider: Provider | None = self._configured.get(reference)
        return provider

    def known_as(self, urn: str, alias: str) -> None:
        """A provider resource has this old name too."""
        self._aliases[urn] = alias

    def cancel(self) -> None:
        """Tell all that was started that the run is to end soon."""
        for provider in list(self._started):
            threading.Thread(target=provider.cancel, daemon=True).start()

    def close(self, grace: float | None = None) -> None:
        """End all that was started, together; `grace`: how many seconds they have."""
        with self._lock:
            started, self._started = self._started, []
        arguments = () if grace is None else (grace,)
        threads = [threading.Thread(target=provider.close, args=arguments) for provider in started]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _load(self, urn: str, inputs: Properties) -> Any:
        package = urns.package_of(urns.type_of(urn))
        if package == "pulumi":
            return self._builtin
        if package != urns.DYNAMIC_PACKAGE:
            raise NotSupported(
                f"the package {package!r} needs a plugin; the built-in engine runs Python dynamic providers only: "
                "use the Pulumi CLI"
            )
        provider = self._start(env_var_mappings(inputs))
        with self._lock:
            self._started.append(provider)
        return provider

    def _configure(self, provider: Any, urn: str, id_: str, inputs: Properties) -> None:
        provider.configure(urn, id_, _config(inputs))
        self._configured[urns.reference_to(urn, id_)] = provider
        if urn in self._aliases:
            self._configured[urns.reference_to(self._aliases[urn], id_)] = provider

    def same(self, state: ResourceState, *, checked: bool) -> None:
        """Have the provider of an unchanged provider resource ready; `checked`: it has just been through `check`."""
        if self.find(urns.reference_to(state.urn, state.id)):
            return
        provider = self._checked.pop(state.urn, None) if checked else None
        self._configure(provider or self._load(state.urn, state.inputs), state.urn, state.id, state.inputs)

    # -- as the provider of provider resources

    def check(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """Start the provider and let it check its inputs."""
        provider = self._load(urn, news)
        answer: CheckAnswer = provider.check_config(urn, _config(olds), _config(news))
        if answer.failures:
            return answer
        self._checked[urn] = provider
        kept = {key: news[key] for key in (INTERNAL_KEY, "version") if key in news}
        return CheckAnswer({**answer.inputs, **kept})

    def diff(self, old: Existing, news: Properties, ignore_changes: Sequence[str], *, what_if: bool = False) -> Diff:
        """Let the provider compare its inputs; where it does not, whatever differs is an update."""
        provider: Any = self._checked.get(old.urn) or self.find(urns.reference_to(old.urn, old.id))
        config = _config(news)
        diff: Diff = provider.diff_config(old.urn, _config(old.inputs), old.outputs, config)
        if diff.changes is None:
            return Diff(not equal(old.outputs, config), diff.replace_keys, diff.changed_keys)
        return diff

    def create(self, urn: str, inputs: Properties, timeout: float, preview: bool) -> tuple[str, Properties]:
        """Configure the provider and give it an id."""
        provider = self._checked.pop(urn, None) or self._load(urn, inputs)
        id_ = UNKNOWN_TEXT if preview else str(uuid.uuid4())
        self._configure(provider, urn, id_, inputs)
        return id_, _config(inputs)

    def update(
        self,
        old: Existing,
        news: Properties,
        ignore_changes: Sequence[str],
        timeout: float,
        preview: bool,
    ) -> Properties:
        """Configure the provider with its new inputs."""
        self._configure(self._checked.pop(old.urn), old.urn, old.id, news)
        return _config(news)

    def delete(self, old: Existing, timeout: float) -> None:
        """The provider is ended with the run."""

    def read(self, old: Existing, timeout: float, *, bare: bool = False) -> ReadAnswer:
        """Providers cannot be looked up."""
        raise ProviderError("provider resources may not be read")


def _config(inputs: Properties) -> Properties:
    return {key: value for key, value in inputs.items() if key != INTERNAL_KEY}
