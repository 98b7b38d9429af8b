"""A command whose exit code 2 means something else than a command line that is not understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from typer.core import TyperCommand

T = TypeVar("T")


class MisuseFails(TyperCommand):
    """Ends with 1 where its command line is not understood."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        return _misuse_is_1(super().parse_args, ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        return _misuse_is_1(super().invoke, ctx)


def _misuse_is_1(call: Callable[..., T], *args: Any) -> T:
    try:
        return call(*args)
    except Exception as error:
        usage: Any = error  # typer's and click's, which have this in common
        if hasattr(usage, "format_message") and getattr(usage, "exit_code", None) == 2:
            usage.exit_code = 1
        raise
