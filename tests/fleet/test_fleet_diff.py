"""`hubassoc fleet diff`: which portals differ from the schema and how, equal differences together, whatever one of them does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_hubassoc.cli.app import app
from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.engine.interface import Project
from pulumi_hubassoc.engine.local import LocalEngine
from pulumi_hubassoc.fleet.comparing import groups, read_all
from pulumi_hubassoc.fleet.comparing_page import html
from pulumi_hubassoc.fleet.document import read
from tests.fleet.fleets import WORST
from tests.fleet.test_fleet_report import in_a_browser
from tests.test_browser import (  # noqa: F401  `browser` and `open_page` are fixtures
    BOTH,
    Open,
    assert_no_sideways_scrolling,
    browser,
    open_page,
)

pytestmark = pytest.mark.timeout(120)
RUNNER = CliRunner()
CRM = """
pairs:
  - from: contacts
    to: companies
    labels:
      decider: {label: Decision maker, name: decider}
      billing: {label: Billing contact, max: 5, name: billing}
"""
OVERLAY = "pairs: [{from: contacts, to: companies, labels: {billing: {max: 9}}}]\n"
Agency = Callable[..., dict[str, Portal]]


def diff(*arguments: str) -> tuple[int, str, str]:
    """Run it: exit code, standard output, standard error."""
    done = RUNNER.invoke(app, ["fleet", "diff", *arguments])
    return done.exit_code, done.stdout, done.stderr


def token_of(stack: str) -> str:
    """The token of a portal."""
    return f"pat-na1-sentinel-{stack}"


def fill(portal: Portal, *, most: int = 5, decider: bool = True) -> None:
    """Give a portal what the schema says, or less."""
    if decider:
        portal.drift.create_label("contacts", "companies", "Decision maker", name="decider")
    billing = portal.drift.create_label("contacts", "companies", "Billing contact", name="billing")
    portal.drift.set_limit("contacts", "companies", billing.type_id, most)


@pytest.fixture
def agency(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agency:
    """Makes a fleet in the working directory, and its portals, each with its own token in the environment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm.yaml").write_text(CRM, encoding="utf-8")
    (tmp_path / "high.yaml").write_text(OVERLAY, encoding="utf-8")
    url = emulator.start()

    def make(**stacks: str) -> dict[str, Portal]:
        made = {}
        listed = []
        for number, (stack, more) in enumerate(stacks.items(), start=2001):
            made[stack] = emulator.add_portal(token=token_of(stack), portal_id=number)
            monkeypatch.setenv(f"{stack.upper()}_TOKEN", token_of(stack))
            own = f"portal_id: {number}, token: {{env: {stack.upper()}_TOKEN}}{more}"
            listed.append(f"  {stack}: {{{own}}}\n")
        head = f"project: relations\nschema: crm.yaml\nconfig: {{hubassoc:baseUrl: '{url}'}}\nportals:\n"
        (tmp_path / "fleet.yaml").write_text(head + "".join(listed), encoding="utf-8")
        return made

    return make


def test_portals_that_are_equal(agency: Agency) -> None:
    """Each is compared with the schema and its own overlay; nothing is changed."""
    portals = agency(acme="", bond=", overlay: high.yaml")
    fill(portals["acme"])
    fill(portals["bond"], most=9)
    before = [portal.dump() for portal in portals.values()]
    assert diff() == (0, "2 portals: 2 equal, 0 different\n", "")
    assert [portal.dump() for portal in portals.values()] == before


def test_equal_differences_are_one_group(agency: Agency) -> None:
    """With the portals that have it, and the ways in which it is so."""
    portals = agency(a="", b="", c="", d="", e="", f=", overlay: high.yaml")
    for stack, portal in portals.items():
        fill(portal, most={"d": 7, "e": 7, "c": 8, "f": 9}.get(stack, 5), decider=stack not in "bcd")
    portals["e"].drift.create_label("deals", "contacts", "Champion", name="champion")
    code, out, err = diff()
    assert (code, err) == (2, "")
    assert out.splitlines() == [
        '3 miss label "Decision maker" (contacts ↔ companies)',
        "  b, c, d",
        '3 have max of label "Billing contact" (contacts ↔ companies) changed',
        "  5 → 7: d, e",
        "  5 → 8: c",
        '1 has besides label "Champion" (contacts ↔ deals)',
        "  e",
        "6 portals: 2 equal, 4 different",
    ]
    found = json.loads(diff("--json", "--only", "a", "--only", "d")[1])
    assert found["equal"] == ["a"]
    assert [(g["kind"], g["portals"], g["stacks"]) for g in found["groups"]] == [
        ("misses", 1, {"": ["d"]}),
        ("changed", 1, {"5 → 7": ["d"]}),
    ]
    assert found["portals"][1]["differences"]["onlyLeft"][0]["label"] == "Decision maker"


