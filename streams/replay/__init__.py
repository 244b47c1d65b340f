"""Exports read into facts; appending them to a log is not done here."""

from streams.replay.formats import facts, formats, size
from streams.replay.lines import KEPT, MAX_LINE, AnyFact, Bad, Fact, Ignored, Line, Progress, ReplayError, fact
from streams.replay.mapping.spec import MappingError
from streams.replay.ndjson import parse
from streams.replay.ordering import in_time_order

__all__ = [
    "KEPT",
    "MAX_LINE",
    "AnyFact",
    "Bad",
    "Fact",
    "Ignored",
    "Line",
    "MappingError",
    "Progress",
    "ReplayError",
    "fact",
    "facts",
    "formats",
    "in_time_order",
    "parse",
    "size",
]
