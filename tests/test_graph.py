"""Pictures: what is on them, that nothing lies over anything else, and `hubassoc graph`."""

from __future__ import annotations

import itertools
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.estate.drawing import svg_file
from pulumi_hubassoc.estate.layout import Box, Layout, layout, numbers_of
from pulumi_hubassoc.estate.picture import Number, Picture, picture
from pulumi_hubassoc.hubspot import facts
from tests.conftest import TOKEN
from tests.drawn import HOSTILE, OBJECTS, TEXTS, hostile, large

RUNNER = CliRunner()
SVG = "{http://www.w3.org/2000/svg}"
BILLING = Label("contacts", "companies", "Billing", "Billing", "billing", 1, 2)
PEER = Label("contacts", "contacts", "Boss", "Report", "boss", 3, 4)


def limit(label: Label, most: int, *, inverse: bool = False) -> Limit:
    """A limit of a label."""
    direction, type_id = (
        (label.direction, label.type_id) if not inverse else (label.direction[::-1], label.inverse_type_id)
    )
    return Limit(*direction, facts.USER_DEFINED, type_id, most, label, inverse)


OBJECT_LIMIT = Limit("companies", "contacts", facts.HUBSPOT_DEFINED, 280, 250)
PORTAL = Document(
    "portal 1",
    (BILLING, PEER),
    (limit(BILLING, 5), limit(BILLING, 1, inverse=True), limit(PEER, 9), OBJECT_LIMIT),
    (),
    1,
)

# ------------------------------------------------------------------------------------------------------ what it shows


def test_a_card_has_labels_then_other_types_with_their_limits() -> None:
    """A card for each pair, in HubSpot's order; both directions of a type on one line."""
    peers, pair = picture(PORTAL).cards
    assert (peers.pair, pair.pair) == (("contacts", "contacts"), ("contacts", "companies"))
    assert [(x.text, x.is_label, x.max, x.inverse_max) for x in pair.lines] == [
        ("Billing", True, Number(5), Number(1)),
        ("unlabeled", False, None, Number(250)),
    ]
    assert pair.object_limits == (None, Number(250))
    assert peers.lines[0].text == "Boss / Report"


def test_without_a_stack_everything_counts_as_managed() -> None:
    """Nothing is grey."""
    assert "unmanaged" not in svg_file(picture(PORTAL)).partition("</style>")[2]


def test_what_no_stack_has_is_not_managed() -> None:
    """Labels, and each limit by itself; a stack that limits somebody else's label manages the limit alone."""
    stack = Document("stack:dev", (PEER,), (replace(limit(BILLING, 1, inverse=True), label=None),), (), 1)
    peers, pair = picture(PORTAL, [stack]).cards
    assert [(x.managed, x.max) for x in peers.lines] == [(True, Number(9, managed=False))]
    billing, unlabeled = pair.lines
    assert (billing.managed, billing.max, billing.inverse_max) == (False, Number(5, managed=False), Number(1))
    assert (unlabeled.managed, pair.managed) == (False, False)


@pytest.mark.parametrize("turned", [False, True])
def test_managed_is_told_whichever_side_a_label_was_declared_from(*, turned: bool) -> None:
    """Limits are those of the right direction."""
    ids = (PEER.inverse_type_id, PEER.type_id)
    label = Label(*PEER.direction, PEER.inverse_label, PEER.label, PEER.name, *ids) if turned else PEER
    stack = Document("stack:dev", (label,), (limit(label, 9, inverse=turned),), (), 1)
    (line,) = picture(PORTAL, [stack]).cards[0].lines
    assert (line.managed, line.max) == (True, Number(9))


# ------------------------------------------------------------------------------------------------------- where it is


def boxes(found: Layout) -> Iterator[Box]:
    """Everything that has a place."""
    yield from found.nodes.values()
    for placed in found.cards:
        yield placed.box
        yield from (badge.box for badge in placed.badges)


def assert_apart(shown: Picture) -> None:
    """Nothing lies over anything else, and all of it is in the frame."""
    found = layout(shown)
    everything = list(boxes(found))
    assert not [pair for pair in itertools.combinations(everything, 2) if pair[0].near(pair[1], 0)]
    assert len(found.cards) == len(shown.cards)
    for box in everything:
        assert found.frame.left <= box.left
        assert box.left + box.width <= found.frame.left + found.frame.width
        assert found.frame.top <= box.top
        assert box.top + box.height <= found.frame.top + found.frame.height


def test_twelve_objects_and_sixty_labels_have_room() -> None:
    """As many as one picture must take; the limits of the unlabeled type stand on their lines."""
    shown = picture(large())
    assert (len(shown.objects), shown.label_count) == (12, 60)
    assert_apart(shown)
    badges = [badge for placed in layout(shown).cards for badge in placed.badges]
    assert [badge.number.max for badge in badges] == [250] * 4


