"""Resources of one pair that stand in each other's way end as the program says, or nothing is touched."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import HubAssocError, LabelConflict, Refused
from tests.workbench import LABEL, OBJECT_LIMIT, PAIRED, Props, Workbench

Program = dict[str, tuple[str, Props]]
orders = pytest.mark.parametrize("threads", [1, 4])


def labels(*texts: str | tuple[str, str], base: Props = LABEL) -> Program:
    """Labels a, b, c, … of one pair with these texts."""
    program: Program = {}
    for name, text in zip("abcdef", texts, strict=False):
        label, inverse = text if isinstance(text, tuple) else (text, None)
        program[name] = ("label", {**base, "label": label, "inverse_label": inverse, "name_suffix": name * 6})
    return program


def shown(bench: Workbench, portal: Portal) -> list[tuple[str | None, str | None]]:
    """The texts of the labels a, b, c, … by their ids in the state."""
    found = []
    for name in sorted(bench.state):
        type_id = int(bench.state[name].id.split("/")[2])
        label = portal.state.find(type_id)
        assert label is not None
        found.append((label.seen_from(type_id).label, label.seen_from(type_id).inverse_label))
    return found


# ------------------------------------------------------------------------------------------------------------ labels

SINGLE = [("X", "Y"), ("X", "Y", "Z")]
PAIRS = [
    (("X", "x"), ("Y", "y")),
    (("X", "x"), ("Y", "y"), ("Z", "z")),
]


@orders
@pytest.mark.parametrize("texts", SINGLE + PAIRS, ids=str)
@pytest.mark.parametrize("base", [LABEL, PAIRED], ids=["two objects", "one object"])
def test_labels_exchange_their_texts(bench: Workbench, portal: Portal, texts: tuple, base: Props, threads: int) -> None:
    """However the texts move round, each label ends with the text of the program, and no temporary one is left."""
    bench.up(labels(*texts, base=base))
    for moved in itertools.permutations(texts):
        bench.up_together(labels(*moved, base=base), threads)
        assert shown(bench, portal) == [t if isinstance(t, tuple) else (t, t) for t in moved]
        assert set(bench.refresh().values()) == {"same"}


@orders
def test_sides_exchange_between_labels(bench: Workbench, portal: Portal, threads: int) -> None:
    """On one object a text can move from one side of a label to the other side of another."""
    bench.up(labels(("Manager", "Employee"), ("Mentor", "Pupil"), base=PAIRED))
    bench.up_together(labels(("Pupil", "Manager"), ("Employee", "Mentor"), base=PAIRED), threads)
    assert shown(bench, portal) == [("Pupil", "Manager"), ("Employee", "Mentor")]
    bench.up_together(labels(("Manager", "Pupil"), ("Mentor", "Employee"), base=PAIRED), threads)
    assert shown(bench, portal) == [("Manager", "Pupil"), ("Mentor", "Employee")]


def test_an_exchange_takes_one_request_more(bench: Workbench, emulator: Emulator) -> None:
    """Two labels that exchange their texts cost three renames: one of them through a temporary text."""
    bench.up(labels("X", "Y"))
    emulator.journal.clear()
    bench.up_together(labels("Y", "X"), 1)
    assert emulator.journal.count(operation="update_label") == 3
    emulator.journal.clear()
    bench.up_together(labels("Y", "Z"), 1)
    assert emulator.journal.count(operation="update_label") == 1


def test_the_diff_of_the_other_may_come_later(bench: Workbench, portal: Portal) -> None:
    """The engine writes one label while it still compares another: the write waits a little for that."""
    bench.up(labels("X", "Y"))
    staggered(bench, labels("Y", "X"))
    assert shown(bench, portal) == [("Y", "Y"), ("X", "X")]


def test_the_check_of_the_object_limit_may_come_later(bench: Workbench, portal: Portal) -> None:
    """A label's limit that rises above the object limit waits a little to hear that this one rises too."""
    bench.up(limits(bench, 5, 5))
    raised = limits(bench, 9, 8, first="labels")
    staggered(bench, {name: raised[name] for name in ("limit a", "object limit")})
    assert sorted(limit.max_to_object_ids for limit in portal.limits()) == [8, 9]


