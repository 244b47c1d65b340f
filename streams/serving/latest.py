"""What a partition last said under each key, and which alerts are worth keeping after they ended."""

from collections.abc import Iterator
from heapq import heappush, heappushpop
from typing import NamedTuple

from msgspec import Struct, json

from schemas.alerts import Transition

KEPT_ALERTS = 1000
"""Ends of alerts that are remembered: an alert that ended before the last so many ends is not kept."""


class Said(NamedTuple):
    """The last record of a key."""

    offset: int
    key: str
    value: bytes


class Latest:
    """The last record of every key of a partition, in the order of the log."""

    def __init__(self) -> None:
        """Holds nothing yet.

        `position` is the offset after the last record that was noted, `forgotten` the one after the last of all that
        were dropped.
        """
        self._said: dict[str, Said] = {}
        self.position = self.forgotten = 0

    def note(self, said: Said) -> None:
        """Takes a record that comes after all before."""
        self._said.pop(said.key, None)
        self._said[said.key] = said
        self.position = said.offset + 1

    def drop(self, key: str) -> None:
        """Forgets a key."""
        said = self._said.pop(key, None)
        if said is not None:
            self.forgotten = max(self.forgotten, said.offset + 1)

    def get(self, key: str) -> bytes | None:
        """The key's last value, or None."""
        found = self._said.get(key)
        return None if found is None else found.value

    def __contains__(self, key: str) -> bool:
        return key in self._said

    def since(self, offset: int) -> list[Said]:
        """The last records of keys that were said at this offset or after it, in order."""
        found = []
        for said in reversed(self._said.values()):
            if said.offset < offset:
                break
            found.append(said)
        return found[::-1]

    def __len__(self) -> int:
        return len(self._said)

    def __iter__(self) -> Iterator[Said]:
        return iter(self._said.values())


class Glance(Struct, frozen=True, tag="transition"):
    """Of a transition what decides how long it is kept."""

    fingerprint: str
    number: int
    tick: int
    transition: str

    @property
    def firing(self) -> bool:
        """Whether the alert fires after it."""
        return self.transition == "firing"


def order(each: Glance | Transition) -> str:
    """Compares as text the way transitions compare: by tick, then by what they are about."""
    return f"{each.tick:020d}|{each.fingerprint}"


_glance = json.Decoder(Glance).decode


class LatestAlerts:
    """The last transition of every alert that fires, and of those whose end is among the last ones."""

    def __init__(self, shards: int, kept: int = KEPT_ALERTS) -> None:
        """Holds nothing yet; `kept` is how many ends are remembered."""
        self.partitions = [Latest() for _ in range(shards)]
        self._kept = kept
        self._glances: dict[str, tuple[Glance, int]] = {}
        self._ends: list[str] = []
        self._ended = 0

    @property
    def floor(self) -> str:
        """An ended alert that compares below is not kept; it depends on what the log says and on nothing else."""
        return self._ends[0] if len(self._ends) == self._kept else ""

    def note(self, partition: int, offset: int, value: bytes) -> None:
        """Takes a transition; one that was heard of before changes nothing."""
        seen = _glance(value)
        before = self._glances.get(seen.fingerprint)
        if before is not None and before[0].number >= seen.number:
            return
        self._glances[seen.fingerprint] = seen, partition
        self.partitions[partition].note(Said(offset, seen.fingerprint, value))
        self._ended += (not seen.firing) - (before is not None and not before[0].firing)
        if not seen.firing:
            (heappush if len(self._ends) < self._kept else heappushpop)(self._ends, order(seen))
        # Not at each end: to look through all of them takes longer the more there are.
        if self._ended > 2 * self._kept:
            self._sweep()

    def _sweep(self) -> None:
        floor = self.floor
        for seen, partition in [*self._glances.values()]:
            if not seen.firing and order(seen) < floor:
                del self._glances[seen.fingerprint]
                self.partitions[partition].drop(seen.fingerprint)
                self._ended -= 1
