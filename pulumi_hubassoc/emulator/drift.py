"""What a person does in HubSpot's settings pages while nobody's program is looking."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_hubassoc.emulator import labels, limits
from pulumi_hubassoc.emulator.answers import Refusal
from pulumi_hubassoc.hubspot import facts

if TYPE_CHECKING:
    from pulumi_hubassoc.emulator.portal import Portal
    from pulumi_hubassoc.emulator.state import CustomObject, Label


class Drift:
    """Changes by hand: they obey HubSpot's rules and are in no journal.

    Every method raises Refusal where HubSpot would refuse, and LookupError where there is nothing of that id.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def create_label(
        self,
        from_object_type: str,
        to_object_type: str,
        label: str,
        inverse_label: str | None = None,
        *,
        name: str | None = None,
        category: str = facts.USER_DEFINED,
    ) -> Label:
        """Makes a label; its name is derived from the text as the settings page does it, unless given.

        Another category than that of labels is what an app makes of its own (``INTEGRATOR_DEFINED``, ``WORK``) [spec].
        """
        portal = self._portal
        start, end = portal.resolve(from_object_type), portal.resolve(to_object_type)
        wanted = name or labels.derived_name(label)
        body = json.dumps({"name": wanted, "label": label, "inverseLabel": inverse_label}).encode()
        portal.write(lambda state, rules: labels.create_label(state, rules, "", start, end, body), by_hand=True)
        if category != facts.USER_DEFINED:
            with portal.writing() as state:
                portal.commit(state.adding(replace(portal.label(wanted), category=category)))
        return portal.label(wanted)

    def rename_label(self, type_id: int, label: str | None = None, inverse_label: str | None = None) -> Label:
        """Changes texts.

        Args:
            type_id: of either side.
            label: the text of that side; unchanged if None.
            inverse_label: the text of the other; if None unchanged, but a single label stays single.
        """
        found = self._find(type_id)
        new = label or found.label
        inverse = inverse_label or (new if found.label == found.inverse_label else found.inverse_label)
        body = json.dumps({"associationTypeId": type_id, "label": new, "inverseLabel": inverse}).encode()
        start, end = found.from_object_type, found.to_object_type
        self._portal.write(lambda state, rules: labels.update_label(state, rules, start, end, body), by_hand=True)
        return self._find(type_id)

    def delete_label(self, type_id: int) -> None:
        """Deletes a label, both sides, by either id."""
        found = self._find(type_id)
        start, end = found.from_object_type, found.to_object_type
        self._portal.write(
            lambda state, rules: labels.delete_label(state, rules, start, end, str(type_id)), by_hand=True
        )

    def use_label(self, type_id: int, *, in_use: bool = True) -> None:
        """Puts a label on records, or takes it off all."""
        with self._portal.writing() as state:
            found = labels.state_form(state, self._find(type_id))
            self._portal.commit(state.adding(replace(found, in_use=in_use)))

    def set_limit(
        self,
        from_object_type: str,
        to_object_type: str,
        type_id: int,
        max_to_object_ids: int,
        category: str = facts.USER_DEFINED,
    ) -> None:
        """Sets a limit."""
        portal = self._portal
        start, end = portal.resolve(from_object_type), portal.resolve(to_object_type)
        value = {"category": category, "typeId": type_id, "maxToObjectIds": max_to_object_ids}
        body = json.dumps({"inputs": [value]}).encode()
        answer = portal.write(lambda state, rules: limits.update_limits(state, rules, start, end, body), by_hand=True)
        if answer.status == 207 and isinstance(answer.body, dict):
            raise Refusal(400, answer.body["errors"][0]["message"])

    def remove_limit(self, category: str, type_id: int) -> None:
        """Removes a limit that is set: back to "many"."""
        with self._portal.writing() as state:
            found = state.type_of((category, type_id))
            if found is None or found.key not in state.limits:
                msg = f"portal {self._portal.portal_id} has no limit on {category} {type_id}"
                raise LookupError(msg)
            body = json.dumps({"inputs": [{"category": category, "typeId": type_id}]}).encode()
            start, end = found.from_object_type, found.to_object_type
            self._portal.write(lambda state, rules: limits.purge_limits(state, rules, start, end, body), by_hand=True)

    def create_custom_object(self, name: str, **labels_for_people: str) -> CustomObject:
        """Creates a custom object; see Portal.add_custom_object."""
        return self._portal.add_custom_object(name, **labels_for_people)

    def archive_custom_object(self, object_type: str) -> None:
        """Archives a custom object: its labels leave all lists, and its name resolves no more [observed]."""
        with self._portal.writing() as state:
            wanted = self._portal.resolve(object_type)
            self._portal.commit(state.without_object(wanted))

    def _find(self, type_id: int) -> Label:
        found = self._portal.state.find(type_id)
        if found is None:
            msg = f"portal {self._portal.portal_id} has no label with the id {type_id}"
            raise LookupError(msg)
        return found.seen_from(type_id)