@orders
def test_a_text_freed_by_a_rename_is_taken_by_a_create(bench: Workbench, portal: Portal, threads: int) -> None:
    """In one up a label gives up its text and a new one takes it, whichever is done first."""
    bench.up(labels("X"))
    program = labels("Y", "X")
    bench.up_together({"b": program["b"], "a": program["a"]}, threads)
    assert shown(bench, portal) == [("Y", "Y"), ("X", "X")]


@orders
def test_an_inverse_text_freed_by_a_rename_is_taken_by_a_create(bench: Workbench, portal: Portal, threads: int) -> None:
    """The same on the other side, which HubSpot tells by refusing the create."""
    bench.up(labels(("X", "x")))
    program = labels(("Y", "y"), ("Z", "x"))
    bench.up_together({"b": program["b"], "a": program["a"]}, threads)
    assert shown(bench, portal) == [("Y", "y"), ("Z", "x")]


@orders
def test_a_text_that_is_kept_stops_a_rename_before_it_begins(
    bench: Workbench, portal: Portal, emulator: Emulator, threads: int
) -> None:
    """With the other label keeping its text nothing is sent, and the error names that label."""
    bench.up(labels("X", "Y", "Z"))
    emulator.journal.clear()
    with pytest.raises(LabelConflict, match=r'label \d+ has the text "Y" .* keeps it; nothing was changed'):
        bench.up_together(labels("Y", "Y", "X"), threads)
    assert shown(bench, portal)[:2] == [("X", "X"), ("Y", "Y")]
    assert emulator.journal.count(operation="update_label") == 0


def test_a_text_that_only_a_delete_frees_is_said_so(bench: Workbench, portal: Portal) -> None:
    """Deletes come last in an up: a new label that wants such a text is refused with the way to do it."""
    bench.up(labels("X"))
    with pytest.raises(LabelConflict, match=r"removes its owner in the same run, run `pulumi up` for that first"):
        bench.up_together({"b": labels("Y", "X")["b"]}, 1)
    assert shown(bench, portal) == [("X", "X")]


@pytest.mark.parametrize("strikes", range(3))
def test_an_exchange_that_breaks_off_is_finished_by_the_next_up(
    bench: Workbench, portal: Portal, emulator: Emulator, strikes: int
) -> None:
    """After a failure at any of the three renames the rerun ends with the program's texts."""
    bench.up(labels("X", "Y"))
    emulator.arm(Fault("status", operation="update_label", status=500, skip=strikes))
    with pytest.raises(Refused):
        bench.up_together(labels("Y", "X"), 1)
    bench.up_together(labels("Y", "X"), 1)
    assert shown(bench, portal) == [("Y", "Y"), ("X", "X")]
    assert set(bench.refresh().values()) == {"same"}


# ------------------------------------------------------------------------------------------------------------ limits

LABEL_TYPES = ("a", "b", "c")


@pytest.fixture(params=["each", "joint"])
def checked(request: pytest.FixtureRequest, portal: Portal) -> Portal:
    """A portal that checks a batch one by one, or as one end state."""
    portal.configure(batch_validation=request.param)
    return portal


def limits(bench: Workbench, object_limit: int, *of_labels: int, first: str = "object") -> Program:
    """Labels a, b, c of companies and deals, the object limit and a limit for each; in that order or the other."""
    base = {**LABEL, "from_object_type": "companies", "to_object_type": "deals"}
    program = labels("A", "B", "C", base=base)
    if not bench.state:
        bench.up(program)
    declared: Program = {}
    for name, maximum in zip(LABEL_TYPES, of_labels, strict=False):
        type_id = int(bench.state[name].id.split("/")[2])
        limit = {**OBJECT_LIMIT, "category": "USER_DEFINED", "type_id": type_id, "max_to_object_ids": maximum}
        declared[f"limit {name}"] = ("limit", limit)
    of_object: Program = {"object limit": ("limit", OBJECT_LIMIT | {"max_to_object_ids": object_limit})}
    return program | (of_object | declared if first == "object" else declared | of_object)


STEPS = [(5, 2, 3, 4), (20, 10, 15, 20), (3, 1, 2, 3), (9, 9, 1, 9), (2, 2, 2, 1), (4, 1, 4, 2), (10, 3, 10, 10)]


