"""A random schedule of everything that may happen to workers, its story, and how schedules are spread."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.log import LogError, ShutOut
from tests.runtime.fake_log import FakeLog, Halt, Mishap
from tests.runtime.history import SHARDS, History
from tests.runtime.outcome import Outcome
from tests.runtime.world import READ, Calm, Owner, Worker, World, settle

HALTS = [frozenset({Halt.COLLECTED}), frozenset({Halt.COMMITTED}), frozenset(Halt)]
KILLED, FROZEN, IN_A_FLUSH = "kill in a flush", "freeze in a flush", "a kill or freeze in a flush"
REVISED = "a plan change between two flushes"
WOKEN = "a flush that woke up shut out"
UNKNOWN = "a flush that nobody knows of"


@dataclass
class Story:
    """What happened in a schedule, and how often."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([*self.lines, f"in all: {dict(self.counts)}"])


@dataclass
class Spread:
    """How many schedules there were, and how many had what in them."""

    schedules: int = 0
    having: Counter[str] = field(default_factory=Counter)

    def add(self, story: Story) -> None:
        """One more schedule."""
        self.schedules += 1
        self.having.update(happened(story))

    def merge(self, other: "Spread") -> None:
        """Those of somebody else, too."""
        self.schedules += other.schedules
        self.having.update(other.having)

    def share(self, what: str) -> float:
        """Of the schedules."""
        return self.having[what] / max(self.schedules, 1)

    def __str__(self) -> str:
        shown = (IN_A_FLUSH, WOKEN, UNKNOWN, REVISED)
        return f"{self.schedules:,} schedules: " + ", ".join(f"{self.share(what):.0%} with {what}" for what in shown)


def happened(story: Story) -> Iterable[str]:
    """What a schedule counts for in the spread."""
    yield from (what for what, count in story.counts.items() if count)
    if story.counts[KILLED] or story.counts[FROZEN]:
        yield IN_A_FLUSH


