"""What HubSpot's refusals say: bodies of errors, batches that failed in part, pages that are no answer of the API.

Every part of such a body may be missing or of another type than described [docs], and is for people to read: it is
put on one line and cut, and the token is struck out of it should HubSpot repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from pydantic import ValidationError

from pulumi_hubassoc import errors
from pulumi_hubassoc.hubspot.models import BatchAnswer, ErrorBody, ErrorDetail, LimitInput, TypeInput
from pulumi_hubassoc.hubspot.waiting import RETRIED_STATUSES, end_of_day, retry_after_s

_KINDS: Mapping[int, type[errors.Refused]] = {
    401: errors.Unauthorized,
    403: errors.MissingScopes,
    429: errors.RateLimited,
    437: errors.CapReached,
    **dict.fromkeys(RETRIED_STATUSES - {429}, errors.Unavailable),
}
_POLICIES = ("DAILY", "TEN_SECONDLY_ROLLING", "SECONDLY")
_SHORT = 64
_LOOKED_AT = 100
"""How many details of a refusal, and texts of one, are looked at: more is not for people."""


class Reader:
    """Turns bodies into errors for one token and portal.

    Args:
        token: what must not appear in any of them.
        token_from: where the token was found, for the sentence about a refused one.

    Attributes:
        time_zone: the portal's, "" until it is known; the day's quota ends at its midnight [docs].
    """

    def __init__(self, token: Any, token_from: str) -> None:
        self._token, self._token_from = token, token_from
        self.time_zone = ""

    def refusal(
        self, tried: str, status: int, headers: Mapping[str, str], content: bytes, *, writes: bool
    ) -> errors.Refused:
        """The error for an answer that is no 2xx."""
        body = _error_body(content)
        policy = self._policy(body, headers) if status == 429 else ""
        refusal = _KINDS.get(status, errors.Refused)(
            tried,
            self._advice(status, body, policy),
            status=status,
            message=self.text(body.message),
            category=self.text(body.category, _SHORT) or self.text(body.error_type, _SHORT),
            sub_category=self.text(body.sub_category),
            correlation_id=self.text(body.correlation_id or headers.get("X-HubSpot-Correlation-Id"), _SHORT),
            context=self.texts(body.context),
            said=f"HubSpot's address answered {status} with a page of HTML" if _is_page(content) else "",
            maybe_applied=writes and (status >= 500 or status == 408),
        )
        if isinstance(refusal, errors.RateLimited):
            refusal.policy = policy
        if isinstance(refusal, (errors.RateLimited, errors.Unavailable)):
            refusal.retry_after_s = retry_after_s(headers.get("Retry-After"))
        return refusal

    def refuse_failed_batch(
        self, answer: BatchAnswer, tried: str, wanted: Sequence[LimitInput | TypeInput], *, earlier: bool
    ) -> None:
        """Raise if a 2xx body of a batch tells of errors, or does not tell that all of `wanted` was set.

        `earlier` says whether parts of the same write were applied before.
        """
        if answer.errors or answer.num_errors or answer.status != "COMPLETE":
            found = answer.errors or ()
            first = found[0] if found else None
            words = "; ".join(filter(None, (self.text(e.message) for e in found[:5])))
            raise errors.Refused(
                tried,
                errors.advice_for(400),
                status=207,
                message=words or f"the batch ended as {self.text(answer.status, _SHORT) or 'nothing in particular'}",
                category=self.text(first.category, _SHORT) if first else "",
                sub_category=self.text(first.sub_category) if first else "",
                context=self.texts(first.context) if first else None,
                maybe_applied=earlier or bool(answer.results) or answer.status != "CANCELED",
            )
        told = {(r.category, r.type_id, r.user_enforced_max_to_object_ids) for r in answer.results}
        for item in wanted:
            if isinstance(item, LimitInput) and (item.category, item.type_id, item.max_to_object_ids) not in told:
                raise errors.UnexpectedAnswer(
                    tried,
                    f"HubSpot's answer does not say that {limit_text(item)} was set",
                    "run `pulumi refresh` to see what is set, then run it again",
                    maybe_applied=True,
                )

    def text(self, value: object, longest: int = 400) -> str:
        """A text of a body for people, "" for anything else. The token goes first: a cut one would be half shown."""
        return (
            errors.one_line(value.replace(self._token.reveal(), "[token]"), longest) if isinstance(value, str) else ""
        )

    def texts(self, value: object) -> dict[str, tuple[str, ...]]:
        """A context of a body: name -> texts."""
        if not isinstance(value, dict):
            return {}
        return {
            self.text(k): tuple(self.text(x) for x in (v[:_LOOKED_AT] if isinstance(v, list) else [v]))
            for k, v in islice(value.items(), _LOOKED_AT)
        }

    def _advice(self, status: int, body: ErrorBody, policy: str) -> str:
        if policy == "DAILY":
            now = datetime.now(timezone.utc)
            return errors.day_is_spent(self.time_zone, end_of_day(self.time_zone, now), now)
        expired = self.texts(body.context).get("expire time", ())
        return errors.advice_for(
            status,
            required_scopes=self._scopes(body),
            token_from=self._token_from,
            never_valid=any(when.startswith("1970-01-01") for when in expired),
        )

    def _policy(self, body: ErrorBody, headers: Mapping[str, str]) -> str:
        """Which limit a 429 is about: HubSpot's policy name, else its message [docs], else the header of the day's rest."""
        named = self.text(body.policy_name, _SHORT).upper()
        if named:
            return named
        words = self.text(body.message).upper()
        spent = headers.get("X-HubSpot-RateLimit-Daily-Remaining") == "0"
        return next((policy for policy in _POLICIES if f"{policy} LIMIT" in words), "DAILY" if spent else "")

    def _scopes(self, body: ErrorBody) -> list[str]:
        """The scopes that a 403 asks for [observed]."""
        found: list[str] = []
        for raw in body.errors[:_LOOKED_AT] if isinstance(body.errors, list) else []:
            try:
                context = self.texts(ErrorDetail.model_validate(raw).context)
            except ValidationError:
                continue
            for key in ("requiredGranularScopes", "requiredScopes", "missingScopes"):
                found += [s for s in context.get(key, ()) if s and s not in found]
        return found


def limit_text(item: LimitInput | TypeInput) -> str:
    """A limit that is to be set or removed, for people."""
    most = f" = {item.max_to_object_ids}" if isinstance(item, LimitInput) else ""
    return f"{item.category} {item.type_id}{most}"


def _error_body(content: bytes) -> ErrorBody:
    try:
        return ErrorBody.model_validate_json(content)
    except (ValidationError, RecursionError):
        return ErrorBody()


def _is_page(content: bytes) -> bool:
    return content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
