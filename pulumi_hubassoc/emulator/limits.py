"""The five limit operations ("configurations").

A limit belongs to one direction of one type: how many records of the *to* object one record may have under it. The
unlabeled type's limit is the object limit, and no label's limit of that direction may be above it [docs].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_hubassoc.emulator import bodies
from pulumi_hubassoc.emulator.answers import Answer, JsonObject, Refusal, timestamp
from pulumi_hubassoc.emulator.rules import Rules
from pulumi_hubassoc.emulator.state import AssociationType, Key, Limit, State
from pulumi_hubassoc.hubspot import facts

Limits = Mapping[Key, int]


@dataclass(frozen=True)
class Input:
    """One input of a batch; `maximum` is None in a purge. `type` is None where the direction has no such type."""

    key: Key
    maximum: int | None
    type: AssociationType | None


def list_all_limits(state: State, rules: Rules) -> Answer:
    """Every type whose definition has a limit in either direction; a direction without one says null [observed]."""
    rows = {t.key: t for key in state.limits for t in _both_directions(state, key)}
    items = [_item(state, rules, t) for t in rows.values()]
    orphans = [_row(limit.category, limit.type_id, limit.max_to_object_ids, limit.label) for limit in state.orphans]
    return Answer(200, {"results": rules.shuffled([*items, *orphans], lambda row: (row["category"], row["typeId"]))})


def list_limits(state: State, rules: Rules, from_object_type: str, to_object_type: str) -> Answer:
    """The asked direction alone [observed]."""
    touched = {t.key for key in state.limits for t in _both_directions(state, key)}
    listed: dict[str, Callable[[AssociationType], bool]] = {
        "every": lambda _: True,
        "touched": lambda t: t.key in touched,
        "set": lambda t: t.key in state.limits,
    }
    wanted = listed[rules.settings.pair_limits_listed]
    types = [t for t in state.types(from_object_type, to_object_type) if wanted(t)]
    return Answer(200, {"results": [_item(state, rules, t) for t in rules.shuffled(types, lambda t: t.key)]})


def create_limits(
    state: State, rules: Rules, from_object_type: str, to_object_type: str, body: bytes
) -> tuple[State, Answer]:
    """Sets limits that are not set yet: 201 [observed]."""
    return _write(state, rules, from_object_type, to_object_type, body, creating=True)


def update_limits(
    state: State, rules: Rules, from_object_type: str, to_object_type: str, body: bytes
) -> tuple[State, Answer]:
    """Sets limits, set before or not: 200, items without `label` [observed]."""
    return _write(state, rules, from_object_type, to_object_type, body, creating=False)


def purge_limits(
    state: State, rules: Rules, from_object_type: str, to_object_type: str, body: bytes
) -> tuple[State, Answer]:
    """Removes limits, set or not: 204; a type the direction does not have: 207 [observed]."""
    inputs = _inputs(state, from_object_type, to_object_type, body, with_maximum=False)
    errors = [_invalid_type(state, x, from_object_type, to_object_type) for x in inputs if x.type is None]
    if errors and (rules.settings.mixed_batch == "cancel" or len(errors) == len(inputs)):
        return state, _batch(rules, 207, [], errors)
    gone = {key for x in inputs if x.type for key in _one_limit(x.type)}
    state = replace(state, limits={key: maximum for key, maximum in state.limits.items() if key not in gone})
    return state, _batch(rules, 207, [], errors, status="COMPLETE") if errors else Answer(204)


def limits_set(state: State) -> list[Limit]:
    """The limits that are set, as people would list them."""
    found = []
    for key, maximum in state.limits.items():
        t = state.type_of(key)
        if t:
            found.append(Limit(t.from_object_type, t.to_object_type, *key, maximum, t.label))
    return found


def _write(state: State, rules: Rules, from_: str, to: str, body: bytes, *, creating: bool) -> tuple[State, Answer]:
    inputs = _inputs(state, from_, to, body, with_maximum=True)
    checks = _Checks(state, rules, from_, to, inputs, creating=creating)
    errors, applied, limits = (
        _all_or_nothing(checks, state.limits)
        if rules.settings.batch_validation == "joint"
        else _one_by_one(checks, state.limits)
    )
    if errors and rules.settings.mixed_batch == "cancel":
        applied = []
    if applied:
        state = replace(state, limits=limits)
    keys = ("category", "typeId", "userEnforcedMaxToObjectIds", "label")[: 4 if creating else 3]
    results = []
    for x in applied:
        row = _row(*x.key, x.maximum, x.type.label if x.type else None)
        results.append({key: row[key] for key in keys})
    return state, _batch(rules, 207 if errors else (201 if creating else 200), results, errors)


def _one_by_one(checks: _Checks, limits: Limits) -> tuple[list[JsonObject], list[Input], Limits]:
    """Each input meets what the ones before it left, or what there was before the batch.

    Answers errors, what was applied, and the limits then.
    """
    errors, applied, before = [], [], limits
    for x in checks.inputs:
        met = before if checks.rules.settings.batch_validation == "before" else limits
        error = checks.error(x, met, _with(met, x))
        if error:
            errors.append(error)
        else:
            applied.append(x)
            limits = _with(limits, x)
    return errors, applied, limits


def _all_or_nothing(checks: _Checks, limits: Limits) -> tuple[list[JsonObject], list[Input], Limits]:
    """Each input meets what all of them together would leave."""
    after = limits
    for x in checks.inputs:
        after = _with(after, x)
    errors = [error for x in checks.inputs if (error := checks.error(x, limits, after))]
    return errors, [] if errors else list(checks.inputs), after


def _inputs(state: State, from_: str, to: str, body: bytes, *, with_maximum: bool) -> list[Input]:
    """The inputs of a batch, each with its type of the direction."""
    value = bodies.json_object(body)
    bodies.require(value, "inputs")
    types = {t.key: t for t in state.types(from_, to)}
    found = []
    for item in bodies.objects(value, "inputs"):
        bodies.require(item, "category", "typeId", *(["maxToObjectIds"] if with_maximum else []))
        category = bodies.text(item, "category")
        if category not in facts.CATEGORIES:
            raise Refusal(
                400,
                "Invalid input JSON on line 1, column 1: Cannot deserialize value of type `AssociationCategory` from "
                f'String "{category}": not one of the values accepted for Enum class',
                None,
            )
        key = category, bodies.integer(item, "typeId")
        maximum = bodies.integer(item, "maxToObjectIds") if with_maximum else None
        found.append(Input(key, maximum, types.get(key)))
    return found


@dataclass(frozen=True)
class _Checks:
    """What is checked of the inputs of one batch, in order.

    Attributes:
        state: the portal's types.
        rules: the portal's settings.
        from_: the direction's start.
        to: the direction's end.
        inputs: the whole batch.
        creating: whether limits must not exist yet.
    """

    state: State
    rules: Rules
    from_: str
    to: str
    inputs: Sequence[Input]
    creating: bool

    def error(self, x: Input, before: Limits, after: Limits) -> JsonObject | None:
        """What is wrong with an input that meets the limits `before` and would leave `after`; the first that is."""
        if x.type is None:
            return _invalid_type(self.state, x, self.from_, self.to)
        message = self._exists(x, before) or self._out_of_range(x.type, after) or self._disagrees(x.type)
        if message is None:
            return None
        if self.rules.settings.range_errors == "request":
            raise Refusal(400, message)
        return _item_error(message, "crm.associations.INVALID_CONFIGURATION", {"type": [_type_number(x.key)]})

    def _exists(self, x: Input, before: Limits) -> str | None:
        """Whether creating what exists is refused, nobody knows [assumed]."""
        if self.creating and x.key in before and self.rules.settings.create_existing_limit == "refuse":
            return f"A configuration already exists for association type {x.key[1]}"
        return None

    def _out_of_range(self, t: AssociationType, after: Limits) -> str | None:
        """A limit is between 1 and the greatest; a label's is at most the object limit, wherever both are set [docs].

        The bodies are [assumed]; that they name the valid range is [docs].
        """
        maximum, settings = after[t.key], self.rules.settings
        least, greatest = 1, settings.max_limit
        apart = 1 if settings.label_limit_below_object else 0
        siblings = [s for s in self.state.types(self.from_, self.to) if s.key in after and s.key != t.key]
        if t.label is None:
            least = max((after[s.key] + apart for s in siblings if s.label is not None), default=least)
        else:
            greatest = min((after[s.key] - apart for s in siblings if s.label is None), default=greatest)
        if least <= maximum <= greatest:
            return None
        return f"{maximum} is not a valid limit. The valid range is {least}-{greatest}"

    def _disagrees(self, t: AssociationType) -> str | None:
        """Both ids of a symmetric same-object type carry one limit [docs]; whether both must be sent is a setting."""
        keys = _one_limit(t)
        sent = {x.key: x.maximum for x in self.inputs if x.key in keys}
        both_needed = self.rules.settings.symmetric_limits == "both_needed"
        if len(set(sent.values())) == 1 and (len(sent) == len(keys) or not both_needed):
            return None
        return f"Association type {t.type_id} is symmetric: both directions must have the same limit"


def _one_limit(t: AssociationType) -> set[Key]:
    """The keys that carry one limit: both of a symmetric same-object type [docs], else the type's own."""
    if t.is_symmetric and t.inverse_type_id is not None:
        return {t.key, (t.category, t.inverse_type_id)}
    return {t.key}


