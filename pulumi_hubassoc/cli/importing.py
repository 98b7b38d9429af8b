"""`hubassoc import`: what a portal has comes into a stack, with a program for it where there is none."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pulumi_hubassoc.cli.import_report import GO_ON, Report

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import Event, Result, Stack
    from pulumi_hubassoc.errors import HubAssocError
    from pulumi_hubassoc.estate.document import Document, Label
    from pulumi_hubassoc.estate.matching import Declared
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

    Nothing is changed in HubSpot. A program that is there is left as it is, and what it declares is looked for in the
    portal: labels by internal name, then by texts; limits by what they are of. What the stack has already is skipped, so
    that a second run imports nothing. Exits with 7 if the preview afterwards is not empty.
    """
    from pulumi_hubassoc.cli import portals
    from pulumi_hubassoc.engine.choose import choose_engine

    # Before the import a preview would tell of every label that its text is taken.
    opened = portals.open_stack(choose_engine(engine), cwd, stack, {"HUBASSOC_PREFLIGHT": "false"})
    work = _Import(opened, cwd.resolve(), portals.read(opened, exact=True), tuple(only or ()), schema=schema)
    try:
        report = work.run(dry_run=dry_run, protect=protect)
    except KeyboardInterrupt:
        typer.echo(GO_ON, err=True)
        raise
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        report.show()
    raise typer.Exit(report.exit_code)


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
        self._dry_run = self._protect = False
        self._schema = schema
        self._document = for_schema(document) if self._schema else document
        if self._is_new and only:
            self._document = _only(self._document, self._names(), only)
            if not self._document.labels and not self._document.limits:
                raise _nothing_meant(document, only)

    def run(self, *, dry_run: bool, protect: bool) -> Report:
        self._dry_run, self._protect = dry_run, protect
        return self._with_new_program() if self._is_new else self._with_program()

    def _with_new_program(self) -> Report:
        """Names and ids of everything are known: one import does."""
        from pulumi_hubassoc.estate.import_file import import_file

        file = import_file(self._document, self._names())
        there = self._in_state()
        new = [entry for entry in file["resources"] if _key(entry) not in there]
        had = tuple(entry["name"] for entry in file["resources"] if entry not in new)
        written = self._write()
        if self._dry_run:
            imported = tuple(entry["name"] for entry in new)
            return Report(self._document, written, imported, had, (), True, None)
        done, failure = self._take(file) if new else ((), None)
        return Report(self._document, written, done, had, (), False, failure or self._stack.preview())

    def _with_program(self) -> Report:
        """What the program declares is looked for in the portal; limits of labels once these are in the stack."""
        imported: list[str] = []
        result = self._stack.preview()
        if result.ok and self._only:
            self._refuse_if_nothing_is_meant(result)
        while result.ok and not result.interrupted:
            file = self._found(result)
            if self._dry_run:
                imported += [entry["name"] for entry in file["resources"]]
                break
            done, failure = self._take(file) if file["resources"] else ((), None)
            imported += done
            if failure is not None:
                result = failure
            if failure is not None or not done:
                break
            result = self._stack.preview()
        there = [e for e in result.events if e.type in _types() and e.operation != "create" and e.name not in imported]
        return Report(
            self._document,
            (),
            tuple(imported),
            tuple(event.name for event in there),
            self._unmanaged(result) if result.ok and not result.interrupted else (),
            self._dry_run,
            result,
            self._waiting(result) if self._dry_run and result.ok else (),
            tuple(e.name for e in result.events if e.operation == "create" and e.type in _types() and not _is_ours(e)),
        )

    def _found(self, result: Result) -> dict[str, Any]:
        """An import file of what a preview would create and the portal has, with the components it is in."""
        from pulumi_hubassoc.estate.matching import entries

        by_urn = {event.urn: event for event in result.events}
        creates = self._creates(result)
        resource_of = self._resource_of(result)
        table: dict[str, str] = {}
        components: dict[str, dict[str, Any]] = {}
        found = []
        for one, entry in entries(self._document, creates).items():
            event = creates[one]
            if self._is_meant(entry, resource_of):
                parent = _parent(event, by_urn, table, components)
                if parent is not None:
                    found.append({**entry, **parent})
        return {"nameTable": table, "resources": [*components.values(), *found]}

    @staticmethod
    def _creates(result: Result) -> dict[Declared, Event]:
        """What a preview would create in the portal that is read."""
        return {
            _declared(e): e for e in result.events if e.operation == "create" and e.type in _types() and _is_ours(e)
        }

    def _waiting(self, result: Result) -> tuple[str, ...]:
        from pulumi_hubassoc.estate.matching import waiting

        resource_of = self._resource_of(result)
        labels = [x for x in self._document.labels if self._is_one_of_these((*_words(x), resource_of.get(x.type_id)))]
        return tuple(one.name for one in waiting(self._document, self._creates(result), labels))

    def _resource_of(self, result: Result) -> dict[int | None, str]:
        """Type id of a label, of either direction -> the name of its resource."""
        from pulumi_hubassoc.estate.matching import matched_labels

        there = [_declared(event) for event in result.events if event.type in _types()]
        matched = list(matched_labels(self._document, there))
        return {i: one.name for one, side in matched for i in (side.type_id, side.inverse_type_id)}

    def _unmanaged(self, result: Result) -> tuple[str, ...]:
        """The labels of the portal that are meant, and that no resource is of."""
        from pulumi_hubassoc.hubspot.client import arrow

        managed = self._resource_of(result)
        left = [x for x in self._document.labels if x.type_id not in managed]
        meant = [x for x in left if self._is_one_of_these(_words(x))]
        return tuple(f'"{x.label}" ({arrow(*x.direction)})' for x in meant)

    def _take(self, file: dict[str, Any]) -> tuple[tuple[str, ...], Result | None]:
        """Import; what came into the stack, and the result if it failed or was interrupted."""
        from pulumi_hubassoc.cli.portals import progress
        from pulumi_hubassoc.engine.interface import Event

        with progress() as tell:
            done: list[str] = []

            def on_event(told: object) -> None:
                if isinstance(told, Event) and told.operation == "import":
                    done.append(told.name)
                    tell(len(done), len(file["resources"]), "imports")

            imported = self._stack.import_resources(file, protect=self._protect, on_event=on_event)
        # Ctrl-C may have come when all was imported: who pressed it does not want to wait for a preview.
        return tuple(done), None if imported.ok and not imported.interrupted else imported

    def _names(self) -> Names:
        from pulumi_hubassoc.estate.naming import program_names, schema_names

        return schema_names(self._document, COMPONENT) if self._schema else program_names(self._document)

    def _write(self) -> tuple[Path, ...]:
        """Write the program of a project that has none; the program itself comes last."""
        from pulumi_hubassoc.cli import writing
        from pulumi_hubassoc.engine.interface import EngineError
        from pulumi_hubassoc.estate.program import program, schema_program
        from pulumi_hubassoc.estate.schema_file import schema_file

        files = {self._program: program(self._document, self._names())}
        if self._schema:
            files = {
                self._program.parent / SCHEMA_FILE: schema_file(self._document),
                self._program: schema_program(self._document, COMPONENT, SCHEMA_FILE),
            }
        new = {path: text for path, text in files.items() if not _says(path, text)}
        for path in new:
            if path.exists():
                raise EngineError(f"{path} is there already, and is not what the portal has: move it away first")
            writing.refuse_existing(path, force=False)
        for path, text in new.items() if not self._dry_run else ():
            writing.write(path, text)
        return tuple(new)

    def _is_meant(self, entry: dict[str, Any], resource_of: Mapping[int | None, str]) -> bool:
        """Whether a resource, or the label that it is of or limits, is one of those to be imported."""
        from pulumi_hubassoc.estate.matching import labels_of

        labels = labels_of(self._document, entry)
        return self._is_one_of_these(
            [entry["name"], *(word for x in labels for word in (*_words(x), resource_of.get(x.type_id)))]
        )

    def _is_one_of_these(self, words: Iterable[str | None]) -> bool:
        return not self._only or _matches(self._only, words)

    def _refuse_if_nothing_is_meant(self, result: Result) -> None:
        declared = [e.name for e in result.events if e.type in _types()]
        if not _matches(self._only, [*declared, *(word for x in self._document.labels for word in _words(x))]):
            raise _nothing_meant(self._document, self._only)

    def _in_state(self) -> set[tuple[str, str]]:
        deployment = self._stack.export_state().get("deployment") or {}
        found = [r["urn"].split("::")[-2:] for r in deployment.get("resources") or ()]
        return {(type_.rpartition("$")[2], name) for type_, name in found}


