"""`fleet.yaml`: the portals of a fleet and what they get. Everything that is wrong with it is told at once.

Tokens are never in the file, and never read here: a portal says where its token is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pulumi_hubassoc.errors import HubAssocError, SchemaError, one_line
from pulumi_hubassoc.estate import files, written
from pulumi_hubassoc.estate.spec import SchemaSpec, Spec, keys_of
from pulumi_hubassoc.estate.written import Place, Written
from pulumi_hubassoc.fleet.spec import TOKEN_LIKE, FleetSpec, PortalSpec, TokenSpec, WavesSpec
from pulumi_hubassoc.hubspot.nearest import nearest, some_of

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
_SHOWN_BELOW_TOKEN = ("env", "file")
_IN_WORDS = {
    "missing": "is missing",
    "bool_type": "must be true or false",
    "dict_type": "must hold keys and their values",
    "model_type": "must hold keys and their values",
    "tuple_type": "must be a list",
}
_Path = tuple[str, ...]


@dataclass(frozen=True)
class TokenFrom:
    """Where a portal's token is; exactly one is set.

    Attributes:
        env: the environment variable.
        file: the file, absolute.
        config: it is the stack's own ``hubassoc:accessToken``.
    """

    env: str | None = None
    file: Path | None = None
    config: bool = False


@dataclass(frozen=True)
class FleetPortal:
    """A portal of a fleet.

    Attributes:
        stack: the name of its stack.
        token: where its token is.
        portal_id: HubSpot's number, which the token must be of.
        overlay: what it has otherwise than the schema, a file, absolute.
        tags: by which it is chosen.
        config: of this stack, over the fleet's.
        canary: whether it is in the first wave.
    """

    stack: str
    token: TokenFrom
    portal_id: int
    overlay: Path | None
    tags: frozenset[str]
    config: Mapping[str, str]
    canary: bool


@dataclass(frozen=True)
class Waves:
    """Canaries first, then a share of all, then all.

    Attributes:
        second: the share in the second wave, more than 0 and at most 1.
        stop_at: a wave with more failures than this share ends the run, 0 to 1.
    """

    second: float = 0.1
    stop_at: float = 0.2


@dataclass(frozen=True)
class Fleet:
    """The portals and what they get.

    Attributes:
        path: of the fleet file, absolute, as all paths here.
        project: the Pulumi project of all stacks.
        program: the folder of the program, None where there is a schema.
        schema: the file that all get, None where there is a program.
        portals: as written; at least one, and at least one canary.
        config: of all stacks, plain.
        backend: URL of the back end, None: see `FleetSpec`.
        waves: in which they are changed.
        daily_share: of a portal's daily requests, more than 0 and at most 1.
    """

    path: Path
    project: str
    program: Path | None
    schema: Path | None
    portals: tuple[FleetPortal, ...]
    config: Mapping[str, str]
    backend: str | None
    waves: Waves
    daily_share: float = 0.5


def read(path: Path) -> Fleet:
    """The fleet of a file. Of other files it only looks whether they are there; see `schema_of`.

    Args:
        path: YAML or JSON. Relative paths in it are taken from its folder.

    Raises:
        SchemaError: if there is any fault; all are told, as ``file:line: key: reason``.
    """
    return _Reading(path).fleet()


def chosen(fleet: Fleet, tags: Sequence[str], only: Sequence[str]) -> tuple[FleetPortal, ...]:
    """The portals with any of some tags, of some stacks; all where neither is said. As they stand in the file.

    Raises:
        HubAssocError: if there is no such tag or stack, or no portal has both.
    """
    _refuse_others("tag", tags, {tag for portal in fleet.portals for tag in portal.tags}, fleet)
    _refuse_others("stack", only, {portal.stack for portal in fleet.portals}, fleet)
    found = tuple(
        portal
        for portal in fleet.portals
        if (not tags or portal.tags.intersection(tags)) and (not only or portal.stack in only)
    )
    if not found:
        raise HubAssocError(
            f"no portal in {fleet.path.name} is one of {some_of(only)} and has the tag {' or '.join(tags)} — choose others"
        )
    return found


def schema_of(fleet: Fleet, portal: FleetPortal) -> SchemaSpec:
    """What a portal should have, where the fleet has a schema: the schema with the portal's overlay.

    Raises:
        SchemaError: if these files have any fault.
    """
    assert fleet.schema is not None
    return files.read(fleet.schema, [portal.overlay] if portal.overlay else [])


def check_schemas(fleet: Fleet, portals: Sequence[FleetPortal]) -> None:
    """Read the schema with each overlay of some portals, so that no run begins that cannot be finished.

    Raises:
        SchemaError: with all faults of all of them.
    """
    distinct = {portal.overlay: portal for portal in portals} if fleet.schema else {}
    faults = dict.fromkeys(fault for portal in distinct.values() for fault in _faults_of_schema(fleet, portal))
    if faults:
        raise SchemaError(faults)


def _faults_of_schema(fleet: Fleet, portal: FleetPortal) -> Sequence[str]:
    try:
        schema_of(fleet, portal)
    except SchemaError as error:
        return error.faults
    return ()


def _refuse_others(kind: str, asked: Sequence[str], known: set[str], fleet: Fleet) -> None:
    for name in asked:
        if name not in known:
            close = nearest(name, sorted(known))
            hint = f"did you mean {close[0]}?" if close else f"there are {some_of(sorted(known)) or 'none'}"
            raise HubAssocError(f"{fleet.path.name} has no {kind} {one_line(name, 60)!r} — {hint}")


class _Reading:
    """One reading of a fleet file.

    Attributes:
        faults: where, and ``key: reason``, in any order.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = path.absolute().parent
        self.faults: list[tuple[Place, str]] = []
        self._empty: set[_Path] = set()

    def fleet(self) -> Fleet:
        try:
            self._root, as_yaml = written.read(self._path, first_key="portals")
        except SchemaError as error:
            raise SchemaError(_without_tokens(fault) for fault in error.faults) from None
        self.faults += [
            (place, re.sub(r"^(portals\..*\.token)\b.*", r"\1: cannot be read", what)) for place, what in as_yaml
        ]
        self._refuse_empty(self._root, ())
        spec = self._spec()
        for path, reason in self._faults_between():
            self._note(path, reason)
        project = self._project(spec) if spec else None
        if self.faults:
            told = sorted(self.faults, key=lambda fault: fault[0].line)
            raise SchemaError(dict.fromkeys(_without_tokens(f"{place}: {what}") for place, what in told))
        assert spec is not None
        assert project is not None
        return self._made(spec, project)

    # ---------------------------------------------------------------------------------------------- what is written

    def _spec(self) -> FleetSpec | None:
        """The file as the models have it, None if any of it is wrong; each fault is noted."""
        content = self._root.plain
        content.pop("$schema", None) if isinstance(content, dict) else None
        try:
            return FleetSpec.model_validate(content)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                path = tuple(map(str, detail["loc"]))
                self._note(path[:-1] if path[-1:] == ("[key]",) else path, _in_words(detail, path))
        return None

    def _refuse_empty(self, found: Written, path: _Path) -> None:
        for key, item in _items(found.value):
            if item.value is None:
                self._note((*path, key), "is empty: give it a value, or leave the key out")
                self._empty.add((*path, key))
            self._refuse_empty(item, (*path, key))

    def _faults_between(self) -> Iterator[tuple[_Path, str]]:
        """What does not go together: two portals that are one, or have one token, and files that are not there."""
        root = dict(_items(self._root.value))
        has = [key for key in ("schema", "program") if key in root]
        if len(has) != 1:
            reason = "is there beside `schema`: keep one of them" if has else "is missing: what do the portals get?"
            yield (has[-1] if has else "schema",), reason
        yield from self._missing_files(root, ())
        portals = dict(_items(root["portals"].value)) if "portals" in root else {}
        if not portals and "portals" in root and isinstance(root["portals"].value, dict):
            yield ("portals",), "has no portal: write one, under the name of its stack"
        first: dict[tuple[str, Any], Place] = {}
        for stack, portal in portals.items():
            own = dict(_items(portal.value))
            yield from self._missing_files(own, ("portals", stack))
            if "overlay" in own and "program" in root:
                reason = "needs `schema`: a program chooses for itself, by the portal's `config`"
                yield ("portals", stack, "overlay"), reason
            token = own["token"].value if "token" in own else None
            told = {"portal_id": own.get("portal_id")} | (
                {f"token.{key}": item for key, item in token.items()} if isinstance(token, dict) else {}
            )
            for field, item in told.items():
                if item is None or not isinstance(item.value, (str, int)) or field not in _ONCE:
                    continue
                place = first.setdefault((field, item.value), item.place)
                if place is not item.place:
                    yield ("portals", stack, *field.split(".")), f"{_ONCE[field]} (see {place})"

    def _missing_files(self, keys: Mapping[str, Written], path: _Path) -> Iterator[tuple[_Path, str]]:
        for key in ("schema", "overlay", "program"):
            value = keys[key].value if key in keys else None
            if not isinstance(value, str) or not value.strip() or "\0" in value or TOKEN_LIKE.search(value):
                continue  # told already
            try:
                there = self._folder / value.strip()
                if key == "program" and not any((there / name).is_file() for name in _PROJECT_FILES):
                    yield (*path, key), "there is no folder of this name with a Pulumi.yaml"
                elif key != "program" and not there.is_file():
                    yield (*path, key), "there is no such file"
            except OSError as error:
                yield (*path, key), f"cannot be looked up: {error.strerror}"

    def _project(self, spec: FleetSpec) -> str | None:
        """The project's name, from here or from the program's Pulumi.yaml."""
        if spec.program is None:
            if spec.project is None:
                self._note(("project",), "is missing: a name for the Pulumi project of all stacks")
            return spec.project
        folder = self._folder / spec.program
        file = next((folder / name for name in _PROJECT_FILES if (folder / name).is_file()), None)
        if file is None:
            return None  # told already
        try:
            found = dict(_items(written.read(file, first_key="name")[0].value)).get("name")
        except SchemaError as error:
            self._note(("program",), f"its Pulumi.yaml cannot be read: {error}")
            return None
        if found is None or not isinstance(found.value, str):
            self._note(("program",), "its Pulumi.yaml has no `name`")
            return None
        if spec.project not in (None, found.value):
            self._note(("project",), f"is not that of the program, {one_line(found.value, 60)}: leave it out")
        return found.value

    def _note(self, path: _Path, reason: str) -> None:
        """A fault, where it is written, or what it is missing in; nothing below a token but its two keys is told."""
        if path in self._empty:
            return  # that it is empty is told, and says it all
        place, shown = self._root, list(path)
        for part in path:
            items = dict(_items(place.value))
            if part not in items:
                break
            place = items[part]
        if path[:1] == ("portals",) and path[2:3] == ("token",) and path[3:4] and path[3] not in _SHOWN_BELOW_TOKEN:
            shown = list(path[:3])
        key = ".".join(one_line(part, 60) for part in shown)
        self.faults.append((place.place, f"{key or 'the file'}: {reason}"))

    # -------------------------------------------------------------------------------------------------- made of it

    def _made(self, spec: FleetSpec, project: str) -> Fleet:
        any_canary = any(portal.canary for portal in spec.portals.values())
        portals = tuple(
            FleetPortal(
                stack,
                TokenFrom(portal.token.env, self._path_of(portal.token.file), portal.token.config),
                portal.portal_id,
                self._path_of(portal.overlay),
                frozenset(portal.tags),
                portal.config,
                canary=portal.canary or (number == 0 and not any_canary),
            )
            for number, (stack, portal) in enumerate(spec.portals.items())
        )
        return Fleet(
            self._path.absolute(),
            project,
            self._path_of(spec.program),
            self._path_of(spec.schema_),
            portals,
            spec.config,
            spec.backend,
            Waves(spec.waves.second, spec.waves.stop_at),
            spec.daily_share,
        )

    def _path_of(self, name: str | None) -> Path | None:
        return None if name is None else self._folder / name


