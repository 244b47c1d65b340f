"""What can go wrong, by what to do about it.

QuotaError
 ├── InvalidRecord   the record is wrong: set it aside, do not retry
 └── Unavailable     the world is down: retry with back-off, then stop
Anything else is a bug.
"""

LONGEST_REASON = 1000
"""Characters of why a record cannot be used; what is wrong may be repeated in it, however long that is."""
_END = 250


class QuotaError(Exception):
    """Something went wrong that has a name."""


class InvalidRecord(QuotaError):
    """A record cannot be used; the message says what is wrong, where, and what to mend."""


class Unavailable(QuotaError):
    """Something outside did not answer; trying again later may help."""


def shortened(reason: str) -> str:
    """The reason, without its middle where it is too long to be read."""
    if len(reason) <= LONGEST_REASON:
        return reason
    return f"{reason[: LONGEST_REASON - _END - 3]} … {reason[-_END:]}"
