"""What the constructors of one program run tell each other: plain mistakes, and what is whose.

A preview stops at the first resource whose check fails, and the faults of the others are not shown [observed]. But a
program's constructors have run before the first registration is sent, so what is plainly wrong is known by then: the
resource that fails first tells it all.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, NoReturn

import pulumi

from pulumi_hubassoc.hubspot import facts


class ProgramRun:
    """One run of a program, from its first constructor on.

    Attributes:
        faults: who (`AssociationLabel 'billing'`) -> what is wrong with it, told as one line each.
    """

    _runs: ClassVar[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, ProgramRun]] = weakref.WeakKeyDictionary()

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}
        self._claimed: dict[Hashable, str] = {}
        self._directions: defaultdict[Hashable, dict[str, bool]] = defaultdict(dict)

    @classmethod
    def current(cls) -> ProgramRun:
        """The run that is under way: every host of programs has an event loop of its own for each [observed]."""
        try:
            return cls._runs.setdefault(asyncio.get_running_loop(), cls())
        except RuntimeError:  # a resource outside of any program
            return cls()

    def note(self, who: str, faults: list[str]) -> None:
        """Note what is wrong with a resource."""
        if faults:
            self.faults.setdefault(who, []).extend(faults)

    def elsewhere(self, who: str) -> list[str]:
        """The mistakes of all other resources."""
        return [f"{other}: {fault}" for other, faults in self.faults.items() if other != who for fault in faults]

    def stop(self) -> NoReturn:
        """End the program with all its mistakes.

        Raises:
            pulumi.RunError: one line each; Pulumi prints them without a traceback.
        """
        lines = [f"{who}: {fault}" for who, faults in self.faults.items() for fault in faults]
        raise pulumi.RunError("\n".join(lines))

    def claim(self, key: Hashable, who: str) -> str | None:
        """Note whose something is that can be one resource's alone; whose it was before, if it was somebody's."""
        first = self._claimed.setdefault(key, who)
        return first if first != who else None

    def claim_direction(self, key: Hashable, who: str, *, alone: bool) -> str | None:
        """Note who sets limits of a direction, and whether it removes those of others; who is in the way, if anybody is."""
        others = {other: theirs for other, theirs in self._directions[key].items() if other != who}
        self._directions[key][who] = alone
        return next((other for other, theirs in others.items() if alone or theirs), None)


def plain(value: Any) -> Any:
    """A value as far as it is known now: outputs and what is awaited become unknown."""
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.UNKNOWN
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def plain_direction(from_object_type: object, to_object_type: object) -> tuple[str, str] | None:
    """Two object types in canonical form; None where one is not known yet, or is none."""
    try:
        return (facts.object_type(plain(from_object_type)), facts.object_type(plain(to_object_type)))
    except (ValueError, AttributeError):
        return None
