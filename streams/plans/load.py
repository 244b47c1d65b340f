"""A directory of YAML files becomes a plan, or every reason why not."""

from pathlib import Path

from schemas.plan import Plan
from streams.documents import DocumentError
from streams.plans.build import build
from streams.plans.checks import CHECKS
from streams.plans.checks.effects import relieved
from streams.plans.draft import draft


class PlanError(DocumentError):
    """A plan that cannot be applied: every problem in its files."""


def load(directory: Path) -> Plan:
    """The plan that the *.yaml files directly in the directory describe, with revision 0; raises PlanError."""
    found = draft(directory)
    checks = CHECKS if directory.is_dir() else ()
    problems = [*found.problems, *(problem for check in checks for problem in check(found))]
    if problems:
        raise PlanError(problems)
    plan = build(found)
    if problems := [*relieved(found, plan)]:
        raise PlanError(problems)
    return plan
