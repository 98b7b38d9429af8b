"""Runs ``python -m pulumi.dynamic`` so that it ends with the engine that started it, even if that is killed.

Its standard input is a pipe from the engine: when that closes, a call in progress may end, and then the process does. The
only argument is the engine's address.
"""

import os
import runpy
import signal
import sys
import threading

# As `-m` has it: the program's folder in place of this one.
sys.path[0] = os.getcwd()  # noqa: PTH109


def follow_the_engine() -> None:
    """Wait until the engine has gone, and then interrupt the server."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    threading.Thread(target=follow_the_engine, daemon=True).start()
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
