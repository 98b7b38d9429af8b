"""Where `hubassoc` starts. It can say what is not installed, because it needs nothing beyond the standard library."""

from __future__ import annotations

import os
import sys

from pulumi_hubassoc.cli.extras import what_to_install

INTERNAL = 255
"""Exit code of a fault of our own, as the Pulumi CLI's."""


def main() -> None:
    """Run the command line on this process's arguments and exit; see `app` for the exit codes."""
    try:
        from pulumi_hubassoc.cli.app import app

        app(prog_name="hubassoc")
    except ModuleNotFoundError as error:
        sentence = what_to_install(error)
        if sentence is None:
            raise
        sys.exit(f"hubassoc: {sentence}")  # exit code 1
    except Exception as error:
        if os.environ.get("HUBASSOC_DEBUG"):
            raise
        text = " ".join(str(error).split())
        sys.stderr.write(f"hubassoc: unexpected {type(error).__name__}: {text} (--debug shows the traceback)\n")
        sys.exit(INTERNAL)
