"""Where HubSpot is, how to speak to it, and the token, which does not show itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pulumi_hubassoc.hubspot import facts

_SHORTEST_REAL_TOKEN = 16


class Token:
    """A token that does not show itself: its text is only had by asking for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The token itself."""
        return self._text

    def struck_out_of(self, text: bytes) -> bytes:
        """Something of HubSpot's without the token; one too short to be real would tear every word apart and stays."""
        return text.replace(self._text.encode(), b"[token]") if len(self._text) >= _SHORTEST_REAL_TOKEN else text

    def __repr__(self) -> str:
        """Never the token."""
        return "[token]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        """A pickle would be the token in clear."""
        msg = "a token is not pickled"
        raise TypeError(msg)


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
        spending_file: where requests are counted, None: nowhere.
        daily_share: how much of the portal's requests of a day may be spent, as counted there.
    """

    token: Token
    token_from: str = ""
    base_url: str = facts.DEFAULT_BASE_URL
    api_version: str = "v4"
    timeout_s: float = 30.0
    patience_s: float = 60.0
    spending_file: Path | None = None
    daily_share: float = 1.0
