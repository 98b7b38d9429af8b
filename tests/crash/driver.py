"""One operation of the built-in engine, in a process of its own that can be killed; and the program it runs.

The processes are forked from a server that has imported everything, so that a case costs little more than its provider
process.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.engine.interface import Project
from tests.crash.dying_store import DyingEngine, Fuse
from tests.crash.processes import children_of, kill

PROJECT, STACK = "crash", "dev"
VARIANT = "CRASH_VARIANT"
Variant = Literal["first", "changed", "replaced"]
Operation = Literal["up", "refresh", "destroy"]
_ROOT = Path(__file__).parents[2]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.crash.driver", "pulumi.dynamic", "cryptography.fernet"])


def declare(variant: Variant) -> None:
    """Two labels and two limits; `changed` has other texts and maxima, `replaced` another pair for one label."""
    changed = variant == "changed"
    billing = hubassoc.AssociationLabel(
        "billing",
        from_object_type="contacts",
        to_object_type="deals" if variant == "replaced" else "companies",
        label="Invoices" if changed else "Billing",
    )
    hubassoc.AssociationLabel(
        "lead",
        from_object_type="contacts",
        to_object_type="companies",
        label="Lead of" if changed else "Lead",
        inverse_label="Led by",
    )
    hubassoc.AssociationLimit("few", association=billing.inverse, max_to_object_ids=7 if changed else 2)
    hubassoc.AssociationLimit(
        "many", association=hubassoc.unlabeled("companies", "contacts"), max_to_object_ids=8 if changed else 5
    )


def expected(variant: Variant) -> tuple[set[tuple[str, ...]], dict[str, int]]:
    """What `declare` declares: labels as (from, to, text, inverse text), and the maximum of each limit by name."""
    pair = ("contacts", "deals" if variant == "replaced" else "companies")
    changed = variant == "changed"
    text = "Invoices" if changed else "Billing"
    lead = ("contacts", "companies", "Lead of" if changed else "Lead", "Led by")
    return {(*pair, text, text), lead}, {"few": 7 if changed else 2, "many": 8 if changed else 5}


@dataclass(frozen=True)
class Order:
    """What a driver is to do.

    Attributes:
        operation: of the engine.
        program: a function, or the project's folder for a program in a process of its own.
        folder: the project's folder; the state is kept in it.
        url: of the emulator.
        token: of the portal.
        in_process: the provider runs in the driver itself.
        cancel: take the lock of a dead run away first, as ``pulumi cancel``.
        die_at: the number of the change of the state's files at which the driver kills itself; 0 for never.
        torn: a line of the journal is half written by then.
        env: more environment variables.
    """

    operation: Operation
    program: Path | Callable[[], None]
    folder: Path
    url: str
    token: str
    in_process: bool = False
    cancel: bool = False
    die_at: int = 0
    torn: bool = False
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """How an operation ended.

    Attributes:
        exit_code: as the CLI's.
        errors: what the user is told.
        changed: how many resources had which operation.
        state_changes: what was done to the stack's files (see `Fuse.burnt`).
    """

    exit_code: int
    errors: tuple[str, ...]
    changed: Mapping[str, int]
    state_changes: tuple[str, ...]


class Driver:
    """A running operation."""

    def __init__(self, order: Order) -> None:
        self._answer, theirs = _CONTEXT.Pipe(duplex=False)
        self._process: BaseProcess = _CONTEXT.Process(target=_work, args=(order, theirs), daemon=False)
        self._process.start()
        theirs.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def result(self, seconds: float = 60.0) -> Report | None:
        """Wait for its end; None if it was killed.

        Raises:
            TimeoutError: if it does not end.
        """
        try:
            report: Report | None = self._answer.recv() if self._answer.poll(seconds) else None
        except EOFError:
            report = None
        self._process.join(10)
        hangs = self._process.is_alive()
        if hangs:
            kill(*children_of(self.pid).values(), self.pid)
            self._process.join()
        self._process.close()
        self._answer.close()
        if hangs:
            msg = f"the operation did not end: {report}"
            raise TimeoutError(msg)
        return report


def run(order: Order) -> Report | None:
    """Do it and wait for its end; None if it was killed."""
    return Driver(order).result()


def _work(order: Order, answer: Connection) -> None:
    environment = {
        "HUBSPOT_ACCESS_TOKEN": order.token,
        "HUBASSOC_BASE_URL": order.url,
        "HUBASSOC_PATIENCE_SECONDS": "5",
        "PYTHONPATH": str(_ROOT),
        **order.env,
    }
    os.environ.update(environment)  # for a provider in this process
    fuse = Fuse(order.folder / "state", order.die_at, torn=order.torn)
    engine = DyingEngine(order.folder / "state", fuse, provider="in-process" if order.in_process else "process")
    stack = engine.stack(Project(PROJECT, order.program, order.folder), STACK, env=environment)
    if order.cancel:
        stack.cancel()
    result = getattr(stack, order.operation)()
    answer.send(Report(result.exit_code, tuple(result.errors), result.changed, tuple(fuse.burnt)))
