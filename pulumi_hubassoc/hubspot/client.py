"""HubSpot's association schema API as nine typed calls, the account check and the schema read.

One call here is one request (and its retries). What it means for a label or a limit is not decided here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from pulumi_hubassoc import errors
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.models import (
    Account,
    BatchAnswer,
    Definition,
    ErrorBody,
    ErrorDetail,
    LabelList,
    LabelType,
    LimitInput,
    LimitItem,
    LimitList,
    Schema,
    TypeInput,
    Wire,
)
from pulumi_hubassoc.hubspot.waiting import RETRIED_STATUSES, Limiter, Patience, retry_after_s

if TYPE_CHECKING:
    import httpx

W = TypeVar("W", bound=Wire)

_LARGEST_BODY = 8 * 1024 * 1024
_NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError")
BATCH_SIZE = 100
"""Inputs in one batch call; HubSpot documents no maximum for limits, other batch calls take 100 [assumed]."""


class Token:
    """A token that does not show itself: its text is only had by asking for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The token itself."""
        return self._text

    def __repr__(self) -> str:
        """Never the token."""
        return "[token]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True)
class Connection:
    """Where HubSpot is and how to speak to it.

    Attributes:
        token: of the portal's private app, service key or OAuth app.
        token_from: where the token was found, for the sentence about a refused one.
        base_url: without a slash at the end.
        api_version: a key of `facts.API_PATHS`.
        timeout_s: the longest wait for a connection, and for each part of an answer.
        patience_s: the longest time one operation may take with its retries.
    """

    token: Token
    token_from: str = ""
    base_url: str = facts.DEFAULT_BASE_URL
    api_version: str = "v4"
    timeout_s: float = 30.0
    patience_s: float = 60.0


class HubSpot:
    """The API of one portal. Threads may share it.

    Every call raises `errors.HubSpotError` (see the tree there) and nothing else; the sentence says what was tried.

    Args:
        connection: where and with which token.
        transport: an httpx transport, instead of the network.
        patience: how failures are waited out.
        limiter: how requests are held back.
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
        self.limiter = limiter or Limiter(self.patience.sleep)
        self.time_zone = ""
        self._transport = transport
        self._http: httpx.Client | None = None
        self._lock = threading.Lock()
        self._root = facts.API_PATHS[connection.api_version]

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
        return self._parse(LabelList, tried, self._send("POST", path, tried, body), maybe_applied=True).results

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
        self._again("PUT", f"{self._pair(from_object_type, to_object_type)}/labels", tried, body)

    def delete_label(self, from_object_type: str, to_object_type: str, type_id: int) -> None:
        """Delete a label, both directions of it, by either of its ids [observed]."""
        tried = f"delete label {type_id} ({arrow(from_object_type, to_object_type)})"
        self._again("DELETE", f"{self._pair(from_object_type, to_object_type)}/labels/{type_id}", tried)

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
        self.time_zone = account.time_zone
        return account

    def definitions(self, object_type: str) -> tuple[Definition, ...]:
        """The association definitions of an object, with internal names; new ones lag by up to minutes [observed]."""
        tried = f"read the internal names of the labels of {object_type}"
        return self._read(Schema, tried, f"/crm/v3/schemas/{facts.path_segment(object_type)}").associations

    # --------------------------------------------------------------------------------------------------- machinery

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def _pair(self, from_object_type: str, to_object_type: str) -> str:
        return f"{self._root}/{facts.path_segment(from_object_type)}/{facts.path_segment(to_object_type)}"

    def _limits_path(self, from_object_type: str, to_object_type: str) -> str:
        pair = f"{facts.path_segment(from_object_type)}/{facts.path_segment(to_object_type)}"
        return f"{self._root}/definitions/configurations/{pair}"

    def _write_limits(
        self, call: str, verb: str, from_object_type: str, to_object_type: str, inputs: Sequence[LimitInput | TypeInput]
    ) -> None:
        path = f"{self._limits_path(from_object_type, to_object_type)}/batch/{call}"
        for start in range(0, len(inputs), BATCH_SIZE):
            chunk = inputs[start : start + BATCH_SIZE]
            what = ", ".join(_limit_text(i) for i in chunk[:5]) + (" …" if len(chunk) > 5 else "")
            tried = (
                f"{verb} the limit{'s' if len(chunk) > 1 else ''} {what} ({arrow(from_object_type, to_object_type)})"
            )
            body = {"inputs": [i.model_dump(by_alias=True) for i in chunk]}
            content = self._again("POST", path, tried, body)
            if content.strip():
                answer = self._parse(BatchAnswer, tried, content, maybe_applied=True)
                _refuse_batch_errors(answer, tried, [] if call == "purge" else chunk)

    def _read(self, shape: type[W], tried: str, path: str) -> W:
        return self.patience(lambda: self._parse(shape, tried, self._send("GET", path, tried)))

    def _again(self, method: str, path: str, tried: str, body: dict[str, Any] | None = None) -> bytes:
        return self.patience(lambda: self._send(method, path, tried, body))

    def _parse(self, shape: type[W], tried: str, content: bytes, *, maybe_applied: bool = False) -> W:
        try:
            return shape.model_validate_json(content)
        except (ValidationError, RecursionError) as error:
            what = _first_fault(error) if isinstance(error, ValidationError) else "too deep"
        raise errors.UnexpectedAnswer(
            tried,
            f"HubSpot's answer is not what it documents ({what})",
            "nothing was concluded from it; run it again, and check the base URL and what stands between",
            maybe_applied=maybe_applied,
        ) from None

    def _send(self, method: str, path: str, tried: str, body: dict[str, Any] | None = None) -> bytes:
        """One request; the body of a 2xx."""
        import httpx

        self.limiter.acquire()
        writes = method != "GET"
        try:
            status, headers, content = self._exchange(method, path, body)
        except httpx.HTTPError as error:
            kind = type(error).__name__
            raise errors.NoAnswer(
                tried,
                f"no answer from {self.connection.base_url} ({kind})",
                "check the network and the base URL and run it again"
                + ("; HubSpot may have done it all the same" if writes and kind not in _NOT_SENT else ""),
                maybe_applied=writes and kind not in _NOT_SENT,
            ) from None
        except _TooMuch as error:
            raise errors.UnexpectedAnswer(
                tried, str(error), "nothing was concluded from it; run it again", maybe_applied=writes
            ) from None
        self.limiter.learn(headers, refused=status == 429)
        if 200 <= status < 300:
            return content
        raise self._refusal(tried, status, headers, content, writes=writes)

    def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, httpx.Headers, bytes]:
        deadline = time.monotonic() + 2 * self.connection.timeout_s
        headers = {"Authorization": f"Bearer {self.connection.token.reveal()}"}
        with self._client().stream(method, path, json=body, headers=headers) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _LARGEST_BODY:
                    raise _TooMuch(f"HubSpot's answer is longer than {_LARGEST_BODY} bytes")
                if time.monotonic() > deadline:
                    raise _TooMuch(f"HubSpot's answer did not end in {2 * self.connection.timeout_s:.0f} s")
            return response.status_code, response.headers, b"".join(parts)

    def _client(self) -> httpx.Client:
        import logging

        import httpx

        with self._lock:
            if self._http is None:
                # httpx logs every URL at INFO; a provider's log lines are shown to users as noise.
                logging.getLogger("httpx").setLevel(logging.WARNING)
                self._http = httpx.Client(
                    base_url=self.connection.base_url,
                    timeout=self.connection.timeout_s,
                    transport=self._transport,
                    follow_redirects=False,  # a redirect must not carry the token elsewhere
                    trust_env=self.connection.base_url.startswith("https:"),  # no proxy stands before loopback
                    headers={"Accept": "application/json", "User-Agent": "pulumi-hubassoc"},
                )
            return self._http

    def _refusal(
        self, tried: str, status: int, headers: httpx.Headers, content: bytes, *, writes: bool
    ) -> errors.Refused:
        body = _error_body(content)
        token = self.connection.token.reveal()
        message = _text(body.message).replace(token, "[token]") or _reason(content)
        scopes = _scopes(body)
        policy = _text(body.policy_name)
        kinds = {401: errors.Unauthorized, 403: errors.MissingScopes, 429: errors.RateLimited, 437: errors.CapReached}
        kind = errors.Unavailable if status in RETRIED_STATUSES - {429} else kinds.get(status, errors.Refused)
        advice = errors.advice_for(status, required_scopes=scopes, token_from=self.connection.token_from)
        if policy.upper() == "DAILY":
            where = f" ({self.time_zone})" if self.time_zone else ""
            advice = f"the day's quota is spent; it resets at midnight in the portal's time zone{where}"
        refusal = kind(
            tried,
            advice,
            status=status,
            message=message,
            category=_text(body.category) or policy,
            sub_category=_text(body.sub_category),
            correlation_id=_text(body.correlation_id),
            context=_texts(body.context),
            maybe_applied=writes and status >= 500,
        )
        if isinstance(refusal, errors.RateLimited):
            refusal.policy = policy
        if isinstance(refusal, (errors.RateLimited, errors.Unavailable)):
            refusal.retry_after_s = retry_after_s(headers.get("Retry-After"))
        return refusal


