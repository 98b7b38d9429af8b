"""`AssociationLabel`: a kind of relation between two objects' records, such as "Billing contact" or "Manager / Employee".

HubSpot's rules:

* A label belongs to one pair of object types and cannot move to another [spec].
* It has an internal name, unique in the portal, that never changes [observed], and a text on each side. With one text
  for both sides it is *single*, with two it is *paired*; HubSpot has no flag for it, so one becomes the other by its
  texts [observed].
* A text is used once in a direction of a pair [observed], and a pair has at most 50 labels [observed].
* HubSpot gives it two type ids, one for each direction, which differ between portals [observed].
* Deleting it takes it off every record that has it; there is no way back [observed].
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

import pulumi
from pydantic import AfterValidator, StrictBool

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.labels import LabelRef, NewLabel
from pulumi_hubassoc.hubspot.names import derived_name, seeded_name, seeded_suffix, six_characters
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.preflight import Notice
from pulumi_hubassoc.hubspot.values import InternalName, ObjectTypeName, Text
from pulumi_hubassoc.provider import Immutable, Inputs, Props, Provider, is_unknown
from pulumi_hubassoc.resources.program import plain, plain_direction
from pulumi_hubassoc.resources.references import AssociationReference
from pulumi_hubassoc.resources.resource import HubSpotResource, merged


def _suffix(value: str) -> str:
    if not re.fullmatch("[a-z0-9]+", value):
        msg = f"must be lower-case letters and digits, and is {value!r}"
        raise ValueError(msg)
    return value


class LabelInputs(Inputs):
    """Inputs of a label."""

    from_object_type: Annotated[ObjectTypeName, Immutable("a label belongs to one pair of object types")]
    """The object whose records carry the label's text. One of HubSpot's (`contacts`) or a custom one (`2-123`, `p_pet`)."""
    to_object_type: Annotated[ObjectTypeName, Immutable("a label belongs to one pair of object types")]
    """The object on the other side; may be the same."""
    label: Text
    """The text, unique in its direction of the pair."""
    inverse_label: Text | None = None
    """The text on the other side of a paired label; None, or the same text, for a single one."""
    name: Annotated[InternalName | None, Immutable("HubSpot never changes an internal name")] = None
    """The internal name, unique in the portal. Derived at first create where it is not given, and kept then."""
    name_suffix: Annotated[Text, AfterValidator(_suffix)] | None = None
    """What a derived name ends in: six characters that only this resource of this stack has."""
    name_seed: Text | None = None
    """What a name is derived from where none is given, instead of the text and the stack. It never is in the state."""
    adopt_existing: StrictBool = False
    """Whether a label with these texts (or this name) that exists already is taken over instead of being refused."""


def label_id(ref: LabelRef) -> str:
    """The resource id: `{from}/{to}/{type_id}/{inverse_type_id}`."""
    return f"{ref.from_object_type}/{ref.to_object_type}/{ref.type_id}/{ref.inverse_type_id}"


def split_label_id(id_: str) -> LabelRef:
    """The label that an id names.

    Raises:
        HubAssocError: if it is no such id.
    """
    parts = id_.split("/")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() for p in parts[2:]):
        raise HubAssocError(f"{id_!r} is no id of a label — it has the form contacts/companies/12/13 — correct it")
    return LabelRef(parts[0], parts[1], int(parts[2]), int(parts[3]))


def name_suffix(project: str, stack: str, name: str) -> str:
    """Six characters that only this resource of this stack has."""
    return six_characters(f"{project}/{stack}/{name}")


class LabelProvider(Provider[LabelInputs]):
    """Keeps a label in a portal. The path of this class is stored in users' state: it never changes."""

    inputs = LabelInputs

    def settle(self, olds: Props, values: dict[str, Any]) -> None:
        """One form for a single label, and a name that stays once it is there."""
        if "label" in values and values.get("inverse_label") == values["label"]:
            del values["inverse_label"]
        seed = values.pop("name_seed", None)
        ends = (values["from_object_type"], values["to_object_type"])
        if seed is not None:
            values["name_suffix"] = _unknown_of(*ends, seed) or seeded_suffix(*ends, seed)
        if "name" in olds and (
            "name" not in values or (not is_unknown(values["name"]) and values["name"] == olds["name"])
        ):
            values.pop("name_suffix", None)  # it is the state's that counts: an imported label has none
            values.update({k: v for k, v in olds.items() if k in ("name", "name_suffix")})
        suffix = values.get("name_suffix", "")
        if "name" not in values:
            parts = (*ends, values["label"] if seed is None else seed, suffix)
            values["name"] = _unknown_of(*parts) or derived_name(*parts)
        elif is_unknown(values["name"]) or not values["name"].endswith(f"_{suffix}"):
            values.pop("name_suffix", None)  # a name that was given is no proof of whose the label is

    def replaced(self, id_: str, olds: Props, news: Props) -> list[str]:
        """Also the other text, where HubSpot made one id for both sides of a single label: it has no second text."""
        ref = split_label_id(id_)
        text, inverse = news.get("label"), news.get("inverse_label")
        second = ref.type_id == ref.inverse_type_id and inverse is not None and (is_unknown(inverse) or inverse != text)
        return super().replaced(id_, olds, news) + (["inverse_label"] if second else [])

    def plan(self, portal: Portal, id_: str, olds: Props, news: Props) -> None:
        """Note the texts that an existing label is about to have."""
        texts = (news.get("label"), news.get("inverse_label", news.get("label")))
        if id_ and isinstance(texts[0], str) and isinstance(texts[1], str):
            portal.labels.plan(split_label_id(id_), (texts[0], texts[1]))

    def foresee(self, portal: Portal, olds: Props, news: Props) -> Iterable[Notice]:
        """Whether HubSpot would refuse a new label, or one that is there is taken over."""
        if olds or pulumi.contains_unknowns(news):
            return ()
        return portal.preflight.label(_new(LabelInputs.model_validate(news)))

    def leave(self, portal: Portal, id_: str) -> None:
        """Note that the label is deleted, and so gives up its texts, before its replacement is made."""
        portal.preflight.leave(split_label_id(id_))

    def make(self, portal: Portal, inputs: LabelInputs) -> tuple[str, dict[str, Any]]:
        """Create the label exactly once."""
        new = _new(inputs)
        ref = portal.labels.create(new)
        if portal.labels.was_there(ref):
            self.surroundings.say(
                "info", f"The label {new} was there already and is taken over: label {ref.type_id}", ""
            )
        return label_id(ref), {**_assigned(ref), "name": new.name}

    def look(self, portal: Portal, id_: str, outputs: Props) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """The label as it is now; in a refresh, under its new id if a person made it again with the same texts."""
        label = outputs.get("label", "")
        texts = (label, outputs.get("inverse_label", label)) if "portal_id" in outputs else None
        found = portal.labels.find(split_label_id(id_), texts)
        if found is None:
            return None
        text, inverse_text = found.texts
        ref = found.ref
        live = {
            "from_object_type": ref.from_object_type,
            "to_object_type": ref.to_object_type,
            "label": text,
            "inverse_label": None if text == inverse_text else inverse_text,
        }
        return label_id(ref), live, _assigned(ref)

    def written(self) -> list[str]:
        """The texts."""
        return ["label", "inverse_label"]

    def change(self, portal: Portal, id_: str, outputs: Props, inputs: LabelInputs) -> None:
        """Set both texts."""
        portal.labels.rename(split_label_id(id_), (inputs.label, inputs.inverse_label or inputs.label))

    def remove(self, portal: Portal, id_: str, outputs: Props) -> None:
        """Delete both directions."""
        portal.labels.delete(split_label_id(id_))


