"""Sending from the outbox: nothing is lost, nothing goes out before it is durable, nobody is told twice for nothing."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from quota.deliveries import withdrawn
from streams import topics
from streams.sinks.sink import DELIVERED, Answer
from streams.sinks.sinks import lacking
from tests.runtime.faulty_log import Fate, started
from tests.runtime.outboxes import FAILED, START, Clock, Scripted, all_in, delivering, messages, outbox, put, settled
from tests.runtime.test_shards import rebalance

KILLS = [(fate, flush) for flush in range(1, 9) for fate in (Fate.KILLED_BEFORE, Fate.KILLED_AFTER)]


async def killed(path: Path, fate: Fate, flush: int) -> tuple[bool, Counter[str], Counter[str]]:
    """Whether a worker came to dying at a flush, and how often it and its successor sent each message."""
    said = messages(6)
    async with started(path) as log:
        log.fate = lambda _, n: fate if n == flush else None
        first = Scripted(log)
        async with delivering(log, {"hook": first}, Clock(), grace=0.1) as (_, run):
            await put(log, said[:3])
            done = asyncio.create_task(settled(log, all_in("delivered", 3)))
            await asyncio.wait({done, run}, return_when=asyncio.FIRST_COMPLETED)
            done.cancel()
        died = log.dead
    async with started(path) as log:
        second = Scripted(log)
        async with delivering(log, {"hook": second}, Clock()):
            await put(log, said[3:])
            await settled(log, all_in("delivered", 6))
    return died, first.counts, second.counts


async def test_a_worker_that_is_killed_at_any_flush_loses_no_message_and_repeats_only_what_it_could_not_note(
    tmp_path: Path,
) -> None:
    found = await asyncio.gather(*(killed(tmp_path / f"{n}-{fate.name}", fate, n) for fate, n in KILLS))
    assert sum(died for died, _, _ in found) >= 4
    repeated = 0
    for (fate, flush), (_, first, second) in zip(KILLS, found, strict=True):
        assert len(first | second) == 6, (fate, flush)
        assert max(first.values(), default=0) <= 1
        assert max(second.values()) == 1
        repeated += len(first & second)
    assert repeated > 0  # so that a kill did fall between sending and noting


@pytest.mark.parametrize("fate", [Fate.ABORTED, Fate.UNANSWERED])
async def test_flushes_that_fail_in_a_worker_that_lives_repeat_nothing(tmp_path: Path, fate: Fate) -> None:
    async with started(tmp_path / "log") as log:
        log.fate = lambda _, n: fate if n % 3 == 2 else None
        sink = Scripted(log)
        async with delivering(log, {"hook": sink}, Clock()):
            for number in range(6):
                await put(log, messages(6)[number : number + 1])
                await settled(log, all_in("delivered", number + 1))
        assert len(log.writers) > 3  # shards were lost and taken over again
        assert [*sink.counts.values()] == [1] * 6


async def test_what_fails_is_tried_again_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        clock, sink = Clock(), Scripted(log, FAILED, FAILED)
        async with delivering(log, {"hook": sink}, clock) as (courier, _):
            await put(log, messages(1))
            for attempts, wait in enumerate((5, 300), 1):
                (found,) = await settled(log, lambda each: bool(each) and each[0].attempts == attempts)  # noqa: B023 - awaited here
                assert (found.state, found.due, found.reason) == (
                    "pending",
                    clock() + timedelta(seconds=wait),
                    "answered 500",
                )
                clock.move(seconds=wait - 0.001)
                courier.wake()
                await put(log, messages(1))  # known, and so only another flush
                assert len(sink.sent) == attempts
                clock.move(seconds=0.001)
                courier.wake()
            (found,) = await settled(log, all_in("delivered", 1))
        assert (found.attempts, found.at, len(sink.counts)) == (3, START + timedelta(seconds=305), 1)


async def test_a_retry_is_kept_over_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    async with started(tmp_path / "log") as log:
        async with delivering(log, {"hook": Scripted(log, Answer("failed", "answered 429", 3600))}, clock):
            await put(log, messages(1))
            await settled(log, lambda each: bool(each) and each[0].attempts == 1)
        sink = Scripted(log)
        async with delivering(log, {"hook": sink}, clock) as (courier, _):
            await put(log, messages(2)[1:])
            await settled(log, lambda found: [each.state for each in found].count("delivered") == 1)
            assert sink.sent == [messages(2)[1].idempotency_key]
            clock.move(hours=1)
            courier.wake()
            await settled(log, all_in("delivered", 2))


async def test_after_the_last_attempt_or_a_refusal_a_message_has_failed_and_says_why(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        clock, sink = Clock(), Scripted(log, rest=FAILED)
        refusing = Scripted(log, Answer("refused", "answered 410"))
        async with delivering(log, {"hook": sink, "other": refusing}, clock) as (courier, _):
            await put(log, [*messages(1), *messages(1, sink="other", recipient="bob")])
            for attempts in range(1, 11):
                await settled(log, lambda found: max((each.attempts for each in found), default=0) == attempts)  # noqa: B023 - awaited here
                clock.move(days=2)
                courier.wake()
            found = await settled(log, all_in("failed", 2))
        assert (len(sink.sent), len(refusing.sent)) == (10, 1)
        assert sorted(each.reason or "" for each in found) == [
            "answered 410",
            "given up after 10 attempts; the last one: answered 500",
        ]


async def test_a_sink_that_hangs_delays_no_other_and_is_asked_for_few_messages_at_a_time(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        dead, well = Scripted(log), Scripted(log)
        dead.gate = asyncio.Event().wait
        async with delivering(log, {"dead": dead, "well": well}, Clock(), grace=0.0):
            await put(log, [*messages(20, sink="dead"), *messages(20, sink="well")])
            found = await settled(log, lambda found: [each.state for each in found].count("delivered") == 20)
        assert {each.notification.sink for each in found if each.state == "delivered"} == {"well"}
        assert (len(found), len(dead.sent), max(well.counts.values())) == (40, 4, 1)


async def test_the_messages_of_a_recipient_go_one_after_the_other(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        said, sink = messages(5, recipient="ann"), Scripted(log)
        async with delivering(log, {"hook": sink}, Clock()):
            await put(log, said)
            await settled(log, all_in("delivered", 5))
        assert sink.sent == [each.idempotency_key for each in said]


async def test_without_settings_for_its_sink_a_message_says_what_to_set_and_goes_out_once_that_is_done(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "log") as log:
        async with delivering(log, {}, Clock()):
            await put(log, messages(1))
            (found,) = await settled(log, lambda found: bool(found) and found[0].reason is not None)
            assert (found.state, found.attempts, found.reason) == ("pending", 0, lacking("hook"))
        sink = Scripted(log)
        async with delivering(log, {"hook": sink}, Clock()):
            (found,) = await settled(log, all_in("delivered", 1))
        assert found.reason is None


async def test_a_worker_says_once_for_each_sink_that_it_has_no_settings_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path / "log") as log, delivering(log, {}, Clock()):
        await put(log, [*messages(8), *messages(2, sink="other")])
        await settled(log, lambda found: len([each for each in found if each.reason]) == 10)
        await put(log, messages(12)[8:])
        await settled(log, lambda found: len([each for each in found if each.reason]) == 14)
    said = [record.getMessage() for record in caplog.records if record.name == "streams.courier"]
    assert sorted(said) == [f"messages wait: {lacking(name)}" for name in ("hook", "other")]


async def test_the_log_says_which_message_was_not_delivered_to_whom_and_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path / "log") as log:
        sinks = {"hook": Scripted(log, FAILED), "other": Scripted(log, Answer("refused", "answered 410"))}
        said = [*messages(1), *messages(1, sink="other", recipient="bob")]
        async with delivering(log, sinks, Clock()):
            await put(log, said)
            await settled(log, lambda found: sorted(each.attempts for each in found) == [1, 1])
    logged = sorted(record.getMessage() for record in caplog.records if record.name == "streams.courier")
    what, then = "was not delivered (attempt 1):", (START + timedelta(seconds=5)).isoformat()
    one = f"message {said[0].idempotency_key} to 'ann-0' over the sink hook {what} answered 500; tried again at {then}"
    other = f"message {said[1].idempotency_key} to 'bob' over the sink other {what} answered 410; failed for good"
    assert logged == sorted([one, other])


@pytest.mark.parametrize(("answer", "state"), [(DELIVERED, "delivered"), (FAILED, "failed")])
async def test_a_message_whose_route_goes_while_it_is_under_way_was_delivered_if_it_was(
    tmp_path: Path, answer: Answer, state: str
) -> None:
    async with started(tmp_path / "log") as log:
        sink, under_way, free = Scripted(log, answer), asyncio.Event(), asyncio.Event()

        async def gate() -> None:
            under_way.set()
            await free.wait()

        sink.gate = gate
        async with delivering(log, {"hook": sink}, Clock()) as (courier, _):
            await put(log, messages(1))
            await under_way.wait()
            key = messages(1)[0].idempotency_key
            ((shard, stage),) = (each for each in courier._open() if key in each[1].records)
            stage.note(withdrawn(stage.records[key], START, "no such route"))
            shard.touch(topics.NOTIFICATIONS.name)
            free.set()
        (found,) = (await outbox(log)).values()
        assert (found.state, len(sink.sent)) == (state, 1)


async def test_a_message_under_way_is_waited_for_when_the_worker_stops_and_its_outcome_is_stored(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "log") as log:
        sink, under_way, free = Scripted(log), asyncio.Event(), asyncio.Event()

        async def gate() -> None:
            under_way.set()
            await free.wait()

        sink.gate = gate
        async with delivering(log, {"hook": sink}, Clock()):
            await put(log, messages(1))
            await under_way.wait()
            asyncio.get_running_loop().call_later(0.05, free.set)
        (found,) = (await outbox(log)).values()
        assert (found.state, found.attempts) == ("delivered", 1)


async def test_a_rebalance_between_sending_and_noting_repeats_nothing(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        sink, under_way, free = Scripted(log), asyncio.Event(), asyncio.Event()

        async def gate() -> None:
            under_way.set()
            await free.wait()

        sink.gate = gate
        async with delivering(log, {"hook": sink}, Clock()) as (courier, _):
            await put(log, messages(3))
            await under_way.wait()
            await rebalance(courier._shards)
            free.set()
            await rebalance(courier._shards)
            await settled(log, all_in("delivered", 3))
        assert [*sink.counts.values()] == [1] * 3


async def test_a_bug_in_a_sink_is_an_attempt_that_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with started(tmp_path / "log") as log:
        sink = Scripted(log)

        async def gate() -> None:
            raise KeyError("secret")

        sink.gate = gate
        async with delivering(log, {"hook": sink}, Clock()):
            await put(log, messages(1))
            (found,) = await settled(log, lambda found: bool(found) and found[0].attempts == 1)
        assert found.reason == "a bug in the sink: KeyError"
        assert "secret" not in caplog.text
