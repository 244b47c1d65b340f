"""Sending what is pending: outside the shards, and only what is durable in one of them (docs/adr/0009)."""

import asyncio
import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from quota.deliveries import delivered, refused, retried, unsendable
from schemas.notifications import Delivery
from streams import topics
from streams.hop import Hop
from streams.shard import Shard
from streams.shards import Shards
from streams.sinks.sink import Answer, Sink
from streams.sinks.sinks import Sinks, lacking
from streams.stages.deliveries import Deliveries

logger = logging.getLogger(__name__)

MOST = 4
"""Messages under way to one sink at a time, each to another recipient."""
GRACE_SECONDS = 5.0
"""For messages under way when the worker stops."""
LONGEST_PAUSE = timedelta(hours=1)
"""Between two looks for what is due."""


class Courier:
    """Tries to deliver what waits in the outboxes of this worker's shards, and notes there what came of it."""

    def __init__(self, shards: Shards, sinks: Sinks, now: Callable[[], datetime], jitter: Callable[[], float]) -> None:
        """`jitter` gives numbers from 0 to 1."""
        self._shards, self._sinks, self._now, self._jitter = shards, sinks, now, jitter
        self._news = asyncio.Event()
        self._busy: dict[str, set[str]] = defaultdict(set)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._warned: set[str] = set()
        self._results: dict[str, Delivery] = {}
        """What came of a message, until that is durable: a shard that is taken over again has to hear it again."""

    def wake(self) -> None:
        """Looks again soon: something became durable, or due."""
        self._news.set()

    async def run(self) -> None:
        """Sends for ever."""
        while True:
            self._news.clear()
            due = self._look()
            try:
                async with asyncio.timeout(max(0.0, (due - self._now()).total_seconds())):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def stop(self, seconds: float = GRACE_SECONDS) -> None:
        """Waits for what is under way, within bounds; the next flush stores what came of it."""
        tasks = [*self._under_way.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for shard in [*self._shards.owned.values()]:
            await shard.settle()
        for shard, outbox in self._open():
            self._tell(shard, outbox)
        await self._sinks.close()

    def _open(self) -> Iterator[tuple[Shard, Deliveries]]:
        """The shards that are ours and good, with their outboxes: what these were given to flush is durable."""
        for shard in self._shards.owned.values():
            hop = shard.readers.get(topics.NOTIFICATIONS.name)
            if shard.opening > 0 and not shard.void and isinstance(hop, Hop) and isinstance(hop.stage, Deliveries):
                yield shard, hop.stage

    def _look(self) -> datetime:
        """Starts what can be sent, and gives the moment at which the next message is due."""
        at = self._now()
        due = at + LONGEST_PAUSE
        for shard, outbox in self._open():
            self._tell(shard, outbox)
            for name, waiting in outbox.pending.items():
                sink = self._sinks.find(name)
                if sink is None:
                    self._keep(shard, outbox, name)
                else:
                    ready = [each for key, each in waiting.items() if outbox.is_written(key)]
                    due = min([due, *(each.due for each in ready if each.due is not None and each.due > at)])
                    self._serve(sink, [each for each in ready if each.due is None or each.due <= at])
        return due

    def _tell(self, shard: Shard, outbox: Deliveries) -> None:
        """Notes results in the shard, unless it knows more already, until they are durable there."""
        for key in self._results.keys() & outbox.records.keys():
            known, result = outbox.records[key], self._results[key]
            # One whose route went while it was under way has been delivered if it has, and is not tried again.
            news = known.state == "pending" or result.state == "delivered"
            if news and known.attempts < result.attempts:
                outbox.note(result)
                shard.touch(topics.NOTIFICATIONS.name)
            elif outbox.is_written(key):
                del self._results[key]

    def _keep(self, shard: Shard, outbox: Deliveries, name: str) -> None:
        reason = lacking(name)
        if name not in self._warned and outbox.pending[name]:
            self._warned.add(name)
            logger.warning("messages wait: %s", reason)
        for delivery in [each for each in outbox.pending[name].values() if each.reason != reason]:
            outbox.note(unsendable(delivery, reason))
            shard.touch(topics.NOTIFICATIONS.name)

    def _serve(self, sink: Sink, ready: list[Delivery]) -> None:
        for delivery in ready:
            said = delivery.notification
            key, busy = said.idempotency_key, self._busy[said.sink]
            if len(busy) >= MOST:
                return
            if key not in self._under_way and key not in self._results and said.recipient not in busy:
                busy.add(said.recipient)
                self._under_way[key] = asyncio.create_task(self._send(sink, delivery))

    async def _send(self, sink: Sink, delivery: Delivery) -> None:
        said = delivery.notification
        try:
            answer = await sink.send(said)
        except Exception as error:  # noqa: BLE001 - told without its text, which may be an address or a secret
            at = traceback.extract_tb(error.__traceback__)[-1]
            logger.warning("a bug in the sink %s: %s in %s:%s", said.sink, type(error).__name__, at.filename, at.lineno)
            answer = Answer("failed", f"a bug in the sink: {type(error).__name__}")
        finally:
            self._busy[said.sink].discard(said.recipient)
            del self._under_way[said.idempotency_key]
            self.wake()
        self._results[said.idempotency_key] = self._judged(delivery, answer)

    def _judged(self, before: Delivery, answer: Answer) -> Delivery:
        at = self._now()
        if answer.outcome == "delivered":
            return delivered(before, at)
        if answer.outcome == "refused":
            after = refused(before, at, answer.reason)
        else:
            after = retried(before, at, answer.reason, jitter=self._jitter(), wanted=answer.wait)
        logger.warning("%s", _undelivered(after, answer.reason))
        return after


def _undelivered(after: Delivery, reason: str) -> str:
    said = after.notification
    # A recipient may have any printable name: with its limits shown it cannot pass for another part of the line.
    what = f"message {said.idempotency_key} to {said.recipient!r} over the sink {said.sink} was not delivered"
    follows = "failed for good" if after.due is None else f"tried again at {after.due.isoformat(timespec='seconds')}"
    return f"{what} (attempt {after.attempts}): {reason}; {follows}"
