"""Metric families of the Prometheus client as the text that Prometheus reads."""

import asyncio
from collections.abc import Iterable

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


async def exposition(families: Iterable[Metric]) -> bytes:
    """All families in the text format 0.0.4, others having their turn after each; one without samples is not in it."""
    written: list[bytes] = []
    for family in families:
        # When a counter was made is of no use here, and doubles its series.
        family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
        if family.samples:
            written.append(generate_latest(_One(family)))
            await asyncio.sleep(0)
    return b"".join(written)


class _One:
    """A single family, as a registry gives it."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)
