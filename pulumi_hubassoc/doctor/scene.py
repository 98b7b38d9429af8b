"""What the checks share: project, settings and HubSpot's answer, each looked up once, when first needed.

What one check finds missing, another cannot look at: the properties here raise `CannotLook` then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.config import ENVIRONMENT, NAMESPACE, Settings
from pulumi_hubassoc.doctor.configuration import TOKEN_KEY, StackSettings, read_settings
from pulumi_hubassoc.doctor.finding import CannotLook
from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.engine.local.config import ProjectFile
from pulumi_hubassoc.engine.pulumi_cli import find_pulumi
from pulumi_hubassoc.errors import ConfigError, HubSpotError
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.models import Account

LONGEST_S = 10.0
"""How long an answer, and a call with its retries, is waited for at most."""
_ANY_TOKEN = "while-another-setting-is-looked-at"  # noqa: S105  it is sent nowhere


@dataclass(frozen=True)
class Answer:
    """What came of the first question.

    Attributes:
        account: the token's portal, or why HubSpot did not say.
        headers: of the answer; empty if there was none.
        at: when it came, on this machine's clock.
    """

    account: Account | HubSpotError
    headers: Mapping[str, str]
    at: float


@dataclass
class Scene:
    """Everything that is looked at.

    Attributes:
        folder: that holds Pulumi.yaml, if there is one.
        stack: whose configuration counts; None where none is named.
        offline: send nothing.
        states: exported states, to look for labels that none of them knows.
        env: environment variables.
        connect: opens HubSpot's API.
        clock: this machine's, in seconds since 1970.
    """

    folder: Path
    stack: str | None = None
    offline: bool = False
    states: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    connect: Callable[[Connection], HubSpot] = HubSpot
    clock: Callable[[], float] = time.time

    # ------------------------------------------------------------------------------------------ machine and project

    @cached_property
    def cli_version(self) -> str | None:
        """The version of the Pulumi CLI on PATH, None without one that answers."""
        return find_pulumi()

    @cached_property
    def has_project(self) -> bool:
        """Whether the folder holds a Pulumi.yaml."""
        return any((self.folder / name).exists() for name in ("Pulumi.yaml", "Pulumi.yml"))

    @cached_property
    def read_project(self) -> ProjectFile | EngineError:
        """The project, or why it cannot be read."""
        try:
            return ProjectFile.read(self.folder)
        except EngineError as fault:
            return fault

    @property
    def project(self) -> ProjectFile:
        """The project."""
        if isinstance(self.read_project, EngineError):
            raise CannotLook("no project that can be read" if self.has_project else "no project")
        return self.read_project

    @property
    def for_stack(self) -> str:
        """`` -s dev``, to be put behind a command."""
        return f" -s {self.stack}" if self.stack else ""

    # ---------------------------------------------------------------------------------------------------- settings

    @cached_property
    def stack_settings(self) -> StackSettings:
        """What the configuration says; nothing where there is no project."""
        if isinstance(self.read_project, EngineError):
            return StackSettings({})
        return read_settings(self.read_project, self.stack, self.env)

    def settings_of(self, key: str) -> Settings:
        """The settings, of which one alone is looked at.

        Raises:
            ConfigError: that one is not usable.
        """
        name, variable = f"{NAMESPACE}:{key}", ENVIRONMENT[key]
        config = {TOKEN_KEY: _ANY_TOKEN} if key != "accessToken" else {}
        config |= {k: v for k, v in self.stack_settings.values.items() if k == name}
        return configuration.settings(config, {k: v for k, v in self.env.items() if k == variable})

    @cached_property
    def faults(self) -> Mapping[str, ConfigError]:
        """Setting -> why it is not usable."""
        found = {key: self._fault_of(key) for key in ENVIRONMENT}
        return {key: fault for key, fault in found.items() if fault}

    def _fault_of(self, key: str) -> ConfigError | None:
        try:
            self.settings_of(key)
        except ConfigError as fault:
            return fault
        return None

    @property
    def has_token(self) -> bool:
        """Whether a token is set, usable or not."""
        return configuration.has_token(self.stack_settings.values, self.env)

    def without_token(self, text: str) -> str:
        """A text without the token, should that stand where it does not belong, as another setting's value."""
        for token in (self.stack_settings.values.get(TOKEN_KEY), self.env.get(ENVIRONMENT["accessToken"])):
            text = Token(token).struck_out_of(text.encode()).decode() if token else text
        return text

    def readable(self, key: str) -> None:
        """Raise `CannotLook` if the configuration has a setting that cannot be read, and the environment has none."""
        if f"{NAMESPACE}:{key}" in self.stack_settings.hidden and not self.env.get(ENVIRONMENT[key]):
            raise CannotLook(f"the stack's {NAMESPACE}:{key} cannot be read here")

    @property
    def settings(self) -> Settings:
        """All settings."""
        for key in ENVIRONMENT:
            self.readable(key)
        if not self.has_token:
            raise CannotLook("no token")
        if self.faults:
            raise CannotLook(f"{', '.join(f'{NAMESPACE}:{key}' for key in self.faults)} cannot be used")
        return configuration.settings(self.stack_settings.values, self.env)

    # ----------------------------------------------------------------------------------------------------- HubSpot

    @cached_property
    def _hubspot(self) -> HubSpot:
        connection = self.settings.connection
        hasty = replace(
            connection,
            patience_s=min(connection.patience_s, LONGEST_S),
            timeout_s=min(connection.timeout_s, LONGEST_S),
        )
        return self.connect(hasty)

    @cached_property
    def answer(self) -> Answer:
        """What comes of the question whose the token is."""
        hubspot = self._hubspot
        account: Account | HubSpotError
        try:
            account = hubspot.account()
        except HubSpotError as refused:
            account = refused
        return Answer(account, hubspot.headers, self.clock())

    @property
    def account(self) -> Account:
        """The token's portal."""
        if isinstance(self.answer.account, HubSpotError):
            raise CannotLook("HubSpot did not say which portal the token belongs to")
        return self.answer.account

    @property
    def wrong_portal(self) -> str | None:
        """Which setting says that another portal than the token's is meant."""
        account, meant, kinds = self.account, self.settings.portal_id, self.settings.account_types
        if meant is not None and account.portal_id != meant:
            return f"{NAMESPACE}:portalId says {meant}"
        if kinds and account.account_type not in kinds:
            return f"{NAMESPACE}:accountTypes allows only {', '.join(kinds)}"
        return None

    @property
    def hubspot(self) -> HubSpot:
        """The API, once it is certain that the token is not that of another portal."""
        if self.wrong_portal:
            raise CannotLook("the token is of another portal than the one that is meant")
        return self._hubspot

    def close(self) -> None:
        """Close the connections, if there are any."""
        if "_hubspot" in vars(self):
            self._hubspot.close()
