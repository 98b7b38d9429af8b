"""Who may use the page and the control plane: programs of this machine, and the page itself, no other web site.

A site that a person has open could otherwise send requests to 127.0.0.1, or point a name of its own at it and read the
answers too. HubSpot's own paths answer whoever has the portal's token, as HubSpot does, and by whatever name.
"""

from __future__ import annotations

import ipaddress

import flask

_NAMES = ("127.0.0.1", "localhost")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # the page never makes elements from text, and so nobody can
        "trusted-types 'none'",
    )
)
"""What the page may do: load its own files and ask its own server."""
_OWN = (None, "same-origin", "none")
"""Values of Sec-Fetch-Site: a program, the page, a person who typed the address."""


def refusal(request: flask.Request) -> str | None:
    """Why a request is not served, as a sentence, or None.

    A request that came over no socket comes from this very process, whatever base URL it was given.
    """
    if not ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104  not bound to, but refused
        return "the control plane serves loopback alone"
    if "werkzeug.socket" not in request.environ:
        return None
    host, port = request.headers.get("Host", ""), request.environ["SERVER_PORT"]
    if host not in {f"{name}:{port}" for name in _NAMES} and not (port == "80" and host in _NAMES):
        return f"the emulator is at 127.0.0.1:{port} and answers to no other name"
    if request.headers.get("Origin") not in {None, f"http://{host}"}:
        return "another web site cannot use the emulator"
    if request.headers.get("Sec-Fetch-Site") not in _OWN and not _is_link(request):
        return "another web site cannot use the emulator"
    return None


def _is_link(request: flask.Request) -> bool:
    """Whether a person has followed a link: that shows a page, in no frame, and does nothing."""
    sent = request.headers
    return (
        request.method == "GET"
        and sent.get("Sec-Fetch-Mode") == "navigate"
        and sent.get("Sec-Fetch-Dest") == "document"
    )


def private(response: flask.Response) -> flask.Response:
    """An answer that no other site may read or embed, and no browser keeps or takes for something else."""
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
    )
    return response
