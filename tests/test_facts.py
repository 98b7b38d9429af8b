"""What is known of HubSpot's associations: names of objects, HubSpot's own types, rules of internal names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.hubspot import facts

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "hubspot_type_ids.json"


class TestObjectTypes:
    """One object has one canonical name."""

    @pytest.mark.parametrize("known", facts.OBJECT_TYPES, ids=lambda o: o.name)
    def test_all_forms_of_a_standard_object_are_one(self, known: facts.ObjectType) -> None:
        """Plural, singular, id, in any case, with white space around."""
        for text in (known.name, known.singular, known.type_id, known.name.upper(), f" {known.singular.title()} "):
            assert facts.object_type(text) == known.name
        assert facts.is_standard(known.name)
        assert facts.path_segment(known.name) == known.type_id
        assert facts.singular(known.name) == known.singular

    def test_no_two_objects_share_a_name_or_an_id(self) -> None:
        """The table has no slip of that kind."""
        for forms in zip(*((o.name, o.type_id) for o in facts.OBJECT_TYPES), strict=True):
            assert len(set(forms)) == len(facts.OBJECT_TYPES)

    @pytest.mark.parametrize("text", ["2-1", "2-123456", "p_pet", "p42_pet", "p_Some_Thing"])
    def test_custom_objects_stay_as_written(self, text: str) -> None:
        """Their id, or their name with HubSpot's prefix."""
        assert facts.object_type(text) == facts.path_segment(text) == facts.singular(text) == text
        assert not facts.is_standard(text)

    @pytest.mark.parametrize(
        "text", ["", " ", "pet", "2-", "2-0", "2-x", "0-999", "contacts/../x", "p-pet", "p_é", "p_a b"]
    )
    def test_what_can_be_no_object_type(self, text: str) -> None:
        """A bare name of a custom object is refused by HubSpot too; the message says what is possible."""
        with pytest.raises(ValueError, match="is no object type: use"):
            facts.object_type(text)

    @given(st.text())
    def test_the_canonical_name_is_its_own(self, text: str) -> None:
        """Canonical twice is canonical once, and safe in a path."""
        try:
            name = facts.object_type(text)
        except ValueError:
            return
        assert facts.object_type(name) == name
        assert not set(facts.path_segment(name)) & set("/?#% .")


class TestDefinedTypes:
    """HubSpot's own association types, from its documentation."""

    def test_there_are_410_and_ids_are_unique(self) -> None:
        """The documented table, whole; that its ids are unique is what limits are joined by."""
        assert len(facts.defined_types()) == 410

    @pytest.mark.skipif(not REFERENCE.is_file(), reason="the table that was compiled from HubSpot's guide is not here")
    def test_the_packaged_table_is_the_compiled_one(self) -> None:
        """Nothing was lost or changed on the way into the package."""
        rows = json.loads(REFERENCE.read_text(encoding="utf-8"))
        compiled = {row["typeId"]: (row["from"], row["to"], row["qualifier"]) for row in rows}
        packaged = {
            d.type_id: (facts.singular(d.from_object_type), facts.singular(d.to_object_type), d.qualifier)
            for d in facts.defined_types().values()
        }
        assert packaged == compiled

    @pytest.mark.parametrize(
        ("type_id", "start", "end", "qualifier"),
        [
            (1, "contacts", "companies", "primary"),
            (2, "companies", "contacts", "primary"),
            (279, "contacts", "companies", None),
            (280, "companies", "contacts", None),
            (4, "contacts", "deals", None),
            (3, "deals", "contacts", None),
            (341, "deals", "companies", None),
            (342, "companies", "deals", None),
            (449, "contacts", "contacts", None),
        ],
    )
    def test_well_known_types(self, type_id: int, start: str, end: str, qualifier: str | None) -> None:
        """A few rows by hand."""
        assert facts.defined_types()[type_id] == facts.DefinedType(type_id, start, end, qualifier)

    def test_a_direction_has_at_most_one_unlabeled_type(self) -> None:
        """`unlabeled_type` finds the only one."""
        directions = [
            (d.from_object_type, d.to_object_type) for d in facts.defined_types().values() if d.qualifier is None
        ]
        assert len(directions) == len(set(directions))
        for direction in directions:
            found = facts.unlabeled_type(*direction)
            assert found is not None
            assert (found.from_object_type, found.to_object_type, found.qualifier) == (*direction, None)

    def test_the_inverse_of_an_inverse_is_the_type(self) -> None:
        """Wherever there is one, it is of the other direction and leads back."""
        with_inverse = 0
        for defined in facts.defined_types().values():
            inverse = facts.inverse_type(defined)
            if inverse is None:
                continue
            with_inverse += 1
            assert (inverse.to_object_type, inverse.from_object_type) == (
                defined.from_object_type,
                defined.to_object_type,
            )
            assert facts.inverse_type(inverse) == defined
        assert with_inverse >= 376

    @pytest.mark.parametrize(
        ("start", "end"), [("contacts", "companies"), ("companies", "deals"), ("tickets", "companies")]
    )
    def test_company_pairs_have_a_primary(self, start: str, end: str) -> None:
        """In both directions."""
        for direction in ((start, end), (end, start)):
            found = facts.primary_type(*direction)
            assert found is not None
            assert found.is_primary

    def test_a_pair_without_documented_types_has_none(self) -> None:
        """Custom objects have types of their own, which differ between portals."""
        assert facts.defined_between("contacts", "p_pet") == []
        assert facts.unlabeled_type("contacts", "p_pet") is None
        assert facts.primary_type("contacts", "p_pet") is None


class TestNames:
    """What HubSpot would refuse as an internal name."""

    @pytest.mark.parametrize("name", ["a", "billing_contact", "Headquarters_Franchise", "x1", "_", "größe"])
    def test_good(self, name: str) -> None:
        """Letters, digits behind the first place, underscores; case is kept."""
        assert facts.fault_of_name(name) is None

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("", "blank"),
            (" ", "blank"),
            ("a-b", "hyphen"),
            ("1a", "digit"),
            ("a b", "white space"),
            ("a\x00", "control character"),
        ],
    )
    def test_bad(self, name: str, fault: str) -> None:
        """Hyphens and leading digits break GraphQL; the rest is assumed for the same reason."""
        assert fault in (facts.fault_of_name(name) or "")
