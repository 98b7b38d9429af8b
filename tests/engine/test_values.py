"""Property values: what they are on the wire and in the state, and when two are the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.engine.interface import NotSupported
from pulumi_hubassoc.engine.local.diffs import ADD, DELETE, UPDATE, Diff, Kind, compare_inputs, with_ignored
from pulumi_hubassoc.engine.local.paths import contains, parse, render
from pulumi_hubassoc.engine.local.values import (
    SIGNATURE,
    UNKNOWN,
    OutputValue,
    ResourceReference,
    Secret,
    equal,
    from_state,
    from_struct,
    keep_secret,
    redacted,
    to_state,
    to_struct,
    without_outputs,
)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda k: k != SIGNATURE), inner),
    max_leaves=12,
)
VALUES = st.dictionaries(st.text().filter(lambda k: k != SIGNATURE), PLAIN | PLAIN.map(Secret) | st.just(UNKNOWN))


@given(VALUES)
def test_what_is_sent_is_what_arrives(values: dict[str, Any]) -> None:
    """Secrets and unknowns survive the wire, where the receiver understands them."""
    assert equal(from_struct(to_struct(values, secrets=True, references=True)), values)


@given(st.dictionaries(st.text().filter(lambda k: k != SIGNATURE), PLAIN | PLAIN.map(Secret)))
def test_what_is_stored_is_what_is_read(values: dict[str, Any]) -> None:
    """The state gives back what was put into it."""
    assert equal(from_state(to_state(values, lambda t: t[::-1]), lambda t: t[::-1]), values)


def test_a_provider_gets_no_secrets_no_references_and_outside_previews_no_unknowns() -> None:
    """Dynamic providers understand none of them."""
    values = {
        "s": Secret("x"),
        "r": ResourceReference("urn:r", "id-1"),
        "u": UNKNOWN,
        "l": [1, UNKNOWN],
        "m": {"a": UNKNOWN},
    }
    assert from_struct(to_struct(values, unknowns=False)) == {"s": "x", "r": "id-1", "l": [1], "m": {}}


def test_a_reference_to_a_component_is_its_urn() -> None:
    """It has no id."""
    assert from_struct(to_struct({"r": ResourceReference("urn:r", None)})) == {"r": "urn:r"}


def test_output_values_become_plain_ones() -> None:
    """What a program registers may be known or not, and secret or not."""
    given = {"a": OutputValue(1, True, False, ("urn:x",)), "b": OutputValue(None, False, True, ())}
    plain = without_outputs(given)
    assert plain["a"] == 1
    assert isinstance(plain["b"], Secret)
    assert plain["b"].value is UNKNOWN


def test_a_secret_is_never_shown() -> None:
    """Neither by itself nor inside something."""
    assert "hidden" not in repr(Secret("hidden"))
    assert redacted({"a": [Secret("hidden")], "u": UNKNOWN}) == {"a": ["[secret]"], "u": "[unknown]"}


def test_true_is_not_one() -> None:
    """Pulumi's booleans are no numbers, Python's are."""
    assert not equal({"a": True}, {"a": 1})
    assert equal({"a": 1}, {"a": 1.0})


def test_none_in_a_map_is_as_good_as_absent() -> None:
    """A key without a value is no difference."""
    assert equal({"a": None, "b": 1}, {"b": 1})


def test_outputs_are_secret_where_the_input_of_the_same_name_is() -> None:
    """In maps key by key; a list with a secret in it is secret as a whole."""
    outputs: dict[str, Any] = {"note": "x", "map": {"a": 1, "b": 2}, "list": [1, 2], "number": 3}
    keep_secret(
        outputs, {"note": Secret("x"), "map": {"a": Secret(1), "b": 2}, "list": [Secret(1), 2], "gone": Secret(1)}
    )
    assert outputs == {"note": Secret("x"), "map": {"a": Secret(1), "b": 2}, "list": Secret([1, 2]), "number": 3}


def test_assets_are_refused_with_a_sentence() -> None:
    """The engine has none."""
    with pytest.raises(NotSupported, match="assets"):
        from_struct(to_struct({"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}}))


@pytest.mark.parametrize("text", ["a", "a.b", "a[1].b", 'a["x y"].c', '["x.y"][0]', "a[*].b"])
def test_a_path_reads_as_it_is_written(text: str) -> None:
    """Names, indices, quoted names; a star is a name like any other."""
    path = parse(text)
    assert parse(render(path)) == path


def test_a_path_contains_what_lies_in_it() -> None:
    """A star stands for any element."""
    assert contains(parse("a"), parse("a.b[1]"))
    assert contains(parse("a[*].c"), parse("a[7].c.d"))
    assert not contains(parse("a.b"), parse("a"))


def test_differences_are_named_by_the_innermost_path() -> None:
    """Elements and keys that are new, gone or changed."""
    old = {"list": [1, 2], "map": {"a": 1, "gone": 1}, "same": Secret("x")}
    new = {"list": [1, 3, 4], "map": {"a": 1}, "same": "x", "new": {"b": 1}}
    diff = compare_inputs(old, new)
    assert diff.detailed == {"list[1]": Kind(UPDATE), "list[2]": Kind(ADD), "map.gone": Kind(DELETE), "new": Kind(ADD)}
    assert diff.changed_keys == ("list", "map", "new")


def test_replace_on_changes_marks_what_it_names() -> None:
    """The properties that it names force a replacement, if they change."""
    diff = compare_inputs({"a": 1, "b": 1}, {"a": 2, "b": 2}).with_replace_on_changes(["b"])
    assert diff.replace_keys == ("b",)
    assert diff.detailed == {"a": Kind("update"), "b": Kind("update-replace")}
    assert not Diff(False).with_replace_on_changes(["*"]).replaces


def test_an_inverted_diff_undoes_the_first() -> None:
    """What was added is deleted."""
    assert Diff(True, detailed={"a": Kind("add-replace")}).inverted().detailed == {"a": Kind("delete-replace")}


def test_ignored_changes_take_the_old_value() -> None:
    """Deep inside, and a secret stays one; a list is not made longer."""
    inputs, failed = with_ignored(
        {"a": {"b": 2, "c": 2}, "s": "new", "l": [1]},
        {"a": {"b": 1, "c": 1}, "s": Secret("old"), "l": [1, 2]},
        ["a.b", "s", "l[1]"],
    )
    assert inputs == {"a": {"b": 1, "c": 2}, "s": Secret("old"), "l": [1]}
    assert failed == ["l[1]"]
