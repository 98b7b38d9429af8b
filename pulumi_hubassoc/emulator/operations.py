"""The operations by name: method, paths and what each does. One table for routes, journal and faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulumi_hubassoc.emulator import labels, limits, schemas
from pulumi_hubassoc.emulator.answers import Answer
from pulumi_hubassoc.emulator.portal import Portal
from pulumi_hubassoc.emulator.state import State
from pulumi_hubassoc.hubspot import facts


@dataclass(frozen=True)
class Call:
    """One request, after its token was found good.

    Attributes:
        portal: whose token it is.
        view: the state that reads see; an earlier one where lists are stale.
        args: what the path names: ``from_``, ``to``, ``type_id``, ``object_type``.
        query: what the query names.
        version: the API version of the path, "" where it makes no difference.
        body: as sent.
        name_lag: seconds by which schema reads are late, None for the portal's setting.
    """

    portal: Portal
    view: State
    args: Mapping[str, str]
    query: Mapping[str, str]
    version: str
    body: bytes
    name_lag: float | None = None

    def object_type(self, text: str) -> str:
        """The object type that a text of the path means."""
        return self.view.resolve(text, self.portal.portal_id)

    def direction(self) -> tuple[str, str]:
        """The object types of the path."""
        return self.object_type(self.args["from_"]), self.object_type(self.args["to"])


@dataclass(frozen=True)
class Operation:
    """An operation of HubSpot's API.

    Attributes:
        name: in the journal and in faults.
        method: of HTTP.
        paths: in Flask's notation, with the API version each stands for.
        run: does it.
        is_write: whether it changes the portal.
        takes_token: the token is in the body (and may be in the header too).
    """

    name: str
    method: str
    paths: tuple[tuple[str, str], ...]
    run: Callable[[Call], Answer]
    is_write: bool = False
    takes_token: bool = False


def _list_labels(call: Call) -> Answer:
    return labels.list_labels(call.view, call.portal.rules(), call.version, *call.direction())


def _create_label(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: labels.create_label(s, r, call.version, start, end, call.body))


def _update_label(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: labels.update_label(s, r, start, end, call.body))


def _delete_label(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: labels.delete_label(s, r, start, end, call.args["type_id"]))


def _list_all_limits(call: Call) -> Answer:
    return limits.list_all_limits(call.view, call.portal.rules())


def _list_limits(call: Call) -> Answer:
    return limits.list_limits(call.view, call.portal.rules(), *call.direction())


def _create_limits(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: limits.create_limits(s, r, start, end, call.body))


def _update_limits(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: limits.update_limits(s, r, start, end, call.body))


def _purge_limits(call: Call) -> Answer:
    start, end = call.direction()
    return call.portal.write(lambda s, r: limits.purge_limits(s, r, start, end, call.body))


def _account(call: Call) -> Answer:
    return Answer(200, call.portal.account.details())


def _token_info(call: Call) -> Answer:
    return Answer(200, call.portal.account.token_info())


def _schema(call: Call) -> Answer:
    return schemas.schema(call.view, call.portal.rules(), call.object_type(call.args["object_type"]), call.name_lag)


def _schemas(call: Call) -> Answer:
    return schemas.schemas(call.view, call.portal.rules())


def _v3_types(call: Call) -> Answer:
    return schemas.v3_types(call.view, call.portal.rules(), *call.direction())


def _label_usage(call: Call) -> Answer:
    portal = call.portal
    schemas.check_object_scope(portal.account.scopes)
    lag = portal.settings.label_usage_lag
    view = portal.state_ago(seconds=lag) if lag else call.view
    wanted = (call.query.get(key) for key in ("fromObjectTypeId", "toObjectTypeId"))
    start, end = (call.object_type(text) if text else None for text in wanted)
    return schemas.label_usage(view, portal.rules(), start, end)


def _family(path: str) -> tuple[tuple[str, str], ...]:
    """A path of the nine operations under all of their bases."""
    return tuple((base + path, version) for version, base in facts.API_PATHS.items())


def _plain(*paths: str) -> tuple[tuple[str, str], ...]:
    return tuple((path, "") for path in paths)


_DATES = ("2025-09", "2026-03", "2026-09")
_SCHEMAS = ("/crm/v3/schemas", *(f"/crm-object-schemas/{v}/schemas" for v in ("v3", *_DATES)))
_LIMITS = "/definitions/configurations/<from_>/<to>"

OPERATIONS = (
    Operation("list_labels", "GET", _family("/<from_>/<to>/labels"), _list_labels),
    Operation("create_label", "POST", _family("/<from_>/<to>/labels"), _create_label, is_write=True),
    Operation("update_label", "PUT", _family("/<from_>/<to>/labels"), _update_label, is_write=True),
    Operation("delete_label", "DELETE", _family("/<from_>/<to>/labels/<type_id>"), _delete_label, is_write=True),
    Operation("list_all_limits", "GET", _family("/definitions/configurations/all"), _list_all_limits),
    Operation("list_limits", "GET", _family(_LIMITS), _list_limits),
    Operation("create_limits", "POST", _family(f"{_LIMITS}/batch/create"), _create_limits, is_write=True),
    Operation("update_limits", "POST", _family(f"{_LIMITS}/batch/update"), _update_limits, is_write=True),
    Operation("purge_limits", "POST", _family(f"{_LIMITS}/batch/purge"), _purge_limits, is_write=True),
    Operation("account", "GET", _plain(*(f"/account-info/{v}/details" for v in ("v3", *_DATES))), _account),
    Operation(
        "token_info", "POST", _plain("/oauth/v2/private-apps/get/access-token-info"), _token_info, takes_token=True
    ),
    Operation("schema", "GET", _plain(*(f"{base}/<object_type>" for base in _SCHEMAS)), _schema),
    Operation("schemas", "GET", _plain(*_SCHEMAS), _schemas),
    Operation("v3_types", "GET", _plain("/crm/v3/associations/<from_>/<to>/types"), _v3_types),
    Operation(
        "label_usage",
        "GET",
        _plain("/crm/v3/limits/associations/labels", *(f"/crm/limits/{v}/associations/labels" for v in _DATES)),
        _label_usage,
    ),
)
"""Everything the emulator answers, by the names used in its journal and faults."""
