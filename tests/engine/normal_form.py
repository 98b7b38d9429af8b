"""Brings what the built-in engine did into the form of the recorded transcripts (see tests/transcripts/README.md)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pulumi

import pulumi_hubassoc.engine.local
from pulumi_hubassoc.engine.local.trace import Call, StepSeen

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"
SIGNATURE = "4dabf18193072939515e22adb298388d"
KINDS = {
    "1b47061264138c4ac30d75fd1eb44270": "$secret",
    "d0e6a833031e9bbcd3f4e8bde6ca49a4": "$output",
    "5cf8f73096256a8f31e491e813e4eb8e": "$resource",
}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# Fields that every request carries with this value; the transcripts leave them out.
USUAL: dict[str, dict[str, Any]] = {
    "RegisterResource": {
        "acceptSecrets": True,
        "supportsPartialValues": True,
        "acceptResources": True,
        "supportsResultReporting": True,
        "hooks": {},
    },
    "ReadResource": {"acceptSecrets": True, "acceptResources": True},
    "Configure": {
        "acceptSecrets": True,
        "acceptResources": True,
        "sendsOldInputs": True,
        "sendsOldInputsToDelete": True,
    },
    "Handshake": {
        "configureWithUrn": True,
        "supportsViews": True,
        "supportsRefreshBeforeUpdate": True,
        "invokeWithPreview": True,
        "acceptsByteString": True,
    },
}
DROPPED = {"sourcePosition", "stackTrace", "randomSeed", "engineAddress", "rootDirectory", "programDirectory"}
ASKING = ("Check", "Diff", "Create", "Read", "Update", "Delete")


@lru_cache
def pickles() -> dict[str, str]:
    """The pickled providers of toy.py, and the names the transcripts have for them."""
    code = (
        "import inspect, json, toy; from pulumi.dynamic.dynamic import serialize_provider as pickled; "
        "print(json.dumps({pickled(c()): '$pickle:toy.' + n for n, c in vars(toy).items() "
        "if inspect.isclass(c) and issubclass(c, toy.Provider)}))"
    )
    folder = TRANSCRIPTS / "programs"
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    names: dict[str, str] = json.loads(done.stdout)
    return names


class Normaliser:
    """Replaces what differs from run to run by names that do not; one for each scenario."""

    def __init__(self, project: Path) -> None:
        engine = Path(pulumi_hubassoc.engine.local.__file__).parent
        self._places = [
            (str(project), "<project>"),
            (str(engine / "_runner.py"), "<pulumi>/pulumi-language-python-exec"),
            (str(Path(pulumi.__file__).parent.parent), "<sdk>"),
            (sys.prefix, "<venv>"),
            (sys.base_prefix, "<python>"),
        ]
        self._ids: dict[str, str] = {}
        self.steps: list[tuple[float, float, int]] = []

    def learn_ids(self, text: str) -> None:
        """Name the ids of providers after them."""
        for urn, uid in re.findall(rf"(urn:pulumi:[^\"\s]*?::pulumi:providers:[^\"\s]*?)::({UUID})", text):
            if uid in self._ids or uid == UNKNOWN:
                continue
            kind, name = urn.split("::")[-2:]
            name = name if kind.endswith(":pulumi-python") else f"{name} of {kind}"
            stack = urn.split(":")[2]
            base = f"id of {name}" if stack == "dev" else f"id of {name} in {stack}"
            taken = sum(1 for v in self._ids.values() if re.fullmatch(rf"<{re.escape(base)}( \d+)?>", v))
            self._ids[uid] = f"<{base} {taken + 1}>" if taken else f"<{base}>"

    def when(self, stamp: str) -> str:
        """The step in which a time of the state lies."""
        time = datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
        return next((f"<step {n}>" for begin, end, n in self.steps if begin <= time <= end), "<before the scenario>")

    def text(self, text: str) -> str:
        """A text without places, ids, addresses, and line numbers that are not the program's."""
        if text in pickles():
            return pickles()[text]
        for path, name in self._places:
            text = text.replace(path, name)
        for pickle, name in pickles().items():
            text = text.replace(pickle, name)
        text = text.replace(UNKNOWN, "$unknown")
        text = re.sub(UUID, lambda m: self._ids.get(m.group(), "<uuid>"), text)
        # The words for a lost connection are those of the gRPC library.
        text = re.sub(r"code = (Unavailable|Canceled|Cancelled) desc = .*", "<the connection was lost>", text)
        text = re.sub(r"\bat 0x[0-9a-f]+", "at 0x<address>", text)
        text = re.sub(r"(<sdk>[^\"\n]*\.py\", line )\d+", r"\1<n>", text)
        text = re.sub(r"(<pulumi>[^\"\n]*exec\", line )\d+", r"\1<n>", text)
        text = re.sub(r"(File \"<python>[^\"\n]*\", line )\d+", r"\1<n>", text)
        text = re.sub(r"(File \"[^\"\n]*toy\.py\", line )\d+", r"\1<n>", text)
        return re.sub(r"\n[ ~^]+(?=\n)", "", text)

    def value(self, value: Any, decrypt: Callable[[str], str] | None = None) -> Any:
        """A property value in the transcripts' form, secrets in clear."""
        if isinstance(value, str):
            return "$unknown" + value[len(UNKNOWN) :] if value.startswith(UNKNOWN) else self.text(value)
        if isinstance(value, list):
            return [self.value(v, decrypt) for v in value]
        if not isinstance(value, dict):
            return int(value) if isinstance(value, float) and value.is_integer() else value
        kind = KINDS.get(value.get(SIGNATURE, ""))
        if kind == "$secret":
            if decrypt and "ciphertext" in value:
                return {kind: self.value(json.loads(decrypt(value["ciphertext"])), decrypt)}
            return {kind: self.value(value.get("value"), decrypt)}
        if kind:
            return {kind: self.value({k: v for k, v in value.items() if k != SIGNATURE}, decrypt)}
        return {self.text(k): self.value(value[k], decrypt) for k in sorted(value)}

    def resource(self, data: Mapping[str, Any], decrypt: Callable[[str], str]) -> dict[str, Any]:
        """A resource of a state."""
        out: dict[str, Any] = {}
        for key, v in data.items():
            if key in ("created", "modified"):
                out[key] = self.when(v)
            elif key == "dependencies":
                out[key] = sorted(map(self.text, v))
            elif key == "propertyDependencies":
                out[key] = {k: sorted(map(self.text, v[k])) for k in sorted(v)}
            else:
                out[key] = self.value(v, decrypt)
        return out

    def state(self, exported: Mapping[str, Any], decrypt: Callable[[str], str], *, in_order: bool) -> dict[str, Any]:
        """An exported state; where the order of its resources is not settled, sorted."""
        deployment = exported["deployment"]
        resources = [self.resource(r, decrypt) for r in deployment.get("resources", [])]
        if not in_order:
            resources.sort(key=lambda r: urn_rank(r["urn"]))
        state: dict[str, Any] = {"resources": resources}
        if deployment.get("pending_operations"):
            state["pending_operations"] = [
                {"type": p["type"], "resource": self.resource(p["resource"], decrypt)}
                for p in deployment["pending_operations"]
            ]
        return state


