"""The emulator on a real loopback socket, with connections that are kept, and really break."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from pulumi_hubassoc.emulator.exchange import Broken
from pulumi_hubassoc.emulator.routes import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Handler(WSGIRequestHandler):
    """Keeps connections alive, which Werkzeug's own handler does not, and breaks them when told.

    Each answer leaves in one piece and at once: head and body in two segments, the second held back until the first is
    acknowledged (which takes the client 40 ms), would be 22 requests a second. Buffering spares the second segment, no
    delay spares the waiting where a body is larger than the buffer.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Makes the connection known to the server."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forgets the connection; one that broke cannot be flushed."""
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def run_wsgi(self) -> None:
        """Answers one request, whose body is read whole so that the next one can follow."""
        environ = self.make_environ()
        try:
            environ["wsgi.input"] = io.BytesIO(self._body(environ))
        except ConnectionError:
            raise
        except (ValueError, OSError):  # no length, or no chunk: nobody knows where the next request begins
            self.send_error(400)
            self.close_connection = True
            return
        status, headers, body = _answer(self.server.app, environ)
        broken: Broken | None = environ.get(BROKEN)
        if broken is not None and not (broken.how == "truncated" and body):
            self.server.closing.wait(broken.seconds)
            self._reset()
            return
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)  # the date is the emulator's, with the other headers
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if broken is not None:
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)
        self.wfile.flush()

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated", False):
            body: bytes = environ["wsgi.input"].read()
            return body
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length < 0:
            raise ValueError(length)
        return self.rfile.read(length)

    def _reset(self) -> None:
        """Breaks the connection so that the client's next read fails."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: the journal knows."""


def _answer(app: WSGIApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """What a WSGI application answers, whole."""
    head: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        head.append((status, headers))
        return lambda _: None

    body = b"".join(app(environ, start_response))
    return *head[-1], body


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that stopping ends them."""

    def __init__(self, port: int, app: WSGIApplication, closing: threading.Event) -> None:
        self.connections: set[socket.socket] = set()
        self.closing = closing
        # Bound here: where Werkzeug cannot bind it prints and exits the whole process.
        with socket.create_server((HOST, port), backlog=128) as bound:
            super().__init__(HOST, port, app, handler=_Handler, fd=bound.fileno())

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""


class RunningServer:
    """A server in a thread, from construction (OSError where the port is taken) until `stop`."""

    def __init__(self, app: WSGIApplication, port: int, closing: threading.Event) -> None:
        self._closing = closing
        closing.clear()
        self._server = _Server(port, app, closing)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="emulator")
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://{HOST}:{self._server.port}"

    def stop(self) -> None:
        """Ends the server, and every connection and waiting answer with it."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
