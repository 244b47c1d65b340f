"""Quotas: one target for a scope, metric and period, in the metric's unit."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from quota.catalogue import BUILT_IN
from quota.errors import InvalidRecord
from quota.money import minor_units
from streams.documents import Entry, Place, Problem
from streams.plans.checks.spans import ends, overlap, starts
from streams.plans.draft import Draft
from streams.plans.sections import KINDS


def alike(draft: Draft) -> Iterator[tuple[tuple[str, str, str], list[Entry]]]:
    """The quotas for each scope, metric and kind of period."""
    groups: defaultdict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for quota in draft.entries["quotas"]:
        if {"metric", "period"} <= quota.values.keys():
            for scope in quota.values.get("scope", ()):
                groups[scope, quota.values["metric"], quota.values["period"]].append(quota)
    yield from groups.items()


def overlaps(draft: Draft) -> Iterator[Problem]:
    """At most one quota is in force for a scope, metric and kind of period."""
    for (scope, metric, period), quotas in alike(draft):
        first, *rest = sorted(quotas, key=starts)
        for other in rest:
            if overlap(first, other):
                what = f"a second {metric} quota of {scope} per {period} beside {first.place.file}:{first.place.line}"
                yield Problem(other.place, what, "end the earlier one with `until` where this starts with `from`")
            # The one that lasts longest may overlap with many.
            first = max(first, other, key=ends)


def periods(draft: Draft) -> Iterator[Problem]:
    """A quota's kind of period is one that the company keeps."""
    kept = next((c.values["periods"] for c in draft.company if "periods" in c.values), KINDS)
    for quota in draft.entries["quotas"]:
        kind = quota.values.get("period")
        if kind is not None and kind not in kept:
            what = f"the company keeps no period of kind {kind!r}"
            yield Problem(quota.at("period"), what, f"add {kind} to the company's periods")


def targets(draft: Draft) -> Iterator[Problem]:
    """A target is not negative; that of a ratio is a fraction, that of money has the currency's digits."""
    for quota in draft.entries["quotas"]:
        for field in ("target", "stretch"):
            if quota.values.get(field) is not None:
                yield from _target(quota, field, draft.currency())


def _target(quota: Entry, field: str, currency: str | None) -> Iterator[Problem]:
    target, metric = quota.values[field], BUILT_IN.get(quota.values.get("metric", ""))
    kind = "count" if metric is None else metric.kind
    if Decimal(target) < 0:
        yield Problem(quota.at(field), f"the {field} {target} is negative", "write 0 or more")
    if kind == "ratio" and Decimal(target) > 1:
        yield Problem(quota.at(field), f"the {field} {target} of a ratio is above 1", "write 0.45 for 45 %")
    if kind == "money" and currency is not None:
        yield from digits(target, currency, quota.at(field), f"round the {field}")


def digits(amount: str, currency: str, place: Place, fix: str) -> Iterator[Problem]:
    """An amount of money has no more digits than its currency."""
    try:
        minor_units(amount, currency)
    except InvalidRecord as error:
        yield Problem(place, str(error), fix)


def stretches(draft: Draft) -> Iterator[Problem]:
    """A stretch target asks for more than the target."""
    for quota in draft.entries["quotas"]:
        target, stretch = quota.values.get("target"), quota.values.get("stretch")
        if target is None or stretch is None:
            continue
        lower = quota.values.get("direction") == "lower"
        if Decimal(stretch) >= Decimal(target) if lower else Decimal(stretch) <= Decimal(target):
            side = "below" if lower else "above"
            what = f"the stretch target {stretch} is not {side} the target {target}"
            yield Problem(quota.at("stretch"), what, f"write a number {side} {target}, or remove `stretch`")
