"""Records: each is on the disk when `append` returns, whole or not at all, whoever else writes and whenever one dies."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pulumi_hubassoc.errors import HubAssocError
from pulumi_hubassoc.fleet.record import Change, Record, Records

CHANGES = (Change("create", "hubassoc:index:AssociationLabel", "böss\n", ("label", "inverse_label")),)
RECORD = Record(
    run="r1",
    operation="up",
    stack="acme",
    portal_id=12345678,
    outcome="failed",
    exit_code=1,
    changes=CHANGES,
    errors=("WrongPortal: …",),
    requests=7,
    seconds=1.25,
    started="2026-11-24T10:00:00Z",
    peak_mb=81.5,
)
WRITER = """
import sys
from pathlib import Path
from pulumi_hubassoc.fleet.record import Record, Records
records = Records(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    records.append(Record("r", "up", f"{sys.argv[2]}{number}", 1, "done", 0, (), ("x" * 5000,), 1, 0.1, "2026-11-24T10:00:00Z"))
    print(number, flush=True)
"""


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A file that is not there yet, in a folder that is not."""
    return Records(tmp_path / ".hubassoc-fleet" / "records.jsonl")


def test_a_preview_hides_no_failure(records: Records) -> None:
    """What was done last to a stack counts, and a preview alone only where nothing was done."""
    failed, previewed = replace(RECORD, outcome="failed"), replace(RECORD, operation="preview", outcome="done")
    for record in (previewed, failed, previewed, replace(previewed, stack="bond")):
        records.append(record)
    assert records.latest() == {"acme": failed, "bond": replace(previewed, stack="bond")}


def test_what_is_read_is_what_was_written(records: Records) -> None:
    """In order, a line of JSON each; the latest of a stack is its last."""
    written = [
        RECORD,
        replace(RECORD, stack="bond", outcome="parked", may_go_on="2026-11-25T00:00:00Z"),
        replace(RECORD, outcome="done", attempt=2),
    ]
    assert (records.read(), records.latest()) == ((), {})
    for record in written:
        records.append(record)
    assert records.read() == tuple(written)
    assert records.latest() == {"acme": written[2], "bond": written[1]}
    lines = records.path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["stack"] for line in lines] == ["acme", "bond", "acme"]


def test_a_line_that_is_not_whole_is_not_there(records: Records) -> None:
    """Wherever it is torn; the next record takes its place."""
    records.append(RECORD)
    records.append(replace(RECORD, stack="bond"))
    whole = records.path.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        records.path.write_bytes(whole[:end])
        assert records.read() == (RECORD,)
    for torn in (whole[: first + 1], whole[:-1], whole[:first] + b"\0" * 200_000, b"", b"{"):
        records.path.write_bytes(torn)
        before = records.read()
        records.append(replace(RECORD, stack="corp"))
        assert [record.stack for record in records.read()] == [*(record.stack for record in before), "corp"]


def test_a_line_that_is_no_record_is_told_with_its_number(records: Records) -> None:
    records.append(RECORD)
    with records.path.open("a", encoding="utf-8") as file:
        file.write('{"run": "r1", "outcome": "well"}\n')
    with pytest.raises(HubAssocError, match=r"records\.jsonl:2 is no record of a fleet — .* — take the line out"):
        records.read()


def test_a_later_version_may_write_more(records: Records) -> None:
    """Keys that are not known yet are passed over, those that were not known then have their defaults."""
    old = {key: value for key, value in json.loads(_line(records)).items() if key not in ("worker", "peak_mb", "wave")}
    records.path.write_text(json.dumps({**old, "region": "eu"}) + "\n", encoding="utf-8")
    assert records.read() == (replace(RECORD, peak_mb=None),)


def _line(records: Records) -> str:
    records.append(RECORD)
    return records.path.read_text(encoding="utf-8")


def test_threads_and_processes_write_one_file(records: Records) -> None:
    """No line is lost, and none is in another."""
    command = [sys.executable, "-c", WRITER, str(records.path)]
    processes = [subprocess.Popen([*command, name, "40"], stdout=subprocess.DEVNULL) for name in "ab"]
    threads = [
        threading.Thread(target=lambda n=n: [records.append(replace(RECORD, stack=f"t{n}-{i}")) for i in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(records.latest()) == len(records.read()) == 2 * 40 + 4 * 20


def test_what_was_acknowledged_outlives_a_kill(records: Records) -> None:
    """kill -9 in the middle of writing: every record whose `append` returned is read, and the file goes on."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(records.path), "k", "100000"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.readlines()
    process.wait(30)
    process.stdout.close()
    found = [record.stack for record in records.read()]
    whole = [line for line in acknowledged if line.endswith("\n")]
    assert found[: len(whole)] == [f"k{int(line)}" for line in whole]
    records.append(RECORD)
    assert len(records.read()) == len(found) + 1


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The disk is full from there on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_and_leaves_the_file_as_it_was(records: Records) -> None:
    records.append(RECORD)
    size = records.path.stat().st_size
    with no_file_longer_than(size + 50), pytest.raises(HubAssocError, match=r"cannot be written — .* — make room"):
        records.append(RECORD)
    assert records.path.stat().st_size == size
    records.append(replace(RECORD, stack="bond"))
    assert [record.stack for record in records.read()] == ["acme", "bond"]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(HubAssocError, match="cannot be read — Is a directory"):
        Records(tmp_path).read()
    with pytest.raises(HubAssocError, match="cannot be written — Is a directory"):
        Records(tmp_path).append(RECORD)
