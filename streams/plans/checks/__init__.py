"""What must hold between the entries of a plan; each check gives every problem it finds."""

from collections.abc import Callable, Iterator

from streams.documents import Problem
from streams.plans.checks import (
    calendars,
    duplicates,
    effects,
    hierarchy,
    metrics,
    money,
    quotas,
    references,
    rules,
    spans,
    stages,
)
from streams.plans.draft import Draft

CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    references.company,
    references.calendars,
    references.teams,
    references.scopes,
    references.metrics,
    references.route_rules,
    duplicates.ids,
    duplicates.external_names,
    duplicates.rates,
    metrics.names,
    metrics.kinds,
    hierarchy.cycles,
    stages.ids,
    stages.names,
    stages.kinds,
    spans.order,
    spans.memberships,
    spans.employment,
    quotas.overlaps,
    quotas.periods,
    quotas.targets,
    quotas.stretches,
    effects.in_full,
    effects.seasons,
    effects.ramps,
    effects.amounts,
    calendars.rules,
    calendars.tables,
    calendars.covered,
    money.currencies,
    money.minimums,
    money.rates,
    rules.thresholds,
    rules.early_stages,
)
