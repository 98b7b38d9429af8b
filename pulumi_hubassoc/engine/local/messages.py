"""The longer sentences that users read; they are Pulumi's, so that whoever knows them knows these."""

from __future__ import annotations

from collections.abc import Sequence

from . import urns
from .state import Operation, ResourceState
from .values import Value, contains_secrets

_PENDING = (
    "These resources are in an unknown state because the Pulumi CLI was interrupted while waiting for changes to these "
    "resources to complete. You should confirm whether or not the operations listed completed successfully by checking the "
    "state of the appropriate provider. For example, if you are using AWS, you can confirm using the AWS Console.\n"
    "\n"
    "Once you have confirmed the status of the interrupted operations, you can repair your stack using `pulumi refresh` "
    "which will refresh the state from the provider you are using and clear the pending operations if there are any.\n"
    "\n"
    "Note that `pulumi refresh` will need to be run interactively to clear pending CREATE operations."
)


def pending(operations: Sequence[Operation]) -> str:
    """A run before this one was killed while it did something."""
    lines = "".join(f"  * {op.resource.urn}, interrupted while {op.type}\n" for op in operations)
    return (
        "Attempting to deploy or update resources "
        f"with {len(operations)} pending operations from previous deployment.\n{lines}{_PENDING}"
    )


def protected(urn: str) -> str:
    """A protected resource is to be replaced."""
    return (
        f'unable to replace resource "{urn}"\nas it is currently marked for protection. To unprotect the resource, '
        "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
    )


def protected_dependent(urn: str, root: str) -> str:
    """A protected resource would have to go before another one is replaced."""
    return (
        f'unable to replace resource "{urn}" as part of replacing "{root}" as it is currently marked for protection. To '
        "unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
        f"or use the command:\n`pulumi state unprotect '{urn}'`"
    )


def cannot_delete(urn: str) -> str:
    """A protected resource is to be deleted."""
    return (
        f'resource "{urn}" cannot be deleted\n'
        "because it is protected. To unprotect the resource, either remove the `protect` flag from the resource in your "
        f"Pulumi program and run `pulumi up`, or use the command:\n`pulumi state unprotect '{urn}'`"
    )


def not_a_target(urn: str) -> str:
    """A resource would have to be deleted together with a target."""
    return (
        f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
        "Either include resource in --target list or pass --target-dependents to proceed."
    )


def check_failure(state: ResourceState, key: str, reason: str) -> str:
    """A provider does not accept an input (or, without a key, the inputs)."""
    name = urns.name_of(state.urn)
    if not key:
        return f"{state.type} resource '{name}' has a problem: {reason}"
    value = _shown(state.inputs.get(key))
    return f"{state.type} resource '{name}': property {key} value {value} has a problem: {reason}"


def _shown(value: Value) -> str:
    """A value as Pulumi's messages write it; of a secret nothing is shown."""
    if value is None:
        return "{<nil>}"
    if isinstance(value, bool):
        return "{true}" if value else "{false}"
    return "{[secret]}" if contains_secrets(value) else f"{{{value}}}"
