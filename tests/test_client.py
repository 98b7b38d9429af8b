"""The client's calls: what goes out on each family of paths, what comes back as values, and which answers are none."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from pulumi_hubassoc import errors
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import BATCH_SIZE, HubSpot
from pulumi_hubassoc.hubspot.models import Account, Definition, LabelType, LimitInput, LimitItem, TypeInput
from tests.wire import CALLS, READS, WRITES, answering, client

HUBSPOT, USER = facts.HUBSPOT_DEFINED, facts.USER_DEFINED

FAILED: dict[str, Any] = {
    "status": "CANCELED",
    "results": [],
    "numErrors": 1,
    "errors": [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "subCategory": "crm.associations.INVALID_ASSOCIATION_TYPE",
            "message": "0-5 is not a valid association type between CONTACT and DEAL",
            "context": {"type": ["0-5"], "fromObjectType": ["CONTACT"], "toObjectType": ["DEAL"]},
        }
    ],
    "startedAt": "2025-02-19T07:03:44.442Z",
    "completedAt": "2025-02-19T07:03:44.475Z",
}
"""The body of a failed batch as captured on a real portal."""
GOOD: dict[str, Any] = {
    "status": "COMPLETE",
    "results": [{"category": HUBSPOT, "typeId": 341, "userEnforcedMaxToObjectIds": 5, "label": None}],
}
BODIES: dict[str, Any] = {
    "nothing": b"",
    "a page of HTML": "<html><body>Welcome to our wifi</body></html>",
    "truncated": b'{"results": [',
    "a list": [],
    "null": b"null",
    "an error with 200": {"status": "error", "message": "internal error", "correlationId": "x"},
    "not UTF-8": b'{"results": [{"category": "USER_DEFINED", "typeId": 1, "label": "\xff\xfe"}]}',
}


@pytest.fixture(params=facts.API_PATHS)
def hubspot(request: pytest.FixtureRequest, emulator: Emulator, portal: Portal) -> HubSpot:
    """A client of the portal, once for each family of paths."""
    return client(emulator.transport(), api_version=request.param)


def keys(types: tuple[LabelType, ...]) -> set[tuple[str, int, str | None]]:
    """Types as a set: their order means nothing."""
    return {(*t.key, t.label) for t in types}


class TestCalls:
    """Each call on an emulated portal, on each of the five families of paths."""

    def test_every_request_goes_to_its_own_family_of_paths(self, hubspot: HubSpot, emulator: Emulator) -> None:
        """The configured API version decides the path of all nine operations."""
        root = facts.API_PATHS[hubspot.connection.api_version]
        for name in CALLS.keys() - {"account", "schema", "token_info"}:
            with contextlib.suppress(errors.Refused):  # where the portal has no label 1 yet, or not any more
                CALLS[name](hubspot)
        assert {r.path.startswith(f"{root}/") for r in emulator.journal} == {True}
        assert set(emulator.journal.operations()) == CALLS.keys() - {"account", "schema", "token_info"}

    def test_list_gives_labels_and_the_unlabeled_type_whose_text_is_null(self, hubspot: HubSpot) -> None:
        """`label: null` is the normal text of the unlabeled type."""
        assert (HUBSPOT, 279, None) in keys(hubspot.list_labels("contacts", "companies"))

    def test_create_gives_every_type_that_was_made(self, hubspot: HubSpot, portal: Portal) -> None:
        """A paired label is two types, each with its text; the name reaches HubSpot."""
        made = hubspot.create_label("contacts", "companies", name="m_e", label="Manager", inverse_label="Employee")
        label = portal.label("m_e")
        assert keys(made) == {(USER, label.type_id, "Manager"), (USER, label.inverse_type_id, "Employee")}

    def test_create_of_a_single_label_sends_no_inverse_text(self, hubspot: HubSpot, emulator: Emulator) -> None:
        """Without an inverse text its key is absent, not null."""
        hubspot.create_label("contacts", "companies", name="single", label="Single", inverse_label=None)
        assert emulator.journal[-1].body == {"name": "single", "label": "Single"}

    def test_update_always_sends_both_texts(self, hubspot: HubSpot, emulator: Emulator, portal: Portal) -> None:
        """With one text alone HubSpot would write it on both sides."""
        hubspot.create_label("contacts", "companies", name="m_e", label="Manager", inverse_label="Employee")
        type_id = portal.label("m_e").type_id
        hubspot.update_label("contacts", "companies", type_id, label="Boss", inverse_label="Employee")
        assert emulator.journal[-1].body == {
            "associationTypeId": type_id,
            "label": "Boss",
            "inverseLabel": "Employee",
        }
        assert (portal.label("m_e").label, portal.label("m_e").inverse_label) == ("Boss", "Employee")

    def test_delete_takes_the_label_away(self, hubspot: HubSpot, portal: Portal) -> None:
        """Deleting by one id removes the label."""
        hubspot.create_label("contacts", "companies", name="gone", label="Gone", inverse_label=None)
        hubspot.delete_label("contacts", "companies", portal.label("gone").type_id)
        assert portal.labels() == []

    def test_limits_are_created_updated_listed_and_purged(self, hubspot: HubSpot, portal: Portal) -> None:
        """The five calls of limits; a direction without a limit is listed with None."""
        pair = ("contacts", "deals")
        hubspot.create_limits(*pair, [LimitInput(category=HUBSPOT, type_id=4, max_to_object_ids=2)])
        assert portal.limit(HUBSPOT, 4) == 2
        hubspot.update_limits(*pair, [LimitInput(category=HUBSPOT, type_id=4, max_to_object_ids=11)])
        four = LimitItem(category=HUBSPOT, type_id=4, user_enforced_max_to_object_ids=11)
        three = LimitItem(category=HUBSPOT, type_id=3, user_enforced_max_to_object_ids=None)
        assert set(hubspot.list_all_limits()) == {three, four}
        assert hubspot.list_limits(*pair) == (four,)
        hubspot.purge_limits(*pair, [TypeInput(category=HUBSPOT, type_id=4)])
        assert portal.limits() == []
        assert hubspot.list_all_limits() == ()

    def test_update_creates_a_limit_and_purge_of_none_is_no_error(self, hubspot: HubSpot, portal: Portal) -> None:
        """Both calls may be sent twice."""
        five = LimitInput(category=HUBSPOT, type_id=4, max_to_object_ids=5)
        for _ in range(2):
            hubspot.update_limits("contacts", "deals", [five])
            assert portal.limit(HUBSPOT, 4) == 5
        for _ in range(2):
            hubspot.purge_limits("contacts", "deals", [TypeInput(category=HUBSPOT, type_id=4)])
            assert portal.limits() == []

    def test_account_says_which_portal(self, hubspot: HubSpot) -> None:
        """Number, type and time zone of the token's portal."""
        assert hubspot.account() == Account(portal_id=1001, account_type="STANDARD", time_zone="Europe/Berlin")

    def test_schema_gives_internal_names(self, hubspot: HubSpot, portal: Portal) -> None:
        """The only read that tells the name of a label, for both of its ids."""
        hubspot.create_label("contacts", "companies", name="m_e", label="Manager", inverse_label="Employee")
        label = portal.label("m_e")
        named = {(d.id, d.name, d.from_object_type_id, d.to_object_type_id) for d in hubspot.definitions("contacts")}
        assert (str(label.type_id), "m_e", "0-1", "0-2") in named
        assert (str(label.inverse_type_id), "m_e", "0-2", "0-1") in named

    def test_standard_objects_go_by_their_id_and_custom_ones_as_written(
        self, hubspot: HubSpot, emulator: Emulator, portal: Portal
    ) -> None:
        """An id always works; the portable name of a custom object stays what it is."""
        portal.add_custom_object("pet")
        hubspot.list_labels("contacts", "p_pet")
        assert emulator.journal[-1].path.endswith("/0-1/p_pet/labels")


