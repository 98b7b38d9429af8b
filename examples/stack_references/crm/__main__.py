"""The stack that owns the relations. Its outputs are the numbers that other stacks need, one set for each portal."""

import pulumi

import pulumi_hubassoc as hubassoc

billing = hubassoc.AssociationLabel(
    "billing",
    from_object_type="contacts",
    to_object_type="companies",
    label=pulumi.Config().require("billingText"),
)
manager = hubassoc.AssociationLabel(
    "manager", from_object_type="contacts", to_object_type="contacts", label="Manager", inverse_label="Employee"
)
hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)

pulumi.export("portal_id", billing.portal_id)
pulumi.export(
    "type_ids",
    {"billing": billing.type_id, "manager": manager.type_id, "employee": manager.inverse_type_id},
)
