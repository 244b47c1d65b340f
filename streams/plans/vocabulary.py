"""The metrics that a plan may name without declaring them, by the unit of their targets."""

COUNTS = frozenset(
    {
        "calls_placed",
        "calls_connected",
        "emails_sent",
        "chats",
        "linkedin_touches",
        "proposals_sent",
        "meetings_scheduled",
        "meetings_held",
        "no_shows",
        "leads_spoken_to",
        "opportunities_created",
        "opportunities_advanced",
        "deals_won",
        "deals_lost",
    }
)
MONEY = frozenset({"revenue", "gross_margin", "average_deal_value"})
RATIOS = frozenset({"win_rate"})
DAYS = frozenset({"cycle_days_median"})
METRICS = COUNTS | MONEY | RATIOS | DAYS
