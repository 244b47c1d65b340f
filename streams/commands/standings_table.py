"""Standings as a table for people: one row per quota, or one per scope and period where there is no quota."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from quota.plans import PlanIndex
from quota.wording import metric_name, name_of, percent, quantity
from schemas.standings import QuotaStanding, Standing

STYLES = {"met": "bold green", "on_track": "green", "at_risk": "yellow", "behind": "bold red", "missed": "red"}
UNDEFINED = "-"
LEFT = ("scope", "period", "quota", "status")
QUOTA = ("attained", "target", "attainment", "pace", "gap", "status")
COLUMNS = ("scope", "period", "quota", *QUOTA, "won", "revenue", "win rate", "open", "early")
EXPENDABLE = ("early", "open", "win rate", "revenue", "won", "gap", "target", "attained", "pace")
GAP = 2
"""Blanks between columns."""


def standings_table(found: Sequence[Standing], plan: PlanIndex, width: int, title: str | None = None) -> Table:
    """The table of standings in the order in which they come; in a narrow terminal, less important columns go first."""
    rows = [*_rows(found, plan)]
    names = _fitting(rows, width)
    left = len(COLUMNS) - len(names)
    caption = f"{left} more columns in a wider terminal, everything with --json" if left else None
    table = Table(
        title=title, title_justify="left", caption=caption, caption_justify="left", box=None, header_style="bold",
        pad_edge=False,
    )  # fmt: skip
    for name in names:
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(row[COLUMNS.index(name)] for name in names))
    return table


def _fitting(rows: Sequence[Sequence[Text]], width: int) -> list[str]:
    """The columns that fit beside one another, in their order."""
    needed = {
        name: GAP + max([len(name), *(row[place].cell_len for row in rows)]) for place, name in enumerate(COLUMNS)
    }
    names = [*COLUMNS]
    for name in EXPENDABLE:
        if sum(needed[each] for each in names) <= width:
            break
        names.remove(name)
    return names


def _rows(found: Iterable[Standing], plan: PlanIndex) -> Iterator[list[Text]]:
    scope = None
    for standing in found:
        name = name_of(standing.scope, plan) if standing.scope != scope else ""
        scope, indent = standing.scope, depth(standing.scope, plan) * "  "
        for quota in (*standing.quotas,) or (None,):
            cells = [*_quota(quota, plan), *_numbers(standing)]
            yield [Text(f"{indent}{name}"), Text(standing.period), *cells]
            name = ""


def depth(scope: str, plan: PlanIndex) -> int:
    """How deep a scope stands under the company."""
    teams = {team.id: team.parent for team in plan.plan.teams}
    kind, _, name = scope.partition(":")
    if kind == "rep":
        rep = next((each for each in plan.plan.reps if each.id == name), None)
        return 2 + _above(rep.teams[-1].team, teams) if rep and rep.teams else 1
    return 1 + _above(name, teams) if kind == "team" else 0


def _above(team: str, parents: dict[str, str | None]) -> int:
    depth = 0
    at = parents.get(team)
    while at is not None and depth < len(parents):
        depth, at = depth + 1, parents.get(at)
    return depth


def _quota(quota: QuotaStanding | None, plan: PlanIndex) -> list[Text]:
    if quota is None:
        return [Text()] * (1 + len(QUOTA))
    return [
        Text(metric_name(quota.metric, plan)),
        Text(_number(quota.attained, quota.unit)),
        Text(_number(quota.target, quota.unit)),
        Text(_share(quota.attainment)),
        Text(_share(quota.pace)),
        Text(_number(quota.gap, quota.unit)),
        Text(quota.status.replace("_", " "), style=STYLES.get(quota.status, "")),
    ]


def _numbers(standing: Standing) -> list[Text]:
    won, revenue, rate = (standing.metrics.get(name) for name in ("deals_won", "revenue", "win_rate"))
    opened = standing.pipeline
    return [
        Text(_number(won.value, None) if won else UNDEFINED),
        Text(_number(revenue.value, revenue.unit) if revenue else UNDEFINED),
        Text(_share(rate.value if rate and not isinstance(rate.value, str) else None)),
        Text(f"{sum(stage.count for stage in opened.stages):,}" if opened else UNDEFINED),
        Text(f"{opened.early_stage_count:,}" if opened else UNDEFINED),
    ]


def _number(value: float | str | None, unit: str | None) -> str:
    return UNDEFINED if value is None else quantity(value, unit)


def _share(value: float | None) -> str:
    return UNDEFINED if value is None else percent(value)