class TestOrder:
    """The order of an answer is never relied upon."""

    def test_answers_are_the_same_set_whatever_their_order(self) -> None:
        """Lists come shuffled; as sets they do not differ between seeds."""
        seen, orders = set(), set()
        for seed in range(6):
            emulator = Emulator(seed=seed)
            emulator.add_portal(token="pat-eu1-sentinel-token", portal_id=1001)
            hubspot = client(emulator.transport())
            made = hubspot.create_label("contacts", "contacts", name="m_e", label="Manager", inverse_label="Employee")
            listed = hubspot.list_labels("contacts", "contacts")
            seen.add((frozenset(made), frozenset(listed)))
            orders.add((made, listed))
        assert len(seen) == 1
        assert len(orders) > 1, "the emulator did not shuffle: this proves nothing"


class TestBatches:
    """Batches are cut into pieces, and their answers are searched for errors."""

    def test_large_batches_are_cut(self, emulator: Emulator, portal: Portal) -> None:
        """No call holds more than `BATCH_SIZE` inputs, and none is lost."""
        types = [TypeInput(category=HUBSPOT, type_id=4)] * (2 * BATCH_SIZE + 1)
        client(emulator.transport()).purge_limits("contacts", "deals", types)
        assert [len(r.body["inputs"]) for r in emulator.journal] == [BATCH_SIZE, BATCH_SIZE, 1]

    def test_nothing_to_do_sends_nothing(self, emulator: Emulator, portal: Portal) -> None:
        """An empty batch is no request."""
        client(emulator.transport()).update_limits("contacts", "deals", [])
        assert len(emulator.journal) == 0

    @pytest.mark.parametrize("status", [200, 201, 207])
    @pytest.mark.parametrize("call", ["create_limits", "update_limits", "purge_limits"])
    def test_a_failed_batch_is_an_error_under_any_2xx(self, status: int, call: str) -> None:
        """HubSpot's words, category and context come through; nothing was applied."""
        with pytest.raises(errors.Refused) as raised:
            CALLS[call](client(answering(status, FAILED)))
        assert "0-5 is not a valid association type between CONTACT and DEAL" in str(raised.value)
        assert raised.value.category == "VALIDATION_ERROR"
        assert raised.value.sub_category == "crm.associations.INVALID_ASSOCIATION_TYPE"
        assert raised.value.context["type"] == ("0-5",)
        assert not raised.value.maybe_applied

    def test_the_captured_good_body_is_no_error(self) -> None:
        """What HubSpot answers to a create and to an update that worked."""
        CALLS["create_limits"](client(answering(201, GOOD)))
        CALLS["update_limits"](client(answering(200, GOOD)))

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"numErrors": 1}, "it counts an error"),
            ({"errors": [{}]}, "it has an error that says nothing"),
            ({"errors": [{"message": 7, "context": []}]}, "it has an error of other types"),
            ({"status": "PENDING"}, "it is not done"),
            ({"status": "CANCELED"}, "it was not done"),
            ({"status": ""}, "it does not say that it is done"),
            ({"results": []}, "it does not say that the limit was set"),
            ({"results": [{"category": USER, "typeId": 341, "userEnforcedMaxToObjectIds": 5}]}, "another type was set"),
            ({"results": [{"category": HUBSPOT, "typeId": 341, "userEnforcedMaxToObjectIds": 6}]}, "to another number"),
            (
                {"results": [{"category": HUBSPOT, "typeId": 341, "userEnforcedMaxToObjectIds": n} for n in (5, 6)]},
                "to two",
            ),
        ],
    )
    @pytest.mark.parametrize("call", ["create_limits", "update_limits"])
    def test_a_2xx_that_does_not_say_it_was_done_is_an_error(
        self, changed: dict[str, Any], why: str, call: str
    ) -> None:
        """Success is what the body says, not what the status says; it may have been applied all the same."""
        with pytest.raises(errors.HubSpotError) as raised:
            CALLS[call](client(answering(200, GOOD | changed)))
        assert raised.value.maybe_applied, why

    def test_after_a_first_piece_was_set_a_failure_may_be_half_done(self) -> None:
        """A failed second piece says so, although nothing of it was applied."""
        hubspot = client(answering(207, FAILED))
        types = [TypeInput(category=HUBSPOT, type_id=5)]
        with pytest.raises(errors.Refused) as raised:
            hubspot.purge_limits("contacts", "deals", types)
        assert not raised.value.maybe_applied
        emulator = Emulator(seed=1)
        emulator.add_portal(token="pat-eu1-sentinel-token", portal_id=1)
        good = [TypeInput(category=HUBSPOT, type_id=4)] * BATCH_SIZE
        with pytest.raises(errors.Refused) as raised:
            client(emulator.transport()).purge_limits("contacts", "deals", good + types)
        assert raised.value.maybe_applied


