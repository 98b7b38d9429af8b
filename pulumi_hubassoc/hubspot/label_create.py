"""Making a label exactly once.

A create has no key that would make it safe to send twice [spec]; but a text is used once in a direction and an internal
name once in a portal [observed]. So a list read before says whether the text is free, and a list read after says what
an unclear answer meant. An answer's order says nothing about direction [observed].
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_hubassoc.errors import (
    HubSpotError,
    LabelConflict,
    NoAnswer,
    RateLimited,
    Refused,
    Unavailable,
    UnexpectedAnswer,
)
from pulumi_hubassoc.hubspot.client import arrow, label_text
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.label_lists import LabelLists, LabelRef, Texts, holder
from pulumi_hubassoc.hubspot.label_rename import Renamer, note_texts
from pulumi_hubassoc.hubspot.models import LabelType
from pulumi_hubassoc.hubspot.portal_view import Direction, Types

_MOST_ATTEMPTS = 10
_POLL_S = 1.0


@dataclass(frozen=True)
class NewLabel:
    """A label to be made.

    Attributes:
        inverse_label: None for a single label.
        own_name: whether `name` can only be this resource's, so that a label that has it is this resource's.
        adopt: whether an existing label with this text or name may be taken over.
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


class Creation:
    """One create, from the first look to the ids."""

    def __init__(self, lists: LabelLists, renamer: Renamer, new: NewLabel) -> None:
        self._lists, self._renamer, self._new = lists, renamer, new
        self._view = lists.view
        self._patience = self._view.hubspot.patience
        self._until = self._patience.clock() + self._patience.total_s
        self._before: Types = self._view.labels(*new.direction)
        self._uncertain = False
        """Whether an earlier attempt may have made the label."""
        self.took_over = False
        """Whether the label was there before, and was taken over."""

    def run(self) -> LabelRef:
        """The label, made or taken over.

        Raises:
            LabelConflict: if another label has a text or the name.
            HubSpotError: if HubSpot refuses, or its answers leave open whether the label was made.
        """
        new = self._new
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            ref = self._existing()
            if ref is not None:
                return ref
            renames = self._renamer.renames(new.direction)
            if attempt == 1 and not self._patience.breaker.lets_pass():
                raise self._not_sent()
            try:
                answer = self._view.hubspot.create_label(
                    *new.direction, name=new.name, label=new.label, inverse_label=new.inverse_label
                )
            except HubSpotError as error:
                failure = error
                self._uncertain = self._uncertain or error.maybe_applied
            else:
                self._patience.budget.success()
                self._patience.breaker.note(clear=True)
                return self._identified(answer)
            if _is_final(failure):
                self._patience.breaker.note(clear=True)
                ref = self._after_refusal(failure, renames)
                if ref is not None:
                    return ref
            else:
                self._after_failure(failure, attempt)
        raise failure

    # ----------------------------------------------------------------------------------------- what is there already

    def _existing(self) -> LabelRef | None:
        """The label, if one that has the wanted text is this resource's; None if the text is free now."""
        new = self._new
        held_by = holder(self._view.labels(*new.direction), new.label)
        if held_by is None:
            return None
        if self._uncertain and (USER_DEFINED, held_by) not in self._before:
            return self._completed({held_by})
        taken = self._renamer.is_planned(new.direction, held_by)  # another resource's of this run
        names: set[str] = set()
        if not taken:
            if new.adopt:
                return self._taken_over(held_by)
            if new.own_name:
                names = self._lists.names_of(new.direction, held_by, wait=True)
                if new.name in names:
                    return self._taken_over(held_by)
        step = self._renamer.given_up(new.direction, held_by, new.label)
        if step is None:
            raise self._text_is_taken(held_by, managed=taken, name_is_late=new.own_name and not names)
        self._renamer.rename(*step)
        return None

    def _not_sent(self) -> NoAnswer:
        return NoAnswer(
            f"create the label {self._new}",
            "nothing was sent, because HubSpot has left the creates before it without an answer",
            "run `pulumi up` again in a minute",
        )

    def _text_is_taken(self, held_by: int, *, managed: bool, name_is_late: bool) -> LabelConflict:
        if managed:
            why = "and another resource of this program keeps it — choose another text for one of the two"
        elif name_is_late:
            why = (
                "and HubSpot does not show its internal name yet, which would tell whose it is — if an earlier run was "
                "interrupted, run `pulumi up` again in five minutes; otherwise choose another text, or take the label "
                "over with adopt_existing=True"
            )
        else:
            why = (
                "and nothing shows that it was made by this resource — choose another text, delete or rename that label "
                "in HubSpot, or take it over with adopt_existing=True (where the program removes its owner in the same "
                "run, run `pulumi up` for that first)"
            )
        return LabelConflict(
            f"Cannot create the label {self._new} — label {held_by} of this portal has that text, {why}"
        )

    def _taken_over(self, held_by: int) -> LabelRef:
        new = self._new
        ref = LabelRef(*new.direction, held_by, self._lists.inverse_of(new.direction, held_by, new.texts[1]))
        self._renamer.rename(ref, new.texts)
        self._renamer.plan(ref, new.texts)
        self.took_over = True
        return ref

    # ----------------------------------------------------------------------------------------------- after an answer

    def _after_refusal(self, refusal: HubSpotError, renames: int) -> LabelRef | None:
        """A final no: did an earlier attempt make the label, or whose is what is taken? None: look again.

        `renames` is how many of the pair there were before: one since may have freed what was taken.
        """
        duplicate = isinstance(refusal, Refused) and refusal.status in (400, 409)
        if not duplicate and not self._uncertain:
            raise refusal
        while self._not_listed():
            if not self._uncertain or self._patience.clock() >= self._until:
                return self._reason(refusal, renames)
            self._patience.sleep(_POLL_S)
        return None

    def _after_failure(self, failure: HubSpotError, attempt: int) -> None:
        """No clear answer: wait, read a new list, and raise if that shows no label and it cannot be sent again."""
        wait_s = self._patience.wait_s(failure, attempt)
        left_s = self._until - self._patience.clock()
        again = self._patience.may_resend(failure) and wait_s < left_s
        if not again and not failure.maybe_applied:
            self._note(failure, made=False)
            raise failure
        self._patience.sleep(wait_s if again else min(_POLL_S, max(left_s, 0.0)))
        made = False
        try:
            made = not self._not_listed()
        finally:
            self._note(failure, made=made)
        if not made and not again:
            raise failure

    def _note(self, failure: HubSpotError, *, made: bool) -> None:
        """Tell the breaker; a label whose answer alone was lost is as good as an answer."""
        if made or failure.maybe_applied or isinstance(failure, NoAnswer):
            self._patience.breaker.note(clear=made)

    def _not_listed(self) -> bool:
        return holder(self._view.labels(*self._new.direction, since=self._view.now()), self._new.label) is None

    def _reason(self, refusal: HubSpotError, renames: int) -> LabelRef | None:
        """Why HubSpot refused although the text is free: the internal name, or the inverse text. None: it is free now."""
        new = self._new
        held_by = self._lists.named(new.direction, new.name)
        if held_by is not None:
            if (new.own_name or new.adopt) and not self._renamer.is_planned(new.direction, held_by):
                return self._taken_over(held_by)
            raise LabelConflict(
                f"Cannot create the label {new} — label {held_by} has the internal name {new.name} already, which is "
                "unique in a portal — choose another name, or take that label over with adopt_existing=True"
            )
        inverse = holder(self._view.labels(*new.backward, since=self._view.now()), new.texts[1])
        if inverse is None:
            if self._renamer.renames(new.direction) != renames:
                return None
            raise refusal
        step = self._renamer.given_up(new.backward, inverse, new.texts[1])
        if step is None:
            raise LabelConflict(
                f"Cannot create the label {new} — label {inverse} has the text of its other side "
                f"({arrow(*new.backward)}) already — choose another inverse text, or rename that label first"
            )
        self._renamer.rename(*step)
        return None

    # ------------------------------------------------------------------------------------------------- ids of a label

    def _identified(self, answer: tuple[LabelType, ...]) -> LabelRef:
        """Which of the answer's types is which direction; the plain types made beside a first label have no text."""
        new = self._new
        made = [t for t in answer if t.category == USER_DEFINED and t.label is not None]
        label, inverse_label = new.texts
        forward = [t.type_id for t in made if t.label == label]
        inverse = [t.type_id for t in made if t.label == inverse_label]
        if label != inverse_label and len(forward) == len(inverse) == 1:
            return self._noted(LabelRef(*new.direction, forward[0], inverse[0]))
        if label == inverse_label and new.from_object_type == new.to_object_type and forward:
            return self._noted(LabelRef(*new.direction, min(forward), max(forward)))  # both sides are alike
        return self._completed({t.type_id for t in made})

    def _completed(self, made: set[int]) -> LabelRef:
        """The label just made, its direction taken from lists read after it was made.

        Args:
            made: its type ids as far as known.
        """
        new = self._new
        since = self._view.now()
        while (forward := self._forward(made, since)) is None:
            if self._patience.clock() >= self._until:
                raise UnexpectedAnswer(
                    f"find the new label {new} in HubSpot's list",
                    "HubSpot made it and does not list it",
                    "run `pulumi up` again in a minute: it will be found then",
                    maybe_applied=True,
                )
            self._patience.sleep(_POLL_S)
            since = self._view.now()
        rest = made - {forward}
        inverse = rest.pop() if len(rest) == 1 else self._lists.inverse_of(new.direction, forward, new.texts[1], since)
        return self._noted(LabelRef(*new.direction, forward, inverse))

    def _forward(self, made: set[int], since: int) -> int | None:
        """The id that the forward list has and that was not there before: by its text, or as the only one made."""
        listed = self._view.labels(*self._new.direction, since=since)
        new_here = {key: text for key, text in listed.items() if key not in self._before}
        by_text = holder(new_here, self._new.label)
        if by_text is not None:
            return by_text
        ours = [i for i in made if new_here.get((USER_DEFINED, i)) is not None]
        return ours[0] if len(ours) == 1 else None

    def _noted(self, ref: LabelRef) -> LabelRef:
        note_texts(self._view, ref, self._new.texts)
        self._renamer.plan(ref, self._new.texts)
        return ref


def _is_final(error: HubSpotError) -> bool:
    return isinstance(error, Refused) and not isinstance(error, (RateLimited, Unavailable)) and error.status < 500
