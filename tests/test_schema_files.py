"""Schema files: what they mean, how overlays change them, and each fault told with its file, line and key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from pulumi_hubassoc.errors import SchemaError
from pulumi_hubassoc.estate.files import read
from pulumi_hubassoc.estate.spec import LabelSpec, PairSpec, SchemaSpec
from pulumi_hubassoc.hubspot.names import seeded_name

ROOT = Path(__file__).resolve().parent.parent
BASE = """\
pairs:
  - from: contacts
    to: companies
    labels:
      billing:
        label: Billing contact
        max: 5
      legal:
        label: Lawyer
        inverse_label: Client
    max:
      unlabeled: 100
"""
CONTACTS_COMPANIES = "pairs: [{from: contacts, to: companies, "
CONTACTS = "pairs: [{from: contacts, to: contacts, "
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files into the working directory; the first is answered."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> Path:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text, encoding="utf-8")
        return Path(f"{next(iter(files))}.yaml")

    return write


def faults(*files: Path | str) -> list[str]:
    """What is wrong with a file and its overlays."""
    with pytest.raises(SchemaError) as raised:
        read(files[0], files[1:])
    return list(raised.value.faults)


# ------------------------------------------------------------------------------------------------- what a file means


def test_a_file_is_a_schema(write: Write) -> None:
    """Every key of the format, object types by any name."""
    whole = """\
pairs:
  - from: 0-1
    to: Company
    labels:
      billing:
        label: Billing contact
        inverse_label: Pays through
        name: billing_contact
        adopt_existing: true
        formerly: [old, older]
        protect: true
        retain_on_delete: true
        max: 5
        inverse_max: 1
    max: {unlabeled: 100, primary: 1, 280: 3}
    inverse_max: {unlabeled: 250}
    authoritative: true
  - from: p_pet
    to: 2-123
"""
    billing = LabelSpec(
        label="Billing contact",
        inverse_label="Pays through",
        name="billing_contact",
        adopt_existing=True,
        formerly=("old", "older"),
        protect=True,
        retain_on_delete=True,
        max=5,
        inverse_max=1,
    )
    pair = PairSpec(
        from_object_type="contacts",
        to_object_type="companies",
        labels={"billing": billing},
        max={"unlabeled": 100, "primary": 1},
        inverse_max={"unlabeled": 250},
        authoritative=True,
    )
    pets = PairSpec(from_object_type="p_pet", to_object_type="2-123")
    assert faults(write(crm=whole)) == [
        (
            "crm.yaml:15: contacts/companies.max.280: HubSpot's type 280 is of companies → contacts, and this is the limit of "
            "contacts → companies"
        )
    ]
    assert read(write(crm=whole.replace(", 280: 3", ""))) == SchemaSpec(pairs=(pair, pets))


def test_internal_names_come_from_the_file_alone(write: Write) -> None:
    """From objects and key, and not from texts, limits or the order; or as written."""
    (pair,) = read(write(crm=BASE)).pairs
    (other,) = read(write(crm=BASE.replace("Billing contact", "Payer").replace("max: 5", "max: 6"))).pairs
    assert pair.internal_name("billing") == other.internal_name("billing") == "contacts_to_companies_billing_2dj3p5"
    assert pair.internal_name("billing") == seeded_name("contacts", "companies", "billing")
    (named,) = read(write(crm=BASE.replace("max: 5", "name: mine"))).pairs
    assert named.internal_name("billing") == "mine"


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_as_it_is_written(tmp_path: Path, indent: int | str | None) -> None:
    """Tabs, escapes and characters beyond 16 bits too; the lines of faults are right."""
    content = yaml.safe_load(BASE)
    content["pairs"][0]["labels"]["billing"]["label"] = "Zahlt / ü 😀"
    content["$schema"] = "schema.json"
    file = tmp_path / "crm.json"
    file.write_text(json.dumps(content, indent=indent).replace("/", "\\/"), encoding="utf-8")
    assert read(file).pairs[0].labels["billing"].label == "Zahlt / ü 😀"
    content["pairs"][0]["labels"]["billing"]["max"] = 0
    file.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if '"max": 0' in text)
    assert faults(file) == [
        f"{file}:{line}: contacts/companies.labels.billing.max: must be a whole number of at least 1, and is 0"
    ]


# ------------------------------------------------------------------------------------------------------- overlays


def test_an_overlay_is_the_difference(write: Write) -> None:
    """A text and a limit change, a label, a field and a limit go, a label and a pair are added; the rest stays."""
    over = """\
