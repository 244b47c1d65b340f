"""How a team attained its quota: its own number, and how that is spread over its reps."""

from msgspec import Struct

from quota.families import reps_below
from quota.histories import Histories
from quota.periods import Period
from quota.realism import fairness
from quota.reconciliations import planned

LABELS = ("below 50 %", "50 to 80 %", "80 to 100 %", "100 to 120 %", "from 120 %")


class Attainment(Struct, frozen=True):
    """A scope's attainment A ÷ Q, and its reps' ΣA ÷ ΣQ; of `people` with a target `reached` have met it.

    `bands` count them by attainment, as LABELS says; amounts are minor units or counts, and None is undefined.
    """

    scope: str
    attained: int | None
    target: int | None
    people: int
    people_attained: int
    people_target: int
    reached: int
    bands: tuple[int, ...]

    @property
    def own(self) -> float | None:
        """A ÷ Q of the scope's own quota."""
        return None if self.attained is None or not self.target else self.attained / self.target

    @property
    def together(self) -> float | None:
        """ΣA ÷ ΣQ over the reps who have a target."""
        return self.people_attained / self.people_target if self.people_target else None

    @property
    def share(self) -> float | None:
        """The share of reps with a target who have met it."""
        return self.reached / self.people if self.people else None


def attainment(scope: str, metric: str, period: Period, history: Histories) -> Attainment:
    """Where the scope and its reps stand; a rep without a target, or whose number is undefined, is not among them."""
    plan = history.plan
    found: dict[str, tuple[int, int]] = {}
    for rep in reps_below(scope, period, plan):
        asked, came_to = planned(rep, metric, period, plan), history.value(rep, metric, period)
        if asked and asked > 0 and came_to is not None:
            found[rep] = came_to, asked
    spread = fairness({rep: came_to / asked for rep, (came_to, asked) in found.items()}, {})
    return Attainment(
        scope=scope,
        attained=history.value(scope, metric, period),
        target=planned(scope, metric, period, plan),
        people=len(found),
        people_attained=sum(came_to for came_to, _ in found.values()),
        people_target=sum(asked for _, asked in found.values()),
        reached=spread.reached,
        bands=spread.bands,
    )
