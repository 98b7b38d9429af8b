"""The life of a limit: on HubSpot's own types and on either side of every kind of label."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.errors import Refused, UnexpectedAnswer
from tests.workbench import LABEL, OBJECT_LIMIT, PAIRED, Props, Stored, Workbench

Program = dict[str, tuple[str, Props]]
KindOf = Callable[[Workbench], Program]


def limit_of(label: Stored, side: str, maximum: int) -> Props:
    """A limit of one side of a label in the state, as `label.forward` and `label.inverse` give it."""
    from_, to, type_id, inverse_type_id = label.id.split("/")
    ends = (from_, to, int(type_id)) if side == "forward" else (to, from_, int(inverse_type_id))
    names = ("from_object_type", "to_object_type", "type_id")
    return {**dict(zip(names, ends, strict=True)), "category": "USER_DEFINED", "max_to_object_ids": maximum}


def unlabeled(bench: Workbench) -> Program:
    """The object limit of a pair."""
    return {"limit": ("limit", OBJECT_LIMIT)}


def primary(bench: Workbench) -> Program:
    """The limit of the Primary type of a pair."""
    return {"limit": ("limit", OBJECT_LIMIT | {"type_id": 6})}


def of_label(news: Props, side: str) -> KindOf:
    """A label and the limit of one of its sides."""

    def program(bench: Workbench) -> Program:
        bench.up({"label": ("label", news)})
        return {"label": ("label", news), "limit": ("limit", limit_of(bench.state["label"], side, 5))}

    return program


KINDS = {
    "unlabeled": unlabeled,
    "primary": primary,
    "single, forward": of_label(LABEL, "forward"),
    "single, inverse": of_label(LABEL, "inverse"),
    "paired, forward": of_label(LABEL | {"inverse_label": "Other"}, "forward"),
    "paired, inverse": of_label(LABEL | {"inverse_label": "Other"}, "inverse"),
    "paired on one object, forward": of_label(PAIRED, "forward"),
    "paired on one object, inverse": of_label(PAIRED, "inverse"),
    "single on one object, forward": of_label(LABEL | {"to_object_type": "contacts"}, "forward"),
    "single on one object, inverse": of_label(LABEL | {"to_object_type": "contacts"}, "inverse"),
}
kinds = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
OF_LABELS = {name: make for name, make in KINDS.items() if make not in {unlabeled, primary}}


def live(bench: Workbench, portal: Portal) -> int | None:
    """The limit in the portal."""
    _, _, category, type_id = bench.state["limit"].id.split("/")
    return portal.limit(category, int(type_id))


def with_maximum(program: Program, maximum: int) -> Program:
    """The program with another maximum."""
    return program | {"limit": ("limit", program["limit"][1] | {"max_to_object_ids": maximum})}


@kinds
@pytest.mark.parametrize("symmetric", ["mirror", "both_needed"])
@pytest.mark.parametrize("ids", [1, 2])
def test_a_limit_lives_and_dies(bench: Workbench, portal: Portal, make: KindOf, symmetric: str, ids: int) -> None:
    """Set, read back the same, nothing to do, changed in place, gone after destroy."""
    portal.configure(symmetric_limits=symmetric, same_object_single_ids=ids)
    program = make(bench)
    assert bench.up(program)["limit"] == "create"
    stored = bench.state["limit"]
    wanted = program["limit"][1]
    fields = ("from_object_type", "to_object_type", "category", "type_id")
    assert stored.id == "/".join(str(wanted[f]) for f in fields)
    assert live(bench, portal) == 5
    assert set(bench.refresh().values()) == {"same"}
    assert set(bench.up(program).values()) == {"same"}
    assert bench.up(with_maximum(program, 3))["limit"] == "update"
    assert live(bench, portal) == 3
    assert bench.state["limit"].id == stored.id
    assert set(bench.refresh().values()) == {"same"}
    bench.destroy()
    assert portal.limits() == []
    assert portal.labels() == []


@kinds
def test_a_limit_changed_by_hand_is_seen_and_repaired(bench: Workbench, portal: Portal, make: KindOf) -> None:
    """Refresh takes the live maximum into the inputs, and the next up sets the program's again."""
    program = make(bench)
    bench.up(program)
    from_, to, category, type_id = bench.state["limit"].id.split("/")
    portal.drift.set_limit(from_, to, int(type_id), 4, category)
    assert bench.refresh()["limit"] == "changed"
    assert bench.state["limit"].inputs["max_to_object_ids"] == 4
    assert bench.up(program)["limit"] == "update"
    assert live(bench, portal) == 5


@kinds
def test_a_limit_removed_by_hand_is_set_again(bench: Workbench, portal: Portal, make: KindOf) -> None:
    """Back to "many" means gone: refresh says so, and the next up sets it."""
    program = make(bench)
    bench.up(program)
    _, _, category, type_id = bench.state["limit"].id.split("/")
    portal.drift.remove_limit(category, int(type_id))
    assert bench.refresh()["limit"] == "gone"
    assert bench.up(program)["limit"] == "create"
    assert live(bench, portal) == 5


