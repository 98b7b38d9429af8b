"""The emulator on a real loopback socket, with connections that really break."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from pulumi_hubassoc.emulator.exchange import Broken
from pulumi_hubassoc.emulator.routes import BROKEN

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Handler(WSGIRequestHandler):
    """Keeps connections alive, writes each answer in one piece, and breaks connections when told.

    Unbuffered writes on a kept connection cost 40 ms an answer: head and body go out as two segments, the second of
    which waits for the delayed acknowledgement of the first.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def make_environ(self) -> dict[str, Any]:
        return {**super().make_environ(), "pulumi_hubassoc.handler": self}

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: the journal knows."""

    def reset_connection(self) -> None:
        """Breaks the connection so that the client's next read fails."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """The client went away, or we did."""
        self.close_connection = True


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that stopping ends them."""

    def __init__(self, port: int, app: WSGIApplication) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(HOST, port, app, handler=_Handler)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""


class RunningServer:
    """A server in a thread, from construction until `stop`."""

    def __init__(self, app: WSGIApplication, port: int, closing: threading.Event) -> None:
        self._closing = closing
        closing.clear()
        self._server = _Server(port, _breakable(app, closing))
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="emulator")
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """Ends the server, and every connection and waiting answer with it."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()


def _breakable(app: WSGIApplication, closing: threading.Event) -> WSGIApplication:
    """The application, whose broken answers break the connection they were asked on."""

    def breakable(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        result: Iterable[bytes] = app(environ, start_response)
        broken: Broken | None = environ.get(BROKEN)
        if broken is None:
            return result
        handler: _Handler = environ["pulumi_hubassoc.handler"]
        whole = b"".join(result)
        if broken.how == "truncated" and whole:
            return _half(whole, handler)
        closing.wait(broken.seconds)
        handler.reset_connection()
        msg = "broken on purpose"
        raise ConnectionResetError(msg)

    return breakable


def _half(whole: bytes, handler: _Handler) -> Iterable[bytes]:
    """Half of a body whose head promised all of it; then the connection ends."""
    handler.close_connection = True
    yield whole[: len(whole) // 2]
