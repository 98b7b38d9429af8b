"""Paired labels: a text for each direction, each direction with a number and a limit of its own."""

import pulumi

import pulumi_hubassoc as hubassoc

config = pulumi.Config()

# Between two objects. `label` is what a record of `from` shows of the other one: a deal shows its "Decision maker",
# and that contact shows the deal it "Decides on".
decision = hubassoc.AssociationLabel(
    "decision",
    from_object_type="deals",
    to_object_type="contacts",
    label=config.require("decisionText"),
    inverse_label="Decides on",
)

# Between records of one object: a contact shows its "Manager", and the manager shows each "Employee".
manager = hubassoc.AssociationLabel(
    "manager", from_object_type="contacts", to_object_type="contacts", label="Manager", inverse_label="Employee"
)

# A single label becomes a paired one, and single again, in place: records keep it.
partner = hubassoc.AssociationLabel(
    "partner",
    from_object_type="companies",
    to_object_type="companies",
    label="Partner",
    inverse_label=config.get("partnerInverseText") or None,
)

# A limit holds in one direction: a deal has two decision makers, and a contact decides on any number of deals.
hubassoc.AssociationLimit("two-decision-makers", association=decision.forward, max_to_object_ids=2)
# One manager each, and at most twelve employees.
hubassoc.AssociationLimit("one-manager", association=manager.forward, max_to_object_ids=1)
hubassoc.AssociationLimit("twelve-employees", association=manager.inverse, max_to_object_ids=12)

# Either direction has a number of its own.
pulumi.export("manager_type_id", manager.type_id)
pulumi.export("employee_type_id", manager.inverse_type_id)
