"""Numbers that look random and are the same for a seed wherever and whenever: a specified generator's stream."""

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray


class Draws:
    """Numbers in [0, 1) from PCG64 (O'Neill 2014), whose stream numpy promises not to change."""

    def __init__(self, seed: str) -> None:
        # It takes a tenth of a second to import, which commands that draw nothing do not need.
        from numpy.random import PCG64

        self._generator = PCG64(int.from_bytes(sha256(seed.encode()).digest()[:8]))

    def take(self, count: int) -> "NDArray[float64]":
        """The next numbers, each with 53 random bits."""
        from numpy import asarray, float64

        return asarray((self._generator.random_raw(count) >> 11) * 2.0**-53, dtype=float64)
