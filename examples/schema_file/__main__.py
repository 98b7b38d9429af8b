"""The schema of the CRM is in crm.yaml, and what differs in production in crm.prod.yaml. This program makes it so."""

import pulumi

import pulumi_hubassoc as hubassoc

overlay = pulumi.Config().get("overlay")
crm = hubassoc.AssociationSchema("crm", file="crm.yaml", overlays=[overlay] if overlay else [])

# Type ids differ from portal to portal: other programs take them from here.
pulumi.export("type_ids", crm.type_ids)
