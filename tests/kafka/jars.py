"""Apache Kafka's jars, resolved by Maven once and kept in a cache outside the tree."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
VERSION = ET.parse(POM).findtext(".//{*}kafka.version", "")
RESOLVE_SECONDS = 600


class NoKafka(Exception):
    """Apache Kafka cannot be had here; the text says why and what to install."""


def cache() -> Path:
    """Where the jars of this Kafka version belong, whether they are there or not."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"  # noqa: TID251 (the tests' own cache, not the product's)
    return Path(base) / "quotaflow" / f"kafka-{VERSION}"


def missing() -> str | None:
    """Say what of this machine stands in the way of a broker, or None."""
    if shutil.which("java") is None:
        return "java is not installed: apt-get install openjdk-17-jre-headless"
    if not cache().is_dir() and shutil.which("mvn") is None:
        return "mvn is not installed and Kafka's jars are not cached: apt-get install maven"
    return None


def jars() -> Path:
    """The folder of Kafka's jars; fetches them where they are not cached. Raises NoKafka."""
    if (problem := missing()) is not None:
        raise NoKafka(problem)
    target = cache()
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.is_dir():
            _resolve(target)
    return target


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes: those of a test run, and runs side by side."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _resolve(target: Path) -> None:
    """Fetch into a folder beside the target and rename it, so that a torn download is never taken for the whole."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        fresh = Path(scratch) / "jars"
        done = subprocess.run(
            ["mvn", "-B", "-q", "-f", POM, "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"],
            capture_output=True,
            text=True,
            timeout=RESOLVE_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NoKafka(f"Maven could not resolve Kafka {VERSION}:\n{(done.stdout + done.stderr)[-2000:]}")
        fresh.rename(target)
