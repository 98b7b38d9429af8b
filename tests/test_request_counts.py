"""What operations cost in requests, read from the emulator's journal, whatever the number of labels and threads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from tests.conftest import TOKEN
from tests.on_engines import Estate, make_engine
from tests.workbench import OBJECT_LIMIT, Props, Workbench

PAIRS = [
    *(("contacts", o) for o in ("companies", "deals", "tickets", "leads", "services")),
    *(("companies", o) for o in ("deals", "tickets", "leads", "services", "courses")),
]
Program = dict[str, tuple[str, Props]]
SIZES = [(1, 1), (10, 1), (10, 10), (100, 2), (100, 10), (500, 10)]
sizes = pytest.mark.parametrize(("n", "pairs"), SIZES)
parallelism = pytest.mark.parametrize("threads", [1, 4, 8, 64])


@pytest.fixture(autouse=True)
def no_rate_limit(portal: Portal) -> None:
    """Requests are counted here, not held back: 64 threads that wait on a clock of their own move it on too far."""
    portal.configure(rate_headers=False)


def labels(n: int, pairs: int, *, paired: bool) -> Program:
    """So many labels, spread over so many pairs of two objects."""
    program: Program = {}
    for i in range(n):
        from_, to = PAIRS[i % pairs]
        inverse = {"inverse_label": f"Inverse {i}"} if paired else {}
        ends = {"from_object_type": from_, "to_object_type": to}
        program[f"label {i}"] = ("label", {**ends, "label": f"Label {i}", "name_suffix": f"x{i}", **inverse})
    return program


def with_limits(bench: Workbench, program: Program) -> Program:
    """A limit for the forward side of each label in the state."""
    limits: Program = {}
    for name, stored in bench.state.items():
        from_, to, type_id, _ = stored.id.split("/")
        ends = {"from_object_type": from_, "to_object_type": to}
        limit = {**OBJECT_LIMIT, **ends, "category": "USER_DEFINED", "type_id": int(type_id)}
        limits[f"limit of {name}"] = ("limit", limit)
    return program | limits


def spent(emulator: Emulator) -> Counter[str]:
    """The requests since this was last asked, by operation."""
    counted = Counter(emulator.journal.operations())
    emulator.journal.clear()
    return counted


@sizes
@parallelism
def test_a_paired_label_costs_one_request(
    bench: Workbench, portal: Portal, emulator: Emulator, n: int, pairs: int, threads: int
) -> None:
    """Create N + D + 1, nothing to do 0, refresh D + 1, rename U + lists + 1, destroy N + D + 1."""
    program = labels(n, pairs, paired=True)
    bench.up_together(program, threads)
    assert spent(emulator) == {"account": 1, "list_labels": pairs, "create_label": n}
    bench.up_together(program, threads)
    assert spent(emulator) == {}
    bench.refresh(threads)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs}
    renamed = {name: (kind, news | {"label": f"{news['label']} too"}) for name, (kind, news) in program.items()}
    bench.up_together(renamed, threads)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs, "update_label": n}
    bench.destroy(threads)
    assert spent(emulator) == {"account": 1, "list_labels": pairs, "delete_label": n}
    assert portal.labels() == []


@sizes
@parallelism
def test_a_single_label_may_cost_a_list(
    bench: Workbench, portal: Portal, emulator: Emulator, n: int, pairs: int, threads: int
) -> None:
    """Both ids carry the same text, so a list read after the create tells the direction; concurrent creates share it."""
    bench.up_together(labels(n, pairs, paired=False), threads)
    cost = spent(emulator)
    assert (cost["account"], cost["create_label"]) == (1, n)
    assert pairs < cost["list_labels"] <= n + pairs
    print(f"{n} single labels, {pairs} pairs, {threads} threads: {cost['list_labels'] - pairs} more lists")
    bench.refresh(threads)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs}
    bench.destroy(threads)
    assert spent(emulator) == {"account": 1, "list_labels": pairs, "delete_label": n}


@pytest.mark.parametrize(("n", "pairs"), [(10, 1), (100, 10)])
@parallelism
def test_limits_of_a_direction_share_requests(
    bench: Workbench, portal: Portal, emulator: Emulator, n: int, pairs: int, threads: int
) -> None:
    """Limits cost one list for all, and never more than one write each; who comes while another writes shares the next."""
    program = labels(n, pairs, paired=True)
    bench.up_together(program, threads)
    program = with_limits(bench, program)
    spent(emulator)
    bench.up_together(program, threads)
    cost = spent(emulator)
    assert (cost["account"], cost["list_all_limits"]) == (1, 1)
    assert pairs <= cost["update_limits"] <= n
    assert cost.total() == 2 + cost["update_limits"]
    bench.refresh(threads)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs, "list_all_limits": 1}
    print(f"{n} limits, {pairs} pairs, {threads} threads: {cost['update_limits']} writes")


@parallelism
def test_a_network_makes_limits_share_more(emulator: Emulator, portal: Portal, bench: Workbench, threads: int) -> None:
    """With answers that take 20 ms, as a near HubSpot's would, threads pile up and few requests write many limits."""
    program = labels(40, 1, paired=True)
    bench.up_together(program, 4)
    program = with_limits(bench, program)
    spent(emulator)
    emulator.arm(Fault("slow", operation="update_limits", seconds=0.02, count=None))
    bench.up_together(program, threads)
    writes = spent(emulator)["update_limits"]
    print(f"40 limits, {threads} threads: {writes} writes")
    assert writes <= {1: 40, 4: 30, 8: 30, 64: 16}[threads]  # how many meet is for the machine's load to say


