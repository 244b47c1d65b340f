"""How far one reader of a shard has come: the record that makes its memory reproducible."""

from msgspec import Struct

from schemas.control import Tick
from schemas.fields import Moment


class Mark(Struct, frozen=True):
    """Where an agent's shard stands, stored with every flush.

    `position` is the next offset to read. `tick` is the number of the last complete tick and `at` the last moment that
    one of them carried. `revision` is the plan in force. `passed` maps each sender to its last tick, `open` holds ticks
    heard of that are not complete, `revisions` maps each sender to `(epoch, revision)` of its markers. `live` tells the
    clock that time follows the clock.
    """

    topic: str
    position: int = 0
    revision: int = 0
    tick: int = -1
    at: Moment | None = None
    passed: dict[str, int] = {}
    open: list[Tick] = []
    revisions: dict[str, list[tuple[int, int]]] = {}
    live: bool = False
