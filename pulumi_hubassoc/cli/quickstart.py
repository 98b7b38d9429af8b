"""The quickstart project: where it lies, and how a copy of it is made to be run and changed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pulumi_hubassoc.engine.interface import EngineError

NAME = "hubassoc-quickstart"
_FOLDER = "examples/quickstart"
_FILES = ("Pulumi.yaml", f"{_FOLDER}/__main__.py", f"{_FOLDER}/Pulumi.dev.yaml", f"{_FOLDER}/Pulumi.prod.yaml")


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
        root, ending = _source()
        for file in _FILES:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / f"{file}{ending}", target)
        return cls(folder)

    def change_text(self, old: str, new: str) -> None:
        """Change one text of the program, as a reviewed pull request would.

        Raises:
            ValueError: the text is not there exactly once.
        """
        program = self.folder / _FOLDER / "__main__.py"
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


def _source() -> tuple[Path, str]:
    """Where the project is, in an installed package or in the tree, and what its files' names end in there."""
    package = Path(__file__).resolve().parents[1]
    for root, ending in ((package / "cli" / "project", ".txt"), (package.parent, "")):
        if all((root / f"{file}{ending}").exists() for file in _FILES):
            return root, ending
    raise EngineError("the quickstart project is not installed: reinstall pulumi-hubassoc")
