"""Plans of every kind that files can hold."""

from datetime import date
from itertools import pairwise
from typing import Any, Literal

from hypothesis import strategies as st

from quota.catalogue import BUILT_IN
from schemas.plan import (
    Absence,
    Calendar,
    Company,
    Conversations,
    Membership,
    Metric,
    PeriodKind,
    Pipeline,
    Plan,
    Quota,
    Rate,
    Relief,
    Rep,
    Route,
    Rule,
    Stage,
    Team,
)
from streams.plans.build import quota_id
from tests.unit.any_calendars import fiscal_weeks, tables

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
KINDS: tuple[PeriodKind, ...] = ("day", "week", "month", "quarter", "year")
LEVELS: tuple[tuple[Literal["rep", "team", "company"], ...], ...] = (("rep",), ("company", "rep"), ())
names = (
    st.sampled_from(["Ann", "null", "~", "007", "1_000", "no", "x: y", "# z", "2026-01-01", "- a", " b ", "é ñ"])
    | words
)
slugs = st.text("abc019._-", min_size=1, max_size=8)
days = st.dates(date(2024, 1, 1), date(2029, 1, 1)).map(date.isoformat)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
floats = st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000)


absences = st.lists(
    st.builds(Absence, days, st.just("2029-06-01"), st.none() | names), max_size=2
).map(tuple)  # fmt: skip
percents = st.lists(st.sampled_from(["0", "25", "33.5", "100"]), min_size=1, max_size=3).map(tuple)
reliefs = st.lists(
    st.builds(Relief, days, st.integers(-99, 99).map(str), names, names), min_size=1, max_size=2, unique=True
).map(tuple)  # fmt: skip


def counts(most: int) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(str)


def unique(strategy: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, unique=True, max_size=most)


chosen = st.builds(
    Conversations, st.integers(0, 1440), unique(names).map(tuple), unique(names).map(tuple), distinct=st.booleans()
)


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def calendars(draw: st.DrawFn, name: str) -> Calendar:
    weekdays = st.permutations(range(7)).map(lambda order: tuple(order[:3]))
    free = draw(some(working_days=weekdays, first_weekday=st.integers(0, 6), holidays=st.dictionaries(days, names)))
    if draw(st.booleans()):
        free |= {"fiscal": draw(fiscal_weeks)}
    else:
        free |= draw(some(fiscal_start_month=st.integers(1, 12)))
    table = draw(st.just(()) | tables())
    zone = draw(st.sampled_from(["UTC", "America/Chicago"]))
    return Calendar(name, zone, starts=draw(st.sampled_from(["09:00", "00:30"])), period_table=table, **free)


@st.composite
def memberships(draw: st.DrawFn, teams: list[str]) -> tuple[Membership, ...]:
    """Of one team after the other."""
    if not teams:
        return ()
    bounds = [*sorted(draw(unique(days)))]
    edges = [draw(st.none()) if draw(st.booleans()) else "2020-01-01", *bounds, None]
    return tuple(
        Membership(draw(st.sampled_from(teams)), start, end) for start, end in pairwise(edges) if draw(st.booleans())
    )


@st.composite
def people(draw: st.DrawFn, known: list[str]) -> tuple[tuple[Team, ...], tuple[Rep, ...]]:
    calendar = st.sampled_from([None, *known])
    ids = draw(unique(slugs))
    teams = tuple(
        Team(name, draw(names), draw(st.sampled_from([None, *ids[:n]])), tuple(draw(unique(names, 2))), draw(calendar))
        for n, name in enumerate(ids)
    )
    external = iter(draw(unique(names, 12)))
    reps = []
    for name in draw(unique(slugs)):
        own = {"crm": tuple(each for each, _ in zip(external, range(2), strict=False)), "start": (f"x {name}",)}
        free = draw(some(email=names, calendar=calendar, role=names, segment=names, absences=absences))
        free |= dict(zip(("hired", "left"), sorted(draw(unique(days, 2))), strict=False))
        reps.append(Rep(name, draw(names), draw(memberships(ids)), draw(st.just({}) | st.just(own)), **free))
    return teams, tuple(reps)


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[Pipeline, ...]:
    said = tuple(draw(unique(names.filter(lambda name: name not in {"open", "won", "lost"}), 3)))
    stages = (
        Stage("open", "open", draw(st.just("") | names), draw(floats), draw(st.booleans()), said),
        Stage("won", "won", draw(st.just("") | names), draw(floats)),
        Stage("lost", "lost", probability=draw(floats)),
    )
    return (Pipeline("sales", tuple(draw(st.permutations(stages)))),)


