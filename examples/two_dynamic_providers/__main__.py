"""A label, and a page of the handbook that tells its type id: two dynamic providers that know nothing of each other."""

import pulumi
from handbook import Page

import pulumi_hubassoc as hubassoc

config = pulumi.Config()

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label=config.require("billingText")
)
page = Page(
    "billing-page",
    path=f"{config.require('handbook')}/billing.md",
    text=pulumi.Output.format("{0}: association type {1}\n", billing.label, billing.type_id),
)
pulumi.export("page", page.path)
