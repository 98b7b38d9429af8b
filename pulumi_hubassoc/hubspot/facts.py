"""What is known of HubSpot's associations: object types, HubSpot's own association types, and the rules.

Facts alone: client and emulator both stand on this module and share nothing else. Every fact says where it comes
from: ``[spec]`` HubSpot's OpenAPI descriptions, ``[docs]`` HubSpot's documentation, ``[observed]`` seen on a real
portal by someone, ``[assumed]`` nobody has shown it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from pulumi_hubassoc.hubspot.nearest import nearest

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
USER_DEFINED = "USER_DEFINED"
INTEGRATOR_DEFINED = "INTEGRATOR_DEFINED"
WORK = "WORK"
CATEGORIES = (HUBSPOT_DEFINED, USER_DEFINED, INTEGRATOR_DEFINED, WORK)
"""Categories of association types [spec]; a type id means something only together with its category [observed]."""

LABELS_PER_PAIR = 50
"""Labels that a pair of object types may have; a paired label counts once, both directions together [observed].
The developer guide still says 10 [docs]."""

MAX_LIMIT = 10_000
"""The greatest limit that HubSpot's settings page takes [docs]; whether the API refuses more is unknown."""

DEFAULT_BASE_URL = "https://api.hubapi.com"

API_PATHS = {
    "v4": "/crm/v4/associations",
    "crm-v4": "/crm/associations/v4",
    "2025-09": "/crm/associations/2025-09",
    "2026-03": "/crm/associations/2026-03",
    "2026-09": "/crm/associations/2026-09",
}
"""The path families that serve the nine operations, by API version. ``v4`` is the path of the guide and of HubSpot's
Python client, ``crm-v4`` the one of the current v4 description [docs] [spec] [observed]."""

API_SUPPORT_ENDS = {
    "v4": "2027-03-30",
    "crm-v4": "2027-03-30",
    "2025-09": "2027-03",
    "2026-03": "2027-09",
    "2026-09": "2028-03",
}
"""When HubSpot's support of an API version ends, as exactly as it is known: a day or a month. That of v4 was read in
HubSpot's documentation by others [observed]; a date version is supported for 18 months [observed likewise], from a day
of its month that is not known [assumed]. That a version answers no more afterwards nobody has said."""

OBJECT_SCOPES = {
    "contacts": ("crm.objects.contacts.read", "crm.objects.contacts.write"),
    "companies": ("crm.objects.companies.read", "crm.objects.companies.write"),
    "deals": ("crm.objects.deals.read", "crm.objects.deals.write"),
    "tickets": ("tickets", "tickets"),
    "custom objects": ("crm.objects.custom.read", "crm.objects.custom.write"),
}
"""The objects that are said to carry labels [docs], and the scopes that read and write them [spec]. The descriptions let
any one of them do for everything [spec]; that both sides of a label need theirs is [assumed] from refusals of other
calls [observed]. Limits Tracking needs one that begins with ``crm.objects.`` [observed]."""

ACCOUNT_TYPES = ("STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER")
"""What the account details call a portal [spec]."""


@dataclass(frozen=True)
class ObjectType:
    """A standard object: HubSpot's plural and singular names and its object type id."""

    name: str
    singular: str
    type_id: str


OBJECT_TYPES = tuple(
    ObjectType(*row.split())
    for row in """
    contacts contact 0-1
    companies company 0-2
    deals deal 0-3
    tickets ticket 0-5
    products product 0-7
    line_items line_item 0-8
    quotes quote 0-14
    communications communication 0-18
    feedback_submissions feedback_submission 0-19
    tasks task 0-27
    notes note 0-46
    meetings meeting 0-47
    calls call 0-48
    emails email 0-49
    invoices invoice 0-53
    marketing_events marketing_event 0-54
    subscriptions subscription 0-69
    goals goal 0-74
    discounts discount 0-84
    fees fee 0-85
    taxes tax 0-86
    payments payment 0-101
    users user 0-115
    postal_mail postal_mail 0-116
    orders order 0-123
    leads lead 0-136
    carts cart 0-142
    services service 0-162
    courses course 0-410
    listings listing 0-420
    appointments appointment 0-421
    projects project 0-970
    """.strip().splitlines()
)
"""The object types whose ids are documented [docs]."""

UNNUMBERED_OBJECT_TYPES = (
    *(
        "abandoned_cart",
        "campaign",
        "conversation",
        "conversation_session",
        "data_sync",
        "data_sync_state",
        "deal_split",
    ),
    *("discount_code", "engagement", "goal_target_group", "meeting_event", "payment_link"),
    *("payment_schedule_installment", "quote_template", "thread"),
)
"""Objects of HubSpot's table of association types that no document gives an id for, in the table's words [docs]. That
a path takes these is [assumed]."""

_BY_ANY_NAME = {key: o for o in OBJECT_TYPES for key in (o.name, o.singular, o.type_id)}
_BY_NAME = {o.name: o for o in OBJECT_TYPES}
_CUSTOM_OBJECT = re.compile(r"2-[1-9]\d*|p\d*_\w+", re.ASCII)
_NAME_FAULTS = (
    (re.compile(r"-"), "holds a hyphen"),
    (re.compile(r"^\d"), "begins with a digit"),
    (re.compile(r"\s"), "holds white space"),
    (re.compile(r"[\x00-\x1f\x7f]"), "holds a control character"),
)


