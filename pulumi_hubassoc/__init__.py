"""HubSpot association labels and limits as Pulumi resources.

```python
import pulumi
import pulumi_hubassoc as hubassoc

billing = hubassoc.AssociationLabel(
    "billing", from_object_type="contacts", to_object_type="companies", label="Billing contact"
)
hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)
pulumi.export("billing_type_id", billing.type_id)
```
"""

from pulumi_hubassoc.resources.label import AssociationLabel
from pulumi_hubassoc.resources.limit import AssociationLimit
from pulumi_hubassoc.resources.references import AssociationReference, UnknownAssociation, primary, unlabeled

__all__ = [
    "AssociationLabel",
    "AssociationLimit",
    "AssociationReference",
    "UnknownAssociation",
    "primary",
    "unlabeled",
]
