"""The documentation names every scenario that is compared."""

from .table import README, section
from .test_transcripts import SCENARIOS


def test_the_table_of_scenarios_is_current() -> None:
    """It is the one that `python -m tests.engine.table` writes, with a row for each scenario that is run."""
    text = README.read_text(encoding="utf-8")
    assert text.endswith(section())
    assert all(f"| `{name}` |" in text for name in SCENARIOS)
