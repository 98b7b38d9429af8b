"""Web pages in one file: nothing is loaded, and nothing that a portal says can be more than text.

A policy in the page names the one style and the one script that it has, by their hashes; there is no other way in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import unicodedata

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NO_TEXT = ("Cc", "Zl", "Zp", "Cs")
_NO_XML = "\ufffe\uffff"
STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6875; --line: #d5dbe1; --paper: #fff; --panel: #f4f6f8;
  --here: #0b6b3a; --there: #b3261e; --both: #8a5a00; --accent: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b4; --line: #36424e; --paper: #14191f;
  --panel: #1d242c; --here: #5fd39a; --there: #ff8a80; --both: #f0b860; --accent: #7cb8ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.2rem; margin: 0; overflow: hidden; text-overflow: ellipsis; }
"""


def flat(text: str) -> str:
    """A text on one line: line ends and control characters become spaces, what turns the writing direction goes."""
    kept = (" " if unicodedata.category(c) in _NO_TEXT or c in _NO_XML else c for c in text if c not in _BIDI)
    return " ".join("".join(kept).split())


def escaped(value: object) -> str:
    """A value as text of a page or of an attribute in quotes."""
    return html.escape(flat(str(value)), quote=True)


def page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole page.

    Args:
        title: a text.
        body: HTML, everything in it escaped.
        style: CSS; it follows `STYLE`.
        script: JavaScript, run when the page is there.
    """
    style = STYLE + style
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {_of(script)}; base-uri 'none'; form-action 'none'"
    )
    end = f"<script>{script}</script>\n" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{end}</body>\n</html>\n"
    )


def _of(script: str) -> str:
    return f"'{_hash(script)}'" if script else "'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
