"""What a quota asks for in a period, piece by piece."""

from typing import Any, NamedTuple

from quota.money import decimal
from quota.periods import Period
from quota.plans import PlanIndex
from quota.targets import Effective, smallest
from schemas.plan import Quota, Relief


class AskedFor(NamedTuple):
    """A quota that is in force for a period, and its target there."""

    quota: Quota
    period: Period
    plan: PlanIndex

    @property
    def target(self) -> Effective:
        """The effective target with its pieces."""
        return self.plan.target(self.quota, self.period)

    @property
    def unit(self) -> str | None:
        """The currency of the quota's amounts; None for what is no money."""
        money = self.plan.metrics[self.quota.metric].kind == "money"
        return (self.quota.currency or self.plan.currency) if money else None

    @property
    def relief(self) -> tuple[Relief, ...]:
        """What was granted for this period."""
        return tuple(each for each in self.quota.relief if each.period == self.period.id)

    def shown(self, amount: int) -> str | int | float:
        """An amount of smallest units: money as a decimal string, anything else as a number of at most six digits."""
        if self.unit is not None:
            return decimal(amount, self.unit)
        whole, rest = divmod(amount, self.target.scale)
        return amount / self.target.scale if rest else whole


def asked_for(scope: str, metric: str, period: Period, plan: PlanIndex) -> AskedFor | None:
    """The quota of the scope on the metric that is in force for the period; None if there is none."""
    found = next((quota for quota in plan.quotas(scope, period) if quota.metric == metric), None)
    return None if found is None else AskedFor(found, period, plan)


def document(asked: AskedFor) -> dict[str, Any]:
    """The target's JSON object: the amounts of pieces and relief add up to `target`; shares are fractions."""
    quota, target = asked.quota, asked.target
    return {
        "scope": quota.scope,
        "metric": quota.metric,
        "period": asked.period.id,
        "quota": quota.id,
        "target": asked.shown(target.amount),
        **({} if asked.unit is None else {"unit": asked.unit}),
        "base": asked.shown(target.base),
        "pieces": [
            {
                "from": piece.start.isoformat(),
                "until": piece.end.isoformat(),
                "season": float(piece.season),
                "ramp": float(piece.ramp),
                "working_days": piece.working_days,
                "present_days": piece.present_days,
                "amount": asked.shown(piece.amount),
            }
            for piece in target.pieces
        ],
        "relief": [{"amount": _exactly(each, asked), "reason": each.reason, "by": each.by} for each in asked.relief],
        **({} if target.stretch is None else {"stretch": asked.shown(target.stretch)}),
        "set_by": quota.set_by,
        "reason": quota.reason,
        "revision": asked.plan.revision,
    }


def _exactly(relief: Relief, asked: AskedFor) -> str | int | float:
    return asked.shown(smallest(relief.amount, asked.plan.given(asked.quota)))
