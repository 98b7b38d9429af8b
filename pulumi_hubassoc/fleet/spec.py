"""What `fleet.yaml` says, as models: the fields are its keys, the docstrings the descriptions that an editor shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, WithJsonSchema, model_validator

from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE
from pulumi_hubassoc.estate.spec import Spec
from pulumi_hubassoc.hubspot.nearest import nearest

TOKEN_LIKE = re.compile(r"pat-[a-z0-9]+-[\w-]{4,}", re.IGNORECASE)
"""HubSpot's form of a private app's token; others there are, which look like any text [docs]."""
_WHERE_IT_GOES = "name where it is instead: `{ env: VARIABLE }`, `{ file: path }`, or `config` for the stack's own"
_SECRET = re.compile(r"token|secret|passw|passphrase|credential|api_?key|private_?key", re.IGNORECASE)
_SAID_ELSEWHERE = {
    "portalId": "is each portal's own: write `portal_id` under the portal",
    "dailyShare": "is the fleet's: write `daily_share`",
    "spendingFile": "is the fleet's own: it has a file for each portal",
}
_GREATEST = 2**53
"""Greater numbers do not survive Pulumi, whose numbers are floats."""
_NAME = r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}"
"""It is also the name of a folder, so not ``.`` and not ``..``."""
_TAG = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_CONFIG_KEY = r"([A-Za-z][A-Za-z0-9_.-]*:)?[A-Za-z0-9_][A-Za-z0-9_.-]*"


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "must be a text: put it in quotes"
        raise ValueError(msg)
    if not value.strip() or "\0" in value:
        msg = "must not be blank" if not value.strip() else "must not have a null byte"
        raise ValueError(msg)
    return value.strip()


def _like(pattern: str, what: str) -> Callable[[object], str]:
    """A check that a text has a form; `what` says which, and the text itself is not told."""

    def check(value: object) -> str:
        text = _text(value)
        if not re.fullmatch(pattern, text) or TOKEN_LIKE.search(text):
            raise ValueError(what)
        return text

    return check


def _portal_id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _GREATEST:
        msg = "must be HubSpot's number of the portal, as in 12345678"
        raise ValueError(msg)
    return value


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _not_a_token(text: str) -> str:
    if TOKEN_LIKE.search(text):
        msg = f"holds a token, which this file never does: {_WHERE_IT_GOES} under the portal's `token`"
        raise ValueError(msg)
    return text


def _backend(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if not colon or not scheme.isalnum():
        msg = "must be the URL of a Pulumi back end, as in file:///srv/states or s3://bucket"
        raise ValueError(msg)
    if re.search(r":[^/@]*@", rest):
        msg = "holds a password, which this file never does: leave `backend` out and set PULUMI_BACKEND_URL"
        raise ValueError(msg)
    return text


def _share(value: object) -> float:
    number: object = value
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value)
        number = float(found[1]) / 100 if found else None
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= 1:  # NaN is not, either
        msg = "must be a share from 0% to 100%, as in 10% or 0.1"
        raise ValueError(msg)
    return float(number)


def _above_zero(number: float) -> float:
    if not number:
        msg = "must be more than 0"
        raise ValueError(msg)
    return number


def _config_key(value: str) -> str:
    namespace, _, name = value.rpartition(":")
    if not re.fullmatch(_CONFIG_KEY, value):
        msg = "is no key of a configuration: write it as Pulumi does, namespace:key"
        raise ValueError(msg)
    if _SECRET.search(name):
        msg = "looks like a secret, which this file never holds: set it in the stack's own configuration, or in the environment"
        raise ValueError(msg)
    if namespace == NAMESPACE and name in _SAID_ELSEWHERE:
        raise ValueError(_SAID_ELSEWHERE[name])
    if namespace == NAMESPACE and name not in ENVIRONMENT:
        close = nearest(name, ENVIRONMENT)
        hint = f"did you mean {NAMESPACE}:{close[0]}?" if close else f"there are {', '.join(ENVIRONMENT)}"
        msg = f"there is no such setting: {hint}"
        raise ValueError(msg)
    return value


def _config_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        msg = "must be a text, a number, true or false"
        raise ValueError(msg)
    return _not_a_token(str(value))


def _token(value: object) -> object:
    if value == "config":
        return {"config": True}
    if isinstance(value, dict) and "config" not in value:
        return value
    msg = f"must not be the token itself: {_WHERE_IT_GOES}"
    raise ValueError(msg)


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = [value for n, value in enumerate(values) if value in values[:n]]
    if twice:
        msg = f"{twice[0]} is written twice"
        raise ValueError(msg)
    return values


_PATH = {"type": "string", "pattern": r"\S"}
Name = Annotated[
    str,
    BeforeValidator(
        _like(_NAME, "is no name of Pulumi's: 1 to 100 letters, digits, hyphens, underscores and periods"),
    ),
    _pattern(_NAME),
]
PortalId = Annotated[
    int, BeforeValidator(_portal_id), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _GREATEST})
]
Tag = Annotated[
    str,
    BeforeValidator(_like(_TAG, "is no tag: up to 64 letters, digits, hyphens, underscores and periods")),
    _pattern(_TAG),
]
Variable = Annotated[
    str,
    BeforeValidator(_like(_VARIABLE, "must be the name of an environment variable, not a token")),
    _pattern(_VARIABLE),
]
File = Annotated[
    str,
    BeforeValidator(_like(r"(?s).+", "must be the path of a file, not a token")),
    WithJsonSchema(_PATH),
]
Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"},
            ]
        }
    ),
]
Backend = Annotated[
    str,
    BeforeValidator(_text),
    AfterValidator(_backend),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9]+://"}),
]
Config = Annotated[
    dict[Annotated[str, AfterValidator(_config_key)], Annotated[str, BeforeValidator(_config_value)]],
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{_CONFIG_KEY}$", "not": {"enum": [f"{NAMESPACE}:accessToken"]}},
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }
    ),
]


class TokenSpec(Spec):
    """Where a portal's token is. The token itself never stands in the file."""

    env: Variable | None = None
    """The environment variable that holds the token."""
    file: File | None = None
    """The file that holds the token and nothing else; a relative path is taken from the folder of the fleet file."""
    config: Annotated[StrictBool, Field(exclude=True)] = False
    """Whether it is the stack's own `hubassoc:accessToken`; written as `token: config`."""

    @model_validator(mode="after")
    def _one(self) -> TokenSpec:
        if (self.env is not None) + (self.file is not None) + self.config != 1:
            msg = "must be one of `{ env: VARIABLE }`, `{ file: path }` and `config`"
            raise ValueError(msg)
        return self


