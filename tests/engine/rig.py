"""The engine's core without programs and processes: registrations from a list, and a provider that only counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pulumi_hubassoc.engine.local.builtin_provider import BuiltinProvider
from pulumi_hubassoc.engine.local.deployer import Deployer
from pulumi_hubassoc.engine.local.diffs import Diff, compare_inputs
from pulumi_hubassoc.engine.local.events import Sink
from pulumi_hubassoc.engine.local.goals import Goal, ProgramEnded, Registration
from pulumi_hubassoc.engine.local.providers import CheckAnswer, Existing, ReadAnswer
from pulumi_hubassoc.engine.local.registry import Registry
from pulumi_hubassoc.engine.local.run import Run, Settings
from pulumi_hubassoc.engine.local.snapshot import Snapshot
from pulumi_hubassoc.engine.local.store import Store

PROVIDER_TYPE = "pulumi:providers:pulumi-python"


class CountingProvider:
    """Answers at once, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def check_config(self, urn: str, olds: Any, news: Any) -> CheckAnswer:
        return CheckAnswer(news)

    def diff_config(self, urn: str, old_inputs: Any, old_outputs: Any, news: Any) -> Diff:
        return Diff(None)

    def configure(self, urn: str, id_: str, inputs: Any) -> None:
        pass

    def check(self, urn: str, olds: Any, news: Any) -> CheckAnswer:
        self.asked["check"] += 1
        return CheckAnswer(news)

    def diff(self, old: Existing, news: Any, ignore_changes: Sequence[str], *, what_if: bool = False) -> Diff:
        self.asked["diff"] += 1
        return compare_inputs(old.inputs, news)

    def create(self, urn: str, inputs: Any, timeout: float, preview: bool) -> tuple[str, Any]:
        self.asked["create"] += 1
        return "" if preview else f"id of {urn}", dict(inputs)

    def read(self, old: Existing, timeout: float, *, bare: bool = False) -> ReadAnswer:
        self.asked["read"] += 1
        return ReadAnswer(old.id, dict(old.outputs), dict(old.inputs))

    def update(self, old: Existing, news: Any, ignore_changes: Sequence[str], timeout: float, preview: bool) -> Any:
        self.asked["update"] += 1
        return dict(news)

    def delete(self, old: Existing, timeout: float) -> None:
        self.asked["delete"] += 1

    def cancel(self) -> None:
        pass

    def close(self, grace: float = 0) -> None:
        pass


class ListProgram:
    """A program that registers goals one after the other, each after the answer to the one before."""

    def __init__(self, goals: Iterable[Goal]) -> None:
        self._goals = goals

    def start(self, post: Callable[[Any], None]) -> None:
        import threading

        threading.Thread(target=self._run, args=(post,), daemon=True).start()

    def _run(self, post: Callable[[Any], None]) -> None:
        reference = ""
        for goal in self._goals:
            own = goal if goal.type == PROVIDER_TYPE else Goal(**{**vars(goal), "provider": reference})
            request = Registration(own)
            post(request)
            request.wait()
            assert request.state is not None
            if goal.type == PROVIDER_TYPE:
                reference = f"{request.state.urn}::{request.state.id}"
        post(ProgramEnded())

    def finish(self) -> str | None:
        return None

    def interrupt(self) -> None:
        pass


def carry_out(
    store: Store, goals: Iterable[Goal], mode: str = "update", **settings: Any
) -> tuple[Sink, CountingProvider]:
    """Run goals on a stack; what was told, and what the provider was asked."""
    provider = CountingProvider()
    sink = Sink(False, None, None)
    base = store.load()
    assert base is not None
    news: dict[str, Any] = {}
    registry = Registry(lambda _: provider, BuiltinProvider(lambda _: {}, news))  # type: ignore[arg-type, return-value]
    asked = Settings(mode, False, True, settings.pop("refresh_first", False), parallel=4, **settings)
    run = Run("dev", "p", asked, base, registry, sink, Snapshot(store, base), news)
    try:
        Deployer(run, ListProgram(goals)).execute()
    finally:
        run.snapshot.close()
    return sink, provider


def provider_goal() -> Goal:
    return Goal(PROVIDER_TYPE, "default", custom=True, properties={})


def goal(name: str, needs: Sequence[str] = (), **properties: Any) -> Goal:
    """A resource that needs others, by all its properties."""
    urns = [urn(n) for n in needs]
    by_property = dict.fromkeys(properties, urns)
    return Goal("t:m:Box", name, True, properties, dependencies=urns, property_dependencies=by_property)


def urn(name: str) -> str:
    return f"urn:pulumi:dev::p::t:m:Box::{name}"
