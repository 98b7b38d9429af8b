"""The quickstart project: where it lies, and how a copy of it is made to be run and changed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pulumi_hubassoc.engine.interface import EngineError

NAME = "hubassoc-quickstart"
_PARTS = ("Pulumi.yaml", "examples/quickstart")


@dataclass(frozen=True)
class Quickstart:
    """A copy of the project.

    Attributes:
        folder: that holds ``Pulumi.yaml``.
    """

    folder: Path

    @classmethod
    def copied_to(cls, folder: Path) -> Quickstart:
        """Copy the project, which is changed and written to when it is run."""
        source = _source()
        for part in _PARTS:
            target = folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.copytree(source / part, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source / part, target)
        return cls(folder)

    def change_text(self, old: str, new: str) -> None:
        """Change one text of the program, as a reviewed pull request would.

        Raises:
            ValueError: the text is not there exactly once.
        """
        program = self.folder / "examples/quickstart/__main__.py"
        source = program.read_text(encoding="utf-8")
        before, after = f'label="{old}"', f'label="{new}"'
        if source.count(before) != 1:
            msg = f"the program has {before} {source.count(before)} times"
            raise ValueError(msg)
        program.write_text(source.replace(before, after), encoding="utf-8")

    def files_with(self, *secrets: str) -> list[Path]:
        """The files of the copy, and of what lies beside it, that hold any of these texts in clear."""
        needles = [secret.encode() for secret in secrets]
        files = (file for file in self.folder.parent.rglob("*") if file.is_file())
        return [file for file in files if any(needle in file.read_bytes() for needle in needles)]


def _source() -> Path:
    """The project in an installed package, or in the tree the package is run from."""
    package = Path(__file__).resolve().parents[1]
    for root in (package / "cli" / "project", package.parent):
        if all((root / part).exists() for part in _PARTS):
            return root
    raise EngineError("the quickstart project is not installed: reinstall pulumi-hubassoc")
