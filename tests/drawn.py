"""Documents for pictures: twelve objects with sixty labels, and texts that mean harm."""

from __future__ import annotations

from pulumi_hubassoc.estate.document import Document, Label, Limit
from pulumi_hubassoc.hubspot import facts

OBJECTS = (
    "contacts",
    "companies",
    "deals",
    "tickets",
    "line_items",
    "products",
    "quotes",
    "invoices",
    "orders",
    "p_pet",
)
WORDS = ("Billing contact", "Decision maker", "Technical lead", "Parent", "Former supplier", "Regional distributor")
HOSTILE = '<script>document.title="owned"</script>"><img src=x onerror=document.title="owned">\'&amp;'
TEXTS = (HOSTILE, "مدير الحسابات", "会計担当の連絡先", "👩‍👩‍👧 family 🎉🎉", "two\nlines\tand more", "x" * 90, "W" * 40)


def large() -> Document:
    """Twelve objects, sixty labels between thirty pairs, limits of both kinds."""
    ends = (*OBJECTS, "p_vehicle", "p_subscription")
    pairs = [(ends[i], ends[(i + step) % 12]) for step in (1, 3, 0) for i in range(12)][:30]
    labels = []
    for i in range(60):
        word, number = WORDS[i % len(WORDS)], i // len(WORDS)
        inverse = f"{word} {number}" if i % 3 else f"Counterpart of {word.lower()} {number}"
        labels.append(Label(*pairs[i % 30], f"{word} {number}", inverse, f"n{i}", 2 * i + 1, 2 * i + 2))
    limits = [Limit(*x.direction, facts.USER_DEFINED, x.type_id, 5 + i, x) for i, x in enumerate(labels) if i % 4 == 0]
    for pair in (("contacts", "companies"), ("companies", "contacts"), ("deals", "contacts"), ("companies", "deals")):
        own = facts.unlabeled_type(*pair)
        assert own
        limits.append(Limit(*pair, facts.HUBSPOT_DEFINED, own.type_id, 250))
    return Document("portal 1001", tuple(labels), tuple(limits), (), 1001)


def hostile() -> Document:
    """A label for each text that is hard to draw."""
    labels = [Label("contacts", "companies", text, text, f"n{i}") for i, text in enumerate(TEXTS)]
    return Document(HOSTILE, tuple(labels))
