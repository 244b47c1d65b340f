"""Names that one entry uses and another must define."""

from collections.abc import Iterable, Iterator

from quota.catalogue import BUILT_IN
from streams.documents import Entry, Place, Problem, suggestion
from streams.plans.draft import Draft


def _unknown(what: str, name: str, place: Place, known: Iterable[str]) -> Problem:
    return Problem(place, f"{what} {name!r} is not defined", suggestion(name, known))


def company(draft: Draft) -> Iterator[Problem]:
    """There is exactly one company."""
    if not draft.company:
        place = Place(draft.directory, 1)
        yield Problem(place, "no file says `company`", "add `company: {name: Acme, currency: USD}` to company.yaml")
    for again in draft.company[1:]:
        first = draft.company[0].place
        yield Problem(again.place, f"a second company, the first is in {first.file}:{first.line}", "keep one of them")


def calendars(draft: Draft) -> Iterator[Problem]:
    """Every calendar that is named exists, and there is one for the company."""
    known = draft.ids("calendars")
    for user in [*draft.company, *draft.entries["teams"], *draft.entries["reps"]]:
        name = user.values.get("calendar")
        if name is not None and name not in known:
            yield _unknown("calendar", name, user.at("calendar"), known)
    for firm in draft.company[:1]:
        if not draft.entries["calendars"]:
            fix = "add `calendars: [{id: default, zone: America/Chicago}]`"
            yield Problem(firm.place, "no calendar is defined", fix)
        elif "calendar" not in firm.places and "default" not in known and len(known) > 1:
            fix = f"add `calendar: {min(known)}` to the company"
            yield Problem(firm.place, "none of the calendars is the company's", fix)


def teams(draft: Draft) -> Iterator[Problem]:
    """Parents and memberships name teams that exist."""
    known = draft.ids("teams")
    for team in draft.entries["teams"]:
        parent = team.values.get("parent")
        if parent is not None and parent not in known:
            yield _unknown("team", parent, team.at("parent"), known)
    for rep in draft.entries["reps"]:
        for member in rep.values.get("teams", ()):
            name = member.values["team"]
            if name not in known:
                yield _unknown("team", name, member.at("team"), known)


def _scopes_used(draft: Draft) -> Iterator[tuple[Entry, str, str]]:
    for quota in draft.entries["quotas"]:
        for scope in quota.values.get("scope", ()):
            yield quota, "scope", scope
    for route in draft.entries["routes"]:
        for scope in route.values.get("scopes", ()):
            yield route, "scopes", scope


def scopes(draft: Draft) -> Iterator[Problem]:
    """Quotas and routes are for teams and reps that exist."""
    known = draft.scopes()
    lookup = set(known)
    for user, field, scope in _scopes_used(draft):
        if scope.startswith(("product-line:", "territory:")):
            yield Problem(user.at(field), f"nothing is counted by {scope.split(':')[0]} yet", "use a team or rep")
        elif scope not in lookup:
            yield _unknown("scope", scope, user.at(field), known)


def metrics(draft: Draft) -> Iterator[Problem]:
    """Quotas and rules name metrics that exist or that the plan declares."""
    known = BUILT_IN.keys() | draft.ids("metrics").keys()
    for quota in draft.entries["quotas"]:
        name = quota.values.get("metric")
        if name is not None and name not in known:
            yield _unknown("metric", name, quota.at("metric"), known)
    for rule in draft.entries["rules"]:
        for name in rule.values.get("metrics", ()):
            if name not in known:
                yield _unknown("metric", name, rule.at("metrics"), known)


def route_rules(draft: Draft) -> Iterator[Problem]:
    """Routes name rules that exist."""
    known = draft.ids("rules")
    for route in draft.entries["routes"]:
        for name in route.values.get("rules", ()):
            if name not in known:
                yield _unknown("rule", name, route.at("rules"), known)
