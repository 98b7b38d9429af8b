"""Look-ups: what a portal has that this program does not manage, read while the program runs.

They read when they are called, in a preview too, in the program's own process: with the settings of the resources'
providers, and first of all the question which portal it is. Each list is read once in a run, whatever the number of
look-ups. An operation that does not run the program (`refresh` and `destroy` without ``--run-program``) makes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi

from pulumi_hubassoc.errors import one_line
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow
from pulumi_hubassoc.hubspot.nearest import nearest, some_of
from pulumi_hubassoc.hubspot.portal_view import Direction, PortalView
from pulumi_hubassoc.resources.reading import Read, in_plain_words, later, now
from pulumi_hubassoc.resources.references import AssociationReference, UnknownAssociation, call_of, checked_direction

if TYPE_CHECKING:
    from pulumi_hubassoc.resources.explicit import Provider as ExplicitProvider
    from pulumi_hubassoc.resources.type_names import DocumentedObject


@dataclass(frozen=True)
class AssociationType:
    """One association type in one direction, as a portal lists it.

    Attributes:
        from_object_type: canonical object type.
        to_object_type: canonical object type.
        category: ``HUBSPOT_DEFINED``, ``USER_DEFINED``, ``INTEGRATOR_DEFINED`` or ``WORK``.
        type_id: means something only together with the category; a label's is another one in every portal.
        label: the text; None for an unlabeled type.
    """

    from_object_type: str
    to_object_type: str
    category: str
    type_id: int
    label: str | None

    @property
    def reference(self) -> AssociationReference:
        """The same, to be given to a limit."""
        return AssociationReference(self.from_object_type, self.to_object_type, self.category, self.type_id)

    def __str__(self) -> str:
        """For sentences: ``"Billing contact" (USER_DEFINED 5)``."""
        text = "the unlabeled one" if self.label is None else f'"{one_line(self.label, 60)}"'
        return f"{text} ({self.category} {self.type_id})"


@dataclass(frozen=True)
class AssociationTypes:
    """The association types of one direction of a portal, HubSpot's own included; iterate it, or ask for one.

    Attributes:
        from_object_type: canonical object type.
        to_object_type: canonical object type; for an object with itself, both sides of each label are in it.
        types: by category and type id.
    """

    from_object_type: str
    to_object_type: str
    types: tuple[AssociationType, ...]
    _view: PortalView = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[AssociationType]:
        return iter(self.types)

    def __len__(self) -> int:
        return len(self.types)

    def labeled(self, text: str, *, category: str | None = None) -> AssociationReference:
        """The type that shows a text in this direction, for a limit.

        Args:
            text: just as HubSpot shows it. The other direction of a paired label has a text of its own.
            category: where types of two categories have the text.

        Raises:
            UnknownAssociation: if no type has the text, or more than one; the sentence tells which there are.
        """
        call = f"{self._call}.labeled({text!r}{f', category={category!r}' if category else ''})"
        if category is not None and category not in facts.CATEGORIES:
            raise UnknownAssociation(f"{call}: category must be one of {', '.join(facts.CATEGORIES)}")
        wanted = _text_of(call, text)
        among = [t for t in self.types if category in (None, t.category)]
        found = [t for t in among if t.label == wanted]
        labels = {f"{t}": t.label for t in among if t.label is not None}
        return self._only(call, "shows that text", found, labels, wanted, "the other direction has texts of its own")

    def named(self, internal_name: str) -> AssociationReference:
        """The label of an internal name, for a limit. Reads the schema of the from object, once in a run.

        Args:
            internal_name: unique in the portal. HubSpot shows a new one up to minutes late [observed].

        Raises:
            UnknownAssociation: if no label of this direction has the name, or both sides of a label on one object do.
            LookupFailed: if the schema cannot be read.
        """
        call = f"{self._call}.named({internal_name!r})"
        wanted = _text_of(call, internal_name)
        direction = (self.from_object_type, self.to_object_type)
        names: dict[str, str] = {}
        found: list[AssociationType] = []
        for t in self.types:
            if t.category == facts.HUBSPOT_DEFINED:
                continue  # a schema has no categories: the number alone would name both
            with in_plain_words():
                shown = self._view.definitions_of(direction, (t.category, t.type_id))
            its = [d.name for d in shown if d.name is not None]
            names |= {f"{name} ({t.category} {t.type_id})": name for name in its}
            found += [t] if wanted in its else []
        return self._only(
            call, "has that internal name", found, names, wanted, "HubSpot shows a new name up to minutes late"
        )

    @property
    def unlabeled(self) -> AssociationReference:
        """The plain association, whose limit is the object limit, for a limit.

        HubSpot's own where it has one; a pair with a custom object has one of its own, made with its first label
        [observed].

        Raises:
            UnknownAssociation: if the portal lists none, or more than one.
        """
        plain = [t for t in self.types if t.label is None]
        own = [t for t in plain if t.category == facts.HUBSPOT_DEFINED]
        there = {f"{t}": t.label for t in self.types if t.label is not None}
        hint = "a pair with a custom object gets one with its first label"
        return self._only(f"{self._call}.unlabeled", "is unlabeled", own or plain, there, "", hint)

    @property
    def _call(self) -> str:
        return call_of("get_association_types", self.from_object_type, self.to_object_type)

    def _only(
        self, call: str, what: str, found: Sequence[AssociationType], there: dict[str, str], wanted: str, hint: str
    ) -> AssociationReference:
        """The only one of several; `there` says what else there is, as it is told and as it is compared."""
        alike = {(t.category, t.label) for t in found}
        if found and (len(found) == 1 or (self.from_object_type == self.to_object_type and len(alike) == 1)):
            return min(found, key=lambda t: t.type_id).reference  # on one object a single label has two ids [observed]
        where = f"of {arrow(self.from_object_type, self.to_object_type)}"
        if found:
            raise UnknownAssociation(
                f"{call}: {len(found)} association types {where} fit: {some_of([*map(str, found)])} — say which with "
                "labeled(…, category=…), or give its category and type_id to the limit"
            )
        near = nearest(wanted, there.values())
        told = sorted(there, key=lambda t: near.index(there[t]) if there[t] in near else len(near))
        have = f"there are {some_of(told)}" if told else "there is none at all"
        raise UnknownAssociation(f"{call}: no association type {where} {what} — {have}; {hint}")


@dataclass(frozen=True)
class ListedLimit:
    """A limit that is set.

    Attributes:
        category: with `type_id` what it is of.
        type_id: unique in the portal together with the category [observed].
        label: the text of the type; None for an unlabeled one.
        max_to_object_ids: at most so many *to* records for each *from* record.
    """

    category: str
    type_id: int
    label: str | None
    max_to_object_ids: int


@dataclass(frozen=True)
class AssociationLimits:
    """The limits that are set in one direction, or in the whole portal; what is not in it is "many". Iterate it.

    Attributes:
        from_object_type: canonical object type; None for the whole portal.
        to_object_type: likewise.
        limits: by category and type id. HubSpot does not tell the object types of a portal's limits [observed].
    """

    from_object_type: str | None
    to_object_type: str | None
    limits: tuple[ListedLimit, ...]

    def __iter__(self) -> Iterator[ListedLimit]:
        return iter(self.limits)

    def __len__(self) -> int:
        return len(self.limits)

    def maximum(self, category: str, type_id: int) -> int | None:
        """The maximum of a type, None where none is set."""
        return next((x.max_to_object_ids for x in self.limits if (x.category, x.type_id) == (category, type_id)), None)


def get_association_types(
    from_object_type: DocumentedObject | str,
    to_object_type: DocumentedObject | str,
    *,
    provider: ExplicitProvider | None = None,
) -> AssociationTypes:
    """The association types of one direction, to refer to labels that are not managed here.

    ```python
    types = hubassoc.get_association_types("contacts", "companies")
    hubassoc.AssociationLimit("one", association=types.labeled("Decision maker"), max_to_object_ids=1)
    ```

    One request in a run, whatever the number of calls, after one that asks which portal it is.

    Args:
        from_object_type: as of `AssociationLabel`; a standard object or a custom one.
        to_object_type: likewise.
        provider: the explicit provider whose portal is read; that of the stack's configuration unless given. One with
            an `access_token` serves `get_association_types_output` alone, because a secret is known only later.

    Raises:
        UnknownAssociation: if one can be no object type; nothing is sent then.
        LookupFailed: if HubSpot could not be asked.
    """
    return now(_types(from_object_type, to_object_type), provider)


def get_association_types_output(
    from_object_type: pulumi.Input[DocumentedObject | str],
    to_object_type: pulumi.Input[DocumentedObject | str],
    *,
    provider: ExplicitProvider | None = None,
) -> pulumi.Output[AssociationTypes]:
    """`get_association_types` of object types or settings that may be known only later; several are read at once.

    ```python
    types = hubassoc.get_association_types_output("contacts", pets.object_type_id)
    hubassoc.AssociationLimit("one", association=types.apply(lambda t: t.labeled("Owner")), max_to_object_ids=1)
    ```

    In a preview in which an object type is not known yet nothing is read, and the result is unknown.

    Args:
        from_object_type: as of `AssociationLabel`; a standard object or a custom one.
        to_object_type: likewise.
        provider: the explicit provider whose portal is read; that of the stack's configuration unless given.

    Raises:
        UnknownAssociation: at once, if a plain argument can be no object type; later it ends the program likewise.
        LookupFailed: if HubSpot could not be asked.
    """
    return later(_types, (from_object_type, to_object_type), provider)


def get_association_limits(
    from_object_type: DocumentedObject | str | None = None,
    to_object_type: DocumentedObject | str | None = None,
    *,
    provider: ExplicitProvider | None = None,
) -> AssociationLimits:
    """The limits that are set in one direction, or in the whole portal.

    ```python
    hubassoc.get_association_limits("companies", "deals").maximum("HUBSPOT_DEFINED", 342)
    len(hubassoc.get_association_limits())
    ```

    One request in a run, whatever the number of calls, after one that asks which portal it is.

    Args:
        from_object_type: the object whose records are limited; None, with `to_object_type`, for the whole portal.
        to_object_type: the object whose records are counted.
        provider: as of `get_association_types`.

    Raises:
        UnknownAssociation: if one can be no object type, or only one is given; nothing is sent then.
        LookupFailed: if HubSpot could not be asked.
    """
    return now(_limits(from_object_type, to_object_type), provider)


def get_association_limits_output(
    from_object_type: pulumi.Input[DocumentedObject | str] | None = None,
    to_object_type: pulumi.Input[DocumentedObject | str] | None = None,
    *,
    provider: ExplicitProvider | None = None,
) -> pulumi.Output[AssociationLimits]:
    """`get_association_limits` of object types or settings that may be known only later.

    Args:
        from_object_type: the object whose records are limited; None, with `to_object_type`, for the whole portal.
        to_object_type: the object whose records are counted.
        provider: the explicit provider whose portal is read; that of the stack's configuration unless given.

    Raises:
        UnknownAssociation: at once, if a plain argument is wrong; later it ends the program likewise.
        LookupFailed: if HubSpot could not be asked.
    """
    return later(_limits, (from_object_type, to_object_type), provider)


# -------------------------------------------------------------------------------------------------- what is looked up


def _types(from_object_type: object, to_object_type: object) -> Read[AssociationTypes]:
    call = call_of("get_association_types", from_object_type, to_object_type)
    direction = checked_direction(call, from_object_type, to_object_type)

    def read(view: PortalView) -> AssociationTypes:
        found = (AssociationType(*direction, *key, text) for key, text in view.labels(*direction).items())
        return AssociationTypes(*direction, tuple(sorted(found, key=lambda t: (t.category, t.type_id))), view)

    return read


def _limits(from_object_type: object, to_object_type: object) -> Read[AssociationLimits]:
    call = call_of("get_association_limits", from_object_type, to_object_type)
    direction: Direction | None = None
    if (from_object_type is None) != (to_object_type is None):
        raise UnknownAssociation(f"{call}: give both object types, or neither for the whole portal")
    if from_object_type is not None:
        direction = checked_direction(call, from_object_type, to_object_type)

    def read(view: PortalView) -> AssociationLimits:
        found = (
            ListedLimit(i.category, i.type_id, i.label, i.user_enforced_max_to_object_ids)
            for i in sorted(view.limit_list(direction), key=lambda i: i.key)
            if i.user_enforced_max_to_object_ids is not None
        )
        start, end = direction or (None, None)
        return AssociationLimits(start, end, tuple(dict.fromkeys(found)))

    return read


def _text_of(call: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise UnknownAssociation(f"{call}: give a text that is not blank")
    return text.strip()
