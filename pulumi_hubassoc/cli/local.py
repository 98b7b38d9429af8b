"""`hubassoc local …`: any Pulumi project on the built-in engine, with the flags of `pulumi`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace as with_changes
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_hubassoc.cli import examples
from pulumi_hubassoc.engine.interface import OperationName, Options

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import Result, Stack

local = typer.Typer(
    help="Run any Pulumi project on the built-in engine, without the Pulumi CLI. "
    "Stacks are kept in .pulumi-local in the project's folder, or, so that projects can refer to each other's, in the "
    "folder that the environment variable HUBASSOC_STATE_DIR names.",
    short_help="Run any Pulumi project on the built-in engine, without the Pulumi CLI.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path, typer.Option("-C", "--cwd", metavar="DIR", help="The folder that holds Pulumi.yaml.", file_okay=False)
]
StackName = Annotated[
    str, typer.Option("-s", "--stack", envvar="PULUMI_STACK", help="The stack; made where there is none.")
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do it without asking.")]
SkipPreview = Annotated[bool, typer.Option("-f", "--skip-preview", help="Do not show first what would be done.")]
PreviewOnly = Annotated[bool, typer.Option("--preview-only", help="Show what would be done and change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else; needs --yes to change.")]
Parallel = Annotated[int | None, typer.Option("-p", "--parallel", min=1, help="Resource operations at once.")]
Refresh = Annotated[bool, typer.Option("-r", "--refresh", help="Read first what there is.")]
RunProgram = Annotated[
    bool, typer.Option("--run-program", help="Run the program and use today's configuration, not that of the last up.")
]
NoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Exit with 7 if anything would change.")]
GoOn = Annotated[bool, typer.Option("--continue-on-error", help="Go on with what does not depend on a failure.")]
Target = Annotated[list[str] | None, typer.Option("-t", "--target", metavar="URN", help="Only this; may be repeated.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", metavar="URN", help="All but this; may be repeated.")]
Dependents = Annotated[bool, typer.Option("--target-dependents", help="What depends on --target or --exclude too.")]
Replace = Annotated[list[str] | None, typer.Option("--replace", metavar="URN", help="Replace this; may be repeated.")]
TargetReplace = Annotated[
    list[str] | None, typer.Option("--target-replace", metavar="URN", help="Replace this and touch nothing else.")
]
HERE = Path()


# Every function below hands its flags on as they are: their names are those of `Options`.


@local.command(epilog=examples.PREVIEW)
def preview(
    stack: StackName,
    cwd: Folder = HERE,
    refresh: Refresh = False,
    expect_no_changes: NoChanges = False,
    target: Target = None,
    exclude: Exclude = None,
    target_dependents: Dependents = False,
    replace: Replace = None,
    target_replace: TargetReplace = None,
    parallel: Parallel = None,
    as_json: Json = False,
) -> None:
    """Show what `up` would do, and change nothing."""
    _run("preview", yes=True, skip_preview=True, **locals())


@local.command(epilog=examples.UP)
def up(
    stack: StackName,
    cwd: Folder = HERE,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    refresh: Refresh = False,
    expect_no_changes: NoChanges = False,
    continue_on_error: GoOn = False,
    target: Target = None,
    exclude: Exclude = None,
    target_dependents: Dependents = False,
    replace: Replace = None,
    target_replace: TargetReplace = None,
    parallel: Parallel = None,
    as_json: Json = False,
) -> None:
    """Make the stack what the program says."""
    _run("up", **locals())


@local.command(epilog=examples.REFRESH)
def refresh(
    stack: StackName,
    cwd: Folder = HERE,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    preview_only: PreviewOnly = False,
    expect_no_changes: NoChanges = False,
    run_program: RunProgram = False,
    clear_pending_creates: Annotated[
        bool, typer.Option("--clear-pending-creates", help="Forget creates that a killed run may have left behind.")
    ] = False,
    target: Target = None,
    exclude: Exclude = None,
    parallel: Parallel = None,
    as_json: Json = False,
) -> None:
    """Make the state what there really is."""
    _run("refresh", **locals())


@local.command(epilog=examples.DESTROY)
def destroy(
    stack: StackName,
    cwd: Folder = HERE,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    preview_only: PreviewOnly = False,
    refresh: Refresh = False,
    run_program: RunProgram = False,
    continue_on_error: GoOn = False,
    exclude_protected: Annotated[
        bool, typer.Option("--exclude-protected", help="Leave protected resources instead of failing on them.")
    ] = False,
    target: Target = None,
    exclude: Exclude = None,
    target_dependents: Dependents = False,
    parallel: Parallel = None,
    as_json: Json = False,
) -> None:
    """Delete every resource of the stack."""
    _run("destroy", **locals())


@local.command(epilog=examples.OUTPUTS)
def outputs(
    stack: StackName,
    cwd: Folder = HERE,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print secrets too.")] = False,
    as_json: Json = False,
) -> None:
    """Print the stack's outputs, as of its last operation."""
    found = _open(cwd, stack, make=False).outputs()
    shown = {k: "[secret]" if v.secret and not show_secrets else v.value for k, v in found.items()}
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
        return
    for key, value in shown.items():
        typer.echo(f"{key} {value if isinstance(value, str) else json.dumps(value)}")