def urn_rank(urn: str) -> tuple[int, str]:
    """Sort key: the program and the providers' processes, the stack, providers, the rest."""
    if not urn.startswith("urn:"):
        return 0, urn
    kind = urn.split("::")[2]
    return (1 if kind == "pulumi:pulumi:Stack" else 2 if kind.startswith("pulumi:providers:") else 3), urn


def short(urn: str) -> str:
    """``Box::red`` for a long URN."""
    if not urn.startswith("urn:pulumi:"):
        return urn
    types, name = urn.split("::", 3)[2:]
    kind = types.rsplit("$", 1)[-1].removeprefix("pulumi-python:dynamic/toy:").removeprefix("pulumi:pulumi:")
    return f"{kind}::{name}"


# --------------------------------------------------------------------------------------------------------- calls


def lane_of(call: Call, stack: str) -> str:
    """The URN that a call is about, or who made it."""
    if call.service == "LanguageRuntime" or call.method == "SignalAndWaitForShutdown":
        return "(program)"
    if "urn" in call.request:
        return str(call.request["urn"])
    if call.method in ("RegisterResource", "ReadResource"):
        if call.response and "urn" in call.response:
            return str(call.response["urn"])
        parent = call.request.get("parent", "")
        chain = parent.split("::")[2] + "$" if parent and "pulumi:pulumi:Stack" not in parent else ""
        return f"urn:pulumi:{stack}::toy::{chain}{call.request['type']}::{call.request['name']}"
    return "(provider process)" if call.service == "ResourceProvider" else "(program)"


def _request(call: Call, norm: Normaliser, urn: str) -> dict[str, Any]:
    usual = USUAL.get(call.method, {})
    out: dict[str, Any] = {}
    for key, v in call.request.items():
        if key in DROPPED or (key in usual and usual[key] == v):
            continue
        if key in ("dependencies", "configSecretKeys"):
            out[key] = sorted(v)
        elif key == "propertyDependencies":
            out[key] = {k: sorted(v[k].get("urns", [])) for k in sorted(v)}
        elif key == "aliases":
            out[key] = [norm.value(a) for a in v]
        else:
            out[key] = norm.value(v)
    out |= {key: "<absent>" for key in usual if key not in call.request}
    if out.get("urn") == urn:
        del out["urn"]
    if call.service == "ResourceProvider":
        out.pop("name", None)
        out.pop("type", None)
    return out


def asked_after(configure: Call, calls: list[Call]) -> bool:
    """Whether a provider was asked anything after it was configured."""
    for call in calls[calls.index(configure) + 1 :]:
        if call.method == "Configure" and call.request.get("urn") == configure.request.get("urn"):
            return False
        if call.method in ASKING:
            return True
    return False


