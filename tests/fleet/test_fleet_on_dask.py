"""On Dask's workers, some of which are killed in the middle of a job: every portal once, nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.fleet import cluster
from tests.fleet.conftest import Make
from tests.fleet.proof import Killer, Measured, faults_of, on_dask, plain

pytestmark = [pytest.mark.timeout(3000), pytest.mark.filterwarnings("default")]
PORTALS = 200 if os.environ.get("HUBASSOC_FLEET") == "all" else 12
"""``HUBASSOC_FLEET=all`` runs what the figures in README are of; `tests.fleet.proof` measures them."""


def test_workers_are_killed_all_the_time(clients: Make) -> None:
    """Each portal is done once and has everything once; a second up has nothing to do, by whatever executor."""
    client = clients(PORTALS)
    killer = Killer(client.place, every=3 if PORTALS < 50 else 10)
    measured: Measured = on_dask(client, 2, killer)
    assert killer.kills
    assert faults_of(client, measured) == []
    assert any(record.attempt > 1 for record in measured.result.records)
    again = plain(client, 2)
    assert (again.asked, [r for r in again.result.records if r.changes or r.outcome != "done"]) == (0, [])


def test_a_cluster_of_ones_own(clients: Make) -> None:
    """A scheduler is found by its address; without workers, that is said."""
    import distributed

    client = clients(1)
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as theirs:
        with cluster.cluster_at(theirs.scheduler_address) as force:
            assert force.slots == 2
            assert client.run(executor=force.executor, slots=force.slots).exit_code == 0
        with cluster.cluster_at(theirs.scheduler_address, 1) as force:
            assert force.slots == 1
    assert client.converged(0)


def test_all_listens_on_loopback_alone() -> None:
    """Nobody on the network may hand our workers anything."""
    import psutil

    with cluster.local_cluster(1) as force:
        assert "127.0.0.1" in force.name
        mine = psutil.Process()
        listening = [
            connection.laddr.ip
            for process in (mine, *mine.children(recursive=True))
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_no_scheduler_there() -> None:
    """One line says so."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(HubAssocError, match="cannot be reached"), cluster.cluster_at(address):
            pass


def test_workers_do_not_hear_ctrl_c() -> None:
    """It is for the fleet, which lets what is under way end; a terminal sends it to all processes."""
    import psutil

    with cluster.local_cluster(1) as force:
        before = force.executor.submit(os.getpid).result()
        os.kill(before, signal.SIGINT)
        force.executor.submit(time.sleep, 1).result()
        assert psutil.Process(before).is_running()
