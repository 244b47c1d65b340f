"""Credits into standings: what of a tick is quiet."""

from datetime import timedelta

import pytest
from msgspec import json

from agents.standings import ARROW
from quota.plans import PlanIndex
from schemas.control import Tick
from schemas.credits import Credit
from schemas.standings import Attained, Inputs, Standing
from streams.log import Record
from streams.stages.stage import Moment
from streams.topology import place
from tests.runtime.history import MONDAY, SHARDS, plan

EVENING = MONDAY + timedelta(hours=18)


@pytest.mark.parametrize(
    ("told", "quiet"), [([True, True], True), ([True, False], False), ([False, True], False), ([False], False)]
)
def test_a_standing_is_quiet_when_every_fact_of_its_tick_is(told: list[bool], *, quiet: bool) -> None:
    where = place(ARROW, 0, SHARDS)
    stage = ARROW.stage(where._replace(shard=where.shard_of("rep:anna")))
    stage.install(PlanIndex(plan(1)), -1)
    stage.complete(Moment(Tick(EVENING, 0), EVENING, None, evaluates=True))
    for count, each in enumerate(told, 1):
        credit = Credit("activities/0", {"rep:anna": {"2026-03-30": {"calls_placed": count}}}, each)
        stage.take(credit, Record("", 0, count, 0, b"", b""), 0)
    later = EVENING + timedelta(minutes=1)
    said = [*stage.complete(Moment(Tick(later, 1), later, EVENING, evaluates=True)), *stage.owed()]
    found = [json.decode(each.value or b"", type=Standing | Inputs) for each in said]
    mine = [each.quiet for each in found if isinstance(each, Standing) and each.scope == "rep:anna"]
    looked_at = [each for inputs in found if isinstance(inputs, Inputs) for each in inputs.said]
    mine += [each.quiet for each in looked_at if isinstance(each, Attained) and each.scope == "rep:anna"]
    assert len(mine) > len(looked_at) >= 1
    assert {*mine} == {quiet}


@pytest.mark.parametrize("quiet", [True, False])
def test_the_first_tick_of_a_log_leaves_quiet_what_is_quiet(*, quiet: bool) -> None:
    where = place(ARROW, 0, SHARDS)
    stage = ARROW.stage(where._replace(shard=where.shard_of("rep:anna")))
    stage.install(PlanIndex(plan(1)), -1)
    stage.take(
        Credit("deals/0", {"rep:anna": {"2026-03-30": {"deals_won": 1, "won_deal|d1": 5}}}, quiet),
        Record("", 0, 1, 0, b"", b""),
        -1,
    )
    said = [*stage.complete(Moment(Tick(EVENING, 0), EVENING, None, evaluates=True)), *stage.owed()]
    of_the_day = [each for each in said if each.key in {b"rep:anna|2026-03-30", b"rep:anna|wins|2026-03-30"}]
    assert [json.decode(each.value or b"").get("quiet", False) for each in of_the_day] == [quiet] * 2
