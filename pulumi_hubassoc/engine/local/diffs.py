"""Differences between property values, in the words of Pulumi's detailed diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from . import paths
from .values import Properties, Value, copy, equal, without_secrets

ADD, DELETE, UPDATE = "add", "delete", "update"
_REPLACE = "-replace"
_OPPOSITE = {ADD: DELETE, DELETE: ADD, UPDATE: UPDATE}


@dataclass(frozen=True)
class Kind:
    """How one property differs: ``add``, ``delete``, ``update``, perhaps with ``-replace``; `input`: by its inputs."""

    kind: str
    input: bool = True

    @property
    def replaces(self) -> bool:
        """Whether this difference asks for a replacement."""
        return self.kind.endswith(_REPLACE)

    def inverted(self) -> Kind:
        """The difference the other way round."""
        base = self.kind.removesuffix(_REPLACE)
        return replace(self, kind=_OPPOSITE[base] + self.kind[len(base) :])


@dataclass(frozen=True)
class Diff:
    """What a provider, or the engine for it, says about old and new.

    Attributes:
        changes: whether anything changes; None where the provider leaves the comparing to the engine.
        replace_keys: the properties for which the resource must be replaced.
        changed_keys: the properties that change, on the top level.
        detailed: path -> how it differs; None where nobody says.
        delete_before_replace: whether the old one must go before the new one comes.
    """

    changes: bool | None
    replace_keys: tuple[str, ...] = ()
    changed_keys: tuple[str, ...] = ()
    detailed: Mapping[str, Kind] | None = None
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the resource must be replaced."""
        return bool(self.replace_keys) or any(k.replaces for k in (self.detailed or {}).values())

    def inverted(self) -> Diff:
        """The same diff the other way round, as a refresh shows it."""
        if self.detailed is None:
            return self
        return replace(self, detailed={path: kind.inverted() for path, kind in self.detailed.items()})

    def with_replace_on_changes(self, option: Iterable[str]) -> Diff:
        """The diff with the resource option `replace_on_changes` applied."""
        triggers = [paths.parse(p) for p in option]
        if not self.changes or not triggers:
            return self

        def triggered(path: str) -> bool:
            return any(paths.contains(t, paths.parse(path)) for t in triggers)

        detailed = self.detailed
        if detailed is not None:
            detailed = {
                path: replace(kind, kind=kind.kind.removesuffix(_REPLACE) + _REPLACE) if triggered(path) else kind
                for path, kind in detailed.items()
            }
        more = [k for k in self.changed_keys if triggered(k) and k not in self.replace_keys]
        return replace(self, detailed=detailed, replace_keys=(*self.replace_keys, *more))


def compare_inputs(old: Properties, new: Properties) -> Diff:
    """The diff of two property maps, secrets compared by what they hold."""
    found = _Found()
    found.maps((), without_secrets(old), without_secrets(new))
    keys = sorted({str(path[0]) for path in found.kinds})
    detailed = {paths.render(path): Kind(kind) for path, kind in found.kinds.items()}
    return Diff(bool(keys), changed_keys=tuple(keys), detailed=detailed or None)


@dataclass
class _Found:
    """Collects differences; what holds no value (None) counts as absent in maps."""

    kinds: dict[paths.Path, str] = field(default_factory=dict)

    @staticmethod
    def _in(path: paths.Path, key: str | int) -> paths.Path:
        return (*path, key)

    def maps(self, path: paths.Path, old: Properties, new: Properties) -> None:
        for key in {**old, **new}:
            was, now = old.get(key), new.get(key)
            if was is None and now is not None:
                self.kinds[self._in(path, key)] = ADD
            elif was is not None and now is None:
                self.kinds[self._in(path, key)] = DELETE
            elif was is not None:
                self.values((*path, key), was, now)

    def values(self, path: paths.Path, old: Value, new: Value) -> None:
        if isinstance(old, list) and isinstance(new, list):
            for n in range(max(len(old), len(new))):
                if n >= len(old):
                    self.kinds[self._in(path, n)] = ADD
                elif n >= len(new):
                    self.kinds[self._in(path, n)] = DELETE
                else:
                    self.values((*path, n), old[n], new[n])
        elif isinstance(old, dict) and isinstance(new, dict):
            self.maps(path, old, new)
        elif not equal(old, new):
            self.kinds[path] = ADD if old is None else DELETE if new is None else UPDATE


def with_ignored(inputs: Properties, old: Properties, ignore_changes: Iterable[str]) -> tuple[Properties, list[str]]:
    """Inputs with the old values where changes are to be ignored, and the paths where that was not possible."""
    result: Properties = copy(inputs)
    failed = [path for path in ignore_changes if not paths.reset(paths.parse(path), old, result)]
    return result, failed
