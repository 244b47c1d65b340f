"""What may happen to workers, with the real hops, stages, shards and takeovers over a log in memory."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping

from faust.types import TP
from msgspec import json

from agents.worker import ARROWS
from schemas.control import PlanMarker
from streams import tables, topics
from streams.batches import Batch
from streams.log import LogError, Outgoing, Record, Spot
from streams.plan_reader import SPOT as PLAN
from streams.plan_reader import Plans
from streams.plans.records import plan_records
from streams.shard import Shard
from streams.takeover import take_hops
from tests.runtime.fake_log import FakeLog, Mishap, at_once
from tests.runtime.history import MONDAY, SHARDS, History
from tests.runtime.outcome import Outcome, outcome

READ = tuple(arrow.reads.name for arrow in ARROWS)
MARKER = PlanMarker.__struct_config__.tag


class Consumer:
    """Which topics of a shard are held."""

    flowing = True

    def __init__(self) -> None:
        self.held: set[str] = set()

    async def open_partitions(self, positions: Mapping[TP, int], opening: int) -> None:
        """Everything is open."""

    drained = False

    def hold_partitions(self, tps: set[TP]) -> None:
        self.held |= {tp.topic for tp in tps}

    def release_partitions(self, tps: set[TP]) -> None:
        self.held -= {tp.topic for tp in tps}

    def close_partitions(self, tps: set[TP]) -> None:
        """Nothing is ever closed."""


class Owner:
    """One worker's hold on one shard."""

    def __init__(self, log: FakeLog, plans: Plans, number: int) -> None:
        self._log, self.number = log, number
        self._consumer = Consumer()
        writer = at_once(log.writer(f"shard-{number}"))
        readers = at_once(take_hops(log, ARROWS, number, SHARDS, plans))
        self.shard = Shard(number, 1, readers, writer, self._consumer, 0.0)
        self.at = {tp.topic: position for tp, position in self.shard.positions.items()}

    @property
    def held(self) -> set[str]:
        """The topics of which something waits."""
        return self._consumer.held

    def unread(self, topic: str) -> list[Record]:
        return [] if topic in self.held else self._log.seen(Spot(topic, self.number), self.at[topic])

    def step(self, topic: str, count: int) -> None:
        """Hands over the next records of a topic."""
        records = self.unread(topic)[:count]
        if records:
            self.at[topic] = records[-1].offset + 1
            self.shard.read(Batch(topic, self.number, 1, records))
            self.shard.pump()

    @property
    def busy(self) -> bool:
        """Whether a flush would write anything."""
        return any(reader.changed for reader in self.shard.readers.values())

    def flush(self) -> None:
        at_once(self.shard.flush())


class Worker:
    """A process: its plan reader, its shards, and whether it is frozen."""

    def __init__(self, log: FakeLog) -> None:
        self._log, self.owners, self.frozen = log, dict[int, Owner](), False
        self.plans = Plans(log)
        self._read = at_once(self.plans.read())
        self._news = self._follow()

    def _follow(self) -> AsyncIterator[list[Record]]:
        return self._log.tail({PLAN: self._read})

    def read_plan(self) -> None:
        """Reads on in the plan topic, and tries what waited for it."""
        while self._log.seen(PLAN, self._read):
            chunk = at_once(_next(self._news))
            self._read = chunk[-1].offset + 1
            at_once(self.plans._note(chunk))
        for owner in self.owners.values():
            owner.shard.pump()

    def take(self, number: int) -> None:
        """Takes a shard over; nobody tells the one who has it."""
        self.owners.pop(number, None)
        self.read_plan()
        self.owners[number] = Owner(self._log, self.plans, number)

    def lost(self, owner: Owner) -> None:
        """What a worker does with a shard whose flush failed: its memory is void."""
        self.owners.pop(owner.number, None)


async def _next(stream: AsyncIterator[list[Record]]) -> list[Record]:
    return await anext(stream)


class World:
    """A log, what is still to be written into it by outsiders, and the workers on it."""

    def __init__(self, history: History, log: FakeLog, luck: random.Random) -> None:
        self.log, self.random = log, luck
        self.counts: Counter[str] = Counter()
        self._left = {spot: [*records] for spot, records in history.partitions.items()}
        self._plan, self._revision, self._closing = history.plan, 0, history.closing
        at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))

    def appear(self) -> bool:
        """The next record of some source partition is written; a revision is in the plan topic before its markers."""
        spots = [spot for spot, left in self._left.items() if left]
        if spots:
            self._write(self._left[self.random.choice(spots)].pop(0))
        return bool(spots)

    def _write(self, record: Outgoing) -> None:
        if (record.value or b"").startswith(b'{"type":"plan_marker"'):
            self._apply(int((record.value or b"").split(b'"revision":')[1].split(b",")[0]))
        self.log.write([record])

    def _apply(self, revision: int) -> None:
        while self._revision < revision:
            self._revision += 1
            records = plan_records(self._plan(self._revision), self._revision, MONDAY)
            self.log.write([Outgoing(*PLAN, record.key, record.value) for record in records])

    def close(self) -> bool:
        """Writes the tick that comes when all is said, if there is one."""
        closing, self._closing = self._closing, None
        if closing is not None:
            self.log.write([Outgoing(*spot, b"control", json.encode(closing)) for spot in self._left])
        return closing is not None

    def outcome(self) -> Outcome:
        return at_once(outcome(self.log))


