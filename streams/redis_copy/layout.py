"""The keys of the copy in Redis, and what its head says about how complete it is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from streams.config import MOST_SHARDS

VERSION = 2
"""Of what the keys hold; a copy of another version is begun anew."""
HEAD = "quotaflow:copy"
"""A hash: which log it is a copy of, its plan's revision, how far each partition has come, and how long each other key
is."""
PLAN = "quotaflow:plan"
"""The newest plan, as JSON."""
STANDINGS = "quotaflow:standings"
"""A hash: `scope|period` → the last standing, as it stands in the log."""
ALERTS = "quotaflow:alerts"
"""A hash: fingerprint → the last transition of the alert, as it stands in the log."""
KEYS = (HEAD, PLAN, STANDINGS, ALERTS)
"""All of them, in the order in which scripts take them."""
LOG, SHARDS, REVISION, FLOOR = "log", "shards", "revision", "floor"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Progress(NamedTuple):
    """How far a partition was copied: under which edition, up to which offset, and from which on it is complete.

    `seen` is the highest offset up to which anybody has copied it, under whatever edition.
    """

    edition: int
    position: int
    goal: int
    seen: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The progress that a field of the head holds."""
        return cls(*map(int, text.split(":")))

    def __str__(self) -> str:
        return f"{self.edition}:{self.position}:{self.goal}:{self.seen}"

    @property
    def complete(self) -> bool:
        """Whether everything that stood when the copy was begun is in it."""
        return self.position >= self.goal


class Head(NamedTuple):
    """The head of a copy, as text by field."""

    fields: Mapping[str, str]

    @classmethod
    def of(cls, found: Sequence[bytes] | None) -> Self | None:
        """The head of which Redis gives fields and values; None for one that cannot be read."""
        if found is None:
            return None
        try:
            texts = [each.decode() for each in found]
            head = cls(dict(zip(texts[::2], texts[1::2], strict=True)))
            # Each of these reads what it tells of.
            _ = head.revision, head.as_of, head.complete
        except (ValueError, TypeError, OverflowError):
            return None
        return head

    @property
    def log(self) -> str:
        """The id of the log that it is a copy of; empty where there is no copy."""
        return self.fields.get(LOG, "")

    @property
    def shards(self) -> int:
        """How many shards the log has, 0 where there is no copy; raises ValueError."""
        shards = int(self.fields.get(SHARDS, "0"))
        if not 0 <= shards <= MOST_SHARDS:
            raise ValueError("no log has so many shards")
        return shards

    @property
    def revision(self) -> int:
        """The revision of the plan in it, 0 for none."""
        return int(self.fields.get(REVISION, "0"))

    @property
    def floor(self) -> str:
        """Ended alerts that compare below are not kept."""
        return self.fields.get(FLOOR, "")

    @property
    def as_of(self) -> datetime | None:
        """The highest moment that any standing knows."""
        texts = [value for name, value in self.fields.items() if name.startswith("as_of:")]
        return _EPOCH + timedelta(microseconds=int(max(texts))) if texts else None

    @property
    def complete(self) -> bool:
        """Whether every partition was copied."""
        wanted = [field for shard in range(self.shards) for field in fields(shard)]
        found = [progress for field in wanted if (progress := self.progress(field)) is not None and progress.complete]
        return bool(wanted) and len(found) == len(wanted)

    def progress(self, field: str) -> Progress | None:
        """How far the partition of a field has come, None where nothing of it was copied."""
        text = self.fields.get(field)
        return None if text is None else Progress.parse(text)


def fields(shard: int) -> tuple[str, str]:
    """The fields of the head that tell how far a shard's standings and alerts have come."""
    return f"standings:{shard}", f"alerts:{shard}"


def moment(at: datetime | None) -> str:
    """A moment as text that compares as moments do: microseconds since 1970."""
    return "" if at is None else f"{(at - _EPOCH) // timedelta(microseconds=1):020d}"
