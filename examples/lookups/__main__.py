"""A limit on a label that a person made in HubSpot's settings: found by its text, not managed here."""

import pulumi

import pulumi_hubassoc as hubassoc

config = pulumi.Config()

# The label stays its maker's: only the limit is this program's. One champion for a deal.
champion = hubassoc.get_association_types("deals", "contacts").labeled(config.require("championText"))
hubassoc.AssociationLimit("one-champion", association=champion, max_to_object_ids=1)

# HubSpot's own types have numbers that are the same in every portal: no look-up is needed for them.
hubassoc.AssociationLimit(
    "two-billing-contacts",
    association=hubassoc.hubspot_defined("companies_to_contacts_billing"),
    max_to_object_ids=2,
)

# Other programs write associations with the number, which is another one in every portal.
pulumi.export("champion_type_id", champion.type_id)
