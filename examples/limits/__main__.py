"""Limits of every kind: of the unlabeled type, of the primary one, of a label, and of a label's other direction."""

import pulumi

import pulumi_hubassoc as hubassoc

config = pulumi.Config()

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact"
)
decision = hubassoc.AssociationLabel(
    "decision",
    from_object_type="deals",
    to_object_type="contacts",
    label="Decision maker",
    inverse_label="Decides on",
)

# The unlabeled type: its limit is the object limit, of all contacts of a company. No label's may be above it.
hubassoc.AssociationLimit(
    "contacts-per-company",
    association=hubassoc.unlabeled("companies", "contacts"),
    max_to_object_ids=config.require_int("contactsPerCompany"),
)

# The primary type: so many contacts may have a company as their primary one.
hubassoc.AssociationLimit(
    "primary-contacts", association=hubassoc.primary("companies", "contacts"), max_to_object_ids=200
)

# A label, in the direction in which it is declared: a contact is the billing contact of three companies.
hubassoc.AssociationLimit("companies-billed", association=billing, max_to_object_ids=3)

# The same label the other way round: a company has one billing contact.
hubassoc.AssociationLimit(
    "billing-contacts", association=billing.inverse, max_to_object_ids=config.require_int("billingContacts")
)

# Either side of a paired label; `forward` says the direction of the declaration.
hubassoc.AssociationLimit("decision-makers", association=decision.forward, max_to_object_ids=2)
hubassoc.AssociationLimit("decides-on", association=decision.inverse, max_to_object_ids=20)

# Any other of HubSpot's own types, by its name or its number.
hubassoc.AssociationLimit(
    "accountants",
    association=hubassoc.hubspot_defined("companies_to_contacts_billing"),
    max_to_object_ids=2,
)
hubassoc.AssociationLimit(
    "deals-per-ticket",
    from_object_type="tickets",
    to_object_type="deals",
    category="HUBSPOT_DEFINED",
    type_id=28,
    max_to_object_ids=5,
)