class Chaos:
    """Anything at any time, with other habits in every schedule."""

    def __init__(self, world: World, *, trouble: bool) -> None:
        self.world, self.random = world, world.random
        self.workers = [Worker(world.log) for _ in range(3)]
        luck = self.random.choice
        self._speed = {(n, topic): luck([1, 1, 4, 20]) for n in range(SHARDS) for topic in READ}
        self._weights: dict[str, float] = {
            "appear": luck([8, 15, 40]),
            "step": 60,
            "flush": luck([5, 20, 40]),
            "news": luck([1, 5, 20]),
        }
        if trouble:
            rare: dict[str, list[float]] = {
                "assign": [1, 3, 8],
                "kill": [0, 0.5, 2],
                "freeze": [0, 1, 4],
                "mishap": [0, 1, 4],
            }
            self._weights |= {action: luck(weights) for action, weights in rare.items()} | {"thaw": luck([1, 3])}

    def run(self, actions: int) -> None:
        for action in self.random.choices([*self._weights], [*self._weights.values()], k=actions):
            self.world.counts[action] += 1
            getattr(self, f"_{action}")()
            self._adopt()

    def _adopt(self) -> None:
        """Every shard has an owner that believes in it, though perhaps a frozen one."""
        owned = {number for worker in self.workers for number in worker.owners}
        for number in {*range(SHARDS)} - owned:
            self._awake().take(number)

    def _awake(self) -> Worker:
        return self.random.choice([worker for worker in self.workers if not worker.frozen])

    def _owners(self) -> list[tuple[Worker, Owner]]:
        return [(worker, owner) for worker in self.workers if not worker.frozen for owner in worker.owners.values()]

    def _appear(self) -> None:
        self.world.appear()

    def _step(self) -> None:
        ready = [(owner, topic) for _, owner in self._owners() for topic in READ if owner.unread(topic)]
        if ready:
            weights = [self._speed[owner.number, topic] for owner, topic in ready]
            owner, topic = self.random.choices(ready, weights)[0]
            owner.step(topic, self.random.randint(1, 8))

    def _flush(self) -> None:
        busy = [(worker, owner) for worker, owner in self._owners() if owner.busy]
        if busy:
            self._flushed(*self.random.choice(busy))

    def _flushed(self, worker: Worker, owner: Owner) -> None:
        try:
            owner.flush()
        except LogError as error:
            self.world.counts[type(error).__name__] += 1
            worker.lost(owner)

    def _mishap(self) -> None:
        self.world.log.mishap = self.random.choice([*Mishap])
        self._flush()
        self.world.log.mishap = None

    def _news(self) -> None:
        self._awake().read_plan()

    def _assign(self) -> None:
        self._awake().take(self.random.randrange(SHARDS))

    def _kill(self) -> None:
        at = self.random.randrange(len(self.workers))
        self.workers[at] = Worker(self.world.log)

    def _freeze(self) -> None:
        awake = [worker for worker in self.workers if not worker.frozen]
        if len(awake) > 1:
            self.random.choice(awake).frozen = True

    def _thaw(self) -> None:
        for worker in self.workers:
            if worker.frozen and self.random.random() < 0.5:
                worker.frozen = False


def settle(world: World, flush_each: Callable[[], bool]) -> None:
    """No more trouble: everything appears, one worker reads all of it, and flushes after a record when asked to."""
    while world.appear():
        pass
    worker = Worker(world.log)
    for number in range(SHARDS):
        worker.take(number)
    _read_all(worker, flush_each)
    if world.close():
        _read_all(worker, flush_each)


def _read_all(worker: Worker, flush_each: Callable[[], bool]) -> None:
    while True:
        read = [_drained(worker.owners[number], topic, flush_each) for topic in READ for number in range(SHARDS)]
        busy = [owner for owner in worker.owners.values() if owner.busy]
        for owner in busy:
            owner.flush()
        if not any(read) and not busy:
            return


def _drained(owner: Owner, topic: str, flush_each: Callable[[], bool]) -> bool:
    count = 0
    while owner.unread(topic):
        before, count = owner.at[topic], count + 1
        owner.step(topic, 1)
        assert owner.at[topic] > before
        if flush_each():
            owner.flush()
    return bool(count)


def schedule(history: History, seed: str, *, trouble: bool, log: FakeLog | None = None) -> tuple[Outcome, Counter[str]]:
    """What comes of a history under a random schedule, and what happened in it."""
    luck = random.Random(seed)
    log = log or FakeLog(history=luck.random() < 0.5, gap=luck.choice([0, 1]))
    world = World(history, log, luck)
    Chaos(world, trouble=trouble).run(luck.choice([200, 400, 800]))
    settle(world, lambda: luck.random() < 0.3)
    return world.outcome(), world.counts


def calm(history: History, *, each: bool) -> Outcome:
    """What comes of it with one owner and one pass: with a flush for every record, or one for everything."""
    world = World(history, FakeLog(), random.Random(0))
    settle(world, lambda: each)
    return world.outcome()
