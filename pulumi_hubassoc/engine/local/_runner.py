"""Runs a Pulumi program in a process of its own. Knows nothing but the SDK, because the program's environment may have nothing else.

Arguments: one JSON object with the keys of `pulumi.runtime.Settings` and ``program``, the file or folder to run. The
configuration is in the environment, as the SDK expects it. Exit status: 0, 32 if the user has been told what is wrong, else 1.
"""

import sys

# This folder is on the path only because this file is the script; its modules are not the program's.
sys.path.pop(0)

import asyncio
import json
import logging
import os
import runpy
import signal
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

TOLD = 32

try:
    import pulumi
    import pulumi.runtime
except ImportError as error:
    if error.name != "pulumi":  # it is there, and something of it is not
        traceback.print_exc()
    sys.exit(f"the Pulumi SDK is not installed in {sys.prefix}: install the program's requirements there")


def is_main_module(path: str, program: str) -> bool:
    """Whether a file of a traceback is the program's own main module."""
    main = program if os.path.splitext(program)[1] else os.path.join(program, "__main__.py")  # noqa: PTH118, PTH122
    return os.path.abspath(path) == os.path.abspath(main)  # noqa: PTH100


def users_traceback(program: str) -> str:
    """The traceback of the present exception, from the program's first line on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for n, frame in enumerate(frames):
        if is_main_module(frame.filename, program):
            return traceback.format_exc(limit=n - len(frames))
    return traceback.format_exc()


def follow_the_engine() -> None:
    """Wait until the engine has gone, and then interrupt the program: nobody answers it any more."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    threading.Thread(target=follow_the_engine, daemon=True).start()
    given = json.loads(sys.argv[1])
    target = given.pop("program")
    if os.path.isdir(target) and not os.path.exists(os.path.join(target, "__main__.py")):  # noqa: PTH110, PTH112, PTH118
        sys.exit(f"there is no program: {os.path.abspath(target)} has no __main__.py")  # noqa: PTH100
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(pulumi.runtime.Settings(**given))
    sys.argv = [target]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(given["parallel"], 1) * 4)
    loop.set_default_executor(executor)
    # A program that fails leaves futures behind that nobody looks at, and that is all right.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    status = 1

    def run() -> None:
        """The program."""
        runpy.run_path(target, run_name="__main__")

    try:
        coro = pulumi.runtime.run_in_stack(run)
        loop.run_until_complete(coro)
        status = 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception:  # noqa: BLE001 - whatever the program raises
        pulumi.log.error("Program failed with an unhandled exception:\n" + users_traceback(os.path.abspath(target)))  # noqa: PTH100
        status = TOLD
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    sys.exit(status)
