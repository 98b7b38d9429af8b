"""The settings that need no request to be looked at: base URL, API version, and that the others can be used."""

from __future__ import annotations

from datetime import date, datetime, timezone
from urllib.parse import urlsplit

from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE, misspelled
from pulumi_hubassoc.doctor.finding import Verdict, error, ok, warning
from pulumi_hubassoc.doctor.scene import Scene
from pulumi_hubassoc.errors import ConfigError
from pulumi_hubassoc.hubspot import facts

_NOTICE_DAYS = 90
_ELSEWHERE = {"accessToken", "portalId", "accountTypes", "baseUrl", "apiVersion"}
"""The settings that have lines of their own."""


def refused(fault: ConfigError) -> Verdict:
    """A setting that cannot be used; its sentence says behind the dash what to do."""
    said, _, fix = str(fault).partition(" — ")
    return error(said, fix)


def base_url(scene: Scene) -> Verdict:
    """Where requests go."""
    if fault := scene.faults.get("baseUrl"):
        return refused(fault)
    url = scene.settings_of("baseUrl").connection.base_url
    if urlsplit(url).scheme == "http":
        return warning(
            f"{url} is on this machine: that is an emulator and not HubSpot",
            f"for HubSpot take {NAMESPACE}:baseUrl out of the configuration and {ENVIRONMENT['baseUrl']} out of the "
            "environment",
        )
    return ok(url)


def api_version(scene: Scene) -> Verdict:
    """The API version and the end of HubSpot's support for it, as far as it is known (see `facts.API_SUPPORT_ENDS`)."""
    if fault := scene.faults.get("apiVersion"):
        return refused(fault)
    version = scene.settings_of("apiVersion").connection.api_version
    ends = facts.API_SUPPORT_ENDS[version]
    today = datetime.fromtimestamp(scene.clock(), timezone.utc).date()
    left = _first_day(ends) - today
    newest = max(facts.API_SUPPORT_ENDS, key=lambda v: _first_day(facts.API_SUPPORT_ENDS[v]))
    if left.days >= _NOTICE_DAYS or version == newest:
        return ok(f"{version}, supported until {ends}")
    said = "support is said to have ended" if left.days <= 0 else f"support is said to end in {left.days} days"
    command = f"pulumi config set {NAMESPACE}:apiVersion {newest}{scene.for_stack}"
    return warning(f"{version}: {said} ({ends})", f"{command}; the labels and limits stay as they are")


def others(scene: Scene) -> Verdict:
    """The settings without a line of their own."""
    faults = [refused(fault) for key, fault in scene.faults.items() if key not in _ELSEWHERE]
    if fault := misspelled(scene.stack_settings.values):
        faults.append(refused(fault))
    if faults:
        return error("; ".join(said for _, said, _ in faults), "; ".join(fix for *_, fix in faults))
    return ok("can be used")


def _first_day(known: str) -> date:
    """The earliest day that a day or month can mean."""
    return date.fromisoformat(known if len(known) > len("2027-03") else f"{known}-01")
