"""Teams form a tree."""

from collections.abc import Iterator

from streams.documents import Problem
from streams.plans.draft import Draft


def cycles(draft: Draft) -> Iterator[Problem]:
    """No team is above itself; each circle is told once, at its first team by id."""
    entries = draft.ids("teams")
    parents = {team: item.values.get("parent") for team, item in entries.items()}
    for circle in sorted(_circles(parents)):
        path = " → ".join([*circle, circle[0]])
        what = f"teams are above one another in a circle: {path}"
        yield Problem(entries[circle[0]].at("parent"), what, "remove `parent` from the topmost of them")


def _circles(parents: dict[str, str | None]) -> set[tuple[str, ...]]:
    done: set[str] = set()
    found: set[tuple[str, ...]] = set()
    for start in parents:
        path: list[str] = []
        team: str | None = start
        while team is not None and team in parents and team not in done and team not in path:
            path.append(team)
            team = parents[team]
        if team in path:
            circle = path[path.index(team) :]
            turn = circle.index(min(circle))
            found.add((*circle[turn:], *circle[:turn]))
        done.update(path)
    return found