@pytest.mark.parametrize("unset", ["null", "absent"])
def test_many_is_null_or_absent(bench: Workbench, portal: Portal, unset: str) -> None:
    """HubSpot lists the other direction of a limited type without a number: that direction has no limit."""
    portal.configure(unset_limit=unset)
    bench.up({"a": ("limit", OBJECT_LIMIT), "b": ("limit", OBJECT_LIMIT | {"type_id": 6})})
    portal.drift.remove_limit("HUBSPOT_DEFINED", 6)
    assert bench.refresh() == {"a": "same", "b": "gone"}


@pytest.mark.parametrize(
    "change",
    [{"type_id": 6}, {"from_object_type": "deals", "to_object_type": "companies", "type_id": 341}],
)
def test_another_type_or_direction_replaces(bench: Workbench, portal: Portal, change: Props) -> None:
    """A limit is of one type: another one is another limit, and the old is removed first."""
    bench.up({"limit": ("limit", OBJECT_LIMIT)})
    assert bench.up({"limit": ("limit", OBJECT_LIMIT | change)}) == {"limit": "replace"}
    assert [limit.type_id for limit in portal.limits()] == [change["type_id"]]


def test_what_is_set_already_is_not_set_again(bench: Workbench, portal: Portal, emulator: Emulator) -> None:
    """Creating a limit that the portal has with this maximum writes nothing."""
    portal.drift.set_limit("companies", "deals", 342, 5, "HUBSPOT_DEFINED")
    bench.up({"limit": ("limit", OBJECT_LIMIT)})
    assert emulator.journal.count(operation="update_limits") == 0


def test_removing_twice_is_fine(bench: Workbench, portal: Portal) -> None:
    """A purge that is repeated is no error."""
    bench.up({"limit": ("limit", OBJECT_LIMIT)})
    stored = bench.state["limit"]
    provider = bench.process().providers["limit"]
    provider.delete(stored.id, stored.outputs)
    provider.delete(stored.id, stored.outputs)
    assert portal.limits() == []


@pytest.mark.parametrize("keep", [False, True], ids=["ends with it", "row stays behind"])
@pytest.mark.parametrize("make", OF_LABELS.values(), ids=OF_LABELS)
def test_a_limit_of_a_deleted_label_is_gone(bench: Workbench, portal: Portal, make: KindOf, keep: bool) -> None:
    """Whether HubSpot's list still has the row or not, refresh says gone, and deleting it is no error."""
    portal.configure(keep_limits_of_deleted_labels=keep)
    bench.up(make(bench))
    stored = bench.state["limit"]
    portal.drift.delete_label(portal.labels()[0].type_id)
    bench.process().providers["limit"].delete(stored.id, stored.outputs)
    assert bench.refresh() == {"label": "gone", "limit": "gone"}


def test_a_limit_of_a_label_that_is_gone_says_so(bench: Workbench, portal: Portal) -> None:
    """HubSpot's "not a valid association type" is told as what it means."""
    bench.up({"label": ("label", LABEL)})
    limit = limit_of(bench.state["label"], "forward", 2)
    portal.drift.delete_label(portal.labels()[0].type_id)
    with pytest.raises(
        Refused, match="HubSpot lists no USER_DEFINED 1 in contacts → companies: if a label was deleted"
    ):
        bench.process().providers["limit"].create(bench.process().check("limit", limit))


def test_a_list_that_cannot_be_believed_is_not_gone(bench: Workbench, emulator: Emulator) -> None:
    """A limit of a label is not gone because a label list came back empty."""
    bench.up(KINDS["single, forward"](bench))
    emulator.arm(Fault("answer", operation="list_labels", count=None, body={"results": []}))
    stored = bench.state["limit"]
    with pytest.raises(UnexpectedAnswer, match="lacks what every such list has"):
        bench.process().providers["limit"].read(stored.id, stored.outputs)


def test_a_limit_of_a_custom_pairs_plain_association(bench: Workbench, portal: Portal) -> None:
    """A pair with a custom object has an unlabeled type of its own, and its limit is the object limit."""
    portal.add_custom_object("pet")
    news = LABEL | {"to_object_type": "p_pet"}
    bench.up({"label": ("label", news)})
    plain = next(t for t in portal.types("contacts", "p_pet") if t.label is None)
    object_limit = limit_of(bench.state["label"], "forward", 5) | {"type_id": plain.type_id}
    label_limit = limit_of(bench.state["label"], "forward", 4)
    program = {"label": ("label", news), "limit": ("limit", object_limit), "of-label": ("limit", label_limit)}
    bench.up(program)
    raised = {name: ("limit", declared | {"max_to_object_ids": 9}) for name, (_, declared) in program.items()}
    reordered = {"label": ("label", news), "of-label": raised["of-label"], "limit": raised["limit"]}
    assert bench.up_together(reordered, threads=1) == {"label": "same", "of-label": "update", "limit": "update"}
    assert sorted(limit.max_to_object_ids for limit in portal.limits()) == [9, 9]
    assert set(bench.refresh().values()) == {"same"}