class Chaos:
    """Anything at any time, with other habits in every schedule."""

    def __init__(self, world: World, story: Story, *, trouble: bool) -> None:
        self.world, self.random, self.story = world, world.random, story
        self.workers = [Worker(world.log) for _ in range(3)]
        luck = self.random.choice
        self._speed = {(n, topic): luck([1, 1, 4, 20]) for n in range(SHARDS) for topic in READ}
        self._burst = luck([1, 2, 5])
        self._weights: dict[str, float] = {
            "appear": luck([8, 15, 40]),
            "step": 60,
            "flush": luck([5, 20, 40]),
            "news": luck([1, 5, 20]),
        }
        if trouble:
            rare: dict[str, list[float]] = {
                "assign": [1, 3, 8],
                "kill": [0, 1, 3],
                "freeze": [0, 2, 4],
                "mishap": [0, 1, 4],
                "halt": [3, 6, 12],
            }
            self._weights |= {action: luck(weights) for action, weights in rare.items()}
            self._weights |= {"thaw": luck([1, 3]), "resume": luck([2, 5])}
        self._adopt()

    def run(self, actions: int) -> None:
        """Lets so many things happen."""
        for action in self.random.choices([*self._weights], [*self._weights.values()], k=actions):
            getattr(self, f"_{action}")()
            self._adopt()

    def wake(self) -> None:
        """All who were frozen, or whose flush stands still, go on, though somebody else has their shards by now."""
        for worker in self.workers:
            worker.frozen = False
            for owner in [*worker.owners.values()]:
                while owner.flight is not None:
                    self._goes_on(worker, owner)

    def _tell(self, what: str, line: str) -> None:
        self.story.counts[what] += 1
        self.story.lines.append(line)

    def _adopt(self) -> None:
        """Every shard has an owner that believes in it, though perhaps a frozen one."""
        owned = {number for worker in self.workers for number in worker.owners}
        for number in {*range(SHARDS)} - owned:
            self._takes(self._awake(), number)

    def _takes(self, worker: Worker, number: int) -> None:
        self._tell("take-over", f"{self._name(worker)} takes shard {number} over")
        worker.take(number)

    def _name(self, worker: Worker) -> str:
        return f"worker {self.workers.index(worker)}"

    def _awake(self) -> Worker:
        return self.random.choice([worker for worker in self.workers if not worker.frozen])

    def _owners(self) -> list[tuple[Worker, Owner]]:
        return [(worker, owner) for worker in self.workers if not worker.frozen for owner in worker.owners.values()]

    def _appear(self) -> None:
        for _ in range(self._burst):
            record = self.world.appear()
            if record is not None:
                self._tell("appear", f"{record.topic}[{record.partition}] gets {(record.value or b'').decode():.200}")

    def _step(self) -> None:
        ready = [(worker, owner, topic) for worker, owner in self._owners() for topic in READ if owner.ready(topic)]
        if ready:
            weights = [self._speed[owner.number, topic] for _, owner, topic in ready]
            worker, owner, topic = self.random.choices(ready, weights)[0]
            before = owner.at[topic]
            owner.step(topic, self.random.randint(1, 8))
            place = f"{topic}[{owner.number}]"
            self._tell("step", f"{self._name(worker)} reads {place} from {before} to {owner.at[topic] - 1}")

    def _flush(self, how: str = "flushes") -> bool:
        busy = [(worker, owner) for worker, owner in self._owners() if owner.busy]
        if busy:
            worker, owner = self.random.choice(busy)
            if owner.revised:
                self._tell(REVISED, f"shard {owner.number} has another plan than at its last flush")
            self._tell("flush", f"{self._name(worker)} {how} shard {owner.number}")
            self._goes_on(worker, owner)
        return bool(busy)

    def _goes_on(self, worker: Worker, owner: Owner) -> None:
        """Begins a flush, or goes on with the one that stands still."""
        woken = owner.flight is not None
        try:
            owner.go_on() if woken else owner.begin()
        except LogError as error:
            fenced = WOKEN if woken else "a flush that was shut out"
            self._tell(fenced if isinstance(error, ShutOut) else UNKNOWN, f"that flush failed: {error}")
            worker.lost(owner)

    def _mishap(self) -> None:
        self.world.log.mishap = self.random.choice([*Mishap])
        self._flush(f"flushes, and {self.world.log.mishap.value}:")
        self.world.log.mishap = None

    def _halt(self) -> None:
        halts = self.random.choice(HALTS)
        self.world.log.halts = halts
        where = " and again when ".join(halt.value for halt in Halt if halt in halts)
        self._flush(f"flushes, and stands still when {where}:")
        self.world.log.halts = frozenset()

    def _resume(self) -> None:
        standing = [(worker, owner) for worker, owner in self._owners() if owner.flight is not None]
        if standing:
            worker, owner = self.random.choice(standing)
            self._tell("resume", f"{self._name(worker)} goes on with its flush of shard {owner.number}")
            self._goes_on(worker, owner)

    def _news(self) -> None:
        self._awake().read_plan()

    def _assign(self) -> None:
        self._takes(self._awake(), self.random.randrange(SHARDS))

    def _struck(self, workers: list[Worker]) -> Worker:
        """Somebody, but rather one who stands still in a flush."""
        within = [worker for worker in workers if _in_flight(worker)]
        return self.random.choice(within if within and self.random.random() < 0.7 else workers)

    def _kill(self) -> None:
        worker = self._struck(self.workers)
        self._tell(KILLED if _in_flight(worker) else "kill", f"{self._name(worker)} is killed")
        for owner in worker.owners.values():
            owner.die()
        self.workers[self.workers.index(worker)] = Worker(self.world.log)

    def _freeze(self) -> None:
        awake = [worker for worker in self.workers if not worker.frozen]
        if len(awake) > 1:
            worker = self._struck(awake)
            self._tell(FROZEN if _in_flight(worker) else "freeze", f"{self._name(worker)} freezes")
            worker.frozen = True

    def _thaw(self) -> None:
        for worker in self.workers:
            if worker.frozen and self.random.random() < 0.5:
                self._tell("thaw", f"{self._name(worker)} thaws")
                worker.frozen = False


def _in_flight(worker: Worker) -> bool:
    return any(owner.flight is not None for owner in worker.owners.values())


def schedule(
    history: History, seed: str, *, trouble: bool, log: FakeLog | None = None, actions: int = 0
) -> tuple[Outcome, Story]:
    """What comes of a history under a random schedule (by default not a long one), and what happened in it."""
    luck = random.Random(seed)
    log = log or FakeLog(history=luck.random() < 0.5, gap=luck.choice([0, 1]))
    world, story = World(history, log, luck), Story()
    chaos = Chaos(world, story, trouble=trouble)
    chaos.run(actions or luck.choice([80, 160, 320]))
    often = luck.choice([0.0, 0.1, 0.3])
    settle(world, Calm(luck.choice([1, 5, 50]), lambda: luck.random() < often, chaos.wake))
    return world.outcome(), story
