"""Every proposed quota and what was answered."""

from typing import NamedTuple

from msgspec import MsgspecError, json

from quota.proposals import Case, cases
from schemas.proposals import Answer, Proposal
from streams import topics
from streams.log import Log, Spot

_decode = json.Decoder(Proposal | Answer).decode


class Proposals(NamedTuple):
    """All cases by number, and the offsets of records that are neither proposals nor answers."""

    cases: dict[int, Case]
    unread: list[int]


async def proposals(log: Log) -> Proposals:
    """What was proposed and answered; records that cannot be read are passed over, and named."""
    said: list[Proposal | Answer] = []
    unread: list[int] = []
    async for chunk in log.read(Spot(topics.PROPOSALS.name, 0)):
        for record in chunk:
            try:
                said.append(_decode(record.value or b""))
            except (MsgspecError, UnicodeDecodeError, RecursionError):
                unread.append(record.offset)
    return Proposals(cases(said), unread)
