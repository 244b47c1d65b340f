"""A checked draft becomes the plan."""

from collections.abc import Iterator
from typing import Any

from quota.catalogue import BUILT_IN
from schemas.plan import (
    Absence,
    Calendar,
    Company,
    FiscalWeeks,
    Membership,
    Metric,
    Pipeline,
    Plan,
    Quota,
    Rate,
    Relief,
    Rep,
    Route,
    Rule,
    Stage,
    TablePeriod,
    Team,
)
from streams.documents import Entry
from streams.plans.conversations import conversations
from streams.plans.draft import Draft

_CHANCE = {"open": 0.0, "won": 1.0, "lost": 0.0}


def build(draft: Draft) -> Plan:
    """The plan of a draft without problems; its revision is 0 until it is applied."""
    of = draft.entries
    return Plan(
        revision=0,
        company=_company(draft),
        reps=tuple(_rep(item.values) for item in of["reps"]),
        teams=tuple(Team(**{"name": item.values["id"], **item.values}) for item in of["teams"]),
        calendars=tuple(_calendar(item.values) for item in of["calendars"]),
        pipelines=tuple(_pipeline(item.values) for item in of["pipelines"]),
        quotas=tuple(quota for item in of["quotas"] for quota in _quotas(item.values, draft.currency())),
        rules=tuple(Rule(**item.values) for item in of["rules"]),
        rates=tuple(Rate(**item.values) for item in of["rates"]),
        routes=tuple(Route(**item.values) for item in of["routes"]),
        metrics=tuple(_metric(item.values) for item in of["metrics"]),
    )


def _company(draft: Draft) -> Company:
    values = draft.company[0].values
    known = draft.ids("calendars")
    if "calendar" not in values and "default" not in known:
        values = {**values, "calendar": next(iter(known))}
    return Company(**values)


def _rep(values: dict[str, Any]) -> Rep:
    teams = tuple(Membership(**member.values) for member in values.get("teams", ()))
    absences = tuple(Absence(**absence.values) for absence in values.get("absences", ()))
    return Rep(**{"name": values["id"], **values, "teams": teams, "absences": absences})


def _calendar(values: dict[str, Any]) -> Calendar:
    fiscal, table = values.get("fiscal"), values.get("period_table", ())
    weeks = FiscalWeeks(**fiscal.values) if fiscal else None
    return Calendar(**{**values, "fiscal": weeks, "period_table": tuple(TablePeriod(**row.values) for row in table)})


def _pipeline(values: dict[str, Any]) -> Pipeline:
    return Pipeline(id=values["id"], stages=tuple(_stage(stage) for stage in values["stages"]))


def _stage(entry: Entry) -> Stage:
    return Stage(**{"probability": _CHANCE[entry.values["kind"]], **entry.values})


def _metric(values: dict[str, Any]) -> Metric:
    return Metric(**{**values, "conversations": conversations(values.get("conversations"))})


def _quotas(values: dict[str, Any], currency: str | None) -> Iterator[Quota]:
    """One quota for each scope of the entry; without an id it is named for what it is."""
    metric = BUILT_IN.get(values["metric"])
    money = metric is not None and metric.kind == "money"
    relief = tuple(Relief(**each.values) for each in values.get("relief", ()))
    for scope in values["scope"]:
        own = {**values, "scope": scope, "currency": currency if money else None, "relief": relief}
        if "id" not in values or len(values["scope"]) > 1:
            own["id"] = quota_id(own, values.get("id"))
        yield Quota(**own)


def quota_id(values: dict[str, Any], given: str | None) -> str:
    """What a quota is called whose entry has no id, or one that is given for several scopes."""
    scope = values["scope"].replace(":", ".")
    if given is not None:
        return f"{given}.{scope}"
    since = values.get("start")
    return ".".join([scope, values["metric"], values["period"], *([since] if since else [])])
