"""The control plane under ``/_emulator/``: what tests and people do to an emulator over HTTP, without a token.

It serves loopback alone, and no other web site (`guard`): whoever can reach it can do anything to the emulated portals.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import flask

from pulumi_hubassoc.emulator import guard
from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.emulator.faults import Fault
from pulumi_hubassoc.emulator.operations import OPERATIONS
from pulumi_hubassoc.emulator.watch import Watch

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.portal import Portal
    from pulumi_hubassoc.emulator.server import Emulator

PREFIX = "/_emulator/"
_FAR = 1e9
_KINDS = {"str": (str,), "int": (int,), "bool": (bool,), "str | None": (str, type(None))}
DRIFT = (
    "create_label",
    "rename_label",
    "delete_label",
    "use_label",
    "set_limit",
    "remove_limit",
    "create_custom_object",
    "archive_custom_object",
)
"""What `drift` takes, with the arguments of the methods of Drift as a JSON object."""


def blueprint(emulator: Emulator) -> flask.Blueprint:
    """The control plane of an emulator."""
    plane = flask.Blueprint("control", __name__, url_prefix=PREFIX.rstrip("/"))
    watch = Watch(emulator)

    @plane.before_request
    def guarded() -> flask.Response | None:
        why = guard.refusal(flask.request)
        return None if why is None else _error(403, why)

    @plane.after_request
    def private(response: flask.Response) -> flask.Response:
        return guard.private(response)

    @plane.errorhandler(Refusal)
    def refused(refusal: Refusal) -> flask.Response:
        return _error(refusal.status, str(refusal))

    @plane.errorhandler(LookupError)
    def not_found(error: LookupError) -> flask.Response:
        return _error(404, str(error.args[0] if error.args else error))

    @plane.errorhandler(ValueError)
    @plane.errorhandler(TypeError)
    def not_understood(error: Exception) -> flask.Response:
        return _error(400, str(error))

    @plane.get("/")
    def overview() -> Any:
        portals = [portal.account.details() | {"name": portal.account.name} for portal in emulator.portals()]
        return {"portals": portals, "operations": [operation.name for operation in OPERATIONS], "seed": emulator.seed}

    @plane.get("/watch")
    def news() -> Any:
        """What has changed since `seen`, for the page; the request waits for a change unless `wait=0`."""
        query = flask.request.args
        pairs = [(first, second) for first, _, second in (text.partition(":") for text in query.getlist("pair"))]
        portal = query.get("portal", type=int)
        return watch.news(query.get("seen", ""), portal, pairs, wait=query.get("wait") != "0")

    @plane.post("/reset")
    def reset() -> Any:
        emulator.reset()
        return {}

    @plane.get("/dump")
    def dump() -> Any:
        return emulator.dump()

    @plane.get("/journal")
    def journal() -> Any:
        return {"records": [record.to_json() for record in emulator.journal]}

    @plane.delete("/journal")
    def forget() -> Any:
        emulator.journal.clear()
        return {}

    @plane.get("/faults")
    def armed() -> Any:
        return {"faults": emulator.faults.to_json()}

    @plane.post("/faults")
    def arm() -> Any:
        values = _sent()
        if "scopes" in values:
            values["scopes"] = tuple(values["scopes"])
        return {"number": emulator.arm(Fault(**values))}

    @plane.delete("/faults")
    def disarm_all() -> Any:
        emulator.disarm()
        return {}

    @plane.delete("/faults/<int:number>")
    def disarm(number: int) -> Any:
        emulator.disarm(number)
        return {}

    @plane.post("/clock")
    def advance() -> Any:
        values = _sent()
        if set(values) != {"advance"}:
            msg = 'the clock takes {"advance": seconds}'
            raise ValueError(msg)
        seconds = float(values["advance"])
        if not abs(seconds) < _FAR:  # nor what is no number: no answer could have a date any more
            msg = f"the clock is not moved by {seconds} seconds"
            raise ValueError(msg)
        emulator.clock.advance(seconds)
        return {"now": emulator.clock()}

    @plane.get("/portals/<int:portal_id>/settings")
    def settings(portal_id: int) -> Any:
        return asdict(emulator.portal(portal_id).settings)

    @plane.patch("/portals/<int:portal_id>/settings")
    def configure(portal_id: int) -> Any:
        changes = {key: tuple(value) if isinstance(value, list) else value for key, value in _sent().items()}
        return asdict(emulator.portal(portal_id).configure(**changes))

    @plane.post("/portals/<int:portal_id>/drift/<action>")
    def drift(portal_id: int, action: str) -> Any:
        act, values = _drift_action(emulator.portal(portal_id), action), _sent()
        _check(act, values)
        made = act(**values)
        return {"result": asdict(made) if made is not None else None}

    return plane


def _drift_action(portal: Portal, action: str) -> Callable[..., Any]:
    if action not in DRIFT:
        msg = f"no such drift: {action!r}; there are {', '.join(DRIFT)}"
        raise LookupError(msg)
    found: Callable[..., Any] = getattr(portal.drift, action)
    return found


def _check(act: Callable[..., Any], values: dict[str, Any]) -> None:
    """Refuses values of other kinds than an action's parameters have."""
    parameters = inspect.signature(act).parameters
    for name, value in values.items():
        kind = _KINDS[str(parameters[name].annotation)] if name in parameters else (str,)
        if not isinstance(value, kind):
            msg = f"{name} cannot be {value!r}"
            raise TypeError(msg)


def _sent() -> dict[str, Any]:
    """The JSON object of the request, empty if none was sent."""
    try:
        value = json.loads(flask.request.get_data() or b"{}")
    except RecursionError:
        msg = "the JSON is nested too deeply"
        raise ValueError(msg) from None
    if not isinstance(value, dict):
        msg = "a JSON object is expected"
        raise ValueError(msg)
    return value


def _error(status: int, message: str) -> flask.Response:
    response = flask.jsonify(message=message)
    response.status_code = status
    return response
