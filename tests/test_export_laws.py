"""Laws of export and import, for any portal: there and back again, nothing is left to do, and nothing is lost."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.estate.document import Document
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.estate.import_file import import_file
from pulumi_hubassoc.estate.naming import program_names, schema_names
from pulumi_hubassoc.estate.program import program
from pulumi_hubassoc.estate.reading import read_portal
from pulumi_hubassoc.estate.schema_file import for_schema, schema_file
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Connection, Token
from pulumi_hubassoc.hubspot.portal_view import PortalView
from pulumi_hubassoc.hubspot.waiting import Patience
from pulumi_hubassoc.resources.schema import AssociationSchema
from pulumi_hubassoc.testing.in_process import new_provider_process
from pulumi_hubassoc.testing.portal import EmulatedPortal
from pulumi_hubassoc.testing.stack import StackFactory, StackUnderTest
from tests.portals import HARD_TEXTS

pytestmark = pytest.mark.timeout(280)
ENDS = ["contacts", "companies", "deals", "p_pet", "p_vet_visit"]
OWN_LIMITS = [("contacts", "companies", 279), ("companies", "contacts", 280), ("companies", "companies", 13)]
PLAIN_LIMITS = [("contacts", "p_pet"), ("p_pet", "contacts"), ("p_pet", "p_vet_visit"), ("p_pet", "p_pet")]
CHEAP = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
DEAR = settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))

texts = st.sampled_from([*HARD_TEXTS, "Owner", "owner", "Owner!"]) | st.text(min_size=1, max_size=8).map(str.strip)
ends = st.sampled_from(ENDS)
names = st.none() | st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)
maxima = st.integers(1, 10_000)


@dataclass(frozen=True)
class Made:
    """A portal to be: labels with the limits of their two directions, limits of HubSpot's own types, settings.

    `plain` are limits of the unlabeled types of custom objects, for the pairs that have a label to be managed.
    """

    labels: list[tuple[str, str, str, str | None, str | None, int | None, int | None, str]]
    own_limits: dict[tuple[str, str, int], int]
    plain: dict[tuple[str, str], int]
    one_id: bool

    def put_into(self, portal: Portal) -> None:
        """Make them all; what HubSpot refuses is not there then."""
        prepare(portal, one_id=self.one_id)
        for (a, b, type_id), most in self.own_limits.items():
            portal.drift.set_limit(a, b, type_id, most, "HUBSPOT_DEFINED")
        for a, b, text, inverse, name, most, back, category in self.labels:
            try:
                label = portal.drift.create_label(a, b, text, inverse, name=name, category=category)
            except Refusal:
                continue
            for start, end, type_id, limit in ((a, b, label.type_id, most), (b, a, label.inverse_type_id, back)):
                with contextlib.suppress(Refusal):
                    if limit is not None:
                        portal.drift.set_limit(start, end, type_id, limit, category)
        for (a, b), most in self.plain.items():
            if any(x.category == "USER_DEFINED" for x in portal.labels(a, b)):
                unlabeled = next(x.type_id for x in portal.types(a, b) if x.label is None)
                with contextlib.suppress(Refusal):
                    portal.drift.set_limit(a, b, unlabeled, most)


portals = st.builds(
    Made,
    st.lists(
        st.tuples(
            *(ends, ends, texts, st.none() | texts, names, st.none() | maxima, st.none() | maxima),
            st.sampled_from(["USER_DEFINED"] * 5 + ["INTEGRATOR_DEFINED"]),
        ),
        max_size=9,
    ),
    st.dictionaries(st.sampled_from(OWN_LIMITS), maxima),
    st.dictionaries(st.sampled_from(PLAIN_LIMITS), st.integers(5000, 10_000)),
    st.booleans(),
)


def prepare(portal: Portal, *, one_id: bool) -> None:
    """An empty portal with the custom objects of all."""
    portal.reset()
    portal.configure(same_object_single_ids=1 if one_id else 2)
    for name in ("pet", "vet_visit"):
        portal.drift.create_custom_object(name)


def document_of(portal: EmulatedPortal) -> Document:
    """What a portal has."""
    connection = Connection(Token(portal.token))
    return read_portal(PortalView(HubSpot(connection, transport=portal.emulator.transport(), patience=Patience(0.0))))


def without_ids(document: Document) -> list[str]:
    """A document apart from ids, to be compared."""
    found: list[Any] = [replace(x, type_id=None, inverse_type_id=None) for x in document.labels]
    for x in document.limits:
        label = replace(x.label, type_id=None, inverse_type_id=None) if x.label else None
        found.append(replace(x, label=label, type_id=x.type_id if x.category == "HUBSPOT_DEFINED" else None))
    return sorted(map(repr, found))


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[EmulatedPortal, EmulatedPortal]]:
    """Two portals of one HubSpot."""
    emulator = Emulator()
    first = EmulatedPortal.added_to(emulator, portal_id=1001)
    yield first, first.add_portal(2002)
    emulator.stop()


Form = Callable[[Document, Path], tuple[Callable[[], Any], Document, dict[str, Any]]]


def as_program(document: Document, _folder: Path) -> tuple[Callable[[], Any], Document, dict[str, Any]]:
    """As a function that runs the source, what is in it, and the import file."""
    names_ = program_names(document)
    code = compile(program(document, names_), "exported", "exec")
    return lambda: exec(code, {}), document, import_file(document, names_)


def as_schema(document: Document, folder: Path) -> tuple[Callable[[], Any], Document, dict[str, Any]]:
    """As a schema file."""
    document, file = for_schema(document), folder / "crm.yaml"
    file.write_text(schema_file(document), encoding="utf-8")
    return lambda: AssociationSchema("crm", file=file), document, import_file(document, schema_names(document, "crm"))


NUMBERS = itertools.count()


def stack_of(portal: EmulatedPortal, function: Callable[[], Any]) -> StackUnderTest:
    """A new stack of a program."""
    return StackFactory(portal, "in-process")(function, name=f"stack{next(NUMBERS)}")


@pytest.mark.parametrize("form", [as_program, as_schema])
@DEAR
@given(portals)
def test_export_import_preview_is_empty(two: tuple[EmulatedPortal, EmulatedPortal], form: Form, made: Made) -> None:
    """Any portal → export → import → preview: nothing to do; and a refresh finds nothing else."""
    portal = two[0]
    made.put_into(portal.portal)
    with tempfile.TemporaryDirectory() as folder:
        function, _, file = form(document_of(portal), Path(folder))
        stack = stack_of(portal, function)
        with new_provider_process(portal.emulator):
            assert stack.stack.import_resources(json.loads(json.dumps(file)), protect=False).ok
        assert stack.preview().changed == {}
        assert stack.up().changed == {}
        assert stack.refresh().changed == {}


@pytest.mark.parametrize("form", [as_program, as_schema])
@DEAR
@given(portals)
def test_export_up_export_is_the_same(two: tuple[EmulatedPortal, EmulatedPortal], form: Form, made: Made) -> None:
    """Export → up on an empty portal → export gives the same document, apart from ids and what is left out."""
    source, target = two
    made.put_into(source.portal)
    prepare(target.portal, one_id=made.one_id)
    with tempfile.TemporaryDirectory() as folder:
        function, document, _ = form(document_of(source), Path(folder))
        stack_of(target, function).up()
        assert without_ids(document_of(target)) == without_ids(document)


@CHEAP
@given(portals)
def test_schema_file_reads_back(two: tuple[EmulatedPortal, EmulatedPortal], made: Made) -> None:
    """Whatever the texts are, the schema file has no fault and the same texts."""
    made.put_into(two[0].portal)
    document = for_schema(document_of(two[0]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "crm.yaml"
        file.write_text(schema_file(document), encoding="utf-8")
        found = [label.texts for pair in read(file).pairs for label in pair.labels.values()]
    assert sorted(found) == sorted((x.label, x.inverse_label) for x in document.labels)


@CHEAP
@given(portals)
def test_names_are_unique(two: tuple[EmulatedPortal, EmulatedPortal], made: Made) -> None:
    """Each resource has a name of its own, whatever the texts are, and the program is Python."""
    made.put_into(two[0].portal)
    document = document_of(two[0])
    named = program_names(document)
    assert len(set(named.labels.values())) == len(document.labels)
    compile(program(document, named), "exported", "exec")
