"""Answers that cannot be trusted: whatever HubSpot, or somebody in its place, says, no traceback, no harm, never "gone".

These are those that somebody thought of; `test_spoiled_answers` has thousands made by a seeded generator. Each is given
to one operation while a provider creates, reads, updates or deletes a label and a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_hubassoc.emulator import Fault
from tests.hostile_scene import Scene
from tests.workbench import LABEL


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One scene for all answers that are thought of: each puts the portal back."""
    return Scene.build(0)


def fault(operation: str, items: list[tuple[Any, ...]] | None = None, **more: Any) -> Fault:
    """An operation that answers with a list of types, well-formed and yet not to be believed."""
    results = [{"category": c, "typeId": i, "label": t} for c, i, t in items or []]
    return Fault("answer", operation, count=None, body={"results": results, **more})


HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
UNLABELED, PRIMARY, FOREIGN = (HUBSPOT, 279, None), (HUBSPOT, 1, "Primary"), (HUBSPOT, 341, None)
DOUBTFUL: dict[str, Callable[[int, str], list[tuple[Any, ...]]]] = {
    "an empty list, which a standard pair never has": lambda _i, _t: [],
    "a list without the unlabeled type": lambda _i, _t: [PRIMARY],
    "the list of another pair": lambda _i, _t: [FOREIGN, (HUBSPOT, 5, "Primary")],
    "the label under a category nobody knows": lambda i, t: [UNLABELED, PRIMARY, ("SOMETHING_NEW", i, t)],
    "the label under WORK": lambda i, t: [UNLABELED, PRIMARY, ("WORK", i, t)],
    "the label under INTEGRATOR_DEFINED": lambda i, t: [UNLABELED, PRIMARY, ("INTEGRATOR_DEFINED", i, t)],
    "the label under a category in small letters": lambda i, t: [UNLABELED, PRIMARY, ("user_defined", i, t)],
    "the label without a text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, None)],
    "the label with an empty text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, "")],
    "the label with a blank text": lambda i, _t: [UNLABELED, PRIMARY, (USER, i, "   ")],
}
"""Lists from which nobody may conclude that a label is gone, or renamed, by its type id and text."""


class TestDoubtfulLists:
    """Well-formed lists that are not plausible: refused, and what is in the state stays there."""

    @pytest.mark.parametrize("why", list(DOUBTFUL))
    @pytest.mark.parametrize("method", ["read", "delete"])
    def test_a_label_is_not_gone(self, scene: Scene, why: str, method: str) -> None:
        """Neither does a read let go of it, nor does a delete take it for done."""
        type_id = int(scene.bench.state["single"].id.split("/")[2])
        lie = fault("list_labels", DOUBTFUL[why](type_id, LABEL["label"]))
        outcome, error = scene.play(f"{method} single", lie)
        assert outcome == "refused" or method == "delete", error

    @pytest.mark.parametrize("skip", range(4))
    def test_a_label_that_one_list_has_and_another_not_is_not_gone(self, scene: Scene, skip: int) -> None:
        """Whichever of the two directions lacks it once, and however good that list looks."""
        good = [UNLABELED, PRIMARY, (HUBSPOT, 280, None), (HUBSPOT, 2, "Primary")]
        lie = Fault("answer", "list_labels", skip=skip, body=fault("", good).body)
        outcome, result = scene.play("read single", lie)
        assert outcome == "refused" or result.id == scene.bench.state["single"].id

    def test_a_label_of_a_custom_object_is_not_gone_while_its_schema_has_it(self, scene: Scene) -> None:
        """Such a pair may truly have an empty list; the definitions are the second witness."""
        for items in ([], [("WORK", 77, "x")], [(HUBSPOT, 279, None)]):
            for method in ("read", "delete"):
                outcome, error = scene.play(f"{method} pet", fault("list_labels", items))
                assert outcome == "refused", error

    @pytest.mark.parametrize("others", [[], [(HUBSPOT, 4, None)], [("WORK", 342, None)]])
    def test_a_limit_is_not_gone_while_the_list_of_its_pair_has_it(
        self, scene: Scene, others: list[tuple[Any, ...]]
    ) -> None:
        """A list of all limits that lacks one is not enough: it may be truly empty, or not all of it."""
        outcome, result = scene.play("read limit", fault("list_all_limits", others))
        assert outcome == "refused" or result.id == scene.bench.state["limit"].id

    def test_true_lists_are_believed(self, scene: Scene) -> None:
        """The rules above do not stop what is true: what is gone in the portal is gone."""
        portal = scene.emulator.portal(1001)
        state = portal.state
        for old in scene.bench.state.values():
            process = scene.bench.process()
            process.providers[old.kind].delete(old.id, old.outputs)
        for old in scene.bench.state.values():
            assert scene.bench.process().providers[old.kind].read(old.id, old.outputs).id == ""
        portal.load(state)
