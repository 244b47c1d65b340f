"""How far forecasts were off, once it is known what a period came to."""

from collections.abc import Iterable

from msgspec import Struct

from quota.forecasts import Forecast


class Accuracy(Struct, frozen=True):
    """Of `n` forecasts the absolute errors over the outcomes (WAPE) and the signed ones (bias); None if those are 0."""

    n: int
    wape: float | None
    bias: float | None


def accuracy(said: Iterable[Forecast], came_to: int) -> dict[str, Accuracy]:
    """By method, for those that said anything."""
    errors: dict[str, list[int]] = {}
    for each in said:
        for method, number in each.methods().items():
            if number is not None:
                errors.setdefault(method, []).append(number - came_to)
    return {method: _accuracy(found, came_to) for method, found in errors.items()}


def within(said: Iterable[Forecast], came_to: int) -> tuple[int, int]:
    """How many of the ranges from p10 to p90 hold the outcome, and of how many."""
    held = [each.simulated.p10 <= came_to <= each.simulated.p90 for each in said if each.simulated is not None]
    return sum(held), len(held)


def _accuracy(errors: list[int], came_to: int) -> Accuracy:
    total = len(errors) * came_to
    if total <= 0:
        return Accuracy(len(errors), None, None)
    return Accuracy(len(errors), sum(map(abs, errors)) / total, sum(errors) / total)
