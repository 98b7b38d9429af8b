"""What a run has decided so far, by URN."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Decided:
    """URNs by what was decided on them.

    Attributes:
        urns: all that the program has named.
        skipped_creates: what would be made, and is left out.
        targets: what ``--target`` means, of those that were dealt with; with ``--target-dependents`` theirs follow.
    """

    urns: set[str] = field(default_factory=set)
    creates: set[str] = field(default_factory=set)
    sames: set[str] = field(default_factory=set)
    updates: set[str] = field(default_factory=set)
    replaces: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    refreshes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    skipped_creates: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)

    def with_steps(self) -> set[str]:
        """Those that a step was generated for."""
        return self.reads | self.creates | self.sames | self.updates | self.deletes | self.replaces

    def has_step(self, urn: str) -> bool:
        """Whether a step was generated for this URN."""
        decided = (self.reads, self.creates, self.sames, self.updates, self.deletes, self.replaces)
        return any(urn in urns for urns in decided)

    def keeps(self, urn: str) -> bool:
        """Whether a step was generated that keeps the resource of this URN."""
        return any(urn in urns for urns in (self.sames, self.updates, self.replaces, self.reads, self.refreshes))
