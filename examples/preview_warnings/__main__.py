"""A label and its limit, in a portal in which others have been before: the tests beside this show what a preview says."""

import pulumi

import pulumi_hubassoc as hubassoc

text = pulumi.Config().require("billingText")

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label=text, inverse_label=f"{text} of"
)
hubassoc.AssociationLimit("primary", association=hubassoc.primary("contacts", "companies"), max_to_object_ids=3)
pulumi.export("billing_type_id", billing.type_id)
