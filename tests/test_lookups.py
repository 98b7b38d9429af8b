"""Look-ups: what a program refers to that it does not manage, found by text or internal name, read once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc import config as configuration
from pulumi_hubassoc.emulator import Emulator, Fault, Portal, Refusal
from pulumi_hubassoc.engine.interface import Project
from pulumi_hubassoc.engine.local import LocalEngine
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.testing import EmulatedPortal, StackFactory
from pulumi_hubassoc.testing.in_process import NOWHERE, new_provider_process
from tests.conftest import TOKEN
from tests.on_engines import ENGINES, Estate, make_engine
from tests.workbench import emptied

PAIR = ("contacts", "companies")
EMULATOR = Emulator(seed=11)
EMULATOR.add_portal(token=TOKEN, portal_id=1001)


@pytest.fixture
def program(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This test is a program outside of any engine: each of its look-ups is a run."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("HUBASSOC_BASE_URL", NOWHERE)
    with new_provider_process(emulator):
        yield


def refusal_of(call: Callable[[], Any]) -> str:
    """What a call is refused with, in one line."""
    with pytest.raises(hubassoc.UnknownAssociation) as refused:
        call()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def key_of(reference: hubassoc.AssociationReference) -> tuple[Any, ...]:
    """Direction, category and type id."""
    return (reference.from_object_type, reference.to_object_type, reference.category, reference.type_id)


@pytest.mark.usefixtures("program")
class TestTypes:
    """`get_association_types`, and what it is asked."""

    def test_they_are_those_that_the_portal_lists(self, portal: Portal) -> None:
        """HubSpot's own and labels, whatever the form of the object types, in the order of category and number."""
        label = portal.drift.create_label(*PAIR, "Decision maker", "Decides for")
        types = hubassoc.get_association_types("Contact", "0-2")
        assert (types.from_object_type, types.to_object_type) == PAIR
        assert [(t.category, t.type_id, t.label) for t in types] == [
            ("HUBSPOT_DEFINED", 1, "Primary"),
            ("HUBSPOT_DEFINED", 279, None),
            ("HUBSPOT_DEFINED", 931, "Billing Contact"),
            ("USER_DEFINED", label.type_id, "Decision maker"),
        ]
        assert len(types) == len(types.types) == 4
        assert key_of(types.types[3].reference) == (*PAIR, "USER_DEFINED", label.type_id)

    def test_a_label_by_its_text(self, portal: Portal) -> None:
        """In its direction, whoever made it; white space around does not count."""
        label = portal.drift.create_label(*PAIR, "Decision maker", "Decides for")
        there, back = hubassoc.get_association_types(*PAIR), hubassoc.get_association_types(*reversed(PAIR))
        assert key_of(there.labeled(" Decision maker ")) == (*PAIR, "USER_DEFINED", label.type_id)
        assert key_of(back.labeled("Decides for")) == (*reversed(PAIR), "USER_DEFINED", label.inverse_type_id)
        assert there.labeled("Primary") == hubassoc.primary(*PAIR)

    def test_a_label_by_its_internal_name(self, portal: Portal, emulator: Emulator) -> None:
        """By the schema of the from object, read once; a number of HubSpot's own is not mistaken for it."""
        labels = [portal.drift.create_label(*PAIR, f"Label {i}", name=f"name_{i}") for i in range(3)]
        assert labels[0].type_id == 1, "HubSpot's own type 1 is of this direction too"
        types = hubassoc.get_association_types(*PAIR)
        for i, label in enumerate(labels):
            assert key_of(types.named(f"name_{i}")) == (*PAIR, "USER_DEFINED", label.type_id)
        assert emulator.journal.operations() == ["account", "list_labels", "schema"]

    def test_the_unlabeled_one(self, portal: Portal) -> None:
        """HubSpot's own, or the one that a pair with a custom object got with its first label."""
        assert hubassoc.get_association_types(*PAIR).unlabeled == hubassoc.unlabeled(*PAIR)
        pet = portal.drift.create_custom_object("pet")
        sentence = refusal_of(lambda: hubassoc.get_association_types("contacts", "p_pet").unlabeled)
        assert "no association type of contacts → p_pet is unlabeled — there is none at all" in sentence
        assert "a pair with a custom object gets one with its first label" in sentence
        portal.drift.create_label("contacts", "p_pet", "Owner", "Owned by")
        [plain] = [t for t in portal.types("contacts", "p_pet") if t.label is None]
        found = hubassoc.get_association_types("contacts", pet.object_type_id).unlabeled
        assert key_of(found) == ("contacts", pet.object_type_id, "USER_DEFINED", plain.type_id)

    @pytest.mark.parametrize("ids", ["two", "one"])
    def test_a_single_label_on_one_object_is_one(self, portal: Portal, ids: str) -> None:
        """Its two ids, where it has two, show one text; a paired one has a text on each side."""
        if ids == "one":
            portal.configure(same_object_single_ids=1)
        partner = portal.drift.create_label("companies", "companies", "Partner", name="partner")
        parent = portal.drift.create_label("companies", "companies", "Franchise", "Head", name="franchise")
        types = hubassoc.get_association_types("companies", "companies")
        assert types.labeled("Partner") == types.named("partner")
        assert types.labeled("Partner").type_id == min(partner.type_id, partner.inverse_type_id)
        assert types.labeled("Franchise").type_id == parent.type_id
        assert types.labeled("Head").type_id == parent.inverse_type_id
        sentence = refusal_of(lambda: types.named("franchise"))
        sides = f'"Franchise" (USER_DEFINED {parent.type_id}), "Head" (USER_DEFINED {parent.inverse_type_id})'
        assert f"2 association types of companies → companies fit: {sides} — say which" in sentence

    def test_more_than_one_asks_for_the_category(self, portal: Portal, emulator: Emulator) -> None:
        """HubSpot lets nobody make a label with a text that one of its own shows, but may add one of its own later."""
        listed = [{"category": c, "typeId": 1, "label": "Primary"} for c in ("HUBSPOT_DEFINED", "USER_DEFINED")]
        emulator.arm(Fault("answer", "list_labels", status=200, body={"results": listed}))
        types = hubassoc.get_association_types(*PAIR)
        sentence = refusal_of(lambda: types.labeled("Primary"))
        assert 'fit: "Primary" (HUBSPOT_DEFINED 1), "Primary" (USER_DEFINED 1) — say which' in sentence
        assert key_of(types.labeled("Primary", category="USER_DEFINED")) == (*PAIR, "USER_DEFINED", 1)
        assert types.labeled("Primary", category="HUBSPOT_DEFINED") == hubassoc.primary(*PAIR)

    def test_nothing_tells_what_there_is_nearest_first(self, portal: Portal) -> None:
        """At most five, and how many more."""
        for i in range(8):
            portal.drift.create_label(*PAIR, f"Label {i}", f"Other {i}", name=f"label_{i}")
        champion = portal.drift.create_label(*PAIR, "Champion", name="the_champion")
        types = hubassoc.get_association_types(*PAIR)
        sentence = refusal_of(lambda: types.labeled("champoin"))
        assert sentence.startswith("get_association_types('contacts', 'companies').labeled('champoin'): no association")
        assert f'there are "Champion" (USER_DEFINED {champion.type_id}), ' in sentence
        assert sentence.count("USER_DEFINED") + sentence.count("HUBSPOT_DEFINED") == 5
        assert "and 6 more; the other direction has texts of its own" in sentence

        sentence = refusal_of(lambda: types.named("champion"))
        assert f"there are the_champion (USER_DEFINED {champion.type_id}), label_" in sentence
        assert "and 4 more; HubSpot shows a new name up to minutes late" in sentence

    def test_a_name_that_hubspot_does_not_show_yet(self, portal: Portal, emulator: Emulator) -> None:
        """The sentence says that names come late."""
        portal.drift.create_label(*PAIR, "Champion", name="champion")
        emulator.arm(Fault("late_names", count=None))
        types = hubassoc.get_association_types(*PAIR)
        sentence = refusal_of(lambda: types.named("champion"))
        assert "no association type of contacts → companies has that internal name — there is none at all" in sentence
        assert "HubSpot shows a new name up to minutes late" in sentence

    @pytest.mark.parametrize(
        ("ask", "told"),
        [
            (lambda types: types.labeled(" "), "labeled(' '): give a text that is not blank"),
            (lambda types: types.labeled(None), "labeled(None): give a text that is not blank"),
            (lambda types: types.named(5), "named(5): give a text that is not blank"),
            (
                lambda types: types.labeled("x", category="user"),
                "category='user'): category must be one of HUBSPOT_DEF",
            ),
        ],
    )
    def test_what_cannot_be_asked(self, portal: Portal, ask: Callable[[Any], Any], told: str) -> None:
        """Refused as such, and not as missing."""
        types = hubassoc.get_association_types(*PAIR)
        assert told in refusal_of(lambda: ask(types))


