"""The keys of a plan file: what each section's objects may say, and how it is read."""

import re
from dataclasses import dataclass, field

from schemas.plan import PeriodKind
from streams.documents import Entry, Field, Mapping, Node, Place, Problem, Scalar, Wrong
from streams.documents.entries import gather, items
from streams.documents.problems import suggestion
from streams.documents.schemas import NOTHING, accepts, array, either, fields, nested, numbers, schema_of, words
from streams.documents.values import (
    choice,
    currency,
    day,
    decimal,
    flag,
    fraction,
    listed,
    named,
    nullable,
    slug,
    text,
    whole,
)
from streams.plans.calendars import CALENDAR
from streams.plans.conversations import CONVERSATIONS

KINDS: tuple[PeriodKind, ...] = ("day", "week", "month", "quarter", "year")
RULES = ("early_stage_shortage", "behind_pace", "deal_won")
LEVELS = ("rep", "team", "company")
_SCOPE = re.compile(r"company|(rep|team|product-line|territory):[a-z0-9._-]{1,80}")
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,59}")


@accepts(words(_SCOPE.pattern))
def scope(node: Node) -> str:
    """Whose quota it is, as `company`, `team:<id>` or `rep:<id>`."""
    value = text(node)
    if not _SCOPE.fullmatch(value):
        raise Wrong.at(node.place, f"{value!r} is not a scope", "write company, team:<id> or rep:<id>")
    return value


@accepts(schema_of(text))
def recipient(node: Node) -> str:
    """Who is told: any name on one line."""
    value = text(node)
    if not value.isprintable():
        raise Wrong.at(node.place, f"{value!r} holds what cannot be printed", "write a name on one line")
    return value


@accepts(numbers(r"[0-9_]+(\.[0-9_]+)?", minimum=0))
def weight(node: Node) -> str:
    """What something weighs: a number, and not a negative one."""
    value = decimal(node)
    if value.startswith("-"):
        raise Wrong.at(node.place, f"{value} is a negative weight", "write 0 or more")
    return value


@accepts(words(_METRIC.pattern))
def metric(node: Node) -> str:
    """The id of a metric."""
    value = text(node)
    if not _METRIC.fullmatch(value):
        raise Wrong.at(node.place, f"{value!r} is not a metric id", "use lower-case letters, digits and `_`")
    return value


@accepts(either(schema_of(decimal), array(schema_of(decimal)), NOTHING))
def percents(node: Node) -> tuple[str, ...]:
    """A list of percents, of which some may be the same; a single one is a list of one."""
    return gather(items(node, "percents"), decimal)


SPAN = {
    "start": Field(nullable(day), aliases=("from",)),
    "end": Field(nullable(day), aliases=("until",)),
}
MEMBERSHIP = {"team": Field(slug, required=True, example="west"), **SPAN}


@accepts(either(schema_of(slug), fields(MEMBERSHIP)))
def membership(node: Node) -> Entry:
    """A team with the days in it; the team's id alone is for always."""
    if isinstance(node, Scalar):
        return Entry(node.place, {"team": slug(node)}, {"team": node.place})
    return nested("a membership", MEMBERSHIP)(node)


ABSENCE = {
    "start": Field(day, required=True, aliases=("from",), example="2027-08-02"),
    "end": Field(day, required=True, aliases=("until",), example="2027-08-16"),
    "reason": Field(nullable(text)),
}
RELIEF = {
    "period": Field(text, required=True, example="2027-03"),
    "amount": Field(decimal, required=True, example="-5000"),
    "reason": Field(text, required=True, example="storm damage"),
    "by": Field(text, required=True, example="Cara Losch"),
}

STAGE = {
    "id": Field(slug, required=True, example="engaging"),
    "kind": Field(choice(("open", "won", "lost")), required=True, example="open"),
    "name": Field(text),
    "probability": Field(fraction(0, 1)),
    "early": Field(flag),
    "names": Field(listed(text, "names")),
}

COMPANY = {
    "name": Field(text, required=True, example="Acme"),
    "currency": Field(currency, required=True, example="USD"),
    "calendar": Field(slug),
    "periods": Field(listed(choice(KINDS), "periods")),
}


@dataclass(frozen=True)
class Section:
    """A top-level key: the singular for messages, and the keys of its objects."""

    what: str
    fields: dict[str, Field] = field(default_factory=dict)


def _id(example: str) -> Field:
    return Field(slug, required=True, example=example)


