"""Periods: one rule for a calendar's years, tables without gap or overlap, and no quota for days beyond a table."""

from collections.abc import Iterator, Sequence

from quota.tilings import flaws
from schemas.plan import TablePeriod
from streams.documents import Entry, Problem
from streams.plans.draft import Draft


def rules(draft: Draft) -> Iterator[Problem]:
    """A year begins with a month, or it has whole weeks."""
    for calendar in draft.entries["calendars"]:
        if {"fiscal", "fiscal_start_month"} <= calendar.places.keys():
            what = (
                "a year of whole weeks does not begin with a month, but `fiscal_start_month` is given beside `fiscal`"
            )
            yield Problem(calendar.at("fiscal_start_month"), what, "keep one of them")


def tables(draft: Draft) -> Iterator[Problem]:
    """The periods of a kind follow one another, each with an id of its own."""
    for calendar in draft.entries["calendars"]:
        rows = calendar.values.get("period_table", ())
        places = {(row.values["id"], row.values["start"]): row.place for row in rows}
        for period, flaw in flaws([TablePeriod(**row.values) for row in rows]):
            fix = "give every id once, and let each period start where the one before it ends"
            yield Problem(places[period.id, period.start], flaw, fix)


def covered(draft: Draft) -> Iterator[Problem]:
    """A quota with bounds lies within the table that has its periods."""
    for quota in draft.entries["quotas"]:
        kind = quota.values.get("period")
        for scope in quota.values.get("scope", ()):
            calendar = _calendar(scope, draft)
            rows = [row for row in _table(calendar) if row.values["kind"] == kind]
            if calendar is not None and rows:
                yield from _beyond(quota, rows, f"the {kind}s of calendar {calendar.values.get('id', '')!r}")


def _beyond(quota: Entry, rows: Sequence[Entry], what: str) -> Iterator[Problem]:
    first = min(rows, key=lambda row: str(row.values["start"]))
    last = max(rows, key=lambda row: str(row.values["end"]))
    start, end = quota.values.get("start"), quota.values.get("end")
    if start is not None and not first.values["start"] <= start < last.values["end"]:
        yield Problem(quota.at("start"), f"starts on {start}, where {what} are not listed{_from(first, last)}", _FIX)
    if end is not None and not first.values["start"] < end <= last.values["end"]:
        yield Problem(quota.at("end"), f"ends on {end}, where {what} are not listed{_from(first, last)}", _FIX)


_FIX = "add the missing periods to the period_table, or change the quota"


def _from(first: Entry, last: Entry) -> str:
    where = f"{first.place.file}:{first.place.line}"
    return f": those in {where} are from {first.values['start']} until {last.values['end']}"


def _table(calendar: Entry | None) -> Sequence[Entry]:
    found: Sequence[Entry] = () if calendar is None else calendar.values.get("period_table", ())
    return found


def _calendar(scope: str, draft: Draft) -> Entry | None:
    """The calendar of a scope: its own, that of the nearest team above, or the company's."""
    known = draft.ids("calendars")
    for owner in _line(scope, draft):
        if owner.values.get("calendar") is not None:
            return known.get(owner.values["calendar"])
    return known.get("default") or next(iter(known.values()), None)


def _line(scope: str, draft: Draft) -> Iterator[Entry]:
    kind, _, name = scope.partition(":")
    team: str | None = name if kind == "team" else None
    rep = draft.ids("reps").get(name) if kind == "rep" else None
    if rep is not None:
        yield rep
        members: Sequence[Entry] = rep.values.get("teams", ())
        latest = max(members, key=lambda member: str(member.values.get("end") or "9999"), default=None)
        team = None if latest is None else latest.values["team"]
    teams, seen = draft.ids("teams"), set[str]()
    while team in teams and team not in seen:
        seen.add(team)
        yield teams[team]
        team = teams[team].values.get("parent")
    yield from draft.company[:1]
