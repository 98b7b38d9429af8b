"""Runs a recorded scenario through the built-in engine, step by step, and says where it differs from the recording."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_hubassoc.engine.interface import EngineError, Options, Project, StackLocked
from pulumi_hubassoc.engine.local import LocalEngine, LocalStack, Trace
from pulumi_hubassoc.engine.local.trace import Call, StepSeen
from pulumi_hubassoc.engine.passphrase import PassphraseSecrets

from . import normal_form as form
from .interrupted_step import read_trace

PASSPHRASE = "x"
STACK_TYPE = "::pulumi:pulumi:Stack::"
FLAGS = {
    "--target-dependents": "target_dependents",
    "--continue-on-error": "continue_on_error",
    "--refresh": "refresh",
    "--run-program": "run_program",
    "--preview-only": "preview_only",
    "--expect-no-changes": "expect_no_changes",
    "--exclude-protected": "exclude_protected",
    "--clear-pending-creates": "clear_pending_creates",
}
LISTS = {"--target": "target", "--exclude": "exclude", "--replace": "replace", "--target-replace": "target_replace"}
# They say how the command prints, or that nobody is asked.
WITHOUT_EFFECT = {"--yes", "--skip-preview", "--diff", "--json"}


@dataclass
class Done:
    """What an operation came to."""

    exit_code: int
    changes: dict[str, int] | None = None
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    maybe_corrupt: bool = False
    calls: list[Call] = field(default_factory=list)
    steps: list[StepSeen] = field(default_factory=list)
    phases: list[int] | None = None


class Scenario:
    """One recorded scenario, run in a folder of its own.

    Args:
        name: of the recording.
        folder: an empty folder.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._recording = json.loads((form.TRANSCRIPTS / "scenarios" / f"{name}.json").read_text())
        self._project = folder / "project"
        self._project.mkdir()
        shutil.copy(form.TRANSCRIPTS / "programs" / "toy.py", self._project)
        (self._project / "Pulumi.yaml").write_text(
            f"name: toy\nruntime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
        )
        self._folder = folder
        self._norm = form.Normaliser(self._project)
        self._mark = f"TOY_SCENARIO={folder}"
        for stack in {"other", *(step["run"].get("stack", "dev") for step in self._recording["steps"])}:
            self._stack(stack, {})

    def differences(self) -> Iterator[str]:
        """Run all steps; what differs, as sentences."""
        try:
            for step in self._recording["steps"]:
                for difference in self._step(step):
                    yield f"step {step['step']} ({step['what']}): {difference}"
        finally:
            self._end_leftovers()

    def _stack(self, name: str, env: dict[str, str], trace: Trace | None = None) -> LocalStack:
        project = Project("toy", self._project)
        return LocalEngine(trace=trace).stack(project, name, env={**self._base_env(), **env})

    def _base_env(self) -> dict[str, str]:
        return {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PULUMI_PARALLEL": "8", "TOY_SCENARIO": str(self._folder)}

    def _end_leftovers(self) -> None:
        """End what a killed engine has left running: the processes that carry this scenario's mark."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ProcessLookupError):
                marked = self._mark.encode() in (folder / "environ").read_bytes().split(b"\0")
                if marked and folder.name != str(os.getpid()):
                    os.kill(int(folder.name), signal.SIGKILL)

    # ----------------------------------------------------------------------------------------------- one step

    def _step(self, step: dict[str, Any]) -> Iterator[str]:
        run = step["run"]
        stack_name = run.get("stack", "dev")
        self._prepare(run, stack_name)
        log = self._project / "saw.jsonl"
        log.unlink(missing_ok=True)
        begin = time.time()
        done = self._carry_out(run, stack_name)
        self._norm.steps.append((begin, time.time(), step["step"]))
        yield from self._compare(step, stack_name, done, log)

    def _prepare(self, run: dict[str, Any], stack_name: str) -> None:
        if "program" in run:
            shutil.copy(form.TRANSCRIPTS / "programs" / f"{run['program']}.py", self._project / "__main__.py")
        for key, value in run.get("config", {}).items():
            stack = self._stack(stack_name, {})
            if isinstance(value, dict) and "$secret" in value:
                stack.set_config(key, value["$secret"], secret=True)
            else:
                stack.set_config(key, value if value is None or isinstance(value, str) else json.dumps(value))
        faults = self._project / "faults.json"
        faults.unlink(missing_ok=True)
        if run.get("faults"):
            faults.write_text(json.dumps(run["faults"]))
        for file, content in run.get("files", {}).items():
            text = content if isinstance(content, str) else json.dumps(content)
            for pickle, name in form.pickles().items():
                text = text.replace(name, pickle)
            (self._project / file).write_text(text)
        for edit in run.get("drift", []):
            path = self._project / "world.json"
            world = json.loads(path.read_text())
            if edit.get("delete"):
                del world["objects"][edit["object"]]
            else:
                world["objects"].setdefault(edit["object"], {}).update(edit["set"])
            path.write_text(json.dumps(world, indent=1, sort_keys=True) + "\n")

    # ---------------------------------------------------------------------------------------------- operations

    def _carry_out(self, run: dict[str, Any], stack_name: str) -> Done | None:
        """Do what the step's command does; None for a command that is no operation."""
        command, *arguments = run["pulumi"]
        env = run.get("env", {})
        if command in ("up", "preview", "refresh", "destroy"):
            options = options_of(arguments)
            if run.get("signal"):
                return self._interrupted(command, options, env, run["signal"])
            first = "--yes" in arguments and "--skip-preview" not in arguments
            return self._operation(command, options, env, stack_name, preview_first=first)
        stack = self._stack(stack_name, env)
        if command == "cancel":
            stack.cancel()
        elif [command, arguments[0]] == ["stack", "export"]:
            # The engine never prints secrets: `--show-secrets` gets the same file.
            (self._project / arguments[-1]).write_text(json.dumps(stack.export_state()))
        elif [command, arguments[0]] == ["stack", "import"]:
            stack.import_state(json.loads((self._project / arguments[-1]).read_text()))
        elif [command, arguments[0]] == ["stack", "output"]:
            stack.outputs()
        elif [command, arguments[0]] == ["state", "move"]:
            source, dest = (self._stack(arguments[n].rsplit("/", 1)[1], env) for n in (2, 4))
            source.move_to(dest, [a for a in arguments if a.startswith("urn:")])
        elif command == "state":
            return self._edit_state(stack, arguments)
        elif command == "import":
            return self._import(arguments, env, stack_name)
        else:
            raise NotImplementedError(f"pulumi {' '.join(run['pulumi'])}")
        return None

    @staticmethod
    def _edit_state(stack: LocalStack, arguments: list[str]) -> Done | None:
        verb, urn, *more = arguments
        try:
            if verb == "delete":
                stack.delete_from_state(urn)
            elif verb == "rename":
                stack.rename_in_state(urn, more[0])
            elif verb == "unprotect":
                stack.unprotect_in_state(urn)
            else:
                raise NotImplementedError(f"pulumi state {verb}")
        except EngineError as refusal:
            return Done(1, diagnostics=[{"severity": "error", "message": str(refusal)}])
        return None

    def _import(self, arguments: list[str], env: dict[str, str], stack_name: str) -> Done:
        rest = [a for a in arguments if a not in ("--yes", "--skip-preview", "--generate-code=false")]
        preview_only = "--preview-only" in rest
        if "--file" in rest:
            file = json.loads((self._project / rest[rest.index("--file") + 1]).read_text())
        else:
            file = {"resources": [dict(zip(("type", "name", "id"), rest, strict=True))]}
        trace = Trace()
        stack = self._stack(stack_name, env, trace)
        result = stack.import_resources(file, protect="--protect=false" not in rest, preview_only=preview_only)
        return self._done(result, trace, None)

    def _operation(
        self, command: str, options: dict[str, Any], env: dict[str, str], stack_name: str, *, preview_first: bool
    ) -> Done:
        trace = Trace()
        stack = self._stack(stack_name, env, trace)
        phases = None
        if preview_first:
            if command == "up":
                planned = stack.preview(Options(**options))
                phases = [len(trace.calls)]
            else:
                planned = getattr(stack, command)(Options(**{**options, "preview_only": True}))
            if planned.exit_code:
                return self._done(planned, trace, phases)
            trace.steps.clear()
        try:
            result = getattr(stack, command)(Options(**options))
        except StackLocked:
            return Done(1)
        return self._done(result, trace, phases)

    @staticmethod
    def _done(result: Any, trace: Trace, phases: list[int] | None) -> Done:
        diagnostics = [
            {"severity": d.severity, **({"urn": d.urn} if d.urn else {}), "message": d.message}
            for d in result.diagnostics
        ]
        return Done(
            result.exit_code, dict(result.changes), diagnostics, trace.maybe_corrupt, trace.calls, trace.steps, phases
        )

    def _interrupted(self, command: str, options: dict[str, Any], env: dict[str, str], plan: dict[str, Any]) -> Done:
        """An operation in a process of its own, which gets signals."""
        trace, result = self._folder / f"trace-{time.time()}", self._folder / f"result-{time.time()}"
        given = {
            "project": str(self._project),
            "operation": command,
            "options": options,
            "env": {**self._base_env(), **env},
            "trace": str(trace),
            "result": str(result),
        }
        root = str(Path(__file__).parent.parent.parent)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.interrupted_step", json.dumps(given)],
            cwd=root,
            env={**os.environ, "TOY_SCENARIO": str(self._folder)},
            start_new_session=True,
        )
        self._send(process, plan)
        if "SIGKILL" in plan["send"]:
            process.wait(30)
            self._end_leftovers()
        exit_code = process.wait(60)
        calls, steps = read_trace(trace)
        if not result.exists():
            return Done(exit_code, calls=calls, steps=steps)
        said = json.loads(result.read_text())
        diagnostics = [{k: v for k, v in d.items() if v is not None} for d in said["diagnostics"]]
        return Done(exit_code, said["changes"], diagnostics, said["maybe_corrupt"], calls, steps)

    def _send(self, process: subprocess.Popen[bytes], plan: dict[str, Any]) -> None:
        log = self._project / "saw.jsonl"
        deadline = time.monotonic() + 60
        while not (log.exists() and f'"call": "{plan["when_begun"]}", "at": "begin"' in log.read_text()):
            assert process.poll() is None, "it ended before it could be interrupted"
            assert time.monotonic() < deadline, f"{plan['when_begun']} did not begin"
            time.sleep(0.05)
        time.sleep(plan.get("pause", 0))
        for n, name in enumerate(plan["send"]):
            if n:
                time.sleep(1.5)
            number = getattr(signal, name)
            os.kill(process.pid, number) if plan["to"] == "process" else os.killpg(process.pid, number)
        if plan.get("then_write"):
            time.sleep(1.5)
            (self._project / plan["then_write"]).write_text("")

    # ----------------------------------------------------------------------------------------------- comparing

    def _compare(self, step: dict[str, Any], stack_name: str, done: Done | None, log: Path) -> Iterator[str]:
        stack = self._stack(stack_name, {})
        exported = stack.export_state()
        for r in exported["deployment"]["resources"]:
            if r["type"].startswith("pulumi:providers:"):
                self._norm.learn_ids(json.dumps(f"{r['urn']}::{r['id']}"))
        self._norm.learn_ids(json.dumps([c.request for c in done.calls] if done else []))
        provider = exported["deployment"].get("secrets_providers")
        decrypt = PassphraseSecrets.from_state(provider["state"], PASSPHRASE).decrypt if provider else str
        if done is not None and "operations" not in step:
            yield from different("exit", step["exit"], done.exit_code)
        elif done is not None:
            found = {
                "calls": form.lanes(done.calls, stack_name, self._norm, done.phases),
                "operations": form.operations(done.steps, self._norm),
            }
            if chance_outputs(step, found["calls"]):
                step, found = without_outputs(step), without_outputs(found)
                exported = {**exported, "deployment": without_outputs(exported["deployment"])}
            yield from self._compare_operation(step, stack_name, done, log, found)
        for other, expected in step.get("states", {}).items():
            theirs = self._norm.state(self._stack(other, {}).export_state(), decrypt, in_order=True)
            yield from different(f"state of {other}", expected, theirs)
        state = self._expected_state(step)
        yield from different(
            "state", state, self._norm.state(exported, decrypt, in_order="timeline" in step or not done)
        )
        resources = [r for r in exported["deployment"]["resources"] if r["type"] == "pulumi:pulumi:Stack"]
        outputs = self._norm.value(resources[0].get("outputs", {}), decrypt) if resources else {}
        yield from different("outputs", step["outputs"], outputs)
        world = self._project / "world.json"
        yield from different("world", step["world"], json.loads(world.read_text())["objects"] if world.exists() else {})

    def _expected_state(self, step: dict[str, Any]) -> Any:
        state = step["state"]
        if "same_as_step" not in state:
            return state
        then, stack = self._recording["steps"][state["same_as_step"] - 1], step["run"].get("stack", "dev")
        return then.get("states", {}).get(stack) or then["state"]

    def _compare_operation(
        self, step: dict[str, Any], stack_name: str, done: Done, log: Path, found: dict[str, Any]
    ) -> Iterator[str]:
        norm = self._norm
        yield from different("exit", step["exit"], done.exit_code)
        if "summary" in step:
            words = {0: "succeeded", 7: "succeeded", 8: "canceled"}
            summary = {"result": words.get(done.exit_code, "failed"), "changes": done.changes}
            summary |= {"maybeCorrupt": True} if done.maybe_corrupt else {}
            yield from different("summary", step["summary"], summary)
        yield from different("operations", step["operations"], found["operations"])
        said = [{**d, "message": norm.text(d["message"])} for d in done.diagnostics]
        yield from different("diagnostics", told(step["diagnostics"]), told(said))
        for first, second in step["order"]:
            if not form.in_this_order(done.calls, stack_name, norm, first, second):
                yield f"order: {first} did not end before {second}"
        if "timeline" in step:
            timeline = form.timeline(done.calls, stack_name, norm)
            yield from different("timeline", settled_marks(step["timeline"]), settled_marks(timeline))
        yield from different("calls", settled_lanes(step["calls"]), settled_lanes(found["calls"]))
        saw, lines = form.seen_by_providers(log, norm)
        yield from different("saw", step["saw"], saw)
        for verb, most in step.get("mostAtOnce", {}).items():
            yield from different(f"most {verb} at once", most, form.most_at_once(lines, verb))


