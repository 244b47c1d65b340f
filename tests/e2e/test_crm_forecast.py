"""The forecast walks through 2017 of the sample data: how far it was off is what the documentation says."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from quota.accuracy import within
from quota.forecasts import Forecast, forecast
from quota.hindsight import Hindsight
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from schemas.deals import DealRecord
from streams.opening import open_log
from streams.serving.entities import deal_records
from streams.serving.plan import newest
from tests.e2e.cli import Quotaflow
from tests.oracle import crm

QUARTERS = {"2017-Q2": date(2017, 4, 1), "2017-Q3": date(2017, 7, 1), "2017-Q4": date(2017, 10, 1)}
STEP = timedelta(days=21)
Walked = dict[tuple[str, str], list[Forecast]]
"""What was said of each scope and quarter, from its eve on every third week."""


async def held(broker: str) -> tuple[PlanIndex, list[DealRecord]]:
    log = open_log(broker)
    await log.start()
    try:
        return await newest(log), await deal_records(log, 1)
    finally:
        await log.stop()


def days_of(start: date) -> Iterator[date]:
    day, over = start - timedelta(days=1), start + timedelta(days=89)
    while day < over:
        yield day
        day += STEP


@pytest.fixture(scope="module")
def walked(embedded: Quotaflow) -> Walked:
    plan, records = asyncio.run(held(embedded.broker))
    scopes = ["company", *(f"team:{team.id}" for team in plan.plan.teams)]
    found: Walked = defaultdict(list)
    for quarter, start in QUARTERS.items():
        for day in days_of(start):
            seen = Hindsight(records, day, plan)
            for scope in scopes:
                period = next(tile for tile in _quarters(plan, scope) if tile.id == quarter)
                found[scope, quarter].append(forecast(scope, period, None, seen))
    return found


def _quarters(plan: PlanIndex, scope: str) -> list[Period]:
    return [period_of("quarter", start, plan.calendar(scope)) for start in QUARTERS.values()]


@pytest.fixture(scope="module")
def outcomes(sample: Path) -> dict[tuple[str, str], int]:
    return {key: 100 * each.revenue for key, each in crm.figures(sample).items()}


def errors(walked: Walked, outcomes: dict[tuple[str, str], int]) -> dict[str, tuple[float, float]]:
    """WAPE and bias of each method, over all scopes and quarters together."""
    off: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for key, said in walked.items():
        for each in said:
            for method, number in each.methods().items():
                if number is not None:
                    off[method].append((number - outcomes[key], outcomes[key]))
    return {
        method: (
            sum(abs(error) for error, _ in found) / sum(outcome for _, outcome in found),
            sum(error for error, _ in found) / sum(outcome for _, outcome in found),
        )
        for method, found in off.items()
    }


def test_how_far_each_method_was_off_is_what_the_documentation_says(
    walked: Walked, outcomes: dict[tuple[str, str], int], root: Path
) -> None:
    text = (root / "docs" / "forecast.md").read_text()
    told = re.findall(r"^\| `(\w+)` \|[^|]*\| (-?[\d.]+) % \| ([-+]?[\d.]+) % \|$", text, flags=re.MULTILINE)
    found = errors(walked, outcomes)
    assert {method: (wape, bias) for method, wape, bias in told} == {
        method: (f"{100 * wape:.1f}", f"{100 * bias:+.1f}") for method, (wape, bias) in found.items()
    }


def test_the_range_holds_the_outcome_in_70_to_90_of_100_cases(
    walked: Walked, outcomes: dict[tuple[str, str], int], root: Path
) -> None:
    counts = [within(said, outcomes[key]) for key, said in walked.items()]
    held_in, of = sum(held_in for held_in, _ in counts), sum(of for _, of in counts)
    assert of == len(walked) * 5
    assert 0.70 <= held_in / of <= 0.90
    assert f"{held_in} of {of} cases" in (root / "docs" / "forecast.md").read_text()


def test_what_was_closed_on_the_last_day_is_what_the_rows_add_up_to(
    embedded: Quotaflow, outcomes: dict[tuple[str, str], int]
) -> None:
    found = embedded.json("forecast", "team:west", "2017-Q4", "--as-of", "2017-12-31")
    assert found["closed"] == f"{outcomes['team:west', '2017-Q4'] / 100:.2f}"
    assert found["expected_from_new"] == "0.00"


def test_the_chance_to_win_of_an_engaged_deal_is_that_of_all_that_are_closed(embedded: Quotaflow, sample: Path) -> None:
    found = embedded.json("pipeline", "company", "2017")["win_by_stage"]["engaging"]
    stages = [deal.stage for deal in crm.deals(sample)]
    won, lost = stages.count("Won"), stages.count("Lost")
    assert (found["k"], found["n"], found["value"]) == (won, won + lost, won / (won + lost))
