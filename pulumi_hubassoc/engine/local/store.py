"""Where stacks are kept: a deployment file, the journal of a run in progress, and the lock.

A run writes every change of the state as one line of the journal before it goes on, so that whatever kills it, file and
journal together say what was confirmed. At its end the file is written anew and the journal goes. A line costs the same
whatever the size of the stack.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO

from pulumi_hubassoc.engine.interface import EngineError, StackLocked

from .stack_secrets import StackSecrets
from .state import (
    Deployment,
    Operation,
    deployment_from_json,
    deployment_to_json,
    now,
    resource_from_json,
    resource_to_json,
    without_dangling,
)

# {"do": "put" | "drop" | "begin" | "end" | "refreshed", "key": …, "type": of an operation, "resource": a ResourceState}
Change = Mapping[str, Any]
PROJECT_FOLDER = ".pulumi-local"  # in a project's own folder, and nothing for its repository


class Store(Protocol):
    """Keeps the deployment of one stack."""

    def load(self) -> Deployment | None:
        """The deployment, with what a killed run confirmed; None where there is no such stack."""

    def save(self, deployment: Deployment) -> None:
        """Keep a deployment, whole."""

    def begin(self, base: Deployment) -> Journal:
        """Begin to write down the changes that a run makes to `base`, which is what `load` gave."""

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs out; StackLocked where one is in."""

    def unlock(self) -> None:
        """Take away the lock, whoever has it."""

    def remove(self) -> None:
        """Forget the stack."""


class Journal(Protocol):
    """Takes down changes, one after another."""

    def write(self, *changes: Change) -> None:
        """Keep changes that belong together."""

    def close(self) -> None:
        """No more changes come."""


class MemoryStore:
    """A stack that lives as long as this object."""

    def __init__(self) -> None:
        self._deployment: Deployment | None = None
        self._busy = False

    def load(self) -> Deployment | None:
        """A copy, because a run changes states in place."""
        if self._deployment is None:
            return None
        return Deployment([r.copy() for r in self._deployment.resources], list(self._deployment.pending))

    def save(self, deployment: Deployment) -> None:
        """Keep it, as it is."""
        self._deployment = deployment

    def begin(self, base: Deployment) -> Journal:
        """Nothing outlives the process, so nothing is written."""
        return _NoJournal()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time, in this process."""
        if self._busy:
            raise StackLocked("the stack is locked by another run in this process: wait for it to end")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    def unlock(self) -> None:
        """A lock in memory goes with its run."""

    def remove(self) -> None:
        """Forget the deployment."""
        self._deployment = None


class _NoJournal:
    def write(self, *changes: Change) -> None:
        pass

    def close(self) -> None:
        pass


class FileStore:
    """A stack in a folder: ``<stack>.json``, ``<stack>.journal`` while a run lasts, ``<stack>.lock``.

    Args:
        folder: made when the first thing is written.
        stack: the stack's name.
        secrets: for what must not be written in clear.
    """

    def __init__(self, folder: Path, stack: str, secrets: StackSecrets) -> None:
        self._file = folder / f"{stack}.json"
        self._journal = folder / f"{stack}.journal"
        self._lock = folder / f"{stack}.lock"
        self._stack = stack
        self._secrets = secrets

    def load(self) -> Deployment | None:
        """Read the file, and the journal that a killed run has left."""
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            data = json.loads(text)
            provider = (data.get("deployment") or {}).get("secrets_providers")
        except (ValueError, AttributeError):
            raise EngineError(f"{self._file} is damaged: it is not a deployment in JSON") from None
        journal = self._lines_for(text)
        salts = [line["salt"] for line in journal if "salt" in line]
        self._secrets.use({"type": "passphrase", "state": {"salt": salts[-1]}} if salts else provider)
        deployment = deployment_from_json(data, self._secrets.decrypt)
        return _replayed(deployment, journal, self._secrets) if journal else deployment

    def _lines_for(self, base: bytes) -> list[dict[str, Any]]:
        """The complete lines of the journal, if it continues this file (and not the one before it)."""
        try:
            lines = self._journal.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        if len(lines) < 2 or json.loads(lines[0]).get("base") != _digest(base):
            return []
        return [json.loads(line) for line in lines[1:-1]]

    def save(self, deployment: Deployment) -> None:
        """Write the file anew, whole or not at all, and drop the journal that led to it."""
        data = deployment_to_json(deployment, self._secrets.encrypt, None)
        if self._secrets.provider:
            manifest = data["deployment"].pop("manifest")
            data["deployment"] = {
                "manifest": manifest,
                "secrets_providers": self._secrets.provider,
                **data["deployment"],
            }
        if self._file.parent.name == PROJECT_FOLDER and not self._file.parent.exists():
            write_whole(self._file.parent / ".gitignore", "*\n")
        write_whole(self._file, json.dumps(data, indent=4, ensure_ascii=False) + "\n")
        self._journal.unlink(missing_ok=True)

    def begin(self, base: Deployment) -> Journal:
        """Start a journal; what an earlier one holds is put into the file first."""
        if self._journal.exists() or not self._file.exists():
            self.save(base)
        return _FileJournal(self._journal, _digest(self._file.read_bytes()), self._secrets)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock file, which names this process."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "user": _user(), "time": now()}
        try:
            with self._lock.open("x", encoding="utf-8") as file:
                json.dump(mine, file)
        except FileExistsError:
            raise StackLocked(self._who_holds_it()) from None
        try:
            yield
        finally:
            self._lock.unlink(missing_ok=True)

    def _who_holds_it(self) -> str:
        try:
            by = json.loads(self._lock.read_text(encoding="utf-8"))
            who = f"{by['user']}@{by['host']} (pid {by['pid']}) at {by['time']}"
        except (OSError, ValueError, KeyError):
            who = "a run that has just begun"
        return (
            f"the stack {self._stack} is currently locked by {who}: wait for it to end, or, if it is dead, cancel it "
            f"(which deletes {self._lock})"
        )

    def unlock(self) -> None:
        """Delete the lock file."""
        self._lock.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the files."""
        for file in (self._journal, self._file, self._lock):
            file.unlink(missing_ok=True)