def _new(inputs: LabelInputs) -> NewLabel:
    suffix = inputs.name_suffix or ""
    return NewLabel(
        inputs.from_object_type,
        inputs.to_object_type,
        inputs.name or derived_name(inputs.from_object_type, inputs.to_object_type, inputs.label, suffix),
        inputs.label,
        inputs.inverse_label,
        own_name=inputs.name_suffix is not None,
        adopt=inputs.adopt_existing,
    )


def _unknown_of(*values: Any) -> Any:
    """The first value that is not known yet, or None."""
    return next((value for value in values if is_unknown(value)), None)


def _assigned(ref: LabelRef) -> dict[str, Any]:
    return {"type_id": ref.type_id, "inverse_type_id": ref.inverse_type_id, "category": facts.USER_DEFINED}


class AssociationLabel(HubSpotResource):
    """A label for associations between the records of two objects.

    ```python
    billing = hubassoc.AssociationLabel(
        "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact"
    )
    manager = hubassoc.AssociationLabel(
        "manager", from_object_type="contacts", to_object_type="contacts", label="Manager", inverse_label="Employee"
    )
    ```

    Texts change in place, and with them a single label becomes a paired one and back. Another `from_object_type`,
    `to_object_type` or `name` replaces the label: it is deleted first (and so comes off all records) and made anew.

    Args:
        resource_name: the name of the resource.
        from_object_type: `contacts`, `companies`, `deals`, `tickets` or another standard object by plural, singular
            or id; a custom object by id (`2-123`) or prefixed name (`p_pet`).
        to_object_type: likewise; may be the same.
        label: the text. For a paired label, the text on the *from* side's view: a contact's companies are shown with it.
        inverse_label: the text the other way round; None for a single label.
        name: the internal name, unique in the portal, without hyphen, white space or leading digit. Default:
            `{from}_to_{to}_{slug of label}_{6 characters derived from project, stack and resource name}`, computed at
            first create and kept when texts change.
        name_seed: what a derived name is made from instead of the text, project, stack and resource name:
            `{from}_to_{to}_{slug of seed}_{6 characters derived from both object types and the seed}`, the same in every
            stack and portal. Unique in the pair. A label that is there keeps the name it has.
        adopt_existing: take over a label that has these texts (or this name) already. Its texts are set to those
            given here. Without it such a label is refused, unless it has this resource's own derived name.
        opts: resource options; `delete_before_replace=True` is set unless given.
    """

    hubassoc_type = "AssociationLabel"

    from_object_type: pulumi.Output[str]
    """Canonical object type: `contacts` for `0-1`, `contact` or `Contacts`."""
    to_object_type: pulumi.Output[str]
    """Canonical object type."""
    label: pulumi.Output[str]
    """The text."""
    inverse_label: pulumi.Output[str | None]
    """The text of the other side of a paired label, None for a single one."""
    name: pulumi.Output[str]
    """The internal name, unique in the portal, fixed when the label was made; an adopted label keeps its own, which
    HubSpot's lists do not tell, and this one is then never used."""
    category: pulumi.Output[str]
    """`USER_DEFINED`."""
    portal_id: pulumi.Output[int]
    """The portal it was made in."""

    def __init__(
        self,
        resource_name: str,
        *,
        from_object_type: pulumi.Input[str],
        to_object_type: pulumi.Input[str],
        label: pulumi.Input[str],
        inverse_label: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        name_seed: pulumi.Input[str] | None = None,
        adopt_existing: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "from_object_type": from_object_type,
            "to_object_type": to_object_type,
            "label": label,
            "inverse_label": inverse_label,
            "name": name,
            "name_suffix": name_suffix(pulumi.get_project(), pulumi.get_stack(), resource_name),
            "name_seed": name_seed,
            "adopt_existing": adopt_existing,
        }
        self.ends = plain_direction(from_object_type, to_object_type)
        """From and to object type, where the program knows them already."""
        same_object = self.ends is not None and self.ends[0] == self.ends[1]
        self.is_symmetric = same_object and plain(inverse_label) in (None, plain(label))
        """Whether it plainly is a single label between records of one object, whose two ids are one to HubSpot."""
        options = merged(opts)
        self._outlives_stack = bool(options.retain_on_delete) or options.id is not None
        outputs = ("type_id", "inverse_type_id", "category", "portal_id")
        super().__init__(LabelProvider(), resource_name, inputs, outputs, options)
        known, seed = plain(name), plain(name_seed)
        if known is None and self.ends is not None and isinstance(seed, str):
            known = seeded_name(*self.ends, seed)
        if isinstance(known, str):
            self.claim_name(known)

    @property
    def type_id(self) -> pulumi.Output[int]:
        """The type id of the forward direction. Read from the id, so that a rename leaves it known in a preview."""
        return self.id.apply(lambda id_: split_label_id(id_).type_id)

    @property
    def inverse_type_id(self) -> pulumi.Output[int]:
        """The type id of the other direction (the same one where HubSpot made only one)."""
        return self.id.apply(lambda id_: split_label_id(id_).inverse_type_id)

    @property
    def forward(self) -> AssociationReference:
        """The direction in which the label was declared."""
        return AssociationReference(
            self.from_object_type, self.to_object_type, facts.USER_DEFINED, self.type_id, label=self
        )

    @property
    def inverse(self) -> AssociationReference:
        """The other direction."""
        return AssociationReference(
            self.to_object_type,
            self.from_object_type,
            facts.USER_DEFINED,
            self.inverse_type_id,
            label=self,
            inverse=True,
        )

    @property
    def outlives_stack(self) -> bool:
        """Whether the label stays in the portal when it leaves the stack: retained, protected, or only looked up."""
        return self._outlives_stack or bool(self._protect)
