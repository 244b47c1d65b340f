"""What the standings of a `crm-sales-opportunities` folder must be, by plain loops over its CSV files."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

YEARS = (2016, 2017)
TARGET_QUARTERS = ("2017-Q2", "2017-Q3", "2017-Q4")
PRODUCT_ALIASES = {"GTXPro": "GTX Pro"}


@dataclass(frozen=True)
class Deal:
    """One row of the pipeline, in whole dollars: it is worth `list_price` while open, and `close_value` once won."""

    id: str
    agent: str
    stage: str
    list_price: int
    close_value: int
    engaged: date | None
    closed: date | None

    @property
    def won(self) -> bool:
        """Whether the export calls it Won."""
        return self.stage == "Won"


@dataclass(frozen=True)
class Figures:
    """The standing of one scope in one period; what cannot be measured for want of deals is None."""

    deals_won: int
    deals_lost: int
    revenue: int
    opportunities_created: int
    win_rate: float | None
    win_rate_n: int
    average_deal_value: float | None
    cycle_days_median: float | None


@dataclass
class Tally:
    """What is collected for one scope and period while the rows are read."""

    won: int = 0
    lost: int = 0
    revenue: int = 0
    created: int = 0
    cycles: list[int] = field(default_factory=list)

    def figures(self) -> Figures:
        """The finished figures."""
        closed = self.won + self.lost
        return Figures(
            deals_won=self.won,
            deals_lost=self.lost,
            revenue=self.revenue,
            opportunities_created=self.created,
            win_rate=self.won / closed if closed else None,
            win_rate_n=closed,
            average_deal_value=self.revenue / self.won if self.won else None,
            cycle_days_median=median(self.cycles),
        )


def median(values: list[int]) -> float | None:
    """The middle value, or the mean of the middle two; None of nothing."""
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return None
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def day(text: str) -> date | None:
    """The date of `M/D/YYYY`; None of an empty field."""
    if not text:
        return None
    month, day_of_month, year = text.split("/")
    return date(int(year), int(month), int(day_of_month))


def slug(name: str) -> str:
    """`Mei-Mei Johns` is `mei-mei-johns`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def deals(folder: Path) -> list[Deal]:
    """Every row of the pipeline, in the file's order."""
    prices = {row["product"]: int(row["sales_price"]) for row in rows(folder / "products.csv")}
    found = []
    for row in rows(folder / "sales_pipeline.csv"):
        product = PRODUCT_ALIASES.get(row["product"], row["product"])
        found.append(
            Deal(
                id=row["opportunity_id"],
                agent=row["sales_agent"],
                stage=row["deal_stage"],
                list_price=prices[product],
                close_value=int(row["close_value"] or 0),
                engaged=day(row["engage_date"]),
                closed=day(row["close_date"]),
            )
        )
    return found


def scopes_of(folder: Path) -> dict[str, tuple[str, str, str, str]]:
    """Per agent's name the scopes that a deal of theirs counts for: rep, manager's team, region, company."""
    return {
        row["sales_agent"]: (
            f"rep:{slug(row['sales_agent'])}",
            f"team:{slug(row['manager'])}",
            f"team:{slug(row['regional_office'])}",
            "company",
        )
        for row in rows(folder / "sales_teams.csv")
    }


def scopes(folder: Path) -> list[str]:
    """Every scope of the folder, sorted; agents without a deal are among them."""
    return sorted({scope for chain in scopes_of(folder).values() for scope in chain})


def quarter(when: date) -> str:
    """The calendar quarter's id, `2017-Q1`."""
    return f"{when.year}-Q{(when.month + 2) // 3}"


def periods_of(when: date) -> tuple[str, str, str]:
    """The month, quarter and year that contain a day."""
    return f"{when:%Y-%m}", quarter(when), f"{when:%Y}"


def periods() -> list[str]:
    """Every month, quarter and year of 2016 and 2017, sorted."""
    firsts = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
    return sorted({period for first in firsts for period in periods_of(first)})


def figures(folder: Path) -> dict[tuple[str, str], Figures]:
    """The figures of every scope and every period, the empty ones too."""
    chains = scopes_of(folder)
    tallies = {(scope, period): Tally() for scope in scopes(folder) for period in periods()}
    for deal in deals(folder):
        for scope in chains[deal.agent]:
            if deal.engaged is not None:
                for period in periods_of(deal.engaged):
                    tallies[scope, period].created += 1
            if deal.closed is not None:
                for period in periods_of(deal.closed):
                    add_closing(tallies[scope, period], deal)
    return {key: tally.figures() for key, tally in tallies.items()}


def add_closing(tally: Tally, deal: Deal) -> None:
    """Count one closed deal; a lost one has no cycle."""
    if not deal.won:
        tally.lost += 1
        return
    tally.won += 1
    tally.revenue += deal.close_value
    if deal.engaged is not None and deal.closed is not None:
        tally.cycles.append((deal.closed - deal.engaged).days)


def targets(folder: Path) -> dict[str, Decimal]:
    """Each scope's mean quarterly revenue of Q2-Q4 2017 in dollars and cents; scopes without revenue have no target."""
    known = figures(folder)
    totals = {scope: sum(known[scope, name].revenue for name in TARGET_QUARTERS) for scope in scopes(folder)}
    return {scope: cents(Decimal(total) / len(TARGET_QUARTERS)) for scope, total in totals.items() if total}


def cents(amount: Decimal) -> Decimal:
    """The amount rounded to two places."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
