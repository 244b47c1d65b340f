"""The dashboard for whoever sells or leads people who do."""

from quota.pace import AT_RISK, ON_TRACK
from streams.dashboards.layout import Dashboard, Row, Variable
from streams.dashboards.panels import Column, Query, Steps, bars, lines, stat, table

REACHED: Steps = (("red", 0), ("orange", AT_RISK), ("green", ON_TRACK))
"""As a standing's status has it: behind, at risk, on track."""
ALARM: Steps = (("green", 0), ("orange", 1))
PLACE = 'metric=~"$metric", kind=~"$period"'
CHOSEN_SCOPES = 'level=~"$level", scope=~"$scope"'
CHOSEN = f"{CHOSEN_SCOPES}, {PLACE}"
COMPANY = f'scope="company", {PLACE}'
REVENUE_OF_ALL = 'metric="revenue", kind=~"$period"'
REVENUE = f'scope="company", {REVENUE_OF_ALL}'
UNIT = "What the metric is measured in: units of currency for money, else a number."


def shown(name: str, labels: str) -> str:
    """The series of a family, whichever worker shows them."""
    return f"max without (instance, job) (quotaflow_{name}{{{labels}}})"


def by_name(name: str, labels: str) -> str:
    """One series for each scope, the highest first."""
    return f"sort_desc(max by (scope, name) (quotaflow_{name}{{{labels}}}))"


def by_stage(name: str) -> Query:
    """What the company has open, by stage."""
    return Query(f'max by (stage) (quotaflow_{name}{{scope="company"}})', "{{stage}}")


def open_of(name: str) -> str:
    """What the chosen scopes have open, over all stages."""
    return f"sort_desc(sum by (scope, name) ({shown(name, CHOSEN_SCOPES)}))"


