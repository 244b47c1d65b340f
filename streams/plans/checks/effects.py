"""What changes a target within or between periods: season, ramp, relief."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from quota.catalogue import BUILT_IN
from quota.errors import InvalidRecord
from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.targets import SEASONS
from schemas.plan import Plan
from streams.documents import Entry, Problem
from streams.plans.checks.quotas import digits
from streams.plans.draft import Draft


def in_full(draft: Draft) -> Iterator[Problem]:
    """Only what adds up over a period, and of which more is better, has a season or a ramp."""
    for quota, field in product(draft.entries["quotas"], ("season", "ramp")):
        metric = BUILT_IN.get(quota.values.get("metric", ""))
        full = quota.values.get("direction") == "lower" or (metric is not None and not metric.prorated)
        if field in quota.values and full:
            what = f"this {quota.values.get('metric', '')} quota holds in full from the first day, without a {field}"
            yield Problem(quota.at(field), what, f"remove `{field}`")


def seasons(draft: Draft) -> Iterator[Problem]:
    """A season has a weight for each part of the period, and they total 100."""
    for quota in draft.entries["quotas"]:
        if quota.values.get("season"):
            yield from _season(quota, [Decimal(weight) for weight in quota.values["season"]])


def _season(quota: Entry, weights: list[Decimal]) -> Iterator[Problem]:
    place, kind = quota.at("season"), quota.values.get("period")
    known = [f"{count} (its {part}s)" for (whole, count), part in SEASONS.items() if whole == kind]
    if kind is not None and not known:
        yield Problem(place, f"a quota per {kind} has no season", "remove `season`")
    elif kind is not None and (kind, len(weights)) not in SEASONS:
        yield Problem(place, f"a season of {len(weights)} weights for a {kind}", f"write {' or '.join(known)}")
    if min(weights) < 0:
        yield Problem(place, f"the weight {min(weights)} is negative", "write 0 or more")
    if sum(weights) != 100:
        yield Problem(place, f"the weights total {sum(weights)}, not 100", "write percents that total 100")


def ramps(draft: Draft) -> Iterator[Problem]:
    """A ramp is for reps whose hire date is known, and asks for 0 to 100 percent."""
    reps = draft.ids("reps")
    for quota in draft.entries["quotas"]:
        ramp, place = quota.values.get("ramp", ()), quota.at("ramp")
        for percent in (each for each in ramp if not 0 <= Decimal(each) <= 100):
            yield Problem(place, f"the ramp asks for {percent} percent", "write 0 to 100")
        for scope in quota.values.get("scope", ()) if ramp else ():
            kind, _, name = scope.partition(":")
            if kind != "rep":
                yield Problem(place, f"{scope} has no months of tenure for a ramp", "give a ramp to reps only")
            elif name in reps and reps[name].values.get("hired") is None:
                yield Problem(place, f"the ramp of rep {name!r} needs a hire date", "add `hired` to the rep")


def amounts(draft: Draft) -> Iterator[Problem]:
    """Relief from a target of money has the currency's digits."""
    currency = draft.currency()
    for quota in draft.entries["quotas"]:
        metric = BUILT_IN.get(quota.values.get("metric", ""))
        if metric is not None and metric.kind == "money" and currency is not None:
            for relief in quota.values.get("relief", ()):
                yield from digits(relief.values["amount"], currency, relief.at("amount"), "round the amount")


def relieved(draft: Draft, plan: Plan) -> Iterator[Problem]:
    """Relief is for a period of the quota, named as the calendar of its scope does; asked of a plan that was built."""
    given = [quota for quota in draft.entries["quotas"] if quota.values.get("relief")]
    if not given:
        return
    try:
        index = PlanIndex(plan)
    except InvalidRecord:
        # Whoever compiles the plan is told.
        return
    for quota in given:
        for scope, relief in product(quota.values["scope"], quota.values["relief"]):
            yield from _relieved(quota, scope, relief, index)


def _relieved(quota: Entry, scope: str, relief: Entry, plan: PlanIndex) -> Iterator[Problem]:
    text, kind, place = relief.values["period"], quota.values["period"], relief.at("period")
    try:
        period = parse_period(text, plan.calendar(scope))
    except InvalidRecord as error:
        yield Problem(place, str(error), f"name a {kind}")
        return
    start, end = quota.values.get("start"), quota.values.get("end")
    first = period.start.isoformat()
    if period.kind != kind:
        yield Problem(place, f"{text!r} is no {kind}, and the quota is per {kind}", f"name a {kind}")
    elif period.id != text:
        yield Problem(place, f"{text!r} is called {period.id!r}", f"write {period.id}")
    elif (start is not None and first < start) or (end is not None and end <= first):
        yield Problem(place, f"the quota is not in force for {text}", "give the relief to the quota that is")
