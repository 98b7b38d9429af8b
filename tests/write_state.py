"""`python -m tests.write_state FILE`: complete a state that is to be kept for ever: id, inputs and outputs as today's code makes them.

FILE has `kind`, `before` (what the portal has already, `{}` for nothing) and `program` (the inputs). A file that is whole is left
alone: states are never edited.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pulumi_hubassoc.emulator import Emulator
from tests.conftest import TOKEN
from tests.test_state_contract import prepare
from tests.workbench import Workbench


def completed(state: dict[str, Any]) -> dict[str, Any]:
    """The state with what creating the resource in an empty portal ends in."""
    emulator = Emulator(seed=7)
    prepare(emulator.add_portal(token=TOKEN, portal_id=1001), state)
    bench = Workbench(emulator, {"hubassoc:accessToken": TOKEN})
    bench.up({"x": (state["kind"], state["program"])})
    made = bench.state["x"]
    inputs, outputs = (
        {k: plain(v) for k, v in sorted(p.items()) if k != "__provider"} for p in (made.inputs, made.outputs)
    )
    return {**{k: state[k] for k in ("kind", "before", "program")}, "id": made.id, "inputs": inputs, "outputs": outputs}


def plain(value: Any) -> Any:
    """A value as JSON has it best: whole numbers whole."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


if __name__ == "__main__":
    file = Path(sys.argv[1])
    given = json.loads(file.read_text(encoding="utf-8"))
    if "id" in given:
        sys.exit(f"{file} is whole already, and a state is for ever")
    file.write_text(json.dumps(completed(given), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