class PortalSpec(Spec):
    """A portal of the fleet."""

    portal_id: PortalId
    """HubSpot's number of the portal: a token of another portal is refused before anything is sent."""
    token: Annotated[TokenSpec, BeforeValidator(_token)]
    """Where the token is: `{ env: VARIABLE }`, `{ file: path }`, or `config` for the stack's own secret."""
    overlay: File | None = None
    """A schema file with what this portal has otherwise."""
    tags: Annotated[tuple[Tag, ...], AfterValidator(_each_once)] = ()
    """Words by which portals are chosen: `--tag`."""
    config: Config = Field(default={})
    """Configuration of this stack; it wins over the fleet's."""
    canary: StrictBool = False
    """Whether it is in the first wave."""


class WavesSpec(Spec):
    """In which waves portals are changed: the canaries, then a share, then all others."""

    second: Annotated[Share, AfterValidator(_above_zero)] = 0.1
    """The share of all portals that is in the second wave, as in 10% or 0.1."""
    stop_at: Share = 0.2
    """A wave in which a greater share of the portals fails is the last one."""


class FleetSpec(Spec):
    """One schema in many portals of HubSpot, a Pulumi stack for each."""

    project: Name | None = None
    """The Pulumi project of all stacks; with `program` it is that of its Pulumi.yaml."""
    schema_: Annotated[File | None, Field(alias="schema")] = None
    """The schema file that every portal gets."""
    program: File | None = None
    """Instead of `schema`: a folder with a Pulumi.yaml, whose program is run for every portal."""
    backend: Backend | None = None
    """Where Pulumi keeps the states; default is PULUMI_BACKEND_URL, else that of the program's Pulumi.yaml, or with `schema` a folder beside this file."""
    daily_share: Annotated[Share, AfterValidator(_above_zero)] = 0.5
    """The share of a portal's daily requests that the fleet may spend."""
    waves: WavesSpec = WavesSpec()
    """In which waves portals are changed."""
    config: Config = Field(default={})
    """Configuration of all stacks, in plain text."""
    portals: dict[Name, PortalSpec]
    """The portals, by stack name."""
