"""Check: bad input is refused at preview with a reason, good input gets one form, and nothing makes it raise."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.provider import is_unknown
from pulumi_hubassoc.resources.label import LabelProvider, derived_name, name_suffix
from pulumi_hubassoc.resources.limit import LimitProvider
from tests.workbench import KINDS, LABEL, OBJECT_LIMIT, PAIRED, Props, faults_of, wire

BIG = "x" * 10_000
UNKNOWN = pulumi.UNKNOWN

LABEL_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"label": ""}, "label", "must not be blank"),
    ({"label": " \t\n"}, "label", "must not be blank"),
    ({"label": None}, "label", "is missing"),
    ({"label": 5}, "label", "must be a text, not 5"),
    ({"label": True}, "label", "must be a text, not True"),
    ({"label": ["Billing"]}, "label", "must be a text"),
    ({"label": {"BIG": BIG}}, "label", "must be a text"),
    ({"inverse_label": "  "}, "inverse_label", "must not be blank"),
    ({"inverse_label": 1.5}, "inverse_label", "must be a text"),
    ({"name": "billing-contact"}, "name", "holds a hyphen"),
    ({"name": "2nd_contact"}, "name", "begins with a digit"),
    ({"name": "billing contact"}, "name", "holds white space"),
    ({"name": " "}, "name", "must not be blank"),
    ({"name": False}, "name", "must be a text"),
    ({"name_suffix": "a-b"}, "name_suffix", "must be lower-case letters and digits"),
    ({"from_object_type": None}, "from_object_type", "is missing"),
    ({"from_object_type": "contcts"}, "from_object_type", "'contcts' is no object type"),
    ({"from_object_type": "0-4"}, "from_object_type", "is no object type"),
    ({"from_object_type": "2-"}, "from_object_type", "is no object type"),
    ({"from_object_type": "pet"}, "from_object_type", "its name with the prefix"),
    ({"from_object_type": "contacts/../deals"}, "from_object_type", "is no object type"),
    ({"to_object_type": 3}, "to_object_type", "must be the name or id of an object type, not 3"),
    ({"to_object_type": []}, "to_object_type", "must be the name or id of an object type"),
    ({"adopt_existing": "yes"}, "adopt_existing", "valid boolean"),
    ({"adopt_existing": 1}, "adopt_existing", "valid boolean"),
    ({"lable": "Billing"}, "", "lable is no input of this resource"),
]

LIMIT_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    *(
        ({"max_to_object_ids": bad}, "max_to_object_ids", "must be a whole number of at least 1")
        for bad in (0, -1, 1.5, "5", True, float("nan"), float("inf"), float("-inf"), 2**31, 10**300, [5], {"n": 5})
    ),
    ({"max_to_object_ids": None}, "max_to_object_ids", "is missing"),
    ({"type_id": 0}, "type_id", "must be a whole number of at least 1"),
    ({"type_id": "342"}, "type_id", "must be a whole number of at least 1, and is '342'"),
    ({"category": None}, "category", "is missing"),
    ({"category": "CUSTOM"}, "category", "must be one of HUBSPOT_DEFINED, USER_DEFINED"),
    ({"category": 7}, "category", "must be a text"),
    ({"type_id": 341}, "type_id", "HubSpot's type 341 is of deals → companies, not of companies → deals"),
    ({"to_object_type": "contacts"}, "type_id", "HubSpot's type 342 is of companies → deals"),
    ({"from_object_type": "firm"}, "from_object_type", "is no object type"),
    ({"maximum": 3}, "", "maximum is no input of this resource"),
    ({"problem": ["association is missing"]}, "", "association is missing"),
]


@pytest.mark.parametrize(("change", "blamed", "reason"), LABEL_FAULTS)
def test_a_bad_label_is_refused_with_a_reason(change: Props, blamed: str, reason: str) -> None:
    """Each bad input of a label is the only fault found, on its property and in words."""
    [(name, why)] = faults_of("label", LABEL | change)
    assert name == blamed
    assert reason in why
    assert "\n" not in why
    assert len(why) <= 400


@pytest.mark.parametrize(("change", "blamed", "reason"), LIMIT_FAULTS)
def test_a_bad_limit_is_refused_with_a_reason(change: Props, blamed: str, reason: str) -> None:
    """Each bad input of a limit is the only fault found, on its property and in words."""
    [(name, why)] = faults_of("limit", OBJECT_LIMIT | change)
    assert name == blamed
    assert reason in why


def test_every_fault_is_told_at_once() -> None:
    """One run of check names all that is wrong with a resource."""
    news = {"from_object_type": "firm", "label": "", "inverse_label": 3, "name": "a-b", "adopt_existing": "no", "x": 1}
    blamed = [name for name, _ in faults_of("label", news)]
    assert blamed == ["from_object_type", "to_object_type", "label", "inverse_label", "name", "adopt_existing", ""]


def test_an_input_that_does_not_exist_is_not_blamed_by_name() -> None:
    """Pulumi prints the value of a property that is blamed: a token in the wrong place must not be one."""
    [(blamed, reason)] = faults_of("label", LABEL | {"access_token": "pat-eu1-secret"})
    assert blamed == ""
    assert "pat-eu1-secret" not in reason


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("0-1", "contacts"),
        ("contact", "contacts"),
        ("Contacts", "contacts"),
        (" COMPANY ", "companies"),
        ("0-136", "leads"),
        ("2-123", "2-123"),
        ("p_Pet", "p_Pet"),
        ("p42_pet", "p42_pet"),
    ],
)
def test_object_types_have_one_form(given: str, canonical: str) -> None:
    """Standard objects become HubSpot's plural name, custom ones stay as written."""
    assert _checked("label", LABEL | {"from_object_type": given})["from_object_type"] == canonical


