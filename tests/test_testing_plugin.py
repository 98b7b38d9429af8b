"""The pytest plugin for users' own stacks: what its fixtures do, refuse and say."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pulumi
import pytest

import pulumi_hubassoc as hubassoc
from pulumi_hubassoc.engine.interface import ConfigValue, EngineError
from pulumi_hubassoc.testing import EmulatedPortal, OperationFailed, StackFactory, StackUnderTest
from tests.crm_folder import make_folder, write

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(240)

Mode = Literal["in-process", "process"]
EXAMPLES = Path(__file__).parents[1] / "examples"


def payer(text: str = "Payer", maximum: int = 1) -> Callable[[], None]:
    """A program with a label and its limit."""

    def program() -> None:
        label = hubassoc.AssociationLabel("payer", from_object_type="contacts", to_object_type="companies", label=text)
        hubassoc.AssociationLimit("one", association=label.inverse, max_to_object_ids=maximum)
        pulumi.export("payer", label.type_id)

    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of files."""
    return make_folder(tmp_path)


# ------------------------------------------------------------------------------------------------- the examples


@pytest.mark.parametrize("mode", ["in-process", "process"])
@pytest.mark.parametrize(
    ("example", "tests"),
    [
        ("testing_your_stack", 5),
        ("two_dynamic_providers", 2),
        ("limit_sets", 3),
        ("two_portals", 3),
        ("lookups", 2),
        ("schema_file", 3),
        ("preview_warnings", 4),
    ],
)
def test_examples_hold(pytester: pytest.Pytester, example: str, tests: int, mode: Mode) -> None:
    """The examples that users read pass, with every warning an error, whichever way providers run."""
    shutil.copytree(EXAMPLES / example, pytester.path / example, ignore=shutil.ignore_patterns("__pycache__"))
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", f"--hubassoc-provider={mode}")
    result.assert_outcomes(passed=tests)


def test_examples_hold_together(pytester: pytest.Pytester) -> None:
    """Likewise of those that show what the ones above have been tried with in either way: in process, in one run."""
    tests = {"paired_labels": 3, "limits": 4, "custom_objects": 3, "adoption": 3, "stack_references": 3}
    for example in tests:
        shutil.copytree(EXAMPLES / example, pytester.path / example, ignore=shutil.ignore_patterns("__pycache__"))
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=sum(tests.values()))


# ------------------------------------------------------------------------------------------------------- in process


def test_nothing_of_a_folder_stays_behind(
    hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal, folder: Path
) -> None:
    """An edited module is seen by the next run; path, working directory and modules are as before, and no file is new."""
    before = Path.cwd(), list(sys.path), set(folder.iterdir())
    stack = hubassoc_stack(folder)
    stack.up()
    write(folder, {"texts.py": "BILLING = 'Billing_contact'\n"})  # of the same length, within the same second
    assert stack.up().steps == {"billing": ["update"]}
    hubspot_portal.assert_labels(("contacts", "companies", "Billing_contact"))
    assert (Path.cwd(), list(sys.path), set(folder.iterdir())) == before
    assert "texts" not in sys.modules


