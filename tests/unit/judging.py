"""Quotas judged beforehand, for rules that ask where they stand."""

from collections.abc import Mapping

from msgspec.structs import replace

from quota.alerts import Judge
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.standings import Judged


def judged_as(standings: Mapping[str, Mapping[str, Judged]] | None, plan: PlanIndex) -> Judge:
    """What is given of quotas that the plan has."""

    def judge(scope: str, period: Period) -> Judged | None:
        found = (standings or {}).get(scope, {}).get(period.id)
        asked = {quota.metric for quota in plan.quotas(scope, period)}
        return found and replace(found, quotas=[quota for quota in found.quotas if quota.metric in asked])

    return judge
