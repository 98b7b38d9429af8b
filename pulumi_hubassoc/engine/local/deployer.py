"""One run from beginning to end: refresh, program, deletions, outputs of the stack."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from pulumi_hubassoc.engine.interface import EngineError

from . import messages, urns
from .deletes import Deletes, refresh_steps
from .executor import StepExecutor
from .goals import Goal, Outputs, ProgramEnded, Reading, Refreshed, Registration
from .graph import DependencyGraph
from .provider_process import ProviderError
from .run import Bail, Impossible, Run, Targets
from .state import ResourceState, without_dangling
from .step_generator import StepGenerator
from .steps import Refresh, Same, Step


class Program(Protocol):
    """Where the requests of a run come from."""

    def start(self, post: Callable[[Any], None]) -> None:
        """Begin to post requests (`Registration`, `Reading`, `Outputs`), and `ProgramEnded` at the end."""

    def finish(self) -> str | None:
        """Let a program that has ended go; what it said is wrong after all, if anything."""

    def interrupt(self) -> None:
        """Stop the program, whatever it is doing."""


class NoProgram:
    """A program that wants nothing."""

    def start(self, post: Callable[[Any], None]) -> None:
        """It has ended already."""
        post(ProgramEnded())

    def finish(self) -> str | None:
        """All is well."""
        return None

    def interrupt(self) -> None:
        """There is nothing to stop."""


class Deployer:
    """Carries out one run.

    Args:
        run: what is asked for.
        program: what makes the requests.
    """

    def __init__(self, run: Run, program: Program) -> None:
        self._run = run
        self._program = program
        self._queue: queue.Queue[Any] = queue.Queue()
        self._generator = StepGenerator(run, self._queue.put)
        self._executor = StepExecutor(run)
        self._executor.on_stop = self.wake
        self._stack_outputs: Outputs | None = None
        self._skipped: set[str] = set()

    def wake(self) -> None:
        """Look whether the run is to stop."""
        self._queue.put(None)

    def execute(self) -> bool:
        """Carry the run out; whether all went well."""
        run = self._run
        try:
            if run.settings.refresh_first and not self._refresh():
                return False
            if run.settings.mode == "refresh" and not run.settings.with_program:
                return True
            if run.prev.pending and not run.settings.refresh_first and not run.dry_run:
                self._warn_of_pending()
            self._must_exist(run.settings.replace_targets)
        except Bail:
            return False
        self._program.start(self._queue.put)
        try:
            bailed = not self._follow_program()
            self._executor.finish()
            failed = bailed or self._executor.errored or self._run.errored
            if not run.terminated.is_set():
                self._finish_stack_outputs(failed)
            return self._end(bailed, failed)
        except BaseException:
            self._executor.stop()
            self._program.interrupt()
            raise

    def _end(self, bailed: bool, failed: bool) -> bool:
        run = self._run
        cancelled = run.cancelled.is_set()
        if failed or cancelled:
            self._program.interrupt()
            if not bailed:
                self._say_result("failed" if failed or run.terminated.is_set() else "canceled")
            return False
        complaint = self._program.finish()
        if complaint:
            run.sink.diagnose("error", complaint)
        return complaint is None

    def _say_result(self, result: str) -> None:
        self._run.sink.diagnose("error", f"{self._run.settings.message_kind} {result}")

    # ------------------------------------------------------------------------------------------------ beginning

    def _warn_of_pending(self) -> None:
        self._run.sink.diagnose("warning", messages.pending(self._run.prev.pending))

    def _must_exist(self, targets: Targets) -> None:
        missing = [
            u for u in targets.literals() if u not in self._run.all_olds and u not in self._generator.decided.urns
        ]
        for urn in missing:
            hint = "" if "$" in urn else " Did you forget to escape $ in your shell?"
            self._run.sink.diagnose("error", f"Target '{urn}' could not be found in the stack.{hint}")
        if missing:
            raise Bail

    def _refresh(self) -> bool:
        """Bring the state up to date with what the providers read; whether that worked."""
        run = self._run
        if not run.prev.resources:
            return True
        self._must_exist(run.settings.targets)
        self._must_exist(run.settings.excludes)
        steps = self._told(lambda: refresh_steps(run))
        executor = StepExecutor(run, ignore_errors=True)
        executor.run_all(steps)
        executor.finish()
        if run.terminated.is_set():
            return False
        self._rebuild(steps)
        if executor.errored or run.cancelled.is_set():
            self._say_result("failed" if executor.errored else "canceled")
            return False
        return True

    def _rebuild(self, steps: Sequence[Step]) -> None:
        """Take what the refreshes have found for what there was before."""
        run = self._run
        found = {id(step.old): step.new for step in steps if isinstance(step, Refresh)}
        kept = [found.get(id(state), state) for state in run.prev.resources]
        run.rebuild(without_dangling((s for s in kept if s is not None), tidy=True))
        if run.snapshot:
            run.snapshot.rebase(run.prev.resources)

    def _told(self, do: Callable[[], Any], urn: str = "") -> Any:
        """Do something; if it fails, tell the user and give up."""
        try:
            return do()
        except (ProviderError, Impossible, EngineError, ValueError) as error:
            self._run.sink.diagnose("error", str(error), urn)
            raise Bail from None

    # ---------------------------------------------------------------------------------------------- the program

    def _follow_program(self) -> bool:
        """Deal with requests until the program has ended and what it no longer has is deleted; False for giving up."""
        ended = False
        while True:
            event = self._queue.get()
            if self._executor.stopped.is_set() or self._run.cancelled.is_set():
                return True
            try:
                if isinstance(event, ProgramEnded):
                    if event.error is not None:
                        if event.error:
                            self._run.sink.diagnose("error", event.error)
                        raise Bail
                    ended = True
                elif event is not None:
                    self._told(partial(self._deal_with, event), self._urn_of(event))
                if ended and self._generator.waiting == 0:
                    self._told(self._after_program)
                    return True
            except Bail:
                self._executor.stop()
                return False

    def _urn_of(self, event: Any) -> str:
        if isinstance(event, (Registration, Reading)):
            goal: Goal | Any = event.goal
            return urns.make(self._run.stack, self._run.project, goal.parent, goal.type, goal.name)
        return event.urn if isinstance(event, (Outputs, Refreshed)) else ""

    def _deal_with(self, event: Any) -> None:
        if isinstance(event, Outputs):
            self._register_outputs(event)
            return
        if isinstance(event, Registration):
            steps = self._generator.register(event)
        elif isinstance(event, Reading):
            steps = self._generator.read(event)
        else:
            steps = self._generator.go_on(event)
        chain = self._without_skipped(steps)
        if chain:
            self._executor.submit(chain)

    def _without_skipped(self, steps: Sequence[Step]) -> list[Step]:
        """The steps that do not need what has failed; the others are answered as skipped."""
        self._skipped.update(step.urn for step in self._executor.errored_steps)
        kept = []
        for step in steps:
            if any(need.urn in self._skipped for need in step.res.needs()):
                step.answer("skipped")
                self._skipped.add(step.urn)
            else:
                kept.append(step)
        return kept

    # ------------------------------------------------------------------------------------------------- outputs

    def _register_outputs(self, event: Outputs) -> None:
        if urns.is_stack(event.urn):
            self._stack_outputs = event  # put into the state at the end, when it is known how the run went
        else:
            self._set_outputs(event.urn, event.outputs)
        event.done()

    def _set_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        step = self._executor.pending_news.pop(urn, None)
        if step is None:
            raise Impossible(f"cannot complete a resource '{urn}' whose registration isn't pending")
        if isinstance(step, Same) and step.skipped:
            return
        assert step.new is not None
        step.new.outputs = outputs
        self._run.sink.outputs(step)
        if self._run.snapshot:
            self._run.snapshot.end(changed=step.new)

    def _finish_stack_outputs(self, failed: bool) -> None:
        event = self._stack_outputs
        if event is None or event.urn not in self._executor.pending_news:
            return
        outputs = event.outputs
        if failed or self._run.cancelled.is_set():
            # What is missing may only not have been reached.
            old = self._run.olds.get(event.urn)
            outputs = {**(old.outputs if old else {}), **outputs}
        self._set_outputs(event.urn, outputs)

    # -------------------------------------------------------------------------------------- after the program

    def _after_program(self) -> None:
        run = self._run
        missing: Bail | None = None
        try:
            self._must_exist(run.settings.targets)
        except Bail as bail:
            missing = bail
        self._executor.wait_until_idle()
        if run.settings.mode == "refresh":
            self._refresh_the_rest()
        elif run.prev.resources:
            with contextlib.suppress(Bail):  # it was said why, and the run ends as failed
                self._delete_the_rest()
        if missing:
            raise missing

    def _refresh_the_rest(self) -> None:
        steps = refresh_steps(self._run, self._generator)
        self._executor.run_all(steps)
        rest = {id(step.old): step.new for step in steps}
        if self._run.snapshot and not self._run.terminated.is_set():
            for state in self._run.prev.resources:
                if id(state) in rest and rest[id(state)] is not state:
                    self._run.snapshot.end(gone=state, new=rest[id(state)])

    def _delete_the_rest(self) -> None:
        deletes = Deletes(self._run, self._generator)
        sames, steps = deletes.plan()
        if sames:
            self._executor.run_chain(sames)
        needed: set[int] = set()
        seen: set[int] = set()
        for group in deletes.in_order(steps):
            for failed in self._executor.errored_steps:
                if id(failed) not in seen:
                    seen.add(id(failed))
                    needed |= self._needed_by(failed)
            self._executor.run_all([step for step in group if id(step.res) not in needed])

    def _needed_by(self, failed: Step) -> set[int]:
        """What must stay because something that needs it could not be deleted."""
        needed: set[int] = set()
        graphs = (self._run.graph, DependencyGraph(self._generator.to_delete))
        for state in (failed.res, failed.old):
            graph = next((g for g in graphs if state is not None and state in g), None)
            if graph is not None and isinstance(state, ResourceState):
                needed |= {id(s) for s in graph.transitive_dependencies_of(state)}
        return needed
