"""What senders said under a key, by the tick they had passed: a tick sees the last version said before it."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Version(NamedTuple, Generic[T]):
    """A value said after its sender had passed the tick `epoch`."""

    epoch: int
    value: T


class Held(Generic[T]):
    """The versions of every key of one shard, which of them are still to come, and which table records changed."""

    def __init__(self) -> None:
        """Nothing was said."""
        self.versions: dict[str, list[Version[T]]] = {}
        self.waiting: set[str] = set()
        self.changed: set[str] = set()

    def load(self, key: str, versions: list[Version[T]]) -> None:
        """Takes back a key's versions."""
        self.versions[key] = versions

    def install(self, tick: int) -> None:
        """Finds out which keys have versions that the last complete tick did not see."""
        self.waiting = {key for key, versions in self.versions.items() if versions[-1].epoch >= tick}

    def say(self, key: str, epoch: int, value: T) -> None:
        """Notes a value beside what was said before ticks that are still open."""
        versions = self.versions.setdefault(key, [])
        if versions and versions[-1].epoch == epoch:
            versions.pop()
        versions.append(Version(epoch, value))
        self.waiting.add(key)
        self.changed.add(key)

    def seen(self, key: str, tick: int) -> T | None:
        """What this tick sees under the key: the last value said before it."""
        return next((v.value for v in reversed(self.versions.get(key, ())) if v.epoch < tick), None)

    def come(self, last: int, tick: int) -> list[tuple[str, T | None, T | None]]:
        """(key, before, now) of every key of which `tick` may see another version than `last`; older ones go."""
        found, still = [], set()
        for key in sorted(self.waiting):
            versions = self.versions[key]
            found.append((key, self.seen(key, last), self.seen(key, tick)))
            self.versions[key] = self._kept(versions, tick)
            self.changed.add(key)
            if versions[-1].epoch >= tick:
                still.add(key)
        self.waiting = still
        return found

    def _kept(self, versions: list[Version[T]], tick: int) -> list[Version[T]]:
        older = [v for v in versions if v.epoch < tick]
        return older[-1:] + [v for v in versions if v.epoch >= tick]

    def drop(self, key: str) -> None:
        """Forgets a key altogether."""
        self.versions.pop(key, None)
        self.changed.add(key)