SECTIONS = {
    "calendars": Section("calendar", {"id": _id("default"), **CALENDAR}),
    "pipelines": Section(
        "pipeline",
        {
            "id": _id("sales"),
            "stages": Field(
                listed(nested("a stage", STAGE), "stages"), required=True, example="[{id: new, kind: open}]"
            ),
        },
    ),
    "teams": Section(
        "team",
        {
            "id": _id("west"),
            "name": Field(text),
            "parent": Field(nullable(slug)),
            "managers": Field(listed(text, "managers"), aliases=("manager",)),
            "calendar": Field(nullable(slug)),
            "weights": Field(named(weight)),
        },
    ),
    "reps": Section(
        "rep",
        {
            "id": _id("anna-snelling"),
            "name": Field(text),
            "teams": Field(listed(membership, "teams"), aliases=("team",)),
            "external": Field(named(listed(text, "names"))),
            "email": Field(nullable(text)),
            "calendar": Field(nullable(slug)),
            "role": Field(nullable(text)),
            "segment": Field(nullable(text)),
            "hired": Field(nullable(day)),
            "left": Field(nullable(day)),
            "weights": Field(named(weight)),
            "absences": Field(listed(nested("an absence", ABSENCE), "absences")),
        },
    ),
    "quotas": Section(
        "quota",
        {
            "id": Field(slug),
            "scope": Field(listed(scope, "scope"), required=True, example="team:west", aliases=("scopes",)),
            "metric": Field(metric, required=True, example="revenue"),
            "period": Field(choice(KINDS), required=True, example="quarter"),
            "target": Field(decimal, required=True, example="900000"),
            "currency": Field(nullable(currency)),
            "direction": Field(choice(("higher", "lower"))),
            **SPAN,
            "set_by": Field(nullable(text)),
            "reason": Field(nullable(text)),
            "season": Field(percents),
            "ramp": Field(percents),
            "relief": Field(listed(nested("a relief", RELIEF), "relief")),
            "stretch": Field(nullable(decimal)),
        },
    ),
    "rules": Section(
        "rule",
        {
            "id": _id("shortage"),
            "kind": Field(choice(RULES), required=True, example="early_stage_shortage"),
            "levels": Field(listed(choice(LEVELS), "levels")),
            "lead": Field(nullable(whole(0, 1000))),
            "fire": Field(nullable(fraction(0, 10))),
            "clear": Field(nullable(fraction(0, 10))),
            "days": Field(nullable(whole(1, 100))),
            "minimum": Field(nullable(whole(0, 10**9))),
            "metrics": Field(listed(metric, "metrics")),
            "minimum_amount": Field(nullable(decimal)),
        },
    ),
    "rates": Section(
        "rate",
        {
            "currency": Field(currency, required=True, example="EUR"),
            "day": Field(day, required=True, example="2017-01-01", aliases=("from",)),
            "rate": Field(decimal, required=True, example="1.08"),
        },
    ),
    "routes": Section(
        "route",
        {
            "id": _id("wins"),
            "recipient": Field(recipient, required=True, example="sales-floor"),
            "sink": Field(slug, required=True, example="console"),
            "rules": Field(listed(slug, "rules")),
            "scopes": Field(listed(scope, "scopes"), aliases=("scope",)),
        },
    ),
    "metrics": Section(
        "metric",
        {
            "id": Field(metric, required=True, example="applications"),
            "counts": Field(listed(text, "counts")),
            "conversations": Field(nested("a choice of conversations", CONVERSATIONS)),
            "name": Field(text),
        },
    ),
}


def keyed(node: Node, what: str, problems: list[Problem]) -> list[Node]:
    """A section's objects: a list of mappings, or a mapping from id to the rest."""
    if isinstance(node, Mapping):
        return [_with_id(key, value, what, problems) for key, value in node.entries]
    try:
        return list(items(node, f"{what}s"))
    except Wrong as wrong:
        problems.extend(wrong.problems)
        return []


def _with_id(key: Scalar, value: Node, what: str, problems: list[Problem]) -> Node:
    if not isinstance(value, Mapping):
        problems.append(Problem(value.place, f"{what} {key.text!r} must be a mapping", "write `key: value` lines"))
        return Mapping(((Scalar("id", True, key.place), key),), key.place)
    return Mapping(((Scalar("id", True, key.place), key), *value.entries), key.place)


def section_of(name: str, place: Place, problems: list[Problem]) -> Section | None:
    """The section of this name; an unknown one becomes a problem."""
    if name in SECTIONS:
        return SECTIONS[name]
    problems.append(Problem(place, f"there is no section {name!r}", suggestion(name, ["company", *SECTIONS])))
    return None
