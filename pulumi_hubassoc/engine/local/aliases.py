"""Which resource of the state a registration means, by its URN or by one of its old names."""

from __future__ import annotations

from collections.abc import Iterable

from . import urns
from .goals import Alias
from .run import Run
from .state import ResourceState


class OldNames:
    """Finds old states, and remembers under which name each was found.

    Attributes:
        renamed_to: old URN -> the URN that has taken it over.
        found_as: URN -> the old URN under which its state was found.
    """

    def __init__(self, run: Run, seen: set[str]) -> None:
        self._run = run
        self._seen = seen
        self.renamed_to: dict[str, str] = {}
        self.found_as: dict[str, str] = {}

    def find(
        self, urn: str, name: str, type_: str, parent: str, aliases: Iterable[Alias]
    ) -> tuple[ResourceState | None, str, bool]:
        """The old state of a resource.

        Returns:
            The state or None; the alias under which it was found, or an empty text; and whether two resources claim it.
        """
        disputed = False
        if urn in self.renamed_to:
            disputed = True
            self._complain(
                urn,
                f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{self.renamed_to[urn]}'",
            )
        for candidate in [urn, *self._names(name, type_, parent, aliases)]:
            old = self._run.olds.get(candidate)
            if old is None:
                continue
            if candidate == urn:
                return old, "", disputed
            owner = urn if candidate in self._seen else self.renamed_to.get(candidate)
            if owner is not None:
                disputed = True
                self._complain(
                    urn,
                    f"Duplicate resource alias '{candidate}' applied to resource with URN '{urn}' conflicting with "
                    f"resource with URN '{owner}'",
                )
            self.renamed_to[candidate] = urn
            self.found_as[urn] = candidate
            self._run.registry.known_as(urn, candidate)
            return old, candidate, disputed
        return None, "", disputed

    def _complain(self, urn: str, message: str) -> None:
        self._run.sink.diagnose("error", message, urn)

    def _names(self, name: str, type_: str, parent: str, aliases: Iterable[Alias]) -> list[str]:
        aliases = list(aliases)
        names = {self._name(name, type_, parent, alias): None for alias in aliases}
        old_parent = self.found_as.get(parent)
        if old_parent:
            inherited = [(type_, name)]
            for alias in aliases:
                own = self._name(name, type_, parent, alias)
                inherited.append((urns.type_of(own), urns.name_of(own)))
            for child_type, child_name in inherited:
                names[self._inherited(child_type, child_name, parent, old_parent)] = None
        return list(names)

    def _name(self, name: str, type_: str, parent: str, alias: Alias) -> str:
        if alias.urn:
            return alias.urn
        if alias.parent:
            parent = self.found_as.get(alias.parent, alias.parent)
        if alias.no_parent:
            parent = ""
        stack, project = alias.stack or self._run.stack, alias.project or self._run.project
        return urns.make(stack, project, parent, alias.type or type_, alias.name or name)

    def _inherited(self, type_: str, name: str, parent: str, old_parent: str) -> str:
        """A child named after its parent was named after the parent's old name."""
        parent_name = urns.name_of(parent)
        if name.startswith(parent_name):
            name = urns.name_of(old_parent) + name[len(parent_name) :]
        return urns.make(self._run.stack, self._run.project, old_parent, type_, name)