VARIABLES = (
    Variable("level", "Level", 'label_values(quotaflow_quota_target{scope!="company"}, level)', "team"),
    Variable("period", "Period", "label_values(quotaflow_quota_target, kind)", "month"),
    Variable("metric", "Metric", 'label_values(quotaflow_quota_target{kind=~"$period"}, metric)', "revenue"),
    Variable("scope", "Who", 'label_values(quotaflow_metric_value{level=~"$level"}, scope)'),
)
COMPANY_ROW = Row(
    "Company",
    [
        (
            4,
            [
                stat(
                    "Attainment",
                    "Attained / target.",
                    Query(shown("quota_attainment_ratio", COMPANY)),
                    "percentunit",
                    REACHED,
                ),
                stat(
                    "Pace",
                    "Attained / expected by now.",
                    Query(shown("quota_pace_ratio", COMPANY)),
                    "percentunit",
                    REACHED,
                ),
                stat("Gap", f"What is missing of the target. {UNIT}", Query(shown("quota_gap", COMPANY)), "short"),
                stat(
                    "Early-stage deals",
                    "Open deals in stages that the plan calls early.",
                    Query(shown("pipeline_early_stage_deals", 'scope="company"')),
                    "none",
                ),
                stat(
                    "Alerts firing",
                    "Over all rules and scopes.",
                    Query("sum(quotaflow_rule_alerts_firing)"),
                    "none",
                    ALARM,
                ),
                stat(
                    "As of",
                    "The latest moment as of which anything stands.",
                    Query("max(quotaflow_standings_timestamp_seconds) * 1000"),
                    "dateTimeAsIso",
                ),
            ],
        )
    ],
)
QUOTA_ROW = Row(
    "Quotas",
    [
        (
            9,
            [
                bars(
                    "Attainment",
                    "Attained / target.",
                    Query(by_name("quota_attainment_ratio", CHOSEN), "{{name}}"),
                    "percentunit",
                    REACHED,
                    1,
                ),
                bars(
                    "Pace",
                    "Attained / expected by now: above 100 % whoever goes on like this reaches the target.",
                    Query(by_name("quota_pace_ratio", CHOSEN), "{{name}}"),
                    "percentunit",
                    REACHED,
                    1.5,
                ),
            ],
        ),
        (
            9,
            [
                table(
                    "Where everybody stands",
                    f"The quotas of the chosen period. {UNIT}",
                    [("name", "Who"), ("metric", "Metric"), ("period", "Period"), ("unit", "Unit")],
                    [
                        Column(
                            title, f"max by (name, metric, period, unit) (quotaflow_{name}{{{CHOSEN}}})", unit, steps
                        )
                        for title, name, unit, steps in (
                            ("Attained", "quota_attained", "short", ()),
                            ("Target", "quota_target", "short", ()),
                            ("Expected", "quota_expected", "short", ()),
                            ("Gap", "quota_gap", "short", ()),
                            ("Per day", "quota_required_per_day", "short", ()),
                            ("Attainment", "quota_attainment_ratio", "percentunit", REACHED),
                            ("Pace", "quota_pace_ratio", "percentunit", REACHED),
                        )
                    ],
                )
            ],
        ),
        (
            8,
            [
                lines(
                    "Attainment over time",
                    "Attained / target.",
                    [Query(shown("quota_attainment_ratio", CHOSEN), "{{name}} {{period}}")],
                    "percentunit",
                ),
                lines(
                    "Gap over time",
                    f"What is missing of the target; 0 once it is reached. {UNIT}",
                    [Query(shown("quota_gap", CHOSEN), "{{name}} {{period}}")],
                    "short",
                ),
            ],
        ),
    ],
)
REVENUE_ROW = Row(
    "Revenue",
    [
        (
            8,
            [
                lines(
                    "Revenue and target of the company",
                    "Credited in the period so far, what working time so far would lead one to expect, and the target.",
                    [
                        Query(shown("metric_value", REVENUE), "revenue {{period}}"),
                        Query(shown("quota_expected", REVENUE), "expected {{period}}"),
                        Query(shown("quota_target", REVENUE), "target {{period}}"),
                    ],
                    "short",
                ),
                bars(
                    "Revenue",
                    "Credited in the chosen period so far, in units of currency.",
                    Query(by_name("metric_value", f"{CHOSEN_SCOPES}, {REVENUE_OF_ALL}"), "{{name}}"),
                    "short",
                ),
            ],
        )
    ],
)
PIPELINE_ROW = Row(
    "Pipeline",
    [
        (
            8,
            [
                bars("Open deals by stage", "Of the whole company.", by_stage("pipeline_deals"), "none"),
                bars(
                    "Open amount by stage",
                    "Of the whole company, in units of currency.",
                    by_stage("pipeline_amount"),
                    "short",
                ),
                bars(
                    "Weighted amount by stage",
                    "Open amount times the stage's probability, in units of currency.",
                    by_stage("pipeline_weighted_amount"),
                    "short",
                ),
            ],
        ),
        (
            9,
            [
                bars(
                    "Open amount",
                    "Over all stages, in units of currency.",
                    Query(open_of("pipeline_amount"), "{{name}}"),
                    "short",
                ),
                bars(
                    "Early-stage deals",
                    "Open deals in stages that the plan calls early: what later periods will live on.",
                    Query(by_name("pipeline_early_stage_deals", CHOSEN_SCOPES), "{{name}}"),
                    "none",
                ),
                lines(
                    "Open amount by stage over time",
                    "Of the whole company, in units of currency.",
                    [by_stage("pipeline_amount")],
                    "short",
                    stacked=True,
                ),
            ],
        ),
    ],
)
ALERT_ROW = Row(
    "Alerts",
    [
        (
            9,
            [
                table(
                    "Alerts that fire",
                    "What each is about, and why, says `quotaflow alerts`.",
                    [("rule", "Rule"), ("name", "Who"), ("period", "Period")],
                    [Column("Alerts", "max by (rule, name, period) (quotaflow_alerts_firing)", "none")],
                ),
                lines(
                    "Alerts firing by rule",
                    "Over all scopes.",
                    [Query("sum by (rule) (quotaflow_rule_alerts_firing)", "{{rule}}")],
                    "none",
                    stacked=True,
                ),
            ],
        )
    ],
)
SALES = Dashboard(
    uid="quotaflow-sales",
    title="QuotaFlow: sales",
    about="Who makes the quota, what is open, and what is wrong, in the periods under way.",
    variables=VARIABLES,
    rows=(COMPANY_ROW, QUOTA_ROW, REVENUE_ROW, PIPELINE_ROW, ALERT_ROW),
    since="now-7d",
)