def test_what_equals_its_default_is_not_stored() -> None:
    """A flag that is off, and an other text that is the same, leave no trace in the state."""
    plain = _checked("label", LABEL)
    same = _checked("label", LABEL | {"adopt_existing": False, "inverse_label": " Billing contact "})
    assert plain == same
    assert set(plain) == {"from_object_type", "to_object_type", "label", "name", "name_suffix"}


def test_a_derived_name_is_kept_when_texts_change() -> None:
    """The internal name is made once: a new text leaves it, and its proof of ownership, as they are."""
    first = _checked("label", LABEL)
    assert first["name"] == "contacts_to_companies_billing_contact_abcdef"
    second = _checked("label", LABEL | {"label": "Payer", "name_suffix": "zzzzzz"}, first)
    assert (second["name"], second["name_suffix"]) == (first["name"], "abcdef")


def test_a_given_name_is_no_proof_of_whose_a_label_is() -> None:
    """With a name of the user's the suffix is dropped; a name kept after it left the program stays without one."""
    given_name = _checked("label", LABEL | {"name": "payer"})
    assert given_name["name"] == "payer"
    assert "name_suffix" not in given_name
    kept = _checked("label", LABEL, given_name)
    assert kept["name"] == "payer"
    assert "name_suffix" not in kept


def test_an_unknown_text_leaves_the_derived_name_unknown() -> None:
    """In a preview the name cannot be derived from a text that is not known."""
    values = LabelProvider().check({}, wire(LABEL | {"label": UNKNOWN})).inputs
    assert is_unknown(values["name"])
    assert is_unknown(values["label"])


def test_a_name_from_a_seed_is_the_same_everywhere() -> None:
    """It comes from objects and seed alone, and shows whose the label is; the seed itself is in no state."""
    name, suffix = "contacts_to_companies_billing_2dj3p5", "2dj3p5"  # in users' portals: never another
    for more in ({}, {"label": "Payer"}, {"name_suffix": "zzzzzz"}, {"from_object_type": "0-1"}):
        checked = _checked("label", LABEL | {"name_seed": "billing"} | more)
        assert (checked["name"], checked["name_suffix"]) == (name, suffix)
        assert "name_seed" not in checked
    assert _checked("label", LABEL | {"name_seed": "billing", "to_object_type": "deals"})["name_suffix"] != suffix
    assert _checked("label", LABEL | {"name_seed": "legal"})["name_suffix"] != suffix
    by_hand = _checked("label", LABEL | {"name_seed": "billing", "name": "mine"})
    assert (by_hand["name"], by_hand.get("name_suffix")) == ("mine", None)


def test_a_label_that_is_there_keeps_its_name_and_its_proof() -> None:
    """Whatever seed it gets, and also where the name is written by hand then: nothing differs."""
    there = _checked("label", LABEL)
    assert _checked("label", LABEL | {"name_seed": "billing", "name_suffix": "zzzzzz"}, there) == there
    written = LABEL | {"name_seed": "payer", "name_suffix": "zzzzzz", "name": there["name"]}
    assert _checked("label", written, there) == there


def test_a_name_from_a_seed_is_unknown_with_its_objects() -> None:
    """In a preview, until they are known; the stack's suffix is no part of it."""
    checked = LabelProvider().check({}, wire(LABEL | {"name_seed": "billing", "to_object_type": pulumi.UNKNOWN}))
    assert checked.failures == []
    assert pulumi.contains_unknowns(checked.inputs["name"])


texts = st.text(min_size=1, max_size=80).filter(str.strip)
object_types = st.sampled_from([*(o.name for o in facts.OBJECT_TYPES), "2-123", "2-9", "p_Pet", "p42_" + "x" * 60])


