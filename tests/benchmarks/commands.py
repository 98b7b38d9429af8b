"""One command of an engine, measured: the real `pulumi` or `hubassoc local`, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_HUBASSOC = "from pulumi_hubassoc.cli.main import main; raise SystemExit(main())"
_VERBS = {"create": "up", "no-op up": "up", "rename": "up"}
"""What is measured -> the command, where they have not the same name."""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds, and bytes, the greatest sum over its processes at one moment (pages they share count for each)."""

    seconds: float
    memory: int


@dataclass
class Stack:
    """A stack of a program in a folder, on one of the engines."""

    engine: str
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folder, and the CLI's back end."""
        self.folder.mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (self.folder / "__main__.py").write_text("")
        if self.engine == "cli":
            (self.folder.parent / f"{self.folder.name}-state").mkdir()
            self._call("pulumi", "stack", "init", "dev", "--non-interactive")

    def run(self, operation: str, program: str) -> Cost:
        """Carry out `create`, `preview`, `no-op up`, `refresh`, `rename` or `destroy`."""
        (self.folder / "__main__.py").write_text(program)
        verb = _VERBS.get(operation, operation)
        go = [] if verb == "preview" else ["--yes", "--skip-preview"]
        if self.engine == "cli":
            return self._call("pulumi", verb, "-s", "dev", "--non-interactive", *go)
        return self._call(sys.executable, "-c", _HUBASSOC, "local", verb, "-s", "dev", *go)

    def _call(self, *command: str) -> Cost:
        state = self.folder.parent / f"{self.folder.name}-state"
        ours = {
            "PYTHONPATH": str(ROOT),
            "PULUMI_CONFIG_PASSPHRASE": "sesame",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_HOME": str(self.folder.parent / "pulumi-home"),
        }
        with (self.folder / "output.txt").open("w+") as output:
            begin = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **ours, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            with _Watch(process.pid) as watch:
                code = process.wait()
            seconds = time.perf_counter() - begin
            if code:
                output.seek(0)
                msg = f"{' '.join(command)} ended with {code}:\n{output.read()[-2000:]}"
                raise RuntimeError(msg)
        return Cost(seconds, watch.most)


class _Watch:
    """Looks at the memory of a process and all below it, ten times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self.most = pid, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.most = max(self.most, self._sum())

    def _sum(self) -> int:
        parents: dict[int, int] = {}
        pages: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                numbers = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            pid = int(stat.parent.name)
            parents[pid], pages[pid] = int(numbers[1]), int(numbers[21])
        tree = {self._pid}
        while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
            tree |= more
        return _PAGE * sum(pages.get(pid, 0) for pid in tree)