class _FileJournal:
    """Appends to a journal file; a change with secrets names the salt that opens them."""

    def __init__(self, path: Path, base: str, secrets: StackSecrets) -> None:
        self._secrets = secrets
        self._salt = secrets.salt
        self._file: TextIO = path.open("w", encoding="utf-8")
        self._put({"base": base})

    def write(self, *changes: Change) -> None:
        line: dict[str, Any] = {"changes": [self._in_json(change) for change in changes]}
        if self._secrets.salt != self._salt:
            line["salt"] = self._salt = self._secrets.salt
        self._put(line)

    def _in_json(self, change: Change) -> Change:
        if "resource" not in change:
            return change
        if change["resource"].additional_secret_outputs:
            self._secrets.require()  # now, and not when there is an output that cannot be kept
        return {**change, "resource": resource_to_json(change["resource"], self._secrets.encrypt)}

    def _put(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _replayed(base: Deployment, journal: list[dict[str, Any]], secrets: StackSecrets) -> Deployment:
    """A deployment with a journal's changes made to it."""
    news: dict[str, Any] = {}
    olds: dict[str, Any] = {f"b{n}": resource for n, resource in enumerate(base.resources)}
    pending: dict[str, Operation] = {}
    refreshed = False
    for line in journal:
        for change in line["changes"]:
            key = change.get("key", "")
            if change["do"] == "put":
                (olds if key in olds else news)[key] = resource_from_json(change["resource"], secrets.decrypt)
            elif change["do"] == "drop":
                news.pop(key, None)
                olds.pop(key, None)
            elif change["do"] == "begin":
                pending[key] = Operation(change["type"], resource_from_json(change["resource"], secrets.decrypt))
            elif change["do"] == "end":
                pending.pop(key, None)
            elif change["do"] == "refreshed":
                refreshed = True
    resources = [*news.values(), *olds.values()]
    creating = [op for op in base.pending if op.type == "creating"]
    return Deployment(without_dangling(resources) if refreshed else resources, [*pending.values(), *creating])


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers, and whoever is left after a crash, find the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