class TestEveryLabel:
    """Whatever labels a portal has, each of them is found and none is mistaken."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_by_text_and_by_name(self, data: st.DataObject, monkeypatch: pytest.MonkeyPatch) -> None:
        """From either side; what the emulator says of a label is what the look-up answers."""
        portal = emptied(EMULATOR)
        pairs = st.sampled_from([PAIR, ("companies", "companies"), ("deals", "contacts")])
        texts = st.sampled_from(["Primary", "Billing Contact", "a", "A", "b", "Ü", "x" * 40, 'with "quotes"'])
        for i in range(data.draw(st.integers(0, 8))):
            start, end = data.draw(pairs)
            try:
                portal.drift.create_label(start, end, data.draw(texts), data.draw(texts | st.none()), name=f"n{i}")
            except Refusal:
                continue  # a text that is taken
        with monkeypatch.context() as patch, new_provider_process(EMULATOR):
            patch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
            patch.setenv("HUBASSOC_BASE_URL", NOWHERE)
            for made in portal.labels():
                for label in (made, made.flipped()):
                    types = hubassoc.get_association_types(label.from_object_type, label.to_object_type)
                    found = types.labeled(label.label or "", category="USER_DEFINED")
                    assert (found.from_object_type, found.to_object_type) == (
                        types.from_object_type,
                        types.to_object_type,
                    )
                    sides = {label.type_id, label.inverse_type_id} if label.is_symmetric else {label.type_id}
                    assert found.type_id in sides
                    if label.from_object_type != label.to_object_type or label.is_symmetric:
                        assert types.named(label.name) == found


@pytest.mark.usefixtures("program")
class TestLimits:
    """`get_association_limits`."""

    def test_of_one_direction(self, portal: Portal, emulator: Emulator) -> None:
        """What is set, with the texts; the other direction, and what HubSpot lists without a maximum, is not in it."""
        label = portal.drift.create_label(*PAIR, "Champion", "Championed by")
        portal.drift.set_limit(*PAIR, label.type_id, 3)
        portal.drift.set_limit(*PAIR, 279, 5, "HUBSPOT_DEFINED")
        portal.drift.set_limit(*reversed(PAIR), label.inverse_type_id, 9)
        limits = hubassoc.get_association_limits("contact", "company")
        assert (limits.from_object_type, limits.to_object_type) == PAIR
        assert list(limits) == [
            hubassoc.ListedLimit("HUBSPOT_DEFINED", 279, None, 5),
            hubassoc.ListedLimit("USER_DEFINED", label.type_id, "Champion", 3),
        ]
        assert limits.maximum("USER_DEFINED", label.type_id) == 3
        assert limits.maximum("HUBSPOT_DEFINED", label.type_id) is None, "a number means nothing without its category"
        assert emulator.journal.operations() == ["account", "list_limits"]

    def test_of_the_whole_portal(self, portal: Portal, emulator: Emulator) -> None:
        """Every limit, without object types, which HubSpot does not tell."""
        assert list(hubassoc.get_association_limits()) == []
        portal.drift.set_limit(*PAIR, 279, 5, "HUBSPOT_DEFINED")
        portal.drift.set_limit("companies", "deals", 342, 7, "HUBSPOT_DEFINED")
        limits = hubassoc.get_association_limits()
        assert (limits.from_object_type, limits.to_object_type, len(limits)) == (None, None, 2)
        assert {(x.type_id, x.max_to_object_ids) for x in limits} == {(279, 5), (342, 7)}
        assert emulator.journal.operations() == ["account", "list_all_limits"] * 2


@pytest.mark.usefixtures("program")
class TestBadArguments:
    """Refused before anything is sent."""

    @pytest.mark.parametrize(
        ("call", "told"),
        [
            (lambda: hubassoc.get_association_types("contcts", "deals"), "'contcts' is no object type"),
            (lambda: hubassoc.get_association_types("contcts", "deals"), "nearest: contacts"),
            (lambda: hubassoc.get_association_types("deals", None), "an object type is a text, and this is None"),  # type: ignore[arg-type]
            (lambda: hubassoc.get_association_types_output("contcts", "deals"), "'contcts' is no object type"),
            (lambda: hubassoc.get_association_limits("contacts"), "give both object types, or neither"),
            (lambda: hubassoc.get_association_limits(to_object_type="contacts"), "give both object types, or neither"),
            (lambda: hubassoc.get_association_limits_output("contacts"), "give both object types, or neither"),
            (lambda: hubassoc.get_association_limits("contacts", "dels"), "nearest: deals"),
        ],
    )
    def test_no_request(self, portal: Portal, emulator: Emulator, call: Callable[[], Any], told: str) -> None:
        """One line that names the call."""
        sentence = refusal_of(call)
        assert told in sentence
        assert sentence.startswith("get_association_")
        assert len(emulator.journal) == 0


# -------------------------------------------------------------------------------------------------- in a program's run


def many() -> None:
    """A program that looks up again and again, in every way."""
    for _ in range(3):
        hubassoc.get_association_types("contacts", "companies").labeled("Champion")
        hubassoc.get_association_types("contact", "0-2").named("champion")
        hubassoc.get_association_limits("contacts", "companies")
        hubassoc.get_association_limits()
        later = hubassoc.get_association_types_output("contacts", pulumi.Output.from_input("companies"))
        pulumi.export("later", later.apply(lambda types: types.labeled("Champion").type_id))
        pulumi.export("limits", hubassoc.get_association_limits_output("contacts", "companies").apply(len))


def test_each_list_is_read_once_in_a_run(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """In a preview as in an up, and nothing of one run is there in the next."""
    made = hubspot_portal.drift.create_label(*PAIR, "Champion", name="champion")
    stack = hubassoc_stack(many)
    for operation in (stack.preview, stack.up, stack.up):
        assert operation().ok
        hubspot_portal.assert_requests("account", "list_labels", "schema", "list_limits", "list_all_limits")
    assert stack.outputs == {"later": made.type_id, "limits": 0}
    stack.destroy()
    hubspot_portal.assert_requests()  # a destroy does not run the program


def test_many_at_once_share_a_request(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Outputs are read by several threads at the same time."""
    hubspot_portal.fail("slow", "list_labels", seconds=0.2, count=None)

    def program() -> None:
        found = [hubassoc.get_association_types_output(*PAIR) for _ in range(8)]
        pulumi.export("sizes", pulumi.Output.all(*found).apply(lambda all_: [len(types) for types in all_]))

    stack = hubassoc_stack(program)
    stack.up()
    assert stack.outputs["sizes"] == [3] * 8
    hubspot_portal.assert_requests("account", "list_labels")


