"""The Flask application: HubSpot's paths on the data side, the page and ``/_emulator/`` beside them."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.exceptions import HTTPException

from pulumi_hubassoc.emulator import answers, control, page
from pulumi_hubassoc.emulator.answers import Answer
from pulumi_hubassoc.emulator.exchange import Asked, Broken, encoded
from pulumi_hubassoc.emulator.operations import OPERATIONS, Operation

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.server import Emulator

BROKEN = "pulumi_hubassoc.broken"
"""The key of the WSGI environment under which a broken connection is told to whoever carries the bytes."""


def make_app(emulator: Emulator) -> flask.Flask:
    """The application of an emulator."""
    app = flask.Flask("pulumi_hubassoc.emulator", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a mistake of the emulator's must not look like one of HubSpot's 500s
    for operation in OPERATIONS:
        for number, (path, version) in enumerate(operation.paths):
            app.add_url_rule(
                path,
                endpoint=f"{operation.name}.{number}",
                view_func=_view(emulator, operation, version),
                methods=[operation.method],
                provide_automatic_options=False,
            )
    app.register_blueprint(control.blueprint(emulator))
    app.register_blueprint(page.blueprint(emulator))

    @app.errorhandler(HTTPException)
    def no_route(error: HTTPException) -> flask.Response:
        """Unknown paths and wrong methods get a page of HTML [observed]; they are in the journal too."""
        status = error.code or 500
        if not flask.request.path.startswith(control.PREFIX):
            emulator.exchange.unknown(_asked({}, ""), status)
        dated = {"Date": formatdate(emulator.clock(), usegmt=True)}
        return _response(replace(answers.html(status, error.name), headers=dated))

    return app


def _view(emulator: Emulator, operation: Operation, version: str) -> Any:
    def view(**args: str) -> flask.Response:
        outcome = emulator.exchange.answer(operation, _asked(args, version))
        if isinstance(outcome, Broken):
            flask.request.environ[BROKEN] = outcome
            outcome = outcome.answer or Answer(204)
        return _response(outcome)

    return view


def _asked(args: dict[str, str], version: str) -> Asked:
    request = flask.request
    return Asked(
        method=request.method,
        path=request.path,
        query_text=request.query_string.decode("latin-1"),
        query=request.args.to_dict(),
        args=args,
        version=version,
        authorization=request.headers.get("Authorization"),
        body=request.get_data(),
    )


def _response(answer: Answer) -> flask.Response:
    """An answer as Flask sends it; HubSpot's JSON says its charset."""
    kind = "text/html;charset=utf-8" if isinstance(answer.body, str) else "application/json;charset=utf-8"
    response = flask.Response(encoded(answer.body), answer.status, content_type=kind)
    if answer.body is None:
        del response.headers["Content-Type"]
    response.headers.extend(dict(answer.headers))
    return response
