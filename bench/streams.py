"""Measures Kafka Streams counting the same topic: a small Java program, built by Maven once per version of its source.

usage: python -m bench.streams --broker kafka://HOST:PORT [--guarantee at_least_once] [--json]
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import click
from msgspec import json

from streams import topics
from streams.pacing import SLOWEST_FLUSH
from tests.kafka.jars import NoKafka, cache, locked

SOURCE = Path(__file__).with_name("kafka_streams")
GUARANTEES: tuple[str, ...] = ("exactly_once_v2", "at_least_once")
BUILD_SECONDS = 600
HEAP = "1g"
PASSES = 3
"""How often the topic is counted: the first passes warm the virtual machine."""


@dataclass(frozen=True)
class Counted:
    """What the last pass took: all in all, and its second half alone, in which the virtual machine is warm.

    `total` is the sum of all `keys` counts in its store, which must be the number of facts.
    """

    facts: int
    seconds: float
    cpu_seconds: float
    warm_facts: int
    warm_seconds: float
    warm_cpu_seconds: float
    keys: int
    total: int

    @property
    def per_cpu_second(self) -> float:
        """Facts per processor second of the second half."""
        return self.warm_facts / self.warm_cpu_seconds

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.facts:,} facts in {self.seconds:.1f} s, {self.cpu_seconds:.1f} processor seconds; in the second "
            f"half {self.per_cpu_second:,.0f} facts per processor second; {self.keys:,} keys"
        )


@click.command()
@click.option("--broker", required=True)
@click.option("--guarantee", type=click.Choice(GUARANTEES), default=GUARANTEES[0], show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(broker: str, guarantee: str, *, as_json: bool) -> None:
    """Prints facts per processor second."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            asked = command(broker, guarantee, folder)
        except NoKafka as error:
            raise click.ClickException(str(error)) from error
        done = subprocess.run(asked, stdout=subprocess.PIPE, check=True)
    click.echo(done.stdout.decode().strip() if as_json else str(json.decode(done.stdout, type=Counted)))


def command(broker: str, guarantee: str, folder: str) -> list[str]:
    """What starts the program, which prints a `Counted` as JSON; raises NoKafka where it cannot be built."""
    interval, name = str(int(SLOWEST_FLUSH * 1000)), f"bench-streams-{uuid4().hex[:8]}"
    java = ["java", f"-Xmx{HEAP}", "-cp", f"{program()}/*", "quotaflow.bench.Counting"]
    return [
        *java,
        broker.removeprefix("kafka://"),
        topics.ACTIVITIES.name,
        guarantee,
        interval,
        name,
        folder,
        str(PASSES),
    ]


def program() -> Path:
    """The folder of the program's jars; builds it where it is not cached. Raises NoKafka."""
    target = cache().with_name(f"bench-streams-{_version()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock")):
        if not target.is_dir():
            _build(target)
    return target


def _version() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    yield SOURCE / "pom.xml"
    yield from sorted(SOURCE.rglob("*.java"))


def _build(target: Path) -> None:
    """Builds into a folder beside the target and renames it, so that half a build is never taken for the whole."""
    for tool, package in (("javac", "openjdk-17-jdk-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            raise NoKafka(f"{tool} is not installed: apt-get install {package}")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        fresh = Path(scratch) / "jars"
        maven = ["mvn", "-B", "-q", "-f", str(SOURCE / "pom.xml"), f"-Dtarget={scratch}/target", "package"]
        done = subprocess.run(
            [*maven, "dependency:copy-dependencies", f"-DoutputDirectory={fresh}", "-DincludeScope=runtime"],
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NoKafka(f"Maven could not build {SOURCE.name}:\n{(done.stdout + done.stderr)[-2000:]}")
        shutil.copy(Path(scratch) / "target" / "counting-1.jar", fresh)
        fresh.rename(target)


if __name__ == "__main__":
    main()
