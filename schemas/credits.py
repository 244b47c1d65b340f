"""What facts add to a scope on a day, as one sender knows it."""

from msgspec import Struct

from schemas.fields import Day, Scope

Parts = dict[str, int]
"""A cell that merges by addition: component → integer; an absent component is 0 (components: `quota/cells.py`)."""


class Credit(Struct, frozen=True, tag="credit", omit_defaults=True):
    """According to this sender, these are all the parts of these days of the scope; empty parts retract a day's."""

    sender: str
    scope: Scope
    days: dict[Day, Parts]
    quiet: bool = False


class HeldCredit(Struct, frozen=True):
    """Table record: versions `(epoch, parts, quiet)` of a cell; epoch is the last tick its sender had passed."""

    versions: list[tuple[int, Parts, bool]]