@pytest.mark.parametrize("most", [1, 10_000])
@pytest.mark.parametrize("labels", [0, 1, 12])
def test_object_limit_of_an_object_with_itself_stands_on_its_loop(labels: int, most: int) -> None:
    """Once, between the object and its card; the card has it as well."""
    peers = tuple(Label("contacts", "contacts", f"Boss {i}", f"Report {i}", f"boss_{i}") for i in range(labels))
    own = Limit("contacts", "contacts", facts.HUBSPOT_DEFINED, 449, most)
    shown = picture(Document("a", (*peers, BILLING), (own, OBJECT_LIMIT)))
    assert_apart(shown)
    loop, edge = layout(shown).cards
    assert [badge.number.max for placed in (loop, edge) for badge in placed.badges] == [most, 250]
    assert any(f"{most}" in text for text, _ in numbers_of(loop.card.lines[-1]))
    assert f">{most}</text></g>" in svg_file(shown)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Label,
            st.sampled_from(OBJECTS),
            st.sampled_from(OBJECTS),
            st.one_of(st.sampled_from(TEXTS), st.text(min_size=1, max_size=60)),
            st.text(min_size=1, max_size=60),
        ),
        max_size=40,
    )
)
def test_any_picture_has_room_and_is_xml(labels: list[Label]) -> None:
    """Whatever the labels say, and however many objects there are; the same document gives the same file."""
    document = Document("x", tuple(labels))
    assert_apart(picture(document))
    source = svg_file(picture(document))
    assert source == svg_file(picture(document))
    ET.fromstring(source)


def test_a_pair_with_fifty_labels_and_every_pair_of_twelve_objects_have_room() -> None:
    """The largest card that there can be, and the most cards."""
    many = [Label("contacts", "companies", f"Label number {i}", f"Inverse of {i}", f"n{i}") for i in range(50)]
    every = [Label(a, b, "Text", "Text") for a, b in itertools.combinations_with_replacement(OBJECTS, 2)]
    assert_apart(picture(Document("x", tuple(many))))
    assert_apart(picture(Document("x", tuple(every))))


def test_texts_are_texts() -> None:
    """No element and no attribute comes from a label; a long text is cut, and whole in its tip."""
    root = ET.fromstring(svg_file(picture(hostile())))
    assert {e.tag.removeprefix(SVG) for e in root.iter()} == {"svg", "style", "path", "g", "rect", "text", "title"}
    assert not [name for e in root.iter() for name in e.attrib if name.startswith("on") or "href" in name]
    assert HOSTILE in [e.text for e in root.iter(f"{SVG}title")]
    drawn = ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]
    assert "two lines and more" in drawn
    assert "\u2068مدير الحسابات\u2069" in drawn


# --------------------------------------------------------------------------------------------------------- the command


def graph(*arguments: str) -> tuple[int, str, str]:
    """Run it: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["graph", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a schema file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm.yaml").write_text(
        "pairs: [{from: contacts, to: companies, labels: {billing: {label: Billing, name: billing, max: 3}}}]"
    )
    return tmp_path


def test_graph_writes_a_page_and_a_picture(folder: Path) -> None:
    """Both at once, and says so; never over a file without --force."""
    code, out, _ = graph("crm.yaml", "--html", "crm.html", "--svg", "crm.svg")
    assert code == 0
    assert out.splitlines() == [f"{file}: crm.yaml, 2 objects, 1 labels" for file in ("crm.html", "crm.svg")]
    assert ET.fromstring((folder / "crm.svg").read_text()).tag == f"{SVG}svg"
    page = (folder / "crm.html").read_text()
    assert "default-src 'none'" in page
    code, _, err = graph("crm.yaml", "--html", "new.html", "--svg", "crm.svg")
    assert (code, "--force" in err, (folder / "new.html").exists()) == (1, True, False)
    assert graph("crm.yaml", "--html", "crm.html", "--force")[0] == 0
    assert (folder / "crm.html").read_text() == page
    assert graph("crm.yaml", "--html", "one", "--svg", "one")[0] == 2


def test_graph_wants_to_know_what_to_make(folder: Path) -> None:
    """A command line that is not understood ends with 2."""
    code, _, err = graph("crm.yaml")
    assert (code, "--html FILE" in err) == (2, True)


def test_graph_of_a_portal_tells_what_is_not_managed(
    folder: Path, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the other source has; as JSON for who draws it in another way."""
    monkeypatch.setenv("HUBASSOC_BASE_URL", emulator.start())
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    portal.drift.create_label("contacts", "companies", "Billing", name="billing")
    portal.drift.create_label("contacts", "deals", "By hand")
    code, out, _ = graph("portal", "--managed", "crm.yaml", "--svg", "x.svg", "--json")
    told = json.loads(out)
    assert (code, told["title"], told["objects"]) == (0, "portal 1001", ["contacts", "companies", "deals"])
    lines = [line for pair in told["pairs"] for line in pair["lines"]]
    assert [(x["text"], x["managed"], x["max"]) for x in lines] == [("Billing", True, None), ("By hand", False, None)]
    assert 'class="card c1 unmanaged"' in (folder / "x.svg").read_text()


def test_an_empty_source_is_drawn_too(folder: Path) -> None:
    """It says that there is nothing."""
    (folder / "empty.yaml").write_text("pairs: []")
    assert graph("empty.yaml", "--svg", "x.svg")[0] == 0
    assert "no labels, no limits" in (folder / "x.svg").read_text()
