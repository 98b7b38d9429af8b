"""A run of a fleet as events: jobs in slots, one who hands them out, waves, portals that fail, workers that die.

Everything that costs something is a number that was measured (`measured.json`) or is given here as an assumption.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field, replace
from typing import Any

ANSWER_S = 0.2
"""Seconds that HubSpot takes for an answer [assumed]; a job sends one request after the other at worst."""


@dataclass(frozen=True)
class Costs:
    """What one job takes.

    Attributes:
        cpu_s: of one core.
        requests: to HubSpot.
        mb: of all its processes, at most.
    """

    cpu_s: float
    requests: float
    mb: float

    @classmethod
    def measured(cls, found: dict[str, Any], engine: str, operation: str) -> Costs:
        """Of an operation on an engine."""
        of = found[f"jobs {engine}"][operation]
        return cls(of["cpu_s"], of["requests"], of["all_processes_mb"])


@dataclass(frozen=True)
class Scene:
    """A run.

    Attributes:
        costs: of a job.
        portals: how many.
        slots: jobs at once.
        cores: that the slots share.
        hand_out_s: of the one who hands out jobs, for each: it does one thing at a time.
        canaries: in the first wave.
        second: the share in the second wave.
        stop_at: a wave with more failures than this share is the last one.
        failing: the share of portals that fail.
        dying: the share of jobs whose worker dies half way; they are handed out anew.
        spent: the share of portals whose day of requests others have spent: they wait for their midnight.
        spread: how far jobs are from their mean: the sigma of a log-normal [assumed].
        seed: of what is random.
    """

    costs: Costs
    portals: int = 10_000
    slots: int = 2
    cores: int = 2
    hand_out_s: float = 0.005
    canaries: int = 1
    second: float = 0.1
    stop_at: float = 0.2
    failing: float = 0.0
    dying: float = 0.0
    spent: float = 0.0
    spread: float = 0.3
    seed: int = 7


@dataclass
class Run:
    """What came of it.

    Attributes:
        seconds: until the last job ended.
        done: portals.
        failed: likewise.
        parked: likewise.
        not_run: likewise.
        jobs: that were begun, those that died included.
        requests: sent.
        handing_out: the share of the time in which the one who hands out was busy.
        waves: when each wave ended.
    """

    seconds: float = 0.0
    done: int = 0
    failed: int = 0
    parked: int = 0
    not_run: int = 0
    jobs: int = 0
    requests: float = 0.0
    handing_out: float = 0.0
    waves: list[float] = field(default_factory=list)


def simulate(scene: Scene) -> Run:
    """Live through a run."""
    chance, run, busy = random.Random(scene.seed), Run(), 0.0
    now, stopped = 0.0, False
    for size in waves(scene):
        if stopped:
            run.not_run += size
            continue
        waiting, failed = size, 0
        under_way: list[float] = []
        while waiting or under_way:
            while waiting and len(under_way) < scene.slots:
                waiting -= 1
                now += scene.hand_out_s / 2
                busy += scene.hand_out_s / 2
                if chance.random() < scene.spent:
                    run.parked += 1  # known from the file of what was spent: no job is begun
                    continue
                heapq.heappush(under_way, now + _seconds(scene, chance))
                run.jobs += 1
            if not under_way:
                break
            now = max(now, heapq.heappop(under_way)) + scene.hand_out_s / 2
            busy += scene.hand_out_s / 2
            if chance.random() < scene.dying:
                run.requests += scene.costs.requests / 2
                waiting += 1
                continue
            run.requests += scene.costs.requests
            failed += chance.random() < scene.failing
        run.failed += failed
        stopped = failed > scene.stop_at * size
        run.waves.append(now)
    run.done = scene.portals - run.failed - run.parked - run.not_run
    return replace(run, seconds=now, handing_out=busy / now if now else 0.0)


def waves(scene: Scene) -> list[int]:
    """How many portals are in each."""
    first = min(scene.canaries, scene.portals)
    second = min(math.ceil(scene.second * scene.portals), scene.portals - first)
    return [first, second, scene.portals - first - second]


def _seconds(scene: Scene, chance: random.Random) -> float:
    """Of one job: its CPU, of which each slot has its share, and HubSpot's answers."""
    share = max(1.0, scene.slots / scene.cores)
    mean = scene.costs.cpu_s * share + scene.costs.requests * ANSWER_S
    return mean * chance.lognormvariate(-(scene.spread**2) / 2, scene.spread)
