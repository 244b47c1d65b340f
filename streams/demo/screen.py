"""The demo on a terminal: one table that moves, and the latest alerts below it."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from quota.plans import PlanIndex
from quota.wins import KIND as DEAL_WON
from quota.wording import counted, name_of
from schemas.alerts import Transition
from schemas.standings import PipelineStanding, Standing
from streams.commands.alerts import STYLES as ALERT_STYLES
from streams.commands.standings_table import STYLES, UNDEFINED, depth
from streams.demo.board import Row, leading
from streams.demo.view import View

ALERTS, FEWEST_ALERTS = 10, 4
FRAME = 7
"""Lines of a screen that are neither a scope's nor an alert's."""
WIDE = 96
"""Columns of a screen from which on there is room for amounts."""
PIPELINE = ("open", "early", "weighted")
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
        self._live.update(picture(view, self._log, self._live.console.size), refresh=True)

    def tell(self, text: str) -> None:
        """Writes the message above the picture, from where it scrolls away."""
        self._live.console.print(Text(text))


def picture(view: View, log: str, size: ConsoleDimensions) -> Group:
    """Header, table and alerts, cut so that they fit a terminal of this size."""
    rows, news = [*view.board.rows()], [*view.board.latest]
    room = max(0, size.height - FRAME)
    alerts = min(len(news), ALERTS, max(FEWEST_ALERTS, room - len(rows)))
    shown = rows if len(rows) + alerts <= room else rows[: max(1, room - alerts - 1)]
    return Group(
        *_header(view, log),
        Text(),
        _table(shown, view.board.plan, wide=size.width >= WIDE),
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
    title.no_wrap, title.overflow = True, "ellipsis"
    parts = (
        f"{counted(view.board.facts, 'fact', 'facts')} in, {view.rate:,.0f}/s",
        f"{counted(view.board.open_alerts, 'alert', 'alerts')} open",
        f"plan revision {plan.revision}",
        f"log {log}",
    )
    yield title
    yield Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def _table(rows: Sequence[Row], plan: PlanIndex, *, wide: bool) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
    table.add_column("", no_wrap=True, overflow="ellipsis", min_width=16)
    for standings in ([row.month for row in rows], [row.quarter for row in rows]):
        period = next((standing.period for standing in standings if standing), "")
        table.add_column(period, justify="right", no_wrap=True)
        table.add_column("pace", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True, min_width=9)
    for title in PIPELINE if wide else PIPELINE[:-1]:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        name = Text(f"{depth(row.scope, plan) * '  '}{name_of(row.scope, plan)}")
        opened = next((each.pipeline for each in (row.month, row.quarter) if each and each.pipeline), None)
        cells = [name, *_period(row.month), *_period(row.quarter), *_pipeline(opened)]
        table.add_row(*cells[: len(table.columns)])
    return table


def _period(standing: Standing | None) -> Iterator[Text]:
    quota = leading(standing)
    yield Text(_percent(quota.attainment if quota else None))
    yield Text(_percent(quota.pace if quota else None))
    status = quota.status if quota else ""
    yield Text(status.replace("_", " "), style=STYLES.get(status, ""))


def _percent(share: float | None) -> str:
    return UNDEFINED if share is None else f"{100 * share:,.0f} %"


def _pipeline(opened: PipelineStanding | None) -> Iterator[Text]:
    if opened is None:
        yield from (Text(UNDEFINED),) * 3
        return
    yield Text(f"{sum(stage.count for stage in opened.stages):,}")
    yield Text(f"{opened.early_stage_count:,}")
    yield Text(f"{sum(float(stage.weighted) for stage in opened.stages):,.0f}")


def _alerts(news: Sequence[Transition], plan: PlanIndex) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, min_width=11)
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for each in news:
        at = each.at.astimezone(plan.calendar("company").zone)
        state = Text(each.transition, style="green" if each.kind == DEAL_WON else ALERT_STYLES.get(each.transition, ""))
        table.add_row(f"{at:%m-%d %H:%M}", state, Text(each.summary))
    return table
