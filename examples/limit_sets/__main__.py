"""The limits of contacts' companies and of companies' contacts: one resource, and one request, for each direction."""

import pulumi

import pulumi_hubassoc as hubassoc

companies_per_contact = pulumi.Config().require_int("companiesPerContact")

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact"
)
decides = hubassoc.AssociationLabel(
    "decides", from_object_type="contacts", to_object_type="companies", label="Decides for", inverse_label="Decided by"
)

# No other limit of this direction: one that somebody sets in HubSpot's settings is removed by the next `pulumi up`.
hubassoc.AssociationLimitSet(
    "companies-of-contacts",
    from_object_type="contacts",
    to_object_type="companies",
    limits={
        hubassoc.unlabeled("contacts", "companies"): companies_per_contact,
        decides: companies_per_contact // 2,
    },
    authoritative=True,
)
# These, and whatever else there is.
hubassoc.AssociationLimitSet(
    "contacts-of-companies",
    from_object_type="companies",
    to_object_type="contacts",
    limits={billing.inverse: 1, decides.inverse: 5},
)
