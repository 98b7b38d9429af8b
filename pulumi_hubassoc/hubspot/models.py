"""Wire shapes of HubSpot's association schema API: what is read is checked strictly, what is unknown is kept out.

Types are strict because an answer with a wrong type is an answer that cannot be trusted. `label` may be null although
the description says a string [observed]; object types in items are absent or null [observed] and are not read: the
pair is taken from the request.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr
from pydantic.alias_generators import to_camel

TypeId = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]


class Wire(BaseModel):
    """Base of all: HubSpot's camelCase on the wire, immutable, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class LabelType(Wire):
    """An association type as the label list and the answer of a create give it [spec]."""

    category: StrictStr
    type_id: TypeId
    label: StrictStr | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What identifies a type in one direction: category and type id together [observed]."""
        return (self.category, self.type_id)


class LabelList(Wire):
    """Answer of the label list and of a create [spec]."""

    results: tuple[LabelType, ...]


class LimitItem(Wire):
    """A limit as HubSpot gives it: a number, null or absent, both "many" [observed]."""

    category: StrictStr
    type_id: TypeId
    user_enforced_max_to_object_ids: StrictInt | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Category and type id, unique in a portal [observed]."""
        return (self.category, self.type_id)


class LimitList(Wire):
    """Answer of the two limit lists [spec]."""

    results: tuple[LimitItem, ...]


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

    category: StrictStr | None = None
    sub_category: object = None
    message: StrictStr = ""
    context: dict[StrictStr, object] = {}


class BatchAnswer(Wire):
    """Answer of the three batch calls; errors may stand in any 2xx [observed]."""

    status: StrictStr = ""
    results: tuple[LimitItem, ...] = ()
    num_errors: StrictInt = 0
    errors: tuple[BatchError, ...] = ()


class Account(Wire):
    """Which portal a token belongs to [spec]."""

    portal_id: Annotated[StrictInt, Field(ge=1)]
    account_type: StrictStr = ""
    time_zone: StrictStr = ""


class Definition(Wire):
    """An association definition of a schema read: the only place that gives internal names [observed]."""

    id: StrictStr
    name: StrictStr | None = None
    from_object_type_id: StrictStr = ""
    to_object_type_id: StrictStr = ""


class Schema(Wire):
    """The part of an object's schema that is of use here [spec]."""

    associations: tuple[Definition, ...] = ()


class ErrorDetail(Wire):
    """One detail of an error [spec]."""

    message: object = None
    context: object = None


class ErrorBody(Wire):
    """Body of a refusal; every field is optional [docs] and several real ones have no category [observed]."""

    message: object = None
    category: object = None
    sub_category: object = None
    correlation_id: object = None
    policy_name: object = None
    context: object = None
    errors: object = None
