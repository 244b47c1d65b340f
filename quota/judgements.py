"""Where quotas stand at a tick, for the rules that ask."""

from collections.abc import Collection, Mapping
from datetime import datetime

from quota.periods import Period
from quota.plans import PlanIndex
from quota.standings import Assessments, judged
from schemas.standings import Attained, Judged

Key = tuple[str, str]
"""A scope and the id of a period."""


class Judgements:
    """Judges quotas by what their metrics have come to, as of one moment."""

    def __init__(
        self, attained: Mapping[Key, Attained], hushed: Collection[Key], plan: PlanIndex, at: datetime
    ) -> None:
        """Of what is not among the `attained`, nothing was. `hushed` is what quiet facts alone have changed now."""
        self._attained, self._hushed, self._plan = attained, hushed, plan
        self._assessments = Assessments(plan, at)

    def __call__(self, scope: str, period: Period) -> Judged | None:
        """The scope's quotas in a period; None if it has none."""
        if not self._plan.quotas(scope, period):
            return None
        key = scope, period.id
        found = self._attained.get(key)
        measures = {} if found is None else found.metrics
        return judged(scope, period, measures, self._assessments, quiet=key in self._hushed)
