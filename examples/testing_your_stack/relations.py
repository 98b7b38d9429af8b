"""The relations of our CRM. Kept beside `__main__.py`, so that tests can ask for another text than production has."""

import pulumi

import pulumi_hubassoc as hubassoc


def declare(billing_text: str = "Billing contact") -> None:
    billing = hubassoc.AssociationLabel(
        "billing", from_object_type="contacts", to_object_type="companies", label=billing_text
    )
    hubassoc.AssociationLabel(
        "manager", from_object_type="contacts", to_object_type="contacts", label="Manager", inverse_label="Employee"
    )
    hubassoc.AssociationLimit("one-billing-contact", association=billing.inverse, max_to_object_ids=1)
    hubassoc.AssociationLimit(
        "deals-per-company",
        association=hubassoc.unlabeled("companies", "deals"),
        max_to_object_ids=pulumi.Config().get_int("dealsPerCompany") or 100,
    )
    pulumi.export("billing_type_id", billing.type_id)
