"""What may be written for an object type, a text, an internal name or a number: types for the fields of models."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from pulumi_hubassoc.hubspot import facts

_GREATEST = 2**31 - 1
"""HubSpot's numbers are 32-bit integers [spec]."""


def _object_type(value: object) -> str:
    if not isinstance(value, str):
        msg = f"must be the name or id of an object type, not {value!r}"
        raise ValueError(msg)
    return facts.object_type(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"must be a text, not {value!r}"
        raise ValueError(msg)
    if not value.strip():
        msg = f"must not be blank, and is {value!r}"
        raise ValueError(msg)
    return value.strip()


def _internal_name(name: str) -> str:
    fault = facts.fault_of_name(name)
    if fault:
        msg = f"{fault}: {name!r}; an internal name has neither hyphens nor white space and does not begin with a digit"
        raise ValueError(msg)
    return name


def _whole_number(value: object) -> int:
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
    if not 1 <= number <= _GREATEST or number != int(number):  # NaN is not between, infinity is greater
        msg = f"must be a whole number of at least 1, and is {value!r}"
        raise ValueError(msg)
    return int(number)


ObjectTypeName = Annotated[str, BeforeValidator(_object_type)]
"""An object type, canonical: HubSpot's plural lower-case name, custom ones as written."""

Text = Annotated[str, BeforeValidator(_text)]
"""A text that is not blank, without white space around it."""

InternalName = Annotated[Text, AfterValidator(_internal_name)]
"""An internal name that HubSpot takes."""

WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
"""A whole number of at least 1; floats that are whole are taken, as Pulumi sends them."""
