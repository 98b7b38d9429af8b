"""The settings with which a portal of a fleet is read: its own token and number, and what the fleet file says."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE, Settings, settings
from pulumi_hubassoc.errors import ConfigError
from pulumi_hubassoc.fleet.document import Fleet, FleetPortal
from pulumi_hubassoc.fleet.place import FleetPlace

_OF_ONE_PORTAL = ("accessToken", "portalId", "spendingFile", "dailyShare")
"""Settings that nobody else's environment may give."""
_stacks = threading.Lock()


def settings_of(fleet: Fleet, portal: FleetPortal, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a portal. Requests are counted where its jobs count theirs, and held to the same share of a day.

    Raises:
        ConfigError: if the token is not where the fleet file says, or a setting cannot be used.
        EngineError: if it is in the stack's configuration, and that cannot be read.
    """
    token, where = _token(fleet, portal, environment)
    given = {
        "accessToken": token,
        "portalId": str(portal.portal_id),
        "spendingFile": str(FleetPlace.of(fleet).spending(portal.portal_id)),
        "dailyShare": repr(fleet.daily_share),
    }
    others = {key: value for key, value in environment.items() if key not in map(ENVIRONMENT.get, _OF_ONE_PORTAL)}
    config = {**fleet.config, **portal.config, **{f"{NAMESPACE}:{key}": value for key, value in given.items()}}
    found = settings(config, others)
    return replace(found, connection=replace(found.connection, token_from=where))


def _token(fleet: Fleet, portal: FleetPortal, environment: Mapping[str, str]) -> tuple[str, str]:
    """The token, and where it is, for people."""
    if portal.token.env is not None:
        where, fix = f"the environment variable {portal.token.env}", "set it"
        token = environment.get(portal.token.env, "")
    elif portal.token.file is not None:
        where, fix = f"the file {portal.token.file}", "put it there"
        try:
            token = portal.token.file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise ConfigError(f"The token of {portal.stack} is to be in {where} — {why} — {fix}") from None
    else:
        where, fix = "its stack's configuration", f"set it with `pulumi config set --secret {NAMESPACE}:accessToken`"
        token = _configured(fleet, portal)
    if not token.strip():
        raise ConfigError(f"The token of {portal.stack} is to be in {where} — there is none — {fix}")
    return token.strip(), where


def _configured(fleet: Fleet, portal: FleetPortal) -> str:
    """The token in the stack's own configuration, as the engine of the fleet decrypts it."""
    from pulumi_hubassoc.engine.choose import why_not_cli
    from pulumi_hubassoc.engine.interface import Engine, Project
    from pulumi_hubassoc.engine.local import LocalEngine
    from pulumi_hubassoc.engine.pulumi_cli import PulumiCliEngine

    place, url = FleetPlace.of(fleet), urlsplit(fleet.backend or "")
    states = Path(unquote(url.path)) if url.scheme == "file" else place.state
    work = place.work(portal.stack)
    built_in = why_not_cli() is not None
    its_own = fleet.backend or not (fleet.program or "PULUMI_BACKEND_URL" in os.environ)  # as a job has it
    in_folder = built_in or url.scheme == "file" or (its_own and not fleet.backend)
    if (in_folder and not states.is_dir()) or not (fleet.program or work.is_dir()):
        return ""  # it was never run; an engine would begin it
    project = Project(fleet.project, fleet.program or (lambda: None), None if fleet.program else work)
    env = {"PULUMI_HOME": str(work / "pulumi-home")}
    if its_own:
        env["PULUMI_BACKEND_URL"] = fleet.backend or states.as_uri()
    with _stacks:  # the engines are of one thread
        engine: Engine = LocalEngine(states) if built_in else PulumiCliEngine()
        found = engine.stack(project, portal.stack, env=env, make=False).get_config().get(f"{NAMESPACE}:accessToken")
    return found.value if found else ""