def _says(path: Path, text: str) -> bool:
    """Whether a file is there that says just this: one that an interrupted run has left."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False


def _types() -> frozenset[str]:
    from pulumi_hubassoc.estate.import_file import PROVIDERS

    return frozenset(PROVIDERS)


def _is_ours(event: Event) -> bool:
    """Whether the provider is that of the configuration; another one may be of another portal."""
    return "::default" in event.provider


def _words(label: Label) -> tuple[str | None, ...]:
    """What a label is called in HubSpot."""
    return (label.label, label.inverse_label, label.name)


def _nothing_meant(document: Document, only: Sequence[str]) -> HubAssocError:
    from pulumi_hubassoc.errors import HubAssocError

    told = " or ".join(map(repr, only))
    return HubAssocError(
        f"--only {told}: no label of {document.source} and no resource of the program is called so — "
        "`hubassoc export --json` lists the labels"
    )


def _declared(event: Event) -> Declared:
    from pulumi_hubassoc.estate.matching import Declared

    return Declared(event.type, event.name, event.inputs)


def _parent(
    event: Event, by_urn: Mapping[str, Event], table: dict[str, str], components: dict[str, dict[str, Any]]
) -> dict[str, str] | None:
    """The parent as an import file names it: nothing below the stack itself, None where it cannot be named."""
    parent = by_urn.get(event.parent)
    if parent is None or parent.type == "pulumi:pulumi:Stack":
        return {}
    named = table | {made["name"]: urn for urn, made in components.items()}
    if named.get(parent.name, parent.urn) != parent.urn:
        return None  # two parents of one name
    if parent.operation != "create":
        table[parent.name] = parent.urn
    elif parent.urn not in components:
        above = _parent(parent, by_urn, table, components)
        if parent.provider or above is None:  # a resource that is not there yet
            return None
        components[parent.urn] = {"type": parent.type, "name": parent.name, "component": True, **above}
    return {"parent": parent.name}


def _key(entry: dict[str, Any]) -> tuple[str, str]:
    return (entry["type"], entry["name"])


def _only(document: Document, names: Names, patterns: Sequence[str]) -> Document:
    """The labels that are meant and their limits, and of the other limits the sets that are meant."""
    labels = tuple(x for x in document.labels if _matches(patterns, (names.labels[x], *_words(x))))
    limits = tuple(
        x for x in document.limits if (x.label in labels if x.label else _matches(patterns, (names.sets[x.direction],)))
    )
    return replace(document, labels=labels, limits=limits)


def _matches(patterns: Sequence[str], words: Iterable[str | None]) -> bool:
    return any(fnmatch.fnmatchcase(w.casefold(), p.casefold()) for w in words if w for p in patterns)
