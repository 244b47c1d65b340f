"""What could not be used, kept with its bytes and the reason."""

from msgspec import Struct

from schemas.fields import Moment


class DeadLetter(Struct, frozen=True, tag="dead_letter", omit_defaults=True):
    """An unusable record: its origin is its identity, its bytes are bounded, and the reason says what to mend.

    `id` is `topic/partition/offset` of the record, or `file:line` of a replayed line. `truncated` counts
    the bytes cut off.
    """

    id: str
    topic: str
    reason: str
    raw: bytes
    key: bytes | None = None
    partition: int = -1
    offset: int = -1
    truncated: int = 0
    received_at: Moment | None = None
    traceback: str | None = None
