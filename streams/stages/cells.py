"""What one sender's entities add up to, by scope and day, and how it says so."""

from collections.abc import Iterator, Mapping, MutableMapping

from msgspec import json, msgpack

from quota.cells import add
from quota.credits import above
from quota.plans import PlanIndex
from quota.shares import Adds, differing
from schemas.credits import Credit, Parts
from streams import topics
from streams.log import Outgoing
from streams.stages.frozen import Frozen, Piece, Stored, by_month, freeze
from streams.stages.stage import Place

Cell = tuple[str, str]
"""A scope and a local day."""
MOST_PARTS = 2000
"""Of a credit: with so many parts, or days without any, a record is large enough."""

_thaw = msgpack.Decoder(dict[str, Parts]).decode


class Cells:
    """The cells of one sender; what changes for reps reaches the scopes above when it is said."""

    def __init__(self, place: Place) -> None:
        """Nothing counts."""
        self._place = place
        self.parts: MutableMapping[Cell, Parts] = {}
        """What was said, by cell; none is empty."""
        self._changes: dict[bool, dict[Cell, Parts]] = {False: {}, True: {}}

    def add(self, change: Mapping[Cell, Mapping[str, int]], *, quiet: bool) -> None:
        """Adds what reps (or nobody) are credited with more than before; what is taken away is negative."""
        changes = self._changes[quiet]
        for cell, parts in change.items():
            held = changes.get(cell)
            if held is None:
                changes[cell] = dict(parts)
            else:
                add(held, parts)

    def replace(self, before: Adds, after: Adds, *, quiet: bool) -> None:
        """Adds what an entity is credited with now, in the place of what it was credited with before."""
        changes = self._changes[quiet]
        came, went = differing(before, after)
        # What becomes 0 stays until it is not said: to take it out each time costs more than all the rest.
        for cell, parts in came:
            held = changes.get(cell)
            if held is None:
                changes[cell] = {**parts}
                continue
            for component, value in parts.items():
                held[component] = held.get(component, 0) + value
        for cell, parts in went:
            held = changes.setdefault(cell, {})
            for component, value in parts.items():
                held[component] = held.get(component, 0) - value

    def say(self, plan: PlanIndex | None) -> list[Outgoing]:
        """All parts of every cell that changed since it was said last."""
        changes, self._changes = self._changes, {False: {}, True: {}}
        if plan is None:
            return []
        touched: dict[Cell, bool] = {}
        for quiet in (True, False):
            for cell, parts in above(changes[quiet], plan):
                held = self.parts.setdefault(cell, {})
                add(held, parts)
                if not held:
                    del self.parts[cell]
                touched[cell] = quiet
        return self._credits(touched)

    def differing(self, before: Mapping[Cell, Parts]) -> list[Outgoing]:
        """Says every cell that is not as it was before."""
        differ = [cell for cell in {**before, **self.parts} if before.get(cell) != self.parts.get(cell)]
        return self._credits(dict.fromkeys(differ, False))

    def derived(self) -> Piece:
        """All cells, when nothing is left unsaid."""
        return freeze(self.parts, msgpack.encode, by_month)

    def restore(self, stored: Stored) -> None:
        """Takes all cells back."""
        self.parts = Frozen(stored, "cells", _thaw, by_month)

    def _credits(self, touched: Mapping[Cell, bool]) -> list[Outgoing]:
        """Says the touched cells (→ quiet), as many together as one record can hold."""
        sharded: dict[tuple[int, bool], list[Cell]] = {}
        homes: dict[str, int] = {}
        for cell, quiet in touched.items():
            scope = cell[0]
            home = homes.get(scope)
            if home is None:
                home = homes[scope] = self._place.shard_of(scope)
            sharded.setdefault((home, quiet), []).append(cell)
        sender, key = self._place.sender, self._place.sender.encode()
        return [
            Outgoing(topics.CREDITS.name, home, key, json.encode(Credit(sender, cells, quiet)))
            for (home, quiet), mine in sharded.items()
            for cells in self._batches(mine)
        ]

    def _batches(self, touched: list[Cell]) -> Iterator[dict[str, dict[str, Parts]]]:
        cells: dict[str, dict[str, Parts]] = {}
        size = 0
        for cell in touched:
            parts = self.parts.get(cell, {})
            if size and size + len(parts) > MOST_PARTS:
                yield cells
                cells, size = {}, 0
            cells.setdefault(cell[0], {})[cell[1]] = parts
            size += len(parts) + 1
        if cells:
            yield cells
