"""A label's life in a portal, exactly once: create, find, rename, delete.

HubSpot's rules that this rests on:

* A label is two type ids with one internal name: one id for each direction. A single label has the same text on both
  [observed]. An answer's order says nothing about direction [observed].
* A type id means something only with its category and direction: in one list USER_DEFINED 1 and HUBSPOT_DEFINED 1 can
  stand side by side [observed].
* A create has no key that would make it safe to send twice [spec]; a text is used once in a direction and an internal
  name once in a portal [observed]. So a list decides what an unclear answer meant.
* DELETE and PUT go by the bare number [spec]: the list decides whether that number is still this label.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_hubassoc.errors import (
    HubSpotError,
    LabelConflict,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
    UnexpectedAnswer,
)
from pulumi_hubassoc.hubspot import facts
from pulumi_hubassoc.hubspot.client import arrow, label_text
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.models import LabelType
from pulumi_hubassoc.hubspot.plans import GRACE_S, Plans
from pulumi_hubassoc.hubspot.portal_view import Direction, Key, PortalView

Texts = tuple[str, str]
"""The text of the forward and of the inverse side; the same for a single label."""


@dataclass(frozen=True)
class LabelRef:
    """A label of a portal: its direction and its two type ids (the same one if HubSpot made only one)."""

    from_object_type: str
    to_object_type: str
    type_id: int
    inverse_type_id: int

    @property
    def forward(self) -> Direction:
        """The direction of `type_id`."""
        return (self.from_object_type, self.to_object_type)

    @property
    def backward(self) -> Direction:
        """The direction of `inverse_type_id`."""
        return (self.to_object_type, self.from_object_type)

    def turned(self) -> LabelRef:
        """The same label seen from the other side."""
        return LabelRef(self.to_object_type, self.from_object_type, self.inverse_type_id, self.type_id)


@dataclass(frozen=True)
class NewLabel:
    """A label to be made.

    Attributes:
        inverse_label: None for a single label.
        own_name: whether `name` can only be this resource's, so that a label that has it is this resource's.
        adopt: whether an existing label with these texts may be taken over.
    """

    from_object_type: str
    to_object_type: str
    name: str
    label: str
    inverse_label: str | None
    own_name: bool
    adopt: bool

    @property
    def direction(self) -> Direction:
        """From and to object type."""
        return (self.from_object_type, self.to_object_type)

    @property
    def backward(self) -> Direction:
        """To and from object type."""
        return (self.to_object_type, self.from_object_type)

    @property
    def texts(self) -> Texts:
        """Both texts."""
        return (self.label, self.label if self.inverse_label is None else self.inverse_label)

    def __str__(self) -> str:
        return f"{label_text(*self.texts)} ({arrow(*self.direction)})"


@dataclass(frozen=True)
class Found:
    """A label as it is in the portal."""

    ref: LabelRef
    texts: Texts


class Labels:
    """The labels of one portal. Threads may share it."""

    def __init__(self, view: PortalView, grace_s: float = GRACE_S) -> None:
        self._view = view
        self._hubspot = view.hubspot
        self._patience = view.hubspot.patience
        self._plans: Plans[tuple[Direction, int], tuple[LabelRef, Texts]] = Plans(grace_s)
        self._locks: dict[frozenset[str], threading.Lock] = defaultdict(threading.Lock)

    # -------------------------------------------------------------------------------------------------------- find

    def find(self, ref: LabelRef, texts: Texts) -> Found | None:
        """The label as it is now, None if it is certainly gone.

        A label that a person made again by hand (other ids, the same `texts`) is found under its new ids.

        Raises:
            UnexpectedAnswer: if HubSpot's lists do not let one say that it is gone.
        """
        since = 0
        while True:
            forward, backward = self._both(ref, since)
            here, there = (USER_DEFINED, ref.type_id) in forward, (USER_DEFINED, ref.inverse_type_id) in backward
            if here and there:
                label = forward[USER_DEFINED, ref.type_id] or ""
                return Found(ref, (label, backward[USER_DEFINED, ref.inverse_type_id] or ""))
            if not here and not there:
                return self._made_again(ref, texts, since)
            if since:
                raise UnexpectedAnswer(
                    f"read label {ref.type_id} ({arrow(*ref.forward)})",
                    "HubSpot lists one direction of it and not the other",
                    "nothing was concluded from it; run `pulumi refresh` again in a minute",
                )
            since = self._view.now()

    def _made_again(self, ref: LabelRef, texts: Texts, since: int) -> Found | None:
        holder = _holder(self._view.labels(*ref.forward, since=since), texts[0])
        if holder is not None:
            again = LabelRef(*ref.forward, holder, self._inverse_of(ref.forward, holder, texts[1], since))
            return self.find(again, texts)
        self._must_be_credible(ref)
        return None

    def _must_be_credible(self, ref: LabelRef) -> None:
        """Raise unless the list that lacks the label is one that can be believed."""
        listed = self._view.labels(*ref.forward)
        unlabeled = facts.unlabeled_type(*ref.forward)
        if unlabeled is not None:
            credible = (facts.HUBSPOT_DEFINED, unlabeled.type_id) in listed  # always there [observed]
        elif listed:
            credible = True
        else:  # a pair with a custom object can be empty: ask a second witness
            definitions = self._hubspot.definitions(ref.from_object_type)
            credible = all(d.id != str(ref.type_id) for d in definitions)
        if not credible:
            raise UnexpectedAnswer(
                f"find label {ref.type_id} ({arrow(*ref.forward)})",
                "HubSpot's list lacks what every such list has",
                "it is not taken as deleted; run `pulumi refresh` again in a minute",
            )

    # ------------------------------------------------------------------------------------------------------ create

    def create(self, new: NewLabel) -> LabelRef:
        """Make a label, or take over the one that this resource made before.

        Raises:
            LabelConflict: if another label has a text or the name.
            HubSpotError: if HubSpot refuses, or its answers leave open whether the label was made.
        """
        listed = self._view.labels(*new.direction)
        before = set(listed)
        uncertain = False  # whether an earlier attempt may have made it
        started = self._patience.clock()
        for attempt in itertools.count(1):
            holder = _holder(listed, new.label)
            if holder is not None:
                if uncertain and (USER_DEFINED, holder) not in before:
                    return self._completed(new, holder)
                if (ref := self._settle(new, holder)) is not None:
                    return ref
            try:
                answer = self._hubspot.create_label(
                    *new.direction, name=new.name, label=new.label, inverse_label=new.inverse_label
                )
            except HubSpotError as error:
                uncertain = uncertain or error.maybe_applied
                left_s = self._patience.total_s - (self._patience.clock() - started)
                if (
                    isinstance(error, Refused)
                    and not isinstance(error, (RateLimited, Unavailable))
                    and error.status < 500
                ):
                    ref = self._after_refusal(new, error, left_s if uncertain else 0.0)
                    if ref is not None:
                        return ref
                else:
                    self._after_failure(new, error, attempt, left_s)
                listed = self._view.labels(*new.direction)
            else:
                self._patience.budget.success()
                return self._identified(new, answer)
        raise AssertionError  # the loop has no other end

    def _after_refusal(self, new: NewLabel, refusal: Refused, left_s: float) -> LabelRef | None:
        """A final no: whose is the text or the name that is taken? None if a label with the text is listed now.

        `left_s` is how long a list may be waited for that shows what an earlier, unanswered attempt made.
        """
        if refusal.status not in (400, 409):
            raise refusal
        until = self._patience.clock() + left_s
        while _holder(self._view.labels(*new.direction, since=self._view.now()), new.label) is None:
            if self._patience.clock() >= until:
                return self._by_name(new, refusal)
            self._patience.sleep(1.0)
        return None

    def _after_failure(self, new: NewLabel, error: HubSpotError, attempt: int, left_s: float) -> None:
        """No clear answer: wait, read a new list, and raise if it does not show the label and time or budget are out."""
        wait_s = self._patience.wait_s(error, attempt)
        again = self._patience.may_resend(error) and wait_s < left_s
        self._patience.sleep(wait_s if again else min(0.5, max(left_s, 0.0)))
        if not again and not error.maybe_applied:
            raise error
        listed = self._view.labels(*new.direction, since=self._view.now())
        if not again and _holder(listed, new.label) is None:
            raise error

    def _identified(self, new: NewLabel, answer: tuple[LabelType, ...]) -> LabelRef:
        """Which of the answer's types is which direction; its order says nothing [observed]."""
        made = [t for t in answer if t.category == USER_DEFINED and t.label is not None]
        label, inverse_label = new.texts
        forward = [t.type_id for t in made if t.label == label]
        inverse = [t.type_id for t in made if t.label == inverse_label]
        if label != inverse_label and len(forward) == len(inverse) == 1:
            ref = LabelRef(*new.direction, forward[0], inverse[0])
        elif label == inverse_label and new.from_object_type == new.to_object_type and forward:
            ref = LabelRef(*new.direction, min(forward), max(forward))  # both sides are alike; how many ids is unknown
        else:
            ref = self._completed(new, None, {t.type_id for t in made})
        self._note(ref, new.texts)
        return ref

    def _completed(self, new: NewLabel, holder: int | None, among: set[int] | None = None) -> LabelRef:
        """The label just made, its direction taken from lists read after it was made."""
        started = self._patience.clock()
        since = self._view.now()
        while holder is None:
            listed = self._view.labels(*new.direction, since=since)
            holder = next((i for i in sorted(among or ()) if listed.get((USER_DEFINED, i)) == new.label), None)
            if holder is None:
                if self._patience.clock() - started > self._patience.total_s:
                    raise UnexpectedAnswer(
                        f"find the new label {new} in HubSpot's list",
                        "HubSpot made it and does not list it",
                        "run `pulumi up` again in a minute: it will be found then",
                        maybe_applied=True,
                    )
                self._patience.sleep(1.0)
                since = self._view.now()
        rest = (among or set()) - {holder}
        inverse = rest.pop() if len(rest) == 1 else self._inverse_of(new.direction, holder, new.texts[1], since)
        ref = LabelRef(*new.direction, holder, inverse)
        self._note(ref, new.texts)
        return ref

    def _settle(self, new: NewLabel, holder: int) -> LabelRef | None:
        """Decide about a label that has the wanted text: take it over, or make it give the text up (None)."""
        if new.adopt or (new.own_name and self._name_of(new.direction, holder) == new.name):
            return self._taken_over(new, holder)
        plan = self._plans.wait_for((new.direction, holder), lambda end: end[1][0] != new.label)
        if plan is not None:
            self.rename(*plan)
            return None
        raise LabelConflict(
            f"Cannot create the label {new} — label {holder} of this portal has that text already, and nothing shows that "
            "it was made by this resource — choose another text, delete or rename that label in HubSpot, or take it over "
            "with adopt_existing=True (where the program removes its owner in the same run, run `pulumi up` for that first)"
        )

    def _by_name(self, new: NewLabel, refusal: Refused) -> LabelRef:
        """Find out why HubSpot refused although the text is free: the internal name, or the inverse text."""
        holder = next((i for i, name in self._names(new.from_object_type).items() if name == new.name), None)
        if holder is not None and (USER_DEFINED, holder) in self._view.labels(*new.direction):
            if new.own_name or new.adopt:
                return self._taken_over(new, holder)
            raise LabelConflict(
                f"Cannot create the label {new} — label {holder} has the internal name {new.name} already, which is "
                "unique in a portal — choose another name, or take that label over with adopt_existing=True"
            ) from None
        inverse = _holder(self._view.labels(*new.backward), new.texts[1])
        if inverse is not None:
            raise LabelConflict(
                f"Cannot create the label {new} — label {inverse} has the text of its other side "
                f"({arrow(*new.backward)}) already — choose another inverse text, or rename that label first"
            ) from None
        raise refusal

    def _taken_over(self, new: NewLabel, holder: int) -> LabelRef:
        ref = LabelRef(*new.direction, holder, self._inverse_of(new.direction, holder, new.texts[1], 0))
        self.rename(ref, new.texts)
        return ref

    def _name_of(self, direction: Direction, type_id: int) -> str | None:
        """The internal name of a label; waits for one so new that HubSpot does not show its name yet [observed]."""
        started = self._patience.clock()
        while True:
            name = self._names(direction[0]).get(type_id)
            if name is not None or self._patience.clock() - started > self._patience.total_s:
                return name
            self._patience.sleep(5.0)

    def _names(self, object_type: str) -> dict[int, str]:
        definitions = self._hubspot.definitions(object_type)
        return {int(d.id): d.name for d in definitions if d.name is not None and d.id.isdecimal()}

    def _inverse_of(self, direction: Direction, type_id: int, inverse_text: str, since: int) -> int:
        """The type id of a label's other side: ids come in neighbouring pairs [observed], text and name decide."""
        backward = self._view.labels(direction[1], direction[0], since=since)
        near = [i for i in (type_id - 1, type_id + 1) if backward.get((USER_DEFINED, i)) is not None]
        by_text = [i for i in near if backward[USER_DEFINED, i] == inverse_text]
        if len(by_text) == 1 or len(near) == 1:
            return (by_text or near)[0]
        names = self._names(direction[0]) | self._names(direction[1])
        by_name = [i for i in near if names.get(i) is not None and names.get(i) == names.get(type_id)]
        if len(by_name) == 1:
            return by_name[0]
        if direction[0] == direction[1] and not near:
            return type_id  # one id for both sides
        raise UnexpectedAnswer(
            f"find the other direction of label {type_id} ({arrow(*direction)})",
            f"HubSpot lists {len(near)} types that could be it",
            "delete the label in HubSpot if it is not needed, or run it again in five minutes",
        )

    # ------------------------------------------------------------------------------------------------------ rename

    def plan(self, ref: LabelRef, texts: Texts) -> None:
        """Note that a label is about to have these texts."""
        self._plans.note((ref.forward, ref.type_id), (ref, texts))
        self._plans.note((ref.backward, ref.inverse_type_id), (ref.turned(), (texts[1], texts[0])))

    def rename(self, ref: LabelRef, texts: Texts) -> None:
        """Set both texts. Labels that hold a wanted text and are about to give it up do so first.

        Raises:
            NotFound: if the label is not there any more.
            LabelConflict: if another label has a text and is not about to give it up; nothing was changed then.
        """
        with self._locks[frozenset(ref.forward)]:
            for step, step_texts in self._steps(ref, texts):
                self._put(step, step_texts)

    def _steps(self, ref: LabelRef, texts: Texts) -> list[tuple[LabelRef, Texts]]:
        """The renames, in order, after which `ref` has `texts`; a ring of labels passes through a temporary text."""
        steps: list[tuple[LabelRef, Texts]] = []
        lists = {d: dict(self._view.labels(*d)) for d in (ref.forward, ref.backward)}
        under_way: list[LabelRef] = []

        def put(label: LabelRef, wanted: Texts) -> None:
            steps.append((label, wanted))
            lists[label.forward][USER_DEFINED, label.type_id] = wanted[0]
            lists[label.backward][USER_DEFINED, label.inverse_type_id] = wanted[1]

        def visit(label: LabelRef, wanted: Texts) -> None:
            here = lists[label.forward].get((USER_DEFINED, label.type_id))
            there = lists[label.backward].get((USER_DEFINED, label.inverse_type_id))
            if here is None or there is None:
                raise NotFound(
                    f"Cannot rename label {label.type_id} to {label_text(*wanted)} ({arrow(*label.forward)}) — HubSpot "
                    "does not list it any more — run `pulumi refresh` and then `pulumi up`"
                )
            if (here, there) == wanted:
                return
            under_way.append(label)
            for side, text in ((label, wanted[0]), (label.turned(), wanted[1])):
                own = {label.type_id, label.inverse_type_id}
                holder = _holder(lists[side.forward], text, own)
                if holder is None:
                    continue
                meant = self._plans.wait_for((side.forward, holder), lambda end, text=text: end[1][0] != text)  # type: ignore[misc]
                if meant is None:
                    raise LabelConflict(
                        f"Cannot rename label {label.type_id} to {label_text(*wanted)} ({arrow(*label.forward)}) — label "
                        f'{holder} has the text "{text}" ({arrow(*side.forward)}) and keeps it; nothing was changed — '
                        "rename that label first, or choose another text"
                    )
                other, other_texts = meant
                if any(other in (u, u.turned()) for u in under_way):
                    put(other, _temporary(other))
                else:
                    visit(other, other_texts)
            under_way.pop()
            put(label, wanted)

        visit(ref, texts)
        return steps

    def _put(self, ref: LabelRef, texts: Texts) -> None:
        try:
            self._hubspot.update_label(*ref.forward, ref.type_id, label=texts[0], inverse_label=texts[1])
        except Refused as refusal:
            listed = self._view.labels(*ref.forward, since=self._view.now())
            if (USER_DEFINED, ref.type_id) not in listed:
                raise NotFound(
                    f"Cannot rename label {ref.type_id} ({arrow(*ref.forward)}) — HubSpot does not list it any more — run "
                    "`pulumi refresh` and then `pulumi up`"
                ) from None
            raise refusal from None
        self._note(ref, texts)

    # ------------------------------------------------------------------------------------------------------ delete

    def delete(self, ref: LabelRef) -> None:
        """Delete a label; one that a good list does not have is deleted already."""
        if (USER_DEFINED, ref.type_id) not in self._view.labels(*ref.forward):
            self._must_be_credible(ref)
            return
        try:
            self._hubspot.delete_label(*ref.forward, ref.type_id)
        except Refused as refusal:
            if (USER_DEFINED, ref.type_id) in self._view.labels(*ref.forward, since=self._view.now()):
                raise refusal from None
            self._must_be_credible(ref)
        self._view.note_label(ref.forward, (USER_DEFINED, ref.type_id), None, gone=True)
        self._view.note_label(ref.backward, (USER_DEFINED, ref.inverse_type_id), None, gone=True)

    # ----------------------------------------------------------------------------------------------------- helpers

    def _both(self, ref: LabelRef, since: int = 0) -> tuple[Mapping[Key, str | None], Mapping[Key, str | None]]:
        return self._view.labels(*ref.forward, since=since), self._view.labels(*ref.backward, since=since)

    def _note(self, ref: LabelRef, texts: Texts) -> None:
        self._view.note_label(ref.forward, (USER_DEFINED, ref.type_id), texts[0])
        self._view.note_label(ref.backward, (USER_DEFINED, ref.inverse_type_id), texts[1])


def _holder(listed: Mapping[Key, str | None], text: str, but: set[int] | frozenset[int] = frozenset()) -> int | None:
    """The type id of the label that has a text in a list."""
    return next(
        (i for (category, i), t in listed.items() if category == USER_DEFINED and t == text and i not in but), None
    )


def _temporary(ref: LabelRef) -> Texts:
    """Texts that no other label has, for the moment in which labels exchange theirs."""
    return (f"(being renamed {ref.type_id})", f"(being renamed {ref.inverse_type_id})")