def _with(limits: Limits, x: Input) -> Limits:
    if x.type is None or x.maximum is None:
        return limits
    return {**limits, **dict.fromkeys(_one_limit(x.type), x.maximum)}


def _both_directions(state: State, key: Key) -> list[AssociationType]:
    """The type and its inverse, which the list of all limits shows together [observed]."""
    t = state.type_of(key)
    if t is None:
        return []
    other = state.type_of((t.category, t.inverse_type_id)) if t.inverse_type_id is not None else None
    return [t] if other is None or other.key == t.key else [t, other]


def _item(state: State, rules: Rules, t: AssociationType) -> JsonObject:
    row = _row(*t.key, state.limits.get(t.key), t.label)
    if row["userEnforcedMaxToObjectIds"] is None and rules.settings.unset_limit == "absent":
        del row["userEnforcedMaxToObjectIds"]
    return row


def _row(category: str, type_id: int, maximum: int | None, label: str | None) -> JsonObject:
    return {"category": category, "typeId": type_id, "userEnforcedMaxToObjectIds": maximum, "label": label}


def _type_number(key: Key) -> str:
    """How an error writes a type: ``0-5`` for one of HubSpot's own [observed]; other categories' numbers [assumed]."""
    return f"{facts.CATEGORIES.index(key[0])}-{key[1]}"


def _invalid_type(state: State, x: Input, from_: str, to: str) -> JsonObject:
    """The error of a type that the direction does not have [observed]."""
    start, end = state.singular(from_).upper(), state.singular(to).upper()
    number = _type_number(x.key)
    return _item_error(
        f"{number} is not a valid association type between {start} and {end}",
        "crm.associations.INVALID_ASSOCIATION_TYPE",
        {"type": [number], "fromObjectType": [start], "toObjectType": [end]},
    )


def _item_error(message: str, sub_category: str, context: JsonObject) -> JsonObject:
    """An item of `errors`: its status is the word "error" and its subCategory a text [observed]."""
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "subCategory": sub_category,
        "message": message,
        "context": context,
    }


def _batch(
    rules: Rules, http_status: int, results: list[JsonObject], errors: list[JsonObject], status: str | None = None
) -> Answer:
    """A batch's answer: CANCELED where nothing was done for errors [observed], else COMPLETE."""
    body: JsonObject = {"status": status or ("CANCELED" if errors and not results else "COMPLETE"), "results": results}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    when = timestamp(rules.now)
    return Answer(http_status, body | {"startedAt": when, "completedAt": when})
