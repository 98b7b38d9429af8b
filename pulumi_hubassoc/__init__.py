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

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_hubassoc.estate.spec import LabelSpec, PairSpec, SchemaSpec
    from pulumi_hubassoc.resources.explicit import Provider
    from pulumi_hubassoc.resources.label import AssociationLabel
    from pulumi_hubassoc.resources.limit import AssociationLimit
    from pulumi_hubassoc.resources.limit_set import AssociationLimitSet
    from pulumi_hubassoc.resources.lookups import (
        AssociationLimits,
        AssociationType,
        AssociationTypes,
        ListedLimit,
        get_association_limits,
        get_association_limits_output,
        get_association_types,
        get_association_types_output,
    )
    from pulumi_hubassoc.resources.reading import LookupFailed
    from pulumi_hubassoc.resources.references import (
        AssociationReference,
        UnknownAssociation,
        hubspot_defined,
        primary,
        unlabeled,
    )
    from pulumi_hubassoc.resources.schema import AssociationSchema

__all__ = [
    "AssociationLabel",
    "AssociationLimit",
    "AssociationLimitSet",
    "AssociationLimits",
    "AssociationReference",
    "AssociationSchema",
    "AssociationType",
    "AssociationTypes",
    "LabelSpec",
    "ListedLimit",
    "LookupFailed",
    "PairSpec",
    "Provider",
    "SchemaSpec",
    "UnknownAssociation",
    "get_association_limits",
    "get_association_limits_output",
    "get_association_types",
    "get_association_types_output",
    "hubspot_defined",
    "primary",
    "unlabeled",
]
_ROOMS = {
    "AssociationLabel": "resources.label",
    "AssociationLimit": "resources.limit",
    "AssociationLimitSet": "resources.limit_set",
    "AssociationSchema": "resources.schema",
    "LookupFailed": "resources.reading",
    "Provider": "resources.explicit",
    **dict.fromkeys(("LabelSpec", "PairSpec", "SchemaSpec"), "estate.spec"),
    **dict.fromkeys(
        ("AssociationReference", "UnknownAssociation", "hubspot_defined", "primary", "unlabeled"),
        "resources.references",
    ),
}
"""Where a public name lives; the rest are in `resources.lookups`."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is asked for: pytest and the command line import this package in every run."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"pulumi_hubassoc.{_ROOMS.get(name, 'resources.lookups')}"), name)
