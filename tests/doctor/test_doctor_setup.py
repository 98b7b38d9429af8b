"""What the doctor finds on this machine and in a project: each check in each of its outcomes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pulumi_hubassoc.doctor.checks import CHECKS
from pulumi_hubassoc.engine.local.config import StackConfig, file_config
from tests.conftest import TOKEN
from tests.doctor.practice import CLI, Practice, expect, put_cli_on_path

PASSPHRASE = "open sesame"
REAL_PATH = os.environ["PATH"]


pytestmark = pytest.mark.timeout(120)


def test_versions(practice: Practice) -> None:
    """Of this package and the SDK."""
    expect(practice.look("package", offline=True), "ok", f"pulumi-hubassoc {version('pulumi-hubassoc')} on Python 3.")
    expect(practice.look("Pulumi SDK", offline=True), "ok", f"{version('pulumi')}, with CLI 3.260.0")


@pytest.mark.parametrize(
    ("said", "level", "words", "fix"),
    [
        ("v3.260.0", "ok", "3.260.0", ""),
        ("v3.100.0", "error", "3.100.0, and at least 3.254.0 is needed", "pulumi.com/docs/install"),
        ("nonsense", "error", "does not say its version", "pulumi.com/docs/install"),
        (None, "warning", "not on PATH; the built-in engine", "pulumi.com/docs/install"),
    ],
)
def test_pulumi_cli(practice: Practice, said: str | None, level: str, words: str, fix: str) -> None:
    """There, too old, something else of that name, and not there, which the built-in engine makes bearable."""
    if said:
        put_cli_on_path(practice.bin, said)
    else:
        (practice.bin / "pulumi").unlink()
    expect(practice.look("Pulumi CLI", offline=True), level, words, fix)


def test_an_sdk_of_another_major_version(practice: Practice) -> None:
    """The CLI would speak another protocol."""
    put_cli_on_path(practice.bin, "v4.0.0")
    expect(practice.look("Pulumi SDK", offline=True), "error", "different major versions", "version 3")


@pytest.mark.parametrize("missing", CLI[1:])
def test_a_plugin_that_is_missing(practice: Practice, missing: str) -> None:
    """Each program that the CLI starts is looked for."""
    (practice.bin / missing).unlink()
    expect(practice.look("Pulumi plugins", offline=True), "error", f"{missing} neither on PATH nor in", "whole")


def test_plugins_beside_a_linked_cli(practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI finds its programs beside itself, wherever a link to it is."""
    links = tmp_path / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(practice.bin / "pulumi")
    monkeypatch.setenv("PATH", str(links))
    expect(practice.look("Pulumi plugins", offline=True), "ok", "pulumi-resource-pulumi-python")


def test_plugins_without_a_cli(practice: Practice) -> None:
    """There is nothing that would start them."""
    (practice.bin / "pulumi").unlink()
    expect(practice.look("Pulumi plugins", offline=True), "warning", "not looked at: no Pulumi CLI")


