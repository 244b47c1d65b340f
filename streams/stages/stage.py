"""What the hop asks of an agent's arithmetic in one shard, and the place in which it stands."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from quota.plans import PlanIndex
from schemas.control import Tick
from streams.batches import Fetched
from streams.log import Outgoing
from streams.stages.frozen import Derived, Stored

T = TypeVar("T")


class Place(NamedTuple):
    """Which agent in which shard, and where keys belong: `shard_of` gives the shard of a scope or of a source's key."""

    agent: str
    shard: int
    shards: int
    shard_of: Callable[[str], int]

    @property
    def sender(self) -> str:
        """The name under which this agent's shard speaks."""
        return f"{self.agent}/{self.shard}"


class Moment(NamedTuple):
    """A complete tick: `at` is the last moment that time has come to, `before` the one before it.

    `evaluates` is false when the tick carried no moment above the last: it is passed on, rules are not evaluated.
    """

    tick: Tick
    at: datetime | None
    before: datetime | None
    evaluates: bool


class Stage(Protocol):
    """The arithmetic of one agent in one shard: records in, what is owed out; it never looks at a clock."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    def decode(self, value: bytes) -> object:
        """The typed content of a record; raises msgspec.DecodeError for one that is unusable."""
        ...

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back a table record when the shard is taken over."""
        ...

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Recomputes all that is derived, as of the last complete tick and under the plan of the mark."""
        ...

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes a record; `epoch` is the last tick that its sender had passed."""
        ...

    def sender_of(self, said: object) -> str:
        """Which upstream partition said it."""
        ...

    def owed(self) -> Iterable[Outgoing]:
        """Everything that its records imply and that was not said: called at each flush."""
        ...

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """Everything to be said before this tick."""
        ...

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """From here on this plan is in force: says what differs."""
        ...

    def stored(self) -> list[Outgoing]:
        """The table records that changed since the last call, encoded."""
        ...


class Shelves(Protocol):
    """Where records stand that are not kept in memory; what changes there becomes durable with the flush."""

    def records(
        self, tables: Sequence[str], decode: Callable[[bytes], T], table_of: Callable[[str], str]
    ) -> MutableMapping[str, T]:
        """The records of some tables by key; `table_of` tells to which table a key belongs."""
        ...

    def raw(self, table: str, chapter: Callable[[str], str]) -> MutableMapping[str, bytes]:
        """The records of a table by key, as the bytes that are stored; those of a chapter change at about one time."""
        ...

    def index(self, agent: str, name: str, kind: type[T]) -> MutableMapping[str, T] | None:
        """A piece that the agent derives from records alone, None where it has to derive it first.

        What is changed in it becomes durable with the records that are stored next.
        """
        ...


@runtime_checkable
class Large(Protocol):
    """A stage of so many records that they may have to stay on disk, and that others have to get a word in between."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    def installing(self, plan: PlanIndex | None, tick: int) -> Iterator[None]:
        """Does what `install` does, in small steps."""
        ...

    def lodge(self, shelves: Shelves) -> None:
        """Has its records there from now on, instead of loading them."""
        ...

    def derived(self) -> Derived:
        """All that `install` has recomputed, as of a flush that left nothing unsaid."""
        ...

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Does what `install` does with what was derived from the same records under this plan and as of this tick."""
        ...
