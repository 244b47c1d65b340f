"""Quotas for the sample data, set from below and from above: what loops over its rows come to."""

from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.cli import Json, Quotaflow
from tests.oracle import crm

OVER = ("2016-Q4", "2017-Q1", "2017-Q2", "2017-Q3")
"""Quarters with facts that are over where the log ends."""
REGIONS = ("team:central", "team:east", "team:west")


def past(scope: str, found: dict[tuple[str, str], crm.Figures]) -> list[int]:
    """The scope's revenues of the quarters after the first in which it had a deal."""
    busy = [any((f.opportunities_created, f.deals_won, f.deals_lost)) for f in (found[scope, each] for each in OVER)]
    begun = busy.index(True) if True in busy else len(OVER)
    return [found[scope, quarter].revenue for quarter in OVER[begun + 1 :]]


def suggested(scope: str, found: dict[tuple[str, str], crm.Figures]) -> Decimal | None:
    known = past(scope, found)
    return Decimal(str(median(known))) if known else None


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
    said = {scope: None if row["value"] is None else Decimal(row["value"]) for scope, row in found.items()}
    assert said == {scope: suggested(scope, figures) for scope in found}
    assert {scope for scope, value in said.items() if value is None} == {
        f"rep:{crm.slug(name)}"
        for name in ("Carl Lin", "Carol Thompson", "Elizabeth Anderson", "Mei-Mei Johns", "Natalya Ivanova")
    }


def test_each_regions_target_is_reconciled_with_what_its_reps_suggest(
    embedded: Quotaflow, figures: dict[tuple[str, str], crm.Figures], sample: Path
) -> None:
    targets = {"team:central": Decimal(999435), "team:east": Decimal(920481), "team:west": Decimal(1037038)}
    for region in REGIONS:
        row = by_scope(embedded.json("quota", "reconcile", region, "revenue", "2018-Q1"))[region]
        bottom_up = sum((suggested(rep, figures) or Decimal() for rep in below(region, sample)), Decimal())
        assert (Decimal(row["top_down"]), Decimal(row["bottom_up"])) == (targets[region], bottom_up)
        assert Decimal(row["gap"]) == targets[region] - bottom_up
        assert row["reps"] == len(below(region, sample))


def test_a_target_is_spread_over_regions_in_proportion_to_what_they_sold(
    embedded: Quotaflow, figures: dict[tuple[str, str], crm.Figures]
) -> None:
    found = by_scope(
        embedded.json("quota", "spread", "company", "revenue", "2018-Q1", "--target", "3000000", "--levels", "1")
    )
    sold = {region: sum(past(region, figures)) for region in REGIONS}
    for region in REGIONS:
        assert abs(
            Decimal(found[region]["target"]) - Decimal(3_000_000) * sold[region] / sum(sold.values())
        ) <= Decimal("0.01")
    assert sum(Decimal(found[region]["target"]) for region in REGIONS) == 3_000_000
