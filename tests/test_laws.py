"""Laws of the providers: what holds for any program, any drift and any order of operations."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pulumi_hubassoc.emulator import Emulator
from pulumi_hubassoc.hubspot.label_lists import derived_in_settings
from pulumi_hubassoc.hubspot.labels import LabelRef
from pulumi_hubassoc.hubspot.limits import LimitRef
from pulumi_hubassoc.resources.label import label_id, split_label_id
from pulumi_hubassoc.resources.limit import limit_id, split_limit_id
from tests.conftest import TOKEN
from tests.workbench import Props, Workbench, emptied

PAIRS = [("contacts", "companies"), ("contacts", "contacts"), ("contacts", "p_pet"), ("p_pet", "p_pet")]
TEXTS = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta"]
NAMES = ["a", "b", "c"]
EMULATOR = Emulator(seed=7)
EMULATOR.add_portal(token=TOKEN, portal_id=1001)

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
portals = st.fixed_dictionaries(
    {
        "same_object_single_ids": st.sampled_from([1, 2]),
        "second_delete_status": st.sampled_from([204, 400]),
        "symmetric_limits": st.sampled_from(["mirror", "both_needed"]),
        "batch_validation": st.sampled_from(["each", "joint"]),
        "mixed_batch": st.sampled_from(["partial", "cancel"]),
        "range_errors": st.sampled_from(["item", "request"]),
        "unset_limit": st.sampled_from(["null", "absent"]),
        "keep_limits_of_deleted_labels": st.booleans(),
    }
)


def declared(pair: tuple[str, str], text: str, inverse: str | None) -> Props:
    """A label of a program."""
    return {"from_object_type": pair[0], "to_object_type": pair[1], "label": text} | (
        {"inverse_label": inverse} if inverse else {}
    )


labels = st.builds(declared, st.sampled_from(PAIRS), st.sampled_from(TEXTS[:3]), st.sampled_from([None, *TEXTS[3:]]))


@st.composite
def some_program(draw: st.DrawFn) -> dict[str, tuple[int, str, str | None, int | None]]:
    """Labels by resource name: which of two pairs, texts that never collide, and a limit for some."""
    texts = draw(st.permutations(TEXTS))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    return {
        name: (
            draw(st.sampled_from([0, 0, 0, 1])),
            text,
            draw(st.sampled_from([None, inverse])),
            draw(st.none() | st.integers(1, 20)),
        )
        for name, text, inverse in zip(names, texts[:3], texts[3:], strict=False)
    }


type_ids = st.integers(1, 2**31 - 1)
object_types = st.sampled_from(["contacts", "2-1001", "p_pet", "p42_pet"])


def fresh(**switches: Any) -> Workbench:
    """An empty portal with a custom object, and an empty state."""
    portal = emptied(EMULATOR)
    portal.add_custom_object("pet")
    portal.configure(**switches)
    return Workbench(EMULATOR, {"hubassoc:accessToken": TOKEN})


@quick
@given(portals, labels, st.text(min_size=1, max_size=30).filter(str.strip), st.integers(1, 10_000))
def test_create_read_diff_is_empty(switches: Props, news: Props, text: str, maximum: int) -> None:
    """What was just created reads as it was written, and needs nothing; so does a limit of it."""
    bench = fresh(**switches)
    news = news | {"label": text, "name_suffix": "abcdef"}
    program: dict[str, tuple[str, Props]] = {"label": ("label", news)}
    bench.up(program)
    ref = split_label_id(bench.state["label"].id)
    limit = {"from_object_type": ref.from_object_type, "to_object_type": ref.to_object_type, "type_id": ref.type_id}
    program["limit"] = ("limit", limit | {"category": "USER_DEFINED", "max_to_object_ids": maximum})
    bench.up(program)
    for name, (_, declared) in program.items():
        difference, inputs_differ = bench.diff(name, declared)
        assert (difference.changes, difference.replaces, inputs_differ) == (None, [], False)
    assert set(bench.refresh().values()) == {"same"}
    assert set(bench.up(program).values()) == {"same"}
    bench.destroy()
    assert EMULATOR.portal(1001).labels() == []


@given(object_types, object_types, type_ids, type_ids)
def test_ids_of_labels_give_back_their_type_ids(from_: str, to: str, type_id: int, inverse_type_id: int) -> None:
    """Id and label are two forms of one thing; floats of the wire never get into an id."""
    ref = LabelRef(from_, to, type_id, inverse_type_id)
    assert split_label_id(label_id(ref)) == ref
    assert "." not in label_id(ref)


@given(object_types, object_types, st.sampled_from(["USER_DEFINED", "HUBSPOT_DEFINED"]), type_ids)
def test_ids_of_limits_give_back_their_type_ids(from_: str, to: str, category: str, type_id: int) -> None:
    """As for labels."""
    ref = LimitRef(from_, to, category, type_id)
    assert split_limit_id(limit_id(ref)) == ref


class Life(RuleBasedStateMachine):
    """A small model beside a portal: labels by resource name, limits by resource name.

    Programs never ask for what HubSpot forbids (a text twice in a direction), so every run has to succeed.
    """

    @initialize(switches=portals, pairs=st.permutations(PAIRS))
    def begin(self, switches: Props, pairs: list[tuple[str, str]]) -> None:
        """An empty portal, but for a label and a limit of somebody else's."""
        self.pairs = pairs[:2]
        self.bench = fresh(**switches)
        self.portal = EMULATOR.portal(1001)
        self.portal.drift.create_label("contacts", "companies", "Somebody else's")
        self.portal.drift.set_limit("deals", "companies", 341, 77, "HUBSPOT_DEFINED")
        self.labels: dict[str, Props] = {}
        self.limits: dict[str, int] = {}
        self.drifted = False

    def program(self) -> dict[str, tuple[str, Props]]:
        """What the program declares: labels first, then a limit on the forward side of some."""
        found: dict[str, tuple[str, Props]] = {}
        for name, news in self.labels.items():
            found[name] = ("label", news | {"name_suffix": name * 6})
        for name, maximum in self.limits.items():
            # A limit of a label that is yet to be made or replaced follows in the next run.
            if name in self.bench.state and not self.bench.diff(name, found[name][1])[0].replaces:
                ref = split_label_id(self.bench.state[name].id)
                ends = {"from_object_type": ref.from_object_type, "to_object_type": ref.to_object_type}
                limit = {**ends, "category": "USER_DEFINED", "type_id": ref.type_id, "max_to_object_ids": maximum}
                found[f"limit of {name}"] = ("limit", limit)
        return found

    def up(self) -> None:
        """Runs the program; twice, because a limit's type id is known once its label is there."""
        for _ in range(2):
            self.bench.up_in_order(self.program())

    @rule(program=some_program(), refresh=st.booleans())
    def run(self, program: dict[str, tuple[int, str, str | None, int | None]], refresh: bool) -> None:
        """Another program, up, and the portal is what it says; with drift it takes a refresh before."""
        self.labels = {name: declared(self.pairs[i], *texts) for name, (i, *texts, _) in program.items()}
        self.limits = {name: maximum for name, (*_, maximum) in program.items() if maximum is not None}
        if self.drifted or refresh:
            self.bench.refresh()
        self.up()
        self.drifted = False
        self.check()

    @rule()
    def run_the_same_again(self) -> None:
        """Refresh and up repair what people changed."""
        self.bench.refresh()
        self.up()
        self.drifted = False
        self.check()

    def check(self) -> None:
        """The portal is what the program says, and the state knows it."""
        assert set(self.bench.up_in_order(self.program()).values()) <= {"same"}
        assert set(self.bench.refresh().values()) <= {"same"}
        assert sorted(map(str, self.in_portal())) == sorted(map(str, self.in_model()))
        for name in self.labels:
            assert self.portal.limit("USER_DEFINED", self.type_id(name)) == self.limits.get(name)

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(["By hand", "By hand too"]))
    def rename_by_hand(self, name: str, text: str) -> None:
        """A person renames a label."""
        if (found := self.live(name)) is not None:
            self.portal.drift.rename_label(found, f"{text} {name}")
            self.drifted = True

    @rule(name=st.sampled_from(NAMES))
    def delete_by_hand(self, name: str) -> None:
        """A person deletes a label."""
        if (found := self.live(name)) is not None:
            self.portal.drift.delete_label(found)
            self.drifted = True

    @rule(name=st.sampled_from(NAMES))
    def make_again_by_hand(self, name: str) -> None:
        """A person deletes a label and makes it again with the same texts."""
        if (found := self.live(name)) is not None:
            old = self.portal.state.find(found)
            assert old is not None
            assert old.label is not None
            known = self.bench.state[name].outputs
            if {old.label, old.inverse_label} != {known["label"], known.get("inverse_label", known["label"])}:
                return  # with texts that the state does not know it would be another label
            if any(label.name == derived_in_settings(old.label) for label in self.portal.state.labels.values()):
                return  # the settings page refuses a text whose name is taken
            self.portal.drift.delete_label(found)
            self.portal.drift.create_label(old.from_object_type, old.to_object_type, old.label, old.inverse_label)
            self.drifted = True

    @rule(name=st.sampled_from(NAMES), maximum=st.integers(1, 20))
    def limit_by_hand(self, name: str, maximum: int) -> None:
        """A person limits a label."""
        if (found := self.live(name)) is not None and f"limit of {name}" in self.bench.state:
            ref = split_label_id(self.bench.state[name].id)
            both = self.portal.settings.symmetric_limits == "both_needed" and ref.from_object_type == ref.to_object_type
            if not both:
                self.portal.drift.set_limit(ref.from_object_type, ref.to_object_type, found, maximum)
                self.drifted = True

    @rule()
    def destroy(self) -> None:
        """Everything is deleted; the program begins anew."""
        self.bench.refresh()
        self.bench.destroy()
        self.drifted = False
        self.labels, self.limits = {}, {}
        assert self.in_portal() == []

    @invariant()
    def somebody_elses_things_stay(self) -> None:
        """What is not the program's is never touched."""
        if not hasattr(self, "bench"):
            return
        assert [label.label for label in self.portal.labels("contacts", "companies")].count("Somebody else's") == 1
        assert self.portal.limit("HUBSPOT_DEFINED", 341) == 77

    def teardown(self) -> None:
        """In the end destroy leaves the portal as it was."""
        if hasattr(self, "bench"):
            self.bench.refresh()
            self.bench.destroy()
            assert self.in_portal() == []
            assert [limit.type_id for limit in self.portal.limits()] == [341]

    def live(self, name: str) -> int | None:
        """The type id of a resource's label, None if it is not in the portal."""
        if name not in self.bench.state:
            return None
        type_id = self.type_id(name)
        return type_id if self.portal.state.find(type_id) else None

    def type_id(self, name: str) -> int:
        """The forward type id of a resource's label."""
        return split_label_id(self.bench.state[name].id).type_id

    def in_portal(self) -> list[tuple[Any, ...]]:
        """The labels of the portal, but for somebody else's."""
        found = []
        for label in self.portal.labels():
            if label.label != "Somebody else's":
                sides = {(label.from_object_type, label.label), (label.to_object_type, label.inverse_label)}
                found.append(tuple(sorted(sides)))
        return found

    def in_model(self) -> list[tuple[Any, ...]]:
        """The labels of the model."""
        canonical = {"p_pet": self.portal.resolve("p_pet")}
        found = []
        for news in self.labels.values():
            start, end = (canonical.get(news[k], news[k]) for k in ("from_object_type", "to_object_type"))
            inverse = news.get("inverse_label", news["label"])
            found.append(tuple(sorted({(start, news["label"]), (end, inverse)})))
        return found


TestLife = Life.TestCase
TestLife.settings = settings(
    deadline=None, max_examples=60, stateful_step_count=15, suppress_health_check=list(HealthCheck)
)