@pytest.mark.cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
def test_with_the_real_cli(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version and its programs are found."""
    monkeypatch.setenv("PATH", REAL_PATH)
    findings = {f.what: f for f in practice.findings()}
    assert {findings[what].level for what in ("Pulumi CLI", "Pulumi plugins", "Pulumi SDK")} == {"ok"}


# ----------------------------------------------------------------------------------------------------------- the project


@pytest.mark.parametrize(
    ("text", "stack", "level", "words", "fix"),
    [
        ("name: crm\nruntime: python\n", "dev", "ok", "crm, in ", ""),
        ("name: crm\nruntime: nodejs\n", "dev", "error", "nodejs", "pulumi-yaml"),
        ("name: [", "dev", "error", "is not YAML: line 1", "pulumi-yaml"),
        (None, None, "warning", "no Pulumi.yaml in", "-C DIR"),
        (None, "dev", "error", "no Pulumi.yaml in", "-C DIR"),
    ],
)
def test_project(practice: Practice, text: str | None, stack: str | None, level: str, words: str, fix: str) -> None:
    """A project, one of another language, one that cannot be read, and none, which matters if a stack was named."""
    practice.folder.joinpath("Pulumi.yaml").unlink()
    if text:
        practice.write("Pulumi.yaml", text)
    expect(practice.look("project", stack, offline=True), level, words, fix)


def make_virtualenv(folder: Path, answer: str = "") -> None:
    """What looks like a virtual environment: this Python, or a program that answers as told."""
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f"#!/bin/sh\necho '{answer}'\n" if answer else f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)


def options(virtualenv: object, main: str = "") -> str:
    """A Pulumi.yaml that names a virtual environment."""
    return json.dumps({"name": "crm", "main": main, "runtime": {"name": "python", "options": virtualenv}})


class TestProvidersPython:
    """The program and the provider look for their Python in different places."""

    def test_of_the_environment(self, practice: Practice) -> None:
        """Without `virtualenv:` it is the one that the CLI is told, or finds on PATH."""
        expect(practice.look("provider's Python", offline=True), "ok", f"{sys.executable} has pulumi-hubassoc")

    def test_none_on_path(self, practice: Practice) -> None:
        """The provider could not start."""
        practice.env["PULUMI_PYTHON_CMD"] = "python-of-nobody"
        expect(practice.look("provider's Python", offline=True), "error", "is not on PATH", "activate")

    def test_virtualenv(self, practice: Practice) -> None:
        """In the project's folder, without `main:`, it serves both."""
        make_virtualenv(practice.folder / ".venv")
        practice.write("Pulumi.yaml", options({"virtualenv": ".venv"}))
        expect(practice.look("provider's Python", offline=True), "ok", ".venv/bin/python has pulumi-hubassoc")

    def test_of_uv(self, practice: Practice) -> None:
        """With uv's toolchain it is `.venv`."""
        practice.write("Pulumi.yaml", options({"toolchain": "uv"}))
        expect(practice.look("provider's Python", offline=True), "error", ".venv in Pulumi.yaml is no virtual", "venv")

    def test_of_poetry(self, practice: Practice) -> None:
        """Only poetry could say."""
        practice.write("Pulumi.yaml", options({"toolchain": "poetry"}))
        expect(practice.look("provider's Python", offline=True), "warning", "not looked at: poetry")

    @pytest.mark.parametrize("with_cli", [True, False])
    def test_virtualenv_that_is_not_there(self, practice: Practice, with_cli: bool) -> None:
        """The CLI would make it, with downloads; the built-in engine stops."""
        if not with_cli:
            (practice.bin / "pulumi").unlink()
        practice.write("Pulumi.yaml", options({"virtualenv": "gone"}))
        expect(practice.look("provider's Python", offline=True), "error", "gone in Pulumi.yaml", "python3 -m venv")

    def test_relative_virtualenv_with_main(self, practice: Practice) -> None:
        """The provider looks in the program's folder: an absolute path is found by both."""
        make_virtualenv(practice.folder / ".venv")
        (practice.folder / "program").mkdir()
        practice.write("Pulumi.yaml", options({"virtualenv": ".venv"}, "program"))
        expect(
            practice.look("provider's Python", offline=True), "error", "virtualenv: .venv with main:", "absolute path"
        )
        practice.write("Pulumi.yaml", options({"virtualenv": str(practice.folder / ".venv")}, "program"))
        expect(practice.look("provider's Python", offline=True), "ok", ".venv/bin/python has")

    def test_without_a_cli_it_is_the_built_in_engines(self, practice: Practice) -> None:
        """Which takes the Python it runs on itself."""
        (practice.bin / "pulumi").unlink()
        practice.env["PULUMI_PYTHON_CMD"] = "python-of-nobody"
        expect(practice.look("provider's Python", offline=True), "ok", f"{sys.executable} has")

    @pytest.mark.parametrize(
        ("answer", "level", "words", "fix"),
        [
            ('{"pulumi": "3.260.0", "pulumi-hubassoc": null}', "error", "has no pulumi-hubassoc", "install them there"),
            ('{"pulumi": null, "pulumi-hubassoc": null}', "error", "has no pulumi and no pulumi-hubassoc", "-m pip"),
            ('{"pulumi": "3.260.0", "pulumi-hubassoc": "0.0.1"}', "warning", "pulumi-hubassoc 0.0.1, and this", "one"),
            ("Traceback", "error", "does not run", "anew"),
        ],
    )
    def test_what_it_has(self, practice: Practice, answer: str, level: str, words: str, fix: str) -> None:
        """It is asked for the packages that a provider needs."""
        make_virtualenv(practice.folder / ".venv", answer)
        practice.write("Pulumi.yaml", options({"virtualenv": ".venv"}))
        expect(practice.look("provider's Python", offline=True), level, words, fix)


class TestStack:
    """The stack's configuration: there, missing, not named, not to be decrypted."""

    def seal(self, practice: Practice, key: str = "hubassoc:accessToken", value: str = TOKEN) -> None:
        """Set a secret, as `pulumi config set --secret` does."""
        read, write = file_config(practice.folder / "Pulumi.dev.yaml")
        StackConfig("crm", {}, read, write, {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}).set(key, value, secret=True)

    def test_there(self, practice: Practice) -> None:
        """It says which settings the file has."""
        expect(practice.look("stack", offline=True), "ok", "Pulumi.dev.yaml has hubassoc:portalId")

    def test_of_an_organization(self, practice: Practice) -> None:
        """The file is named by the last part."""
        expect(practice.look("stack", "acme/dev", offline=True), "ok", "Pulumi.dev.yaml has hubassoc:portalId")

    def test_no_setting_in_it(self, practice: Practice) -> None:
        """The environment may have them."""
        practice.config = {"crm:colour": "red"}
        expect(practice.look("stack", offline=True), "ok", "none of the settings")

    def test_not_named(self, practice: Practice) -> None:
        """It says which there are."""
        expect(practice.look("stack", None, offline=True), "warning", "the configuration of dev was not read", "-s dev")

    def test_not_named_and_none_there(self, practice: Practice) -> None:
        """Then nothing is missing."""
        practice.config = {}
        expect(practice.look("stack", None, offline=True), "ok", "no stack has a file")

    def test_missing(self, practice: Practice) -> None:
        """A name that is wrong looks like a stack without configuration."""
        expect(practice.look("stack", "prod", offline=True), "warning", "no Pulumi.prod.yaml", "there are dev")

    def test_not_to_be_read(self, practice: Practice) -> None:
        """A file that is no YAML."""
        practice.write("Pulumi.dev.yaml", "config: [")
        expect(practice.look("stack", offline=True), "error", "Pulumi.dev.yaml is not YAML", "correct")

    def test_secret_opened(self, practice: Practice) -> None:
        """With the passphrase the token in the file is the one that counts."""
        self.seal(practice)
        practice.env = {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "HUBSPOT_ACCESS_TOKEN": "another"}
        assert practice.look("stack").level == "ok"
        expect(practice.look("token"), "ok", "hubassoc:accessToken")

    @pytest.mark.parametrize(
        ("env", "why"),
        [
            ({}, "the stack holds secrets, and there is no passphrase"),
            ({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, "incorrect passphrase"),
        ],
    )
    def test_secret_not_opened(self, practice: Practice, env: dict[str, str], why: str) -> None:
        """What is plain still counts, and how to look at the token all the same is said."""
        practice.config = {"hubassoc:portalId": "77"}
        practice.findings(offline=True)  # writes the file
        self.seal(practice)
        practice.env = env
        expect(
            practice.look("stack"), "warning", f"hubassoc:accessToken cannot be read here: {why}", "pulumi config get"
        )
        expect(practice.look("stack"), "warning", "HUBSPOT_ACCESS_TOKEN looked at instead", "PULUMI_CONFIG_PASSPHRASE")
        expect(practice.look("token"), "ok", "HUBSPOT_ACCESS_TOKEN")
        expect(practice.look("portal"), "error", "hubassoc:portalId says 77", "correct")

    def test_token_not_opened_and_none_in_the_environment(self, practice: Practice) -> None:
        """Then it is not called missing: it is not looked at, and nothing is sent."""
        self.seal(practice)
        findings = {f.what: f for f in practice.findings(env={"PULUMI_PYTHON_CMD": sys.executable})}
        for what in ("token", "portal", "scopes", "rate limits", "clock"):
            said = "not looked at: the stack's hubassoc:accessToken cannot be read here"
            assert (findings[what].level, findings[what].said) == ("warning", said)
        assert findings["stack"].fix.startswith("set PULUMI_CONFIG_PASSPHRASE")
        assert len(practice.emulator.journal) == 0

    def test_portal_not_opened(self, practice: Practice) -> None:
        """A portal that is meant and cannot be read is not taken for none: nothing is sent to whichever it is."""
        self.seal(practice, "hubassoc:portalId", "1001")
        expect(practice.look("portal"), "warning", "not looked at: the stack's hubassoc:portalId cannot be read here")
        expect(
            practice.look("stack"), "warning", "hubassoc:portalId cannot be read", "HUBASSOC_PORTAL_ID=$(pulumi config"
        )
        assert len(practice.emulator.journal) == 0

    def test_secret_of_pulumi_cloud(self, practice: Practice) -> None:
        """Only the CLI can open it."""
        practice.config = {"hubassoc:accessToken": {"secure": "AAABAGtlcHQgZWxzZXdoZXJl"}}
        expect(practice.look("stack"), "warning", "Pulumi Cloud", "run it as HUBSPOT_ACCESS_TOKEN=$(")

    def test_secrets_of_the_program_are_left_alone(self, practice: Practice) -> None:
        """They need no passphrase here."""
        self.seal(practice, "crm:word", "hush")
        assert practice.look("stack").level == "ok"

    def test_setting_of_all_stacks(self, practice: Practice) -> None:
        """Pulumi.yaml may have settings, too."""
        practice.write("Pulumi.yaml", "name: crm\nruntime: python\nconfig:\n  hubassoc:portalId: {value: 1001}\n")
        practice.config = {}
        expect(practice.look("portal", None), "ok", "1001, SANDBOX, as hubassoc:portalId says")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pulumi.dev.yaml", f"config:\n  hubassoc:accessToken: {TOKEN}\n"),
        ("Pulumi.prod.yaml", f"config:\n  hubassoc:accessToken: {TOKEN}\n"),
        ("Pulumi.yaml", f"name: crm\nruntime: python\nconfig:\n  hubassoc:accessToken: {{value: {TOKEN}}}\n"),
        ("Pulumi.yaml", f"name: hubassoc\nruntime: python\nconfig:\n  accessToken: {{default: {TOKEN}}}\n"),
    ],
)
def test_token_in_clear_in_a_file(practice: Practice, name: str, text: str) -> None:
    """In whichever stack's file, and in the project's: an error with the command that puts it right."""
    practice.write(name, text)
    finding = practice.look("token in files")
    expect(finding, "error", f"in clear in {name}", "pulumi config set --secret hubassoc:accessToken -s dev")
    assert TOKEN not in repr(finding)


