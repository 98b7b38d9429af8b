"""Wire shapes of HubSpot's association schema API: what is read is checked strictly, what is unknown is kept out.

Types are strict because an answer with a wrong type is an answer that cannot be trusted. `label` may be null although
the description says a string [observed]; object types in items are absent or null [observed] and are not read: the
pair is taken from the request. An answer that contradicts itself, tells of errors or is not all of it is refused here,
so that nobody concludes anything from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator
from pydantic.alias_generators import to_camel

TypeId = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Category = Annotated[StrictStr, Field(min_length=1, max_length=100)]
Words = Annotated[StrictStr, Field(max_length=10_000)]
"""A text that people read; HubSpot documents no greatest length, this one is far beyond what a page can show."""
Maximum = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(fail_fast=True)]
"""A list of which the first fault is enough: to note every fault of eight megabytes of ``{},`` takes as many gigabytes."""


class Wire(BaseModel):
    """Base of all: HubSpot's camelCase on the wire, immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class LabelType(Wire):
    """An association type as the label list and the answer of a create give it [spec]."""

    category: Category
    type_id: TypeId
    label: Words | None
    """Null for an unlabeled type, and always there [observed]."""

    @property
    def key(self) -> tuple[str, int]:
        """What identifies a type in one direction: category and type id together [observed]."""
        return (self.category, self.type_id)


class LimitItem(Wire):
    """A limit as HubSpot gives it: a number, null or absent, both "many" [observed]."""

    category: Category
    type_id: TypeId
    user_enforced_max_to_object_ids: Maximum | None = None
    label: Words | None = None
    """Null for an unlabeled type; in the lists [spec], and absent in the answer of an update [observed]."""

    @property
    def key(self) -> tuple[str, int]:
        """Category and type id, unique in a portal [observed]."""
        return (self.category, self.type_id)


class WholeList(Wire):
    """A list that can be believed: no errors in it, no pages after it, nothing in it twice with two meanings."""

    status: object = None
    errors: object = None
    num_errors: object = None
    paging: object = None

    @model_validator(mode="after")
    def _is_whole(self) -> WholeList:
        if self.errors or self.num_errors or self.status == "error":
            msg = "it tells of errors"
            raise ValueError(msg)
        if isinstance(self.paging, dict) and self.paging.get("next"):  # HubSpot documents no pages here [spec]
            msg = "it is one page of several"
            raise ValueError(msg)
        return self


class LabelList(WholeList):
    """Answer of the label list and of a create [spec]."""

    results: Items[LabelType]

    @model_validator(mode="after")
    def _is_one_list(self) -> LabelList:
        _refuse_two_meanings((t.key, t.label) for t in self.results)
        return self


class LimitList(WholeList):
    """Answer of the two limit lists [spec]."""

    results: Items[LimitItem]

    @model_validator(mode="after")
    def _is_one_list(self) -> LimitList:
        _refuse_two_meanings((i.key, i.user_enforced_max_to_object_ids) for i in self.results)
        return self


class LimitInput(Wire):
    """A limit to be set: at most `max_to_object_ids` *to* records for each *from* record [spec]."""

    category: StrictStr
    type_id: TypeId
    max_to_object_ids: StrictInt


class TypeInput(Wire):
    """A type whose limit is to be removed [spec]."""

    category: StrictStr
    type_id: TypeId


class BatchError(Wire):
    """One error of a batch; every field may be missing [docs]."""

    category: object = None
    sub_category: object = None
    message: object = None
    context: object = None


class BatchAnswer(Wire):
    """Answer of the three batch calls; errors may stand in any 2xx [observed]."""

    status: StrictStr = ""
    results: Items[LimitItem] = ()
    num_errors: StrictInt | None = None
    errors: Items[BatchError] | None = None

    @model_validator(mode="after")
    def _is_one_answer(self) -> BatchAnswer:
        _refuse_two_meanings((i.key, i.user_enforced_max_to_object_ids) for i in self.results)
        return self


class Account(Wire):
    """Which portal a token belongs to [spec]."""

    portal_id: Annotated[StrictInt, Field(ge=1, le=2**53)]
    account_type: Annotated[StrictStr, Field(max_length=100)] = ""
    time_zone: Annotated[StrictStr, Field(max_length=100)] = ""


class TokenInfo(Wire):
    """What a token may do [observed]; the portal is in it too, and is taken from the account."""

    scopes: tuple[Annotated[StrictStr, Field(max_length=200)], ...]


class Definition(Wire):
    """An association definition of a schema read: the only place that gives internal names [observed]."""

    id: StrictStr
    name: StrictStr | None = None
    from_object_type_id: StrictStr = ""
    to_object_type_id: StrictStr = ""


class Schema(Wire):
    """The part of an object's schema that is of use here; its associations are always there [spec]."""

    associations: Items[Definition]


class ObjectTypeRow(Wire):
    """An object type in a row of Limits Tracking [spec]."""

    object_type_id: Annotated[StrictStr, Field(min_length=1, max_length=100)]


class LabelUsage(Wire):
    """A direction of a pair that has labels, in Limits Tracking [spec]; one without any has no row [observed]."""

    all_labels: Items[Words] = ()
    from_object_type: ObjectTypeRow
    to_object_type: ObjectTypeRow


class LabelUsages(WholeList):
    """Answer of Limits Tracking for labels [spec]."""

    results: tuple[LabelUsage, ...]


class CustomObject(Wire):
    """A custom object: its id is of one portal, ``p_<name>`` means it in every portal [docs]."""

    object_type_id: Annotated[StrictStr, Field(pattern=r"^2-\d+$")]
    name: Annotated[StrictStr, Field(pattern=r"^\w+$")]
    associations: Items[Definition] = ()


class CustomObjects(WholeList):
    """Answer of the list of schemas [spec]."""

    results: tuple[CustomObject, ...]


class ErrorDetail(Wire):
    """One detail of an error [spec]."""

    message: object = None
    context: object = None


class ErrorBody(Wire):
    """Body of a refusal; every field is optional [docs] and several real ones have no category [observed]."""

    message: object = None
    category: object = None
    error_type: object = None
    sub_category: object = None
    correlation_id: object = None
    policy_name: object = None
    context: object = None
    errors: object = None


def _refuse_two_meanings(items: Iterable[tuple[tuple[str, int], object]]) -> None:
    """Raise ValueError if one type is listed twice with two values; the same twice says nothing wrong."""
    seen: dict[tuple[str, int], object] = {}
    for key, value in items:
        if seen.setdefault(key, value) != value:
            msg = f"{key[0]} {key[1]} is in it twice, as two different things"
            raise ValueError(msg)