def test_no_time_is_spent_waiting(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """A request that HubSpot wants to see again in half a minute is sent again at once, half a minute later."""
    hubspot_portal.fail("rate_limit", "create_label", retry_after="30")
    emulated, real = hubspot_portal.emulator.clock(), time.monotonic()
    hubassoc_stack(payer()).up()
    assert hubspot_portal.emulator.clock() - emulated > 30
    assert time.monotonic() - real < 20


def test_every_operation_looks_anew(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """What one operation has read of a portal the next one reads again, as a new process does."""
    stack = hubassoc_stack(payer())
    stack.up()
    for text in ("One", "Two"):
        hubspot_portal.drift.rename_label(hubspot_portal.portal.labels()[0].type_id, text)
        (event,) = (e for e in stack.refresh().events if e.operation == "update")
        assert event.diff["label"].new == text


# ----------------------------------------------------------------------------------------------------------- safety


def test_no_setting_of_this_machine_or_folder_counts(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """Neither the environment's token nor a real base URL in a stack's file is used: only the emulator is asked."""
    config = 'config: {"hubassoc:baseUrl": "https://api.hubapi.com", "hubassoc:accessToken": "pat-na1-real"}\n'
    write(folder, {"Pulumi.prod.yaml": config})
    pytester.makepyfile(
        f"""
        import os

        def test_settings(hubassoc_stack, hubspot_portal):
            assert not [name for name in os.environ if name.startswith(("HUBSPOT_", "HUBASSOC_"))]
            stack = hubassoc_stack({str(folder)!r}, name="prod")
            stack.up()
            hubspot_portal.assert_labels(("contacts", "companies", "Billing contact"))
            config = stack.stack.get_config()
            assert config["hubassoc:accessToken"].value == hubspot_portal.token
            assert "127.0.0.1" in config["hubassoc:baseUrl"].value
        """
    )
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-na1-of-the-developer")
    monkeypatch.setenv("HUBASSOC_PORTAL_ID", "7")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert "pat-na1-real" in (folder / "Pulumi.prod.yaml").read_text()


# ------------------------------------------------------------------------------------------------- stacks and portals


def test_two_stacks_two_portals(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """A second stack has a portal of its own, and sees the outputs of the first."""

    def reader() -> None:
        pulumi.export("theirs", pulumi.StackReference("organization/project/sandbox").get_output("payer"))
        payer("Copy")()

    production = hubspot_portal.add_portal(2002, "STANDARD")
    sandbox = hubassoc_stack(payer(), name="sandbox")
    sandbox.up()
    prod = hubassoc_stack(reader, name="prod", portal=production)
    prod.up()
    assert hubspot_portal.requests() == []
    assert prod.outputs["theirs"] == sandbox.outputs["payer"]
    hubspot_portal.assert_labels(("contacts", "companies", "Payer"))
    production.assert_labels(("contacts", "companies", "Copy"))


@pytest.mark.hubassoc(portal_id=4711, account_type="SANDBOX")
def test_mark_says_which_portal(hubassoc_stack: StackFactory, hubspot_portal: EmulatedPortal) -> None:
    """A program that insists on its own portal and kind of account runs on an emulated one of that number and kind."""
    config = {"hubassoc:portalId": 4711, "hubassoc:accountTypes": "SANDBOX"}
    hubassoc_stack(payer(), config=config).up()
    other = hubassoc_stack(payer(), name="other", config={"hubassoc:portalId": 4712})
    assert other.up(fails=True).errors_of("payer")[0].startswith("WrongPortal")


def test_config_takes_python_values(hubassoc_stack: StackFactory) -> None:
    """Numbers, truth values and structures arrive as such, secrets as secrets, None removes a key."""

    def program() -> None:
        config = pulumi.Config()
        pulumi.export(
            "seen", [config.get_int("n"), config.get_bool("yes"), config.get_object("list"), config.get("no")]
        )
        pulumi.export("pin", config.require_secret("pin"))

    values = {"n": 5, "yes": True, "list": ["a", 1], "no": "gone", "pin": ConfigValue("1234", secret=True)}
    stack = hubassoc_stack(program, config=values)
    stack.set_config("no", None)
    up = stack.up()
    assert up.outputs["seen"].value == [5, True, ["a", 1], None]
    assert up.outputs["pin"].secret
    assert "1234" not in str(stack.stack.export_state())


def test_program_of_a_function_is_edited_and_that_of_a_folder_is_not(
    hubassoc_stack: StackFactory, folder: Path
) -> None:
    """Another function is another version of the program; a folder's version is in its files."""
    stack = hubassoc_stack(payer())
    stack.up()
    stack.program = payer(maximum=2)
    assert stack.preview().steps == {"one": ["update"]}
    with pytest.raises(EngineError, match="edit the files"):
        hubassoc_stack(folder).program = payer()


# ------------------------------------------------------------------------------------------------- what failures say


@pytest.fixture
def made(hubassoc_stack: StackFactory) -> StackUnderTest:
    """A stack that was made."""
    stack = hubassoc_stack(payer())
    stack.up()
    return stack


def test_labels_are_told_from_either_side_and_by_any_name(made: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """A label is the same from its other side, and an object type by any of HubSpot's names for it."""
    hubspot_portal.drift.create_label("deals", "contacts", "Decision maker", "Decides on")
    hubspot_portal.assert_labels(("company", "0-1", "Payer"), ("contacts", "deals", "Decides on", "Decision maker"))
    hubspot_portal.assert_limits(("company", "contact", "Payer", 1))


def test_wrong_expectations_are_told_line_by_line(made: StackUnderTest, hubspot_portal: EmulatedPortal) -> None:
    """What is missing and what nobody expected is named, as people write it."""
    with pytest.raises(AssertionError) as labels:
        hubspot_portal.assert_labels(("contacts", "companies", "Payer", "Pays for"))
    assert str(labels.value).splitlines() == [
        "portal 1001 has other labels:",
        "  missing: contacts → companies: Payer / Pays for",
        "  not expected: contacts → companies: Payer",
    ]
    with pytest.raises(AssertionError) as limits:
        hubspot_portal.assert_limits(("companies", "contacts", "Payer", 2), ("companies", "deals", None, 5))
    assert str(limits.value).splitlines() == [
        "portal 1001 has other limits:",
        "  missing: companies → contacts: Payer, at most 2",
        "  missing: companies → deals: unlabeled, at most 5",
        "  not expected: companies → contacts: Payer, at most 1",
    ]
    with pytest.raises(AssertionError, match=r"portal 1001 got other writes than none:\n +create_label: POST /crm/"):
        hubspot_portal.assert_writes()
    with pytest.raises(AssertionError, match="no label with the text 'Boss'; it has\n  contacts → companies: Payer"):
        hubspot_portal.type_id("Boss")


def test_operations_that_end_otherwise_than_expected_say_so(
    made: StackUnderTest, hubspot_portal: EmulatedPortal
) -> None:
    """A failure that nobody expected is told with HubSpot's reason; so is a success where a failure was expected."""
    with pytest.raises(OperationFailed, match=r"^up of dev did not fail$"):
        made.up(fails=True)
    hubspot_portal.fail("forbidden", count=None)
    with pytest.raises(OperationFailed, match=r"refresh of dev failed with exit code 1\n.*MissingScopes: Cannot "):
        made.refresh()


def test_failure_points_at_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    """The report of a failed assertion shows the user's line and the sentence, and no line of the plugin."""
    pytester.makepyfile(
        """
        def test_labels(hubspot_portal):
            hubspot_portal.assert_labels(("contacts", "companies", "Payer"))
        """
    )
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*> *hubspot_portal.assert_labels(*", "E *missing: contacts → companies: Payer"])
    result.stdout.no_fnmatch_line("*pulumi_hubassoc/testing/portal.py*")


# -------------------------------------------------------------------------------------------------------- the plugin


def test_mark_that_cannot_be_used_is_one_line(pytester: pytest.Pytester) -> None:
    """A misspelt argument or an unknown way to run is an error of the test, in one sentence."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hubassoc(provider="thread")
        def test_way(hubspot_portal): ...

        @pytest.mark.hubassoc(portal=1)
        def test_argument(hubspot_portal): ...
        """
    )
    result = pytester.runpytest_subprocess("--strict-markers")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*the hubassoc mark of test_way cannot be used: provider='thread'; there are in-process, process*",
            "*the hubassoc mark of test_argument cannot be used: *'portal'*",
        ]
    )


def test_missing_extra_is_named(pytester: pytest.Pytester) -> None:
    """Where the emulator's web framework is not installed, the sentence names the extra that brings it."""
    pytester.makeconftest("import sys\nsys.modules['flask'] = None\n")
    pytester.makepyfile("def test_portal(hubspot_portal): ...")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no module 'flask': install pulumi-hubassoc[[]testing[]]*"])


def test_plugin_costs_nothing_until_it_is_used() -> None:
    """Every start of pytest imports the plugin: it brings neither Pulumi nor an engine, an emulator or a web framework."""
    code = "import sys; import pulumi_hubassoc.testing; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    tops = {".".join(name.split(".")[:2]) for name in loaded.split()}
    assert "pulumi_hubassoc.testing" in tops
    assert not tops & {
        "pulumi",
        "grpc",
        "pulumi_hubassoc.engine",
        "pulumi_hubassoc.emulator",
        "flask",
        "werkzeug",
        "httpx",
    }
