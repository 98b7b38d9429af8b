"""What stands below each command's help, line by line as written here: examples, and exit codes of its own."""

from __future__ import annotations

_AS_WRITTEN = "\b\n"
"""Tells the help not to fill the lines that follow."""


def _examples(*lines: tuple[str, str], then: str = "") -> str:
    width = max(len(command) for command, _ in lines) + 2
    text = "\n".join(f"  {command:<{width}}{what}" for command, what in lines)
    return f"{_AS_WRITTEN}Examples:\n{text}" + (f"\n\n{_AS_WRITTEN}{then}" if then else "")


DEMO = _examples(
    ("hubassoc demo", "on the Pulumi CLI where there is one"),
    ("hubassoc demo --engine local", "on the built-in engine"),
    ("hubassoc demo --keep ./demo", "and keep project and state"),
)
DOCTOR = _examples(
    ("hubassoc doctor -s dev", "this folder's project, with the configuration of its stack dev"),
    ("hubassoc doctor -s dev --offline", "without a request"),
    ("hubassoc doctor -s dev --json", 'for a script: {"worst": "ok", "findings": [...]}'),
    ("hubassoc doctor -s dev --state dev.json", "and labels that an interrupted run has left"),
    then="--state takes the file of pulumi stack export -s dev --file dev.json.\n"
    "Exit code: 0 all is well, or there are warnings alone; 1 there is an error.",
)
EMULATOR = _examples(
    ("hubassoc emulator", "until Ctrl-C; prints the environment that leads to it, and its page"),
    ("hubassoc emulator --port 8080 --state portal.json", "with data that outlives it"),
    ("hubassoc emulator --json", "for a script: URL, page, portal and token"),
)
VERSION = _examples(("hubassoc version", "for people"), ("hubassoc version --json", "for a script"))
PREVIEW = _examples(
    ("hubassoc local preview -s dev", "what would be done"),
    ("hubassoc local preview -s dev --expect-no-changes", "exit code 7 if it would be anything"),
)
UP = _examples(
    ("hubassoc local up -s dev", "show it, ask, do it"),
    ("hubassoc local up -s dev --yes --json", "for a script"),
)
REFRESH = _examples(
    ("hubassoc local refresh -s dev", "show what differs, ask, take it into the state"),
    ("hubassoc local refresh -s dev --preview-only --expect-no-changes", "exit code 7 if anything was changed by hand"),
)
DESTROY = _examples(
    ("hubassoc local destroy -s dev", "show it, ask, delete everything"),
    ("hubassoc local destroy -s dev --exclude-protected --yes", "but what is protected"),
)
OUTPUTS = _examples(
    ("hubassoc local outputs -s dev", "for people"),
    ("hubassoc local outputs -s dev --json --show-secrets", "for a script that needs the secrets"),
)
CANCEL = _examples(("hubassoc local cancel -s dev", "after a run that was killed"))
_FLEET_CODES = (
    "Exit codes: 0 all are done; 1 some failed; 75 none failed, and some are parked until their portal's next day;\n"
    "8 interrupted: the first Ctrl-C lets what is under way end, the second ends it."
)
FLEET_PREVIEW = _examples(
    ("hubassoc fleet preview", "what would be done in each portal of fleet.yaml"),
    ("hubassoc fleet preview --only acme --engine local", "in one of them, on the built-in engine"),
    then=_FLEET_CODES,
)
FLEET_UP = _examples(
    ("hubassoc fleet up", "one stack for each core at once"),
    ("hubassoc fleet up --tag gold --jobs 8 --html up.html", "only some portals, eight at once, and a page of it"),
    ("hubassoc fleet up --scheduler tcp://10.0.0.1:8786", "on a Dask cluster"),
    ("hubassoc fleet up --resume", "what the last run has not done"),
    then=_FLEET_CODES,
)
FLEET_REFRESH = _examples(
    ("hubassoc fleet refresh", "take what was changed by hand into the states"),
    ("hubassoc fleet refresh --workers 4 --json", "on four Dask workers of this machine, for a script"),
    then=_FLEET_CODES,
)
FLEET_DESTROY = _examples(
    ("hubassoc fleet destroy --only acme", "everything in one portal"),
    ("hubassoc fleet destroy --tag trial", "in each of those"),
    then=_FLEET_CODES,
)