def lanes(calls: list[Call], stack: str, norm: Normaliser, phases: list[int] | None) -> dict[str, list[dict[str, Any]]]:
    """All calls by URN; `phases`: how many of them belong to a preview in front of an update, if there was one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for n, call in enumerate(calls):
        urn = lane_of(call, stack)
        entry: dict[str, Any] = {"call": call.method}
        if phases:
            entry["phase"] = "preview" if n < phases[0] else "update"
        entry["request"] = _request(call, norm, urn)
        if call.method == "Run" and call.response not in ({}, {"bail": True}):
            entry["answer"] = "<interrupted>"
        elif call.method == "Cancel" or (call.method == "Configure" and not asked_after(call, calls)):
            entry["answer"] = "<not waited for>"
        elif call.end is None:
            entry["answer"] = "<none>"
        elif call.error is not None:
            entry["errors"] = [norm.text(call.error)]
        else:
            answer = norm.value(call.response or {})
            if answer.get("result") == 2:  # a word that the Python SDK does not know
                answer["result"] = "SKIP"
            if answer.get("urn") == urn:
                del answer["urn"]
            entry["answer"] = answer
        found.setdefault(norm.text(urn), []).append(entry)
    if "(provider process)" in found:
        found["(provider process)"].sort(key=lambda e: (e["call"], json.dumps(e, sort_keys=True)))
    return found


def timeline(calls: list[Call], stack: str, norm: Normaliser) -> list[str]:
    """Begins and ends of all calls, in order."""
    marks = []
    for call in calls:
        if call.method == "Cancel":
            continue
        name = f"{call.method} {short(norm.text(lane_of(call, stack)))}"
        marks.append((call.begin, f"begin {name}"))
        if call.end is not None and call.method != "Run" and (call.method != "Configure" or asked_after(call, calls)):
            marks.append((call.end, f"end   {name}"))
    return [text for _, text in sorted(marks)]


def in_this_order(calls: list[Call], stack: str, norm: Normaliser, first: str, second: str) -> bool:
    """Whether some call with the one label ended before one with the other began."""
    named = [(f"{c.method} {short(norm.text(lane_of(c, stack)))}", c) for c in calls]
    ends = [c.begin if c.method == "SignalAndWaitForShutdown" else c.end for n, c in named if n == first]
    begins = [c.begin for n, c in named if n == second]
    return any(e is not None and e < b for e in ends for b in begins)


# --------------------------------------------------------------------------------------------------------- steps


def operations(steps: Iterable[StepSeen], norm: Normaliser) -> dict[str, list[dict[str, Any]]]:
    """The operations by URN, each with the moments seen of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for seen in steps:
        mine = found.setdefault(norm.text(seen.urn), [])
        said: dict[str, Any] = {"op": seen.operation, "type": seen.type, "events": [seen.moment]}
        if seen.changed_keys:
            said["diffs"] = sorted(seen.changed_keys)
        if seen.replace_keys:
            said["replaceKeys"] = sorted(seen.replace_keys)
        if seen.detailed:
            said["detailedDiff"] = dict(sorted(seen.detailed.items()))
        alike = [o for o in mine if o["op"] == seen.operation]
        was = next((o for o in alike if o["events"] == ["pre"]), alike[-1] if alike else None)
        if seen.moment == "pre" or was is None:
            mine.append(said)
            continue
        was["events"] = was["events"] + said["events"]
        for key in ("diffs", "replaceKeys", "detailedDiff"):
            if said.get(key) != was.get(key):
                was[key + "WithOutputs"] = said.get(key)
    return found


# ------------------------------------------------------------------------------------- what the provider has seen


def seen_by_providers(log: Path, norm: Normaliser) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the toy provider was given and answered, by process and object; and the lines of its log."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    by_process: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        by_process.setdefault(line["pid"], []).append(line)
    processes = [_calls_seen(own, norm) for own in by_process.values()]
    return sorted(processes, key=lambda p: json.dumps(p, sort_keys=True)), lines


def _calls_seen(lines: list[dict[str, Any]], norm: Normaliser) -> dict[str, list[dict[str, Any]]]:
    waiting: dict[str, list[dict[str, Any]]] = {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if line["at"] == "end":
            entry = waiting[line["call"]].pop(0)
            if "raised" in line:
                del entry["answer"]
                entry["raised"] = norm.text(line["raised"])
            else:
                entry["answer"] = norm.value(line["answer"])
            continue
        entry = {"call": line["call"], "provider": line["provider"], "given": norm.value(line["given"])}
        if line["call"] != "configure":
            entry["answer"] = "<none>"
            waiting.setdefault(line["call"], []).append(entry)
        groups.setdefault(line["call"].split(" ", 1)[-1], []).append(entry)
    groups.get("configure", []).sort(key=lambda e: str(e["provider"]))
    return groups


def most_at_once(lines: list[dict[str, Any]], verb: str) -> int:
    """The greatest number of calls of one kind in flight together."""
    now = most = 0
    for line in lines:
        if line["call"].startswith(f"{verb} "):
            now += 1 if line["at"] == "begin" else -1
            most = max(most, now)
    return most
