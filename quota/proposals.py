"""What became of proposed quotas: commented on, accepted or contested by those whom they concern."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from msgspec import Struct

from quota.errors import InvalidRecord
from quota.periods import period_of
from quota.plans import PlanIndex
from quota.reconciliations import is_lower
from schemas.plan import Quota
from schemas.proposals import Answer, AnswerKind, Proposal

State = Literal["proposed", "accepted", "contested", "withdrawn"]
_STATES: dict[AnswerKind, State] = {"accept": "accepted", "contest": "contested", "withdraw": "withdrawn"}


class Case(Struct, frozen=True):
    """A proposal and all answers to it; the last that decides anything says what state it is in."""

    proposal: Proposal
    answers: tuple[Answer, ...] = ()

    @property
    def state(self) -> State:
        """What it has come to."""
        decided = [answer.kind for answer in self.answers if answer.kind != "comment"]
        return _STATES[decided[-1]] if decided else "proposed"

    def due(self, day: date) -> bool:
        """Whether it should have been agreed on by a day: its review has come, and nobody accepted or withdrew it."""
        return self.state in ("proposed", "contested") and self.proposal.review <= day.isoformat()


def cases(said: Iterable[Proposal | Answer]) -> dict[int, Case]:
    """Every proposal with its answers, by number, from all that was said in its order; a number counts once."""
    found: dict[int, Case] = {}
    for each in said:
        if isinstance(each, Proposal):
            found.setdefault(each.number, Case(each))
        elif each.number in found:
            case = found[each.number]
            found[each.number] = Case(case.proposal, (*case.answers, each))
    return found


def answered(case: Case, answer: Answer, plan: PlanIndex) -> Case:
    """The case with one answer more; InvalidRecord for one that is not this person's to give, or comes too late."""
    name, who = case.proposal.number, _key(answer.by)
    if case.state == "withdrawn":
        raise InvalidRecord(f"proposal {name} was withdrawn; make a new one")
    author = who == _key(case.proposal.by)
    if answer.kind == "withdraw" and not author:
        raise InvalidRecord(f"proposal {name} can be withdrawn by {case.proposal.by} alone; contest it instead")
    if answer.kind in ("accept", "contest"):
        if author:
            raise InvalidRecord(f"{answer.by} made proposal {name}; it is accepted or contested by those it concerns")
        concerned = parties(case.proposal, plan)
        if who not in {_key(each) for each in concerned}:
            raise InvalidRecord(f"proposal {name} does not concern {answer.by}, but {', '.join(concerned) or 'nobody'}")
    if answer.kind in ("comment", "contest") and not answer.text.strip():
        raise InvalidRecord("say what you think; without a text nobody can answer it")
    return Case(case.proposal, (*case.answers, answer))


def parties(proposal: Proposal, plan: PlanIndex) -> tuple[str, ...]:
    """Who may accept or contest, by name: the rep and the managers of all teams above, for the company those of all."""
    kind, _, name = proposal.scope.partition(":")
    teams = {f"team:{team.id}": team.managers for team in plan.plan.teams}
    line = [*teams] if proposal.scope == "company" else plan.line(proposal.scope, proposal.start)
    own = [rep.name for rep in plan.plan.reps if kind == "rep" and rep.id == name]
    return (*dict.fromkeys([*own, *(manager for scope in line for manager in teams.get(scope, ()))]),)


def _key(name: str) -> str:
    """A name as it is compared: without regard to capitals and blanks."""
    return " ".join(name.split()).casefold()


def quota(case: Case, plan: PlanIndex) -> Quota:
    """The quota as the plan would hold it: who set it and why are part of it, and less is better where it is now."""
    said = case.proposal
    period = period_of(said.period, date.fromisoformat(said.start), plan.calendar(said.scope))
    lower = said.metric in plan.metrics and is_lower(said.scope, said.metric, period, plan)
    return Quota(
        id=f"proposal-{said.number}",
        scope=said.scope,
        metric=said.metric,
        period=said.period,
        target=said.target,
        currency=said.currency,
        direction="lower" if lower else "higher",
        start=said.start,
        end=said.end,
        set_by=said.by,
        reason=said.reason or None,
    )
