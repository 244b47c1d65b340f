"""Real Kafka, real kills: whatever is done to workers, broker, producer and plan, every number is right in the end.

usage: python -m tests.soak.kills [--facts N] [--kills N] [--workers N] [--seed N] [--keep FOLDER]

It starts a broker of its own and ends with exit code 1, and the story of what was done when, if anything is wrong.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.agents.telling import receiving_elsewhere
from tests.e2e.cli import Json, Quotaflow
from tests.kafka.broker import Broker
from tests.soak import verdict
from tests.soak.floor import Fact, facts, write_plan
from tests.soak.oracle import totals, won
from tests.soak.scene import Scene, Wrong
from tests.soak.troubles import Troubles, full
from tests.streams.sinks.receiver import SECRET, Receiver

CHUNKS = 40
"""In which the facts between two troubles are sent, so that some are always under way."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class Size:
    """How much is sent, by how many workers it is processed, and how often what happens to them."""

    facts: int
    workers: int
    troubles: Mapping[str, int]
    seed: int


@dataclass
class Story:
    """What was done when, and what was found wrong."""

    echo: Callable[[str], None]
    told: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def tell(self, what: str) -> None:
        """Notes what happens, with the seconds since the beginning."""
        self.told.append(f"{time.monotonic() - self.began:7.1f} s  {what}")
        self.echo(self.told[-1])

    def __str__(self) -> str:
        found = [*self.wrong[:MOST_SHOWN], f"{len(self.wrong)} findings in all"] if self.wrong else ["nothing is wrong"]
        return "\n".join([*self.told, *found])


def run(size: Size, folder: Path, echo: Callable[[str], None]) -> Story:
    """A run from an empty broker to the verdict; everything is in the story."""
    story = Story(echo)
    story.tell(f"seed {size.seed}: {size.facts} facts, {size.workers} workers, {dict(size.troubles)}")
    broker = Broker(folder / "node", heap="1g")
    broker.start()
    try:
        with receiving_elsewhere() as there:
            _run(size, broker, there.receiver, story, folder)
    except (Wrong, AssertionError) as error:
        story.wrong.append(str(error))
    finally:
        broker.stop()
    return story


def _run(size: Size, broker: Broker, receiver: Receiver, story: Story, folder: Path) -> None:
    sink = {"QUOTAFLOW_SINK_HOOK_URL": receiver.url, "QUOTAFLOW_SINK_HOOK_SECRET": SECRET}
    flow = Quotaflow(f"kafka://{broker.address}", folder, settings=sink)
    fed, file = facts(size.facts, size.seed), folder / "facts.ndjson"
    file.write_text("".join(json.dumps(fact) + "\n" for fact in fed))
    chunk = max(1, size.facts // (CHUNKS * (1 + sum(size.troubles.values()))))
    flow.run("plan", "apply", write_plan(folder / "plan-1", 1))
    with Scene(flow, file, size.facts, chunk, story.tell) as scene:
        for _ in range(size.workers):
            scene.join()
        troubles = Troubles(scene, broker, random.Random(f"troubles-{size.seed}"))
        _trouble(troubles, size)
        _finish(scene)
        story.tell(f"all processed; the slowest stop took {scene.slowest_stop:.1f} s")
    story.wrong += _findings(flow, fed, troubles.revision, receiver)
    repeats = len(receiver.ids) - len({*receiver.ids})
    story.tell(f"{len({*receiver.ids})} messages were told, {repeats} requests came again with the same key")


def _trouble(troubles: Troubles, size: Size) -> None:
    """Each trouble comes while facts do: in the stretch between two of them."""
    scene, kinds = troubles.scene, troubles.order(size.troubles)
    for place, kind in enumerate(kinds):
        start, end = (size.facts * each // (len(kinds) + 1) for each in (place, place + 1))
        scene.allow(end)
        scene.until(lambda start=start: scene.sent > start, f"{start} facts were sent")  # type: ignore[misc]
        troubles.make(kind)
    scene.allow(size.facts)


def _finish(scene: Scene) -> None:
    scene.until(lambda: scene.sent == scene.count, "every fact was sent")
    scene.settle()
    nothing = scene.flow.folder / "nothing.ndjson"
    nothing.touch()
    # Once for what came, and once for what was forwarded to where it belongs.
    for _ in range(2):
        scene.flow.run("replay", nothing, "--wait")
    scene.until(lambda: not scene.flow.json("notifications", "--pending")["notifications"], "every message was told")
    for name in [*scene.workers]:
        scene.leave(name)


def _findings(flow: Quotaflow, fed: list[Fact], revision: int, receiver: Receiver) -> Iterator[str]:
    deals, status = won(fed, revision), flow.json("status")
    told: list[Json] = flow.json("notifications")["notifications"]
    yield from verdict.of_standings(flow.standings(), totals(fed, revision))
    yield from verdict.of_transitions(flow.transitions(), deals)
    yield from verdict.of_messages(receiver.ids, receiver.said, deals)
    yield from verdict.of_outbox(told, receiver.ids)
    flow.run("verify")
    if status["in_force"] != revision or status["dead_letters"]:
        yield f"not revision {revision} without dead letters: {status}"


@click.command()
@click.option("--facts", "count", default=200_000, show_default=True, type=click.IntRange(1000))
@click.option("--kills", default=20, show_default=True, type=click.IntRange(1))
@click.option("--workers", default=3, show_default=True, type=click.IntRange(2))
@click.option("--seed", default=1, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Where logs stay; default: nowhere.")
def main(count: int, kills: int, workers: int, seed: int, keep: Path | None) -> None:
    """Says what it does, and whether anything is wrong in the end."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        story = run(Size(count, workers, full(kills), seed), folder, lambda line: click.echo(line, err=True))
    click.echo(story)
    sys.exit(1 if story.wrong else 0)


if __name__ == "__main__":
    main()
