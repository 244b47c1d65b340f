"""One worker for an embedded log, and everybody can see who it is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.lock import Locked, WorkerLock, holder, lock_path

HOLD = """
import sys
from pathlib import Path
from streams.lock import WorkerLock
with WorkerLock(Path(sys.argv[1]), "worker"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def test_the_second_is_refused_and_told_who_has_it(log: Path) -> None:
    with WorkerLock(log, "replay"), pytest.raises(Locked) as refused:
        WorkerLock(log, "worker").take()
    assert str(refused.value) == f"`quotaflow replay` (process {os.getpid()}) works on {log} already"


def test_it_is_free_again_when_its_holder_lets_go(log: Path) -> None:
    with WorkerLock(log, "replay"):
        assert holder(log) == (os.getpid(), "replay")
    assert holder(log) is None
    with WorkerLock(log, "worker"):
        assert holder(log) == (os.getpid(), "worker")


def test_nobody_holds_the_lock_of_a_log_that_never_had_a_worker(log: Path) -> None:
    assert holder(log) is None
    assert not lock_path(log).exists()


def test_a_holder_that_is_killed_holds_it_no_longer(log: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert holder(log) == (process.pid, "worker")
        process.send_signal(signal.SIGKILL)
    assert holder(log) is None
    with WorkerLock(log, "worker"):
        assert holder(log) == (os.getpid(), "worker")


def test_a_lock_without_words_in_it_is_still_a_lock(log: Path) -> None:
    with WorkerLock(log, "worker"):
        lock_path(log).write_bytes(b"")
        assert str(holder(log)) == "another process"