def test_every_run_of_a_process_reads_anew(tmp_path: Path, emulator: Emulator, portal: Portal) -> None:
    """A function is run by the engine several times in one process: an up sees what came after its preview."""
    seen: list[int] = []

    def program() -> None:
        assert len({len(hubassoc.get_association_types(*PAIR)) for _ in range(3)}) == 1
        seen.append(len(hubassoc.get_association_types(*PAIR)))

    stack = LocalEngine(in_memory=True).stack(Project("anew", program, tmp_path), "dev")
    stack.set_config("hubassoc:accessToken", TOKEN)
    stack.set_config("hubassoc:baseUrl", emulator.start())
    for i, operation in enumerate((stack.preview, stack.up, stack.up)):
        portal.drift.create_label(*PAIR, f"Label {i}", name=f"label_{i}")
        result = operation()
        assert result.ok, result.errors
    assert seen == [4, 5, 6]
    assert emulator.journal.operations() == ["account", "list_labels"] * 3


def test_two_stacks_see_two_portals(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """Each run looks where its own settings lead."""
    other = hubspot_portal.add_portal(2002)
    other.drift.create_label(*PAIR, "Champion")

    def program() -> None:
        pulumi.export("types", len(hubassoc.get_association_types(*PAIR)))

    here, there = hubassoc_stack(program), hubassoc_stack(program, name="prod", portal=other)
    here.up()
    there.up()
    assert (here.outputs["types"], there.outputs["types"]) == (3, 4)


def test_a_limit_of_what_a_look_up_found(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """At once and as an Output; the label is neither changed nor deleted, and a second up does nothing."""
    hubspot_portal.drift.create_label(*PAIR, "Champion", name="champion")
    hubspot_portal.drift.create_label(*PAIR, "Sponsor", name="sponsor")

    def program() -> None:
        types = hubassoc.get_association_types(*PAIR)
        hubassoc.AssociationLimit("one", association=types.labeled("Champion"), max_to_object_ids=1)
        later = hubassoc.get_association_types_output(*PAIR).apply(lambda found: found.named("sponsor"))
        two = hubassoc.AssociationLimit("two", association=later, max_to_object_ids=2)
        pulumi.export("type_id", two.type_id)

    stack = hubassoc_stack(program)
    assert stack.preview().steps == {"one": ["create"], "two": ["create"]}
    stack.up()
    hubspot_portal.assert_limits((*PAIR, "Champion", 1), (*PAIR, "Sponsor", 2))
    assert stack.outputs["type_id"] == hubspot_portal.type_id("Sponsor")
    assert stack.up().changed == {}
    stack.destroy()
    hubspot_portal.assert_labels((*PAIR, "Champion"), (*PAIR, "Sponsor"))
    hubspot_portal.assert_limits()


def test_an_object_type_that_is_not_known_yet(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """In the preview nothing is read and the limit is planned all the same; the up reads and sets it."""
    hubspot_portal.drift.create_label("companies", "contacts", "Champion")

    def program() -> None:
        made = hubassoc.AssociationLabel(
            "made", from_object_type="contacts", to_object_type="companies", label="Billing contact"
        )
        end = made.portal_id.apply(lambda _: "contacts")  # unknown until the label is there
        types = hubassoc.get_association_types_output("companies", end)
        champion = types.apply(lambda found: found.labeled("Champion"))
        hubassoc.AssociationLimit("one", association=champion, max_to_object_ids=1)

    stack = hubassoc_stack(program, config={"hubassoc:preflight": False})
    assert stack.preview().steps == {"made": ["create"], "one": ["create"]}
    hubspot_portal.assert_requests()
    stack.up()
    hubspot_portal.assert_limits(("companies", "contacts", "Champion", 1))


@pytest.mark.parametrize(("wrong", "kind"), [("contacts", "str"), (None, "NoneType"), (hubassoc.unlabeled, "function")])
def test_an_output_of_something_else(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, wrong: Any, kind: str
) -> None:
    """What an Output turns out to have is no reference: the preview says so in one line."""

    def program() -> None:
        hubassoc.AssociationLimit(
            "one", association=pulumi.Output.from_input("").apply(lambda _: wrong), max_to_object_ids=1
        )

    [told] = hubassoc_stack(program).preview(fails=True).errors
    assert told.startswith("association must be an AssociationLabel")
    assert told.endswith(f"not {kind}")
    assert "\n" not in told


# ----------------------------------------------------------------------------------------------------- several portals

EU, US = "token-of-the-eu-portal", "token-of-the-us-portal"
PORTALS = """
import pulumi, pulumi_hubassoc as hubassoc

config = pulumi.Config()
eu = hubassoc.Provider("eu", access_token=config.require_secret("euToken"), portal_id=2002)
us = hubassoc.Provider("us", portal_id=3003,
    opts=pulumi.ResourceOptions(env_var_mappings={"TOKEN_OF_US": "HUBSPOT_ACCESS_TOKEN"}))
for _ in range(2):
    in_eu = hubassoc.get_association_types_output("contacts", "companies", provider=eu)
    in_us = hubassoc.get_association_types("contacts", "companies", provider=us)
    here = hubassoc.get_association_types("contacts", "companies")
hubassoc.AssociationLimit("eu", association=in_eu.apply(lambda found: found.labeled("Champion")), max_to_object_ids=1,
    opts=pulumi.ResourceOptions(provider=eu))
hubassoc.AssociationLimit("us", association=in_us.labeled("Champion"), max_to_object_ids=2,
    opts=pulumi.ResourceOptions(provider=us))
hubassoc.AssociationLimit("here", association=here.labeled("Champion"), max_to_object_ids=3)
pulumi.export("eu_type_id", in_eu.apply(lambda found: found.labeled("Champion").type_id))
pulumi.export("eu_limits", hubassoc.get_association_limits_output(provider=eu).apply(len))
pulumi.export("us_limits", len(hubassoc.get_association_limits("contacts", "companies", provider=us)))
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
def test_look_ups_of_several_portals(
    which: Literal["local", "cli"], tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """Each reads once where its provider leads; a token that is a secret makes nothing else one."""
    portals = [portal, emulator.add_portal(token=EU, portal_id=2002), emulator.add_portal(token=US, portal_id=3003)]
    for n, one in enumerate(portals):
        for i in range(n):
            one.drift.create_label(*PAIR, f"Other {i}", name=f"other_{i}")  # so that type ids differ
        one.drift.create_label(*PAIR, "Champion", name="champion")
    env = {
        "HUBASSOC_BASE_URL": emulator.start(),
        "HUBSPOT_ACCESS_TOKEN": TOKEN,
        "TOKEN_OF_US": US,
        "HUBASSOC_PREFLIGHT": "false",
        "PULUMI_CONFIG_PASSPHRASE": "sesame",
    }
    estate = Estate(make_engine(which, tmp_path), emulator, portal, tmp_path, env, PORTALS)
    estate.stack.set_config("euToken", EU, secret=True)
    for operation in ("preview", "up"):
        result = estate.done(operation)  # type: ignore[arg-type]
        asked = {p: [r.operation for r in estate.requests if r.portal_id == p][:3] for p in (1001, 2002, 3003)}
        assert asked[1001][:2] == ["account", "list_labels"]
        assert sorted(asked[2002]) == ["account", "list_all_limits", "list_labels"]
        assert asked[3003] == ["account", "list_labels", "list_limits"]
    assert [[x.max_to_object_ids for x in one.limits()] for one in portals] == [[3], [1], [2]]
    eu_label = portals[1].label("champion")
    assert result.outputs["eu_type_id"].value == eu_label.type_id
    assert not any(output.secret for output in result.outputs.values())
    assert (result.outputs["eu_limits"].value, result.outputs["us_limits"].value) == (0, 0)
    resources = estate.stack.export_state()["deployment"]["resources"]
    limit = next(r for r in resources if r["urn"].endswith("AssociationLimit::eu"))
    assert limit["inputs"]["type_id"] == eu_label.type_id, "not encrypted"
    assert estate.done("up", expect_no_changes=True).changed == {}


@pytest.mark.parametrize(
    ("look_up", "told"),
    [
        (
            lambda: hubassoc.get_association_types(*PAIR, provider=hubassoc.Provider("eu", access_token="x")),
            "The settings of this provider are known only later, as every access_token is — nothing was read",
        ),
        (
            lambda: hubassoc.get_association_types_output(
                *PAIR, provider=hubassoc.Provider("eu", access_token="emulated-1001", portal_id=2002)
            ),
            "WrongPortal: The token belongs to portal 1001",
        ),
        (
            lambda: hubassoc.get_association_limits(provider=hubassoc.Provider("eu", portal_id=2002)),
            "ConfigError: No HubSpot access token is set",  # that of the stack's configuration is not the provider's
        ),
        (lambda: hubassoc.get_association_limits(provider="eu"), "provider must be a hubassoc.Provider, not str"),  # type: ignore[arg-type]
    ],
)
def test_a_provider_that_does_not_do(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, look_up: Callable[[], Any], told: str
) -> None:
    """One line; no more than one question is asked."""
    [error] = hubassoc_stack(look_up).preview(fails=True).errors
    assert error.startswith(told)
    assert "\n" not in error
    assert {record.operation for record in hubspot_portal.requests()} <= {"account"}


def test_a_token_that_is_not_known_yet(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """A preview reads nothing with it, and the up does."""
    hubspot_portal.drift.create_label(*PAIR, "Champion")

    def program() -> None:
        made = hubassoc.AssociationLabel("made", from_object_type="deals", to_object_type="deals", label="Twin")
        token = made.portal_id.apply(lambda number: f"emulated-{number}")
        types = hubassoc.get_association_types_output(*PAIR, provider=hubassoc.Provider("later", access_token=token))
        pulumi.export("type_id", types.apply(lambda found: found.labeled("Champion").type_id))

    stack = hubassoc_stack(program, config={"hubassoc:preflight": False})
    stack.preview()
    hubspot_portal.assert_requests()
    stack.up()
    assert stack.outputs["type_id"] == hubspot_portal.type_id("Champion")


# ------------------------------------------------------------------------------------------------------------- failures

PROGRAMS = {
    "at once": """
import pulumi_hubassoc as hubassoc

types = hubassoc.get_association_types("contacts", {to!r})
hubassoc.AssociationLimit("one", association=types.labeled("Champion"), max_to_object_ids=1)
""",
    "later": """
import pulumi
import pulumi_hubassoc as hubassoc

types = hubassoc.get_association_types_output("contacts", pulumi.Output.from_input({to!r}))
champion = types.apply(lambda found: found.labeled("Champion"))
hubassoc.AssociationLimit("one", association=champion, max_to_object_ids=1)
pulumi.export("type_id", champion.apply(lambda found: found.type_id))
""",
}
programs = pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
BAD_TOKEN = "pat-eu1-no-such-token"
Failure = tuple[dict[str, str | None], Fault | None, str, str]
"""Settings, what goes wrong, the other object, what is said."""
FAILURES: dict[str, Failure] = {
    "no token": ({"accessToken": None}, None, "companies", "ConfigError: No HubSpot access token is set"),
    "another portal": ({"portalId": "2002"}, None, "companies", "WrongPortal: The token belongs to portal 1001"),
    "no such label": ({}, None, "companies", "no association type of contacts → companies shows that text"),
    "a bad token": ({"accessToken": BAD_TOKEN}, None, "companies", "Unauthorized: Cannot ask which portal"),
    "a malformed token": ({"accessToken": "pat eu1"}, None, "companies", "cannot be one: it has 7 characters"),
    "no such custom object": ({}, None, "p_nothing", "Refused: Cannot list the labels of contacts → p_nothing"),
    "no such object": ({}, None, "compnies", "'compnies' is no object type"),
    "no scope": ({}, Fault("forbidden", "list_labels"), "companies", "MissingScopes: Cannot list the labels"),
    "no answer": ({}, Fault("reset", count=None), "companies", "NoAnswer: Cannot ask which portal"),
    "a strange answer": (
        {},
        Fault("malformed", "list_labels"),
        "companies",
        "UnexpectedAnswer: Cannot list the labels",
    ),
}


def assert_told_in_one_line(told: str, messages: list[str]) -> None:
    """It is said once; the rest is Pulumi's own word for a program that has ended. Nothing tells a token."""
    lines = [line for message in messages for line in message.splitlines()]
    assert len([line for line in lines if told in line]) == 1, lines
    others = [line for line in lines if told not in line]
    assert [line for line in others if "rogram exited with non-zero exit code: 1" not in line] == []
    assert not any(token in line for line in lines for token in (TOKEN, BAD_TOKEN, "emulated-1001", "pat eu1"))


@programs
@pytest.mark.parametrize(("config", "fault", "to", "told"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_line(
    hubassoc_stack: StackFactory,
    hubspot_portal: EmulatedPortal,
    program: str,
    config: dict[str, str | None],
    fault: Fault | None,
    to: str,
    told: str,
) -> None:
    """In a preview and in an up, and the limit that needed the look-up is not set."""
    stack = hubassoc_stack(lambda: exec(program.format(to=to), {}))
    for key, value in config.items():
        stack.set_config(f"hubassoc:{key}", value)
    for operation in (stack.preview, stack.up):
        if fault:
            hubspot_portal.emulator.arm(fault)
        assert_told_in_one_line(told, [d.message for d in operation(fails=True).diagnostics])
        hubspot_portal.assert_writes()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("which", ENGINES)
@programs
@pytest.mark.parametrize("failure", list(FAILURES)[:3])
def test_a_failure_is_one_line_on_every_engine(
    which: Literal["local", "cli"], program: str, failure: str, tmp_path: Path, emulator: Emulator, portal: Portal
) -> None:
    """The same where the program is a process of its own."""
    config, _, to, told = FAILURES[failure]
    env = {"HUBASSOC_BASE_URL": emulator.start(), "PULUMI_CONFIG_PASSPHRASE": "sesame"}
    given = {"accessToken": TOKEN} | config
    env |= {configuration.ENVIRONMENT[key]: value for key, value in given.items() if value is not None}
    estate = Estate(make_engine(which, tmp_path), emulator, portal, tmp_path, env, program.format(to=to))
    for operation in ("preview", "up"):
        result = estate.run(operation)  # type: ignore[arg-type]
        assert not result.ok
        assert_told_in_one_line(told, [d.message for d in result.diagnostics])
        assert estate.writes == []


def test_debugging_shows_the_traceback(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`HUBASSOC_DEBUG` as everywhere; the token is not in it either."""
    hubspot_portal.fail("forbidden", "list_labels", count=None)
    stack = hubassoc_stack(lambda: hubassoc.get_association_types(*PAIR))
    [plain] = stack.preview(fails=True).errors
    assert plain.startswith("MissingScopes: Cannot list the labels")
    assert "\n" not in plain
    monkeypatch.setenv("HUBASSOC_DEBUG", "1")
    [traced] = stack.preview(fails=True).errors
    assert "Traceback" in traced
    assert "MissingScopes" in traced
    assert hubspot_portal.token not in traced


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("hubassoc:portalId", "2002", "hubassoc:portalId says 2002"),
        ("hubassoc:accountTypes", "SANDBOX", "hubassoc:accountTypes allows only SANDBOX"),
        ("hubassoc:apiVersion", "v5", "hubassoc:apiVersion is 'v5'"),
        ("hubassoc:patienceSeconds", "-1", "hubassoc:patienceSeconds is '-1'"),
        ("hubassoc:timeoutSeconds", "x", "hubassoc:timeoutSeconds is 'x'"),
    ],
)
def test_the_settings_are_the_providers(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, key: str, value: str, told: str
) -> None:
    """What the stack's configuration says holds for look-ups too; after the question which portal it is nothing is sent."""
    stack = hubassoc_stack(lambda: hubassoc.get_association_types(*PAIR), config={key: value})
    [error] = stack.preview(fails=True).errors
    assert told in error
    assert {record.operation for record in hubspot_portal.requests()} <= {"account"}


@pytest.mark.parametrize("version", sorted(facts.API_PATHS))
def test_every_api_version(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, version: str) -> None:
    """Lists are asked of the paths that are set."""

    def program() -> None:
        pulumi.export("found", len(hubassoc.get_association_types(*PAIR)) + len(hubassoc.get_association_limits()))

    stack = hubassoc_stack(program, config={"hubassoc:apiVersion": version})
    stack.up()
    assert stack.outputs["found"] == 3
    asked = [record.path for record in hubspot_portal.requests() if record.operation != "account"]
    assert asked
    assert all(path.startswith(facts.API_PATHS[version]) for path in asked)
