"""Whatever happens to deals, what `explain` lists adds up to the number, for every scope and metric."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota import deals, metrics
from quota.catalogue import Declaration
from quota.money import minor_units
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.plan import Company, Membership, Pipeline, Plan, Rep, Stage, Team
from streams.serving.contributions import Contribution, merged, of_scope, valued, within
from streams.serving.entities import Entity
from streams.serving.policies import policy

PLAN = PlanIndex(
    Plan(
        1,
        Company("Acme", "USD"),
        teams=(Team("west", "West"),),
        reps=(Rep("ann", "Ann", (Membership("west"),)), Rep("bob", "Bob")),
        pipelines=(
            Pipeline(
                "p",
                (
                    Stage("lead", "open", probability=0.15, early=True),
                    Stage("offer", "open", probability=0.35),
                    Stage("won", "won"),
                    Stage("lost", "lost"),
                ),
            ),
        ),
    )
)
MEANINGFUL, EVERY_ONE = PLAN.metrics["meaningful_conversations"], Declaration("talks", "input", chosen=True)
SUMMED = ("opportunities_created", "opportunities_advanced", "deals_won", "deals_lost", "revenue", "gross_margin")
STOCKS = ("pipeline_count", "pipeline_amount", "pipeline_weighted", "early_stage_count")
SCOPES = ("company", "team:west", "rep:ann", "rep:bob", "unassigned")
START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = Period("quarter", "2026-Q1", date(2026, 1, 1), date(2026, 4, 1))

amounts = st.none() | st.builds(Money, st.integers(-10_000, 10_000_000), st.sampled_from(["USD", "XXX"]))


@st.composite
def entities(draw: st.DrawFn) -> list[Entity]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        changes = []
        for step in range(draw(st.integers(1, 4))):
            fact = DealChanged(
                f"{number}-{step}",
                "crm",
                START + timedelta(days=draw(st.integers(0, 150))),
                f"d{number}",
                owner=draw(st.sampled_from(["ann", "bob", "zoe"])),
                stage=draw(st.sampled_from(["lead", "offer", "won", "lost", "odd"])),
                amount=draw(amounts),
                cost=draw(amounts),
            )
            changes.append((deals.change_of(fact), Origin("sales.deals.v1", 0, step)))
        record = DealRecord(f"d{number}", changes)
        found.append(Entity("deal", record.deal, deals.contributions(record, PLAN), ()))
    return found


async def each(found: list[Entity]) -> AsyncIterator[Entity]:
    for entity in found:
        yield entity


def of(found: list[Entity], scope: str) -> list[Contribution]:
    return asyncio.run(of_scope(each(found), scope, PLAN))


def shown(metric: str, found: list[Contribution]) -> int | float:
    value = metrics.value(metric, merged(found), merged(found), PLAN).value
    return minor_units(value, "USD") if isinstance(value, str) else value or 0


@settings(deadline=None)
@given(entities(), st.sampled_from(SCOPES))
def test_shares_add_up_to_the_metric_exactly(found: list[Entity], scope: str) -> None:
    mine = of(found, scope)
    for metric in STOCKS:
        assert sum(share.above for share in valued(metric, mine, PLAN)) == shown(metric, mine), metric
    for metric in SUMMED:
        assert sum(share.above for share in valued(metric, within(mine, QUARTER), PLAN)) == shown(
            metric, within(mine, QUARTER)
        ), metric


@settings(deadline=None)
@given(entities(), st.sampled_from(SCOPES))
def test_fractions_add_up_above_and_below_the_line(found: list[Entity], scope: str) -> None:
    mine = within(of(found, scope), QUARTER)
    for metric in ("win_rate", "average_deal_value"):
        measure = metrics.value(metric, merged(mine), None, PLAN)
        shares = valued(metric, mine, PLAN)
        below = sum(share.below or 0 for share in shares)
        assert below == (measure.n or 0)
        if measure.value is not None:
            value = minor_units(measure.value, "USD") if isinstance(measure.value, str) else measure.value
            assert sum(share.above for share in shares) / below == pytest.approx(value, abs=0.5)


@settings(deadline=None)
@given(entities())
def test_the_company_is_made_of_what_its_reps_are_made_of(found: list[Entity]) -> None:
    named = {
        scope: {(share.entity.id, share.day, share.above) for share in valued("revenue", of(found, scope), PLAN)}
        for scope in SCOPES
    }
    assert named["company"] == named["rep:ann"] | named["rep:bob"]
    assert named["team:west"] == named["rep:ann"]


def test_every_metric_has_a_policy_that_says_when_and_for_whom() -> None:
    lacking = [name for name, metric in PLAN.metrics.items() if not {"when", "whom"} <= policy(metric).keys()]
    assert lacking == []
    assert policy(PLAN.metrics["calls_placed"]) != policy(PLAN.metrics["revenue"])
    conversations = {frozenset(policy(each)) for each in (MEANINGFUL, EVERY_ONE, PLAN.metrics["conversations"])}
    assert {frozenset(keys - {"when", "whom", "day"}) for keys in conversations} == {
        frozenset({"which", "distinct"}),
        frozenset({"which"}),
        frozenset(),
    }
