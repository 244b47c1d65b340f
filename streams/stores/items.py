"""The items of a mapping that has a faster way through all of them than key by key."""

from collections.abc import Callable, ItemsView, Iterator, MutableMapping
from typing import TypeVar

T = TypeVar("T")


class Items(ItemsView[str, T]):
    """Keys with their records, in one pass."""

    def __init__(self, mapping: MutableMapping[str, T], each: Callable[[], Iterator[tuple[str, T]]]) -> None:
        """`each` goes through all of them."""
        super().__init__(mapping)
        self._each = each

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return self._each()