def options_of(arguments: list[str]) -> dict[str, Any]:
    """The options of a command line."""
    options: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        flag = rest.pop(0)
        if flag in FLAGS:
            options[FLAGS[flag]] = True
        elif flag in LISTS:
            options.setdefault(LISTS[flag], []).append(rest.pop(0))
        elif flag == "--parallel":
            options["parallel"] = int(rest.pop(0))
        elif flag == "--import-pending-creates":
            # Pulumi drops the pending create and imports nothing; here there is one way only to drop them.
            options["clear_pending_creates"] = True
            rest.pop(0)
        elif flag not in WITHOUT_EFFECT:
            raise NotImplementedError(flag)
    return options


def settled_marks(timeline: list[str]) -> list[str]:
    """A timeline without the outputs of the stack, which the SDK may send at the same time as the last registration."""
    return [mark for mark in timeline if "RegisterResourceOutputs Stack::" not in mark]


def chance_outputs(step: dict[str, Any], calls: dict[str, Any]) -> bool:
    """Whether a registration failed and the outputs of the stack, which the SDK sends at the same time, came too late here
    and in time in the recording. Which of the two is first is chance."""

    def heard(lanes: dict[str, Any]) -> bool:
        stack = [c for urn, lane in lanes.items() if STACK_TYPE in urn for c in lane]
        return any(c["call"] == "RegisterResourceOutputs" and c.get("answer") not in (None, "<none>") for c in stack)

    failed = any(
        c["call"] == "RegisterResource" and c.get("answer") == "<none>" for lane in step["calls"].values() for c in lane
    )
    return bool(step["exit"]) and "timeline" not in step and failed and heard(step["calls"]) and not heard(calls)


