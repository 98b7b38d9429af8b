"""A fleet of emulated portals that is run: its file, its folder, and what its portals hold afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_hubassoc.emulator import Emulator, Settings
from pulumi_hubassoc.engine.interface import OperationName
from pulumi_hubassoc.fleet.document import Fleet, read
from pulumi_hubassoc.fleet.lease import Holder, Lease
from pulumi_hubassoc.fleet.place import FleetPlace
from pulumi_hubassoc.fleet.record import Record, Records
from pulumi_hubassoc.fleet.run import RunResult, run_fleet

SCHEMA = {
    "pairs": [
        {
            "from": "contacts",
            "to": "companies",
            "labels": {
                "billing": {"label": "Billing contact", "inverse_max": 1},
                "technical": {"label": "Technical contact"},
            },
        },
        {
            "from": "contacts",
            "to": "contacts",
            "labels": {"manager": {"label": "Manager", "inverse_label": "Employee"}},
        },
    ]
}
LABELS = Counter(
    {
        ("Billing contact", "Billing contact"): 1,
        ("Technical contact", "Technical contact"): 1,
        ("Manager", "Employee"): 1,
    }
)
"""The labels that each portal is to have, each once."""
WRITES = 4
"""Three labels and a limit: what is written to a portal, if nothing is written twice."""


def token_of(number: int) -> str:
    """The token of a portal."""
    return f"pat-eu1-sentinel-{number:05}"


class Client:
    """The emulated portals and the fleet file that lists them.

    Attributes:
        emulator: serves the portals, `1000`, `1001` …
        file: the fleet file; `rewrite` writes it anew.
        url: where the portals are.
    """

    def __init__(self, folder: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, portals: int) -> None:
        self.emulator, self.folder, self.size = emulator, folder, portals
        self.file = folder / "fleet.yaml"
        self._env = monkeypatch
        for number in range(portals):
            emulator.add_portal(token=token_of(number), portal_id=1000 + number)
            monkeypatch.setenv(f"TOKEN_{number}", token_of(number))
        self.url = emulator.start()
        monkeypatch.setenv("HUBASSOC_BASE_URL", self.url)
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "sesame")
        monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
        (folder / "crm.yaml").write_text(yaml.safe_dump(SCHEMA))
        self.rewrite()

    def rewrite(self, portals: dict[str, dict[str, Any]] | None = None, **keys: Any) -> None:
        """Write the fleet file, with other keys for it and for some of its portals."""
        own = portals or {}
        listed = {
            f"p{n}": {"portal_id": 1000 + n, "token": {"env": f"TOKEN_{n}"}, **own.get(f"p{n}", {})}
            for n in range(self.size)
        }
        self.file.write_text(
            yaml.safe_dump({"project": "crm", "schema": "crm.yaml", **keys, "portals": listed}, sort_keys=False)
        )

    @property
    def fleet(self) -> Fleet:
        """The fleet, as its file says it now."""
        return read(self.file)

    @property
    def place(self) -> FleetPlace:
        """Its folder."""
        return FleetPlace.of(self.fleet)

    def run(self, operation: OperationName = "up", executor: Executor | None = None, **options: Any) -> RunResult:
        """An operation on all of it, by two threads and the built-in engine unless said otherwise."""
        options = {"slots": 2, "engine": "local", **options}
        if executor:
            return run_fleet(self.fleet, operation, executor, **options)
        with ThreadPoolExecutor(options["slots"]) as pool:
            return run_fleet(self.fleet, operation, pool, **options)

    def records(self) -> tuple[Record, ...]:
        """All records of its file."""
        return Records(self.place.records).read()

    def settle(self, number: int, **settings: Any) -> None:
        """Let a portal answer otherwise."""
        self.emulator.portal(1000 + number).configure(**vars(Settings(**settings)))

    def asked(self, number: int | None = None) -> int:
        """How many requests arrived."""
        return self.emulator.journal.count(portal_id=None if number is None else 1000 + number)

    def labels(self, number: int) -> Counter[tuple[str | None, str | None]]:
        """The labels that a portal has, by their texts."""
        return Counter((label.label, label.inverse_label) for label in self.emulator.portal(1000 + number).labels())

    def limits(self, number: int) -> list[int]:
        """The limits that a portal has."""
        return [limit.max_to_object_ids for limit in self.emulator.portal(1000 + number).limits()]

    def converged(self, number: int) -> bool:
        """Whether a portal has all that it should, and each once."""
        return self.labels(number) == LABELS and self.limits(number) == [1]

    def written(self, number: int) -> Counter[str]:
        """The writes that a portal was sent, by operation."""
        return Counter(r.operation for r in self.emulator.journal.records(portal_id=1000 + number) if r.method != "GET")

    def holder(self, number: int) -> Holder | None:
        """Who works on a stack now."""
        lease = Lease(self.place.leases, f"crm.p{number}")
        return lease.holder()

    def wait_for(self, what: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait until something is so; it must be within a minute."""
        deadline = time.monotonic() + seconds
        while not (found := what()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found


@contextmanager
def outcomes(result: RunResult) -> Iterator[dict[str, Record]]:
    """The records of a run by stack; what is wrong with them is shown if a check of them fails."""
    found = {record.stack: record for record in result.records}
    try:
        yield found
    except AssertionError as error:
        error.add_note("\n".join(f"{r.stack} {r.outcome} {r.errors}" for r in found.values())) if hasattr(
            error, "add_note"
        ) else None
        raise
