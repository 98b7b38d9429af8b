"""What stands in for the processes that a run would start, so that a test runs in one."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pulumi

from pulumi_hubassoc.emulator import Clock, Emulator
from pulumi_hubassoc.engine.interface import Diagnostic
from pulumi_hubassoc.engine.local.provider_in_process import around
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot.waiting import Patience
from pulumi_hubassoc.portals import Portals
from pulumi_hubassoc.provider import Provider
from pulumi_hubassoc.surroundings import Surroundings

NOWHERE = "http://127.0.0.1:1"
"""A base URL where nobody listens: requests go to the emulator without a socket, or not at all."""
_GRACE_S = 0.3
"""Seconds for which a write that is in the way waits to hear what else is planned: no process stands between."""


@contextlib.contextmanager
def new_provider_process(emulator: Emulator) -> Iterator[None]:
    """The providers know of portals what a new process knows, nothing; and they reach nothing but the emulator.

    Where they wait for HubSpot, only the emulator's time passes.
    """
    time, surroundings = _Time(emulator.clock), Provider.surroundings
    log = logging.getLogger("grpc._server")  # tells of methods that the SDK does not have, as errors
    before, level = Provider.portals, log.level
    log.setLevel(logging.CRITICAL)
    Provider.portals = Portals(
        emulator.transport(), lambda total_s: Patience(total_s, sleep=time.sleep, clock=time), _GRACE_S
    )
    Provider.surroundings = _Around()
    try:
        yield
    finally:
        Provider.portals, Provider.surroundings = before, surroundings
        log.setLevel(level)


def in_plain_words(diagnostic: Diagnostic) -> Diagnostic:
    """A foreseen error is one line: a provider process can leave the traceback out for all of Python, a test cannot."""
    last = diagnostic.message.rpartition("\n")[2]
    if diagnostic.message.startswith("Traceback ") and last.partition(":")[0] in _foreseen(HubAssocError):
        return replace(diagnostic, message=last)
    return diagnostic


def _foreseen(kind: type[HubAssocError]) -> set[str]:
    return {kind.__name__}.union(*map(_foreseen, kind.__subclasses__()))


class _Around(Surroundings):
    """What the built-in engine says a process of its own would find."""

    def environment(self) -> Mapping[str, str]:
        place = around()
        return place.env if place else super().environment()

    def engine_address(self) -> str | None:
        place = around()
        return place.engine_address if place else None


class _Time:
    """The emulator's clock, moved on instead of waiting: once for all threads that wait for the same moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self._clock()

    def sleep(self, seconds: float) -> None:
        moment = self._clock() + seconds
        with self._lock:
            self._clock.advance(max(0.0, moment - self._clock()))


def run_folder(main: Path) -> None:
    """Run a program as Python does: a file, or a folder with a ``__main__.py``.

    Raises:
        pulumi.RunError: what it raised, told from its own first line on, as its process tells it.
    """
    try:
        runpy.run_path(str(main), run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the program raises
        frames = traceback.extract_tb(error.__traceback__)
        file = str(main / "__main__.py" if main.is_dir() else main)
        first = next((n for n, frame in enumerate(frames) if frame.filename == file), 0)
        told = "".join(traceback.format_exception(error, limit=first - len(frames)))
        raise pulumi.RunError(f"Program failed with an unhandled exception:\n{told}") from None


@contextlib.contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """With environment variables on top of this process's."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """As in a process that was started in a folder: it is the working directory, and its modules can be imported.

    They are forgotten afterwards, because the next run may find them edited, or be of another folder with the same names.
    """
    here, path, known, writes_nothing = Path.cwd(), list(sys.path), set(sys.modules), sys.dont_write_bytecode
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True  # what is cached is told from what was edited by whole seconds only
    importlib.invalidate_caches()
    try:
        yield
    finally:
        os.chdir(here)
        sys.path[:] = path
        sys.dont_write_bytecode = writes_nothing
        for name, module in list(sys.modules.items()):
            if name not in known and _lies_in(module, folder):
                del sys.modules[name]


def _lies_in(module: ModuleType, folder: Path) -> bool:
    """Whether a module is one of the folder's own, and not of an environment that is kept in there."""
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(folder) and not Path(file).is_relative_to(sys.prefix)
