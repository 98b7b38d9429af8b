"""A label's life in a portal, exactly once: create, find, rename, delete.

HubSpot's rules that this rests on:

* A label is two type ids with one internal name: one id for each direction. A single label has the same text on both
  [observed].
* A create has no key that would make it safe to send twice [spec]: lists decide (see `label_create`).
* DELETE and PUT go by the bare number [spec]: the list decides whether that number is still this label.
"""

from __future__ import annotations

from pulumi_hubassoc.errors import Refused
from pulumi_hubassoc.hubspot.label_create import Creation, NewLabel
from pulumi_hubassoc.hubspot.label_lists import Found, LabelLists, LabelRef, Texts
from pulumi_hubassoc.hubspot.label_rename import Renamer
from pulumi_hubassoc.hubspot.plans import GRACE_S
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView, advised

__all__ = ["Found", "LabelRef", "Labels", "NewLabel", "Texts"]


class Labels:
    """The labels of one portal. Threads may share it.

    Args:
        view: the portal.
        grace_s: how long a text that is held is waited for to be given up.
    """

    def __init__(self, view: PortalView, grace_s: float = GRACE_S) -> None:
        self._view = view
        self._lists = LabelLists(view)
        self._renamer = Renamer(view, grace_s)
        self._taken_over: set[Key] = set()

    def find(self, ref: LabelRef, texts: Texts | None) -> Found | None:
        """The label as it is now, None if it is certainly gone (see `LabelLists.find`)."""
        return self._lists.find(ref, texts)

    def create(self, new: NewLabel) -> LabelRef:
        """Make a label, or take over the one that this resource made before (see `Creation.run`)."""
        creation = Creation(self._lists, self._renamer, new)
        ref = creation.run()
        if creation.took_over:
            self._taken_over.update((ref.key, ref.inverse_key))
        return ref

    def was_there(self, ref: LabelRef) -> bool:
        """Whether this run has taken a label over instead of making it."""
        return ref.key in self._taken_over

    def plan(self, ref: LabelRef, texts: Texts) -> None:
        """Note that a label is about to have these texts."""
        self._renamer.plan(ref, texts)

    def planned(self, direction: Direction, type_id: int) -> Texts | None:
        """The texts that a label of this run is about to have, as far as is known now."""
        return self._renamer.planned(direction, type_id)

    def rename(self, ref: LabelRef, texts: Texts) -> None:
        """Set both texts (see `Renamer.rename`)."""
        self._renamer.rename(ref, texts)

    def delete(self, ref: LabelRef) -> None:
        """Delete a label, both directions; one that a good list does not have is deleted already.

        One that this run has taken over stays: it belongs to another resource now, and its old one is removed last.

        Raises:
            Refused: if HubSpot refuses and still lists it.
        """
        if ref.key in self._taken_over:
            return
        if not self._view.lacks(ref.forward, ref.key):
            try:
                self._view.hubspot.delete_label(*ref.forward, ref.type_id)
            except Refused as refusal:
                if ref.key in self._view.labels(*ref.forward, since=self._view.now()):
                    if refusal.status != 400:
                        raise refusal from None
                    advice = "take the label off the records that have it if HubSpot says so, and run it again"
                    raise advised(refusal, advice) from None
                self._view.lacks(ref.forward, ref.key)
        self._renamer.drop(ref)
        self._view.note_label(ref.forward, ref.key, None, gone=True)
        self._view.note_label(ref.backward, ref.inverse_key, None, gone=True)
