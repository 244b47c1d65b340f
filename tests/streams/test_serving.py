"""Group-less readers: the last of every key, whatever lies between, in an order that people expect."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import json
from msgspec.structs import replace

from quota.plans import PlanIndex
from schemas.alerts import Transition, TransitionKind
from schemas.control import Live, PlanMarker, Tick
from schemas.dead_letters import DeadLetter
from schemas.marks import Mark
from schemas.plan import Calendar, Company, Membership, Plan, Rep, Team
from schemas.standings import Measure, Standing
from streams import tables, topics
from streams.embedded.log import EmbeddedLog
from streams.log import Log, LogError, Outgoing, Spot
from streams.passage import ask, lags, through
from streams.plans import plan_records
from streams.serving import dead_letters, plan, standings, state, transitions
from streams.serving.control import Control, control
from streams.serving.documents import document
from streams.waiting import Stalled

T = TypeVar("T")
SHARDS = 2
AT = datetime(2017, 9, 15, 23, tzinfo=UTC)
PLAN = Plan(
    1,
    Company("Acme", "USD"),
    teams=(Team("west", "West"), Team("coast", "Coast", parent="west"), Team("east", "East")),
    reps=(
        Rep("zoe", "Zoe", (Membership("west"),)),
        Rep("bob", "Bob", (Membership("coast"),)),
        Rep("eve", "Eve", (Membership("east"),)),
        Rep("max", "Max"),
    ),
    calendars=(Calendar("default", "America/Chicago"),),
)
INDEX = PlanIndex(PLAN)
Run = Callable[[Callable[[EmbeddedLog], Coroutine[Any, Any, T]]], T]


@pytest.fixture
def on_log(tmp_path: Path) -> Run[Any]:
    """Runs a coroutine function on a new log with every topic and table."""

    def run(work: Callable[[EmbeddedLog], Coroutine[Any, Any, T]]) -> T:
        async def inside() -> T:
            log = EmbeddedLog(tmp_path / "log.db")
            await log.start()
            try:
                await log.declare((*topics.ALL, *tables.ALL), SHARDS)
                return await work(log)
            finally:
                await log.stop()

        return asyncio.run(inside())

    return run


async def put(log: Log, topic: str, *said: tuple[bytes, Any], shard: int = 0) -> None:
    values = [(key, None if value is None else json.encode(value)) for key, value in said]
    await log.append([Outgoing(topic, shard, key, value) for key, value in values])


def standing(scope: str, period: str, revenue: str = "1.00", as_of: datetime = AT) -> Standing:
    return Standing(scope, period, as_of, {"revenue": Measure(revenue, "USD")}, [], sender="standings/0", revision=1)


def transition(scope: str, tick: int, kind: TransitionKind = "firing", number: int = 1, rule: str = "r") -> Transition:
    name = f"{rule}|{scope}|2017-Q3"
    return Transition(name, number, rule, "behind_pace", scope, "2017-Q3", kind, AT, tick, "why", "Because.", {})


def test_of_every_standing_the_last_is_read_and_nothing_else(on_log: Run[list[Standing]]) -> None:
    async def work(log: EmbeddedLog) -> list[Standing]:
        name = topics.STANDINGS.name
        await put(log, name, (b"company|2017-Q3", standing("company", "2017-Q3")), (b"control", Tick(AT, 3, "x")))
        await put(log, name, (b"rep:bob|2017-Q3", standing("rep:bob", "2017-Q3")), shard=1)
        await put(log, name, (b"company|2017-Q3", standing("company", "2017-Q3", "2.00")))
        return await standings.standings(log, SHARDS)

    found = on_log(work)
    said = sorted((each.scope, each.metrics["revenue"].value) for each in found)
    assert said == [("company", "2.00"), ("rep:bob", "1.00")]


def test_standings_are_shown_as_a_family_tree_and_short_periods_first() -> None:
    tree = ["company", "rep:max", "team:east", "rep:eve", "team:west", "rep:zoe", "team:coast", "rep:bob", "unassigned"]
    found = standings.ordered([standing(scope, "2017-Q3") for scope in sorted(tree)], INDEX)
    assert [each.scope for each in found] == tree
    ids = ["2017", "2017-Q3", "2017-Q2", "2017-09", "2017-W37", "2017-09-15"]
    assert [each.period for each in standings.ordered([standing("company", name) for name in ids], INDEX)] == ids[::-1]


def test_what_only_an_earlier_plan_had_is_left_out() -> None:
    fiscal = (Calendar("default", "America/Chicago", fiscal_start_month=4),)
    plan = PlanIndex(replace(PLAN, company=Company("Acme", "USD", periods=("day", "quarter")), calendars=fiscal))
    ids = ["2017-Q3", "2017-09", "2017-09-15", "FY2018-Q2", "FY2018"]
    found = [standing(scope, name) for scope in ("company", "rep:bob", "rep:gone", "team:gone") for name in ids]
    shown = [(each.scope, each.period) for each in standings.kept(found, plan)]
    assert shown == [(scope, name) for scope in ("company", "rep:bob") for name in ("2017-09-15", "FY2018-Q2")]


def test_periods_under_way_are_those_of_the_last_moment_that_anybody_knows() -> None:
    old = datetime(2017, 7, 1, tzinfo=UTC)
    past = [standing("rep:bob", "2017-Q3", as_of=old), standing("company", "2017-Q2", as_of=old)]
    found = [*past, standing("company", "2017-09")]
    assert [each.period for each in standings.current(found, INDEX)] == ["2017-Q3", "2017-09"]
    assert standings.current([], INDEX) == []


def test_a_document_tells_the_time_where_the_scope_is() -> None:
    told = document(standing("company", "2017-Q3"), INDEX.calendar("company"))
    assert told == {
        "scope": "company",
        "period": "2017-Q3",
        "as_of": "2017-09-15T18:00:00-05:00",
        "metrics": {"revenue": {"value": "1.00", "unit": "USD"}},
        "quotas": [],
    }


def test_transitions_come_by_tick_and_then_by_scope_from_all_shards(on_log: Run[list[Transition]]) -> None:
    bob = [transition("rep:bob", 5), transition("rep:bob", 9, "resolved", 2)]
    others = [transition("company", 9), transition("rep:ann", 5)]

    async def work(log: EmbeddedLog) -> list[Transition]:
        for shard, said in enumerate([bob, others]):
            keyed = [(f"{each.fingerprint}#{each.number}".encode(), each) for each in said]
            await put(log, topics.ALERTS.name, *keyed, *keyed, (b"standings/0", Tick(AT, 9, "alerts/0")), shard=shard)
        return await transitions.transitions(log, SHARDS)

    found = on_log(work)
    order = [(5, "rep:ann"), (5, "rep:bob"), (9, "company"), (9, "rep:bob")]
    assert [(each.tick, each.scope) for each in found] == order
    assert [each.scope for each in transitions.still_open(found)] == ["rep:ann", "company"]


@pytest.mark.parametrize(("rule", "shown"), [("behind_pace", None), ("pace", "pace")])
def test_a_transition_names_its_rule_by_kind_and_its_id_where_that_differs(rule: str, shown: str | None) -> None:
    told = transitions.document(transition("company", 3, rule=rule))
    assert (told["rule"], told.get("rule_id")) == ("behind_pace", shown)
    assert (told["at"], told["reason"], told["transition"]) == ("2017-09-15T23:00:00+00:00", "why", "firing")


def letter(name: str, raw: bytes) -> DeadLetter:
    return DeadLetter(name, "sales.deals.v1", "no JSON", raw)


def test_dead_letters_are_listed_once_until_they_are_laid_to_rest(on_log: Run[Any]) -> None:
    async def work(log: EmbeddedLog) -> tuple[list[str], list[str]]:
        name = topics.DEAD_LETTERS.name
        await put(log, name, (b"a", letter("a", b"1")), (b"b", letter("b", b"2")), (b"a", letter("a", b"1")))
        await put(log, name, (b"c", letter("c", b"3")), shard=1)
        before = await dead_letters.dead_letters(log, SHARDS)
        await log.append([before["b"].rest(), before["c"].rest()])
        return sorted(before), sorted(await dead_letters.dead_letters(log, SHARDS))

    assert on_log(work) == (["a", "b", "c"], ["a"])


@pytest.mark.parametrize(
    ("raw", "shown", "encoding"), [(b"caf\xc3\xa9", "café", None), (b"caf\xe9", "Y2Fm6Q==", "base64"), (b"", "", None)]
)
def test_bytes_are_shown_as_text_where_they_are_text(raw: bytes, shown: str, encoding: str | None) -> None:
    told = dead_letters.document(letter("a", raw))
    assert (told["raw"], told.get("encoding")) == (shown, encoding)


@pytest.mark.parametrize(
    ("said", "live", "at"),
    [
        ([], False, None),
        ([PlanMarker(1), Tick()], False, None),
        ([Tick(AT), Tick(AT - timedelta(days=1)), Tick()], False, AT),
        ([Tick(AT), Live(AT), PlanMarker(2)], True, AT),
    ],
)
def test_control_tells_how_far_time_has_come(
    said: Sequence[Tick | Live | PlanMarker],
    live: bool,  # noqa: FBT001 - a column of the table above
    at: datetime | None,
    on_log: Run[Control],
) -> None:
    async def work(log: EmbeddedLog) -> Control:
        await put(log, topics.CONTROL.name, *[(b"k", each) for each in said])
        return await control(log)

    assert on_log(work) == Control(live, at, len(said))


def test_control_goes_on_from_where_the_clock_stands(on_log: Run[Control]) -> None:
    async def work(log: EmbeddedLog) -> Control:
        await put(log, topics.CONTROL.name, (b"k", Tick(AT)), (b"k", Tick(AT + timedelta(days=1))))
        mark = Mark(topics.CONTROL.name, 1, at=AT + timedelta(days=9), live=True)
        await put(log, tables.CLOCK_MARKS.name, (b"k", mark))
        return await control(log)

    assert on_log(work) == Control(live=True, at=AT + timedelta(days=9), end=2)


def test_the_newest_plan_is_read_and_its_absence_is_an_error(on_log: Run[int]) -> None:
    async def work(log: EmbeddedLog) -> int:
        with pytest.raises(LogError, match="quotaflow plan apply"):
            await plan.newest(log)
        for revision in (1, 2):
            keyed = plan_records(PLAN, revision, AT)
            await log.append([Outgoing(topics.PLAN.name, 0, record.key, record.value) for record in keyed])
        return (await plan.newest(log)).revision

    assert on_log(work) == 2


def test_lag_is_what_no_flush_has_passed(on_log: Run[dict[str, int]]) -> None:
    async def work(log: EmbeddedLog) -> dict[str, int]:
        for shard in range(SHARDS):
            await put(log, topics.DEALS.name, (b"d", {}), (b"d", {}), shard=shard)
        writer = await log.writer("shard-0")
        await writer.commit([], {Spot(topics.DEALS.name, 0): 1})
        return await lags(log, SHARDS)

    assert {name: count for name, count in on_log(work).items() if count} == {topics.DEALS.name: 3}


def test_a_log_that_nobody_has_worked_on_stands_at_the_beginning(on_log: Run[state.State]) -> None:
    async def work(log: EmbeddedLog) -> state.State:
        await put(log, topics.DEALS.name, (b"d", {}))
        return await state.state(log, SHARDS)

    found = on_log(work)
    assert (found.applied, found.in_force, found.time, found.tick, found.live) == (0, 0, None, -1, False)
    assert found.lag[topics.DEALS.name] == 1


def test_a_passage_is_over_when_the_tick_stands_in_every_partition_and_not_before(on_log: Run[list[int]]) -> None:
    async def work(log: EmbeddedLog) -> list[int]:
        left: list[int] = []
        await put(log, topics.NOTIFICATIONS.name, (b"s", Tick(AT, 99, "s")), shard=1)
        passage = await ask(log, SHARDS)
        await put(log, topics.NOTIFICATIONS.name, (b"s", Tick(None, passage.number, "s")))
        with pytest.raises(Stalled, match="quotaflow status"):
            await through(log, passage, patience=0.2, left=left.append)
        await put(log, topics.NOTIFICATIONS.name, (b"s", Tick(AT, passage.number + 1, "s")), shard=1)
        await through(log, passage, patience=0.2)
        return left

    assert set(on_log(work)) == {3}  # a record of control, and two of notifications