def test_no_token_in_clear(practice: Practice) -> None:
    """A secret, a project's declaration and a file that cannot be read are none."""
    practice.write("Pulumi.prod.yaml", "config:\n  hubassoc:accessToken: {secure: v1:abc}\n")
    expect(practice.look("token in files"), "ok", "in no file in clear")
    practice.write(
        "Pulumi.yaml", "name: hubassoc\nruntime: python\nconfig:\n  accessToken: {type: string, secret: true}\n"
    )
    expect(practice.look("token in files"), "ok", "in no file in clear")
    practice.write("Pulumi.prod.yaml", "config: [")
    expect(practice.look("token in files"), "warning", "Pulumi.prod.yaml cannot be read", "correct")


ODD = [None, 3, "x", "", [], {}, [1], True, 1.5, {"secure": 5}, {"secure": "x"}, {"value": {"secure": "v1:a:b"}}]
"""What may stand in a file where something else belongs."""


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_files_are_findings_and_no_faults_of_our_own(practice: Practice, odd: object) -> None:
    """Wherever it stands in Pulumi.yaml or in the stack's file, every check has its line."""
    answer = json.dumps(dict.fromkeys(("pulumi", "pulumi-hubassoc"), "1.0.0"))
    make_virtualenv(practice.bin / "fast", answer)
    practice.env = {"PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_PYTHON_CMD": str(practice.bin / "fast/bin/python")}
    python = {"name": "python", "options": {}}
    sealed = {"config": {"hubassoc:portalId": {"secure": "v1:a:b"}}}
    projects = [{key: odd} for key in ("name", "main", "runtime", "config", "stackConfigDir")]
    projects += [{"runtime": python | {key: odd}} for key in ("name", "options")]
    projects += [{"runtime": python | {"options": {key: odd}}} for key in ("virtualenv", "toolchain")]
    projects += [{"config": {key: odd}} for key in ("hubassoc:portalId", "accessToken")]
    stacks = [odd, {"config": odd}, *(sealed | {key: odd} for key in ("encryptionsalt", "secretsprovider"))]
    stacks += [{"config": {f"hubassoc:{key}": odd}} for key in ("portalId", "accessToken", "preflight", "nothing")]
    for project, stack in [*((p, {}) for p in projects), *(({}, s) for s in stacks)]:
        practice.write("Pulumi.yaml", json.dumps({"name": "crm", "runtime": python} | project))
        practice.write("Pulumi.dev.yaml", json.dumps(stack))
        assert len(practice.findings(offline=True)) == sum(not (c.asks or c.of_states) for c in CHECKS), (
            project,
            stack,
        )
