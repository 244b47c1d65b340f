"""Metric families as the text that Prometheus reads, made in slices between which others may run."""

import asyncio
from collections.abc import Iterable, Sequence

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SLICE = 500
"""Samples that are written at a stretch: a few milliseconds."""


async def exposition(families: Iterable[Metric]) -> bytes:
    """All families in the text format 0.0.4; a family without samples is not in it."""
    written: list[bytes] = []
    for family in families:
        # When a counter was made is of no use here, and doubles its series.
        samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
        for start in range(0, len(samples), SLICE):
            text = _text(family, samples[start : start + SLICE])
            written.append(text if start == 0 else text.split(b"\n", 2)[2])
            await asyncio.sleep(0)
    return b"".join(written)


def _text(family: Metric, samples: Sequence[Sample]) -> bytes:
    part = Metric(family.name, family.documentation, family.type)
    part.samples = [*samples]
    return generate_latest(_One(part))


class _One:
    """A single family, as a registry gives it."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)