def object_type(text: str) -> str:
    """The canonical name of an object type: ``0-1``, ``contact`` and ``Contacts`` are all ``contacts``.

    Standard objects have HubSpot's plural lower-case name (singular where no more is documented); custom objects
    (``2-123``, ``p_thing``, ``p42_thing``) stay as written [docs].

    Raises:
        ValueError: if the text can be no object type; the message says why and what was given.
    """
    lower = text.strip().lower()
    known = _BY_ANY_NAME.get(lower)
    if known:
        return known.name
    if lower in UNNUMBERED_OBJECT_TYPES:
        return lower
    if _CUSTOM_OBJECT.fullmatch(text.strip()):
        return text.strip()
    near = dict.fromkeys(_BY_ANY_NAME[n].name for n in nearest(lower, _BY_ANY_NAME))
    near |= dict.fromkeys(nearest(lower, UNNUMBERED_OBJECT_TYPES))
    msg = (
        f"{text!r} is no object type: use a standard object (contacts, companies, deals, tickets, …), or for a custom "
        "object its id (2-123456) or its name with the prefix (p_name, p42_name)"
    )
    raise ValueError(f"{msg}; nearest: {', '.join([*near][:5])}" if near else msg)


def is_standard(name: str) -> bool:
    """Whether a canonical object type is one of HubSpot's own whose id is documented."""
    return name in _BY_NAME


def path_segment(name: str) -> str:
    """How an object type is written in a path: the id of a standard object, which always works [docs]."""
    known = _BY_NAME.get(name)
    return known.type_id if known else name


def singular(name: str) -> str:
    """The singular of a canonical object type, as HubSpot's documentation names it; custom ones as they are."""
    known = _BY_NAME.get(name)
    return known.singular if known else name


def fault_of_name(name: str) -> str | None:
    """Why HubSpot would refuse an internal name, or None.

    Hyphens and leading digits are documented [docs]; white space and control characters are [assumed], because the
    stated reason for the rule is that such names break GraphQL.
    """
    if not name.strip():
        return "is blank"
    return next((why for pattern, why in _NAME_FAULTS if pattern.search(name)), None)


@dataclass(frozen=True)
class DefinedType:
    """An association type that HubSpot defines, in one direction.

    Attributes:
        type_id: unique among HubSpot's own types [docs].
        from_object_type: canonical, or HubSpot's singular name where the object has no documented id.
        to_object_type: likewise.
        qualifier: None for the unlabeled type, else ``primary``, ``billing contact``, ``parent to child`` …
    """

    type_id: int
    from_object_type: str
    to_object_type: str
    qualifier: str | None

    @property
    def name(self) -> str:
        """A name that reads well, such as ``contacts_to_companies_primary``; unique in the table.

        It is ours: of HubSpot's own names one alone is known, ``COMPANY_TO_CONTACT_UNLABELED`` [observed], after which
        the unlabeled type says ``unlabeled`` here.
        """
        qualifier = (self.qualifier or "unlabeled").replace(" ", "_")
        return f"{self.from_object_type}_to_{self.to_object_type}_{qualifier}"

    @property
    def is_primary(self) -> bool:
        """Whether this is the ``Primary`` of its pair (one of two is called ``primary deal`` [docs])."""
        return (self.qualifier or "").startswith("primary")


@lru_cache(maxsize=1)
def defined_types() -> dict[int, DefinedType]:
    """All documented association types of HubSpot's own, by type id (410 of them) [docs]."""
    rows = json.loads(files(__package__).joinpath("type_ids.json").read_text(encoding="utf-8"))

    def name(singular: str) -> str:
        known = _BY_ANY_NAME.get(singular)
        return known.name if known else singular

    return {i: DefinedType(i, name(f), name(t), q) for i, f, t, q in rows}


@lru_cache(maxsize=1)
def defined_by_name() -> dict[str, DefinedType]:
    """The same, by `DefinedType.name`."""
    return {d.name: d for d in defined_types().values()}


def defined_between(from_object_type: str, to_object_type: str) -> list[DefinedType]:
    """HubSpot's own documented types of one direction."""
    wanted = (from_object_type, to_object_type)
    return [d for d in defined_types().values() if (d.from_object_type, d.to_object_type) == wanted]


def unlabeled_type(from_object_type: str, to_object_type: str) -> DefinedType | None:
    """The documented unlabeled type of one direction, or None (custom objects have their own [observed])."""
    return next((d for d in defined_between(from_object_type, to_object_type) if d.qualifier is None), None)


def primary_type(from_object_type: str, to_object_type: str) -> DefinedType | None:
    """The documented ``Primary`` type of one direction, or None."""
    return next((d for d in defined_between(from_object_type, to_object_type) if d.is_primary), None)


def inverse_type(defined: DefinedType) -> DefinedType | None:
    """The same association seen from the other side, or None where the documentation has none.

    The guide lists directions separately; that the inverse is the neighbouring id is [assumed] from the table, and
    holds for 376 of its rows. Unlabeled types between records of one object are their own inverse [docs].
    """
    back = (defined.to_object_type, defined.from_object_type)
    if defined.qualifier is None and back[0] == back[1]:
        return defined
    for neighbour in (defined.type_id - 1, defined.type_id + 1):
        other = defined_types().get(neighbour)
        if other and (other.from_object_type, other.to_object_type) == back:
            same_kind = (other.qualifier is None) == (defined.qualifier is None)
            if same_kind:
                return other
    return None