@pytest.mark.parametrize("threads", [1, 4, 64])
@pytest.mark.parametrize("first", ["object", "labels"])
def test_limits_rise_and_fall_together(bench: Workbench, checked: Portal, threads: int, first: str) -> None:
    """Object and label limits raised, lowered and mixed in one run end as the program says, in any order."""
    for step in STEPS:
        bench.up_together(limits(bench, *step, first=first), threads)
        assert {limit.type_id: limit.max_to_object_ids for limit in checked.limits()} == dict(
            zip([342, 1, 3, 5], step, strict=True)
        )
    assert set(bench.refresh().values()) == {"same"}
    bench.destroy(threads)
    assert checked.limits() == []


@pytest.mark.parametrize("first", ["object", "labels"])
def test_limits_created_together(bench: Workbench, checked: Portal, first: str) -> None:
    """From nothing, and from a limit that a person set lower, creates end as the program says."""
    program = limits(bench, 20, 10, 20, 5, first=first)
    checked.drift.set_limit("companies", "deals", 342, 3, "HUBSPOT_DEFINED")
    bench.up_together(program, 1)
    assert sorted(limit.max_to_object_ids for limit in checked.limits()) == [5, 10, 20, 20]


@pytest.mark.parametrize("mixed", ["partial", "cancel"])
@pytest.mark.parametrize("errors", ["item", "request"])
def test_what_is_refused_together_is_blamed_alone(
    bench: Workbench, checked: Portal, emulator: Emulator, mixed: str, errors: str
) -> None:
    """Of limits that are written together only the bad ones fail, each with the range that HubSpot takes."""
    program = limits(bench, 10, 5, 5, 5)
    bench.up(program)
    checked.configure(mixed_batch=mixed, range_errors=errors)
    process = bench.process()
    wishes = {"limit a": 7, "limit b": 11, "limit c": 8, "object limit": 10}
    changed = {name: ("limit", program[name][1] | {"max_to_object_ids": most}) for name, most in wishes.items()}
    calls = {name: bench.prepare(process, name, *declared)[1] for name, declared in changed.items()}
    emulator.arm(Fault("slow", operation="list_all_limits", seconds=0.2))  # while the first waits, the others pile up
    emulator.journal.clear()
    outcomes = outcomes_of(calls)
    assert {name for name, error in outcomes.items() if error} == {"limit b"}
    assert "the object limit of companies → deals is 10, so a label's limit may be 1 to 10" in str(outcomes["limit b"])
    assert {i: checked.limit("USER_DEFINED", i) for i in (1, 3, 5)} == {1: 7, 3: 5, 5: 8}
    assert max(len(r.body["inputs"]) for r in emulator.journal.records(operation="update_limits")) > 1


def test_an_object_limit_below_a_label_is_explained(bench: Workbench, portal: Portal) -> None:
    """The error names the limit in the way and what it is."""
    bench.up(limits(bench, 10, 5, 9, 2))
    with pytest.raises(
        Refused, match="USER_DEFINED 3 of companies → deals has the limit 9, so the object limit must be at"
    ):
        bench.up(limits(bench, 6, 5, 9, 2))
    assert portal.limit("HUBSPOT_DEFINED", 342) == 10


def test_a_label_above_the_object_limit_is_explained(bench: Workbench, portal: Portal) -> None:
    """The error names the valid range."""
    bench.up(limits(bench, 10, 5))
    with pytest.raises(Refused, match="the object limit of companies → deals is 10, so a label's limit may be 1 to 10"):
        bench.up(limits(bench, 10, 11))
    assert portal.limit("USER_DEFINED", 1) == 5


def staggered(bench: Workbench, program: Program) -> None:
    """Update two resources as the engine may: the first is written before the second is compared."""
    process = bench.process(grace_s=2.0)
    first, second = program
    _, write_first = bench.prepare(process, first, *program[first])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_first)
        time.sleep(0.1)
        assert not writing.done()
        _, write_second = bench.prepare(process, second, *program[second])
        writing.result()
    write_second()


def outcomes_of(calls: dict[str, Callable[[], object]]) -> dict[str, HubAssocError | None]:
    """What each of the calls ends with when all are made at the same time."""

    def outcome(call: Callable[[], object]) -> HubAssocError | None:
        try:
            call()
        except HubAssocError as error:
            return error
        return None

    with ThreadPoolExecutor(len(calls)) as pool:
        done = {name: pool.submit(outcome, call) for name, call in calls.items()}
    return {name: future.result() for name, future in done.items()}
