"""Which extra holds a package that is not installed. Imports nothing of them."""

from __future__ import annotations

_EXTRA_OF = {
    "typer": "cli",
    "rich": "cli",
    "flask": "emulator",
    "werkzeug": "emulator",
    "dask": "fleet",
    "distributed": "fleet",
    "psutil": "fleet",
}  # the engine names its own


def what_to_install(error: ModuleNotFoundError) -> str | None:
    """One sentence about the extra that is missing, None if it is none of ours."""
    package = (error.name or "").partition(".")[0]
    if package not in _EXTRA_OF:
        return None
    extra = _EXTRA_OF[package]
    return (
        f"{package} is not installed: it comes with the extra {extra!r}, and all that any command needs with 'all' — "
        f"pip install 'pulumi-hubassoc[{extra}]', or '.[{extra}]' in a clone"
    )
