"""What facts add to a scope on a day, as one sender knows it."""

from msgspec import Struct

Parts = dict[str, int]
"""A cell that merges by addition: component → integer; an absent component is 0 (components: `quota/cells.py`)."""


class Credit(Struct, frozen=True, tag="credit", omit_defaults=True):
    """According to this sender, these are all the parts of these cells (scope → local day → parts); empty ones retract.

    What it does not name is as it was.
    """

    sender: str
    cells: dict[str, dict[str, Parts]]
    quiet: bool = False


class HeldCredit(Struct, frozen=True):
    """Table record: versions `(epoch, parts, quiet)` of a cell; epoch is the last tick its sender had passed."""

    versions: list[tuple[int, Parts, bool]]
