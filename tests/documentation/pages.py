"""The documentation as its files have it: README and the pages of the site, and the code blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / ".docs" / "pages"
_BLOCK = re.compile(r"^( *)(`{3,})(\w+)([^\n]*)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
_SNIPPET = re.compile(r'^--8<-- "([^"]+)"$\n', re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        page: where it stands, relative to the repository.
        line: of its opening fence, from 1.
        language: after the fence: ``sh``, ``python``, ``yaml``, ``text`` …
        title: the file that it is, "" where it is none.
        text: with its line end.
    """

    page: str
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """For the name of a test."""
        return f"{self.page}:{self.line}"


def files() -> list[Path]:
    """README, and every page of the site."""
    return [ROOT / "README.md", *sorted(PAGES.rglob("*.md"))]


def blocks_of(file: Path) -> list[Block]:
    """The code blocks of a page, in order."""
    text = file.read_text(encoding="utf-8")
    page = file.relative_to(ROOT).as_posix()
    found = []
    for match in _BLOCK.finditer(text):
        indent, _, language, info, body = match.groups()
        title = _TITLE.search(info)
        body = _SNIPPET.sub(_snippet, re.sub(f"^{indent}", "", body, flags=re.MULTILINE))
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, language, title[1] if title else "", body))
    return found


def _snippet(found: re.Match[str]) -> str:
    """The file of the repository that the site puts in its place."""
    return (ROOT / found[1]).read_text(encoding="utf-8")


def all_blocks(*languages: str) -> list[Block]:
    """Those of some languages, of all pages."""
    return [block for file in files() for block in blocks_of(file) if block.language in languages]


def whole_text() -> str:
    """All of it, without what only the built site has."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files())
