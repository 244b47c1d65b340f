"""What can go wrong, by what to do about it.

QuotaError
 ├── InvalidRecord   the record is wrong: set it aside, do not retry
 └── Unavailable     the world is down: retry with back-off, then stop
Anything else is a bug.
"""


class QuotaError(Exception):
    """Something went wrong that has a name."""


class InvalidRecord(QuotaError):
    """A record cannot be used; the message says what is wrong, where, and what to mend."""


class Unavailable(QuotaError):
    """Something outside did not answer; trying again later may help."""
