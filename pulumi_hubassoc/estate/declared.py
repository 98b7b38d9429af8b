"""A schema as a document: what a portal has when the schema is all that it has."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_hubassoc.estate import rules
from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.estate.spec import PairSpec, SchemaSpec
from pulumi_hubassoc.hubspot import facts


def declared(spec: SchemaSpec, source: str) -> Document:
    """The labels and limits of a schema.

    The internal name of a label that may be taken over is not known: such a label keeps the one that it has.
    """
    labels, limits = [], []
    for pair in spec.pairs:
        for key, label in pair.labels.items():
            made = label_of(pair, key)
            labels.append(made)
            for most, inverse in ((label.max, False), (label.inverse_max, True)):
                if most is not None:
                    ends = pair.ends[::-1] if inverse else pair.ends
                    limits.append(Limit(*ends, facts.USER_DEFINED, None, most, made, inverse))
        limits += _own_limits(pair)
    return Document(source, tuple(labels), tuple(limits))


def label_of(pair: PairSpec, key: str) -> Label:
    """A label of a schema."""
    label = pair.labels[key]
    return Label(*pair.ends, *label.texts, None if label.adopt_existing else pair.internal_name(key))


def _own_limits(pair: PairSpec) -> Iterator[Limit]:
    for limits, ends in ((pair.max, pair.ends), (pair.inverse_max, pair.ends[::-1])):
        for key, most in limits.items():
            own = rules.own_type(ends, key)
            yield Limit(*ends, facts.HUBSPOT_DEFINED, own if isinstance(own, int) else own.type_id, most)
