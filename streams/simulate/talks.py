"""Whom simulated people talk with, and for how long: everything follows from the name of the fact and its lead."""

from typing import Any

from streams.simulate.hours import rng

_SENIORITIES = ("vp", "c-level", "manager", "manager", "specialist", "specialist")
_ROLES = ("buyer", "user", "user", "technical")
ANSWERED = 0.9
"""Of connected calls; of the rest somebody only left a message."""
MINUTES = 4.0
"""How long people talk on average."""


def contact(lead: str) -> dict[str, Any]:
    """Whom one speaks to at a lead: always the same person."""
    chance = rng("contact", lead)
    return {"contact": f"contact-of-{lead}", "seniority": chance.choice(_SENIORITIES), "role": chance.choice(_ROLES)}


def talk(name: str, lead: str) -> dict[str, Any]:
    """What a call or a chat tells of itself; one in forty short ones was worth it all the same."""
    chance = rng("talk", name)
    if chance.random() > ANSWERED:
        return {"seconds": chance.randrange(5, 40), "two_way": False}
    seconds = round(chance.expovariate(1 / (60 * MINUTES)))
    said = {**contact(lead), "seconds": seconds, "two_way": True}
    return {**said, "meaningful": True} if chance.random() < 1 / 40 else said
