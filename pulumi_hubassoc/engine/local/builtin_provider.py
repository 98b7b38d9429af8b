"""Pulumi's own resources and functions: references to other stacks, and looking up resources of this run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from . import urns
from .diffs import Diff
from .provider_process import ProviderError
from .providers import CheckAnswer, Existing, ReadAnswer
from .state import ResourceState
from .values import Properties, contains_secrets, equal

STACK_REFERENCE = "pulumi:pulumi:StackReference"

StackOutputs = Callable[[str], Properties]
"""The outputs of another stack, by its name (``organization/project/stack``); raises `ProviderError`."""


class BuiltinProvider:
    """The provider of the package ``pulumi``.

    Args:
        stack_outputs: looks up other stacks.
        resources: URN -> state, of what this run has registered or read so far.
    """

    def __init__(self, stack_outputs: StackOutputs, resources: Mapping[str, ResourceState]) -> None:
        self._stack_outputs = stack_outputs
        self._resources = resources

    def check_config(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """Anything goes."""
        return CheckAnswer(news)

    def diff_config(self, urn: str, old_inputs: Properties, old_outputs: Properties, news: Properties) -> Diff:
        """Nothing ever changes."""
        return Diff(False)

    def configure(self, urn: str, id_: str, inputs: Properties) -> None:
        """There is nothing to configure."""

    def check(self, urn: str, olds: Properties, news: Properties) -> CheckAnswer:
        """A stack reference has a name and nothing else."""
        self._must_be_stack_reference(urn)
        if not isinstance(news.get("name"), str):
            return CheckAnswer(news, [("name", 'missing required property "name"')])
        return CheckAnswer(news)

    def diff(self, old: Existing, news: Properties, ignore_changes: Sequence[str], *, what_if: bool = False) -> Diff:
        """Another name is another reference."""
        if equal(old.inputs.get("name"), news.get("name")):
            return Diff(False)
        return Diff(True, replace_keys=("name",))

    def create(self, urn: str, inputs: Properties, timeout: float, preview: bool) -> tuple[str, Properties]:
        """Look the stack up."""
        return "" if preview else str(uuid.uuid4()), self._look_up(inputs["name"])

    def read(self, old: Existing, timeout: float, *, bare: bool = False) -> ReadAnswer:
        """Look the stack up."""
        self._must_be_stack_reference(old.urn)
        if "name" not in old.inputs:
            raise ProviderError("stack reference can not be imported")
        return ReadAnswer(old.id, self._look_up(old.inputs["name"]), old.inputs)

    def update(
        self,
        old: Existing,
        news: Properties,
        ignore_changes: Sequence[str],
        timeout: float,
        preview: bool,
    ) -> Properties:
        """There is nothing to update."""
        return old.outputs

    def delete(self, old: Existing, timeout: float) -> None:
        """There is nothing to delete."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Call a function of Pulumi's own.

        Raises:
            ProviderError: there is no such function, or nothing that it looks for.
        """
        if token == "pulumi:pulumi:getResource":  # noqa: S105 - a function's token
            state = self._resources.get(arguments["urn"])
            if state is None:
                raise ProviderError(f"unknown resource {arguments['urn']}")
            return {"urn": state.urn, "id": state.id, "provider": state.provider, "state": state.outputs}
        if token == "pulumi:pulumi:readStackOutputs":  # noqa: S105 - a function's token
            return self._look_up(arguments["name"])
        raise ProviderError(f"unrecognized function name: '{token}'")

    def _look_up(self, name: str) -> Properties:
        outputs = self._stack_outputs(name)
        secret = sorted(key for key, value in outputs.items() if contains_secrets(value))
        return {"name": name, "outputs": outputs, "secretOutputNames": secret}

    @staticmethod
    def _must_be_stack_reference(urn: str) -> None:
        if urns.type_of(urn) != STACK_REFERENCE:
            raise ProviderError(f"unrecognized resource type '{urns.type_of(urn)}'")
