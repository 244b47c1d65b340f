"""Currencies: reports are in the company's, rates lead to it."""

from collections.abc import Iterator
from decimal import Decimal

from quota.catalogue import BUILT_IN
from quota.errors import InvalidRecord
from quota.money import minor_units
from streams.documents import Problem
from streams.plans.draft import Draft


def currencies(draft: Draft) -> Iterator[Problem]:
    """Only targets of money have a currency, and it is the company's."""
    own = draft.currency()
    for quota in draft.entries["quotas"]:
        currency, metric = quota.values.get("currency"), quota.values.get("metric")
        if currency is None or metric is None:
            continue
        if metric not in BUILT_IN or BUILT_IN[metric].kind != "money":
            yield Problem(quota.at("currency"), f"{metric} is not money but has a currency", "remove `currency`")
        elif own is not None and currency != own:
            what = f"the target is in {currency}, the company reports in {own}"
            yield Problem(quota.at("currency"), what, f"give the target in {own}")


def minimums(draft: Draft) -> Iterator[Problem]:
    """The least amount of a rule has the digits of the company's currency."""
    own = draft.currency()
    for rule in draft.entries["rules"]:
        amount = rule.values.get("minimum_amount")
        if amount is not None and own is not None:
            try:
                minor_units(amount, own)
            except InvalidRecord as error:
                yield Problem(rule.at("minimum_amount"), str(error), "round the amount")


def rates(draft: Draft) -> Iterator[Problem]:
    """A rate is positive and for another currency than the company's."""
    own = draft.currency()
    for rate in draft.entries["rates"]:
        if rate.values.get("currency") == own and own is not None:
            yield Problem(rate.at("currency"), f"{own} is the company's own currency", "remove the rate")
        if "rate" in rate.values and Decimal(rate.values["rate"]) <= 0:
            what = f"the rate {rate.values['rate']} is not above 0"
            yield Problem(rate.at("rate"), what, "write the worth of one unit in the company's currency")
