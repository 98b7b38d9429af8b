"""The module of HubSpot's names that editors complete, made from the facts: `poe type-names` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pulumi_hubassoc import resources
from pulumi_hubassoc.hubspot import facts

MODULE = Path(resources.__path__[0]) / "type_names.py"
_WIDTH = 120


def source() -> str:
    """The text of the module."""
    table = facts.defined_types().values()
    objects = (*(o.name for o in facts.OBJECT_TYPES), *facts.UNNUMBERED_OBJECT_TYPES)
    return (
        "\n".join(
            [
                '"""HubSpot\'s documented names as types, so that an editor completes them. Made by `poe type-names`."""',
                "",
                "# fmt: off",
                "from typing import Literal",
                "",
                *_literal("DocumentedObject", map(repr, objects)),
                '"""The standard objects."""',
                "",
                *_literal("DocumentedTypeName", sorted(repr(d.name) for d in table)),
                '"""The association types of HubSpot\'s own, by a name that reads well."""',
                "",
                *_literal("DocumentedTypeId", map(repr, sorted(facts.defined_types()))),
                '"""The same, by type id."""',
                "",
            ]
        )
        .replace("'", '"')
        .replace('HubSpot"s', "HubSpot's")
    )


def _literal(name: str, values: Iterable[str]) -> list[str]:
    lines = [""]
    for value in values:
        if len(lines[-1]) + len(value) + 6 > _WIDTH:
            lines.append("")
        lines[-1] += f" {value}," if lines[-1] else f"    {value},"
    return [f"{name} = Literal[", *lines, "]"]


if __name__ == "__main__":
    MODULE.write_text(source(), encoding="utf-8")
