"""One view of a portal for a whole process: which portal it is, its label lists and its limits, each read once.

Threads that want the same list share one request. A write notes its effect here, so that nothing is read again.
The account check comes before everything else: a token of another portal gets no further than that.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

from pulumi_hubassoc.errors import Refused, UnexpectedAnswer, WrongPortal
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import HubSpot, arrow
from pulumi_hubassoc.hubspot.models import Account, Definition, LimitItem

T = TypeVar("T")
K = TypeVar("K")
Key = tuple[str, int]
"""Category and type id: only together they name an association type [observed]."""
Direction = tuple[str, str]
"""From and to object type."""
Types = Mapping[Key, str | None]
"""The types of one direction and their texts."""


class Shared(Generic[T]):
    """A value that is read when first asked for, by one thread for all.

    An error is raised in the thread that read and kept by nobody: who waited reads again. `tick` gives numbers that
    only grow; a read is as old as the number drawn when it began.
    """

    def __init__(self, read: Callable[[], T], tick: Callable[[], int]) -> None:
        self._read, self._tick = read, tick
        self._condition = threading.Condition()
        self._value: tuple[T] | None = None
        self._began = -1
        self._reading = False
        self._notes: list[Callable[[T], T]] = []

    def get(self, since: int = 0) -> T:
        """The value, from a read that began at `since` or later."""
        with self._condition:
            while self._value is None or self._began < since:
                if not self._reading:
                    self._reading = True
                    self._notes = []
                    began = self._tick()
                    break
                self._condition.wait()
            else:
                return self._value[0]
        try:
            value = self._read()
        except BaseException:
            with self._condition:
                self._reading = False
                self._condition.notify_all()
            raise
        with self._condition:
            for note in self._notes:  # writes that ended while the read was under way may be missing in it
                value = note(value)
            self._value, self._began, self._reading = (value,), began, False
            self._condition.notify_all()
            return value

    def note(self, change: Callable[[T], T]) -> None:
        """Apply the effect of a write; `change` must be right whether or not the value has it already."""
        with self._condition:
            if self._value is not None:
                self._value = (change(self._value[0]),)
            if self._reading:
                self._notes.append(change)


class PortalView:
    """A portal as this process has seen it.

    Args:
        hubspot: the API.
        portal_id: the portal that is meant, None if any will do.
        account_types: the account types that are allowed, empty if all are.
    """

    def __init__(self, hubspot: HubSpot, portal_id: int | None = None, account_types: Collection[str] = ()) -> None:
        self.hubspot = hubspot
        self._expected, self._account_types = portal_id, tuple(account_types)
        self._ticks = itertools.count(1)
        self._lock = threading.Lock()
        self._account = Shared(hubspot.account, self.now)
        self._labels: dict[Direction, Shared[Types]] = {}
        self._definitions: dict[str, Shared[tuple[Definition, ...]]] = {}
        self._limits: Shared[Mapping[Key, int]] = Shared(lambda: _set_limits(hubspot.list_all_limits()), self.now)
        self._limits_of: dict[Direction, Shared[Mapping[Key, int]]] = {}
        self._limit_lists: dict[Direction | None, Shared[tuple[LimitItem, ...]]] = {}

    def now(self) -> int:
        """A number greater than all before; a read `since` it sees every write that has ended."""
        return next(self._ticks)

    def guard(self, state_portal_id: int | None = None) -> int:
        """The portal's id, once it is certain that it is the right one.

        Args:
            state_portal_id: the portal a resource was made in, None for a new one.

        Raises:
            WrongPortal: if it is not the portal configured, or not the resource's, or of a type not allowed.
        """
        account: Account = self._account.get()
        what = f"{account.portal_id} ({account.account_type or 'account type not given'})"
        if self._expected is not None and account.portal_id != self._expected:
            raise WrongPortal(
                f"The token belongs to portal {what}, but hubassoc:portalId says {self._expected} — nothing was sent to "
                "it — set the token of the portal that is meant, or correct hubassoc:portalId"
            )
        if self._account_types and account.account_type not in self._account_types:
            raise WrongPortal(
                f"The token belongs to portal {what}, but hubassoc:accountTypes allows only "
                f"{', '.join(self._account_types)} — nothing was sent to it — set the token of the portal that is meant"
            )
        if state_portal_id is not None and account.portal_id != state_portal_id:
            raise WrongPortal(
                f"The token belongs to portal {what}, but this resource was made in portal {state_portal_id} — nothing "
                f"was sent to it — set the token of portal {state_portal_id}; to move the resource, set "
                "hubassoc:portalId to the new portal as well"
            )
        return account.portal_id

    # ------------------------------------------------------------------------------------------------------- reads

    def labels(self, from_object_type: str, to_object_type: str, since: int = 0) -> Types:
        """The types of one direction; for an object with itself both sides are in it."""
        self.guard()
        return self._labels_of((from_object_type, to_object_type)).get(since)

    def limits(self, since: int = 0) -> Mapping[Key, int]:
        """Every limit that is set in the portal, (category, type id) -> maximum."""
        self.guard()
        return self._limits.get(since)

    def limits_of(self, direction: Direction) -> Mapping[Key, int]:
        """The limits of one direction by a list of its own, a second witness for what `limits` lacks; read once."""
        self.guard()
        return self._shared(self._limits_of, direction, lambda: _set_limits(self.hubspot.list_limits(*direction))).get()

    def limit_list(self, direction: Direction | None) -> tuple[LimitItem, ...]:
        """HubSpot's list of the limits of one direction, or of the portal, with texts; read once, writes not noted."""
        self.guard()
        hubspot = self.hubspot

        def read() -> tuple[LimitItem, ...]:
            return hubspot.list_limits(*direction) if direction else hubspot.list_all_limits()

        return self._shared(self._limit_lists, direction, read).get()

    def definitions(self, object_type: str, since: int = 0) -> tuple[Definition, ...]:
        """The association definitions of an object, with internal names; new ones may be missing [observed]."""
        self.guard()
        read = functools.partial(self.hubspot.definitions, object_type)
        return self._shared(self._definitions, object_type, read).get(since)

    def definitions_of(self, direction: Direction, key: Key, since: int = 0) -> list[Definition]:
        """What an object's definitions show under a type id, less HubSpot's own type of that number if there is one.

        Definitions have no category [observed]; HubSpot's own names are in capitals [observed].
        """
        return [d for d in without_hubspots_own(self.definitions(direction[0], since)) if d.id == str(key[1])]

    def lacks(self, direction: Direction, key: Key) -> bool:
        """Whether a type is certainly not in a direction.

        Raises:
            UnexpectedAnswer: if it is not listed, but the list lacks what every such list has.
        """
        listed = self.labels(*direction)
        if key in listed:
            return False
        unlabeled = facts.unlabeled_type(*direction)
        if any(i == key[1] and category not in (key[0], facts.HUBSPOT_DEFINED) for category, i in listed):
            credible = False  # the number is there under a category that it never had: not gone, but doubtful
        elif unlabeled is not None:
            credible = (facts.HUBSPOT_DEFINED, unlabeled.type_id) in listed  # always there [observed]
        elif any(category == facts.USER_DEFINED and text is None for (category, _), text in listed.items()):
            credible = (
                True  # the plain association of a pair with a custom object, made with its first label [observed]
            )
        else:  # such a pair can be empty: ask a second witness
            credible = not self.definitions_of(direction, key, since=self.now())
        if not credible:
            raise UnexpectedAnswer(
                f"find {key[0]} {key[1]} ({arrow(*direction)})",
                "HubSpot's list lacks what every such list has",
                "it is not taken as deleted; run `pulumi refresh` again in a minute",
            )
        return True

    # ------------------------------------------------------------------------------------------------------- notes

    def note_label(self, direction: Direction, key: Key, text: str | None, *, gone: bool = False) -> None:
        """Note that a type now has this text, or is gone."""

        def change(labels: Types) -> Types:
            rest = {k: v for k, v in labels.items() if k != key}
            return rest if gone else rest | {key: text}

        self._labels_of(direction).note(change)

    def note_limit(self, key: Key, maximum: int | None) -> None:
        """Note that a limit is now this, or removed (None)."""

        def change(limits: Mapping[Key, int]) -> Mapping[Key, int]:
            rest = {k: v for k, v in limits.items() if k != key}
            return rest if maximum is None else rest | {key: maximum}

        self._limits.note(change)

    # --------------------------------------------------------------------------------------------------- machinery

    def _labels_of(self, direction: Direction) -> Shared[Types]:
        return self._shared(self._labels, direction, functools.partial(self._read_labels, direction))

    def _shared(self, kept: dict[K, Shared[T]], what: K, read: Callable[[], T]) -> Shared[T]:
        with self._lock:
            if what not in kept:
                kept[what] = Shared(read, self.now)
            return kept[what]

    def _read_labels(self, direction: Direction) -> Types:
        try:
            return {t.key: t.label for t in self.hubspot.list_labels(*direction)}
        except Refused as refusal:
            if refusal.status not in (400, 404):
                raise
            raise advised(
                refusal,
                "check both object types; if a custom object was archived in HubSpot, restore it, or take its labels "
                "and limits out of the state with `pulumi state delete`",
            ) from None


