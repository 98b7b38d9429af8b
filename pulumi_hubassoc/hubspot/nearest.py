"""What somebody may have meant: for sentences that say what there is instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST = 5
"""How many things a sentence names."""
_ALIKE = 0.6
"""How alike a suggestion is at least, 0 to 1; difflib's own default."""


def nearest(text: str, among: Iterable[str], *, alike: float = _ALIKE) -> list[str]:
    """The texts that are most like one, the best first; at most `MOST`, none if nothing is so much alike (0 to 1)."""
    import difflib  # needed for errors alone

    folded: dict[str, str] = {}
    for candidate in among:
        folded.setdefault(candidate.casefold(), candidate)
    return [folded[match] for match in difflib.get_close_matches(text.casefold(), folded, MOST, alike)]


def some_of(things: Sequence[str]) -> str:
    """The first few of a list, and how many more there are."""
    more = len(things) - MOST
    return ", ".join(things[:MOST]) + (f" and {more} more" if more > 0 else "")
