"""The emulator without a socket: an httpx transport for tests in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from pulumi_hubassoc.emulator.routes import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication

    from pulumi_hubassoc.emulator.exchange import Broken

# The errors httpx itself raises for these over a socket.
_ERRORS: dict[str, tuple[type[httpx.TransportError], str]] = {
    "connect": (httpx.ConnectError, "[Errno 111] Connection refused"),
    "read": (httpx.ReadError, "[Errno 104] Connection reset by peer"),
    "timeout": (httpx.ReadTimeout, "The read operation timed out"),
    "truncated": (httpx.RemoteProtocolError, "peer closed connection without sending complete message body"),
}


def make_transport(app: WSGIApplication) -> httpx.WSGITransport:
    """A transport over the application; a broken connection is the httpx error a socket would give, at once."""

    def carried(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        result: Iterable[bytes] = app(environ, start_response)
        broken: Broken | None = environ.get(BROKEN)
        if broken is None:
            return result
        kind, message = _ERRORS[broken.how]
        raise kind(message)

    return httpx.WSGITransport(app=carried)
