"""Every topic: its name, what it carries, and what of it may be forgotten."""

from streams.log import TopicSpec

WEEK_MS = 7 * 24 * 3600 * 1000

ACTIVITIES = TopicSpec("sales.activities.v1", "facts: fire-and-forget activities, keyed by performer", own_time=True)
MEETINGS = TopicSpec("sales.meetings.v1", "facts: changes of meetings, keyed by meeting", own_time=True)
DEALS = TopicSpec("sales.deals.v1", "facts: changes of deals, keyed by deal", own_time=True)
CONTROL = TopicSpec("quota.control.v1", "ticks, plan markers and live, in their one order", sharded=False)
PLAN = TopicSpec("quota.plan.v1", "every revision of the plan, the manifest last", sharded=False)
PROPOSALS = TopicSpec("quota.proposals.v1", "proposed quotas, and what was answered", sharded=False)
CREDITS = TopicSpec("quota.credits.v1", "cells: what facts add to a scope's day", retention_ms=WEEK_MS)
STANDINGS = TopicSpec(
    "quota.standings.v1", "standings; what rules look at, wins and the baseline", compact=True, lag_ms=WEEK_MS
)
ALERTS = TopicSpec("quota.alerts.v1", "every transition of every alert")
NOTIFICATIONS = TopicSpec("quota.notifications.v1", "messages, each in its recipient's shard", retention_ms=4 * WEEK_MS)
DEAD_LETTERS = TopicSpec("quota.dead-letters.v1", "what could not be used, with its bytes and the reason")

SOURCES = (ACTIVITIES, MEETINGS, DEALS)
ALL = (*SOURCES, CONTROL, PLAN, PROPOSALS, CREDITS, STANDINGS, ALERTS, NOTIFICATIONS, DEAD_LETTERS)
