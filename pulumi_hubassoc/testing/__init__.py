"""Test your own stack with pytest: no CLI, no token, no portal, and milliseconds a case.

Installed with ``pip install 'pulumi-hubassoc[testing]'``, this is a pytest plugin with two fixtures:

```python
def test_relations(hubassoc_stack, hubspot_portal):
    stack = hubassoc_stack("infra")  # a folder with a Pulumi.yaml, or a function
    assert stack.up().changed == {"create": 2}
    hubspot_portal.assert_labels(("contacts", "companies", "Billing contact"))
```

`hubspot_portal` is an emulated HubSpot portal (`EmulatedPortal`), new for each test. `hubassoc_stack` opens stacks of any
program on the built-in engine (`StackFactory`, `StackUnderTest`), which run against that portal and never reach HubSpot.

Programs and providers run in the process of the test. ``--hubassoc-provider=process``, or the mark below, runs them in
processes of their own as Pulumi does: slower, and with the same results. The mark has

* ``provider``: ``"in-process"`` or ``"process"``;
* ``portal_id``: of `hubspot_portal`, 1001 unless given: the one that your ``hubassoc:portalId`` names;
* ``account_type``: likewise, ``STANDARD`` unless given.

```python
@pytest.mark.hubassoc(provider="process", portal_id=4711)
```

pytest imports this module in every run, so nothing here costs anything until a fixture is used.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pulumi_hubassoc.engine.interface import ConfigValue
    from pulumi_hubassoc.testing.portal import EmulatedPortal
    from pulumi_hubassoc.testing.stack import OperationFailed, Outcome, StackFactory, StackUnderTest

__all__ = ["ConfigValue", "EmulatedPortal", "OperationFailed", "Outcome", "StackFactory", "StackUnderTest"]

_ROOMS = {"ConfigValue": "pulumi_hubassoc.engine.interface", "EmulatedPortal": "pulumi_hubassoc.testing.portal"}
_MODES = ("in-process", "process")
_NEEDED = ("flask", "cryptography", "yaml")


def __getattr__(name: str) -> Any:
    """The types of the fixtures, imported when somebody asks for them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS.get(name, "pulumi_hubassoc.testing.stack")), name)


@dataclass(frozen=True)
class _Asked:
    """What the mark of a test says."""

    provider: Literal["in-process", "process"]
    portal_id: int = 1001
    account_type: str = "STANDARD"

    def __post_init__(self) -> None:
        if self.provider not in _MODES:
            msg = f"provider={self.provider!r}; there are {', '.join(_MODES)}"
            raise TypeError(msg)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that chooses for all tests where providers run."""
    parser.getgroup("hubassoc").addoption(
        "--hubassoc-provider",
        choices=_MODES,
        default="in-process",
        help="where the programs and providers of hubassoc_stack run: in the test's process, or in their own",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The mark that chooses for one test."""
    config.addinivalue_line(
        "markers", "hubassoc(provider, portal_id, account_type): how hubassoc_stack and hubspot_portal are set up"
    )


def _asked(request: pytest.FixtureRequest) -> _Asked:
    mark = request.node.get_closest_marker("hubassoc")
    given = {"provider": request.config.getoption("--hubassoc-provider")} | (dict(mark.kwargs) if mark else {})
    try:
        return _Asked(**given)
    except TypeError as error:
        raise pytest.UsageError(f"the hubassoc mark of {request.node.name} cannot be used: {error}") from None


@pytest.fixture
def hubspot_portal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedPortal]:
    """An emulated HubSpot portal, empty, for this test alone (see `EmulatedPortal`)."""
    asked = _asked(request)
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise pytest.UsageError(f"no module {missing[0]!r}: install pulumi-hubassoc[testing]")
    from pulumi_hubassoc.emulator import Emulator
    from pulumi_hubassoc.testing.portal import EmulatedPortal

    for name in list(os.environ):  # neither a token nor a setting of this machine is for a test
        if name.startswith(("HUBSPOT_", "HUBASSOC_")):
            monkeypatch.delenv(name)
    emulator = Emulator()
    yield EmulatedPortal.added_to(emulator, portal_id=asked.portal_id, account_type=asked.account_type)
    emulator.stop()


@pytest.fixture
def hubassoc_stack(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, hubspot_portal: EmulatedPortal
) -> StackFactory:
    """Opens a stack of a program on the built-in engine: `hubassoc_stack(program)` (see `StackFactory`)."""
    from pulumi_hubassoc.testing.stack import StackFactory

    if not os.environ.keys() & {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"}:
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a stack that lives as long as its test")
    return StackFactory(hubspot_portal, _asked(request).provider)
