"""Messages on a real embedded log with a real worker, sinks that answer as they are told to, and a clock of our own."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import json

from quota.notifications import notifications
from schemas.notifications import Delivery, Notification
from schemas.plan import Route
from streams import topics
from streams.courier import Courier
from streams.log import Outgoing
from streams.partitioner import partition
from streams.serving.deliveries import deliveries
from streams.sinks.sink import DELIVERED, Answer, Sink
from streams.sinks.sinks import Sinks
from tests.runtime.faulty_log import FaultyLog, reached, working
from tests.runtime.history import SHARDS
from tests.unit.floor import a_plan, noon
from tests.unit.news import transition

START = noon("2026-03-05")
FAILED = Answer("failed", "answered 500")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, **passed: float) -> None:
        self.at += timedelta(**passed)


class Scripted:
    """A sink with an answer per attempt, and then `rest`; what was sent, it must find pending in the log itself."""

    def __init__(self, log: FaultyLog, *answers: Answer, rest: Answer = DELIVERED) -> None:
        self.log, self.sent = log, list[str]()
        self.answers, self.rest = [*answers], rest
        self.gate: Callable[[], Awaitable[object]] | None = None

    async def send(self, message: Notification) -> Answer:
        states = await outbox(self.log)
        assert states[message.idempotency_key].state == "pending"
        self.sent.append(message.idempotency_key)
        if self.gate is not None:
            await self.gate()
        return self.answers.pop(0) if self.answers else self.rest

    async def close(self) -> None:
        """Nothing is held open."""

    @property
    def counts(self) -> Counter[str]:
        """How often each message was sent."""
        return Counter(self.sent)


def messages(count: int, recipient: str = "", sink: str = "hook") -> list[Notification]:
    """Messages to as many recipients, unless they have one."""
    plans = [a_plan(routes=(Route(sink, recipient or f"ann-{number}", sink),)) for number in range(count)]
    return [notifications(transition(number=n + 1), plan)[0] for n, plan in enumerate(plans)]


async def put(log: FaultyLog, said: list[Notification]) -> None:
    """Says messages as the notifications agent does."""
    name = topics.NOTIFICATIONS.name
    await log.append(
        [
            Outgoing(name, partition(m.recipient.encode(), SHARDS), m.idempotency_key.encode(), json.encode(m))
            for m in said
        ]
    )


async def outbox(log: FaultyLog) -> dict[str, Delivery]:
    """What the log itself says became of every message."""
    return {each.notification.idempotency_key: each for each in await deliveries(log, SHARDS)}


async def settled(log: FaultyLog, condition: Callable[[list[Delivery]], bool]) -> list[Delivery]:
    """What became of every message, as soon as the condition holds."""

    async def holds() -> bool:
        return condition(await deliveries(log, SHARDS))

    await reached(log, holds)
    return await deliveries(log, SHARDS)


def all_in(state: str, count: int) -> Callable[[list[Delivery]], bool]:
    """Whether there are so many messages, all in this state."""
    return lambda found: len(found) == count and all(each.state == state for each in found)


@asynccontextmanager
async def delivering(
    log: FaultyLog, sinks: Mapping[str, Sink], clock: Clock, grace: float = 5.0
) -> AsyncIterator[tuple[Courier, "asyncio.Task[None]"]]:
    """A worker whose courier goes by this clock, and the task that ends when the worker fails."""
    async with working(log) as (shards, run):
        courier = Courier(shards, Sinks(sinks), clock, lambda: 0.0)
        shards.on_change = courier.wake
        sending = asyncio.create_task(courier.run())
        courier.wake()
        try:
            yield courier, run
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await courier.stop(grace)
