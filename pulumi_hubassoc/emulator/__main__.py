"""``python -m pulumi_hubassoc.emulator``: serves portals on loopback until interrupted; a browser shows them there."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from pulumi_hubassoc.emulator.server import Emulator


def main(argv: list[str] | None = None) -> int:
    """Prints the base URL as its first line, then serves until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m pulumi_hubassoc.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one unless given")
    parser.add_argument("--seed", type=int, default=0, help="of all that looks random (default 0)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the portals' data in this file")
    parser.add_argument(
        "--portal",
        action="append",
        metavar="NAME:ID:TOKEN",
        help="a portal; may be repeated (default demo:1:emulator-demo-token)",
    )
    options = parser.parse_args(argv)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    emulator = Emulator(options.seed, state_file=options.state)
    try:
        for text in options.portal or ["demo:1:emulator-demo-token"]:
            name, portal_id, token = text.split(":", 2)
            emulator.add_portal(token=token, portal_id=int(portal_id), name=name)
        url = emulator.start(options.port)
    except ValueError as err:
        # The text that failed may hold a token: it is not repeated.
        parser.error(
            f"--portal takes NAME:ID:TOKEN with a number as ID, each portal and token once ({type(err).__name__})"
        )
    except ImportError as err:
        parser.error(f"the emulator needs {err.name}: pip install 'pulumi-hubassoc[emulator]'")
    except OSError as err:
        parser.error(f"cannot serve on port {options.port}: {err.strerror}")
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    while not stopped.wait(3600):
        pass
    emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
