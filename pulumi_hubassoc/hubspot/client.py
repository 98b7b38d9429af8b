"""HubSpot's association schema API as nine typed calls, the account check, the schema read and the token's scopes.

One call here is one request (and its retries). What it means for a label or a limit is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import ValidationError

from pulumi_hubassoc import errors
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.connection import Connection
from pulumi_hubassoc.hubspot.models import (
    Account,
    BatchAnswer,
    CustomObject,
    CustomObjects,
    Definition,
    LabelList,
    LabelType,
    LabelUsage,
    LabelUsages,
    LimitInput,
    LimitItem,
    LimitList,
    Schema,
    TokenInfo,
    TypeInput,
    Wire,
)
from pulumi_hubassoc.hubspot.refusals import Reader, limit_text
from pulumi_hubassoc.hubspot.sending import DOUBT, Sender
from pulumi_hubassoc.hubspot.spending import Spending
from pulumi_hubassoc.hubspot.waiting import Limiter, Patience

if TYPE_CHECKING:
    import httpx

W = TypeVar("W", bound=Wire)

_READ = frozenset({200})
_DONE = frozenset({200, 201, 204, 207})
"""Statuses that HubSpot documents or has shown for reads and for writes; others of the 2xx are no yes [docs]."""
_TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105  a path
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,256}")
BATCH_SIZE = 100
"""Inputs in one batch call; HubSpot documents no maximum for limits, other batch calls take 100 [assumed]."""


class _Answer(NamedTuple):
    """A 2xx: its status and its body."""

    status: int
    content: bytes


class HubSpot:
    """The API of one portal. Threads may share it.

    Every call raises `errors.HubSpotError` (see the tree there) and nothing else; the sentence says what was tried.
    Only an object type that cannot be one is refused before, as `errors.HubAssocError`.

    Args:
        connection: where and with which token.
        transport: an httpx transport, instead of the network.
        patience: how failures are waited out.
        limiter: how requests are held back.

    Attributes:
        headers: of the newest answer, a refusal too, those that are looked at; empty before the first.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        patience: Patience | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.connection = connection
        self.patience = patience or Patience(connection.patience_s)
        self._reader = Reader(connection.token, connection.token_from)
        self._root = facts.API_PATHS[connection.api_version]
        file = connection.spending_file
        self._spending = Spending(file, connection.daily_share) if file else None
        limiter = limiter or Limiter(self.patience.sleep, self.patience.clock)
        self._sender = Sender(connection, limiter, self._spending, wait_s=self.patience.total_s, transport=transport)
        self.headers: Mapping[str, str] = {}

    # ------------------------------------------------------------------------------------------------------ labels

    def list_labels(self, from_object_type: str, to_object_type: str) -> tuple[LabelType, ...]:
        """Every association type of one direction (of both, for an object with itself), in no order [observed]."""
        tried = f"list the labels of {arrow(from_object_type, to_object_type)}"
        return self._read(LabelList, tried, f"{self._pair(from_object_type, to_object_type)}/labels").results

    def create_label(
        self, from_object_type: str, to_object_type: str, *, name: str, label: str, inverse_label: str | None
    ) -> tuple[LabelType, ...]:
        """Create a label; the answer has every type that was made, in no dependable order [observed].

        Sent once: what to do after a failure only a new list can tell.
        """
        tried = f"create the label {label_text(label, inverse_label)} ({arrow(from_object_type, to_object_type)})"
        body = {"name": name, "label": label} | ({"inverseLabel": inverse_label} if inverse_label is not None else {})
        path = f"{self._pair(from_object_type, to_object_type)}/labels"
        return self._parse(LabelList, tried, self._send("POST", path, tried, body).content, maybe_applied=True).results

    def update_label(
        self, from_object_type: str, to_object_type: str, type_id: int, *, label: str, inverse_label: str
    ) -> None:
        """Set both texts of a label; `label` is the text of the side whose id is given [observed].

        Both are always sent: without the second, HubSpot writes the first on both sides [observed].
        """
        tried = (
            f"rename label {type_id} to {label_text(label, inverse_label)} ({arrow(from_object_type, to_object_type)})"
        )
        body = {"associationTypeId": type_id, "label": label, "inverseLabel": inverse_label}
        self._done("PUT", f"{self._pair(from_object_type, to_object_type)}/labels", tried, body)

    def delete_label(self, from_object_type: str, to_object_type: str, type_id: int) -> None:
        """Delete a label, both directions of it, by either of its ids [observed]."""
        tried = f"delete label {type_id} ({arrow(from_object_type, to_object_type)})"
        self._done("DELETE", f"{self._pair(from_object_type, to_object_type)}/labels/{type_id}", tried)

    # ------------------------------------------------------------------------------------------------------ limits

    def list_all_limits(self) -> tuple[LimitItem, ...]:
        """Every limit of the portal; no object types in it, so join by category and type id [observed]."""
        path = f"{self._root}/definitions/configurations/all"
        return self._read(LimitList, "list all limits of the portal", path).results

    def list_limits(self, from_object_type: str, to_object_type: str) -> tuple[LimitItem, ...]:
        """The limits of one direction of a pair [observed]."""
        tried = f"list the limits of {arrow(from_object_type, to_object_type)}"
        return self._read(LimitList, tried, self._limits_path(from_object_type, to_object_type)).results

    def create_limits(self, from_object_type: str, to_object_type: str, limits: Sequence[LimitInput]) -> None:
        """Create limits; what HubSpot does where one exists nobody has shown, so `update_limits` is the safe call."""
        self._write_limits("create", "set", from_object_type, to_object_type, limits)

    def update_limits(self, from_object_type: str, to_object_type: str, limits: Sequence[LimitInput]) -> None:
        """Set limits, whether they exist or not [observed]."""
        self._write_limits("update", "set", from_object_type, to_object_type, limits)

    def purge_limits(self, from_object_type: str, to_object_type: str, types: Sequence[TypeInput]) -> None:
        """Remove limits; one that is not set is no error [observed]."""
        self._write_limits("purge", "remove", from_object_type, to_object_type, types)

    # ------------------------------------------------------------------------------------------------ other reads

    def account(self) -> Account:
        """Which portal the token belongs to."""
        account = self._read(Account, "ask which portal the token belongs to", "/account-info/v3/details")
        self._reader.time_zone = account.time_zone
        if self._spending:
            self._spending.in_zone(account.time_zone)
        return account

    def definitions(self, object_type: str) -> tuple[Definition, ...]:
        """The association definitions of an object, with internal names; new ones lag by up to minutes [observed]."""
        tried = f"read the internal names of the labels of {object_type}"
        return self._read(Schema, tried, f"/crm/v3/schemas/{_segment(object_type)}").associations

    def label_usage(self) -> tuple[LabelUsage, ...]:
        """The directions of the pairs that have labels; up to a minute late [observed]. Wants an object scope [observed]."""
        tried = "ask which pairs of objects have labels"
        return self._read(LabelUsages, tried, "/crm/v3/limits/associations/labels").results

    def custom_objects(self) -> tuple[CustomObject, ...]:
        """The custom objects of the portal."""
        return self._read(CustomObjects, "list the custom objects", "/crm/v3/schemas").results

    def token_info(self) -> TokenInfo:
        """The scopes of the token; HubSpot tells them of private apps and service keys [observed].

        Raises:
            errors.Refused: the token is of another kind (which status says so nobody has shown), or is bad.
        """
        tried = "ask which scopes the token has"
        body = {"tokenKey": self.connection.token}
        return self.patience(
            lambda: self._parse(TokenInfo, tried, self._send("POST", _TOKEN_INFO, tried, body).content)
        )

    # --------------------------------------------------------------------------------------------------- machinery

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._sender.close()

    def _pair(self, from_object_type: str, to_object_type: str) -> str:
        return f"{self._root}/{_segment(from_object_type)}/{_segment(to_object_type)}"

    def _limits_path(self, from_object_type: str, to_object_type: str) -> str:
        return f"{self._root}/definitions/configurations/{_segment(from_object_type)}/{_segment(to_object_type)}"

    def _write_limits(
        self, call: str, verb: str, from_object_type: str, to_object_type: str, inputs: Sequence[LimitInput | TypeInput]
    ) -> None:
        path = f"{self._limits_path(from_object_type, to_object_type)}/batch/{call}"
        for start in range(0, len(inputs), BATCH_SIZE):
            chunk = inputs[start : start + BATCH_SIZE]
            what = ", ".join(limit_text(i) for i in chunk[:5]) + (" …" if len(chunk) > 5 else "")
            tried = (
                f"{verb} the limit{'s' if len(chunk) > 1 else ''} {what} ({arrow(from_object_type, to_object_type)})"
            )
            body = {"inputs": [i.model_dump(by_alias=True) for i in chunk]}
            status, content = self._again("POST", path, tried, body)
            if call == "purge" and status in (200, 204) and not content.strip():
                continue  # what a purge answers differs between descriptions: nothing, or a batch [spec]
            answer = self._parse(BatchAnswer, tried, content, maybe_applied=True)
            self._reader.refuse_failed_batch(answer, tried, [] if call == "purge" else chunk, earlier=start > 0)

    def _read(self, shape: type[W], tried: str, path: str) -> W:
        return self.patience(lambda: self._parse(shape, tried, self._send("GET", path, tried).content))

    def _again(self, method: str, path: str, tried: str, body: dict[str, Any] | None = None) -> _Answer:
        return self.patience(lambda: self._send(method, path, tried, body))

    def _done(self, method: str, path: str, tried: str, body: dict[str, Any] | None = None) -> None:
        """A write whose answer has no body [observed]: with one, somebody else may have answered."""
        if self._again(method, path, tried, body).content.strip():
            raise errors.UnexpectedAnswer(
                tried, "HubSpot's answer has a body where it documents none", DOUBT, maybe_applied=True
            )

    def _parse(self, shape: type[W], tried: str, content: bytes, *, maybe_applied: bool = False) -> W:
        try:
            return shape.model_validate_json(content)
        except (ValidationError, RecursionError) as error:
            what = _first_fault(error) if isinstance(error, ValidationError) else "too deep"
        said = f"HubSpot's answer is not what it documents ({self._reader.text(what)})"
        raise errors.UnexpectedAnswer(tried, said, DOUBT, maybe_applied=maybe_applied)

    def _send(self, method: str, path: str, tried: str, body: dict[str, Any] | None = None) -> _Answer:
        """One request; its answer if that is a 2xx that HubSpot documents."""
        writes = method != "GET" and path != _TOKEN_INFO  # that one of those with a body asks and no more
        outcome = self._sender.send(method, path, tried, body, writes=writes)
        if isinstance(outcome, errors.HubSpotError):
            raise outcome  # here, where nothing of the HTTP library is left: its exceptions and frames hold headers
        status, headers, content = outcome
        self.headers = headers
        refusal = None
        if not 200 <= status < 300:
            refusal = self._reader.refusal(tried, status, headers, content, writes=writes)
        if self._spending:
            daily = isinstance(refusal, errors.RateLimited) and refusal.daily
            self._spending.learn(headers, day_is_spent=daily)
        if refusal:
            raise refusal
        if status not in (_DONE if writes else _READ):
            raise errors.UnexpectedAnswer(
                tried, f"HubSpot answered {status}, which it does not document", DOUBT, maybe_applied=writes
            )
        return _Answer(status, content)


def arrow(from_object_type: str, to_object_type: str) -> str:
    """A direction, for people."""
    return f"{from_object_type} → {to_object_type}"


def label_text(label: str, inverse_label: str | None) -> str:
    """A label's texts, for people."""
    paired = inverse_label is not None and inverse_label != label
    return f'"{label}" / "{inverse_label}"' if paired else f'"{label}"'


def _segment(object_type: str) -> str:
    """An object type as it stands in a path; nothing else gets in there, whatever an id says."""
    segment = facts.path_segment(object_type)
    if not _SEGMENT.fullmatch(segment):
        raise errors.HubAssocError(
            f"{errors.one_line(segment, 60)!r} is no object type — nothing was sent — correct the id or the input"
        )
    return segment


def _first_fault(error: ValidationError) -> str:
    """Where an answer differs from the description, and how."""
    fault = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(part) for part in fault["loc"])
    reason = fault["msg"].removeprefix("Value error, ")
    return f"{path}: {reason}" if path else reason
