"""What the resource classes hand to the engine alike: inputs, options, and what only this run's check is told."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource

from pulumi_hubassoc.provider import ELSEWHERE, MISSING, PREVIEWED_AS, PROBLEM, Inputs, Provider
from pulumi_hubassoc.resources.program import ProgramRun, plain


class HubSpotResource(Resource, module="hubassoc"):
    """Base of the resource classes.

    `delete_before_replace` is set unless the user says otherwise: without it, ``--replace`` and ``--target-replace``
    make the new object before they delete the old one [observed].
    """

    hubassoc_type: ClassVar[str] = ""
    """The last part of the type token, which is in users' state for ever."""

    def __init__(
        self,
        provider: Provider[Any],
        resource_name: str,
        inputs: dict[str, Any],
        outputs: Sequence[str],
        opts: pulumi.ResourceOptions,
        problems: Sequence[str] = (),
    ) -> None:
        run = ProgramRun.current()
        self._who = f"{self.hubassoc_type} {resource_name!r}"
        self._problems = list(problems)
        self._looked_up = opts.id is not None
        run.note(self._who, [*problems, *_faults(provider.inputs, inputs, suppress_missing=bool(problems))])
        self._run = run
        props = {
            **inputs,
            **dict.fromkeys(outputs),
            PROBLEM: _late(lambda: self._problems),
            ELSEWHERE: _late(lambda: run.elsewhere(self._who)),
            PREVIEWED_AS: self._urn(resource_name, opts) if pulumi.runtime.is_dry_run() else None,
        }
        super().__init__(provider, resource_name, props, opts)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Keep the type token in subclasses of a user's; Pulumi would reset it."""
        super().__init_subclass__(**{"module": "hubassoc", "name": cls.hubassoc_type, **kwargs})

    def refuse(self, problem: str) -> None:
        """Let the check of this resource fail; possible until the program has run."""
        self._problems.append(problem)
        self._run.note(self._who, [problem])

    def claim_limit(self, what: Hashable | None) -> None:
        """Refuse this resource if another one of its provider limits the same: both would set it in turn, for ever.

        None: it is not known yet what.
        """
        other = self._claimed("limit", what)
        if other is not None:
            self.refuse(f"{other} limits the same association type: keep it in one of the two")

    def claim_name(self, name: str) -> None:
        """Refuse this resource if another one of its provider has the same internal name: HubSpot has it once."""
        other = self._claimed("name", name)
        if other is not None:
            self.refuse(
                f"{other} has the same internal name, {name}: keep one of the two, or give this one another name"
            )

    def _claimed(self, kind: str, what: Hashable | None) -> str | None:
        return None if self._looked_up or what is None else self._run.claim((kind, id(self._provider), what), self._who)

    def claim_direction(self, direction: tuple[str, str] | None, *, alone: bool) -> None:
        """Refuse this resource if it, or another one, removes limits that the other sets (None: it is not known where)."""
        if self._looked_up or direction is None:
            return
        other = self._run.claim_direction((id(self._provider), direction), self._who, alone=alone)
        if other is not None:
            self.refuse(
                f"{other} sets limits of the same direction, and one of the two is authoritative: list them there"
            )

    @classmethod
    def _urn(cls, resource_name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
        urn = pulumi.create_urn(resource_name, f"pulumi-python:{cls._resource_type_name}", opts.parent)

        async def alone() -> str:
            return await urn.future() or ""

        return pulumi.Output.from_input(alone())  # the value alone: no dependency on the parent comes with it


def _late(told: Callable[[], list[str]]) -> pulumi.Output[list[str] | None]:
    """A list as it is when the program has run; nothing is sent where it is empty."""
    return pulumi.Output.from_input("").apply(lambda _: told() or None)


def _faults(inputs: type[Inputs], given: dict[str, Any], *, suppress_missing: bool) -> list[str]:
    """What is plainly wrong with inputs, as lines."""
    _, faults = inputs.examine(plain(given))
    told = [fault for fault in faults if not (suppress_missing and fault[1] == MISSING)]
    return [f"{name}: {reason}" if name else reason for name, reason in told]


def merged(opts: pulumi.ResourceOptions | None, **ours: Any) -> pulumi.ResourceOptions:
    """Our options under the user's."""
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(delete_before_replace=True, **ours), opts)