def test_a_portal_that_cannot_be_read_is_no_end_of_the_others(
    agency: Agency, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token, a token of another portal, one that is refused; exit code 1, and no token anywhere."""
    portals = agency(acme="", none="", other="", bad="")
    fill(portals["acme"])
    monkeypatch.delenv("NONE_TOKEN")
    monkeypatch.setenv("OTHER_TOKEN", token_of("acme"))
    monkeypatch.setenv("BAD_TOKEN", "pat-na1-sentinel-unknown")
    code, out, err = diff("--html", "page.html")
    assert (code, err) == (1, "")
    assert out.splitlines()[-1] == "4 portals: 1 equal, 0 different, 3 could not be read"
    assert re.search(
        r"^1 could not be read: ConfigError: The token of none is to be in the environment variable NONE_TOKEN — there is none",
        out,
        re.MULTILINE,
    )
    assert "1 could not be read: WrongPortal: " in out
    assert re.search(r"1 could not be read: Unauthorized: .*environment variable BAD_TOKEN", out)
    assert "sentinel" not in out + err + Path("page.html").read_text(encoding="utf-8")


def test_tokens_of_the_environment_are_of_no_portal(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    """HUBSPOT_ACCESS_TOKEN and HUBASSOC_PORTAL_ID are somebody else's."""
    fill(agency(acme="")["acme"])
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-na1-sentinel-mine")
    monkeypatch.setenv("HUBASSOC_PORTAL_ID", "77")
    assert diff()[0] == 0


def test_tokens_in_files_and_in_stacks(agency: Agency, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file, which may end in a line end, and the stack's own configuration, decrypted by the engine of the fleet."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "sesame")
    monkeypatch.setenv("PATH", "")  # no Pulumi CLI: the built-in engine
    for portal in agency(acme="", bond="").values():
        fill(portal)
    fleet = tmp_path / "fleet.yaml"
    text = fleet.read_text(encoding="utf-8")
    text = text.replace("{env: ACME_TOKEN}", "{file: acme.token}").replace("{env: BOND_TOKEN}", "config")
    fleet.write_text(text, encoding="utf-8")
    code, out, _ = diff()
    assert (code, out.splitlines()[-1]) == (1, "2 portals: 0 equal, 0 different, 2 could not be read")
    assert "ConfigError: The token of acme is to be in the file" in out
    assert "ConfigError: The token of bond is to be in its stack's configuration — there is none — " in out
    assert not (tmp_path / ".hubassoc-fleet" / "work").exists()
    (tmp_path / "acme.token").write_text(token_of("acme") + "\n", encoding="utf-8")
    work = tmp_path / ".hubassoc-fleet" / "work" / "bond"
    work.mkdir(parents=True)
    stack = LocalEngine(tmp_path / ".hubassoc-fleet" / "state").stack(
        Project("relations", lambda: None, work), "bond", make=True
    )
    stack.set_config("hubassoc:accessToken", token_of("bond"), secret=True)
    assert diff() == (0, "2 portals: 2 equal, 0 different\n", "")


def test_requests_are_counted_with_those_of_the_runs(agency: Agency, tmp_path: Path, emulator: Emulator) -> None:
    """A portal's share of a day is held whoever spends it."""
    fill(agency(acme="")["acme"])
    assert diff()[0] == 0
    (spent,) = (tmp_path / ".hubassoc-fleet" / "spending").iterdir()
    assert spent.name == "2001"
    assert spent.read_text(encoding="utf-8").count("\n") > 3


def test_what_cannot_be_compared_is_refused(agency: Agency, tmp_path: Path) -> None:
    """A schema with a fault, before any portal is asked; a fleet with a program; a file that is there."""
    agency(acme="")
    (tmp_path / "page.html").write_text("mine", encoding="utf-8")
    assert diff("--html", "page.html")[0] == 1
    (tmp_path / "crm.yaml").write_text("pairs: [{from: contacts}]\n", encoding="utf-8")
    code, out, err = diff()
    assert (code, out) == (1, "")
    assert "crm.yaml:1: pairs[0].to: is missing" in err
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n", encoding="utf-8")
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(
        fleet.read_text(encoding="utf-8").replace("project: relations\nschema: crm.yaml", "program: ."),
        encoding="utf-8",
    )
    code, _, err = diff()
    assert (code, "hubassoc: This fleet has a program — " in err) == (1, True)
    assert diff("--jobs", "0")[0] == 1


@in_a_browser
@BOTH
def test_page_of_differences(size: tuple[int, int], agency: Agency, open_page: Open) -> None:  # noqa: F811
    """Ways to differ with their portals, then each portal's; hostile texts are texts."""
    portals = agency(a="", b="", c="")
    for portal in portals.values():
        fill(portal)
    for text in WORST[:2]:
        portals["b"].drift.create_label("deals", "contacts", text)
    fleet = read(Path("fleet.yaml"))
    found = read_all(fleet, fleet.portals)
    assert [group.kind for group in groups(found)] == ["besides", "besides"]
    page = open_page(html(found, fleet), size)
    assert page.title() == "Differences in fleet relations"
    assert page.query_selector_all("img, main script") == []
    assert_no_sideways_scrolling(page)
    assert page.query_selector_all("tbody tr td.why div")
    page.fill("input[type=search]", "alert")
    assert page.inner_text("output") == "1 of 2 rows"
