"""The four label operations: each a flat list of checks in HubSpot's order, then the new state.

Order among checks is [assumed] unless one refusal is known to win over another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pulumi_hubassoc.emulator import bodies
from pulumi_hubassoc.emulator.answers import Answer, JsonObject, Refusal
from pulumi_hubassoc.emulator.rules import Rules
from pulumi_hubassoc.emulator.state import AssociationType, Label, State, hubspot_types, sides
from pulumi_hubassoc.hubspot import facts


def list_labels(state: State, rules: Rules, version: str, from_object_type: str, to_object_type: str) -> Answer:
    """Every type of one direction, HubSpot's own among them, in no order; the name is never told [observed]."""
    types = state.types(from_object_type, to_object_type)
    return Answer(200, {"results": _items(types, rules, version)})


def create_label(
    state: State, rules: Rules, version: str, from_object_type: str, to_object_type: str, body: bytes
) -> tuple[State, Answer]:
    """Makes a label; an empty text makes the plain association of a pair that has none [observed]."""
    value = bodies.json_object(body)
    bodies.require(value, "name", "label")
    name, label = bodies.text(value, "name") or "", bodies.text(value, "label") or None
    inverse_label = (bodies.text(value, "inverseLabel") or label) if label else None
    _check_name(state, rules, name)
    if label is None:
        _check_no_plain_yet(state, from_object_type, to_object_type)
    else:
        _check_texts(state, rules, from_object_type, to_object_type, label, inverse_label)
        _check_cap(state, rules, from_object_type, to_object_type)
    made: list[Label] = []
    if label is not None and _plain(state, from_object_type, to_object_type) is None:
        plain_name = _free_name(state, name, f"{state.singular(from_object_type)}_to_{state.singular(to_object_type)}")
        state, plain = _make(state, rules, from_object_type, to_object_type, plain_name, None, None)
        made.append(plain)
    state, new = _make(state, rules, from_object_type, to_object_type, name, label, inverse_label)
    made.append(new)
    types = [side for definition in made for side in sides(definition)]
    return state, Answer(200, {"results": _items(types, rules, version)})


def update_label(
    state: State, rules: Rules, from_object_type: str, to_object_type: str, body: bytes
) -> tuple[State, Answer]:
    """Changes texts: `label` is the text of the side whose id is sent, and of both without `inverseLabel` [observed]."""
    value = bodies.json_object(body)
    bodies.require(value, "associationTypeId", "label")
    type_id, label = bodies.integer(value, "associationTypeId"), bodies.text(value, "label")
    inverse_label = bodies.text(value, "inverseLabel") or label
    found = _find(state, from_object_type, to_object_type, type_id, f"Unable to find association type {type_id}")
    if not label:
        raise Refusal(400, "Invalid input JSON: Some required fields were not set: [label]")
    if found.is_plain:
        raise Refusal(400, f"Unable to find association type {type_id}")
    if found.type_id == found.inverse_type_id and label != inverse_label:
        raise Refusal(400, f"Association type {type_id} is symmetric and has one label")
    _check_texts(state, rules, found.from_object_type, found.to_object_type, label, inverse_label, changing=found)
    changed = replace(found, label=label, inverse_label=inverse_label, updated_at=rules.now)
    return state.adding(state_form(state, changed)), Answer(204)


def delete_label(
    state: State, rules: Rules, from_object_type: str, to_object_type: str, type_id_text: str
) -> tuple[State, Answer]:
    """Deletes a label, both directions by either id [observed]."""
    type_id = bodies.path_integer("associationTypeId", type_id_text)
    try:
        found = _find(state, from_object_type, to_object_type, type_id, "Unable to find objectTypeIds")
    except NotFound:
        if rules.settings.second_delete_status == 204:
            return state, Answer(204)
        raise
    if found.is_plain and any(not other.is_plain for other in state.of_pair(from_object_type, to_object_type)):
        msg = f"Definition with label still exists; Cannot delete unlabeled type with associationTypeId {type_id}"
        raise Refusal(400, msg)
    if found.in_use and rules.settings.refuse_delete_in_use:
        raise Refusal(400, f"Association type {type_id} is in use by records")
    return state.without(state_form(state, found), keep_limits=rules.settings.keep_limits_of_deleted_labels), Answer(
        204
    )


def state_form(state: State, label: Label) -> Label:
    """The label turned the way the state keeps it: by the id it was made under."""
    return label if label.type_id in state.labels else label.flipped()


def derived_name(label: str) -> str:
    """The internal name HubSpot's settings page gives a label: ``Kalup Probe`` becomes ``kalup_probe`` [observed]."""
    return "_".join(label.lower().split())


