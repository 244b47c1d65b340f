"""Every proposed quota and what was answered."""

from msgspec import json

from quota.proposals import Case, cases
from schemas.proposals import Answer, Proposal
from streams import topics
from streams.log import Log, Spot

_decode = json.Decoder(Proposal | Answer).decode


async def proposals(log: Log) -> dict[int, Case]:
    """All cases by number."""
    spot = Spot(topics.PROPOSALS.name, 0)
    said = [_decode(record.value) async for chunk in log.read(spot) for record in chunk if record.value]
    return cases(said)
