"""The checks, in the order in which they are made and shown. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_hubassoc.doctor import leftovers, machine, portal, project, settings
from pulumi_hubassoc.doctor.finding import CannotLook, Finding, Verdict
from pulumi_hubassoc.doctor.scene import Scene


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        what: it looks at.
        look: looks.
        asks: it needs HubSpot's answer.
        of_states: it needs exported states.
    """

    what: str
    look: Callable[[Scene], Verdict]
    asks: bool = False
    of_states: bool = False


CHECKS = (
    Check("package", machine.package),
    Check("Pulumi CLI", machine.cli),
    Check("Pulumi plugins", machine.plugins),
    Check("Pulumi SDK", machine.sdk),
    Check("project", project.project),
    Check("provider's Python", project.python),
    Check("stack", project.stack),
    Check("token in files", project.plain_token),
    Check("settings", settings.others),
    Check("base URL", settings.base_url),
    Check("API version", settings.api_version),
    Check("token", portal.token),
    Check("portal", portal.portal),
    Check("scopes", portal.scopes, asks=True),
    Check("rate limits", portal.rate_limits, asks=True),
    Check("clock", portal.clock, asks=True),
    Check("left-over labels", leftovers.leftovers, asks=True, of_states=True),
)
"""Requests: one for token, portal, rate limits and clock together, one for scopes; left-over labels take one for each
object type."""


def examine(scene: Scene) -> Iterator[Finding]:
    """Make the checks, each when the finding before it has been taken."""
    try:
        for check in CHECKS:
            if (check.asks and scene.offline) or (check.of_states and not scene.states):
                continue
            yield _finding(check, scene)
    finally:
        scene.close()


def _finding(check: Check, scene: Scene) -> Finding:
    try:
        level, said, fix = check.look(scene)
    except CannotLook as why:
        return Finding("warning", check.what, f"not looked at: {why}")
    return Finding(level, check.what, scene.without_token(said), scene.without_token(fix))
