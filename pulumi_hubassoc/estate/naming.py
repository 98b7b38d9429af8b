"""Names for what a document holds: of resources, of keys in a schema file, of variables in a program.

They come from texts, because people know labels by these; where two would have one name, the pair and then the internal
name are added. The same document has the same names, whatever its type ids.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pulumi_hubassoc.estate.document import Document, Label
from pulumi_hubassoc.hubspot import facts, names
from pulumi_hubassoc.hubspot.portal_view import Direction

T = TypeVar("T", bound=Hashable)
_LONGEST = 40
_LONGEST_VARIABLE = 50
_TAKEN = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "hubassoc", "pulumi"}


@dataclass(frozen=True)
class Names:
    """What the resources of a document are called.

    Attributes:
        labels: the name of each label's resource.
        sets: the name of the set of limits of each direction that has any.
        component: the `AssociationSchema` whose children they are, None if they stand in the program by themselves.
    """

    labels: Mapping[Label, str]
    sets: Mapping[Direction, str]
    component: str | None = None


def program_names(document: Document) -> Names:
    """Names of resources that stand in a program by themselves."""
    wanted = {label: _candidates(label) for label in document.labels}
    return Names(_unique(wanted), {d: "-".join((*d, "limits")) for d in _directions(document)})


def schema_names(document: Document, component: str) -> Names:
    """Names of the children of an `AssociationSchema` of that name, whose file has the keys of `keys`."""
    made = {
        label: "-".join((component, *label.direction, key))
        for pair in document.pairs
        for label, key in keys(document, pair).items()
    }
    return Names(made, {d: "-".join((component, *d, "limits")) for d in _directions(document)}, component)


def keys(document: Document, pair: Direction) -> dict[Label, str]:
    """The keys of the labels of a pair in a schema file: they begin with a letter, and are unique in the pair."""
    wanted = {label: _candidates(label, in_pair=True) for label in document.labels_of(pair)}
    return _unique({label: tuple(map(_begun, names_)) for label, names_ in wanted.items()})


def variables(named: Mapping[Label, str]) -> dict[Label, str]:
    """Names of variables for labels, after those of their resources."""
    wanted = {}
    for label, name in named.items():
        variable = re.sub(r"\W", "_", _begun(name), flags=re.ASCII).lower()[:_LONGEST_VARIABLE].strip("_")
        wanted[label] = (f"{variable}_label" if variable in _TAKEN else variable,)
    return _unique(wanted, "_")


def internal_name(label: Label) -> str | None:
    """The internal name as a program can say it; None where HubSpot shows none, or one that its own API would refuse."""
    name = label.name
    return name if name and name == name.strip() and facts.fault_of_name(name) is None else None


def stored_name(label: Label) -> str:
    """The internal name that a state holds; for a label that shows none it is made up, and never used."""
    return internal_name(label) or names.derived_name(*label.direction, label.label, "")


def slug(text: str) -> str:
    """A text as letters, digits and hyphens; "" if letters of it have no Latin form."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    if any(c.isalpha() and not c.isascii() for c in plain):
        return ""
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-")


def _candidates(label: Label, *, in_pair: bool = False) -> tuple[str, ...]:
    """Names for a label, the best first."""
    internal = slug((label.name or "").replace("_", "-"))
    best = slug(label.label) or internal or "label"
    more = (best, internal) if internal and internal != best else (best,)
    if in_pair:
        return (best, "-".join(more))
    return (best, "-".join((*label.direction, best)), "-".join((*label.direction, *more)))


def _begun(name: str) -> str:
    return name if name[:1].isalpha() else f"label-{name}".strip("-")


def _directions(document: Document) -> list[Direction]:
    return list(dict.fromkeys(limit.direction for limit in document.limits))


def _unique(wanted: Mapping[T, Sequence[str]], joint: str = "-") -> dict[T, str]:
    """A name for each: the first of its candidates that no other has, else the last one and a number."""
    level = dict.fromkeys(wanted, 0)
    while True:
        chosen = {item: names_[level[item]] for item, names_ in wanted.items()}
        count = Counter(chosen.values())
        clash = [i for i, name in chosen.items() if count[name] > 1 and level[i] + 1 < len(wanted[i])]
        if not clash:
            break
        for item in clash:
            level[item] += 1
    taken = {name for name, n in count.items() if n == 1}
    for item, name in chosen.items():
        number = 1
        while count[name] > 1 and chosen[item] in taken:
            number += 1
            chosen[item] = f"{name}{joint}{number}"
        taken.add(chosen[item])
    return chosen
