"""The story that `hubassoc demo` tells: two stacks through their whole life, every step checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_hubassoc.cli import show
from pulumi_hubassoc.cli.witness import Expected, Witness

if TYPE_CHECKING:
    from rich.console import Console

    from pulumi_hubassoc.cli.quickstart import Quickstart
    from pulumi_hubassoc.emulator import Record
    from pulumi_hubassoc.engine.interface import OperationName, Result, Stack

Check = tuple[str, bool]
"""What was looked at, and whether it held."""
_LIMIT_WRITES = {"create_limits", "update_limits", "purge_limits"}


@dataclass
class Environment:
    """A stack and its portal.

    Attributes:
        stack: on the engine.
        witness: of the portal.
        token: opens the portal; it must be in no file.
        declared: what the program says.
        expected: what the portal should hold now, beside what belongs to nobody's program.
    """

    stack: Stack
    witness: Witness
    token: str
    declared: Expected
    expected: Expected = field(default_factory=Expected)

    @property
    def name(self) -> str:
        """The name of the stack."""
        return self.stack.name


@dataclass
class Step:
    """What was done and how it turned out.

    Attributes:
        operation: ``up``, ``by hand`` …
        stack: its stack.
        purpose: in words.
        done: the counts of operations, or what a person did.
        requests: how many requests reached either portal.
        checks: what was looked at, and whether it held.
    """

    operation: str
    stack: str
    purpose: str
    done: str = ""
    requests: int = 0
    checks: list[Check] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """The checks that did not hold."""
        return [what for what, held in self.checks if not held]


class StepFailed(Exception):
    """A check did not hold: what would follow has no meaning."""


class Story:
    """What happens to the stacks; told while it happens.

    Attributes:
        steps: what has happened so far.
    """

    def __init__(self, dev: Environment, prod: Environment, quickstart: Quickstart, out: Console) -> None:
        self._dev, self._prod = dev, prod
        self._quickstart = quickstart
        self._out = out
        self.steps: list[Step] = []

    def tell(self) -> bool:
        """Tell it up to its end, or to the first check that does not hold; whether every check held."""
        try:
            self._bring_up()
            self._drift_and_repair()
            self._promote()
            self._take_down()
        except StepFailed:
            return False
        return True

    def _bring_up(self) -> None:
        for env in (self._dev, self._prod):
            env.expected = env.declared
            resources = 1 + len(env.declared.labels) + len(env.declared.limits)  # the stack is one too
            self._operate(env, "up", "4 labels and 5 limits are made", {"create": resources})
        self._operate(self._dev, "preview", "there is nothing to do", {}, free=True)

    def _drift_and_repair(self) -> None:
        prod = self._prod
        lost = prod.witness.type_id("Billing contact", "contacts")
        with self._step("by hand", prod, "somebody changes things in HubSpot's settings") as step:
            self._change_by_hand(prod)
            step.done = "renamed Manager, deleted Billing contact, limited deals to 9"
            step.checks.append(("the portal differs from the program", bool(prod.witness.differences(prod.declared))))
        self._operate(prod, "refresh", "the state learns of it", {"update": 2, "delete": 2})

        def only_looked(_: object, records: list[Record]) -> Iterable[Check]:
            yield (
                "what is new was looked up and nothing written",
                bool(records) and all(r.method == "GET" for r in records),
            )

        repaired = {"create": 2, "update": 2}
        self._operate(prod, "preview", "what would repair it", repaired, also=only_looked)
        prod.expected = prod.declared

        def made_anew(*_: object) -> Iterable[Check]:
            now = prod.witness.type_id("Billing contact", "contacts")
            yield f"Billing contact is a new label: type id {now}, was {lost}", now != lost

        self._operate(prod, "up", "what was done by hand is repaired", repaired, also=made_anew)

    def _change_by_hand(self, env: Environment) -> None:
        witness, drift = env.witness, env.witness.portal.drift
        drift.rename_label(witness.type_id("Manager", "contacts"), "Boss")
        drift.delete_label(witness.type_id("Billing contact", "contacts"))
        (deals,) = (limit for limit in witness.portal.limits() if limit.to_object_type == "deals")
        drift.set_limit("companies", "deals", deals.type_id, 9, deals.category)
        env.expected = env.declared.renamed("Manager", "Boss").without("Billing contact").limited("unlabeled", 9)

    def _promote(self) -> None:
        self._quickstart.change_text("Manager", "Line manager")
        self._out.print("\nThe program now says Line manager where it said Manager.")
        only_the_label = {"update": 1}
        self._operate(self._dev, "preview", "one label would be renamed", only_the_label, free=True)
        for env in (self._dev, self._prod):
            before = env.witness.type_id("Manager", "contacts")
            env.declared = env.expected = env.declared.renamed("Manager", "Line manager")

            def limits_untouched(
                _: Result, records: list[Record], env: Environment = env, before: int = before
            ) -> Iterable[Check]:
                yield "no limit was written", not any(r.operation in _LIMIT_WRITES for r in records)
                yield f"the label kept its type id {before}", env.witness.type_id("Line manager", "contacts") == before

            purpose = "the rename is tried" if env is self._dev else "the rename is promoted"
            self._operate(env, "up", purpose, only_the_label, also=limits_untouched)

    def _take_down(self) -> None:
        for env in (self._dev, self._prod):
            resources = 1 + len(env.declared.labels) + len(env.declared.limits)
            env.expected = Expected()
            self._operate(env, "destroy", "only labels that were there before are left", {"delete": resources})

    # ------------------------------------------------------------------------------------------------ how it is told

    def _operate(
        self,
        env: Environment,
        operation: OperationName,
        purpose: str,
        changes: Mapping[str, int],
        *,
        free: bool = False,
        also: Callable[[Result, list[Record]], Iterable[Check]] | None = None,
    ) -> None:
        """Run an operation and hold it to what is expected of it.

        Args:
            env: where.
            operation: what.
            purpose: in words.
            changes: the counts that the engine should tell.
            free: it should send no request.
            also: further checks of its result and its requests.
        """
        with self._step(operation, env, purpose) as step:
            mark = len(env.witness.emulator.journal)
            run = {
                "preview": env.stack.preview,
                "up": env.stack.up,
                "refresh": env.stack.refresh,
                "destroy": env.stack.destroy,
            }
            result = run[operation](on_event=show.LivePrinter(self._out, "   "))
            records = env.witness.emulator.journal.records()[mark:]
            step.done = show.counts(result.changes)
            step.checks.append((f"{operation} succeeded (exit code {result.exit_code})", result.ok))
            if not result.ok:
                return
            expected = show.counts(changes)
            step.checks.append((f"the engine told {step.done}, expected {expected}", result.changed == dict(changes)))
            if free:
                step.checks.append((f"no request was sent, found {len(records)}", not records))
            step.checks += also(result, records) if also else ()

    @contextmanager
    def _step(self, operation: str, env: Environment, purpose: str) -> Iterator[Step]:
        """Announce a step, let it happen, and check what every step is held to."""
        step = Step(operation, env.name, purpose)
        self.steps.append(step)
        foreign = self._prod if env is self._dev else self._dev
        untouched, mark = foreign.witness.portal.state, len(env.witness.emulator.journal)
        self._out.print(f"\n{len(self.steps)}. {env.name}: {operation} — {purpose}", style="bold", soft_wrap=True)
        yield step
        step.requests = len(env.witness.emulator.journal) - mark
        if not step.failures:
            differences = env.witness.differences(env.expected)
            found = f", but: {'; '.join(differences)}" if differences else ""
            step.checks.append((f"the portal holds exactly what it should{found}", not differences))
        foreign_requests = foreign.witness.requests(mark)
        alone = foreign.witness.portal.state is untouched and not foreign_requests
        step.checks.append((f"the portal of {foreign.name} was left alone", alone))
        step.checks.append(
            ("no token is in a file", not self._quickstart.files_with(self._dev.token, self._prod.token))
        )
        self._tell(step)
        if step.failures:
            raise StepFailed

    def _tell(self, step: Step) -> None:
        for failure in step.failures:
            self._out.print(f"   FAILED: {failure}", style="bold red", soft_wrap=True)
        if not step.failures:
            self._out.print(
                f"   {step.done} · {step.requests} requests · {len(step.checks)} checks held", style="green"
            )
