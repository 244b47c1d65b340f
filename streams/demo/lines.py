"""The demo without a terminal: a line per look, and one per transition of an alert."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import click

from quota.plans import PlanIndex
from quota.wording import counted, percent
from schemas.alerts import Transition
from streams.demo.board import leading
from streams.demo.view import View

PAUSE = 1.0


class Lines:
    """Writes to stdout."""

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to clean up."""

    def pause(self, *, live: bool) -> float:
        """A second."""
        return PAUSE

    def show(self, view: View, news: Sequence[Transition]) -> None:
        """A line for each transition, then one for the whole."""
        for transition in news:
            click.echo(transition_line(transition, view.board.plan))
        click.echo(status_line(view))

    def tell(self, text: str) -> None:
        """The message as it is."""
        click.echo(text)


def status_line(view: View) -> str:
    """Time, facts, the company's attainment, and how many alerts are open."""
    zone = view.board.plan.calendar("company").zone
    as_of = view.board.as_of
    parts = [
        f"{view.now.astimezone(zone):%H:%M:%S}",
        "live" if view.live else "past",
        f"{counted(view.board.facts, 'fact', 'facts')} ({view.rate:,.0f}/s)",
        f"as of {as_of.astimezone(zone):%Y-%m-%d %H:%M}" if as_of else "nothing stands yet",
        *_attainment(view),
        f"{counted(view.board.open_alerts, 'alert', 'alerts')} open",
    ]
    return "  ".join(parts)


def transition_line(transition: Transition, plan: PlanIndex) -> str:
    """What happened to an alert, when, and why."""
    at = transition.at.astimezone(plan.calendar("company").zone)
    what = f"{transition.transition:<8} {transition.kind} {transition.scope} {transition.period}"
    return f"{at:%Y-%m-%d %H:%M}  {what}: {transition.summary}"


def _attainment(view: View) -> Iterator[str]:
    for standing in view.board.company()[1:]:
        quota = leading(standing)
        if standing and quota and quota.attainment is not None:
            yield f"{standing.period} {percent(quota.attainment)}"
