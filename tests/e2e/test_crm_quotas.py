"""Quotas for the sample data, set from below and from above: what loops over its rows come to."""

from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.cli import Json, Quotaflow
from tests.oracle import crm

OVER = ("2017-Q1", "2017-Q2", "2017-Q3")
"""Quarters that are over where the log ends, without the first, in which it begins."""
REGIONS = ("team:central", "team:east", "team:west")


def suggested(scope: str, found: dict[tuple[str, str], crm.Figures]) -> Decimal:
    return Decimal(str(median(found[scope, quarter].revenue for quarter in OVER)))


def below(region: str, sample: Path) -> list[str]:
    return sorted({chain[0] for chain in crm.scopes_of(sample).values() if region in chain})


def by_scope(found: Json) -> dict[str, Json]:
    return {row["scope"]: row for row in found["rows"]}


@pytest.fixture(scope="module")
def figures(sample: Path) -> dict[tuple[str, str], crm.Figures]:
    return crm.figures(sample)


def test_every_suggestion_is_the_median_of_the_quarters_that_are_over(
    embedded: Quotaflow, figures: dict[tuple[str, str], crm.Figures], sample: Path
) -> None:
    found = by_scope(embedded.json("quota", "suggest", "company", "revenue", "2018-Q1"))
    assert found.keys() == {*crm.scopes(sample)}
    assert {scope: Decimal(row["value"]) for scope, row in found.items()} == {
        scope: suggested(scope, figures) for scope in found
    }


def test_each_regions_target_is_reconciled_with_what_its_reps_suggest(
    embedded: Quotaflow, figures: dict[tuple[str, str], crm.Figures], sample: Path
) -> None:
    targets = {"team:central": Decimal(999435), "team:east": Decimal(920481), "team:west": Decimal(1037038)}
    for region in REGIONS:
        row = by_scope(embedded.json("quota", "reconcile", region, "revenue", "2018-Q1"))[region]
        bottom_up = sum((suggested(rep, figures) for rep in below(region, sample)), Decimal())
        assert (Decimal(row["top_down"]), Decimal(row["bottom_up"])) == (targets[region], bottom_up)
        assert Decimal(row["gap"]) == targets[region] - bottom_up
        assert row["reps"] == len(below(region, sample))


def test_a_target_is_spread_over_regions_in_proportion_to_what_they_sold(
    embedded: Quotaflow, figures: dict[tuple[str, str], crm.Figures]
) -> None:
    found = by_scope(
        embedded.json("quota", "spread", "company", "revenue", "2018-Q1", "--target", "3000000", "--levels", "1")
    )
    sold = {region: sum(figures[region, quarter].revenue for quarter in OVER) for region in REGIONS}
    for region in REGIONS:
        assert abs(
            Decimal(found[region]["target"]) - Decimal(3_000_000) * sold[region] / sum(sold.values())
        ) <= Decimal("0.01")
    assert sum(Decimal(found[region]["target"]) for region in REGIONS) == 3_000_000