_ONCE = {
    "portal_id": "is another portal's too: a portal has one stack",
    "token.env": "is another portal's too: a token opens one portal",
    "token.file": "is another portal's too: a token opens one portal",
}
_MODELS: dict[tuple[int, str], type[Spec]] = {
    (2, "portals"): PortalSpec,
    (3, "portals"): TokenSpec,
    (1, "waves"): WavesSpec,
}
"""How deep a mapping is and what it is in -> its model; elsewhere it is the fleet's."""


def _items(value: Any) -> Iterator[tuple[str, Written]]:
    """What a mapping or a list holds, by key or by number."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(number), item) for number, item in enumerate(value))


def _in_words(detail: ErrorDetails, path: _Path) -> str:
    """What pydantic found, for people; values are never told, one of them may be a token."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        model = _MODELS.get((len(path) - 1, path[0]), FleetSpec)
        known = [key for key in keys_of(model) if model is not TokenSpec or key in _SHOWN_BELOW_TOKEN]
        close = nearest(path[-1], known) if model is not TokenSpec else []
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        return f"there is no such key: {hint}"
    if kind == "model_attributes_type":
        kind = "model_type"
    return _IN_WORDS.get(kind) or one_line(detail["msg"].removeprefix("Value error, "))


def _without_tokens(fault: str) -> str:
    return TOKEN_LIKE.sub("…", fault)
