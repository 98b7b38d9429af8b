"""`hubassoc import`: what a portal has comes into a stack, with a program for it where there is none."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import Event, Result, Stack
    from pulumi_hubassoc.estate.document import Document, Label
    from pulumi_hubassoc.estate.naming import Names

EXAMPLES = """\b
Examples:
  hubassoc import -s dev                       in a folder with a Pulumi.yaml and no program: write it, import, preview
  hubassoc import -s dev --schema              the same, with a schema file crm.yaml and a program of three lines
  hubassoc import -s dev --dry-run             what would be written and imported
  hubassoc import -s dev --only 'billing*'     these labels, by text, internal name or resource name, and their limits
"""
COMPONENT, SCHEMA_FILE = "crm", "crm.yaml"
HERE = Path()
_NOT_EMPTY = 7


def import_(
    stack: Annotated[
        str, typer.Option("-s", "--stack", envvar="PULUMI_STACK", help="The stack; made where there is none.")
    ],
    cwd: Annotated[
        Path, typer.Option("-C", "--cwd", metavar="DIR", help="The folder that holds Pulumi.yaml.", file_okay=False)
    ] = HERE,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only labels of this text, internal or resource name; may be repeated."),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Write a schema file, and a program that makes it.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; write and import nothing.")
    ] = False,
    protect: Annotated[bool, typer.Option("--protect", help="Protect what is imported from deletion.")] = False,
    engine: Annotated[
        Literal["auto", "cli", "local"],
        typer.Option(help="What imports: the Pulumi CLI, the built-in engine, or the CLI where there is one."),
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Take the labels and limits of a portal into a stack: program, import and preview in one.

    Nothing is changed in HubSpot. A program that is there is left as it is, and what it declares under the names that
    `hubassoc export` gives is imported. What the stack has already is skipped, so that a second run imports nothing.
    Exits with 7 if the preview afterwards is not empty.
    """
    from pulumi_hubassoc.cli import portals
    from pulumi_hubassoc.engine.choose import choose_engine

    # Before the import a preview would tell of every label that its text is taken.
    opened = portals.open_stack(choose_engine(engine), cwd, stack, {"HUBASSOC_PREFLIGHT": "false"})
    work = _Import(opened, cwd.resolve(), portals.read(opened), tuple(only or ()), schema=schema)
    report = work.run(dry_run=dry_run, protect=protect)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        report.show()
    raise typer.Exit(report.exit_code)


