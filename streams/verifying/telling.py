"""Whether every shard was told of the activities that were corrected in another (docs/adr/0011)."""

from collections.abc import Iterator

from quota.facts import identity
from schemas.activities import Activity
from streams.verifying.sources import Held
from streams.verifying.verdict import Difference


class Told:
    """The highest version of every corrected activity, and what each shard knows of it."""

    def __init__(self) -> None:
        """Of the shards that are noted, in their order."""
        self._highest: dict[str, tuple[int, int]] = {}
        self._known: list[dict[str, int]] = []

    def note(self, held: Held, position: int) -> None:
        """What the next shard has taken in up to its position, and what it was told or will take in.

        Other facts than activities travel to one shard whatever they say, and need no telling.
        """
        known = held.corrected(lambda _: True)
        for lying in held.facts:
            if not isinstance(lying.fact, Activity):
                return
            name, version = identity(lying.fact.source, lying.fact.id), lying.fact.version
            known[name] = max(known.get(name, 0), version)
            if lying.origin.offset < position and version > self._highest.get(name, (0, 0))[0]:
                self._highest[name] = version, len(self._known)
        self._known.append(known)

    def differences(self) -> Iterator[Difference]:
        """Every activity of which a shard was not told that another one took in a higher version."""
        for name, (version, where) in sorted(self._highest.items()):
            for shard, known in enumerate(self._known):
                if known.get(name, 0) < version:
                    cause = f"version {version} came into shard {where}, and shard {shard} was not told"
                    yield Difference("activity", name, cause)
