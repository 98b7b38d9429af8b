"""The same relations in two portals. One token is a secret of the stack, the other one is in no state at all."""

import pulumi

import pulumi_hubassoc as hubassoc


class Relations(pulumi.ComponentResource):
    """Our relations in one portal. What is in a component takes its provider."""

    def __init__(self, region: str, portal: hubassoc.Provider) -> None:
        super().__init__("crm:index:Relations", region, None, pulumi.ResourceOptions(providers=[portal]))
        here = pulumi.ResourceOptions(parent=self)
        billing = hubassoc.AssociationLabel(
            f"{region}-billing",
            from_object_type="contacts",
            to_object_type="companies",
            label="Billing contact",
            opts=here,
        )
        hubassoc.AssociationLimit(
            f"{region}-one-billing-contact", association=billing.inverse, max_to_object_ids=1, opts=here
        )
        self.billing_type_id = billing.type_id  # another number in each portal
        self.register_outputs({"billing_type_id": billing.type_id})


config = pulumi.Config()
eu = hubassoc.Provider("eu", access_token=config.require_secret("euToken"), portal_id=config.require_int("euPortal"))
us = hubassoc.Provider(
    "us",
    portal_id=config.require_int("usPortal"),
    opts=pulumi.ResourceOptions(env_var_mappings={"HUBSPOT_TOKEN_US": "HUBSPOT_ACCESS_TOKEN"}),
)
for region, portal in (("eu", eu), ("us", us)):
    pulumi.export(f"{region}_billing_type_id", Relations(region, portal).billing_type_id)
