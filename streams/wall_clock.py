"""The clock on the wall, alone in its file: whoever needs nothing else of what ticks loads nothing else."""

from datetime import UTC, datetime


def now() -> datetime:
    """The only place that reads the clock for ticks."""
    return datetime.now(UTC)
