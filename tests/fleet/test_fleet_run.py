"""A fleet is brought up, and again, and destroyed; what goes wrong in a portal is that portal's, and told in one line."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from pulumi_hubassoc.emulator import Fault
from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.fleet.document import chosen
from pulumi_hubassoc.fleet.run import waves_of
from tests.fleet.conftest import Make
from tests.fleet.running import LABELS, WRITES, outcomes, token_of

pytestmark = pytest.mark.timeout(180)


def test_life_of_a_fleet(clients: Make, tmp_path: Path) -> None:
    """Up makes each portal what the schema says; again it asks nothing; destroy empties them; no token is in any file."""
    client = clients(3)
    client.rewrite({"p2": {"overlay": "p2.yaml", "tags": ["other"]}}, config={"hubassoc:patienceSeconds": "20"})
    (tmp_path / "p2.yaml").write_text("pairs:\n- {from: contacts, to: companies, labels: {technical: null}}\n")
    up = client.run()
    with outcomes(up) as found:
        assert up.exit_code == 0
        assert [found[f"p{n}"].outcome for n in range(3)] == ["done"] * 3
        assert [len(found[f"p{n}"].changes) for n in range(3)] == [5, 5, 4]
        assert sum(record.requests for record in found.values()) == client.asked()
        assert all(
            record.peak_mb and record.seconds and record.engine == "built-in engine" for record in found.values()
        )
    assert client.converged(0)
    assert client.converged(1)
    assert client.labels(2) == LABELS - Counter({("Technical contact", "Technical contact"): 1})

    before = client.asked()
    again = client.run()
    assert (again.exit_code, [r.changes for r in again.records], client.asked()) == (0, [()] * 3, before)

    destroyed = client.run("destroy", portals=chosen(client.fleet, ["other"], []))
    assert [r.stack for r in destroyed.records] == ["p2"]
    assert (client.labels(2), client.limits(2)) == ({}, [])
    assert client.converged(0)
    assert len(client.records()) == 7
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if b"sentinel" in path.read_bytes()] == []


def test_preview_changes_nothing(clients: Make) -> None:
    """It tells what up would do, and what HubSpot would refuse."""
    client = clients(1)
    client.rewrite(config={"hubassoc:labelsPerPair": 1})
    [record] = client.run("preview").records
    assert (record.outcome, len(record.changes), record.exit_code) == ("done", 5, 0)
    assert client.labels(0) == {}
    [warning] = record.errors
    assert warning.startswith("Warning: ")


def test_what_is_wrong_with_one_portal_is_not_the_others(clients: Make, tmp_path: Path) -> None:
    """A token that is missing, of another portal, or not accepted, and a file that is not there: each one line."""
    client = clients(5)
    os.environ["TOKEN_1"], os.environ["TOKEN_2"] = token_of(4) + "x", "pat-nobodys-token-0000"
    client.emulator.add_token(token_of(4) + "x", 1004)
    del os.environ["TOKEN_0"]
    client.rewrite(
        {"p3": {"token": {"file": "nowhere"}}, "p4": {"canary": True}}, waves={"second": 1.0, "stop_at": 1.0}
    )
    result = client.run()
    with outcomes(result) as found:
        assert result.exit_code == 1
        errors = {stack: record.errors for stack, record in found.items()}
        assert errors["p4"] == ()
        assert "environment variable TOKEN_0" in errors["p0"][0]
        assert errors["p1"][0].startswith("WrongPortal: The token belongs to portal 1004")
        assert "Unauthorized" in errors["p2"][0]
        assert str(tmp_path / "nowhere") in errors["p3"][0]
        assert not any("\n" in line or "pat-" in line for lines in errors.values() for line in lines)
    assert client.converged(4)
    assert sum(client.written(1004 - 1000).values()) == WRITES


def test_a_wave_with_too_many_failures_is_the_last(clients: Make) -> None:
    """The canary fails: nothing is sent to any other portal. With --resume only what is not done is run."""
    client = clients(4)
    good = os.environ.pop("TOKEN_0")
    stopped = client.run()
    with outcomes(stopped) as found:
        assert stopped.exit_code == 1
        assert found["p0"].outcome == "failed"
        assert [found[f"p{n}"].outcome for n in (1, 2, 3)] == ["not-run"] * 3
        assert "1 of the 1 stacks of wave 1 failed" in found["p1"].errors[0]
    assert client.asked() == 0
    os.environ["TOKEN_0"] = good
    only_two = client.run(resume=True, portals=chosen(client.fleet, [], ["p0", "p1"]))
    assert {r.stack: r.outcome for r in only_two.records} == {"p0": "done", "p1": "done"}
    resumed = client.run(resume=True)
    assert resumed.run == stopped.run
    assert sorted(r.stack for r in resumed.records) == ["p2", "p3"]
    assert sorted(resumed.skipped) == ["p0", "p1"]
    assert all(client.converged(n) for n in range(4))
    with pytest.raises(HubAssocError, match="The last run was up, not destroy"):
        client.run("destroy", resume=True)


def test_waves_are_canaries_then_a_share_then_all(clients: Make) -> None:
    """The share is of all portals, rounded up; a preview has one wave."""
    client = clients(12)
    client.rewrite({"p5": {"canary": True}, "p6": {"canary": True}})
    fleet = client.fleet
    assert [[p.stack for p in wave] for wave in waves_of(fleet, fleet.portals, "up")] == [
        ["p5", "p6"],
        ["p0", "p1"],
        ["p2", "p3", "p4", "p7", "p8", "p9", "p10", "p11"],
    ]
    assert [len(wave) for wave in waves_of(fleet, fleet.portals, "preview")] == [12]


def test_a_count_that_cannot_be_read_is_of_its_portal_alone(clients: Make) -> None:
    """The others are done; the sentence names the file."""
    client = clients(2)
    client.place.spending(1000).mkdir(parents=True)
    with outcomes(client.run()) as found:
        assert (found["p0"].outcome, found["p1"].outcome) == ("failed", "done")
        assert str(client.place.spending(1000)) in found["p0"].errors[0]
    assert client.asked(0) == 0


def test_daily_share_is_never_overspent(clients: Make) -> None:
    """With half of 12 requests a portal is parked at 6 until midnight there; then, nothing is sent to it and no job begun."""
    client = clients(2)
    client.rewrite(daily_share=0.5)
    client.settle(0, requests_per_day=12)
    result = client.run()
    with outcomes(result) as found:
        assert result.exit_code == 75
        assert (found["p0"].outcome, found["p1"].outcome) == ("parked", "done")
        assert found["p0"].may_go_on
        assert "6 of the 6 requests that may be spent here of the portal's 12 a day" in found["p0"].errors[0]
    assert client.asked(0) == 6
    [parked] = client.run(resume=True).records
    assert (parked.outcome, parked.may_go_on, parked.requests) == ("parked", found["p0"].may_go_on, 0)
    assert client.asked(0) == 6


def test_daily_answer_parks_the_portal(clients: Make) -> None:
    """HubSpot says that the day is spent, by whomever: it is asked no more, and the rest goes on when it is over."""
    client = clients(1)
    client.emulator.arm(Fault("rate_limit", "create_label", policy="DAILY", count=None))
    result = client.run()
    [record] = result.records
    assert (result.exit_code, record.outcome) == (75, "parked")
    assert record.may_go_on is not None
    assert record.may_go_on.endswith(("T23:00:00Z", "T22:00:00Z"))  # midnight in Berlin
    assert not any("\n" in line for line in record.errors)
    client.emulator.disarm()
    client.place.spending(1000).unlink()  # as if it were tomorrow
    assert client.run(resume=True).exit_code == 0
    assert client.converged(0)


def test_stacks_of_a_program(clients: Make, tmp_path: Path) -> None:
    """A folder with a Pulumi.yaml is run in each stack with that stack's configuration."""
    client = clients(2)
    (tmp_path / "Pulumi.yaml").write_text("name: crm\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi, pulumi_hubassoc as h\n"
        "h.AssociationLabel('l', from_object_type='contacts', to_object_type='companies', label=pulumi.Config().require('text'))\n"
    )
    portals = {
        f"p{n}": {"portal_id": 1000 + n, "token": {"env": f"TOKEN_{n}"}, "config": {"text": f"For {n}"}}
        for n in range(2)
    }
    import yaml

    client.file.write_text(yaml.safe_dump({"program": ".", "portals": portals}))
    assert client.run().exit_code == 0
    assert [client.labels(n) for n in range(2)] == [{("For 0", "For 0"): 1}, {("For 1", "For 1"): 1}]
    asked = client.asked()
    own = tmp_path / "Pulumi.p0.yaml"
    own.write_text(yaml.safe_dump({"config": {"hubassoc:portalId": "1001"}}))
    [refused] = client.run(portals=chosen(client.fleet, [], ["p0"])).records
    assert (refused.outcome, client.asked()) == ("failed", asked)
    assert refused.errors[0].startswith("The configuration of p0 has hubassoc:portalId, otherwise than the fleet")


def test_a_resumed_run_is_of_the_stacks_it_was_begun_for(clients: Make) -> None:
    """A destroy of one portal that is resumed without saying which destroys no other."""
    client = clients(2)
    assert client.run().exit_code == 0
    token = os.environ.pop("TOKEN_1")
    assert client.run("destroy", portals=chosen(client.fleet, [], ["p1"])).exit_code == 1
    os.environ["TOKEN_1"] = token
    resumed = client.run("destroy", resume=True)
    assert [(r.stack, r.outcome) for r in resumed.records] == [("p1", "done")]
    assert client.labels(1) == {}
    assert client.converged(0)
    assert client.run("destroy", resume=True).records == ()
