"""What senders said under a key, by the tick they had passed: a tick sees the last version said before it."""

from collections import deque
from collections.abc import Iterator, MutableMapping, Sequence
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
        self.versions: MutableMapping[str, list[Version[T]]] = {}
        self.changed: set[str] = set()
        self.coming: dict[int, set[str]] = {}
        """Epoch → keys with a version of it that the last complete tick did not see."""

    def load(self, key: str, versions: list[Version[T]]) -> None:
        """Takes back a key's versions."""
        self.versions[key] = versions

    def install(self, tick: int) -> None:
        """Finds out which keys have versions that the last complete tick did not see."""
        deque(self.installing(tick), maxlen=0)

    def installing(self, tick: int) -> Iterator[tuple[str, list[Version[T]]]]:
        """Finds that out key by key, and gives every key with its versions."""
        self.coming = {}
        for key, versions in self.versions.items():
            # The last version is the latest one.
            if versions[-1].epoch >= tick:
                for version in versions:
                    if version.epoch >= tick:
                        self.coming.setdefault(version.epoch, set()).add(key)
            yield key, versions

    def say(self, key: str, epoch: int, value: T) -> None:
        """Notes a value beside what was said before ticks that are still open."""
        version = Version(epoch, value)
        versions = self.versions.get(key)
        if versions is None:
            self.versions[key] = [version]
        elif versions[-1].epoch == epoch:
            versions[-1] = version
        else:
            versions.append(version)
        coming = self.coming.get(epoch)
        if coming is None:
            coming = self.coming[epoch] = set()
        coming.add(key)
        self.changed.add(key)

    def seen(self, key: str, tick: int) -> T | None:
        """What this tick sees under the key: the last value said before it."""
        return seen(self.versions.get(key, ()), tick)

    def come(self, last: int, tick: int) -> list[tuple[str, T | None, T | None]]:
        """(key, before, now) of every key of which `tick` may see another version than `last`; older ones go."""
        epochs = [epoch for epoch in self.coming if epoch < tick]
        keys = set[str]().union(*(self.coming.pop(epoch) for epoch in epochs))
        found = ((key, self.versions.get(key)) for key in sorted(keys))
        return [self._come(key, versions, last, tick) for key, versions in found if versions is not None]

    def _come(self, key: str, versions: list[Version[T]], last: int, tick: int) -> tuple[str, T | None, T | None]:
        before, now = _before(versions, last), _before(versions, tick)
        found = key, versions[before].value if before >= 0 else None, versions[now].value
        if now > 0:
            del versions[:now]
            self.changed.add(key)
        return found

    def drop(self, key: str) -> None:
        """Forgets a key altogether."""
        self.versions.pop(key, None)
        self.changed.add(key)


def seen(versions: Sequence[Version[T]], tick: int) -> T | None:
    """What this tick sees of the versions of one key."""
    place = _before(versions, tick)
    return versions[place].value if place >= 0 else None


def _before(versions: Sequence[Version[T]], tick: int) -> int:
    """The place of the last version said before the tick; -1 if there is none."""
    place = len(versions) - 1
    while place >= 0 and versions[place].epoch >= tick:
        place -= 1
    return place