pairs:
  - from: contact
    to: companies
    labels:
      billing: {label: Payer, max: null}
      legal: null
      partner: {label: Partner}
    max: {unlabeled: null, primary: 1}
  - from: deals
    to: companies
    labels:
      buyer: {label: Buyer}
"""
    last = "pairs: [{from: contacts, to: companies, labels: {billing: {max: 7}}}]"
    schema = read(write(crm=BASE, prod=over, eu=last), ["prod.yaml", "eu.yaml"])
    assert schema == SchemaSpec(
        pairs=(
            PairSpec(
                from_object_type="contacts",
                to_object_type="companies",
                labels={"billing": LabelSpec(label="Payer", max=7), "partner": LabelSpec(label="Partner")},
                max={"primary": 1},
            ),
            PairSpec(from_object_type="deals", to_object_type="companies", labels={"buyer": LabelSpec(label="Buyer")}),
        )
    )


@pytest.mark.parametrize(
    ("over", "told"),
    [
        (
            "{labels: {biling: null}}",
            "prod.yaml:4: contacts/companies.labels.biling: is empty, which takes away, and no file before this one has it",
        ),
        ("{labels: {billing: {label: null}}}", "prod.yaml:4: contacts/companies.labels.billing.label: is missing"),
        ("{labels: {neu: {max: 3}}}", "prod.yaml:4: contacts/companies.labels.neu.label: is missing"),
        (
            "{labels: {neu: {label: Lawyer}}}",
            (
                "prod.yaml:4: contacts/companies.labels.neu.label: the text 'Lawyer' is another label's already, and HubSpot "
                "shows it once in each direction (see crm.yaml:9)"
            ),
        ),
        (
            "{max: {unlabeled: 4}}",
            (
                "crm.yaml:7: contacts/companies.labels.billing.max: 5 is above the object limit, unlabeled, which is 4, and "
                "HubSpot refuses that (see prod.yaml:4)"
            ),
        ),
        (
            "{labels: {billing: {mx: 3}}}",
            "prod.yaml:4: contacts/companies.labels.billing.mx: there is no such key: did you mean max?",
        ),
        ("{labels: 3}", "prod.yaml:4: contacts/companies.labels: must hold keys and their values, and is 3"),
    ],
)
def test_a_fault_of_an_overlay_names_the_overlay(write: Write, over: str, told: str) -> None:
    """Its file and line; the other file is named where both do not go together."""
    content = f"# production\n\npairs:\n  - {{from: contacts, to: companies, {over[1:]}\n"
    assert faults(write(crm=BASE, prod=content), "prod.yaml") == [told]


def test_an_overlay_has_the_pair_the_same_way_round(write: Write) -> None:
    """A pair is written in one direction in all files."""
    write(crm=BASE, prod="pairs:\n  - from: companies\n    to: contacts\n")
    (told,) = faults("crm.yaml", "prod.yaml")
    assert told.startswith(
        "prod.yaml:2: companies/contacts: the pair is in the schema already, from one side or the other"
    )
    assert told.endswith("inverse_label and inverse_max (see crm.yaml:2)")


# ---------------------------------------------------------------------------------------------------------- faults


FAULTS = {
    "empty": ("", "crm.yaml:1: pairs: is missing: the file is empty"),
    "no mapping": ("- a\n", "crm.yaml:1: pairs: is missing: a schema file begins with `pairs:`, and here is a list"),
    "no pairs": ("$schema: x\n", "crm.yaml:1: pairs: is missing"),
    "pairs no list": ("\npairs: {a: 1}\n", "crm.yaml:2: pairs: must be a list, and is keys with values"),
    "unknown key at the top": (
        "pairs: []\npears: []\n",
        "crm.yaml:2: pears: there is no such key: did you mean pairs?",
    ),
    "pair no mapping": (
        "pairs:\n  - contacts\n",
        "crm.yaml:2: pairs[0]: must be a pair with `from` and `to`, and is 'contacts'",
    ),
    "no end": ("pairs:\n  - from: contacts\n", "crm.yaml:2: pairs[0].to: is missing"),
    "no text for an end": (
        "pairs:\n  - from: contacts\n    to: 2\n",
        "crm.yaml:3: pairs[0].to: must be the name or id of an object type, and is 2",
    ),
    "no object type": (
        "pairs:\n  - from: contacts\n    to: compnies\n",
        (
            "crm.yaml:3: pairs[0].to: 'compnies' is no object type: use a standard object (contacts, companies, deals, tickets, …), "
            "or for a custom object its id (2-123456) or its name with the prefix (p_name, p42_name); nearest: companies"
        ),
    ),
    "pair twice": (
        "pairs:\n  - {from: contacts, to: deals}\n  - {from: 0-1, to: deal}\n",
        "crm.yaml:3: contacts/deals: the pair is in this file already: write it once (see crm.yaml:2)",
    ),
    "pair from the other side": (
        "pairs:\n  - {from: contacts, to: deals}\n  - {from: deals, to: contacts}\n",
        (
            "crm.yaml:3: deals/contacts: the pair is in the schema already, from one side or the other: write both directions as "
            "one, the other one with inverse_label and inverse_max (see crm.yaml:2)"
        ),
    ),
    "unknown key of a pair": (
        CONTACTS_COMPANIES + "foo: 1}]",
        "crm.yaml:1: contacts/companies.foo: there is no such key: there are from, to, labels, max, inverse_max, authoritative",
    ),
    "python's name of a key": (
        CONTACTS_COMPANIES + "from_object_type: contacts}]",
        (
            "crm.yaml:1: contacts/companies.from_object_type: there is no such key: there are from, to, labels, max, "
            "inverse_max, authoritative"
        ),
    ),
    "no text": (
        CONTACTS_COMPANIES + "labels: {a: {max: 1}}}]",
        "crm.yaml:1: contacts/companies.labels.a.label: is missing",
    ),
    "empty value": (
        CONTACTS_COMPANIES + "labels: {a: {label: A, inverse_label: }}}]",
        "crm.yaml:1: contacts/companies.labels.a.inverse_label: is empty: give it a value, or leave the key out",
    ),
    "blank text": (
        CONTACTS_COMPANIES + "labels: {a: {label: ' '}}}]",
        "crm.yaml:1: contacts/companies.labels.a.label: must not be blank, and is ' '",
    ),
    "text that YAML takes for something else": (
        CONTACTS_COMPANIES + "labels: {a: {label: No}}}]",
        "crm.yaml:1: contacts/companies.labels.a.label: must be a text, and is false: put it in quotes",
    ),
    "date for a text": (
        CONTACTS_COMPANIES + "labels: {a: {label: 2026-01-31}}}]",
        "crm.yaml:1: contacts/companies.labels.a.label: must be a text, and is 2026-01-31: put it in quotes",
    ),
    "impossible date": (
        CONTACTS_COMPANIES + "labels: {a: {label: 2026-13-31}}}]",
        "crm.yaml:1: pairs[0].labels.a.label: '2026-13-31' cannot be read as a timestamp: put it in quotes if it is a text",
    ),
    "label no mapping": (
        CONTACTS_COMPANIES + "labels: {a: Billing}}]",
        "crm.yaml:1: contacts/companies.labels.a: must hold keys and their values, and is 'Billing'",
    ),
    "key of a label": (
        CONTACTS_COMPANIES + "labels: {1st: {label: A}}}]",
        (
            "crm.yaml:1: contacts/companies.labels.1st: is no key here: a key is letters, digits, hyphens and underscores, and "
            "begins with a letter; the text goes under `label`"
        ),
    ),
    "internal name": (
        CONTACTS_COMPANIES + "labels: {a: {label: A, name: a-b}}}]",
        (
            "crm.yaml:1: contacts/companies.labels.a.name: holds a hyphen: 'a-b'; an internal name has neither hyphens nor "
            "white space and does not begin with a digit"
        ),
    ),
    "yes or no": (
        CONTACTS_COMPANIES + "authoritative: 1}]",
        "crm.yaml:1: contacts/companies.authoritative: must be true or false, and is 1",
    ),
    "one former name": (
        CONTACTS_COMPANIES + "labels: {a: {label: A, formerly: b}}}]",
        "crm.yaml:1: contacts/companies.labels.a.formerly: must be a list, and is 'b'",
    ),
    "number": (
        CONTACTS_COMPANIES + "labels: {a: {label: A, inverse_max: 2.5}}}]",
        "crm.yaml:1: contacts/companies.labels.a.inverse_max: must be a whole number of at least 1, and is 2.5",
    ),
    "what is limited": (
        CONTACTS_COMPANIES + "max: {billing: 2}}]",
        (
            "crm.yaml:1: contacts/companies.max.billing: is no key here: must be unlabeled, primary or the number of a type of "
            "HubSpot's; a label's limit goes under the label"
        ),
    ),
    "type limited twice": (
        CONTACTS_COMPANIES + "max: {unlabeled: 2, 279: 3}}]",
        "crm.yaml:1: contacts/companies.max.279: this is HubSpot's type 279, and its limit is written already (see crm.yaml:1)",
    ),
    "unlabeled type of a custom object": (
        "pairs: [{from: contacts, to: 2-123, max: {unlabeled: 3}}]",
        (
            "crm.yaml:1: contacts/2-123.max.unlabeled: HubSpot documents no unlabeled type for contacts → 2-123: write its type id "
            "instead, which is another one in every portal"
        ),
    ),
    "primary type that there is not": (
        "pairs: [{from: contacts, to: contacts, max: {primary: 3}}]",
        (
            "crm.yaml:1: contacts/contacts.max.primary: HubSpot documents no primary type for contacts → contacts: leave it out, "
            "or write a type id"
        ),
    ),
    "above the object limit": (
        CONTACTS_COMPANIES + "\nlabels: {a: {label: A, inverse_max: 9}},\ninverse_max: {unlabeled: 8}}]",
        (
            "crm.yaml:2: contacts/companies.labels.a.inverse_max: 9 is above the object limit, unlabeled, which is 8, and HubSpot "
            "refuses that (see crm.yaml:3)"
        ),
    ),
    "inverse side above the object limit of an object with itself": (
        CONTACTS + "\nlabels: {a: {label: A, inverse_label: B, inverse_max: 9}},\nmax: {unlabeled: 8}}]",
        (
            "crm.yaml:2: contacts/contacts.labels.a.inverse_max: 9 is above the object limit, unlabeled, which is 8, and HubSpot "
            "refuses that (see crm.yaml:3)"
        ),
    ),
    "object with itself": (
        CONTACTS + "inverse_max: {unlabeled: 8}}]",
        "crm.yaml:1: contacts/contacts.inverse_max: an object with itself has one direction: write it in max",
    ),
    "one text on one object": (
        CONTACTS + "labels: {a: {label: A, max: 1, inverse_max: 1}}}]",
        (
            "crm.yaml:1: contacts/contacts.labels.a.inverse_max: a label with one text on one object has one direction: write max "
            "alone (see crm.yaml:1)"
        ),
    ),
    "text twice": (
        CONTACTS_COMPANIES + "labels: {\na: {label: A},\nb: {label: A, inverse_label: B}}}]",
        (
            "crm.yaml:3: contacts/companies.labels.b.label: the text 'A' is another label's already, and HubSpot shows it once in "
            "each direction (see crm.yaml:2)"
        ),
    ),
    "text twice the other way round": (
        CONTACTS_COMPANIES + "labels: {\na: {label: A},\nb: {label: B, inverse_label: A}}}]",
        (
            "crm.yaml:3: contacts/companies.labels.b.inverse_label: the text 'A' is another label's already, and HubSpot shows it "
            "once in each direction (see crm.yaml:2)"
        ),
    ),
    "text on both sides of one object": (
        CONTACTS + "labels: {\na: {label: A, inverse_label: B},\nb: {label: B}}}]",
        (
            "crm.yaml:3: contacts/contacts.labels.b.label: the text 'B' is another label's already, and HubSpot shows it once in "
            "each direction (see crm.yaml:2)"
        ),
    ),
    "internal name twice": (
        CONTACTS_COMPANIES + "labels: {\na: {label: A, name: n},\nb: {label: B, name: n}}}]",
        "crm.yaml:3: contacts/companies.labels.b.name: n is the internal name of another label too (see crm.yaml:2)",
    ),
    "former name twice": (
        CONTACTS_COMPANIES + "labels: {\na: {label: A, formerly: [x]},\nb: {label: B, formerly: [x]}}}]",
        "crm.yaml:3: contacts/companies.labels.b.formerly: x is what another label says that it was before, too (see crm.yaml:2)",
    ),
    "renamed key without its name": (
        CONTACTS_COMPANIES + "labels: {payer: {label: A, formerly: [crm-contacts-companies-billing]}}}]",
        (
            "crm.yaml:1: contacts/companies.labels.payer.formerly: the key was 'billing', from which the internal name was derived: "
            "write it beside the new key, so that other portals get the same, as `name: contacts_to_companies_billing_2dj3p5` (or "
            "as you gave it then)"
        ),
    ),
    "key twice": (
        BASE + "    labels: {}\n",
        "crm.yaml:13: pairs[0].labels: is written twice (see crm.yaml:4)",
    ),
    "no YAML": ("pairs:\n - a\n  b: c\n", "crm.yaml:3: is not YAML: "),
    "two documents": (
        "pairs: []\n---\npairs: []\n",
        "crm.yaml:2: is not YAML: expected a single document in the stream, ",
    ),
    "an alias": (
        "pairs:\n  - &a {from: contacts, to: companies}\n  - *a\n",
        "crm.yaml:3: is not YAML: *a repeats what is written elsewhere, which this file cannot: write it out",
    ),
    "a tag": (
        CONTACTS_COMPANIES + "labels: {a: {label: !!python/name:os.system x}}}]",
        "crm.yaml:1: pairs[0].labels.a.label: 'x' cannot be read as a python/name:os.system: put it in quotes if it is a text",
    ),
    "a key that is no text": ("pairs: []\n? [a]\n: 1\n", "crm.yaml:2: the file: has a key that is no text"),
    "a control character": ("pairs: []\n# \x07\n", "crm.yaml:2: has a character that YAML does not allow: "),
    "too deep": ("pairs: " + "[" * 20_000, "crm.yaml:1: is nested too deeply to be read"),
}


@pytest.mark.parametrize(("text", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_file_line_and_key(write: Write, text: str, told: str) -> None:
    """One line, and no other."""
    (fault,) = faults(write(crm=text))
    assert fault == told or (told.endswith((": ", ", ")) and fault.startswith(told))


def test_all_faults_are_told_at_once(write: Write) -> None:
    """Of all files, of keys and of what is between keys, by file and line."""
    base = BASE.replace("max: 5", "max: 0").replace("label: Lawyer", "lable: Lawyer") + "  - from: x\n    to: deal\n"
    over = CONTACTS_COMPANIES + "\nlabels: {a: {label: Same},\nb: {label: Same}},\nmax: {unlabeled: 3, primry: 1}}]"
    told = [fault.split(": ")[:2] for fault in faults(write(crm=base, prod=over), "prod.yaml", "missing.yaml")]
    assert told == [
        ["missing.yaml", "cannot be read"],
        ["crm.yaml:7", "contacts/companies.labels.billing.max"],
        ["crm.yaml:8", "contacts/companies.labels.legal.label"],
        ["crm.yaml:9", "contacts/companies.labels.legal.lable"],
        ["crm.yaml:13", "pairs[1].from"],
        ["prod.yaml:3", "contacts/companies.labels.b.label"],
        ["prod.yaml:4", "contacts/companies.max.primry"],
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """None there, a folder, not UTF-8."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("pairs: []\n# über\n".encode("latin-1"))
    assert faults(tmp_path / "none.yaml") == [f"{tmp_path}/none.yaml: cannot be read: No such file or directory"]
    assert faults(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]
    assert faults(latin) == [f"{latin}:2: is not UTF-8, in which files are read: save it as UTF-8"]


def test_a_pair_has_50_labels(write: Write) -> None:
    """And no more."""
    labels = "\n".join(f"  l{n}: {{label: L{n}}}" for n in range(50))
    start = "pairs:\n- from: contacts\n  to: deals\n  labels:\n"
    assert len(read(write(crm=start + labels.replace("  l", "    l"))).pairs[0].labels) == 50
    more = labels.replace("  l", "    l") + "\n    more: {label: More}"
    assert faults(write(crm=start + more)) == [
        "crm.yaml:4: contacts/deals.labels: a pair has at most 50 labels in HubSpot, and here are 51"
    ]


def test_a_spec_has_the_same_rules() -> None:
    """Models made in Python are held to what files are held to."""
    labels = {"a": LabelSpec(label="A"), "b": LabelSpec(label="A", max=9)}
    with pytest.raises(ValidationError) as raised:
        SchemaSpec(
            pairs=(PairSpec(from_object_type="contact", to_object_type="deals", labels=labels, max={"unlabeled": 4}),)
        )
    told = str(raised.value)
    assert "contacts/deals.labels.b.label: the text 'A' is another label's already" in told
    assert "contacts/deals.labels.b.max: 9 is above the object limit" in told
