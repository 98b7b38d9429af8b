"""What an import did, for people and for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import Result
    from pulumi_hubassoc.estate.document import Document

GO_ON = "interrupted: what is written and imported stays, and a second run goes on from there"
_NOT_EMPTY, _CANCELLED, _INTERRUPTED = 7, 8, 130


@dataclass(frozen=True)
class Report:
    """What an import did, or would do.

    Attributes:
        document: what was chosen of the portal.
        written: the files of a new program.
        imported: names of the resources that came into the stack.
        there: names of those that it had.
        undeclared: labels of the portal that the program does not declare.
        waiting: limits that a dry run cannot look for, because their labels are not in the stack yet.
        others: resources of an explicit provider, which are left alone.
        dry_run: whether nothing was done.
        result: of the last operation; None for a dry run without a program.
    """

    document: Document
    written: tuple[Path, ...]
    imported: tuple[str, ...]
    there: tuple[str, ...]
    undeclared: tuple[str, ...]
    dry_run: bool
    result: Result | None
    waiting: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 if it is done and nothing is left to do."""
        if self.result is not None and self.result.interrupted and self.result.exit_code != _CANCELLED:
            return _INTERRUPTED
        if self.result is None or not self.result.ok:
            return 0 if self.result is None else self.result.exit_code
        return _NOT_EMPTY if self.result.changed and not self.dry_run else 0

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        from pulumi_hubassoc.cli import portals, show

        return {
            "dryRun": self.dry_run,
            "exitCode": self.exit_code,
            "written": [str(path) for path in self.written],
            "imported": list(self.imported),
            "alreadyThere": list(self.there),
            "notInTheProgram": list(self.undeclared),
            "waitingForTheirLabels": list(self.waiting),
            "ofExplicitProviders": list(self.others),
            "leftOut": portals.as_json(self.document)["leftOut"],
            "preview": show.as_json(self.result) if self.result else None,
        }

    def show(self) -> None:
        """For people."""
        from pulumi_hubassoc.cli import show

        out, err = show.console(), show.console(stderr=True)
        for left in self.document.left_out:
            err.print(f"left out: {left.what}: {left.why}", soft_wrap=True)
        would = "would be " if self.dry_run else ""
        for path in self.written:
            out.print(f"{would}written: {path}", soft_wrap=True)
        if self.undeclared:
            told = ", ".join(self.undeclared)
            out.print(f"not in the program: {told}", soft_wrap=True)
        if self.others:
            told = ", ".join(self.others)
            out.print(f"left alone, as an explicit provider may be of another portal: {told}", soft_wrap=True)
            out.print(
                "  `hubassoc export --format import --provider URN` has the resources of its portal", soft_wrap=True
            )
        if self.dry_run:
            for name in self.imported:
                out.print(f"would be imported: {name}", soft_wrap=True)
            for name in self.waiting:
                out.print(f"would be looked for once its labels are in the stack: {name}", soft_wrap=True)
        out.print(f"{len(self.imported) or 'nothing'} {would}imported, {len(self.there)} in the stack already")
        if self.result is not None and not self.dry_run:
            how = "preview" if self.result.ok else "failed"
            out.print("interrupted" if self.result.interrupted else how, style="bold")
            printer = show.LivePrinter(out)
            for event in self.result.events:
                printer(event)
            for diagnostic in self.result.diagnostics:
                printer(diagnostic)
            show.summary(out, self.result)
            if self.result.interrupted:
                err.print(GO_ON, soft_wrap=True)
