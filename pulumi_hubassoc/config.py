"""Settings: from a provider's Pulumi configuration and from the environment. The configuration wins.

| configuration | environment | default |
|---|---|---|
| ``hubassoc:accessToken`` (secret) | ``HUBSPOT_ACCESS_TOKEN`` | none: needed for the first request |
| ``hubassoc:portalId`` | ``HUBASSOC_PORTAL_ID`` | any portal; else every other one is refused |
| ``hubassoc:accountTypes`` | ``HUBASSOC_ACCOUNT_TYPES`` | all; else a list by commas of ``STANDARD``, ``SANDBOX``, ``DEVELOPER_TEST``, ``APP_DEVELOPER`` |
| ``hubassoc:baseUrl`` | ``HUBASSOC_BASE_URL`` | ``https://api.hubapi.com``; https to HubSpot's hosts, or http to this machine |
| ``hubassoc:apiVersion`` | ``HUBASSOC_API_VERSION`` | ``v4``; or ``crm-v4``, ``2025-09``, ``2026-03``, ``2026-09`` |
| ``hubassoc:timeoutSeconds`` | ``HUBASSOC_TIMEOUT_SECONDS`` | 30: for a connection and for each part of an answer |
| ``hubassoc:patienceSeconds`` | ``HUBASSOC_PATIENCE_SECONDS`` | 60: for one operation with its retries |
| ``hubassoc:preflight`` | ``HUBASSOC_PREFLIGHT`` | true: a preview says what HubSpot would refuse |
| ``hubassoc:labelsPerPair`` | ``HUBASSOC_LABELS_PER_PAIR`` | 50: labels that a pair of object types may have, for the preview |
| ``hubassoc:spendingFile`` | ``HUBASSOC_SPENDING_FILE`` | none: a file of each portal's own, in which requests are counted |
| ``hubassoc:dailyShare`` | ``HUBASSOC_DAILY_SHARE`` | 1: how much of the portal's requests of a day may be spent, as counted there |
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pulumi_hubassoc.errors import WHERE_TOKENS_GO, ConfigError
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.nearest import nearest

T = TypeVar("T")

NAMESPACE = "hubassoc"
ENVIRONMENT = {
    "accessToken": "HUBSPOT_ACCESS_TOKEN",
    "portalId": "HUBASSOC_PORTAL_ID",
    "accountTypes": "HUBASSOC_ACCOUNT_TYPES",
    "baseUrl": "HUBASSOC_BASE_URL",
    "apiVersion": "HUBASSOC_API_VERSION",
    "timeoutSeconds": "HUBASSOC_TIMEOUT_SECONDS",
    "patienceSeconds": "HUBASSOC_PATIENCE_SECONDS",
    "preflight": "HUBASSOC_PREFLIGHT",
    "labelsPerPair": "HUBASSOC_LABELS_PER_PAIR",
    "spendingFile": "HUBASSOC_SPENDING_FILE",
    "dailyShare": "HUBASSOC_DAILY_SHARE",
}
"""Configuration key -> environment variable: every setting there is."""

_HUBSPOT_HOST = re.compile(r"api(-[a-z0-9]+)?\.hubapi\.com")
_TOKEN = re.compile(r"[\x21-\x7e]{1,2048}")
_GREATEST = 2**53
"""Greater numbers do not survive Pulumi, whose numbers are floats."""
_LONGEST_S = 86_400
_LONGEST_SHOWN = 24


@dataclass(frozen=True)
class Settings:
    """What a provider needs to know.

    Attributes:
        connection: where HubSpot is, and the token.
        portal_id: the portal that is meant, None if any will do.
        account_types: the account types allowed, empty if all are.
        preflight: whether a preview looks ahead.
        labels_per_pair: labels that a pair of object types may have.
    """

    connection: Connection
    portal_id: int | None = None
    account_types: tuple[str, ...] = ()
    preflight: bool = True
    labels_per_pair: int = facts.LABELS_PER_PAIR


def has_token(config: Mapping[str, object], environment: Mapping[str, str]) -> bool:
    """Whether a token is set, usable or not."""
    return _Source(config, environment).text("accessToken") is not None


def expected_portal_id(config: Mapping[str, object], environment: Mapping[str, str]) -> int | None:
    """The portal that is meant, None if it is not said or not a number (`settings` says so in words)."""
    try:
        return _Source(config, environment).number("portalId", int, None)
    except ConfigError:
        return None


def settings(config: Mapping[str, object], environment: Mapping[str, str]) -> Settings:
    """The settings, checked.

    Args:
        config: a provider's configuration, keys with their namespace (``hubassoc:baseUrl``).
        environment: environment variables.

    Raises:
        ConfigError: if one is missing or unusable. The sentence names key and variable, never a token.
    """
    try:
        if fault := misspelled(config):
            raise fault
        return _settings(_Source(config, environment))
    except ConfigError as error:
        failure = error.with_traceback(None)
    del config, environment  # a traceback that shows variables would show the token
    raise failure


def _settings(source: _Source) -> Settings:
    version = source.text("apiVersion") or "v4"
    if version not in facts.API_PATHS:
        raise ConfigError(
            f"{source.where('apiVersion')} is {_shown(version)} — use one of {', '.join(facts.API_PATHS)}"
        )
    types = tuple(t.strip().upper() for t in (source.text("accountTypes") or "").split(",") if t.strip())
    for kind in types:
        if kind not in facts.ACCOUNT_TYPES:
            allowed = ", ".join(facts.ACCOUNT_TYPES)
            raise ConfigError(f"{source.where('accountTypes')} names {_shown(kind)} — use {allowed}")
    connection = Connection(
        token=_token(source),
        token_from=source.where("accessToken"),
        base_url=_base_url(source),
        api_version=version,
        timeout_s=source.number("timeoutSeconds", float, 30.0, most=_LONGEST_S),
        patience_s=source.number("patienceSeconds", float, 60.0, most=_LONGEST_S),
        spending_file=_spending_file(source),
        daily_share=source.number("dailyShare", float, 1.0, most=1),
    )
    return Settings(
        connection,
        source.number("portalId", int, None),
        types,
        preflight=source.flag("preflight", default=True),
        labels_per_pair=source.number("labelsPerPair", int, facts.LABELS_PER_PAIR),
    )


class _Source:
    """Looks a setting up in the configuration, then in the environment."""

    def __init__(self, config: Mapping[str, object], environment: Mapping[str, str]) -> None:
        self._config, self._environment = config, environment

    def text(self, key: str) -> str | None:
        """The setting without white space around it, None if it is absent or blank."""
        value = self._config.get(f"{NAMESPACE}:{key}")
        if value is None or not str(value).strip():
            value = self._environment.get(ENVIRONMENT[key])
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # numbers of an explicit provider arrive as floats
        return str(value).strip() or None if value is not None else None

    def where(self, key: str) -> str:
        """Where a setting was found, for people."""
        value = self._config.get(f"{NAMESPACE}:{key}")
        in_config = value is not None and str(value).strip()
        return f"{NAMESPACE}:{key}" if in_config else f"the environment variable {ENVIRONMENT[key]}"

    def number(self, key: str, kind: Callable[[str], T], default: T, most: int = _GREATEST) -> T:
        """The setting as a number greater than 0 and at most `most`."""
        text = self.text(key)
        if text is None:
            return default
        try:
            number = kind(text)
        except ValueError:
            number = None
        if not isinstance(number, (int, float)) or not 0 < number <= most:  # NaN is not, either
            raise ConfigError(f"{self.where(key)} is {_shown(text)} — use a number greater than 0, at most {most}")
        return number

    def flag(self, key: str, *, default: bool) -> bool:
        """The setting as true or false, as Pulumi writes them."""
        text = self.text(key)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise ConfigError(f"{self.where(key)} is {_shown(text)} — use true or false")
        return text.lower() == "true"


def _token(source: _Source) -> Token:
    text = source.text("accessToken")
    if text is None:
        raise ConfigError(f"No HubSpot access token is set — set it with {WHERE_TOKENS_GO}")
    if fault := _pasted_badly(text):
        raise ConfigError(
            f"The HubSpot access token in {source.where('accessToken')} cannot be one: it has {len(text)} characters and "
            f"{fault} — set it again without, with {WHERE_TOKENS_GO}"
        )
    if not _TOKEN.fullmatch(text):
        raise ConfigError(
            f"The HubSpot access token in {source.where('accessToken')} cannot be one: it has {len(text)} characters, and "
            f"a token has 1 to 2048 visible ASCII characters and no spaces — set it again with {WHERE_TOKENS_GO}"
        )
    return Token(text)


def _pasted_badly(text: str) -> str | None:
    """What came along when a token was copied, in words that tell nothing of it; None if nothing did."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        return "is in quotes"
    if text.lower().startswith("bearer "):
        return "begins with the word Bearer"
    return None


