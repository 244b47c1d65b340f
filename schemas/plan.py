"""The plan: reference data that gives facts their meaning, one record per object and revision, the manifest last."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.fields import Currency, Day, Moment, Name, Scope, Slug

PeriodKind = Literal["day", "week", "month", "quarter", "year"]
Decimal = Annotated[str, Meta(pattern=r"^-?\d{1,15}(\.\d{1,6})?$")]


class Company(Struct, frozen=True, tag="company", omit_defaults=True):
    """The whole: its reporting currency, its default calendar, and the kinds of period that are kept for everybody."""

    name: str
    currency: Currency
    calendar: Slug = "default"
    periods: tuple[PeriodKind, ...] = ("day", "week", "month", "quarter", "year")


class Membership(Struct, frozen=True, omit_defaults=True):
    """A rep belongs to a team on the days from `start` (inclusive) until `end` (exclusive); null is unbounded."""

    team: Slug
    start: Day | None = None
    end: Day | None = None


class Absence(Struct, frozen=True, omit_defaults=True):
    """A rep is away on the days from `start` (inclusive) until `end` (exclusive)."""

    start: Day
    end: Day
    reason: str | None = None


class Rep(Struct, frozen=True, tag="rep", omit_defaults=True):
    """A salesperson: `external` maps a source to the names by which it calls this rep; its own id always works.

    `hired` is the first day, `left` the day after the last one. `weights` say what the territory is worth, under names
    of the plan's own: a target can be spread by them.
    """

    id: Slug
    name: str
    teams: tuple[Membership, ...] = ()
    external: dict[str, tuple[str, ...]] = {}
    email: str | None = None
    calendar: Slug | None = None
    role: str | None = None
    segment: str | None = None
    hired: Day | None = None
    left: Day | None = None
    weights: dict[str, Decimal] = {}
    absences: tuple[Absence, ...] = ()


class Team(Struct, frozen=True, tag="team", omit_defaults=True):
    """A group of reps and teams; without a parent it stands directly under the company."""

    id: Slug
    name: str
    parent: Slug | None = None
    managers: tuple[str, ...] = ()
    calendar: Slug | None = None
    weights: dict[str, Decimal] = {}


class FiscalWeeks(Struct, frozen=True, omit_defaults=True):
    """A fiscal year of whole weeks, whose quarters have months of 4, 4 and 5 weeks, in the order of `pattern`.

    It ends on the last such weekday (0 is Monday) of `month`, or on the one nearest to that month's end, and is named
    for the calendar year in which it ends or starts. `week_53` is the month, 1 to 12, that a 53rd week belongs to.
    """

    pattern: Literal["4-4-5", "4-5-4", "5-4-4"]
    weekday: Annotated[int, Meta(ge=0, le=6)]
    month: Annotated[int, Meta(ge=1, le=12)]
    ends: Literal["last", "nearest"] = "last"
    named_for: Literal["end", "start"] = "end"
    week_53: Annotated[int, Meta(ge=1, le=12)] = 12


class TablePeriod(Struct, frozen=True):
    """A period that follows no rule: its id, and its days from `start` (inclusive) until `end` (exclusive)."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=40)]
    kind: Literal["month", "quarter", "year"]
    start: Day
    end: Day


class Calendar(Struct, frozen=True, tag="calendar", omit_defaults=True):
    """Working time (zone, working weekdays with 0 for Monday, hours, holidays) and periods.

    Weeks begin with `first_weekday`. Months, quarters and years are those of `period_table` where that has their kind,
    else those of `fiscal`, else months of the calendar and years that begin with `fiscal_start_month`.
    """

    id: Slug
    zone: str
    working_days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4)
    starts: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"
    ends: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "18:00"
    first_weekday: Annotated[int, Meta(ge=0, le=6)] = 0
    holidays: dict[Day, str] = {}
    fiscal_start_month: Annotated[int, Meta(ge=1, le=12)] = 1
    fiscal: FiscalWeeks | None = None
    period_table: tuple[TablePeriod, ...] = ()


class Stage(Struct, frozen=True, omit_defaults=True):
    """A step of a pipeline; `early` marks open stages whose shortage starves later quarters."""

    id: Slug
    kind: Literal["open", "won", "lost"]
    name: str = ""
    probability: Annotated[float, Meta(ge=0, le=1)] = 0.0
    early: bool = False
    names: tuple[str, ...] = ()


