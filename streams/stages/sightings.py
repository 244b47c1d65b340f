"""Where activities may be held, by identity: a few bytes each in memory, or an index on a shelf."""

from collections.abc import Iterable, MutableMapping, Sequence
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quota.activities import day_of, performer_of
from streams.stages.buckets import Bucket

YOUNG = 8192
"""Sightings that are looked up one by one; more of them are sorted."""
_DAYS = 1 << 20
"""More than any day's ordinal: places are these times a performer's number, and the day."""
Run = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Hashes in order, and the place of each."""


class Places(Protocol):
    """Tells which buckets may hold an activity; whether one does, only the bucket knows."""

    def known(self, names: Sequence[str]) -> Sequence[bool]:
        """Which of these identities may have been noted before; others may have been only since `known` was asked."""
        ...

    def first(self, name: str, bucket: Bucket) -> bool:
        """Notes an identity that is not known; False, and nothing noted, if it was since `known` was asked."""
        ...

    def find(self, name: str) -> Iterable[str]:
        """The keys of all buckets that may hold it."""
        ...

    def add(self, name: str, bucket: Bucket, others: Iterable[str]) -> None:
        """Notes one more bucket beside the others that hold it."""
        ...


class Sightings:
    """In memory: the hash of every identity with its bucket's number, the old ones sorted."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self._young: dict[int, int] = {}
        self._more: list[tuple[int, int]] = []
        """Beside those of the same hash."""
        self._runs: list[Run] = []
        self._performers: list[str] = []
        self._numbers: dict[str, int] = {}

    def known(self, names: Sequence[str]) -> Sequence[bool]:
        """Looks only at the sorted ones."""
        if len(self._young) + len(self._more) > YOUNG:
            self._sort()
        hashes = np.fromiter(map(hash, names), np.int64, len(names))
        order = hashes.argsort()
        found = np.zeros(len(names), bool)
        asked = hashes[order]
        for run, _ in self._runs:
            at = run.searchsorted(asked)
            at[at == len(run)] = 0
            found |= run[at] == asked
        back = np.empty_like(found)
        back[order] = found
        return back.tolist()

    def first(self, name: str, bucket: Bucket) -> bool:
        """Looks only at the young ones."""
        seen = hash(name)
        if seen in self._young:
            return False
        self._young[seen] = bucket.place or self._place(bucket)
        return True

    def find(self, name: str) -> Iterable[str]:
        """By the hash alone."""
        seen = hash(name)
        found = [place for other, place in self._more if other == seen]
        if seen in self._young:
            found.append(self._young[seen])
        for run, places in self._runs:
            start, end = run.searchsorted(seen, "left"), run.searchsorted(seen, "right")
            found += places[start:end].tolist()
        return [self._key(place) for place in dict.fromkeys(found)]

    def add(self, name: str, bucket: Bucket, others: Iterable[str]) -> None:
        """The others were noted when they came."""
        if not self.first(name, bucket):
            self._more.append((hash(name), self._place(bucket)))

    def forget(self) -> None:
        """Nothing was seen; places keep their numbers."""
        self._young, self._more, self._runs = {}, [], []

    def note(self, names: Iterable[str], key: str) -> None:
        """Notes what a bucket holds."""
        place, young = self._number(performer_of(key)) + date.fromisoformat(key[-10:]).toordinal(), self._young
        for seen in map(hash, names):
            if seen in young:
                self._more.append((seen, place))
            else:
                young[seen] = place
        if len(self._young) + len(self._more) > YOUNG:
            self._sort()

    def _place(self, bucket: Bucket) -> int:
        bucket.place = self._number(bucket.performer.key) + bucket.day
        return bucket.place

    def _number(self, whose: str) -> int:
        """A number for all buckets of a performer, to which the day is added."""
        number = self._numbers.get(whose)
        if number is None:
            number = self._numbers[whose] = len(self._performers) * _DAYS
            self._performers.append(whose)
        return number

    def _key(self, place: int) -> str:
        number, day = divmod(place, _DAYS)
        return f"{self._performers[number]}|{day_of(day)}"

    def _sort(self) -> None:
        """Makes a run of the young ones, and one run of several that are not much longer."""
        young, more = self._young, np.array(self._more, np.int64).reshape(-1, 2)
        hashes, places = np.fromiter(young, np.int64, len(young)), np.fromiter(young.values(), np.int64, len(young))
        run = _sorted(np.concatenate((hashes, more[:, 0])), np.concatenate((places, more[:, 1])))
        self._young, self._more = {}, []
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            hashes, places = self._runs.pop()
            run = _sorted(np.concatenate((hashes, run[0])), np.concatenate((places, run[1])))
        self._runs.append(run)


def _sorted(hashes: NDArray[np.int64], places: NDArray[np.int64]) -> Run:
    order = hashes.argsort(kind="stable")
    return hashes[order], places[order]


class Shelved:
    """On a shelf: the keys of the buckets themselves, by identity."""

    def __init__(self, index: MutableMapping[str, tuple[str, ...]]) -> None:
        """In this index."""
        self._index = index

    def known(self, names: Sequence[str]) -> Sequence[bool]:
        """That is found out one by one."""
        return [False] * len(names)

    def first(self, name: str, bucket: Bucket) -> bool:
        """Looks at all there are."""
        if name in self._index:
            return False
        self._index[name] = (bucket.key,)
        return True

    def find(self, name: str) -> Iterable[str]:
        """As they were noted."""
        return self._index.get(name, ())

    def add(self, name: str, bucket: Bucket, others: Iterable[str]) -> None:
        """Forgets those that hold it no longer."""
        self._index[name] = (*others, bucket.key)
