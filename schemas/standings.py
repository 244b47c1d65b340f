"""Where a scope stands in a period, what it has open, and what the whole company's deals teach."""

from msgspec import Struct

from schemas.fields import Day, Moment, Scope


class Measure(Struct, frozen=True, omit_defaults=True):
    """A metric's value: money is a decimal string with its unit, a ratio a fraction; null has a reason."""

    value: int | float | str | None
    unit: str | None = None
    n: int | None = None
    reason: str | None = None
    excluded: int | None = None


class QuotaStanding(Struct, frozen=True, omit_defaults=True):
    """One quota of the scope and period against what was credited; what is undefined is null and `reasons` says why.

    `target` is what is asked for in this period, `base` what was set where that differs. `stretch` is the second target
    of quotas that have one.
    """

    metric: str
    target: int | float | str
    unit: str | None
    attained: int | float | str | None
    attainment: float | None
    expected: int | float | str | None
    pace: float | None
    gap: int | float | str | None
    required_per_day: int | float | str | None
    working_days_left: float
    elapsed: float
    status: str
    reasons: dict[str, str]
    base: int | float | str | None = None
    stretch: int | float | str | None = None
    stretch_attainment: float | None = None


class StageStanding(Struct, frozen=True):
    """What is open in a stage: deals, their amount, and the amount weighted by the stage's probability."""

    stage: str
    count: int
    amount: str
    weighted: str


class PipelineStanding(Struct, frozen=True):
    """What a scope has open, by stage, as of a moment; `unit` is the currency of the amounts."""

    as_of: Moment
    unit: str
    stages: list[StageStanding]
    early_stage_count: int


class Standing(Struct, frozen=True, tag="standing", omit_defaults=True):
    """A scope's numbers in a period as of a moment; a closed period is as of its end and has no pipeline."""

    scope: Scope
    period: str
    as_of: Moment
    metrics: dict[str, Measure]
    quotas: list[QuotaStanding]
    pipeline: PipelineStanding | None = None
    sender: str = ""
    revision: int = 0
    quiet: bool = False


class Judged(Struct, frozen=True, tag="standing", omit_defaults=True):
    """The part of a standing that rules look at: its quotas."""

    scope: Scope
    period: str
    as_of: Moment
    quotas: list[QuotaStanding]
    quiet: bool = False


class Attained(Struct, frozen=True, tag="attained", omit_defaults=True):
    """What the metrics of a scope's quotas have come to in a period; all of them, whichever changed."""

    scope: str
    period: str
    metrics: dict[str, Measure]
    quiet: bool = False


class Outlook(Struct, frozen=True, tag="outlook", omit_defaults=True):
    """What the shortage rule needs of one scope at the end of a working day; amounts in minor units.

    `open` and `open_unknown` map the day a deal was created (or, creation unknown, first seen open) to the open amount.
    `credited` maps the current quarter's id to its revenue. `created` and `early_created` count the last 28 days.
    """

    scope: Scope
    day: Day
    open: dict[str, int]
    open_unknown: dict[str, int]
    created: int
    early_created: int
    won: int
    lost: int
    won_amount: int
    credited: dict[str, int]
    open_count: int
    open_amount: int
    early_count: int
    early_amount: int
    sender: str = ""
    quiet: bool = False


class Wins(Struct, frozen=True, tag="wins", omit_defaults=True):
    """The deals won by a rep on a day, with their credited amounts in minor units; empty retracts."""

    scope: Scope
    day: Day
    deals: dict[str, int]
    sender: str = ""
    quiet: bool = False


class Baseline(Struct, frozen=True, tag="baseline", omit_defaults=True):
    """What all deals of the company taught by the end of a day; index is the age in days, the last one pools all older.

    `reached[a]` deals were known at age a, `won_at[a]` of them were won and `lost_at[a]` lost at that age; in the pool,
    `reached` counts deal-days. `lead` is the median won cycle, in days, as of the quarter's start.
    """

    day: Day
    reached: tuple[int, ...]
    won_at: tuple[int, ...]
    lost_at: tuple[int, ...]
    won: int
    lost: int
    won_amount: int
    first_closing: Day | None = None
    lead: int | None = None
    sender: str = ""


class Inputs(Struct, frozen=True, tag="inputs", omit_defaults=True):
    """What a tick has changed of what rules look at, of many scopes; for each it replaces what was said before."""

    sender: str
    said: list[Attained | Outlook]


class Passed(Struct, frozen=True, tag="standing"):
    """A standing to one who looks at nothing in it."""


class HeldStanding(Struct, frozen=True):
    """Table record of the alerts agent: versions `(epoch, record)` of what one sender said under one key."""

    versions: list[tuple[int, Attained | Outlook | Wins | Baseline]]
