"""One course of events in several arrangements: as told, shuffled between its ticks, shuffled over all of them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import json

from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.control import PlanMarker, Tick
from schemas.plan import Plan
from schemas.standings import Measure, Standing
from streams import topics
from streams.log import Outgoing, Spot
from streams.serving.explanations import Explanation, document, explanation
from tests.oracle.history import STOCKS, Number, Oracle
from tests.runtime.chaos import schedule
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import SHARDS, Fact, History, control, sent
from tests.runtime.outcome import Outcome, outcome
from tests.runtime.world import Calm, World, settle

Event = Fact | Tick | PlanMarker
SPOTS = [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]


@dataclass(frozen=True)
class Course:
    """What happened, in order, ending with a tick that carries a moment; steps are numbered."""

    events: Sequence[Event]
    plan: Callable[[int], Plan]

    @property
    def facts(self) -> list[Fact]:
        return [event for event in self.events if not isinstance(event, Tick | PlanMarker)]

    @property
    def last(self) -> Plan:
        return self.plan(sum(isinstance(event, PlanMarker) for event in self.events))

    def as_told(self) -> History:
        return self._history(lambda spot: [_on(event, spot) for event in self.events if _is_on(event, spot)])

    def shuffled(self, luck: random.Random, *, over_ticks: bool) -> History:
        """Facts repeated and out of order; between the same ticks, or over all of them but the last."""

        def records(spot: Spot) -> list[Outgoing]:
            mine = [event for event in self.events if _is_on(event, spot)]
            pieces = [mine] if over_ticks else [*_between_ticks(mine)]
            return [_on(event, spot) for piece in pieces for event in _mixed(piece, luck)]

        return self._history(records)

    def _history(self, records: Callable[[Spot], list[Outgoing]]) -> History:
        return History({spot: records(spot) for spot in SPOTS}, self.facts, self.last.revision, self.plan)


def _is_on(event: Event, spot: Spot) -> bool:
    return isinstance(event, Tick | PlanMarker) or sent(event)[:2] == spot


def _on(event: Event, spot: Spot) -> Outgoing:
    record = control(event) if isinstance(event, Tick | PlanMarker) else sent(event)
    return Outgoing(*spot, record.key, record.value)


def _between_ticks(events: list[Event]) -> Iterator[list[Event]]:
    piece: list[Event] = []
    for event in events:
        piece.append(event)
        if isinstance(event, Tick):
            yield piece
            piece = []


def _mixed(events: list[Event], luck: random.Random) -> list[Event]:
    """Steps stay in their order, the last at the end; facts come anywhere, some more than once."""
    steps = [event for event in events if isinstance(event, Tick | PlanMarker)]
    told = [event for event in events if not isinstance(event, Tick | PlanMarker)]
    mixed: list[Event] = [*told, *(fact for fact in told if luck.random() < 0.3)]
    luck.shuffle(mixed)
    for step, place in zip(
        steps[-2::-1], sorted(luck.choices(range(len(mixed) + 1), k=len(steps) - 1))[::-1], strict=True
    ):
        mixed.insert(place, step)
    return [*mixed, steps[-1]]


class Ending:
    """What a log has come to, and what it explains."""

    def __init__(self, log: FakeLog, last: Tick) -> None:
        """`last` is the tick up to which everything was processed."""
        log.write([Outgoing(topics.CONTROL.name, 0, b"test", json.encode(last))])
        self._log = log
        self.outcome: Outcome = at_once(outcome(log))

    @property
    def standings(self) -> dict[tuple[str, str], Standing]:
        said = [json.decode(v, type=Standing) for v in self.outcome[0].values() if v.startswith(b'{"type":"standing"')]
        return {(standing.scope, standing.period): standing for standing in said}

    def explanation(self, scope: str, metric: str, period: str, plan: PlanIndex) -> Explanation:
        wanted = parse_period(period, plan.calendar(scope))
        return at_once(explanation(self._log, SHARDS, plan, scope, metric, wanted))


def calmly(history: History, last: Tick) -> Ending:
    """One worker, one pass, one flush at the end."""
    log = FakeLog()
    settle(World(history, log, random.Random(0)), Calm(1000, lambda: False))
    return Ending(log, last)


def wildly(history: History, last: Tick, seed: str, *, trouble: bool) -> Ending:
    """Batches, interleaving and, if asked for, trouble by chance."""
    log = FakeLog(gap=1)
    schedule(history, seed, trouble=trouble, log=log)
    return Ending(log, last)


def number(measure: Measure) -> Number:
    """A measure as the oracle has it: money in minor units."""
    return round(float(measure.value) * 100) if isinstance(measure.value, str) else measure.value


def without_origins(found: Explanation) -> bytes:
    """Its document, but for where facts were received first: their order decides that."""
    said = document(found)
    for each in said["contributions"]:
        each["facts"] = [(fact["source"], fact["id"]) for fact in each["facts"]]
    return json.encode(said)


def disagreements(ending: Ending, course: Course, at: Tick) -> list[str]:
    """Where the standings say something else than the oracle, or lack what it has."""
    oracle, standings, plan = Oracle(course.facts, course.last), ending.standings, PlanIndex(course.last)
    assert at.at is not None
    keys = oracle.keys()
    found = [f"{key} was never said" for key in sorted(keys - standings.keys())]
    for (scope, period), standing in standings.items():
        for metric in plan.metrics:
            measure = standing.metrics.get(metric)
            said, right = None if measure is None else number(measure), oracle.value(metric, scope, period, at.at)
            # Where nothing counts any more, nobody may have said that the period is over: what is open shows in it.
            stale = metric in STOCKS and right is None and (scope, period) not in keys
            if said != right and not stale:
                found.append(f"{metric} of {scope} in {period} is {said}, should be {right}")
    return found
