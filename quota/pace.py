"""Attainment and pace: where a number stands against its target, by the working time that has passed."""

import math
from datetime import datetime
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field

from quota.calendars import WorkCalendar
from quota.periods import Period

Status = Literal["met", "missed", "too_early", "on_track", "at_risk", "behind", "no_target", "no_data"]

TOO_EARLY, ON_TRACK, AT_RISK, EVIDENCE = 0.10, 0.95, 0.80, 0.05


class Progress(Struct, frozen=True):
    """How far a period has come at a moment, in working time.

    `elapsed` is the exact share of working seconds, `days_left` is in full working days to four digits, and a period
    without any working time is not `working`.
    """

    as_of: datetime
    closed: bool
    elapsed: float
    days_left: float
    working: bool


class Goal(Struct, frozen=True):
    """A target to be reached: `prorated` ones are expected bit by bit, `discrete` ones count single events.

    `due` is the share of a prorated target that is expected by now; None where it is that of the working time.
    """

    target: float
    lower_is_better: bool = False
    prorated: bool = True
    discrete: bool = False
    due: float | None = None


class Pace(Struct, frozen=True):
    """What a goal and an attained value come to; undefined numbers are None and `reasons` says why."""

    status: Status
    attainment: float | None = None
    expected: float | None = None
    pace: float | None = None
    gap: float | None = None
    per_day: float | None = None
    reasons: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=8192)
def progress(calendar: WorkCalendar, period: Period, at: datetime) -> Progress:
    """How far the period has come at the moment; a closed one is as of its end."""
    end = calendar.start_of(period.end)
    total = _total(calendar, period)
    if at.timestamp() >= end.timestamp():
        return Progress(end, closed=True, elapsed=1.0, days_left=0.0, working=total > 0)
    passed = calendar.working_seconds(calendar.start_of(period.start), at)
    left = round((total - passed) / calendar.day_seconds, 4)
    elapsed = passed / total if total else 0.0
    return Progress(at.astimezone(calendar.zone), closed=False, elapsed=elapsed, days_left=left, working=total > 0)


def assess(goal: Goal, attained: float | None, so_far: Progress) -> Pace:
    """The standing of an attained value (None: undefined) against a goal."""
    if goal.target <= 0:
        return _without(goal, attained, "no_target", "no_target")
    if attained is None:
        return _without(goal, attained, "no_data", "no_data")
    if not so_far.working:
        return _without(goal, attained, "no_target", "no_working_time")
    if not goal.prorated or goal.lower_is_better:
        return _whole(goal, attained, so_far)
    return _by_time(goal, attained, so_far)


@lru_cache(maxsize=8192)
def unlikely(attained: int, expected: float) -> bool:
    """Whether a count this low is evidence of being behind: P(X ≤ attained) < 0.05 for a Poisson X of that mean."""
    if expected <= 0:
        return False
    logs = (number * math.log(expected) - expected - math.lgamma(number + 1) for number in range(attained + 1))
    return math.fsum(math.exp(log) for log in logs) < EVIDENCE


@lru_cache(maxsize=65536)
def _total(calendar: WorkCalendar, period: Period) -> float:
    return calendar.working_seconds(calendar.start_of(period.start), calendar.start_of(period.end))


def share(goal: Goal, attained: float | None) -> float | None:
    """Attained ÷ target, or target ÷ attained where lower is better; None where that is undefined."""
    if attained is None or goal.target <= 0:
        return None
    if goal.lower_is_better:
        return goal.target / attained if attained > 0 else None
    return attained / goal.target


def _without(goal: Goal, attained: float | None, status: Status, reason: str) -> Pace:
    gap = None if attained is None else _gap(goal, attained)
    missing = ["attainment", "expected", "pace", "required_per_day"]
    reasons = dict.fromkeys([*missing, "gap"] if gap is None else missing, reason)
    return Pace(status, gap=gap, reasons=reasons)


def _whole(goal: Goal, attained: float, so_far: Progress) -> Pace:
    """A goal that holds in full from the first day: ratios, stocks, and limits not to be exceeded."""
    reasons = {"required_per_day": "not_prorated"}
    gap = _gap(goal, attained)
    if goal.lower_is_better and attained <= 0:
        reasons |= dict.fromkeys(("attainment", "pace"), "met_at_zero")
        return Pace("met", expected=goal.target, gap=gap, reasons=reasons)
    attainment = goal.target / attained if goal.lower_is_better else attained / goal.target
    status = _status(attainment, so_far, met=gap <= 0, evidence=True)
    return Pace(status, attainment, goal.target, attainment, gap, reasons=reasons)


def _by_time(goal: Goal, attained: float, so_far: Progress) -> Pace:
    reasons: dict[str, str] = {}
    gap = _gap(goal, attained)
    expected = goal.target * (so_far.elapsed if goal.due is None else goal.due)
    pace = attained / expected if expected else None
    if pace is None:
        reasons["pace"] = "nothing_expected" if so_far.elapsed else "nothing_elapsed"
    per_day = max(0.0, gap) / so_far.days_left if so_far.days_left > 0 else None
    if per_day is None:
        reasons["required_per_day"] = "no_working_time_left"
    met = gap <= 0
    low = not met and pace is not None and pace < AT_RISK
    evidence = low and (not goal.discrete or expected >= 100 or unlikely(int(attained), expected))
    status = _status(pace, so_far, met=met, evidence=evidence)
    return Pace(status, attained / goal.target, expected, pace, gap, per_day, reasons)


def _gap(goal: Goal, attained: float) -> float:
    return attained - goal.target if goal.lower_is_better else goal.target - attained


def _status(pace: float | None, so_far: Progress, *, met: bool, evidence: bool) -> Status:
    if met:
        return "met"
    if so_far.days_left <= 0:
        return "missed"
    if pace is None or so_far.elapsed < TOO_EARLY:
        return "too_early"
    if pace >= ON_TRACK:
        return "on_track"
    return "behind" if pace < AT_RISK and evidence else "at_risk"
