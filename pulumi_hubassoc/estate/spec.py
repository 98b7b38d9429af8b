"""What a schema file says, as models: pairs of objects, their labels, their limits.

The models are the format: fields are its keys, docstrings the descriptions that an editor shows, and the published JSON
Schema is made from them. What holds between keys is in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, WithJsonSchema, model_validator

from pulumi_hubassoc.estate import rules
from pulumi_hubassoc.hubspot import facts, names, values

_STANDARD = [o.name for o in facts.OBJECT_TYPES]
_OTHER_NAMES = "|".join(
    [*(name for o in facts.OBJECT_TYPES for name in (o.singular, o.type_id)), r"2-[1-9]\d*", r"p\d*_\w+"]
)
_NUMBER = {"type": "integer", "minimum": 1}

ObjectType = Annotated[
    values.ObjectTypeName,
    WithJsonSchema({"anyOf": [{"enum": _STANDARD}, {"type": "string", "pattern": f"^({_OTHER_NAMES})$"}]}),
]
Text = Annotated[values.Text, WithJsonSchema({"type": "string", "pattern": r"\S"})]
Name = Annotated[values.InternalName, WithJsonSchema({"type": "string", "pattern": r"^[^-\s\d][^-\s]*$"})]
Maximum = Annotated[values.WholeNumber, WithJsonSchema(_NUMBER)]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
OwnType = Annotated[str, StringConstraints(pattern=r"^(unlabeled|primary|[1-9]\d*)$")]
OwnLimits = Annotated[
    dict[OwnType, Maximum],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "unlabeled": {**_NUMBER, "description": "The object limit: every association of the pair counts."},
                "primary": {**_NUMBER, "description": "The limit of HubSpot's Primary association."},
            },
            "patternProperties": {
                r"^[1-9]\d*$": {**_NUMBER, "description": "Of another type of HubSpot's, by type id."}
            },
            "additionalProperties": False,
        }
    ),
]


class Spec(BaseModel):
    """Base of the models: their values do not change, and a key that there is not is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


class LabelSpec(Spec):
    """A label of a pair: its texts, what it was called before, how many records may have it."""

    label: Text
    """The text that a record of `from` shows; unique in its direction of the pair. Another text is an update in place."""
    inverse_label: Text | None = None
    """The text the other way round, for a label that reads differently from either side."""
    name: Name | None = None
    """The internal name, by hand: unique in the portal, and for ever. Unless given it is derived from objects and key."""
    adopt_existing: StrictBool = False
    """True takes over a label that has these texts (or this name) in the portal already."""
    formerly: tuple[Text, ...] = ()
    """Names of the resources that this label was before: it moves here and is not made anew."""
    protect: StrictBool | None = None
    """True: Pulumi refuses to delete the label."""
    retain_on_delete: StrictBool = False
    """True: the label stays in HubSpot when it leaves the file."""
    max: Maximum | None = None
    """A record of `from` has at most so many records of `to` under this label."""
    inverse_max: Maximum | None = None
    """A record of `to` has at most so many records of `from` under this label."""

    @property
    def texts(self) -> tuple[str, str]:
        """The text of either direction."""
        return (self.label, self.label if self.inverse_label is None else self.inverse_label)


class PairSpec(Spec):
    """A pair of objects: its labels and limits."""

    from_object_type: ObjectType = Field(alias="from")
    """The object whose records carry the labels' texts: contacts, companies, deals, …, or a custom one (2-123, p_pet)."""
    to_object_type: ObjectType = Field(alias="to")
    """The object on the other side; may be the same."""
    labels: dict[LabelKey, LabelSpec] = {}
    """The labels by key. The key is unique in the pair; resource name and internal name come from it."""
    max: OwnLimits = {}
    """Limits of HubSpot's own associations: a record of `from` has at most so many records of `to`."""
    inverse_max: OwnLimits = {}
    """Limits of HubSpot's own associations, the other way round: a record of `to` has at most so many of `from`."""
    authoritative: StrictBool = False
    """True removes every limit of this pair, in both directions, that is not in the file."""

    @property
    def ends(self) -> rules.Direction:
        """From and to object type, canonical."""
        return (self.from_object_type, self.to_object_type)

    @property
    def title(self) -> str:
        """How sentences and outputs call the pair: ``contacts/companies``."""
        return "/".join(self.ends)

    def internal_name(self, key: str) -> str:
        """The internal name of a label: as written, or derived from the file alone."""
        return self.labels[key].name or names.seeded_name(*self.ends, key)


class SchemaSpec(Spec):
    """The association schema of a portal, or a part of it: pairs of objects with their labels and limits."""

    pairs: tuple[PairSpec, ...]
    """The pairs of objects. A pair stands here once, in one of its two directions."""

    @model_validator(mode="after")
    def _whole(self) -> SchemaSpec:
        faults = [str(fault) for fault in rules.faults(self.pairs)]
        if faults:
            raise ValueError("\n  ".join(faults))
        return self


def keys_of(model: type[Spec]) -> dict[str, Any]:
    """The keys that a file may have for a model -> their fields."""
    return {info.alias or name: info for name, info in model.model_fields.items()}