def without_outputs(part: dict[str, Any]) -> dict[str, Any]:
    """A step, or what was found after it, or a state, without the outputs of the stack."""
    part = copy.deepcopy(part)
    for urn, calls in part.get("calls", {}).items():
        if STACK_TYPE in urn:
            calls[:] = [c for c in calls if c["call"] != "RegisterResourceOutputs"]
    for urn, operations in part.get("operations", {}).items():
        if STACK_TYPE in urn:
            del operations[-1]["events"][2:]
    for resource in [*part.get("resources", []), *part.get("state", {}).get("resources", [])]:
        if STACK_TYPE in resource["urn"]:
            resource.pop("outputs", None)
    return {**part, "outputs": {}} if "outputs" in part else part


def settled_lanes(lanes: dict[str, Any]) -> dict[str, Any]:
    """Calls without registrations to which nothing was done and that were never answered: whether an interrupted program
    came to make one more is chance."""

    def unheard(calls: list[dict[str, Any]]) -> bool:
        return len(calls) == 1 and calls[0]["call"] == "RegisterResource" and calls[0].get("answer") == "<none>"

    def told_apart(call: dict[str, Any]) -> dict[str, Any]:
        errors = [
            re.sub(r"code = (Unavailable|Canceled) desc = .*", "<the connection was lost>", e) for e in call["errors"]
        ]
        return {**call, "errors": errors}

    return {
        urn: [told_apart(c) if "errors" in c else c for c in calls]
        for urn, calls in lanes.items()
        if not unheard(calls)
    }


