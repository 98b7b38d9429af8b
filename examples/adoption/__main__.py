"""Labels that people made in HubSpot before, taken over as they are: nothing is made anew, and no record loses one.

Two ways lead there. `pulumi up` with `adopt_existing=True`, as below: a label that has these texts is taken over, and
made where there is none, so one program serves a portal that has it and one that does not. Or `hubassoc import -s dev` in
this folder before the first `up`: it finds in the portal what this program declares, needs no `adopt_existing`, and
takes over limits too.
"""

import pulumi

import pulumi_hubassoc as hubassoc

# Retained: `pulumi destroy`, or these lines gone, forgets the label and leaves it in HubSpot with all its records.
billing = hubassoc.AssociationLabel(
    "billing",
    from_object_type="contacts",
    to_object_type="companies",
    label="Billing contact",
    adopt_existing=True,
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)

# Protected: whatever would delete it is refused, until `protect` is gone.
manager = hubassoc.AssociationLabel(
    "manager",
    from_object_type="contacts",
    to_object_type="contacts",
    label="Manager",
    inverse_label="Employee",
    adopt_existing=True,
    opts=pulumi.ResourceOptions(protect=True),
)

# A limit that is set already needs no adoption: setting it is setting it.
hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)

pulumi.export("billing_type_id", billing.type_id)
pulumi.export("manager_type_id", manager.type_id)
