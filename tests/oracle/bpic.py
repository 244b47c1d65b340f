"""What the `bpic2012-work-items` log holds, by a direct count: calls and applications per employee and local day."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

METRICS = {
    "W_Nabellen offertes": "calls_placed",
    "W_Nabellen incomplete dossiers": "calls_placed",
    "W_Completeren aanvraag": "applications",
}
UNASSIGNED = "unassigned"


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of the gzipped CSV file."""
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def employee(resource: str) -> str:
    """`10912.0` is `rep:10912`; whatever is not a number (nothing, or the system, `SYS`) is nobody."""
    number = resource.removesuffix(".0")
    return f"rep:{number}" if number.isdigit() else UNASSIGNED


def counts(path: Path) -> Counter[tuple[str, str, str]]:
    """How often per (metric, employee, ISO day); an item belongs to the day on which it was completed.

    The log's times are wall clock in the bank's own zone, so the day is the date as written.
    """
    return Counter(
        (METRICS[row["Activity"]], employee(row["Resource"]), row["Complete Timestamp"][:10])
        for row in rows(path)
        if row["Activity"] in METRICS
    )


def totals(path: Path) -> Counter[str]:
    """How often per metric, whoever did it."""
    found: Counter[str] = Counter()
    for (metric, _, _), count in counts(path).items():
        found[metric] += count
    return found