def settled_message(message: str) -> str:
    """The traceback of a program's exception without the SDK's frames and what the SDK says on top of it: which of the tasks
    that wait for a value is looked at first is chance."""
    if not message.startswith("Program failed"):
        return message.rstrip("\n")
    lines = message.rstrip("\n").split("\n")
    own = [line for n, line in enumerate(lines) if "<project>" in line or (n and "<project>" in lines[n - 1])]
    raised = [line for line in lines[1:] if re.match(r"[A-Za-z_.]+(Error|Exception)\b", line)]
    return "\n".join([lines[0], *own, *raised[:1]])


def told(diagnostics: list[dict[str, Any]]) -> list[Any]:
    """Diagnostics in an order of their own; whether one is ephemeral is for the screen."""
    plain = [
        {k: settled_message(v) if k == "message" else v for k, v in d.items() if k != "ephemeral"} for d in diagnostics
    ]
    return sorted(plain, key=lambda d: json.dumps(d, sort_keys=True))


def different(what: str, expected: Any, found: Any) -> Iterator[str]:
    """Where two data differ, one sentence each, at most six."""
    expected, found = json.loads(json.dumps(expected)), json.loads(json.dumps(found))
    for n, place in enumerate(_places(what, expected, found)):
        if n == 6:
            yield f"{what}: and more"
            return
        yield place


def _places(path: str, expected: Any, found: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({**expected, **found}):
            if key not in found:
                yield f"{path}[{key}] is missing: {json.dumps(expected[key])[:400]}"
            elif key not in expected:
                yield f"{path}[{key}] is too much: {json.dumps(found[key])[:400]}"
            else:
                yield from _places(f"{path}[{key}]", expected[key], found[key])
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for n, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _places(f"{path}[{n}]", one, other)
    elif expected != found or isinstance(expected, bool) != isinstance(found, bool):
        yield f"{path} is {json.dumps(found)[:700]} and should be {json.dumps(expected)[:700]}"