@local.command(epilog=examples.CANCEL)
def cancel(stack: StackName, cwd: Folder = HERE) -> None:
    """Take away the lock that a run which has died left behind."""
    _open(cwd, stack, make=False).cancel()
    typer.echo(f"{stack} is not locked")


def _open(cwd: Path, stack: str, *, make: bool) -> Stack:
    """The stack; one that is made, though the project's files are of others, is said to be new: it may be misspelled."""
    from pulumi_hubassoc.engine.interface import NoSuchStack, Project
    from pulumi_hubassoc.engine.local import LocalEngine
    from pulumi_hubassoc.engine.local.config import ProjectFile

    folder = cwd.resolve()
    file = ProjectFile.read(folder)
    engine, project = LocalEngine(), Project(file.name, folder)
    try:
        return engine.stack(project, stack, make=False)
    except NoSuchStack:
        if not make:
            raise
    others = sorted(path.name.split(".")[1] for path in file.config_folder.glob("Pulumi.*.yaml"))
    if others and stack not in others:
        typer.echo(
            f"{stack} is a new stack without a Pulumi.{stack}.yaml; there is one of {', '.join(others)}", err=True
        )
    return engine.stack(project, stack)


def _run(
    operation: OperationName,
    *,
    cwd: Path,
    stack: str,
    as_json: bool,
    yes: bool,
    skip_preview: bool,
    **flags: Any,
) -> None:
    """Show what would be done, ask, do it, and exit as the engine did."""
    options = Options(**{name: value for name, value in flags.items() if value})
    opened = _open(cwd, stack, make=operation in ("preview", "up"))
    if not options.preview_only and operation != "preview":
        if not (as_json or skip_preview):
            _exit_unless_ok(_plan(opened, operation, options))
        if not yes:
            _ask(operation, stack, as_json=as_json)
    result = _do(opened, operation, options, as_json=as_json)
    raise typer.Exit(result.exit_code)


def _plan(stack: Stack, operation: OperationName, options: Options) -> Result:
    if operation == "up":
        return _do(stack, "preview", with_changes(options, continue_on_error=False), as_json=False)
    return _do(stack, operation, with_changes(options, preview_only=True, continue_on_error=False), as_json=False)


def _exit_unless_ok(result: Result) -> None:
    if not result.ok:
        raise typer.Exit(result.exit_code)


def _ask(operation: str, stack: str, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise typer.BadParameter(f"{operation} changes {stack}: without a terminal to ask on, give --yes")
    typer.confirm(f"{operation} {stack}?", abort=True)


def _do(stack: Stack, operation: OperationName, options: Options, *, as_json: bool) -> Result:
    from pulumi_hubassoc.cli import show

    run = {"preview": stack.preview, "up": stack.up, "refresh": stack.refresh, "destroy": stack.destroy}[operation]
    if as_json:
        result = run(options)
        typer.echo(json.dumps(show.as_json(result), indent=2))
        return result
    console = show.console()
    planned = operation == "preview" or options.preview_only
    console.print(
        f"{operation}{' (preview only)' if planned and operation != 'preview' else ''}: {stack.name}", style="bold"
    )
    result = run(options, show.LivePrinter(console))
    show.summary(console, result)
    return result
