"""Where a fleet keeps what it needs: one folder beside `fleet.yaml`, which all workers of a cluster must see.

| in ``.hubassoc-fleet/`` | |
|---|---|
| ``records.jsonl`` | the records of all runs |
| ``last-run.json`` | which run was begun last, for ``--resume`` |
| ``leases/`` | who works on which stack |
| ``spending/`` | the requests to each portal today |
| ``state/`` | the states, unless the fleet has a back end |
| ``work/<stack>/`` | the folder a stack's job runs in, with its own ``PULUMI_HOME`` |
| ``stop-<run>`` | tells the jobs of a run to end |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi_hubassoc.fleet.document import Fleet

FOLDER = ".hubassoc-fleet"


@dataclass(frozen=True)
class FleetPlace:
    """The folder of a fleet.

    Attributes:
        folder: absolute.
    """

    folder: Path

    @classmethod
    def of(cls, fleet: Fleet) -> FleetPlace:
        """Beside its file."""
        return cls(fleet.path.parent / FOLDER)

    def make(self) -> None:
        """Make it, and keep it out of repositories."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")

    @property
    def records(self) -> Path:
        """The file of the records."""
        return self.folder / "records.jsonl"

    @property
    def last_run(self) -> Path:
        """The file that names the newest run."""
        return self.folder / "last-run.json"

    @property
    def leases(self) -> Path:
        """The folder of the leases."""
        return self.folder / "leases"

    @property
    def state(self) -> Path:
        """The folder of the states."""
        return self.folder / "state"

    def spending(self, portal_id: int) -> Path:
        """The file in which the requests to a portal are counted."""
        return self.folder / "spending" / str(portal_id)

    def work(self, stack: str) -> Path:
        """The folder a stack's job runs in."""
        return self.folder / "work" / stack

    def stop(self, session: str) -> Path:
        """The file that, once there, makes all jobs of a session end."""
        return self.folder / f"stop-{session}"
