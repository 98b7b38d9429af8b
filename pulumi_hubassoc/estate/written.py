"""A YAML or JSON file as values that know the line they are written in.

JSON is read as YAML, which it is but for two things that are put right first: tabs, and characters beyond 16 bits.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pulumi_hubassoc.errors import SchemaError, one_line


@dataclass(frozen=True)
class Place:
    """A line of a file; the file is named as it was given."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def at(self, node: yaml.Node) -> Place:
        """Where a node of the same file is."""
        return Place(self.file, node.start_mark.line + 1)


@dataclass(frozen=True)
class Written:
    """A value and where it is written: for one under a key, the line of the key.

    Attributes:
        value: a text, number, bool or None, a ``dict[str, Written]`` or a ``list[Written]``.
    """

    value: Any
    place: Place

    @property
    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: item.plain for key, item in self.value.items()}
        return [item.plain for item in self.value] if isinstance(self.value, list) else self.value


def read(file: Path | str, first_key: str = "pairs") -> tuple[Written, list[tuple[Place, str]]]:
    """The content of a file, and what is wrong with it as YAML: keys that are written twice, values that are none.

    Args:
        file: YAML or JSON.
        first_key: what an empty file lacks.

    Raises:
        SchemaError: if the file cannot be opened, or is neither YAML nor JSON.
    """
    name = str(file)
    try:
        text = Path(file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SchemaError([f"{name}: cannot be read: {error.strerror or error}"]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SchemaError([f"{name}:{line}: is not UTF-8, in which files are read: save it as UTF-8"]) from None
    except ValueError as error:
        raise SchemaError([f"{name!r}: cannot be read: {error}"]) from None
    if name.endswith(".json"):
        text = text.replace("\t", " ")
    node = _composed(text, name)
    if node is None:
        raise SchemaError([f"{name}:1: {first_key}: is missing: the file is empty"])
    faults: list[tuple[Place, str]] = []
    return _written(node, Place(name, 1).at(node), "", faults), faults


class _Loader(yaml.SafeLoader):
    """Refuses aliases: what stands in one place is written in one place."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            problem = f"*{event.anchor} repeats what is written elsewhere, which this file cannot: write it out"
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        return super().compose_node(parent, index)


_LARGE = 100_000
"""Characters from which a file is read by the C parser, which takes a quarter of the time [measured]."""
_ONLY_BY_THE_SLOW = re.compile(r"[&*!?\\]|[^\n\x20-\x7e\xa1-\ud7ff]")
"""What the two might not read in the same way: anchors, tags, escapes, unusual characters."""


def _by_the_c_parser(text: str) -> yaml.Node | None:
    """The document. Only its events come from C: what is nested deeply ends the process if C puts it together [observed]."""
    from yaml._yaml import CParser
    from yaml.composer import Composer
    from yaml.resolver import Resolver

    class Loader(Composer, CParser, Resolver):
        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            Composer.__init__(self)
            Resolver.__init__(self)

    return Loader(text).get_single_node()


def _composed(text: str, name: str) -> yaml.Node | None:
    try:
        if len(text) >= _LARGE and yaml.__with_libyaml__ and not _ONLY_BY_THE_SLOW.search(text):
            with contextlib.suppress(yaml.YAMLError):  # the slow one says in its own words what is wrong
                return _by_the_c_parser(text)
        return yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise SchemaError([f"{name}:{line}: has a character that YAML does not allow: {error.character!r}"]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, (error.context, error.problem)))
        line = mark.line + 1 if mark else 1
        raise SchemaError([f"{name}:{line}: is not YAML: {one_line(said)}"]) from None
    except (OverflowError, ValueError):  # the number of a character that there is not
        raise SchemaError([f"{name}:1: is not YAML: it has an escaped character beyond the last one"]) from None
    except RecursionError:
        raise SchemaError([f"{name}:1: is nested too deeply to be read"]) from None


def _written(node: yaml.Node, place: Place, path: str, faults: list[tuple[Place, str]]) -> Written:
    if isinstance(node, yaml.SequenceNode):
        items = [_written(item, place.at(item), f"{path}[{n}]", faults) for n, item in enumerate(node.value)]
        return Written(items, place)
    if not isinstance(node, yaml.MappingNode):
        return Written(_scalar(node, place, path, faults), place)
    found: dict[str, Written] = {}
    for key_node, value_node in node.value:
        at = place.at(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            faults.append((at, f"{path or 'the file'}: has a key that is no text"))
            continue
        key = _whole(key_node.value)  # as it is written: `no` and `1` are keys too
        inner = f"{path}.{one_line(key, 60)}".strip(".")
        if key in found:
            faults.append((at, f"{inner}: is written twice (see {found[key].place})"))
        value = _written(value_node, at, inner, faults)
        found.setdefault(key, value)
    return Written(found, place)


def _scalar(node: yaml.Node, place: Place, path: str, faults: list[tuple[Place, str]]) -> Any:
    try:
        value = yaml.constructor.SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError, KeyError):
        kind = node.tag.rpartition(",2002:")[2]
        text = one_line(str(node.value), 60)
        faults.append((place, f"{path}: {text!r} cannot be read as a {kind}: put it in quotes if it is a text"))
        return text
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    """JSON writes a character beyond 16 bits as two halves, which YAML keeps apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
