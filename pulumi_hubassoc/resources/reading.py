"""How a look-up reads: now or later, with whose settings, and what of it one run of a program keeps."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.portals import Portals
from pulumi_hubassoc.provider import Provider
from pulumi_hubassoc.resources.program import ProgramRun

if TYPE_CHECKING:
    from pulumi_hubassoc.resources.explicit import Provider as ExplicitProvider

T = TypeVar("T")
Read = Callable[[PortalView], T]
"""What is read of a portal; in any thread."""
Settings = Mapping[str, "pulumi.Input[str] | None"]
"""Configuration keys with their namespace -> values."""


class LookupFailed(pulumi.RunError):
    """A look-up that could not be made: no token, another portal, a refusal, no answer. Pulumi prints the sentence alone."""


def now(read: Read[T], provider: ExplicitProvider | None) -> T:
    """A look-up in the program's own thread.

    Raises:
        LookupFailed: if it could not be made.
    """
    given = _given(provider)
    if any(_is_later(value) for value in given.values()):
        raise LookupFailed(
            "The settings of this provider are known only later, as every access_token is — nothing was read — use the "
            "form that ends in _output, or name the token's environment variable in env_var_mappings"
        )
    return _reading(read, given, provider)()


def later(
    look_up: Callable[[object, object], Read[T]], ends: tuple[object, object], provider: ExplicitProvider | None
) -> pulumi.Output[T]:
    """A look-up in a thread, once all is known; what is wrong with plain arguments is told at once."""
    given = _given(provider)
    if not any(map(_is_later, ends)):
        look_up(*ends)
    known: pulumi.Output[list[object]] = pulumi.Output.all(*ends)
    return known.apply(lambda ends: _later_from(look_up(*ends), given, provider))


def _later_from(read: Read[T], given: Settings, provider: ExplicitProvider | None) -> pulumi.Output[T]:
    def in_thread(settings: dict[str, str | None]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(None, _reading(read, settings, provider))

    settings: pulumi.Output[Any] = pulumi.Output.from_input(dict[str, Any](given))
    found: pulumi.Output[T] = settings.apply(in_thread)
    return pulumi.Output.unsecret(found)  # the token is a secret, and what a portal has is none


def _is_later(value: object) -> bool:
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def _given(provider: ExplicitProvider | None) -> Settings:
    """The settings: those of the provider, which gets nothing of the stack's configuration, else that configuration."""
    keys = {key: f"{configuration.NAMESPACE}:{key}" for key in configuration.ENVIRONMENT}
    if provider is None:
        config = pulumi.Config(configuration.NAMESPACE)
        return {long: config.get(short) for short, long in keys.items()}
    given = getattr(provider, "settings_given", None)
    if given is None:
        raise LookupFailed(f"provider must be a hubassoc.Provider, not {type(provider).__name__}")
    return {key: value for key, value in given.items() if key in keys.values()}


def _environment(provider: ExplicitProvider | None) -> dict[str, str]:
    """The environment as the provider's process sees it."""
    mappings = provider.environment_mappings if provider is not None else {}
    return {**os.environ, **{to: os.environ[name] for name, to in mappings.items() if name in os.environ}}


def _reading(read: Read[T], given: Settings, provider: ExplicitProvider | None) -> Callable[[], T]:
    """A read of a portal, to be called in any thread: what is the program's own thread's is found here."""
    with in_plain_words():
        settings = configuration.settings(given, _environment(provider))
    run = ProgramRun.current()
    view = _portals_of(run).of(settings).view

    def call(_run: ProgramRun = run) -> T:  # the run lives as long as its look-ups
        with in_plain_words():
            return read(view)

    return call


_portals: weakref.WeakKeyDictionary[ProgramRun, Portals] = weakref.WeakKeyDictionary()


def _portals_of(run: ProgramRun) -> Portals:
    """The portals as one run of a program has seen them: what the providers see while it runs is theirs, and so is what
    an earlier run of the same process saw.
    """  # noqa: D205  one sentence
    if run not in _portals:
        _portals[run] = portals = Provider.portals.anew()
        weakref.finalize(run, portals.close)
    return _portals[run]


@contextlib.contextmanager
def in_plain_words() -> Iterator[None]:
    """Let a foreseen failure end the program with one line; with ``HUBASSOC_DEBUG`` it comes with its traceback."""
    try:
        yield
    except HubAssocError as error:
        if os.environ.get("HUBASSOC_DEBUG"):
            raise
        raise LookupFailed(f"{type(error).__name__}: {error}") from None
