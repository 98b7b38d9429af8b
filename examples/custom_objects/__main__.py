"""Labels and limits of custom objects: by `p_` and their name, which is the same in every portal, or by their id."""

import pulumi

import pulumi_hubassoc as hubassoc

PET = "p_pet"  # `p_` and the name of the object: best in a program for several portals
visit = pulumi.Config().require("visitObject")  # "2-…": another number in each portal, so it is configuration

# With one of HubSpot's objects: a pet shows its "Owner", a contact the pet it "Owns".
owner = hubassoc.AssociationLabel(
    "owner", from_object_type=PET, to_object_type="contacts", label="Owner", inverse_label="Owns"
)
# With another custom object, and with itself.
follow_up = hubassoc.AssociationLabel("follow-up", from_object_type=visit, to_object_type=PET, label="Follow-up")
hubassoc.AssociationLabel("parent", from_object_type=PET, to_object_type=PET, label="Parent", inverse_label="Offspring")

# Limits of labels are as everywhere: one owner, and one pet to be followed up in a visit.
hubassoc.AssociationLimit("one-owner", association=owner, max_to_object_ids=1)
hubassoc.AssociationLimit("one-pet-in-a-follow-up", association=follow_up.forward, max_to_object_ids=1)

# The unlabeled type of a custom object has another number in every portal and is in no table: it is looked up. Where
# nothing has linked the two objects yet it comes with their first label, so this waits for that one.
contacts = owner.type_id.apply(lambda _: "contacts")
types = hubassoc.get_association_types_output(PET, contacts)
hubassoc.AssociationLimit(
    "three-contacts-of-a-pet", association=types.apply(lambda found: found.unlabeled), max_to_object_ids=3
)

pulumi.export("owner_type_id", owner.type_id)
