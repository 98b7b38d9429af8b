"""Who relates to whom in the CRM, and how often: the same labels in sandbox and production, limits by environment."""

import pulumi

import pulumi_hubassoc as hubassoc

config = pulumi.Config()

# One text for both directions, between two objects.
billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact"
)

# A text for each direction, between two objects: a deal's contacts show "Decision maker", a contact's deals "Decides on".
decision = hubassoc.AssociationLabel(
    "decision",
    from_object_type="deals",
    to_object_type="contacts",
    label="Decision maker",
    inverse_label="Decides on",
)

# A text for each direction, between records of one object.
manager = hubassoc.AssociationLabel(
    "manager", from_object_type="contacts", to_object_type="contacts", label="Manager", inverse_label="Employee"
)

# One text for both directions, between records of one object.
partner = hubassoc.AssociationLabel(
    "partner", from_object_type="companies", to_object_type="companies", label="Partner"
)

# A company has one billing contact: the label is declared from contacts to companies, so this is its other direction.
hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)

# Either side of a paired label has a limit of its own: one manager each, so many employees each.
hubassoc.AssociationLimit("one-manager", association=manager.forward, max_to_object_ids=1)
hubassoc.AssociationLimit(
    "employees", association=manager.inverse, max_to_object_ids=config.get_int("reportsPerManager")
)

# HubSpot's own association types can be limited too: all deals of a company, and the contacts it is primary for.
hubassoc.AssociationLimit(
    "deals-per-company",
    association=hubassoc.unlabeled("companies", "deals"),
    max_to_object_ids=config.get_int("dealsPerCompany"),
)
hubassoc.AssociationLimit(
    "primary-contacts", association=hubassoc.primary("companies", "contacts"), max_to_object_ids=500
)

# Type ids differ from portal to portal: other programs take them from here.
pulumi.export("billing_type_id", billing.type_id)
pulumi.export("decision_type_id", decision.type_id)
pulumi.export("manager_type_id", manager.type_id)
pulumi.export("employee_type_id", manager.inverse_type_id)
pulumi.export("partner_type_id", partner.type_id)
pulumi.export("portal_id", billing.portal_id)