class TestAnswersThatAreNone:
    """A 2xx that is not what HubSpot documents is an error: nothing is concluded from it."""

    @pytest.mark.parametrize("name", BODIES)
    @pytest.mark.parametrize("call", sorted(READS | {"create_label", "create_limits", "update_limits"}))
    def test_a_body_that_should_be_there_and_is_not(self, name: str, call: str) -> None:
        """Reads and calls with an answer raise `UnexpectedAnswer`; for a write it says that it may have been done."""
        with pytest.raises(errors.HubSpotError) as raised:
            CALLS[call](client(answering(200, BODIES[name])))
        assert raised.value.maybe_applied == (call in WRITES)

    @pytest.mark.parametrize("name", [n for n in BODIES if n != "nothing"])
    @pytest.mark.parametrize("call", ["update_label", "delete_label", "purge_limits"])
    def test_a_body_where_none_is_documented(self, name: str, call: str) -> None:
        """Calls that answer nothing do not take a page of somebody else's for a yes."""
        with pytest.raises(errors.HubSpotError) as raised:
            CALLS[call](client(answering(200, BODIES[name])))
        assert raised.value.maybe_applied

    @pytest.mark.parametrize("status", [202, 203, 205, 206, 208, 226])
    @pytest.mark.parametrize("call", CALLS)
    def test_a_2xx_that_hubspot_does_not_use(self, status: int, call: str) -> None:
        """ "Accepted", "partial content" and the like are no yes."""
        with pytest.raises(errors.UnexpectedAnswer, match=f"HubSpot answered {status}"):
            CALLS[call](client(answering(status, {"results": []})))

    def test_purge_may_answer_nothing_or_a_batch(self) -> None:
        """Descriptions differ: 204 without a body, or 200 with a finished batch."""
        for status, body in ((204, b""), (200, b""), (200, {"status": "COMPLETE", "results": []})):
            CALLS["purge_limits"](client(answering(status, body)))

    @pytest.mark.parametrize(
        ("items", "why"),
        [
            ([("USER_DEFINED", 1, "A"), ("USER_DEFINED", 1, "B")], "one type with two texts"),
            ([("HUBSPOT_DEFINED", 279, None), ("HUBSPOT_DEFINED", 279, "A")], "one type with a text and without"),
            ([("USER_DEFINED", 0, "A")], "an id below 1"),
            ([("USER_DEFINED", -5, "A")], "a negative id"),
            ([("USER_DEFINED", 2**31, "A")], "an id beyond 32 bits"),
            ([("USER_DEFINED", True, "A")], "a boolean"),
            ([("USER_DEFINED", 1.0, "A")], "a float"),
            ([("USER_DEFINED", "1", "A")], "a text"),
            ([("", 1, "A")], "no category"),
            ([("USER_DEFINED", 1, "A" * 10_001)], "a text longer than any page can show"),
            ([("USER_DEFINED", 1, 5)], "a text that is a number"),
        ],
    )
    def test_a_label_list_that_cannot_be_true(self, items: list[tuple[Any, ...]], why: str) -> None:
        """One wrong item spoils the list: what else in it is wrong nobody knows."""
        results = [{"category": c, "typeId": i, "label": t} for c, i, t in items]
        with pytest.raises(errors.UnexpectedAnswer):
            CALLS["list_labels"](client(answering(200, {"results": results})))

    def test_the_same_item_twice_says_nothing_wrong(self) -> None:
        """An exact repetition is one type."""
        item = {"category": USER, "typeId": 1, "label": "A"}
        listed = CALLS["list_labels"](client(answering(200, {"results": [item, item]})))
        assert keys(listed) == {(USER, 1, "A")}

    @pytest.mark.parametrize("category", [*facts.CATEGORIES, "SOMETHING_NEW"])
    def test_a_category_nobody_knows_is_read_and_kept_apart(self, category: str) -> None:
        """`WORK` is documented and refused by HubSpot's own client; a new one must not stop everything."""
        item = {"category": category, "typeId": 1, "label": "A"}
        assert keys(CALLS["list_labels"](client(answering(200, {"results": [item]})))) == {(category, 1, "A")}

    @pytest.mark.parametrize("maximum", [-1, 1.5, "5", True, 2**31])
    def test_a_limit_that_cannot_be_one(self, maximum: object) -> None:
        """A number, null and nothing at all are limits; else it is no list."""
        item = {"category": USER, "typeId": 1, "userEnforcedMaxToObjectIds": maximum}
        with pytest.raises(errors.UnexpectedAnswer):
            CALLS["list_all_limits"](client(answering(200, {"results": [item]})))

    def test_a_limit_listed_twice_with_two_numbers(self) -> None:
        """The list contradicts itself."""
        items = [{"category": USER, "typeId": 1, "userEnforcedMaxToObjectIds": n} for n in (1, 2)]
        with pytest.raises(errors.UnexpectedAnswer, match="twice"):
            CALLS["list_all_limits"](client(answering(200, {"results": items})))

    def test_number_null_and_nothing_are_limits(self) -> None:
        """All three were seen on real portals."""
        items = [
            {"category": USER, "typeId": 1, "userEnforcedMaxToObjectIds": 5},
            {"category": USER, "typeId": 2, "userEnforcedMaxToObjectIds": None},
            {"category": USER, "typeId": 3},
        ]
        listed = CALLS["list_all_limits"](client(answering(200, {"results": items})))
        assert [i.user_enforced_max_to_object_ids for i in listed] == [5, None, None]

    @pytest.mark.parametrize("call", ["list_labels", "list_limits", "list_all_limits", "create_label"])
    @pytest.mark.parametrize(
        "more",
        [{"paging": {"next": {"after": "2"}}}, {"errors": [{"message": "x"}]}, {"numErrors": 1}, {"status": "error"}],
    )
    def test_a_list_that_is_not_all_of_it(self, call: str, more: dict[str, Any]) -> None:
        """Pages that follow, or errors beside the results: what is missing in it is not gone."""
        with pytest.raises(errors.UnexpectedAnswer):
            CALLS[call](client(answering(200, {"results": [], **more})))

    def test_an_empty_paging_object_is_no_further_page(self) -> None:
        """Samples show one on answers that have no pages."""
        assert CALLS["list_all_limits"](client(answering(200, {"results": [], "paging": {}}))) == ()

    def test_a_schema_without_associations_is_no_schema(self) -> None:
        """Its associations are required: an empty object must not say that no name exists."""
        with pytest.raises(errors.UnexpectedAnswer, match="associations"):
            CALLS["schema"](client(answering(200, {})))
        assert CALLS["schema"](client(answering(200, {"associations": [{"id": "1"}]}))) == (Definition(id="1"),)

    @pytest.mark.parametrize("portal_id", ["1001", 0, -1, 1001.0, None, True])
    def test_an_account_without_a_number_is_no_account(self, portal_id: object) -> None:
        """Which portal it is must be certain."""
        with pytest.raises(errors.UnexpectedAnswer, match="portalId"):
            CALLS["account"](client(answering(200, {"portalId": portal_id})))

    def test_an_answer_that_is_too_long_is_cut_off(self) -> None:
        """Reading stops after eight million bytes."""
        with pytest.raises(errors.UnexpectedAnswer, match="longer than"):
            CALLS["list_labels"](client(answering(200, b" " * (9 * 1024 * 1024))))

    def test_an_answer_that_is_too_deep_is_refused(self) -> None:
        """A million brackets do not reach Python's stack."""
        deep = b'{"results":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
        with pytest.raises(errors.UnexpectedAnswer):
            CALLS["list_labels"](client(answering(200, deep)))
        with pytest.raises(errors.Refused):
            CALLS["list_labels"](client(answering(400, deep)))


class TestPaths:
    """What stands in a path is an object type and nothing else."""

    @pytest.mark.parametrize("text", ["..", ".", "", "a/b", "a?b", "a#b", "a b", "a\n", "%2e%2e", "é", "a" * 300])
    def test_what_is_no_object_type_is_refused_before_anything_is_sent(self, text: str, emulator: Emulator) -> None:
        """Ids come from people and from states."""
        hubspot = client(emulator.transport())
        for call in (hubspot.list_labels, hubspot.list_limits):
            for pair in ((text, "contacts"), ("contacts", text)):
                with pytest.raises(errors.HubAssocError, match="is no object type"):
                    call(*pair)
        with pytest.raises(errors.HubAssocError, match="is no object type"):
            hubspot.definitions(text)
        assert len(emulator.journal) == 0
