"""A portal with a stack in it, what can happen to both, and what must be true in the end."""

from __future__ import annotations

import functools
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.emulator.httpd import RunningServer
from pulumi_hubassoc.emulator.state import State
from tests.crash.driver import PROJECT, STACK, VARIANT, Operation, Order, Report, Variant, declare, expected, run

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

TOKEN = "pat-na1-crash-test"
MOST_RERUNS = 2
AT_ONCE = 2
"""Cases at once, each of them a process or two."""
Moment = Literal["before", "applied", "answered"]
Shot = Callable[[], bool]
"""Kills, and says whether who asked is still alive."""
_PROGRAM = f"import os\nfrom tests.crash import driver\n\ndriver.declare(os.environ[{VARIANT!r}])\n"


@dataclass(frozen=True)
class Case:
    """An operation of the engine.

    Attributes:
        operation: its name.
        start: the starting point.
        variant: the program that it runs.
        recovery: what puts it right when it was killed. An interrupted refresh or destroy leaves in doubt what there
            is: to go back to the program, refresh first.
    """

    operation: Operation
    start: Literal["bare", "there", "drifted"]
    variant: Variant
    recovery: tuple[Operation, ...] = ("up",)


CASES = {
    "up": Case("up", "bare", "first"),
    "update": Case("up", "there", "changed"),
    "replace": Case("up", "there", "replaced"),
    "refresh": Case("refresh", "drifted", "first", ("refresh", "up")),
    "destroy": Case("destroy", "there", "first", ("destroy",)),
    "destroy, and back": Case("destroy", "there", "first", ("refresh", "up")),
}


@dataclass(frozen=True)
class Boundary:
    """A place in the traffic: before a request is applied, before it is answered, or when it has just been answered.

    Attributes:
        request: its number, from 1, among those that fit `method`.
        moment: where.
        method: of HTTP; any unless given.
    """

    request: int
    moment: Moment
    method: str = ""


