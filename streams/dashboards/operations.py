"""The dashboard for whoever keeps QuotaFlow running."""

from streams.dashboards.layout import Dashboard, Row, Variable
from streams.dashboards.panels import Query, Steps, lines, stat

FINE: Steps = (("green", 0), ("red", 1))
BEHIND: Steps = (("green", 0), ("orange", 1000), ("red", 10_000))
BUSY: Steps = (("green", 0), ("orange", 0.7), ("red", 0.9))
SLOW: Steps = (("green", 0), ("orange", 1), ("red", 5))
WAITING: Steps = (("green", 0), ("orange", 10), ("red", 30))
CHOSEN = 'instance=~"$instance"'


def rate(name: str, by: str) -> str:
    """Per second, added up over workers."""
    return f"sum by ({by}) (rate(quotaflow_{name}{{{CHOSEN}}}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "") -> str:
    """The value that so large a share of all observations does not exceed, as the buckets tell it."""
    return f"histogram_quantile({share}, {rate(f'{name}_bucket', f'{by}, le' if by else 'le')})"


def both(name: str) -> list[Query]:
    """The middle and the slow end of a histogram."""
    return [Query(quantile(0.5, name), "p50"), Query(quantile(0.99, name), "p99")]


VARIABLES = (Variable("instance", "Worker", "label_values(quotaflow_shards_owned, instance)"),)
OVERVIEW = Row(
    "Now",
    [
        (
            4,
            [
                stat(
                    "Workers",
                    "That answer Prometheus.",
                    Query('sum(up{job="worker"})'),
                    "none",
                    (("red", 0), ("green", 1)),
                ),
                stat(
                    "Shards without an owner",
                    "Nobody reads what is in them; a rebalance takes a few seconds.",
                    Query("max(quotaflow_log_shards) - sum(quotaflow_shards_owned)"),
                    "none",
                    FINE,
                ),
                stat(
                    "Facts per second",
                    "That became durable.",
                    Query("sum(topic:quotaflow_facts_read:rate5m)"),
                    "cps",
                    graph=True,
                ),
                stat(
                    "Lag",
                    "Records after the last flush, over all topics.",
                    Query("sum(topic:quotaflow_lag_records:sum)"),
                    "short",
                    BEHIND,
                ),
                stat(
                    "Commit age",
                    "How long what was read waits for a flush, at most.",
                    Query("max(quotaflow_commit_age_seconds)"),
                    "s",
                    WAITING,
                ),
                stat(
                    "Dead letters",
                    "Set aside in the time shown.",
                    Query("sum(increase(quotaflow_dead_letters_total[$__range]))"),
                    "none",
                    FINE,
                ),
            ],
        ),
        (
            4,
            [
                stat(
                    "Last tick",
                    "The time that has come through to all alerts.",
                    Query("min(quotaflow_tick_timestamp_seconds) * 1000"),
                    "dateTimeAsIso",
                ),
                stat(
                    "Busiest worker",
                    "Share of its one core that its agents take.",
                    Query("max(sum by (instance) (agent:quotaflow_processing_seconds:rate5m))"),
                    "percentunit",
                    BUSY,
                ),
                stat(
                    "Flush, p99",
                    "99 of 100 flushes took no longer.",
                    Query("quotaflow:flush_seconds:p99_5m"),
                    "s",
                    SLOW,
                ),
                stat(
                    "Plan in force",
                    "The oldest revision under which a shard computes.",
                    Query("min(quotaflow_plan_revision)"),
                    "none",
                ),
                stat(
                    "Newest plan",
                    "The newest revision that was applied.",
                    Query("max(quotaflow_plan_newest_revision)"),
                    "none",
                ),
                stat(
                    "Up since",
                    "When the last worker was started.",
                    Query('max(process_start_time_seconds{job="worker"}) * 1000'),
                    "dateTimeFromNow",
                ),
            ],
        ),
    ],
)
THROUGHPUT = Row(
    "Throughput",
    [
        (
            8,
            [
                lines(
                    "Facts per second by topic",
                    "That became durable; a repeated fact is one more.",
                    [Query(rate("facts_read_total", "topic"), "{{topic}}")],
                    "cps",
                    stacked=True,
                ),
                lines(
                    "Records per second by agent",
                    "Handed to agents, ticks among them.",
                    [Query(rate("records_read_total", "agent"), "{{agent}}")],
                    "cps",
                ),
                lines(
                    "Batch size by agent",
                    "Records of a batch, on average: it grows while a worker catches up.",
                    [
                        Query(
                            f"{rate('batch_records_sum', 'agent')} / {rate('batch_records_count', 'agent')}",
                            "{{agent}}",
                        )
                    ],
                    "short",
                ),
            ],
        ),
        (
            8,
            [
                lines(
                    "Processing by agent",
                    "Seconds of work per second; a worker has one.",
                    [Query(rate("processing_seconds_sum", "agent"), "{{agent}}")],
                    "percentunit",
                    stacked=True,
                ),
                lines(
                    "Processing of a batch, p99",
                    "99 of 100 batches took no longer.",
                    [Query(quantile(0.99, "processing_seconds", "agent"), "{{agent}}")],
                    "s",
                ),
                lines(
                    "Lag by topic",
                    "Records after the last flush; on Kafka the markers of transactions are among them.",
                    [Query("topic:quotaflow_lag_records:sum", "{{topic}}")],
                    "short",
                ),
            ],
        ),
    ],
)
DURABILITY = Row(
    "Durability",
    [
        (
            8,
            [
                lines(
                    "Flush", "From gathering what is to be written until it is committed.", both("flush_seconds"), "s"
                ),
                lines("Records per flush", "What a flush writes.", both("flush_records"), "short"),
                lines(
                    "Commit age by shard",
                    "How long what was read has waited for a flush.",
                    [Query(f"max by (shard) (quotaflow_commit_age_seconds{{{CHOSEN}}})", "{{shard}}")],
                    "s",
                    WAITING,
                ),
            ],
        ),
        (
            8,
            [
                lines(
                    "Dead letters by topic",
                    "Set aside per minute.",
                    [Query("60 * " + rate("dead_letters_total", "topic"), "{{topic}}")],
                    "cpm",
                ),
                lines(
                    "Flushes that failed, and shards taken over",
                    "After a failed flush a shard is taken over again; a rebalance takes shards over too.",
                    [
                        Query(f"sum(increase(quotaflow_flushes_failed_total{{{CHOSEN}}}[$__rate_interval]))", "failed"),
                        Query(f"sum(increase(quotaflow_takeovers_total{{{CHOSEN}}}[$__rate_interval]))", "taken over"),
                    ],
                    "none",
                ),
                lines(
                    "Ticks per second",
                    "That came through to all alerts.",
                    [Query("max(rate(quotaflow_tick_number[$__rate_interval]))", "ticks")],
                    "cps",
                ),
            ],
        ),
    ],
)
MESSAGES = Row(
    "Messages",
    [
        (
            6,
            [
                lines(
                    "Messages that wait, and that failed for good",
                    "`quotaflow notifications --pending` and `--failed` say which, and why.",
                    [Query(f"sum by (state) (quotaflow_messages{{{CHOSEN}}})", "{{state}}")],
                    "none",
                ),
            ],
        )
    ],
)
PROCESSES = Row(
    "Processes",
    [
        (
            8,
            [
                lines("Memory", "Resident.", [Query("process_resident_memory_bytes", "{{job}} {{instance}}")], "bytes"),
                lines(
                    "CPU",
                    "Cores in use.",
                    [Query("rate(process_cpu_seconds_total[$__rate_interval])", "{{job}} {{instance}}")],
                    "percentunit",
                ),
                lines(
                    "Open files",
                    "File descriptors, connections among them.",
                    [Query("process_open_fds", "{{job}} {{instance}}")],
                    "none",
                ),
            ],
        )
    ],
)
OPERATIONS = Dashboard(
    uid="quotaflow-operations",
    title="QuotaFlow: operations",
    about="Whether the workers keep up, and what they could not use.",
    variables=VARIABLES,
    rows=(OVERVIEW, THROUGHPUT, DURABILITY, MESSAGES, PROCESSES),
    since="now-3h",
)
