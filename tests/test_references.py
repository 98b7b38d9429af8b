"""References to HubSpot's own association types, offline: all 410 of them, by number, by name and by kind."""

from __future__ import annotations

import difflib
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.nearest import MOST
from pulumi_hubassoc.resources import type_names
from pulumi_hubassoc.resources.limit import LimitInputs, fields_of
from tests import write_type_names

TABLE = facts.defined_types()
rows = pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
OBJECTS = sorted({end for row in TABLE.values() for end in (row.from_object_type, row.to_object_type)})
ANY_OBJECT = [*OBJECTS, "products", "users", "2-123", "p_pet"]


def refusal_of(call: Callable[[], Any]) -> str:
    """What a call is refused with."""
    with pytest.raises(hubassoc.UnknownAssociation) as refused:
        call()
    return str(refused.value)


def suggested(sentence: str) -> list[str]:
    """The names that a sentence suggests."""
    return [name for name in re.findall(r"\w+", sentence.partition("nearest: ")[2]) if name in facts.defined_by_name()]


class TestTheTable:
    """Each of the 410 rows can be referred to."""

    @rows
    def test_number_and_name_are_the_same_reference(self, row: facts.DefinedType) -> None:
        """In the direction that HubSpot documents; the name is found in any case, with white space around."""
        reference = hubassoc.hubspot_defined(row.type_id)
        ends = (row.from_object_type, row.to_object_type)
        assert reference == hubassoc.AssociationReference(*ends, "HUBSPOT_DEFINED", row.type_id)
        assert hubassoc.hubspot_defined(row.name) == hubassoc.hubspot_defined(f" {row.name.upper()} ") == reference

    @rows
    def test_a_limit_takes_it(self, row: facts.DefinedType) -> None:
        """Nothing is wrong with its fields, also for objects without a documented id."""
        inputs = {**fields_of(hubassoc.hubspot_defined(row.type_id)), "max_to_object_ids": 1}
        assert LimitInputs.examine(inputs) == (inputs, [])

    @rows
    def test_kinds_agree_with_it(self, row: facts.DefinedType) -> None:
        """`unlabeled` and `primary` of its ends are this very type, if it is of that kind."""
        ends = (row.from_object_type, row.to_object_type)
        if row.qualifier is None:
            assert hubassoc.unlabeled(*ends) == hubassoc.hubspot_defined(row.name)
        elif row.is_primary:
            assert hubassoc.primary(*ends) == hubassoc.hubspot_defined(row.name)
        assert row.name.startswith(f"{ends[0]}_to_{ends[1]}_")

    def test_names_are_unique(self) -> None:
        """None stands for two types, and none is a number."""
        assert len(facts.defined_by_name()) == len(TABLE) == 410

    @pytest.mark.parametrize(
        ("name", "type_id"),
        [
            ("contacts_to_companies_unlabeled", 279),
            ("contacts_to_companies_primary", 1),
            ("companies_to_contacts_billing", 930),
            ("companies_to_companies_child_to_parent", 14),
            ("companies_to_payment_link_unlabeled", 472),
        ],
    )
    def test_a_few_by_hand(self, name: str, type_id: int) -> None:
        """As the table of HubSpot's guide has them."""
        assert hubassoc.hubspot_defined(name).type_id == type_id

    def test_objects_without_a_documented_id_are_those_of_the_table(self) -> None:
        """No more and no fewer."""
        assert sorted(facts.UNNUMBERED_OBJECT_TYPES) == [name for name in OBJECTS if not facts.is_standard(name)]


class TestTypes:
    """What an editor completes."""

    def test_the_module_is_the_facts(self) -> None:
        """It was written after the last change of the table."""
        there = write_type_names.MODULE.read_text(encoding="utf-8")
        assert there == write_type_names.source(), "stale: write it anew with `poe type-names`"

    def test_the_types_hold_every_name_and_number(self) -> None:
        """And nothing else; every object of the table is among the objects."""
        assert set(get_args(type_names.DocumentedTypeName)) == set(facts.defined_by_name())
        assert set(get_args(type_names.DocumentedTypeId)) == set(TABLE)
        objects = get_args(type_names.DocumentedObject)
        assert set(objects) >= set(OBJECTS)
        assert [facts.object_type(name) for name in objects] == list(objects)

    def test_a_program_does_not_load_them(self) -> None:
        """They cost nothing at start."""
        code = "import sys, pulumi_hubassoc; pulumi_hubassoc.primary; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        loaded = set(done.stdout.split())
        assert "pulumi_hubassoc.resources.references" in loaded
        assert not loaded & {"pulumi_hubassoc.resources.type_names", "difflib"}


