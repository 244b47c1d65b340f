"""Every table: a compacted changelog topic, loaded when its shard is taken over, written by the flush alone."""

from streams.log import TopicSpec


def _table(name: str, about: str, *, sharded: bool = True) -> TopicSpec:
    return TopicSpec(f"quotaflow-{name}-changelog", about, sharded=sharded, compact=True)


ACTIVITIES = _table("activities", "what a performer did in a UTC day")
MEETINGS = _table("meetings", "all changes of a meeting")
DEALS = _table("deals", "all changes of a deal")
REP_QUOTAS = _table("rep-quotas", "the cells of reps, by sender and day")
TEAM_QUOTAS = _table("team-quotas", "the cells of teams and of the company, by sender and day")
ALERT_INPUTS = _table("alert-inputs", "what the rules look at, as of the open ticks")
ALERTS = _table("alerts", "the state of every alert")
OUTBOX = _table("outbox", "what became of every message")
MARKS = _table("marks", "how far each agent of a shard has come")
CLOCK_MARKS = _table("clock-marks", "how far the clock has come", sharded=False)

ALL = (ACTIVITIES, MEETINGS, DEALS, REP_QUOTAS, TEAM_QUOTAS, ALERT_INPUTS, ALERTS, OUTBOX, MARKS, CLOCK_MARKS)