@dataclass(frozen=True)
class Report:
    """What an import did, or would do.

    Attributes:
        document: what was chosen of the portal.
        written: the files of a new program.
        imported: names of the resources that came into the stack.
        there: names of those that it had.
        undeclared: names of those that the program does not declare, and so were left alone.
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

    @property
    def exit_code(self) -> int:
        """0 if it is done and nothing is left to do."""
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
            out.print(f"not declared by the program under these names, and left alone: {told}", soft_wrap=True)
        if self.dry_run:
            for name in self.imported:
                out.print(f"would be imported: {name}", soft_wrap=True)
        out.print(f"{len(self.imported) or 'nothing'} {would}imported, {len(self.there)} in the stack already")
        if self.result is not None and not self.dry_run:
            out.print("preview" if self.result.ok else "failed", style="bold")
            printer = show.LivePrinter(out)
            for event in self.result.events:
                printer(event)
            for diagnostic in self.result.diagnostics:
                printer(diagnostic)
            show.summary(out, self.result)


class _Import:
    """One import.

    Args:
        stack: where to.
        folder: of its project.
        document: of the portal.
        only: patterns; empty for everything.
        schema: whether a new program has a schema file.
    """

    def __init__(self, stack: Stack, folder: Path, document: Document, only: Sequence[str], *, schema: bool) -> None:
        from pulumi_hubassoc.engine.local.config import ProjectFile
        from pulumi_hubassoc.estate.schema_file import for_schema

        self._stack, self._only = stack, only
        file = ProjectFile.read(folder)
        entry = file.directory / ("__main__.py" if file.entry == "." else file.entry)
        self._program = entry
        self._is_new = not entry.exists()
        self._schema = schema or (not self._is_new and (file.directory / SCHEMA_FILE).exists())
        self._document = for_schema(document) if self._schema else document
        if self._is_new and only:
            self._document = _only(self._document, self._names(), only)

    def run(self, *, dry_run: bool, protect: bool) -> Report:
        from pulumi_hubassoc.estate.import_file import import_file

        written = self._write(dry_run=dry_run) if self._is_new else ()
        names = self._names()
        file = import_file(self._document, names)
        entries = [entry for entry in file["resources"] if self._is_meant(entry, names)]
        if self._is_new and dry_run:
            there = self._in_state()
            new = [entry for entry in entries if _key(entry) not in there]
            return self._report(written, entries, new, entries, None, dry_run=True)
        result = self._stack.preview()
        if not result.ok:
            return self._report(written, (), (), (), result, dry_run=dry_run)
        told = {(event.type, event.name): event.operation for event in result.events}
        declared = [entry for entry in entries if _key(entry) in told]
        new = [entry for entry in declared if told[_key(entry)] == "create"]
        if new and not dry_run:
            # A component that is there already is named as the parent of what is new.
            parents = [entry for entry in declared if entry.get("component") and entry not in new]
            done, result = self._take({**file, "resources": [*parents, *new]}, protect=protect)
            declared = [entry for entry in declared if entry not in new or _key(entry) in done]
            new = [entry for entry in new if _key(entry) in done]
        return self._report(written, entries, new, declared, result, dry_run=dry_run)

    def _take(self, file: dict[str, Any], *, protect: bool) -> tuple[set[tuple[str, str]], Result]:
        """Import; what came into the stack, and what is left to do."""
        from pulumi_hubassoc.cli.portals import progress
        from pulumi_hubassoc.engine.interface import Event

        with progress() as tell:
            done: list[Event] = []

            def on_event(told: object) -> None:
                if isinstance(told, Event) and told.operation == "import":
                    done.append(told)
                    tell(len(done), len(file["resources"]), "imports")

            imported = self._stack.import_resources(file, protect=protect, on_event=on_event)
        taken = {(event.type, event.name) for event in imported.events if event.operation == "import"}
        return taken, self._stack.preview() if imported.ok else imported

    def _names(self) -> Names:
        from pulumi_hubassoc.estate.naming import program_names, schema_names

        return schema_names(self._document, COMPONENT) if self._schema else program_names(self._document)

    def _write(self, *, dry_run: bool) -> tuple[Path, ...]:
        """Write the program of a project that has none; the program itself comes last."""
        from pulumi_hubassoc.cli import writing
        from pulumi_hubassoc.estate.program import program, schema_program
        from pulumi_hubassoc.estate.schema_file import schema_file

        files = {self._program: program(self._document, self._names())}
        if self._schema:
            files = {
                self._program.parent / SCHEMA_FILE: schema_file(self._document),
                self._program: schema_program(self._document, COMPONENT, SCHEMA_FILE),
            }
        for path in files:
            writing.refuse_existing(path, force=False)
        for path, text in files.items() if not dry_run else ():
            writing.write(path, text)
        return tuple(files)

    def _is_meant(self, entry: dict[str, Any], names: Names) -> bool:
        """Whether an entry is of what was asked for; the limits of labels are in sets, which go by their names."""
        if not self._only or self._is_new or entry.get("component"):
            return True
        label = next((label for label, name in names.labels.items() if name == entry["name"]), None)
        return _matches(self._only, label, entry["name"])

    def _in_state(self) -> set[tuple[str, str]]:
        deployment = self._stack.export_state().get("deployment") or {}
        found = [r["urn"].split("::")[-2:] for r in deployment.get("resources") or ()]
        return {(type_.rpartition("$")[2], name) for type_, name in found}

    def _report(
        self,
        written: tuple[Path, ...],
        entries: Sequence[dict[str, Any]],
        new: Sequence[dict[str, Any]],
        declared: Sequence[dict[str, Any]],
        result: Result | None,
        *,
        dry_run: bool,
    ) -> Report:
        def names(chosen: Sequence[dict[str, Any]], without: Sequence[dict[str, Any]]) -> tuple[str, ...]:
            return tuple(entry["name"] for entry in chosen if entry not in without)

        return Report(
            self._document,
            written,
            names(new, ()),
            names(declared, new),
            names(entries, declared),
            dry_run,
            result,
        )


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    return (entry["type"], entry["name"])


def _only(document: Document, names: Names, patterns: Sequence[str]) -> Document:
    """The labels that are meant and their limits, and of the other limits the sets that are meant."""
    labels = tuple(x for x in document.labels if _matches(patterns, x, names.labels[x]))
    limits = tuple(
        x
        for x in document.limits
        if (x.label in labels if x.label else _matches(patterns, None, names.sets[x.direction]))
    )
    return replace(document, labels=labels, limits=limits)


def _matches(patterns: Sequence[str], label: Label | None, name: str) -> bool:
    words = [name, *filter(None, (label.label, label.inverse_label, label.name) if label else ())]
    return any(fnmatch.fnmatchcase(word.casefold(), p.casefold()) for word in words for p in patterns)
