"""The demo on a terminal: one table that moves, and the latest alerts below it."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from quota.plans import PlanIndex
from quota.wins import KIND as DEAL_WON
from quota.wording import counted, name_of
from schemas.alerts import Transition
from schemas.standings import PipelineStanding, Standing
from streams.commands.alerts import STYLES as ALERT_STYLES
from streams.commands.standings_table import STYLES, UNDEFINED, depth, share
from streams.demo.board import Row, leading
from streams.demo.view import View

ALERTS, FEWEST_ALERTS = 10, 4
FRAME = 7
"""Lines of a screen that are neither a scope's nor an alert's."""
_HASTE, _LEISURE = 0.5, 1.0


class Screen:
    """Draws over what it drew before, and leaves nothing behind."""

    def __init__(self, console: Console, log: str) -> None:
        """The console is a terminal's; `log` is what people call the log."""
        self._log = log
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")

    def __enter__(self) -> Self:
        """Takes the lower part of the terminal."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Takes away what was drawn."""
        self._live.stop()

    def pause(self, *, live: bool) -> float:
        """More often while the past goes by."""
        return _LEISURE if live else _HASTE

    def show(self, view: View, news: Sequence[Transition]) -> None:
        """Draws the whole picture."""
        self._live.update(picture(view, self._log, self._live.console.size.height), refresh=True)


def picture(view: View, log: str, height: int) -> Group:
    """Header, table and alerts, cut so that they fit a terminal of this many lines."""
    rows, news = [*view.board.rows()], [*view.board.latest]
    room = max(0, height - FRAME)
    alerts = min(len(news), ALERTS, max(FEWEST_ALERTS, room - len(rows)))
    shown = rows if len(rows) + alerts <= room else rows[: max(1, room - alerts - 1)]
    return Group(
        *_header(view, log),
        Text(),
        _table(shown, view.board.plan),
        *([Text(f"... {len(rows) - len(shown)} more in a taller terminal", style="dim")] if shown != rows else []),
        Text(),
        _alerts(news[len(news) - alerts :], view.board.plan),
        Text("Ctrl-C stops; the next run goes on from here.", style="dim"),
    )


def _header(view: View, log: str) -> Iterator[Text]:
    plan, as_of = view.board.plan, view.board.as_of
    when = (
        f"as of {as_of.astimezone(plan.calendar('company').zone):%a %Y-%m-%d %H:%M %Z}" if as_of else "no standings yet"
    )
    phase = "live" if view.live else "the past at full speed"
    title = Text.assemble((plan.plan.company.name, "bold"), f", {when}  ", (phase, "green" if view.live else "yellow"))
    parts = (
        f"{counted(view.facts, 'fact', 'facts')} in, {view.rate:,.0f}/s",
        f"{counted(view.board.open_alerts, 'alert', 'alerts')} open",
        f"plan revision {plan.revision}",
        f"log {log}",
    )
    yield title
    yield Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def _table(rows: Sequence[Row], plan: PlanIndex) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True, overflow="ellipsis", min_width=16)
    for standings in ([row.month for row in rows], [row.quarter for row in rows]):
        period = next((standing.period for standing in standings if standing), "")
        table.add_column(period, justify="right", no_wrap=True)
        table.add_column("pace", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True, min_width=9)
    for title in ("open", "early", "weighted"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        name = Text(f"{depth(row.scope, plan) * '  '}{name_of(row.scope, plan)}")
        opened = next((each.pipeline for each in (row.month, row.quarter) if each and each.pipeline), None)
        table.add_row(name, *_period(row.month), *_period(row.quarter), *_pipeline(opened))
    return table


def _period(standing: Standing | None) -> Iterator[Text]:
    quota = leading(standing)
    yield Text(share(quota.attainment) if quota else UNDEFINED)
    yield Text(share(quota.pace) if quota else UNDEFINED)
    status = quota.status if quota else ""
    yield Text(status.replace("_", " "), style=STYLES.get(status, ""))


def _pipeline(opened: PipelineStanding | None) -> Iterator[Text]:
    if opened is None:
        yield from (Text(UNDEFINED),) * 3
        return
    yield Text(f"{sum(stage.count for stage in opened.stages):,}")
    yield Text(f"{opened.early_stage_count:,}")
    yield Text(f"{sum(float(stage.weighted) for stage in opened.stages):,.0f}")


def _alerts(news: Sequence[Transition], plan: PlanIndex) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for each in news:
        at = each.at.astimezone(plan.calendar("company").zone)
        state = Text(each.transition, style="green" if each.kind == DEAL_WON else ALERT_STYLES.get(each.transition, ""))
        table.add_row(f"{at:%m-%d %H:%M}", state, Text(each.summary))
    return table
