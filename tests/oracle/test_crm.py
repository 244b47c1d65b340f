from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle import crm


def test_a_quarter_worked_out_by_hand(tiny: Path) -> None:
    known = crm.figures(tiny)

    assert known["rep:ann-lee", "2017-Q2"] == crm.Figures(
        deals_won=3,
        deals_lost=1,
        revenue=351,
        opportunities_created=3,
        win_rate=0.75,
        win_rate_n=4,
        average_deal_value=117.0,
        cycle_days_median=29.0,  # of 92, 10 and 29
    )
    assert known["rep:ann-lee", "2017-04"].cycle_days_median == (92 + 10) / 2


def test_a_deal_counts_for_its_agent_the_manager_the_region_and_the_company(tiny: Path) -> None:
    known = crm.figures(tiny)
    north = [known[scope, "2017"] for scope in ("team:bo-boss", "team:north", "company")]

    assert north[0] == north[1] == north[2]
    assert (north[0].deals_won, north[0].deals_lost, north[0].opportunities_created) == (3, 2, 5)
    assert known["rep:cy-di-fox", "2017-Q3"].win_rate == 0.0
    assert known["company", "2016-12"].opportunities_created == 1


def test_where_nothing_happened_ratios_are_undefined(tiny: Path) -> None:
    empty = crm.Figures(0, 0, 0, 0, None, 0, None, None)

    assert crm.figures(tiny)["rep:eve-idle", "2017"] == empty


def test_an_open_deal_is_worth_the_price_of_the_product_under_either_spelling(tiny: Path) -> None:
    prices = {deal.id: deal.list_price for deal in crm.deals(tiny)}

    assert prices["D6"] == prices["D7"] == 4821
    assert prices["D2"] == 55


def test_a_target_is_the_mean_of_three_quarters_and_nobody_without_revenue_has_one(tiny: Path) -> None:
    assert crm.targets(tiny) == dict.fromkeys(("rep:ann-lee", "team:bo-boss", "team:north", "company"), Decimal(117))


def test_the_sample_has_the_totals_that_its_readme_states(sample: Path) -> None:
    years = [crm.figures(sample)["company", year] for year in ("2016", "2017")]
    stages = Counter(deal.stage for deal in crm.deals(sample))

    assert sum(year.revenue for year in years) == 10_005_534
    assert stages == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
    assert (years[1].deals_won, years[1].deals_lost) == (4238, 2473)
    assert sum(deal.engaged is None for deal in crm.deals(sample)) == 500


def test_the_sample_has_35_agents_under_6_managers_in_3_offices_and_30_of_them_sell(sample: Path) -> None:
    kinds = Counter(scope.split(":")[0] for scope in crm.scopes(sample))
    with_target = Counter(scope.split(":")[0] for scope in crm.targets(sample))

    assert kinds == {"rep": 35, "team": 6 + 3, "company": 1}
    assert with_target == {"rep": 30, "team": 6 + 3, "company": 1}


@pytest.mark.parametrize("members", ["rep:", "regions"])
def test_the_parts_add_up_to_the_company(sample: Path, members: str) -> None:
    known = crm.figures(sample)
    regions = {f"team:{region}" for region in ("central", "east", "west")}
    chosen = regions if members == "regions" else {s for s in crm.scopes(sample) if s.startswith(members)}

    for period in crm.periods():
        for count in ("revenue", "deals_won", "deals_lost", "opportunities_created"):
            parts = sum(getattr(known[scope, period], count) for scope in chosen)
            assert parts == getattr(known["company", period], count), (period, count)
