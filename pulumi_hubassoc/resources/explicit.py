"""`Provider`: an explicit provider, so that one stack serves several portals.

The provider process gets exactly these inputs and nothing of the stack's configuration [observed]; what is not given
comes from the environment.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.errors import ConfigError
from pulumi_hubassoc.provider import is_unknown
from pulumi_hubassoc.resources.program import ProgramRun, plain

_PACKAGE = "pulumi-python"
_KEY = f"{configuration.NAMESPACE}:"


class Provider(pulumi.ProviderResource):
    """A portal beside the one of the stack's configuration.

    ```python
    config = pulumi.Config()
    eu = hubassoc.Provider("eu", access_token=config.require_secret("euToken"), portal_id=2002)
    hubassoc.AssociationLabel(
        "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact",
        opts=pulumi.ResourceOptions(provider=eu),
    )
    ```

    A component hands it to its children (`ResourceOptions(providers=[eu])`). The token is kept as a secret in the
    state. To keep it out of the state altogether, give none, and say which environment variable holds it:
    `ResourceOptions(env_var_mappings={"HUBSPOT_TOKEN_EU": "HUBSPOT_ACCESS_TOKEN"})`.

    Another token of the same portal replaces nothing. With another `portal_id`, here or by another provider, a label or
    limit is replaced: deleted in the old portal with the old provider, and made in the new one.

    Args:
        resource_name: the name of the provider.
        access_token: the token; the environment's `HUBSPOT_ACCESS_TOKEN` unless given.
        portal_id: the portal that is meant; any other is refused. Without it a move to another portal is only noticed
            by the refusal of the first request.
        account_types: the account types that are allowed, such as `["SANDBOX"]`; all unless given.
        base_url: https and a host of HubSpot's, or http to this machine.
        api_version: `v4`, `crm-v4`, `2025-09`, `2026-03` or `2026-09`.
        timeout_seconds: for a connection and each part of an answer; 30 unless given.
        patience_seconds: for one operation with its retries; 60 unless given.
        preflight: whether a preview says what HubSpot would refuse; True unless given.
        labels_per_pair: labels that a pair of objects may have, for the preview; 50 unless given.
        opts: resource options.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        access_token: pulumi.Input[str] | None = None,
        portal_id: pulumi.Input[int] | None = None,
        account_types: pulumi.Input[list[str]] | None = None,
        base_url: pulumi.Input[str] | None = None,
        api_version: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[float] | None = None,
        patience_seconds: pulumi.Input[float] | None = None,
        preflight: pulumi.Input[bool] | None = None,
        labels_per_pair: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "accessToken": None if access_token is None else pulumi.Output.secret(access_token),
            "portalId": portal_id,
            "accountTypes": account_types,
            "baseUrl": base_url,
            "apiVersion": api_version,
            "timeoutSeconds": timeout_seconds,
            "patienceSeconds": patience_seconds,
            "preflight": preflight,
            "labelsPerPair": labels_per_pair,
        }
        inputs: dict[str, Any] = {_KEY + key: _text(value) for key, value in given.items() if value is not None}
        who, run = f"Provider {resource_name!r}", ProgramRun.current()
        run.note(who, list(_faults({**inputs, f"{_KEY}accessToken": plain(access_token)})))
        if who in run.faults:  # it has no check of ours that could fail
            inputs[f"{_KEY}problem"] = pulumi.Output.from_input("").apply(lambda _: run.stop())
        self.settings_given: Mapping[str, pulumi.Input[str]] = {k: v for k, v in inputs.items() if v is not None}
        """Configuration keys with their namespace -> what was given, as texts."""
        self.environment_mappings: Mapping[str, str] = dict(getattr(opts, "env_var_mappings", None) or {})
        """Environment variable here -> as the provider sees it."""
        super().__init__(_PACKAGE, resource_name, inputs, opts)


def _text(value: Any) -> Any:
    """A setting in the form that configuration has: a text."""
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(_text)
    if isinstance(value, (list, tuple)):
        known = plain(list(value))
        if pulumi.contains_unknowns(known):
            return pulumi.Output.from_input(list(value)).apply(_text)
        return ",".join(map(str, value))
    if value is None:  # an output that has nothing, as if it were not given
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _faults(inputs: Mapping[str, Any]) -> list[str]:
    """What is plainly wrong with the settings, each looked at by itself."""
    told = []
    for key, value in inputs.items():
        known = plain(value)
        if is_unknown(known) or known is None:
            continue
        try:
            configuration.settings({f"{_KEY}accessToken": "x", key: known}, {})
        except ConfigError as error:
            told.append(str(error))
    return told
