"""The same lives on the built-in engine with a real provider process, which is killed, and the engine with it.

The CI share is eight seeds; `SIMULATION_ENGINE_SEEDS=100 pytest -n 2 tests/simulation/test_simulation_engine.py` lives
through more. Processes are not deterministic: a seed is a way of living, not a life.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.simulation.engine_world import EngineWorld

SEEDS = int(os.environ.get("SIMULATION_ENGINE_SEEDS", "8"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_life_on_the_engine_ends_well(seed: int, tmp_path: Path) -> None:
    """Whatever edits, drift, faults and kills: in quiet, after two reruns at most, portal, state and program are one."""
    with closing(EngineWorld(seed, tmp_path)) as world:
        try:
            world.live(2)
        except BaseException as error:
            story = "\n".join(world.log)
            msg = f"seed {seed}: {error}\n{story}"
            raise AssertionError(msg) from error
