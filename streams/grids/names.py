"""Scopes as people call them in a grid: by id, by name, or by the name that a source has for them."""

from collections import defaultdict
from collections.abc import Iterator

from quota.plans import PlanIndex, slug
from streams.documents import suggestion


class NoScope(Exception):
    """A name that stands for no scope, or for several; and what to write instead."""

    def __init__(self, what: str, fix: str) -> None:
        self.what, self.fix = what, fix
        super().__init__(f"{what}; {fix}")


class Scopes:
    """The scopes of a plan by everything that they are called."""

    def __init__(self, plan: PlanIndex) -> None:
        self._exact: defaultdict[str, set[str]] = defaultdict(set)
        self._alike: defaultdict[str, set[str]] = defaultdict(set)
        for scope, name in _called(plan):
            self._exact[name].add(scope)
            self._alike[name.casefold()].add(scope)
            self._alike[slug(name)].add(scope)

    def find(self, name: str) -> str:
        """The one scope of that name, in capitals or not; raises NoScope."""
        # An id is nobody else's name.
        found = (
            self._exact.get(name) or self._alike.get(name.casefold()) or self._alike.get(slug(name) or name) or set()
        )
        if len(found) == 1:
            return next(iter(found))
        if found:
            said = " and ".join(sorted(found))
            raise NoScope(f"{name!r} may be {said}", f"write {min(found)}, or the other")
        raise NoScope(f"{name!r} is neither a rep nor a team of the plan", suggestion(name, self._exact))


def _called(plan: PlanIndex) -> Iterator[tuple[str, str]]:
    yield from (("company", name) for name in ("company", plan.plan.company.name))
    for team in plan.plan.teams:
        yield from ((f"team:{team.id}", name) for name in (f"team:{team.id}", team.id, team.name))
    for rep in plan.plan.reps:
        outside = (name for names in rep.external.values() for name in names)
        yield from ((f"rep:{rep.id}", name) for name in (f"rep:{rep.id}", rep.id, rep.name, *outside))