class _TooMuch(Exception):
    """An answer that is too long in bytes or seconds."""


def arrow(from_object_type: str, to_object_type: str) -> str:
    """A direction, for people."""
    return f"{from_object_type} → {to_object_type}"


def label_text(label: str, inverse_label: str | None) -> str:
    """A label's texts, for people."""
    paired = inverse_label is not None and inverse_label != label
    return f'"{label}" / "{inverse_label}"' if paired else f'"{label}"'


def _limit_text(item: LimitInput | TypeInput) -> str:
    most = f" = {item.max_to_object_ids}" if isinstance(item, LimitInput) else ""
    return f"{item.category} {item.type_id}{most}"


def _refuse_batch_errors(answer: BatchAnswer, tried: str, wanted: Iterable[LimitInput | TypeInput]) -> None:
    """Raise if a 2xx body of a batch tells of errors, or does not tell of what was asked."""
    if answer.errors or answer.num_errors or answer.status not in ("", "COMPLETE"):
        first = answer.errors[0] if answer.errors else None
        message = "; ".join(e.message for e in answer.errors[:5]) or f"the batch ended as {answer.status or 'failed'}"
        raise errors.Refused(
            tried,
            errors.advice_for(400),
            status=207,
            message=message,
            category=(first.category or "") if first else "",
            sub_category=_text(first.sub_category) if first else "",
            context=_texts(first.context) if first else None,
            maybe_applied=bool(answer.results),
        )
    told = {(r.category, r.type_id, r.user_enforced_max_to_object_ids) for r in answer.results}
    for item in wanted:
        if isinstance(item, LimitInput) and (item.category, item.type_id, item.max_to_object_ids) not in told:
            raise errors.UnexpectedAnswer(
                tried,
                f"HubSpot's answer does not say that {_limit_text(item)} was set",
                "run `pulumi refresh` to see what is set, then run it again",
                maybe_applied=True,
            )


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False)[0]
    path = ".".join(str(part) for part in fault["loc"])
    return f"{path}: {fault['msg']}" if path else fault["msg"]


def _error_body(content: bytes) -> ErrorBody:
    try:
        return ErrorBody.model_validate_json(content)
    except (ValidationError, RecursionError):
        return ErrorBody()


def _reason(content: bytes) -> str:
    """A body that is no error of HubSpot's, such as a page of HTML, in a few words."""
    text = content[:2000].decode("utf-8", "replace").strip()
    return "a page of HTML, not HubSpot's API" if text[:1] == "<" else ""


def _text(value: object) -> str:
    return errors.one_line(value) if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        return {}
    return {_text(k): tuple(_text(x) for x in (v if isinstance(v, list) else [v])) for k, v in value.items()}


def _scopes(body: ErrorBody) -> list[str]:
    """The scopes that a 403 asks for [observed]."""
    found: list[str] = []
    for raw in body.errors if isinstance(body.errors, list) else []:
        try:
            context = _texts(ErrorDetail.model_validate(raw).context)
        except ValidationError:
            continue
        for key in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
            found += [s for s in context.get(key, ()) if s and s not in found]
    return found