def without_hubspots_own(rows: Iterable[Definition]) -> list[Definition]:
    """Definitions less those of HubSpot's documented types.

    They have no category [observed], and ids of labels collide with HubSpot's own [observed]: of two rows of one number
    and direction HubSpot's own is the one without a name, or with one in capitals [observed].
    """
    found = list(rows)
    alike: dict[tuple[str, str, str], list[Definition]] = {}
    for d in found:
        documented = facts.defined_types().get(int(d.id)) if d.id.isdecimal() else None
        ends = (d.from_object_type_id, d.to_object_type_id)
        if documented and ends == tuple(
            map(facts.path_segment, (documented.from_object_type, documented.to_object_type))
        ):
            alike.setdefault((d.id, *ends), []).append(d)
    for group in alike.values():
        found.remove(min(group, key=lambda d: d.name is not None and not d.name.isupper()))
    return found


def _set_limits(items: Iterable[LimitItem]) -> Mapping[Key, int]:
    found = ((i.key, i.user_enforced_max_to_object_ids) for i in items)
    return {key: maximum for key, maximum in found if maximum is not None}


def advised(refusal: Refused, advice: str) -> Refused:
    """The same refusal with better advice, for who knows more than its status."""
    return Refused(
        refusal.tried,
        advice,
        said=refusal.said,
        status=refusal.status,
        message=refusal.message,
        category=refusal.category,
        sub_category=refusal.sub_category,
        correlation_id=refusal.correlation_id,
        context=refusal.context,
        maybe_applied=refusal.maybe_applied,
    )
