"""A seeded sales floor, past and live."""

from streams.simulate.floor import between, floor
from streams.simulate.live import live
from streams.simulate.people import Person, people

__all__ = ["Person", "between", "floor", "live", "people"]
