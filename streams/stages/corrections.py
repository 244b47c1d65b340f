"""Of facts with one identity only those of the highest version count, whichever shard received them (docs/adr/0011)."""

from collections.abc import Iterable, Iterator, MutableMapping

from msgspec import json, msgpack

from quota.activities import CORRECTION
from quota.facts import identity
from schemas.activities import ActivitiesCorrected, Activity, ActivityBucket, Correction
from streams import topics
from streams.batches import Fetched
from streams.log import Outgoing, Spot
from streams.quarantine import dead_letter
from streams.stages.buckets import decoded
from streams.stages.frozen import Piece, freeze_scopes
from streams.stages.sightings import Places, Shelved, Sightings
from streams.stages.stage import Place, Shelves

MOST_BYTES = 32 * 1024
"""Of one announcement."""

PLACES, VERSIONS = "places", "versions"
"""The pieces of what is derived."""

corrected = json.Decoder(Correction).decode
"""Makes a correction of its record."""


class Corrections:
    """Where one shard may hold each activity, and the highest versions that any shard has told of.

    A performer's bucket lies in one shard, a correction that names another performer perhaps in another one. So each
    shard tells all others which versions it has received, and forgets what is older than any shard has told.
    """

    def __init__(self, place: Place) -> None:
        """Empty until loaded."""
        self._place = place
        self._others = [shard for shard in range(place.shards) if shard != place.shard]
        self._senders = {place._replace(shard=shard).sender for shard in self._others}
        self.places: Places = Sightings()
        self._highest: MutableMapping[str, int] = {}
        self.any = False
        """Whether any version may have been told of."""
        self._changed: dict[str, Correction] = {}
        self._untold: dict[bool, dict[str, Correction]] = {False: {}, True: {}}

    def note(self, correction: Correction) -> None:
        """Takes back a correction's record; an old one changes nothing."""
        name = identity(correction.source, correction.id)
        self._highest[name] = max(correction.version, self.highest(name))
        self.any = True

    def lodge(self, shelves: Shelves) -> None:
        """Has both there from now on, if they are there."""
        at = shelves.index(self._place.agent, PLACES, tuple[str, ...])
        highest = shelves.index(self._place.agent, VERSIONS, int)
        if at is not None and highest is not None:
            self.places, self._highest, self.any = Shelved(at), highest, True

    def installing(self, records: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, ActivityBucket]]:
        """Gives those records that are buckets; finds out what they hold, and what was told of, if no shelf knows."""
        places = self.places
        if isinstance(places, Sightings):
            places.forget()
        for key, value in records:
            if not key.startswith(CORRECTION.decode()):
                bucket = decoded(value)
                if isinstance(places, Sightings):
                    places.note(bucket.done, key)
                yield key, bucket
            elif isinstance(places, Sightings):
                self.note(corrected(value))

    def known(self, records: Iterable[tuple[str, bytes]]) -> dict[str, Piece]:
        """What `installing` finds out; nothing where a shelf is told of it."""
        if isinstance(self.places, Shelved):
            return {}
        at: dict[str, tuple[str, ...]] = {}
        for key, value in records:
            if not key.startswith(CORRECTION.decode()):
                for name in decoded(value).done:
                    at[name] = (*at.get(name, ()), key)
        return {PLACES: freeze_scopes(at, msgpack.encode), VERSIONS: freeze_scopes(self._highest, msgpack.encode)}

    def highest(self, name: str) -> int:
        """The highest version that was told of; 0 where none was."""
        return self._highest.get(name, 0)

    def raise_to(self, fact: Activity, name: str) -> None:
        """Notes the fact's version, which is the highest so far, and will announce it."""
        correction = Correction(fact.source, fact.id, fact.version)
        self._note(name, correction)
        self._untold[fact.quiet][name] = correction

    def hear(self, said: ActivitiesCorrected, record: Fetched) -> tuple[list[str], list[Outgoing]]:
        """Notes what another shard has told: whatever has these identities counts no longer.

        Beside them the dead letter of what no shard can have said.
        """
        if said.sender not in self._senders:
            reason = "only the other shards tell of corrected activities: send facts with a higher version"
            where = Spot(topics.ACTIVITIES.name, self._place.shard)
            return [], [dead_letter(where, record, reason)]
        outdated = []
        for correction in said.corrected:
            name = identity(correction.source, correction.id)
            if correction.version > self.highest(name):
                self._note(name, correction)
                outdated.append(name)
        return outdated, []

    def _note(self, name: str, correction: Correction) -> None:
        self._highest[name], self._changed[name], self.any = correction.version, correction, True

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
