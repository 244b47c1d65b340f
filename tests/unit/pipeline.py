"""A pipeline that closes at a steady rate, a team that draws on it, and the shortage rule's judgement of the two."""

from datetime import date
from typing import Any

from msgspec.structs import replace as changed

from quota.lifecycle import Verdict
from quota.periods import Period
from quota.plans import PlanIndex
from quota.shortage import verdict
from schemas.plan import Quota, Rule
from schemas.standings import Baseline, Outlook
from tests.unit.chances import taught
from tests.unit.floor import a_plan

SCOPE = "team:central"
DAY = date(2026, 8, 14)
Q3 = Period("quarter", "2026-Q3", date(2026, 7, 1), date(2026, 10, 1))
Q4 = Period("quarter", "2026-Q4", date(2026, 10, 1), date(2027, 1, 1))
RULE = Rule("short", "early_stage_shortage", lead=60)
QUOTA = Quota("central-revenue", SCOPE, "revenue", "quarter", "300000")
PLAN = a_plan(QUOTA, rules=(RULE,))

# Every day 1 % of the open deals are won and 1 % lost, at any age; a win is worth 2,000 dollars.
STEADY = changed(
    taught([1000] * 201, [10] * 201, [10] * 201, DAY.isoformat()),
    won=200,
    lost=200,
    won_amount=200 * 2_000_00,
    first_closing="2026-01-05",
    lead=45,
)
SEEN = Outlook(
    scope=SCOPE,
    day=DAY.isoformat(),
    open={"2026-08-01": 40_000_00, "2026-05-01": 60_000_00},
    open_unknown={"2026-07-01": 10_000_00},
    created=28,
    early_created=20,
    won=40,
    lost=40,
    won_amount=40 * 2_000_00,
    credited={"2026-Q3": 55_000_00},
    open_count=50,
    open_amount=110_000_00,
    early_count=30,
    early_amount=66_000_00,
)


def judged(
    outlook: Outlook = SEEN,
    baseline: Baseline | None = STEADY,
    rule: Rule = RULE,
    plan: PlanIndex = PLAN,
    day: date = DAY,
) -> tuple[str, Verdict]:
    period, found = verdict(rule, outlook, baseline, plan, day)
    return period.id, found


def with_quota(target: str, **more: Any) -> PlanIndex:
    return a_plan(changed(QUOTA, target=target, **more), rules=(RULE,))