@given(object_types, object_types, texts, texts)
def test_a_derived_name_is_one_hubspot_takes(from_: str, to: str, label: str, resource: str) -> None:
    """Whatever the text (emoji, right to left, only symbols) and the objects: no hyphen, no leading digit, ASCII."""
    name = derived_name(from_, to, label, name_suffix("project", "stack", resource))
    assert facts.fault_of_name(name) is None
    assert name.isascii()
    assert name.replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Decision maker", "contacts_to_companies_decision_maker_abcdef"),
        ("★ ☂", "contacts_to_companies_abcdef"),
        ("مدير", "contacts_to_companies_abcdef"),
        ("a" * 100, f"contacts_to_companies_{'a' * 40}_abcdef"),
    ],
)
def test_derived_names_read_like_their_label(label: str, name: str) -> None:
    """The slug has the letters and digits of the text, at most forty of them, and can be empty."""
    assert derived_name("contacts", "companies", label, "abcdef") == name


def test_resources_have_suffixes_of_their_own() -> None:
    """Project, stack and resource name each change the suffix; the same three never do."""
    triples = [("p", "s", "r"), ("q", "s", "r"), ("p", "t", "r"), ("p", "s", "q")]
    suffixes = [name_suffix(*triple) for triple in triples]
    assert len(set(suffixes)) == len(triples)
    assert suffixes[0] == name_suffix("p", "s", "r") == "df5gdm"  # proof of ownership in users' portals: never another


junk = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12) | st.builds(pulumi.output.Unknown),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
sensible = st.sampled_from(
    ["contacts", "0-2", "2-5", "Boss", "HUBSPOT_DEFINED", "USER_DEFINED", 342.0, 5.0, True, "x_abcdef"]
)
FIELDS = [*LabelProvider.inputs.model_fields, *LimitProvider.inputs.model_fields, "problem", "other", "__provider"]
bags = st.dictionaries(st.sampled_from(FIELDS), junk | sensible, max_size=len(FIELDS))


@given(st.sampled_from(sorted(KINDS)), bags, bags)
def test_check_never_raises(kind: str, olds: Props, news: Props) -> None:
    """Any mix of junk and unknowns ends in inputs or in reasons of one line."""
    result = KINDS[kind]().check(olds, news)
    assert all(f.reason and "\n" not in f.reason for f in result.failures)


@given(
    st.fixed_dictionaries(
        {"from_object_type": object_types, "to_object_type": object_types, "label": texts},
        optional={
            "inverse_label": texts,
            "name": st.sampled_from(["payer", "contacts_to_companies_x_abcdef"]),
            "name_suffix": st.just("abcdef"),
            "name_seed": texts,
            "adopt_existing": st.booleans(),
        },
    ),
    st.sampled_from([{}, {"name": "old"}, {"name": "old_qqqqqq", "name_suffix": "qqqqqq"}]),
)
def test_checked_labels_check_to_themselves(news: Props, olds: Props) -> None:
    """Check is idempotent: its result, checked against nothing, the same olds or itself, is its result."""
    once = _checked("label", news, olds)
    assert _checked("label", once) == once
    assert _checked("label", once, olds) == once
    assert _checked("label", once, once) == once


@given(st.sampled_from(sorted(facts.defined_types())), st.integers(1, 2**31 - 1))
def test_checked_limits_check_to_themselves(type_id: int, maximum: int) -> None:
    """Every documented type of HubSpot's is accepted in its direction, and the result is canonical."""
    known = facts.defined_types()[type_id]
    if not all(facts.is_standard(o) for o in (known.from_object_type, known.to_object_type)):
        return
    news = {
        "from_object_type": facts.path_segment(known.from_object_type),
        "to_object_type": facts.singular(known.to_object_type).upper(),
        "category": " hubspot_defined ",
        "type_id": type_id,
        "max_to_object_ids": maximum,
    }
    once = _checked("limit", news)
    assert once["category"] == "HUBSPOT_DEFINED"
    assert (once["from_object_type"], once["to_object_type"]) == (known.from_object_type, known.to_object_type)
    assert _checked("limit", once, once) == once


def test_a_paired_label_keeps_both_texts() -> None:
    """Texts are kept as written, without white space around them."""
    checked = _checked("label", PAIRED | {"inverse_label": " Employee "})
    assert (checked["label"], checked["inverse_label"]) == ("Manager", "Employee")


def _checked(kind: str, news: Props, olds: Props | None = None) -> Props:
    result = KINDS[kind]().check(wire(olds or {}), wire(news))
    assert result.failures == []
    return dict(result.inputs)
