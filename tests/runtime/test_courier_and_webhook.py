"""From the outbox to a real receiver that fails in every way: the same id until it is delivered, and never after."""

from pathlib import Path

from streams.sinks.signing import secrets_of
from streams.sinks.webhook import Webhook
from streams.wall_clock import now
from tests.runtime.faulty_log import started
from tests.runtime.outboxes import Clock, all_in, delivering, messages, put, settled
from tests.streams.sinks.receiver import SECRET, answers, dies, hangs, receiving

TROUBLE = [
    (answers(500), 5, "answered 500"),
    (hangs, 300, "no answer within 0.2 s"),
    (dies, 1800, "the connection broke off (ServerDisconnectedError)"),
    (answers(429, Retry_After="9000"), 9000, "answered 429"),
    (answers(307, Location="/elsewhere"), 5 * 3600, "answered 307, a redirect, which is never followed"),
]
"""What the receiver does, for how many seconds it is left alone then, and what is said about it."""


async def test_a_receiver_in_trouble_gets_the_same_message_again_until_it_has_it(tmp_path: Path) -> None:
    async with receiving() as receiver, started(tmp_path / "log") as log:
        receiver.behave = [behaviour for behaviour, _, _ in TROUBLE]
        clock, sink = Clock(), Webhook(receiver.url, secrets_of(SECRET), now, seconds=0.2)
        async with delivering(log, {"hook": sink}, clock) as (courier, _):
            await put(log, messages(1))
            for attempts, (_, wait, reason) in enumerate(TROUBLE, 1):
                (found,) = await settled(log, lambda each: bool(each) and each[0].attempts == attempts)  # noqa: B023 - awaited here
                assert found.due is not None
                assert ((found.due - clock()).total_seconds(), found.state) == (wait, "pending")
                assert reason in (found.reason or "")
                clock.move(seconds=wait)
                courier.wake()
            (found,) = await settled(log, all_in("delivered", 1))
            clock.move(days=30)
            courier.wake()
            await put(log, messages(2)[1:])
            await settled(log, all_in("delivered", 2))
        assert found.attempts == len(TROUBLE) + 1
        assert [receiver.ids.count(each.idempotency_key) for each in messages(2)] == [len(TROUBLE) + 1, 1]