class TestUnknown:
    """What is not in the table is refused in one line that tells what is near."""

    @given(st.sampled_from(ANY_OBJECT), st.sampled_from(ANY_OBJECT), st.sampled_from(["unlabeled", "primary"]))
    def test_a_pair_without_such_a_type(self, start: str, end: str, kind: str) -> None:
        """Types of the same pair come first, then some from the one end and some to the other, of this kind."""
        call = getattr(hubassoc, kind)
        found = (facts.unlabeled_type if kind == "unlabeled" else facts.primary_type)(start, end)
        if found is not None:
            assert call(start, end).type_id == found.type_id
            return
        sentence = refusal_of(lambda: call(start, end))
        assert sentence.startswith(f"{kind}({start!r}, {end!r}): HubSpot documents no such association — ")
        assert f"get_association_types({start!r}, {end!r})" in sentence
        assert "\n" not in sentence
        near = [facts.defined_by_name()[name] for name in suggested(sentence)]
        assert len(near) == len(set(near)) <= MOST
        of_kind = [row for row in TABLE.values() if (row.is_primary if kind == "primary" else row.qualifier is None)]
        starts = {row.name for row in of_kind if row.from_object_type == start}
        ends = {row.name for row in of_kind if row.to_object_type == end}
        same_pair = {row.name for row in facts.defined_between(start, end)}
        names = {row.name for row in near}
        assert len(same_pair) > MOST or names >= same_pair
        if len(same_pair) < MOST - 2:
            assert bool(names & starts) == bool(starts)
            assert bool(names & ends) == bool(ends)
        assert near or not (starts | ends | same_pair)

    @given(st.sampled_from(OBJECTS), st.integers(0, 60), st.sampled_from(["", "x", "ss"]))
    def test_a_misspelt_object(self, name: str, at: int, put: str) -> None:
        """One wrong letter, and the right name is among the suggestions where it is at all alike."""
        at %= len(name)
        wrong = name[:at] + put + name[at + 1 :]
        if wrong.lower() in {form for o in facts.OBJECT_TYPES for form in (o.name, o.singular)} | set(OBJECTS):
            return
        sentence = refusal_of(lambda: hubassoc.unlabeled(wrong, "deals"))
        assert f"{wrong!r} is no object type: use" in sentence
        near = sentence.partition("nearest: ")[2].split(", ")
        assert len(near) <= MOST
        if difflib.SequenceMatcher(None, wrong, name).ratio() > 0.85:
            assert name in near

    @pytest.mark.parametrize(
        ("which", "near"),
        [
            ("contact_to_company_primary", "contacts_to_companies_primary"),
            ("contacts_to_companies", "contacts_to_companies_unlabeled"),
            ("companies_to_contact_billing", "companies_to_contacts_billing"),
            ("Deals to companies primary", "deals_to_companies_primary"),
        ],
    )
    def test_a_name_that_is_almost_one(self, which: str, near: str) -> None:
        """The one that is meant comes first or second."""
        sentence = refusal_of(lambda: hubassoc.hubspot_defined(which))
        assert near in suggested(sentence)[:2]
        assert len(suggested(sentence)) <= MOST

    @pytest.mark.parametrize(
        ("which", "told"),
        [
            (12345, "nearest: 1357 (deals_to_goals_unlabeled)"),
            (0, "nearest: 1 (contacts_to_companies_primary), 2 "),
            (-1, "1 (contacts_to_companies_primary)"),
            (12345, "the id of a label is of one portal: get_association_types reads it"),
            ("zzz", "names read like contacts_to_companies_unlabeled"),
            ("", "names read like contacts_to_companies_unlabeled"),
            (True, "give a type id (279) or a name"),
            (None, "give a type id (279) or a name"),
            (279.0, "give a type id (279) or a name"),
        ],
    )
    def test_what_is_no_type(self, which: Any, told: str) -> None:
        """Numbers near it with their names, or what a name looks like."""
        sentence = refusal_of(lambda: hubassoc.hubspot_defined(which))
        assert told in sentence
        assert sentence.startswith(f"hubspot_defined({which!r}): ")

    @pytest.mark.parametrize(
        ("start", "told"),
        [(None, "an object type is a text, and this is None"), (5, "and this is 5"), ("", "'' is no object type")],
    )
    def test_what_is_no_object_type_at_all(self, start: Any, told: str) -> None:
        """Said before anything else."""
        assert told in refusal_of(lambda: hubassoc.unlabeled(start, "deals"))
        assert told in refusal_of(lambda: hubassoc.primary("deals", start))

    def test_the_error_is_one_that_pulumi_prints_without_a_traceback(self) -> None:
        """It ends the program with its sentence."""
        assert issubclass(hubassoc.UnknownAssociation, pulumi.RunError)