def misspelled(config: Mapping[str, object]) -> ConfigError | None:
    """A key of the configuration that is nearly a setting: `portalId` in other letters would guard nothing.

    Other keys of the namespace are let be: they may be those of a program whose project is called so.
    """
    for key in config:
        namespace, _, name = key.partition(":")
        if namespace == NAMESPACE and name not in ENVIRONMENT and (meant := nearest(name, ENVIRONMENT, alike=0.8)):
            return ConfigError(f"{key} is no setting — write {NAMESPACE}:{meant[0]}, or take it out")
    return None


def _spending_file(source: _Source) -> Path | None:
    """An absolute path: program and providers need not run in the same folder."""
    text = source.text("spendingFile")
    if text is None:
        return None
    if "\0" in text or not Path(text).is_absolute() or Path(text).is_dir():
        raise ConfigError(f"{source.where('spendingFile')} is {_shown(text)} — use the absolute path of a file")
    return Path(text)


def _base_url(source: _Source) -> str:
    """The base URL: https and a host of HubSpot's, or http on loopback. The token goes nowhere else."""
    text = source.text("baseUrl") or facts.DEFAULT_BASE_URL
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, url, port = "", urlsplit(""), None
    if "%" in host:  # a zone of an address: another machine on some link
        host = ""
    plain = not (url.username or url.password or url.query or url.fragment or url.path.strip("/"))
    if plain and url.scheme == "https" and _HUBSPOT_HOST.fullmatch(host) and port in (None, 443):
        return f"https://{host}"
    if plain and url.scheme == "http" and _is_loopback(host):
        netloc = f"[{host}]" if ":" in host else host
        return f"http://{netloc}" + (f":{port}" if port else "")
    raise ConfigError(
        f"{source.where('baseUrl')} cannot be used — give https and a host of HubSpot's (https://api.hubapi.com, "
        "https://api-eu1.hubapi.com), or http on this machine (http://127.0.0.1:8080), and nothing behind the port"
    )


def _shown(value: str) -> str:
    """A value for people; a long one may be a token that was set under the wrong key."""
    return repr(value) if len(value) <= _LONGEST_SHOWN else f"a text of {len(value)} characters"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
