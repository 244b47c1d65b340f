"""Of facts with one identity only those of the highest version count, whichever shard received them (docs/adr/0011)."""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Protocol

from msgspec import json, msgpack

from quota.activities import CORRECTION, done_by, identities, performer_of, rank
from quota.facts import identity
from schemas.activities import ActivitiesCorrected, Activity, ActivityBucket, Correction, Done
from streams import topics
from streams.batches import Fetched
from streams.log import Outgoing, Spot
from streams.quarantine import dead_letter
from streams.stages.frozen import Piece, freeze_scopes
from streams.stages.stage import Place, Shelves

MOST_BYTES = 32 * 1024
"""Of one announcement."""

PLACES, VERSIONS = "places", "versions"
"""The pieces of what is derived."""

corrected = json.Decoder(Correction).decode
"""Makes a correction of its record."""


class Holder(Protocol):
    """Who keeps the buckets."""

    def held(self, key: str, name: str) -> Done | None:
        """What a bucket holds of an activity, with all that was received."""
        ...

    def let_go(self, key: str, name: str, *, quiet: bool) -> None:
        """Takes an activity that a bucket holds out of it."""
        ...


class Corrections:
    """The buckets in which one shard holds each activity, and the highest versions that any shard has told of.

    A performer's bucket lies in one shard, a correction that names another performer perhaps in another one. So each
    shard tells all others which versions it has received, and forgets what is older than any shard has told.
    """

    def __init__(self, place: Place, holder: Holder) -> None:
        """Empty until loaded."""
        self._place, self._holder = place, holder
        self._others = [shard for shard in range(place.shards) if shard != place.shard]
        self._senders = {place._replace(shard=shard).sender for shard in self._others}
        self._at: MutableMapping[str, tuple[str, ...]] = {}
        self._highest: MutableMapping[str, int] = {}
        self._told = False
        """Whether both lie on a shelf, which has them as of its records."""
        self._changed: dict[str, Correction] = {}
        self._untold: dict[bool, dict[str, Correction]] = {False: {}, True: {}}

    def note(self, correction: Correction) -> None:
        """Takes back a correction's record; an old one changes nothing."""
        name = identity(correction.source, correction.id)
        self._highest[name] = max(correction.version, self._highest.get(name, 0))

    def lodge(self, shelves: Shelves) -> None:
        """Has both there from now on, if they are there."""
        at = shelves.index(self._place.agent, PLACES, tuple[str, ...])
        highest = shelves.index(self._place.agent, VERSIONS, int)
        if at is not None and highest is not None:
            self._at, self._highest, self._told = at, highest, True

    def begin(self) -> None:
        """No bucket holds anything, until `install` is told of all that do."""
        if not self._told:
            self._at = {}

    def install(self, key: str, record: ActivityBucket | Correction) -> bool:
        """Finds out again what the record holds, and tells whether it is a bucket."""
        if isinstance(record, Correction):
            if not self._told:
                self.note(record)
            return False
        if not self._told:
            at, here = self._at, (key,)
            for name in identities(record):
                at[name] = at[name] + here if name in at else here
        return True

    def known(self) -> dict[str, Piece]:
        """What `install` finds out from all records; nothing where a shelf is told of it."""
        if self._told:
            return {}
        return {PLACES: freeze_scopes(self._at, msgpack.encode), VERSIONS: freeze_scopes(self._highest, msgpack.encode)}

    def counts(self, fact: Activity, key: str) -> bool:
        """Whether a fact of the bucket `key` counts; if so, what it corrects in other buckets is let go."""
        name = identity(fact.source, fact.id)
        highest = self._highest.get(name, 0)
        if fact.version < highest:
            return False
        if fact.version > highest:
            correction = Correction(fact.source, fact.id, fact.version)
            self._correct(name, correction, quiet=fact.quiet, meant=key)
            self._untold[fact.quiet][name] = correction
        places = self._at.get(name)
        if places is None:
            self._at[name] = (key,)
            return True
        return key in places or self._joins(fact, name, key, places)

    def _joins(self, fact: Activity, name: str, key: str, places: tuple[str, ...]) -> bool:
        """Whether the fact counts beside those of one version; of one performer's that of the highest rank does."""
        whose = performer_of(key)
        old = next((place for place in places if performer_of(place) == whose), None)
        held = None if old is None else self._holder.held(old, name)
        if old is not None and held is not None:
            if rank(done_by(fact, held.origin)) < rank(held):
                return False
            self._holder.let_go(old, name, quiet=fact.quiet)
        self._at[name] = (*(place for place in places if place != old), key)
        return True

    def hear(self, said: ActivitiesCorrected, record: Fetched) -> list[Outgoing]:
        """Notes what another shard has told, and gives the dead letter of what no shard can have said."""
        if said.sender not in self._senders:
            reason = "only the other shards tell of corrected activities: send facts with a higher version"
            return [dead_letter(Spot(topics.ACTIVITIES.name, self._place.shard), record, reason)]
        for correction in said.corrected:
            name = identity(correction.source, correction.id)
            if correction.version > self._highest.get(name, 0):
                self._correct(name, correction, quiet=said.quiet)
        return []

    def _correct(self, name: str, correction: Correction, *, quiet: bool, meant: str | None = None) -> None:
        """Lets go what has a lower version, but in the bucket `meant`: there the corrected fact takes its place."""
        self._highest[name], self._changed[name] = correction.version, correction
        places = self._at.pop(name, ())
        for place in places:
            if place != meant and self._holder.held(place, name) is not None:
                self._holder.let_go(place, name, quiet=quiet)
        if meant in places:
            self._at[name] = (meant,)

    def announced(self) -> list[Outgoing]:
        """What the other shards have to hear, once."""
        untold, self._untold = self._untold, {False: {}, True: {}}
        said = [
            json.encode(ActivitiesCorrected(some, self._place.sender, quiet))
            for quiet, corrections in untold.items()
            for some in _batches(corrections.values())
        ]
        key = self._place.sender.encode()
        return [Outgoing(topics.ACTIVITIES.name, shard, key, value) for value in said for shard in self._others]

    def stored(self) -> dict[str, bytes]:
        """The records that changed, by key."""
        changed, self._changed = self._changed, {}
        return {f"{CORRECTION.decode()}{name}": json.encode(each) for name, each in changed.items()}


def _batches(corrections: Iterable[Correction]) -> Iterator[tuple[Correction, ...]]:
    """As many together as a record may hold."""
    some: list[Correction] = []
    size = 0
    for each in corrections:
        length = len(json.encode(each)) + 1
        if some and size + length > MOST_BYTES:
            yield tuple(some)
            some, size = [], 0
        some.append(each)
        size += length
    if some:
        yield tuple(some)