class Pipeline(Struct, frozen=True, tag="pipeline"):
    """Ordered stages; `names` of a stage are what sources call it."""

    id: Slug
    stages: tuple[Stage, ...]


class Relief(Struct, frozen=True):
    """Added to the target of one period; a negative amount lowers it. The amount is in the unit of the target."""

    period: Annotated[str, Meta(min_length=1, max_length=60)]
    amount: Decimal
    reason: str
    by: str


class Quota(Struct, frozen=True, tag="quota", omit_defaults=True):
    """A target for a scope, metric and kind of period, in force for periods that start from `start` until before `end`.

    `target` and `stretch` are decimals: units of currency for money, a count or a fraction otherwise. `season` holds
    the percents of the target that fall on the parts of a period in their order; `ramp` those that are asked of a rep
    in each of the first months of tenure.
    """

    id: Slug
    scope: Scope
    metric: Slug
    period: PeriodKind
    target: Decimal
    currency: Currency | None = None
    direction: Literal["higher", "lower"] = "higher"
    start: Day | None = None
    end: Day | None = None
    set_by: str | None = None
    reason: str | None = None
    season: tuple[Decimal, ...] = ()
    ramp: tuple[Decimal, ...] = ()
    relief: tuple[Relief, ...] = ()
    stretch: Decimal | None = None


class Rule(Struct, frozen=True, tag="rule", omit_defaults=True):
    """An alert rule: `levels` it watches; thresholds and durations left out take the kind's defaults.

    `lead` is days; `fire` and `clear` are fractions (shortage of the target, or pace); `days` is evaluations in a row.
    """

    id: Slug
    kind: Literal["early_stage_shortage", "behind_pace", "deal_won"]
    levels: tuple[Literal["rep", "team", "company"], ...] = ("rep", "team", "company")
    lead: Annotated[int, Meta(ge=0, le=1000)] | None = None
    fire: Annotated[float, Meta(ge=0, le=10)] | None = None
    clear: Annotated[float, Meta(ge=0, le=10)] | None = None
    days: Annotated[int, Meta(ge=1, le=100)] | None = None
    minimum: Annotated[int, Meta(ge=0)] | None = None
    metrics: tuple[Slug, ...] = ()
    minimum_amount: Decimal | None = None


class Rate(Struct, frozen=True, tag="rate"):
    """One unit of `currency` is worth `rate` units of the company's currency from `day` on."""

    currency: Currency
    day: Day
    rate: Decimal


class Route(Struct, frozen=True, tag="route", omit_defaults=True):
    """Who is told about which rules, and over which sink."""

    id: Slug
    recipient: str
    sink: str
    rules: tuple[Slug, ...] = ()
    scopes: tuple[Scope, ...] = ()


class Conversations(Struct, frozen=True, omit_defaults=True):
    """Conversations of at least so many minutes, or flagged, with contacts of these seniorities and roles (none: any).

    `distinct` ones count once per contact and day.
    """

    minutes: Annotated[int, Meta(ge=0, le=1440)] = 5
    seniorities: tuple[Name, ...] = ()
    roles: tuple[Name, ...] = ()
    distinct: bool = True


class Metric(Struct, frozen=True, tag="metric"):
    """A count of activities of the listed types, or of some conversations, under an id of the plan's own."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
    counts: tuple[Name, ...] = ()
    name: str = ""
    conversations: Conversations | UnsetType = UNSET


PlanObject = Company | Rep | Team | Calendar | Pipeline | Quota | Rule | Rate | Route | Metric


class PlanRecord(Struct, frozen=True, tag="plan_record"):
    """One object of one revision, as it travels on the plan topic."""

    revision: int
    object: PlanObject


class Manifest(Struct, frozen=True, tag="manifest"):
    """Written last: a revision exists once it does; `objects` counts its records and `digest` is over their bytes."""

    revision: int
    objects: int
    digest: str
    applied_at: Moment


class Plan(Struct, frozen=True):
    """All objects of one revision."""

    revision: int
    company: Company
    reps: tuple[Rep, ...] = ()
    teams: tuple[Team, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    quotas: tuple[Quota, ...] = ()
    rules: tuple[Rule, ...] = ()
    rates: tuple[Rate, ...] = ()
    routes: tuple[Route, ...] = ()
    metrics: tuple[Metric, ...] = ()
