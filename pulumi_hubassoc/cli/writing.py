"""Files that commands write: whole or not at all, and never over one that is there unless it is said."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pulumi_hubassoc.engine.interface import EngineError


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuse a file that is there, before any work is done for it.

    Raises:
        EngineError: if it is there and `force` is not given, or it is a folder, or in none that there is.
    """
    if path.is_dir():
        raise EngineError(f"{path} is a folder: give the name of a file")
    if not path.absolute().parent.is_dir():
        raise EngineError(f"{path} cannot be written: there is no such folder")
    if path.exists() and not force:
        raise EngineError(f"{path} is there already: give another name, or --force to write over it")


def write(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file in UTF-8; whoever reads it meanwhile, or after an interruption, finds the old one or the new one.

    Raises:
        EngineError: if it is there and `force` is not given, or it cannot be written.
    """
    refuse_existing(path, force=force)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise EngineError(f"{path} cannot be written: {error.strerror or error}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        refuse_existing(path, force=force)  # somebody may have made it meanwhile
        temporary.replace(path)
    except OSError as error:
        raise EngineError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
