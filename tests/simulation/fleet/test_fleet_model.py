"""The model of a fleet does what a fleet does: waves, ends, and time, compared with a run of the real thing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.fleet.job import Job
from pulumi_hubassoc.fleet.run import run_fleet, waves_of
from tests.fleet.fleets import fleet
from tests.simulation.fleet.__main__ import MEASURED, SLOTS, told
from tests.simulation.fleet.model import ANSWER_S, Costs, Scene, simulate, waves

COSTS = Costs(cpu_s=1.0, requests=10, mb=100)
SECONDS = COSTS.cpu_s + COSTS.requests * ANSWER_S
EVEN = Scene(COSTS, portals=1000, slots=10, cores=10, hand_out_s=0.0, spread=0.0)
shares = st.sampled_from([0.0, 0.01, 0.2, 0.5])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40), shares, shares, shares, st.integers(0, 99))
def test_every_portal_is_somewhere(
    portals: int, slots: int, failing: float, dying: float, spent: float, seed: int
) -> None:
    """Done, failed, parked or not run; what was lost was done again; and no run is shorter than its work."""
    run = simulate(Scene(COSTS, portals, slots, slots, 0.001, failing=failing, dying=dying, spent=spent, seed=seed))
    assert min(run.done, run.failed, run.parked, run.not_run) >= 0
    assert run.done + run.failed + run.parked + run.not_run == portals
    assert run.jobs >= run.done + run.failed
    assert sorted(run.waves) == run.waves
    assert 0 <= run.handing_out <= 1


def test_waves_are_those_of_a_fleet() -> None:
    for size in (1, 2, 9, 10, 11, 250):
        of = fleet(size)
        assert waves(Scene(COSTS, size)) == [len(wave) for wave in waves_of(of, of.portals, "up")]


def test_time_is_work_by_slots_and_a_wave_waits_for_the_one_before() -> None:
    """One canary, then a tenth, then the rest; nobody begins early."""
    run = simulate(EVEN)
    assert run.waves == pytest.approx([SECONDS, SECONDS * 11, SECONDS * (1 + 10 + 90)], rel=0.01)
    assert run.requests == 10_000


def test_where_cores_are_few_slots_do_not_help_but_answers_wait_together() -> None:
    one, ten = (simulate(replace(EVEN, slots=n, cores=1)).seconds for n in (1, 10))
    assert one == pytest.approx(1000 * SECONDS)
    assert 1000 * COSTS.cpu_s < ten < one / 2


def test_where_handing_out_takes_all_the_time_slots_do_not_help() -> None:
    few, many = (simulate(replace(EVEN, hand_out_s=0.1, slots=n, cores=n)) for n in (128, 1024))
    assert many.handing_out > 0.9
    assert many.seconds == pytest.approx(few.seconds, rel=0.1)


def test_a_wave_that_fails_is_the_last() -> None:
    run = simulate(replace(EVEN, failing=1.0))
    assert (run.failed, run.not_run, len(run.waves)) == (1, 999, 1)


def test_workers_that_die_cost_time_and_no_portal() -> None:
    well, ill = simulate(EVEN), simulate(replace(EVEN, dying=0.2))
    assert (ill.done, well.done) == (1000, 1000)
    assert 1100 < ill.jobs < 1400
    assert ill.seconds > well.seconds


class Sleeper(ThreadPoolExecutor):
    """Takes a tenth of a second for each job, and does nothing."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        job: Job = args[0]

        def sleep() -> Any:
            time.sleep(0.1)
            return job.record("done", exit_code=0)

        return super().submit(sleep)


def test_a_real_run_takes_what_the_model_says(tmp_path: Path) -> None:
    """With real records on a real disk: never less, and on a busy machine a few times more at most."""
    of = replace(fleet(60), path=tmp_path / "fleet.yaml", schema=tmp_path / "crm.yaml")
    (tmp_path / "crm.yaml").write_text("pairs: []\n", encoding="utf-8")
    said = simulate(Scene(Costs(0.1, 0, 0), 60, 6, 6, 0.0, spread=0.0))
    with Sleeper(6) as pool:
        start = time.monotonic()
        result = run_fleet(of, "up", pool, slots=6, engine="local")
        took = time.monotonic() - start
    assert len(result.records) == said.done == 60
    assert said.seconds * 0.95 < took < said.seconds * 6


def test_what_is_printed_is_of_what_was_measured() -> None:
    """A row for each operation and engine, a column for each number of slots, and every number is there."""
    text = "\n".join(told(json.loads(MEASURED.read_text(encoding="utf-8"))))
    assert all(f" {slots} slots " in text for slots in SLOTS)
    assert "nan" not in text
    assert text.count("| first up, ") == 4
