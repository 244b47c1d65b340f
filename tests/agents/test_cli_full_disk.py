"""A disk that is full: what was accepted counts, what was not is told, and all goes on once there is room."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import pytest

from tests.agents.disks import Disk, limited, may_mount, mounted
from tests.agents.example import FACTS, Quotaflow, call, lines, running
from tests.agents.gateways import post, status, taking

Made = Callable[[Path], AbstractContextManager[Disk]]
LATER = [call("later", "02-04", "ann", "acme")]
"""Of a later day, so that time comes so far."""
STEP = 40
"""Facts of a request."""
SECONDS = 120.0


@pytest.fixture(params=["a small disk", "a limit on files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Disk, Quotaflow]]:
    """Where no disk may be mounted, the limit has to do for both."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made: Made = mounted if request.param == "a small disk" and may_mount(folder) else limited
    with made(folder) as found:
        floor = Quotaflow(tmp_path, "disk/log.db")
        floor.apply()
        yield found, floor


def calls(numbers: range) -> bytes:
    return lines([call(f"n{number}", "01-08", "ann", "acme") for number in numbers])


def test_a_full_disk_loses_nothing_that_was_accepted_and_everything_goes_on_once_there_is_room(
    disk: tuple[Disk, Quotaflow],
) -> None:
    full, floor = disk
    with taking(floor) as (gateway, url):
        assert post(url, lines(FACTS)) == (202, {"accepted": len(FACTS)})
        with running(floor, "--listen", "none") as worker:
            full.fill(gateway.pid, worker.pid)
            refused = _first_refused(url)
            # A disk is full for a worker when its next flush or tick is due.
            assert worker.wait(SECONDS) == 1
            assert worker.stderr is not None
            said = worker.stderr.read()
        assert f"{floor.path} cannot be used (d" in said
        assert "see that its disk has room" in said
        assert "Traceback" not in said
        assert post(url, calls(range(refused, refused + STEP)))[0] == 503
        assert floor.json("status")["dead_letters"] == 0
        assert [status(f"{url}/{name}") for name in ("healthz", "readyz")] == [200, 200]
        full.free(gateway.pid)
        assert post(url, calls(range(refused, refused + STEP))) == (202, {"accepted": STEP})
        gateway.terminate()
        assert gateway.stderr is not None
        warned = gateway.stderr.read()
    assert f"facts could not be appended: {floor.path} cannot be used (d" in warned
    with running(floor, "--listen", "none"):
        floor.replay(lines(LATER))
    standing = floor.standing("company", "2026-Q1")["metrics"]
    assert standing["revenue"]["value"] == "1500.00"
    once = sum(fact["type"] == "activity" for fact in FACTS) + refused + STEP + len(LATER)
    assert standing["calls_connected"]["value"] == once


def _first_refused(url: str) -> int:
    """The number of the first call of the request for which there was no room."""
    for number in count(step=STEP):
        answer, told = post(url, calls(range(number, number + STEP)))
        if answer != 202:
            assert (answer, told["title"]) == (503, "Service Unavailable")
            return number
    raise AssertionError