@st.composite
def quotas(
    draw: st.DrawFn, people: tuple[Rep, ...], scopes: list[str], kinds: tuple[PeriodKind, ...], currency: str
) -> tuple[Quota, ...]:
    hired = {f"rep:{rep.id}" for rep in people if rep.hired is not None}
    found: list[Quota] = []
    metrics = st.sampled_from([metric.id for metric in BUILT_IN.values() if metric.kind != "ratio"])
    what = st.tuples(st.sampled_from(scopes), metrics, st.sampled_from(kinds)) if kinds else st.nothing()
    for scope, metric, kind in draw(unique(what, 6)) if kinds else ():
        money = BUILT_IN[metric].kind == "money"
        free = draw(some(set_by=names, reason=names, direction=st.sampled_from(["higher", "lower"])))
        said = {"scope": scope, "metric": metric, "period": kind, "target": draw(counts(10**9)), **free}
        if said.get("direction") == "lower" or not BUILT_IN[metric].prorated:
            effects = some(stretch=st.just("0")) if said.get("direction") == "lower" and int(said["target"]) else some()
        else:
            season = {"year": ("40", "0", "20.5", "39.5"), "quarter": ("33.3", "33.3", "33.4")}.get(kind)
            effects = some(
                stretch=st.just(str(int(said["target"]) + 1)),
                **({"season": st.just(season)} if season else {}),
                **({"ramp": percents} if scope in hired else {}),
            )
        said |= draw(effects) | (draw(some(relief=reliefs)) if kind == "day" else {})
        own = quota_id(said, None) if draw(st.booleans()) else f"q{len(found)}"
        found.append(Quota(own, currency=currency if money else None, **said))
    return tuple(found)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    currency = draw(currencies)
    kinds = tuple(draw(st.permutations(KINDS)))[: draw(st.integers(0, 5))]
    own = draw(unique(slugs.filter(lambda name: name != "default"), 2))
    known = ["default", *own]
    company = Company(draw(names), currency, draw(st.sampled_from(known)), kinds)
    teams, reps = draw(people(known))
    scopes = ["company", *(f"team:{each.id}" for each in teams), *(f"rep:{each.id}" for each in reps)]
    free = some(lead=st.integers(0, 1000), days=st.integers(1, 100), fire=floats, minimum_amount=counts(999))
    levels = st.sampled_from(LEVELS)
    rules = tuple(Rule(name, "deal_won", draw(levels), **draw(free)) for name in draw(unique(slugs)))
    rates = draw(st.dictionaries(days, counts(10**6).map(lambda whole: f"{whole}.000001"), max_size=3))
    return Plan(
        0,
        company,
        reps,
        teams,
        tuple(draw(calendars(name)) for name in draw(st.permutations(known))),
        draw(pipelines()),
        draw(quotas(reps, scopes, kinds, currency)),
        rules,
        tuple(Rate("GBP", day, rate) for day, rate in rates.items()),
        tuple(
            Route(
                name, draw(names.filter(str.isprintable)), "console", (), tuple(draw(unique(st.sampled_from(scopes))))
            )
            for name in draw(unique(slugs, 2))
        ),
        tuple(
            Metric(f"own_{n}", tuple(draw(unique(names))), draw(st.just("") | names))
            for n in range(draw(st.integers(0, 2)))
        )
        + tuple(Metric(f"talks_{n}", conversations=said) for n, said in enumerate(draw(st.lists(chosen, max_size=2)))),
    )
