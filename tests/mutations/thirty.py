"""The thirty faults: how many in which fold or rule, the tests that have to notice, and what nobody can notice."""

from pathlib import Path
from typing import NamedTuple

from tests.mutations.mutate import Mutation, drawn, mutations

ROOT = Path(__file__).resolve().parents[2]
SEED = 2017


class Share(NamedTuple):
    """So many faults of a module, and the unit tests that are about it, quick ones first."""

    faults: int
    tests: tuple[str, ...]


FOLDS = {
    "facts": Share(1, ("facts", "meetings", "deals")),
    "activities": Share(1, ("activities",)),
    "meetings": Share(1, ("meetings",)),
    "deals": Share(2, ("deals",)),
    "cells": Share(1, ("metrics", "cells", "credits")),
    "credits": Share(1, ("credits",)),
    "calendars": Share(2, ("calendars", "pace")),
    "periods": Share(1, ("periods", "tilings", "whole_weeks")),
    "whole_weeks": Share(1, ("whole_weeks",)),
    "metrics": Share(2, ("metrics",)),
    "pace": Share(2, ("pace",)),
    "presence": Share(1, ("targets",)),
    "targets": Share(2, ("targets", "plans")),
    "outlooks": Share(1, ("outlooks",)),
    "baselines": Share(1, ("baselines",)),
}
RULES = {
    "hazards": Share(2, ("hazards",)),
    "shortage": Share(2, ("shortage", "alerts")),
    "behind_pace": Share(2, ("behind_pace", "alerts")),
    "wins": Share(1, ("wins",)),
    "lifecycle": Share(1, ("lifecycle", "behind_pace", "alerts")),
    "alerts": Share(2, ("alerts", "wins")),
}
SHARES = FOLDS | RULES

UNNOTICEABLE = {
    "activities: 10000 -> 10001": "how many kinds are kept at hand is no part of what an activity counts as",
    "activities.Counting.kind: len(self.kinds) >= _KINDS -> not len(self.kinds) >= _KINDS": "the same",
    "activities.Counting.kind: len(self.kinds) >= _KINDS -> len(self.kinds) > _KINDS": "the same",
    "cells.won_ages: sum(ages.values()) < parts.get('deals_won', 0) -> "
    "sum(ages.values()) <= parts.get('deals_won', 0)": "a name that is parsed says what one that is looked up does",
    "hazards.Hazards.window: 64 -> 65": "how many windows are kept at hand is no part of what any of them says",
}
"""Faults that change nothing anyone could see, and why: they are not drawn."""


def original(module: str) -> str:
    """The text of a module of `quota/`."""
    return (ROOT / "quota" / f"{module}.py").read_text()


def noticeable(module: str) -> list[Mutation]:
    """Every fault there is room for in the module, except those that change nothing."""
    return [mutation for mutation in mutations(module, original(module)) if str(mutation) not in UNNOTICEABLE]


THIRTY = [mutation for module, share in SHARES.items() for mutation in drawn(noticeable(module), share.faults, SEED)]
