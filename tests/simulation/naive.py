"""Strategies that work in fair weather: what a provider does whose author has not met HubSpot's traps."""

from __future__ import annotations

import threading
from typing import ClassVar

from pulumi_hubassoc.config import Settings
from pulumi_hubassoc.hubspot.facts import USER_DEFINED
from pulumi_hubassoc.hubspot.label_create import Creation
from pulumi_hubassoc.hubspot.label_lists import holder
from pulumi_hubassoc.hubspot.labels import LabelRef, Labels, NewLabel
from pulumi_hubassoc.hubspot.models import LabelType
from pulumi_hubassoc.hubspot.portal import Portal
from pulumi_hubassoc.hubspot.portal_view import PortalView, Types
from pulumi_hubassoc.portals import Portals


class NaivePortals(Portals):
    """Portals with another view, or with other labels in them."""

    view: ClassVar[type[PortalView]] = PortalView
    labels: ClassVar[type[Labels]] = Labels

    def of(self, settings: Settings) -> Portal:
        """The portal of these settings."""
        real = super().of(settings)
        with _LOCK:
            kept: dict[int, Portal] = self.__dict__.setdefault("kept", {})
            if id(real) not in kept:
                kept[id(real)] = portal = Portal(self.view(real.view.hubspot), 0.01)
                portal.labels = self.labels(portal.view, 0.01)
            return kept[id(real)]


_LOCK = threading.Lock()


class _SendOnce(Labels):
    """Creates with one request and takes a failure for "not made"."""

    def create(self, new: NewLabel) -> LabelRef:
        self._post(new)
        listed = self._view.labels(*new.direction, since=self._view.now())
        forward = holder(listed, new.label)
        assert forward is not None
        return LabelRef(*new.direction, forward, self._lists.inverse_of(new.direction, forward, new.texts[1]))

    def _post(self, new: NewLabel) -> tuple[LabelType, ...]:
        texts = {"label": new.label, "inverse_label": new.inverse_label}
        return self._view.hubspot.create_label(*new.direction, name=new.name, **texts)  # type: ignore[arg-type]


class _SendAgain(_SendOnce):
    """Creates again and again until HubSpot says yes."""

    def _post(self, new: NewLabel) -> tuple[LabelType, ...]:
        return self._view.hubspot.patience(lambda: super(_SendAgain, self)._post(new))


class _FirstIsForward(Creation):
    """Takes the first type of the answer for the forward direction, and the last for the other."""

    def _identified(self, answer: tuple[LabelType, ...]) -> LabelRef:
        return self._noted(LabelRef(*self._new.direction, answer[0].type_id, answer[-1].type_id))


class _TrustOrder(Labels):
    """Takes ids by their place in the answer."""

    def create(self, new: NewLabel) -> LabelRef:
        return _FirstIsForward(self._lists, self._renamer, new).run()


class _NumbersOnly(PortalView):
    """Takes a type for ours by its number, whatever its category."""

    def labels(self, from_object_type: str, to_object_type: str, since: int = 0) -> Types:
        listed = super().labels(from_object_type, to_object_type, since)
        return {**{(USER_DEFINED, key[1]): text for key, text in listed.items()}, **listed}


class NeverRetry(NaivePortals):
    """ "Not retrying a POST is safe"."""

    labels = _SendOnce


class BlindRetry(NaivePortals):
    """Retries a POST like everything else."""

    labels = _SendAgain


class TrustOrder(NaivePortals):
    """Trusts the order of an answer."""

    labels = _TrustOrder


class MatchByTypeId(NaivePortals):
    """Matches by the type id alone."""

    view = _NumbersOnly


NAIVE: tuple[type[NaivePortals], ...] = (NeverRetry, BlindRetry, TrustOrder, MatchByTypeId)