class NotFound(Refusal):
    """No label of the pair has the id that was sent."""


def _items(types: Iterable[AssociationType], rules: Rules, version: str) -> list[JsonObject]:
    """Types as the wire shows them; 2026-09 says null for both object types [observed]."""
    nulls = {"fromObjectTypeId": None, "toObjectTypeId": None}
    extra = nulls if version in rules.settings.null_object_type_keys else {}
    return [
        {"category": t.category, "typeId": t.type_id, "label": t.label, **extra}
        for t in rules.shuffled(types, lambda t: t.key)
    ]


def _make(
    state: State, rules: Rules, from_: str, to: str, name: str, label: str | None, inverse_label: str | None
) -> tuple[State, Label]:
    """A new definition with consecutive ids [observed]; one id only where it serves both directions.

    That a plain association between records of one object has one id is [assumed] from HubSpot's own, as 449.
    """
    alike = from_ == to and label == inverse_label
    one_id = alike and (label is None or rules.settings.same_object_single_ids == 1)
    first = state.next_type_id
    second = first if one_id else first + 1
    new = Label(first, second, name, label, inverse_label, from_, to, created_at=rules.now, updated_at=rules.now)
    return replace(state.adding(new), next_type_id=second + 1), new


def _plain(state: State, from_: str, to: str) -> AssociationType | None:
    """The unlabeled type of a direction, HubSpot's or one that was made."""
    return next((t for t in state.types(from_, to) if t.label is None), None)


def _free_name(state: State, taken: str, wanted: str) -> str:
    """A name for the plain association that HubSpot makes by itself; the suffix is [assumed]."""
    names = {label.name for label in state.labels.values()} | {taken}
    candidates = [wanted, *(f"{wanted}_{n}" for n in range(2, len(names) + 3))]
    return next(name for name in candidates if name not in names)


def _find(state: State, from_: str, to: str, type_id: int, message: str) -> Label:
    """The label of the pair with this id, turned so that the id is its forward one.

    The path has no category: HubSpot's own type of the same number gives way to the label [assumed].
    """
    found = next((x for x in state.of_pair(from_, to) if type_id in {x.type_id, x.inverse_type_id}), None)
    if found:
        return found.seen_from(type_id)
    if any(t.type_id == type_id for t in (*hubspot_types(from_, to), *hubspot_types(to, from_))):
        raise Refusal(400, f"Association type {type_id} is defined by HubSpot and cannot be changed")
    raise NotFound(400, message)


def _check_name(state: State, rules: Rules, name: str) -> None:
    """A name is well-formed [docs] and unique in the portal [observed]."""
    fault = facts.fault_of_name(name) if rules.settings.names_checked else None
    if fault:
        raise Refusal(400, f"Association definition name {name!r} is not valid: it {fault}")
    taken = {label.name for label in state.labels.values()}
    if rules.settings.reserve_deleted_names:
        taken |= state.deleted_names
    if name in taken:
        raise Refusal(400, f"Association definition named {name} already exists for portal")


def _check_no_plain_yet(state: State, from_: str, to: str) -> None:
    """A pair has one plain association [assumed]."""
    if _plain(state, from_, to):
        raise Refusal(
            400,
            f"Association definition label  already exists on ObjectType pair {from_}, {to}",
            subCategory="AssociationValidationError.DUPLICATE_ASSOCIATION_LABEL",
        )


def _check_texts(
    state: State, rules: Rules, from_: str, to: str, label: str, inverse: str | None, changing: Label | None = None
) -> None:
    """A text is shown once in each direction of a pair [observed]."""
    own = {side.key for side in sides(changing)} if changing else set()

    def plain_case(text: str | None) -> str | None:
        return text.casefold() if text and rules.settings.texts_ignore_case else text

    for start, end, text in ((from_, to, label), (to, from_, inverse)):
        shown = {plain_case(t.label) for t in state.types(start, end) if t.key not in own}
        if plain_case(text) in shown:
            pair = f"{state.singular(start).upper()}, {state.singular(end).upper()}"
            raise Refusal(400, f"Association definition label {text} already exists on ObjectType pair {pair}")


def _check_cap(state: State, rules: Rules, from_: str, to: str) -> None:
    """An unordered pair has so many labels and no more; plain and HubSpot's own do not count [observed]."""
    count = sum(not label.is_plain for label in state.of_pair(from_, to))
    cap = rules.settings.labels_per_pair
    if count >= cap:
        raise Refusal(437, f"No more than {cap} association types are allowed between {from_} and {to}")
