"""One request over the network, and what came of it: held back by rate and budget, bounded in bytes and seconds.

Nothing of the HTTP library leaves here: its exceptions and frames hold headers.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_hubassoc import errors
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.spending import Spending
from pulumi_hubassoc.hubspot.waiting import Limiter

if TYPE_CHECKING:
    import httpx

_LARGEST_BODY = 8 * 1024 * 1024
_NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError")
_HEADERS = (
    "Date",
    "Retry-After",
    "X-HubSpot-Correlation-Id",
    "X-HubSpot-RateLimit-Daily",
    "X-HubSpot-RateLimit-Daily-Remaining",
    "X-HubSpot-RateLimit-Interval-Milliseconds",
    "X-HubSpot-RateLimit-Max",
    "X-HubSpot-RateLimit-Remaining",
)
"""The headers of an answer that are looked at."""
DOUBT = "nothing was concluded from it; run it again, and check the base URL and what stands between"


class Answer(NamedTuple):
    """What HubSpot answered: its status, the headers that are looked at, and the body without the token."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Sender:
    """Sends requests. Threads may share it.

    Args:
        connection: where and with which token.
        limiter: how requests are held back.
        spending: counts them; None: nobody does.
        wait_s: how long one is held back at most.
        transport: an httpx transport, instead of the network.
    """

    def __init__(
        self,
        connection: Connection,
        limiter: Limiter,
        spending: Spending | None,
        *,
        wait_s: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = connection
        self._limiter = limiter
        self._spending = spending
        self._wait_s = wait_s
        self._transport = transport
        self._http: httpx.Client | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def send(
        self, method: str, path: str, tried: str, body: dict[str, Any] | None, *, writes: bool
    ) -> Answer | errors.HubSpotError:
        """What came of one request. An error is made of the kind of failure alone: the text of one may be a header.

        Args:
            method: of HTTP.
            path: behind the base URL.
            tried: what is tried, for the sentence.
            body: becomes JSON; tokens in it show themselves on the wire alone.
            writes: whether it may change something.
        """
        import httpx

        if self._spending and (spent := self._spending.take()):
            return errors.DayIsSpent(tried, f"nothing was sent: {spent.said}", errors.go_on_at(spent.until))
        if not self._limiter.enter(self._wait_s):
            return errors.NoAnswer(
                tried,
                f"HubSpot's rate limit left no room for it in {self._wait_s:.0f} s",
                "run it again with less at once (`--parallel`); other apps of the portal spend the same limit",
            )
        try:
            answer = self._exchange(method, path, body)
        except _TooMuch as failure:
            return errors.UnexpectedAnswer(tried, str(failure), DOUBT, maybe_applied=writes)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, RuntimeError) as failure:
            kind = type(failure).__name__
        else:
            self._limiter.learn(answer.headers, refused=answer.status == 429)
            return answer
        finally:
            self._limiter.leave()
        maybe_applied = writes and kind not in _NOT_SENT
        proxy = _proxy_of(self._connection.base_url)
        advice = f"check the network{f', the proxy in {proxy}' if proxy else ''} and the base URL and run it again"
        if maybe_applied:
            advice += "; HubSpot may have done it all the same"
        said = f"no answer from {self._connection.base_url} ({kind})"
        return errors.NoAnswer(tried, said, advice, maybe_applied=maybe_applied)

    def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        deadline = time.monotonic() + 2 * self._connection.timeout_s
        with self._client().stream(method, path, json=_revealed(body), auth=self._authorized) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > _LARGEST_BODY:
                    raise _TooMuch(f"HubSpot's answer is longer than {_LARGEST_BODY} bytes")
                if time.monotonic() > deadline:
                    raise _TooMuch(f"HubSpot's answer did not end in {2 * self._connection.timeout_s:.0f} s")
            told = {name: response.headers[name] for name in _HEADERS if name in response.headers}
            return Answer(response.status_code, told, self._connection.token.struck_out_of(b"".join(parts)))

    def _authorized(self, request: httpx.Request) -> httpx.Request:
        """The request with the token; here, so that no other frame has it in a variable."""
        request.headers["Authorization"] = f"Bearer {self._connection.token.reveal()}"
        return request

    def _client(self) -> httpx.Client:
        import logging

        import httpx

        with self._lock:
            if self._http is None:
                # httpx logs every URL at INFO; a provider's log lines are shown to users as noise.
                logging.getLogger("httpx").setLevel(logging.WARNING)
                self._http = httpx.Client(
                    base_url=self._connection.base_url,
                    timeout=self._connection.timeout_s,
                    transport=self._transport,
                    follow_redirects=False,  # a redirect must not carry the token elsewhere
                    http2=False,  # the library for HTTP/2 logs headers
                    trust_env=self._connection.base_url.startswith("https:"),  # no proxy stands before loopback
                    headers={"Accept": "application/json", "User-Agent": "pulumi-hubassoc"},
                )
            return self._http


class _TooMuch(Exception):
    """An answer that is too long in bytes or seconds."""


def _proxy_of(base_url: str) -> str | None:
    """The environment variable that names the proxy in front of a base URL, whose value may hold a password."""
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY") if base_url.startswith("https:") else ()
    return next((name for name in names if os.environ.get(name)), None)


def _revealed(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """A body as it is sent; a token in it shows itself only here, where nothing of it stays in a caller's frame."""
    return body and {key: value.reveal() if isinstance(value, Token) else value for key, value in body.items()}
