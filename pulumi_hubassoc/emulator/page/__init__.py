"""The page: what a person sees of the emulator in a browser, and does there as in HubSpot's settings.

``/`` lists the portals, ``/portals/<id>`` shows one. The files beside this module are all there is to it: they are served
as they are, and ask and tell the control plane everything, so that a program can do whatever the page can. Texts of
portals go into the page as text alone; its policy (`guard.POLICY`) lets nothing else run.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import flask

from pulumi_hubassoc.emulator import guard

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.server import Emulator

FILES = "/_emulator/page/"
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def blueprint(emulator: Emulator) -> flask.Blueprint:
    """The page of an emulator."""
    pages = flask.Blueprint("page", __name__)

    @pages.before_request
    def guarded() -> flask.Response | None:
        why = guard.refusal(flask.request)
        return None if why is None else flask.Response(f"{why}\n", 403, content_type="text/plain; charset=utf-8")

    @pages.after_request
    def private(response: flask.Response) -> flask.Response:
        return guard.private(response)

    @pages.get("/")
    def portals() -> flask.Response:
        return _file("portals.html")

    @pages.get("/portals/<int:portal_id>")
    def portal(portal_id: int) -> flask.Response:
        known = portal_id in {portal.portal_id for portal in emulator.portals()}
        return _file("portal.html") if known else _file("no_portal.html", 404)

    @pages.get(f"{FILES}<name>")
    def file(name: str) -> flask.Response:
        return (
            _file(name) if name in _names() else flask.Response("there is no such file\n", 404, mimetype="text/plain")
        )

    return pages


def _names() -> set[str]:
    """The files of the page."""
    return {file.name for file in files(__package__).iterdir() if file.name.rpartition(".")[2] in _KINDS}


def _file(name: str, status: int = 200) -> flask.Response:
    kind = _KINDS[name.rpartition(".")[2]]
    return flask.Response(files(__package__).joinpath(name).read_bytes(), status, content_type=f"{kind}; charset=utf-8")