class Gate:
    """Hands requests on to an emulator, and calls a function at one boundary.

    Args:
        app: the emulator.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._passed = 0
        self._boundary: Boundary | None = None
        self._aim: Callable[[], Shot] = lambda: lambda: True
        self._striking = threading.Lock()
        self._last = 0.0
        self.struck = threading.Event()

    def arm(self, boundary: Boundary, aim: Callable[[], Shot]) -> None:
        """At a boundary, requests counted from now, look for the victim (`aim`) and shoot."""
        with self._lock:
            self._passed, self._boundary, self._aim = 0, boundary, aim
            self.struck.clear()

    def disarm(self) -> None:
        """Let everything through, once a strike under way has struck."""
        with self._lock, self._striking:
            self._boundary = None

    def wait_until_quiet(self, seconds: float = 0.1) -> None:
        """Wait until nobody has asked anything for a while."""
        while (left := self._last + seconds - time.monotonic()) > 0:
            time.sleep(left)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            self._last = time.monotonic()
            boundary = self._boundary
            counts = boundary is not None and boundary.method in {"", environ["REQUEST_METHOD"]}
            self._passed += counts
            moment = boundary.moment if boundary and counts and self._passed == boundary.request else None
        if moment == "before" and not self._fire(self._aim()):
            start_response("503 Never Arrived", [("Content-Length", "0")])
            return []
        answer = self._app(environ, start_response)
        if moment == "applied":
            self._fire(self._aim())
        if moment == "answered":  # a moment later, when the answer has gone out
            threading.Timer(0.004, self._fire, [self._aim()]).start()
        return answer

    def _fire(self, shot: Shot) -> bool:
        with self._striking:
            self.struck.set()
            return shot()


@dataclass(frozen=True)
class Start:
    """What there is before an operation: the portal's data and the stack's files."""

    portal: State
    files: Path | None = None


class Scene:
    """A portal, an emulator before it, and a project's folder.

    Args:
        folder: an empty one, for the project.
        start: what there is; a portal with foreign labels and limits unless given.
    """

    def __init__(self, folder: Path, start: Start | None = None) -> None:
        self.emulator = Emulator(seed=3)
        self.portal = self.emulator.add_portal(token=TOKEN, portal_id=4711)
        self.gate = Gate(self.emulator.app)
        self._server = RunningServer(self.gate, 0, threading.Event())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        (folder / "__main__.py").write_text(_PROGRAM)
        self.folder = folder
        if start:
            self.portal.load(start.portal)
            if start.files:
                shutil.copytree(start.files, folder / "state")
        else:
            self._populate()

    def _populate(self) -> None:
        """What is not ours: two labels, one of them on our pair with a limit, and a limit of another pair."""
        drift = self.portal.drift
        partner = drift.create_label("contacts", "companies", "Partner")
        drift.create_label("companies", "contacts", "Owes us", "Is owed by")
        drift.set_limit("companies", "contacts", partner.inverse_type_id, 3)
        drift.set_limit("contacts", "tickets", 15, 9, "HUBSPOT_DEFINED")

    @property
    def url(self) -> str:
        """Of the emulator."""
        return self._server.url

    @property
    def is_locked(self) -> bool:
        """Whether a dead run holds the stack."""
        return (self.folder / "state" / PROJECT / f"{STACK}.lock").exists()

    def start(self) -> Start:
        """What there is now, to begin other scenes with."""
        kept = self.folder.with_name(f"{self.folder.name}-kept")
        if (self.folder / "state").exists():
            shutil.copytree(self.folder / "state", kept)
        return Start(self.portal.state, kept if kept.exists() else None)

    def order(self, operation: Operation, variant: Variant, **options: Any) -> Order:
        """An order for this scene; with `program_apart` the program runs in a process of its own."""
        program = self.folder if options.pop("program_apart", False) else functools.partial(declare, variant)
        env = {VARIANT: variant}
        return Order(operation, program, self.folder, self.url, TOKEN, env=env, **options)

    def run(self, operation: Operation, variant: Variant, **options: Any) -> Report:
        """Do an operation that must not be killed."""
        report = run(self.order(operation, variant, **options))
        assert report is not None, "the driver died"
        return report

    def stop(self) -> None:
        """End the emulator."""
        self._server.stop()


@contextmanager
def scene(folder: Path, start: Start | None = None) -> Iterator[Scene]:
    """A scene, and its end."""
    made = Scene(folder, start)
    try:
        yield made
    finally:
        made.stop()


# -------------------------------------------------------------------------------------------------- recovery and proof


def recover(here: Scene, *operations: Operation, variant: Variant) -> None:
    """The documented recovery: cancel where locked, then these operations, each at most two times."""
    for operation in operations:
        for _ in range(MOST_RERUNS):
            report = here.run(operation, variant, cancel=here.is_locked, in_process=True)
            if report.exit_code == 0:
                break
        else:
            msg = f"{operation} did not succeed in {MOST_RERUNS} reruns: {report.errors}"
            raise AssertionError(msg)


def prove(here: Scene, case: Case, foreign: State) -> None:
    """What recovery has led to: nothing, or the program."""
    if case.recovery == ("destroy",):
        prove_nothing_left(here, foreign)
    else:
        prove_program(here, case.variant, foreign)


def prove_program(here: Scene, variant: Variant, foreign: State, exported: Mapping[str, Any] | None = None) -> None:
    """Program, portal and state are one: no duplicate, no orphan, nothing lost, and what is not ours as it was.

    Args:
        here: the portal.
        variant: the program.
        foreign: what is not ours.
        exported: the state, as an engine exports it; the built-in engine's own file unless given.
    """
    labels, maxima = expected(variant)
    ours = [label for label in here.portal.labels() if label.type_id not in foreign.labels]
    found = sorted((o.from_object_type, o.to_object_type, str(o.label), str(o.inverse_label)) for o in ours)
    assert found == sorted(labels)
    assert len({label.name for label in ours}) == len(ours)

    stored = {r["urn"].rsplit("::", 1)[-1]: r for r in resources(here, exported)}
    assert sorted(stored) == ["billing", "few", "lead", "many"]
    assert {stored[name]["id"] for name in ("billing", "lead")} == {
        f"{o.from_object_type}/{o.to_object_type}/{o.type_id}/{o.inverse_type_id}" for o in ours
    }
    texts = {(p["from_object_type"], p["to_object_type"], p["label"]) for p in _outputs(stored, "billing", "lead")}
    assert texts == {label[:3] for label in labels}

    limits = dict(foreign.limits)
    for name, outputs in zip(("few", "many"), _outputs(stored, "few", "many"), strict=True):
        assert int(outputs["max_to_object_ids"]) == maxima[name]
        limits[outputs["category"], int(outputs["type_id"])] = maxima[name]
    assert dict(here.portal.state.limits) == limits
    assert {i: here.portal.state.labels.get(i) for i in foreign.labels} == dict(foreign.labels)


def resources(here: Scene, exported: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Our resources in the state (see `prove_program`)."""
    if exported is None:
        exported = json.loads((here.folder / "state" / PROJECT / f"{STACK}.json").read_text(encoding="utf-8"))
    return [r for r in exported["deployment"].get("resources", []) if "dynamic/hubassoc:" in r["type"]]


def prove_nothing_left(here: Scene, foreign: State) -> None:
    """Nothing of ours is in the state or in the portal, and what is not ours is as it was."""
    assert resources(here) == []
    assert dict(here.portal.state.labels) == dict(foreign.labels)
    assert dict(here.portal.state.limits) == dict(foreign.limits)


def _outputs(stored: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    return [stored[name]["outputs"] for name in names]
