"""The providers live through thousands of seeds on an emulated portal, in process; naive strategies do not.

The CI share is 1,200 seeds. `SIMULATION_SEEDS=20000 pytest -n 2 tests/simulation/test_simulation.py` lives through
more. A seed that fails names the command that lives through it again and prints every request.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import get_args

import pytest

from pulumi_hubassoc.emulator.faults import Kind
from pulumi_hubassoc.portals import Portals
from tests.simulation.naive import NAIVE
from tests.simulation.stack import KILLED
from tests.simulation.world import World

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1200"))
BLOCKS = 8
NAIVE_SEEDS = 100


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_life_ends_well(block: int) -> None:
    """Whatever edits, drift, faults and kills: in quiet, after two reruns at most, portal, state and program are one."""
    seen: Counter[str] = Counter()
    for seed in range(block, SEEDS, BLOCKS):
        seen += _lived(seed)
    assert seen[KILLED] > SEEDS // BLOCKS // 10
    assert len(seen.keys() & set(get_args(Kind))) > 12, f"mild weather: {dict(seen)}"


@pytest.mark.parametrize("naive", NAIVE, ids=lambda kind: kind.__name__)
def test_a_naive_strategy_does_not_survive(naive: type[Portals]) -> None:
    """The machine bites: each strategy that is right in fair weather breaks within a few seeds."""
    assert sum(_breaks(World(seed, naive)) for seed in range(NAIVE_SEEDS)) >= 2


def test_a_seed_is_a_life() -> None:
    """The same seed lives the same life, to the last request, as long as one thread works."""
    lives = []
    for _ in range(2):
        world = World(11, threads=1)
        world.live()
        lives.append(world.log)
    assert lives[0] == lives[1]
    assert len(lives[0]) > 20


def _breaks(world: World) -> bool:
    try:
        world.live()
    except AssertionError:
        return True
    return False


def _lived(seed: int) -> Counter[str]:
    world = World(seed)
    try:
        world.live()
    except BaseException as error:
        again = f"python -m tests.simulation {seed}" + (" --times 50" if world.stack.threads > 1 else "")
        msg = f"seed {seed} ({world.stack.threads} threads): {error}\nagain: {again}"
        raise AssertionError(msg) from error
    return world.seen
