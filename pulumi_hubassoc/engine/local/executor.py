"""Carries out steps: several at once, each chain in its order, nothing new after a failure."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from pulumi_hubassoc.engine.interface import Diagnostic, EngineError

from .run import Impossible, Run
from .steps import Complete, Delete, Read, Refresh, RemovePendingReplace, Replace, Same, Step, StepFailed, Update
from .values import Secret

_BEGUN_AS = {
    "create": "creating",
    "create-replacement": "creating",
    "update": "updating",
    "delete": "deleting",
    "delete-replaced": "deleting",
    "discard": "deleting",
    "discard-replaced": "deleting",
    "read": "reading",
    "read-replacement": "reading",
    "import": "importing",
}


class StepExecutor:
    """Workers that carry out chains of steps.

    After a failure, or when the run is cancelled, running steps end and no new one begins.

    Args:
        run: the run.
        ignore_errors: a failure of one step does not keep others from beginning (a refresh).
    """

    def __init__(self, run: Run, *, ignore_errors: bool = False) -> None:
        self._run = run
        self._ignore_errors = ignore_errors
        self._chains: queue.Queue[tuple[Sequence[Step], threading.Event] | None] = queue.Queue()
        self._lock = threading.RLock()
        self._idle = threading.Condition()
        self._busy = 0
        self._workers: list[threading.Thread] = []
        self._closed = False
        self.stopped = threading.Event()
        self.on_stop: Callable[[], None] = lambda: None
        self.on_failure: Callable[[str], None] = lambda _: None
        self.errored = False
        self.errored_steps: list[Step] = []
        self.pending_news: dict[str, Step] = {}

    def submit(self, chain: Sequence[Step]) -> threading.Event:
        """Have a chain carried out; the event is set when it has ended, or when it never will begin."""
        done = threading.Event()
        with self._idle:
            self._busy += 1
            if self._busy > len(self._workers) and len(self._workers) < max(self._run.settings.parallel, 1):
                worker = threading.Thread(target=self._work, name=f"steps-{len(self._workers)}", daemon=True)
                self._workers.append(worker)
                worker.start()
        self._chains.put((chain, done))
        return done

    def run_all(self, steps: Sequence[Step]) -> None:
        """Carry out steps that do not need one another, and wait for them."""
        for event in [self.submit([step]) for step in steps]:
            self._wait_for(event)

    def run_chain(self, chain: Sequence[Step]) -> None:
        """Carry out steps one after the other, and wait for them."""
        self._wait_for(self.submit(chain))

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(0.2):
            if self._run.terminated.is_set():
                return

    def wait_until_idle(self) -> None:
        """Wait for all chains, unless the run is abandoned."""
        with self._idle:
            while self._busy and not self._run.terminated.is_set():
                self._idle.wait(0.2)

    def finish(self) -> None:
        """Wait for all chains, and let the workers go."""
        self.wait_until_idle()
        with self._idle:
            if not self._closed:
                self._closed = True
                for _ in self._workers:
                    self._chains.put(None)

    def _work(self) -> None:
        while (job := self._chains.get()) is not None:
            chain, done = job
            try:
                for step in chain:
                    if self.stopped.is_set() or self._run.cancelled.is_set():
                        break
                    if not self._execute(step):
                        break
            except Exception as error:  # noqa: BLE001 - nobody waits for this thread, so the run must learn of it
                self._run.sink.diagnostics.append(Diagnostic("error", f"{type(error).__name__}: {error}"))
                self.errored = True
                self.stop()
            finally:
                done.set()
                with self._idle:
                    self._busy -= 1
                    self._idle.notify_all()

    def stop(self) -> None:
        """Begin nothing new."""
        self.stopped.set()
        self.on_stop()

    def _execute(self, step: Step) -> bool:
        """Carry out one step; whether the chain may go on."""
        try:
            complete = self._apply(step)
        except StepFailed as failure:
            self._failed(step, str(failure), unsure=failure.unsure, protected=failure.protected)
            return False
        except (EngineError, Impossible) as refusal:
            self._failed(step, str(refusal), unsure=False, protected=False)
            return False
        except Exception as error:  # noqa: BLE001 - the run must end in order, whatever happens in a worker
            self._failed(step, f"{type(error).__name__}: {error}", unsure=True, protected=False)
            return False
        if complete:
            complete()
        return not self._run.terminated.is_set()

    def _apply(self, step: Step) -> Complete | None:
        """Apply a step, and put what it has done into the state."""
        run = self._run
        run.sink.begun(step)
        operation = _BEGUN_AS.get(step.op)
        if run.snapshot and operation:
            run.snapshot.begin(operation, step.res)
        complete = step.apply()
        if run.terminated.is_set():
            return None
        if step.new is not None and not isinstance(step, Replace):
            _mark_secrets(step)
            run.news[step.urn] = step.new
            if step.logical:
                self.pending_news[step.urn] = step
        if run.snapshot:
            self._keep(step)
        run.sink.done(step, refreshing=run.settings.mode == "refresh")
        return complete

    def _keep(self, step: Step) -> None:
        """Put what a step has done into the state."""
        snapshot = self._run.snapshot
        if isinstance(step, Same):
            snapshot.end(gone=step.old, new=None if step.skipped else step.new)
        elif isinstance(step, (Update, Read)):
            replaced = step.old if step.old is not None and step.old.delete else None
            snapshot.end(step.new, new=step.new, gone=None if replaced else step.old, changed=replaced)
        elif isinstance(step, Delete):
            kept = step.old if step.old is not None and step.old.pending_replacement else None
            snapshot.end(step.old, gone=None if kept else step.old, changed=kept)
        elif isinstance(step, RemovePendingReplace):
            snapshot.end(gone=step.old)
        elif isinstance(step, Refresh):
            if step.persisted:
                snapshot.mark_refreshed()
                snapshot.end(gone=step.old, new=step.new)
        elif not isinstance(step, Replace):
            pending = step.old if step.old is not None and step.old.pending_replacement else None
            snapshot.end(step.new, new=step.new, gone=pending, changed=step.old)

    def _failed(self, step: Step, message: str, *, unsure: bool, protected: bool) -> None:
        run = self._run
        if run.terminated.is_set():
            return
        run.sink.failed(step, message, unsure=unsure)
        if run.snapshot and step.op in _BEGUN_AS:
            run.snapshot.end(step.res)
        self.errored = True
        self.on_failure(message)
        if self._ignore_errors:
            return
        # That a resource is protected was found before anything was done: the others may still be told the same.
        if run.settings.continue_on_error or protected:
            step.answer("failed")
            with self._lock:
                self.errored_steps.append(step)
        else:
            self.stop()


def _mark_secrets(step: Step) -> None:
    """Outputs are secret where the program says so, or where the input of the same name is."""
    state = step.new
    assert state is not None
    for key in list(state.outputs):
        if not isinstance(state.outputs[key], Secret) and (
            key in state.additional_secret_outputs or isinstance(state.inputs.get(key), Secret)
        ):
            state.outputs = {**state.outputs, key: Secret(state.outputs[key])}
