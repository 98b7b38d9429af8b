"""The page in a browser, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Open = Callable[..., Any]
PAIR = ("contacts", "companies")


def row(page: Any, text: str) -> Any:
    """The row of a label, by one of its texts."""
    return page.locator("#pairs tbody tr", has=page.locator("bdi.text", has_text=text))


def wait_until(page: Any, fact: Callable[[], bool]) -> None:
    """Until something is so in the emulator, while the browser goes on."""
    for _ in range(300):
        if fact():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not come about within some seconds")


def until(page: Any, script: str, argument: Any = None) -> None:
    """Until something is so in the page, whose policy does not let Playwright do the waiting there."""
    wait_until(page, lambda: bool(page.evaluate(script, argument)))
