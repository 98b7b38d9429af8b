"""`AssociationSchema`: the labels and limits of a schema file, or of a typed spec, as resources with stable names.

The unit of promotion: the same file makes the same labels, with the same internal names, in every portal. What a file may
hold, `estate.spec` says; how files and overlays become one, `estate.files`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from pulumi_hubassoc.errors import SchemaError
from pulumi_hubassoc.estate import files, rules
from pulumi_hubassoc.estate.spec import PairSpec, SchemaSpec
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.resources.label import AssociationLabel
from pulumi_hubassoc.resources.limit_set import AssociationLimitSet
from pulumi_hubassoc.resources.references import AssociationReference

_TYPE = "hubassoc:index:AssociationSchema"
"""The type token is in users' state for ever."""


class AssociationSchema(pulumi.ComponentResource):
    """The association schema of a portal, or a part of it, from a file.

    ```python
    crm = hubassoc.AssociationSchema("crm", file="crm.yaml", overlays=[f"crm.{pulumi.get_stack()}.yaml"])
    pulumi.export("billing_type_id", crm.labels["contacts/companies/billing"].type_id)
    ```

    Its children are an `AssociationLabel` named `{component}-{from}-{to}-{key}` for each label, and an
    `AssociationLimitSet` named `{component}-{from}-{to}-limits` for each direction of a pair that has limits. The order
    in the file says nothing. Internal names are written in the file or derived from objects and key alone, so one stack
    for each portal has them. A label whose resource name changes (another key, file or component, or a program that it
    was in) lists the names it had under `formerly`, and is neither made anew nor touched.

    Args:
        resource_name: the name of the component; the names of its children begin with it.
        file: a YAML or JSON file; a relative path is taken from the program's folder.
        overlays: files of the same format with the difference alone, laid over it in this order; what is empty (`null`)
            takes away what is there.
        spec: instead of `file`, the same as models.
        opts: options of the component. Its children have `protect`, `provider` and aliases from it, as in every component.

    Raises:
        pulumi.RunError: if there is anything wrong with the files; a line for each fault, as `file:line: key: reason`.
    """

    labels: Mapping[str, AssociationLabel]
    """The labels, by pair and key: `contacts/companies/billing`."""
    limits: Mapping[str, AssociationLimitSet]
    """The sets of limits by direction: `companies/contacts`."""
    type_ids: pulumi.Output[Mapping[str, int]]
    """The type id of each label's forward direction, by pair and key."""
    inverse_type_ids: pulumi.Output[Mapping[str, int]]
    """The type id of each label's other direction, likewise."""

    def __init__(
        self,
        resource_name: str,
        *,
        file: str | Path | None = None,
        overlays: Sequence[str | Path] = (),
        spec: SchemaSpec | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._spec = _spec(resource_name, file, overlays, spec)
        super().__init__(_TYPE, resource_name, None, opts)
        self._start = resource_name
        pairs = sorted(self._spec.pairs, key=lambda pair: pair.ends)
        self.labels = {f"{pair.title}/{key}": self._label(pair, key) for pair in pairs for key in sorted(pair.labels)}
        self.limits = {"/".join(d): self._limits(pair, d) for pair in pairs for d in _directions(pair)}
        self.type_ids = pulumi.Output.all(**{key: label.type_id for key, label in self.labels.items()})
        self.inverse_type_ids = pulumi.Output.all(**{key: label.inverse_type_id for key, label in self.labels.items()})
        self.register_outputs({"type_ids": self.type_ids, "inverse_type_ids": self.inverse_type_ids})

    def _label(self, pair: PairSpec, key: str) -> AssociationLabel:
        label = pair.labels[key]
        opts = pulumi.ResourceOptions(
            parent=self,
            aliases=[alias for former in label.formerly for alias in _aliases(former)],
            protect=label.protect,
            retain_on_delete=label.retain_on_delete or None,
        )
        return AssociationLabel(
            "-".join((self._start, *pair.ends, key)),
            from_object_type=pair.from_object_type,
            to_object_type=pair.to_object_type,
            label=label.label,
            inverse_label=label.inverse_label,
            name=label.name,
            name_seed=key,
            adopt_existing=label.adopt_existing,
            opts=opts,
        )

    def _limits(self, pair: PairSpec, direction: rules.Direction) -> AssociationLimitSet:
        limits: dict[Any, pulumi.Input[int]] = {}
        for field, ends in (("max", pair.ends), ("inverse_max", pair.ends[::-1])):
            if ends != direction:
                continue
            for type_, most in getattr(pair, field).items():
                own = rules.own_type(direction, type_)
                type_id = own if isinstance(own, int) else own.type_id
                limits[AssociationReference(*direction, facts.HUBSPOT_DEFINED, type_id)] = most
            for key, label in sorted(pair.labels.items()):
                if (most := getattr(label, field)) is not None:
                    made = self.labels[f"{pair.title}/{key}"]
                    limits[made.forward if field == "max" else made.inverse] = most
        return AssociationLimitSet(
            "-".join((self._start, *direction, "limits")),
            from_object_type=direction[0],
            to_object_type=direction[1],
            limits=limits,
            authoritative=pair.authoritative,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _spec(name: str, file: str | Path | None, overlays: Sequence[str | Path], spec: SchemaSpec | None) -> SchemaSpec:
    who = f"AssociationSchema {name!r}"
    if (file is None) == (spec is None):
        raise pulumi.RunError(f"{who}: give either file= or spec=")
    if spec is not None:
        if overlays:
            raise pulumi.RunError(f"{who}: overlays are laid over a file: give file= and not spec=")
        if not isinstance(spec, SchemaSpec):
            raise pulumi.RunError(f"{who}: spec must be a SchemaSpec, not {type(spec).__name__}")
        return spec
    assert file is not None
    try:
        return files.read(file, [overlays] if isinstance(overlays, str | Path) else overlays)
    except SchemaError as error:
        raise pulumi.RunError("\n".join(error.faults)) from None


def _directions(pair: PairSpec) -> list[rules.Direction]:
    """The directions of a pair that have limits, or are to have none; an object with itself has one."""
    found = []
    for field, direction in (("max", pair.ends), ("inverse_max", pair.ends[::-1])):
        of_labels = any(getattr(label, field) is not None for label in pair.labels.values())
        if pair.authoritative or getattr(pair, field) or of_labels:
            found.append(direction)
    return list(dict.fromkeys(found))


def _aliases(former: str) -> list[pulumi.Alias]:
    """A resource of that name was a child of this component or of another one, or stood in the program by itself."""
    return [pulumi.Alias(name=former), pulumi.Alias(name=former, parent=pulumi.ROOT_STACK_RESOURCE)]
