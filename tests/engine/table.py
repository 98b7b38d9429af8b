"""The table of scenarios in tests/transcripts/README.md: `python -m tests.engine.table` writes it anew."""

from __future__ import annotations

import json

from .normal_form import TRANSCRIPTS

README = TRANSCRIPTS / "README.md"
HEAD = "## Scenario and engine\n"


def table() -> str:
    """One row a scenario: what it shows, its steps, and that the built-in engine does in each what Pulumi did."""
    rows = [
        "| scenario | what it shows | steps | Pulumi CLI 3.260.0 | built-in engine |",
        "|---|---|---|---|---|",
    ]
    for path in sorted((TRANSCRIPTS / "scenarios").glob("*.json")):
        scenario = json.loads(path.read_text(encoding="utf-8"))
        rows.append(f"| `{path.stem}` | {scenario['about']} | {len(scenario['steps'])} | recorded | the same |")
    return "\n".join(rows) + "\n"


def section() -> str:
    """The section of the README."""
    return f"{HEAD}\nThe last column is what `tests/engine/test_transcripts.py` proves; no scenario is left out.\n\n{table()}"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(text.split(HEAD)[0].rstrip() + "\n\n" + section(), encoding="utf-8")
