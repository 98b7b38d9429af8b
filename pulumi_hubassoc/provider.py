"""What every provider here does alike: Pulumi's property bags in and out, check, diff, errors, the way to a portal.

It knows Pulumi and not what a label is. Facts about Pulumi are observed on the real engine: numbers arrive as floats,
null keys are dropped, unknown values are objects of their own, any exception is printed with its traceback.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.errors import ConfigError, HubAssocError, NotFound, one_line
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.preflight import Notice
from pulumi_hubassoc.portals import Portals
from pulumi_hubassoc.surroundings import Surroundings, is_provider_process

Props = Mapping[str, Any]
MISSING = "is missing"
"""The fault of a required input that is not there."""
PROBLEM, ELSEWHERE, PREVIEWED_AS = "problem", "elsewhere", "previewed_as"
"""What the program tells the check beside the inputs; it goes no further (see `Aside`)."""
_UNKNOWN = type(pulumi.UNKNOWN)


def is_unknown(value: object) -> bool:
    """Whether a value is not known yet (in a preview)."""
    return isinstance(value, _UNKNOWN)


@dataclass(frozen=True)
class Immutable:
    """Marks an input that HubSpot cannot change: another value means another object.

    Attributes:
        why: the reason, for the documentation.
    """

    why: str


class Inputs(BaseModel):
    """Inputs of a resource: each field says what is allowed, whether it is `Immutable`, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def faults(cls, values: Props) -> Iterator[tuple[str, str]]:
        """What is wrong between fields, as (property, reason); `values` holds the known and valid ones only."""
        yield from ()

    @classmethod
    def examine(cls, news: Props) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The canonical inputs and every fault of them.

        Unknown values pass as they are. What is None or its field's default is left out, so that one meaning has
        one form.
        """
        values: dict[str, Any] = {}
        faults: list[tuple[str, str]] = []
        for field, info in cls.model_fields.items():
            value = news.get(field)
            if is_unknown(value):
                values[field] = value
            elif value is None:
                if info.is_required():
                    faults.append((field, MISSING))
            else:
                try:
                    canonical = _adapter(cls, field).validate_python(value)
                except ValidationError as error:
                    reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                    faults.append((field, one_line(reason)))
                    continue
                if canonical != info.default:
                    values[field] = canonical
        # Pulumi prints the value of a property that is blamed by name, and this one may be a secret in the wrong place.
        faults += [("", f"{key} is no input of this resource") for key in news if key not in cls.model_fields]
        faults += cls.faults({k: v for k, v in values.items() if not is_unknown(v)})
        return values, faults

    @classmethod
    def immutable(cls) -> list[str]:
        """The fields that cannot be changed."""
        return [f for f, info in cls.model_fields.items() if any(isinstance(m, Immutable) for m in info.metadata)]


@functools.cache
def _adapter(model: type[Inputs], field: str) -> TypeAdapter[Any]:
    return TypeAdapter(model.model_fields[field].rebuild_annotation())


@dataclass(frozen=True)
class Aside:
    """What the program tells the check of a resource beside its inputs. It never is in the state.

    Attributes:
        problems: what is wrong with how this resource was written in the program.
        elsewhere: plain mistakes of other resources: a preview stops at the first check that fails [observed].
        urn: the resource's, in a preview; None in every other run.
    """

    problems: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    urn: str | None = None

    @classmethod
    def taken_from(cls, news: dict[str, Any]) -> Aside:
        """The asides, taken out of the inputs."""
        problems, elsewhere, urn = (news.pop(key, None) for key in (PROBLEM, ELSEWHERE, PREVIEWED_AS))
        return cls(_lines(problems), _lines(elsewhere), urn if isinstance(urn, str) else None)

    def added_to(self, faults: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """All faults; an input that is missing because of a problem is no fault of its own."""
        if self.problems:
            faults = [*(("", problem) for problem in self.problems), *(f for f in faults if f[1] != MISSING)]
        return [*faults, *(("", f"also {line}") for line in self.elsewhere)] if faults else []


PORTALS = Portals()
SURROUNDINGS = Surroundings()
I = TypeVar("I", bound=Inputs)  # noqa: E741  the name of type parameters
M = TypeVar("M", bound=Callable[..., Any])


def in_plain_words(method: M) -> M:
    """Let a foreseen error reach the user as one line: no cause, and in the provider process no traceback."""

    @functools.wraps(method)
    def call(*args: Any) -> Any:
        try:
            return method(*args)
        except HubAssocError as error:
            _show_tracebacks(bool(os.environ.get("HUBASSOC_DEBUG")))
            raise error from None
        except Exception:
            _show_tracebacks(True)
            raise

    return cast(M, call)


def _show_tracebacks(show: bool) -> None:
    if is_provider_process():  # the limit is the whole process's
        sys.tracebacklimit = 1000 if show else 0


class Provider(ResourceProvider, Generic[I]):
    """A dynamic provider without state of its own: its pickle is the name of its class.

    A subclass says what its `inputs` are and what `make`, `look`, `change` and `remove` do in a portal; all of them
    get the id and outputs as stored, with numbers whole again.
    """

    serialize_as_secret_always = False  # the pickle holds no secret; see the test of its exact bytes
    inputs: ClassVar[type[Inputs]]
    portals: Portals = PORTALS
    surroundings: Surroundings = SURROUNDINGS
    _config: Mapping[str, object] = {}

    # ------------------------------------------------------------------------------------------ what subclasses say

    def settle(self, olds: Props, values: dict[str, Any]) -> None:
        """Fill in inputs that depend on what they were; called with inputs that have no fault."""

    def replaced(self, id_: str, olds: Props, news: Props) -> list[str]:
        """The inputs that differ and cannot be changed; what the state does not know cannot be said to differ."""
        known = [f for f in self.inputs.immutable() if f in olds]
        return [f for f in known if is_unknown(news.get(f)) or olds[f] != news.get(f)]

    def plan(self, portal: Portal, id_: str, olds: Props, news: Props) -> None:
        """Tell the portal what a resource is about to become; in `check` `id_` is "", and `olds` is empty."""

    def leave(self, portal: Portal, id_: str) -> None:
        """Tell the portal what is about to be replaced."""

    def foresee(self, portal: Portal, olds: Props, news: Props) -> Iterable[Notice]:
        """What a preview has to say of a resource that is about to be made (`olds` is empty) or changed.

        Some of `news` may be unknown.
        """
        return ()

    def make(self, portal: Portal, inputs: I) -> tuple[str, dict[str, Any]]:
        """Create; the id and what HubSpot assigned."""
        raise NotImplementedError

    def look(self, portal: Portal, id_: str, outputs: Props) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        """Read; the id, the inputs as they are in the portal and what HubSpot assigned, None if certainly gone."""
        raise NotImplementedError

    def change(self, portal: Portal, id_: str, outputs: Props, inputs: I) -> None:
        """Update to these inputs; `outputs` is what there was."""
        raise NotImplementedError

    def remove(self, portal: Portal, id_: str, outputs: Props) -> None:
        """Delete; what is gone already is no error."""
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- what Pulumi calls

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the configuration; it is checked when a portal is first needed, because an error here repeats itself."""
        self._config = {
            key: value
            for key in (f"{configuration.NAMESPACE}:{k}" for k in configuration.ENVIRONMENT)
            if (value := req.config.get(key)) is not None
        }

    @in_plain_words
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Canonical inputs, or every fault of them."""
        inputs = _clean(news)
        aside = Aside.taken_from(inputs)
        values, faults = self.inputs.examine(inputs)
        faults = aside.added_to(faults)
        if not faults:
            olds = _clean(_olds)
            self.settle(olds, values)
            if not pulumi.contains_unknowns(values) and (portal := self._portal_if_set()):
                self.plan(portal, "", {}, values)
            if aside.urn and any(olds.get(field) != values.get(field) for field in self.written()):
                self._look_ahead(olds, values, aside.urn)
        return CheckResult(values, [CheckFailure(name, reason) for name, reason in faults])

    @in_plain_words
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """What would be replaced; what else differs the engine sees by itself (changes=None) [observed]."""
        olds, news = _clean(_olds), _clean(_news)
        replaces = self.replaced(_id, olds, news)
        meant = configuration.expected_portal_id(self._config, self.surroundings.environment())
        moved = meant is not None and olds.get("portal_id") not in (None, meant)
        if not moved and (portal := self._portal_if_set()):
            if replaces:
                self.leave(portal, _id)
            else:
                self.plan(portal, _id, olds, news)
        return DiffResult(
            changes=True if moved else None,  # the engine compares inputs only and would not see the other portal
            replaces=replaces + (["portal_id"] if moved else []),
            delete_before_replace=True,
        )

    @in_plain_words
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create in the portal of the token."""
        values = self._values(props)
        portal = self._portal()
        portal_id = portal.guard()
        id_, assigned = self.make(portal, self._inputs(values))
        return CreateResult(id_, self._outputs(values, assigned, portal_id))

    @in_plain_words
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Update in place; sends nothing where nothing of HubSpot's differs."""
        olds, values = _clean(_olds), self._values(_news)
        assigned = {k: v for k, v in olds.items() if k not in self.inputs.model_fields and k != "portal_id"}
        portal_id = olds.get("portal_id")
        if any(olds.get(field) != values.get(field) for field in self.written()):
            portal = self._portal()
            portal_id = portal.guard(portal_id)
            self.change(portal, _id, olds, self._inputs(values))
        return UpdateResult(self._outputs(values, assigned, portal_id))

    @in_plain_words
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is in the portal: outputs and inputs; an empty id says that it is certainly gone."""
        outputs = _clean(props)
        portal = self._portal()
        portal_id = portal.guard(outputs.get("portal_id"))
        found = self.look(portal, id_, outputs)
        if found is None:
            if outputs.get("portal_id") is None:  # a look-up by id, not a refresh: the engine would not notice
                raise NotFound(
                    f"There is no {id_} in portal {portal_id} — HubSpot does not list it — correct the id, or create it"
                )
            return ReadResult("", {})
        new_id, inputs, assigned = found
        values = {k: v for k, v in (self._values(outputs) | inputs).items() if v is not None}
        return ReadResult(new_id, self._outputs(values, assigned, portal_id), values)

    @in_plain_words
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete in the portal it was made in."""
        portal, outputs = self._portal(), _clean(_props)
        portal.guard(outputs.get("portal_id"))
        self.remove(portal, _id, outputs)

    # ---------------------------------------------------------------------------------------------------- machinery

    def written(self) -> list[str]:
        """The inputs that an update writes to HubSpot."""
        raise NotImplementedError

    def _look_ahead(self, olds: Props, news: Props, urn: str) -> None:
        """Say what HubSpot would refuse; silent without a token, because a preview needs none."""
        environment = self.surroundings.environment()
        if not configuration.has_token(self._config, environment):
            return
        try:
            settings = configuration.settings(self._config, environment)
        except ConfigError as error:
            if self.portals.is_news(str(error)):
                self.surroundings.say("warning", f"`pulumi up` will be refused: {error}", urn)
            return
        if settings.preflight:
            for notice in self.foresee(self.portals.of(settings), olds, news):
                self.surroundings.say(notice.severity, notice.message, urn)

    def _portal(self) -> Portal:
        return self.portals.of(configuration.settings(self._config, self.surroundings.environment()))

    def _portal_if_set(self) -> Portal | None:
        """The portal, None while the settings cannot be used: a preview without a token is fine."""
        try:
            return self._portal()
        except HubAssocError:
            return None

    def _values(self, props: Props) -> dict[str, Any]:
        return {k: v for k, v in _clean(props).items() if k in self.inputs.model_fields}

    def _inputs(self, values: Props) -> I:
        return cast(I, self.inputs.model_validate(values))

    @staticmethod
    def _outputs(inputs: Props, assigned: Props, portal_id: int | None) -> dict[str, Any]:
        return {k: v for k, v in {**inputs, **assigned, "portal_id": portal_id}.items() if v is not None}


def _lines(told: object) -> tuple[str, ...]:
    return tuple(map(str, told)) if isinstance(told, list) else ()


def _clean(props: Props) -> dict[str, Any]:
    """Properties without Pulumi's own (``__provider``) and without null, whole numbers as ints again."""
    return {k: _whole(v) for k, v in props.items() if not k.startswith("__") and v is not None}


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items() if item is not None}
    return int(value) if isinstance(value, float) and value.is_integer() else value
