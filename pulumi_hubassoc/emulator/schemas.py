"""The reads beside the nine operations: schemas with internal names, v3 types, label counts, the account."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_hubassoc.emulator.answers import Answer, JsonObject, Refusal, timestamp
from pulumi_hubassoc.emulator.rules import Rules
from pulumi_hubassoc.emulator.state import AssociationType, CustomObject, State, hubspot_type, object_type_id, sides
from pulumi_hubassoc.hubspot import facts

NO_LIMIT = 500_000
"""What a schema read says where no limit is set [observed on one portal, 100000 on another]."""


def schema(state: State, rules: Rules, object_type: str, name_lag: float | None = None) -> Answer:
    """An object's schema; its `associations` alone tell internal names, standard objects' a while late [observed]."""
    custom = state.custom_objects.get(object_type)
    usual_lag = 0.0 if custom else rules.settings.schema_name_lag
    newest = rules.now - (usual_lag if name_lag is None else name_lag)
    seen = [t for t in _touching(state, object_type) if t.created_at <= newest]
    body = _head(object_type, custom) | {
        "properties": [],
        "requiredProperties": [],
        "searchableProperties": [],
        "archived": False,
        "associations": [_association(state, t) for t in rules.shuffled(seen, lambda t: t.key)],
    }
    return Answer(200, body)


def schemas(state: State, rules: Rules) -> Answer:
    """The schemas of all custom objects."""
    found = [schema(state, rules, i).body for i in state.custom_objects]
    return Answer(200, {"results": found})


def v3_types(state: State, rules: Rules, from_object_type: str, to_object_type: str) -> Answer:
    """Ids and names of one direction, no category [spec]; names of HubSpot's own types are [assumed]."""
    start, end = state.singular(from_object_type), state.singular(to_object_type)

    def name(t: AssociationType) -> str:
        kind = "unlabeled" if t.label is None else t.label.lower().replace(" ", "_")
        return t.name or f"{start}_to_{end}_{kind}"

    types = rules.shuffled(state.types(from_object_type, to_object_type), lambda t: t.key)
    return Answer(200, {"results": [{"id": str(t.type_id), "name": name(t)} for t in types]})


def label_usage(state: State, rules: Rules, from_object_type: str | None, to_object_type: str | None) -> Answer:
    """Limits Tracking: a row for each direction of each pair that has labels [observed]."""
    rows = []
    for start, end in sorted({(t.from_object_type, t.to_object_type) for t in _own(state) if t.label is not None}):
        if from_object_type not in {None, start} or to_object_type not in {None, end}:
            continue
        usage = sum(not label.is_plain for label in state.of_pair(start, end))
        cap = rules.settings.labels_per_pair
        rows.append(
            {
                "allLabels": [t.label for t in state.types(start, end) if t.label and t.category == facts.USER_DEFINED],
                "fromObjectType": _object(state, start),
                "toObjectType": _object(state, end),
                "limit": cap,
                "usage": usage,
                "percentage": usage / cap,
            }
        )
    return Answer(200, {"results": rows})


def check_object_scope(scopes: tuple[str, ...]) -> None:
    """Limits Tracking wants at least one object scope: schema scopes alone do not do [observed]."""
    if not any(scope.startswith("crm.objects.") for scope in scopes):
        raise Refusal(403, "This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES")


def _own(state: State) -> Iterator[AssociationType]:
    for label in state.labels.values():
        yield from sides(label)


def _touching(state: State, object_type: str) -> Iterator[AssociationType]:
    """Every type that starts or ends at an object."""
    for defined in facts.defined_types().values():
        if object_type in {defined.from_object_type, defined.to_object_type}:
            yield hubspot_type(defined)
    for t in _own(state):
        if object_type in {t.from_object_type, t.to_object_type}:
            yield t


def _head(object_type: str, custom: CustomObject | None) -> JsonObject:
    if custom:
        return {
            "id": custom.object_type_id,
            "objectTypeId": custom.object_type_id,
            "name": custom.name,
            "fullyQualifiedName": custom.fully_qualified_name,
            "labels": {"singular": custom.singular, "plural": custom.plural},
        }
    singular = facts.singular(object_type)
    return {
        "id": object_type_id(object_type),
        "objectTypeId": object_type_id(object_type),
        "name": singular.upper(),
        "fullyQualifiedName": singular.upper(),
        "labels": {"singular": _title(singular), "plural": _title(object_type)},
    }


def _association(state: State, t: AssociationType) -> JsonObject:
    """One item: a name where one is known, limits in both directions, no category [observed]."""
    most = state.limits.get(t.key)
    back = state.limits.get((t.category, t.inverse_type_id)) if t.inverse_type_id is not None else None
    item: JsonObject = {
        "id": str(t.type_id),
        "fromObjectTypeId": object_type_id(t.from_object_type),
        "toObjectTypeId": object_type_id(t.to_object_type),
        "cardinality": "ONE_TO_ONE" if most == 1 else "ONE_TO_MANY",
        "inverseCardinality": "ONE_TO_ONE" if back == 1 else "ONE_TO_MANY",
        "hasUserEnforcedMaxToObjectIds": most is not None,
        "hasUserEnforcedMaxFromObjectIds": back is not None,
        "maxToObjectIds": NO_LIMIT if most is None else most,
        "maxFromObjectIds": NO_LIMIT if back is None else back,
    }
    if t.name is not None:
        item["name"] = t.name
    if t.created_at:
        item |= {"createdAt": timestamp(t.created_at), "updatedAt": timestamp(t.created_at)}
    return item


def _object(state: State, object_type: str) -> JsonObject:
    custom = state.custom_objects.get(object_type)
    singular, plural = (
        (custom.singular, custom.plural) if custom else (_title(facts.singular(object_type)), _title(object_type))
    )
    return {"objectTypeId": object_type_id(object_type), "singularLabel": singular, "pluralLabel": plural}


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