PROGRAM = """
import pulumi_hubassoc as hubassoc

pairs = {pairs!r}
for i in range({n}):
    from_, to = pairs[i % len(pairs)]
    inverse = f"Inverse {{i}}" if {paired} else None
    hubassoc.AssociationLabel(
        f"label-{{i}}", from_object_type=from_, to_object_type=to, label=f"{text} {{i}}", inverse_label=inverse
    )
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("parallel", "n", "pairs", "paired"),
    [(1, 10, 1, True), (8, 100, 10, False), (64, 100, 10, True), (64, 10, 1, False)],
)
def test_an_engine_changes_nothing_about_it(
    emulator: Emulator, portal: Portal, tmp_path: Path, parallel: int, n: int, pairs: int, paired: bool
) -> None:
    """A program run by the built-in engine, with a real provider process: the same counts, over a real connection."""
    env = {"HUBASSOC_BASE_URL": emulator.start(), "HUBSPOT_ACCESS_TOKEN": TOKEN}
    estate = Estate(make_engine("local", tmp_path), emulator, portal, tmp_path, env)
    spent(emulator)

    def cost(operation: str, text: str = "Label") -> Counter[str]:
        estate.program = PROGRAM.format(pairs=PAIRS[:pairs], n=n, paired=paired, text=text)
        estate.done(operation, parallel=parallel)  # type: ignore[arg-type]
        return Counter(r.operation for r in estate.requests)

    assert cost("preview") == {"account": 1, "list_labels": pairs * (2 if paired else 1)}
    created = cost("up")
    more = created["list_labels"] - pairs
    assert created == {"account": 1, "list_labels": pairs + more, "create_label": n}
    assert (more == 0) if paired else (0 < more <= n)
    assert cost("preview") == cost("up") == {}
    assert cost("refresh") == {"account": 1, "list_labels": 2 * pairs}
    assert cost("up", "Other") == {"account": 1, "list_labels": 2 * pairs, "update_label": n}
    assert cost("destroy", "Other") == {"account": 1, "list_labels": pairs, "delete_label": n}
    assert portal.labels() == []


def test_labels_of_one_object_need_one_list(bench: Workbench, emulator: Emulator) -> None:
    """Both sides stand in the one list of an object with itself."""
    program = {
        f"l{i}": ("label", {**news, "from_object_type": "deals", "to_object_type": "deals", "label": f"L{i}"})
        for i, news in enumerate([{"inverse_label": "X", "name_suffix": "x"}, {"name_suffix": "y"}])
    }
    bench.up_together(program, 4)
    assert spent(emulator) == {"account": 1, "list_labels": 1, "create_label": 2}
    bench.refresh()
    assert spent(emulator) == {"account": 1, "list_labels": 1}


@sizes
@parallelism
def test_sets_of_limits_cost_one_write_each(
    bench: Workbench, portal: Portal, emulator: Emulator, n: int, pairs: int, threads: int
) -> None:
    """N labels with N limits on P pairs: one list of all limits, and P writes; what is removed costs a list; destroy P."""
    program = labels(n, pairs, paired=True)
    bench.up_together(program, threads)
    limited: Program = {}
    for stored in bench.state.values():
        from_, to, type_id, _ = stored.id.split("/")
        _, news = limited.setdefault(
            f"{from_} {to}", ("limits", {"from_object_type": from_, "to_object_type": to, "limits": []})
        )
        news["limits"].append({"category": "USER_DEFINED", "type_id": int(type_id), "max_to_object_ids": 5})
    spent(emulator)
    bench.up_together(program | limited, threads)
    assert spent(emulator) == {"account": 1, "list_all_limits": 1, "update_limits": pairs}
    bench.up_together(program | limited, threads)
    assert spent(emulator) == {}
    bench.refresh(threads)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs, "list_all_limits": 1}
    for _, news in limited.values():
        news["limits"] = [entry | {"max_to_object_ids": 7} for entry in news["limits"]]
    bench.up_together(program | limited, threads)
    assert spent(emulator) == {"account": 1, "list_all_limits": 1, "update_limits": pairs}
    for _, news in limited.values():
        news["limits"] = news["limits"][1:]
    bench.up_together(program | limited, threads)
    left = {"list_all_limits": 1} if n > pairs else {}
    assert spent(emulator) == {"account": 1, "list_labels": pairs, "purge_limits": pairs} | left
    bench.up_together(program, threads)
    assert spent(emulator) == {"account": 1} | ({"purge_limits": pairs} if n > pairs else {})


@sizes
def test_a_preview_costs_a_list_for_each_direction(bench: Workbench, emulator: Emulator, n: int, pairs: int) -> None:
    """The guard and D lists where labels are new, one more where limits are; nothing where nothing is new."""
    paired, single = labels(n, pairs, paired=True), labels(n, pairs, paired=False)
    bench.preview(paired)
    assert spent(emulator) == {"account": 1, "list_labels": 2 * pairs}
    bench.preview(single)
    assert spent(emulator) == {"account": 1, "list_labels": pairs}
    bench.up_together(paired, 4)
    program = with_limits(bench, paired)
    spent(emulator)
    bench.preview(program)
    assert spent(emulator) == {"account": 1, "list_labels": pairs, "list_all_limits": 1}
    bench.preview(paired)
    assert spent(emulator) == {}
