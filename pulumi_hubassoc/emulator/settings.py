"""What is switchable about an emulated portal: one documented dataclass, each default with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints

from pulumi_hubassoc.hubspot import facts


@dataclass(frozen=True)
class Settings:
    """How one portal answers where HubSpot is known to differ, may change, or has never been observed.

    The defaults are what was observed, or the stricter guess where nobody looked: they keep the traps on.

    Attributes:
        labels_per_pair: labels of an unordered pair before 437 [observed 50; docs say 10].
        names_checked: refuse hyphens, leading digits, white space in `name` [docs for the rule, assumed for the body].
        reserve_deleted_names: a deleted label's name stays taken [assumed not].
        texts_ignore_case: two texts that differ only in case are duplicates [assumed not].
        same_object_single_ids: ids of a single label between records of one object: 2 or 1 [assumed 2].
        second_delete_status: the answer to deleting what is gone: 400 [observed in a simulator] or 204 [observed].
        refuse_delete_in_use: refuse to delete a label that records carry [docs]; not refusing is [observed].
        keep_limits_of_deleted_labels: rows of deleted labels stay in the list of all limits [assumed not].
        null_object_type_keys: API versions whose label items carry `fromObjectTypeId` and `toObjectTypeId`, always null
            [observed for 2026-09]; elsewhere the keys are absent [observed for v4 in 2025].
        shuffle: lists and create answers come in an order that means nothing [observed]; else in order of making.
        max_limit: the greatest limit taken [docs for the settings page; assumed for the API].
        batch_validation: limits of a batch are checked one by one (`each`), each against what there was before the batch
            (`before`), or all as one end state, all or nothing (`joint`) [assumed each].
        mixed_batch: with good and bad inputs the good ones are applied (`partial`) or none is (`cancel`) [assumed].
        range_errors: a maximum out of range is an error of its input in a 207 (`item`) or a 400 for the whole request
            (`request`) [assumed].
        label_limit_below_object: a label's limit must be below the object limit instead of at most equal to it [the
            announcement says both].
        create_existing_limit: `batch/create` of a limit that is set: `refuse` or `overwrite` [assumed].
        symmetric_limits: a symmetric same-object type with two ids: setting one sets both (`mirror`) or both must come
            in one batch (`both_needed`) [assumed mirror; that both carry one limit is docs].
        pair_limits_listed: what the list of a direction holds: types whose definition has a limit in either direction
            (`touched`), those with a limit (`set`), or all (`every`) [assumed touched].
        unset_limit: a direction without a limit says `null` [observed] or leaves the key out, `absent` [observed].
        schema_name_lag: seconds until a standard object's schema read shows a new association [observed 300].
        label_usage_lag: seconds by which the label counts of Limits Tracking are behind [observed 2 to 40].
        rate_headers: send HubSpot's rate limit headers [docs].
        daily_headers: among them the daily pair, which OAuth tokens do not get [docs].
        requests_per_interval: requests per rolling 10 seconds that the headers announce [docs].
        enforce_interval: refuse more with 429; off, because the nine operations are exempt [spec].
        requests_per_day: requests per day that the headers announce [docs].
        enforce_day: refuse more with 429 DAILY.
    """

    labels_per_pair: int = facts.LABELS_PER_PAIR
    names_checked: bool = True
    reserve_deleted_names: bool = False
    texts_ignore_case: bool = False
    same_object_single_ids: Literal[1, 2] = 2
    second_delete_status: Literal[204, 400] = 400
    refuse_delete_in_use: bool = False
    keep_limits_of_deleted_labels: bool = False
    null_object_type_keys: tuple[str, ...] = ("2026-09",)
    shuffle: bool = True
    max_limit: int = facts.MAX_LIMIT
    batch_validation: Literal["each", "before", "joint"] = "each"
    mixed_batch: Literal["partial", "cancel"] = "partial"
    range_errors: Literal["item", "request"] = "item"
    label_limit_below_object: bool = False
    create_existing_limit: Literal["refuse", "overwrite"] = "refuse"
    symmetric_limits: Literal["mirror", "both_needed"] = "mirror"
    pair_limits_listed: Literal["touched", "set", "every"] = "touched"
    unset_limit: Literal["null", "absent"] = "null"
    schema_name_lag: float = 0.0
    label_usage_lag: float = 0.0
    rate_headers: bool = True
    daily_headers: bool = True
    requests_per_interval: int = 150
    enforce_interval: bool = False
    requests_per_day: int = 500_000
    enforce_day: bool = False

    def __post_init__(self) -> None:
        """Refuses values that no code would understand: they arrive from tests and over the control plane."""
        hints = get_type_hints(type(self))
        for field in fields(self):
            value, hint = getattr(self, field.name), hints[field.name]
            if get_origin(hint) is Literal:
                fits = value in get_args(hint)
            elif get_origin(hint) is tuple:
                fits = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
            elif hint is float:
                fits = isinstance(value, int | float) and not isinstance(value, bool)
            else:
                fits = type(value) is hint
            if not fits:
                msg = f"setting {field.name}: {value!r} does not fit {hint}"
                raise ValueError(msg)
