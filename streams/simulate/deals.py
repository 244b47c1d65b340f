"""The lives of simulated deals: stages with their amounts, to the end that chance gives them."""

from collections.abc import Iterator
from datetime import date, datetime
from random import Random

from schemas.deals import DealChanged
from schemas.fields import Money
from streams.simulate.hours import later, moment, rng
from streams.simulate.people import Person

SOURCE = "simulator"
STAGES = ("prospecting", "discovery", "proposal", "negotiation")
OPENED_A_DAY = 0.42
_DAYS_IN_STAGE = 5.0


def deals(person: Person, day: date, seed: int) -> Iterator[list[DealChanged]]:
    """The whole life, in order, of each deal that the rep opens on a day."""
    chance = rng(seed, "deals", person.number, day)
    share = person.prospecting(day) * OPENED_A_DAY
    for number in range(poisson(share, chance)):
        name = f"{person.id}-{day:%y%m%d}-{number + 1}"
        yield list(_life(name, person, day, chance))


def poisson(mean: float, chance: Random) -> int:
    """A count with this mean (Knuth's product of uniform numbers)."""
    limit, count, product = 2.718281828459045**-mean, 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def change(deal: str, at: datetime, stage: str, said: dict[str, object]) -> DealChanged:
    """A change of a deal, whose identity is the deal and the stage it entered."""
    return DealChanged(id=f"{deal}:{stage}", source=SOURCE, occurred_at=at, deal=deal, stage=stage, **said)  # type: ignore[arg-type]


def dollars(amount: float) -> Money:
    """Whole dollars."""
    return Money(100 * round(amount), "USD")


def _life(deal: str, person: Person, day: date, chance: Random) -> Iterator[DealChanged]:
    amount = chance.lognormvariate(9.3, 0.6)
    said: dict[str, object] = {"owner": person.id, "amount": dollars(amount), "lead": f"lead-{deal}"}
    for place, stage in enumerate(STAGES):
        yield change(deal, moment(day, chance), stage, said)
        day = later(day, 1 + chance.expovariate(1 / _DAYS_IN_STAGE))
        if chance.random() > person.skill:
            yield change(deal, moment(day, chance), "lost", {})
            return
        amount *= chance.uniform(0.85, 1.1) if place == 1 else 1.0
        said = {"amount": dollars(amount)}
    cost = dollars(amount * chance.uniform(0.4, 0.75))
    yield change(deal, moment(day, chance), "won", {**said, "cost": cost})
