"""What a calendar of a plan file may say: working time, days off, and how its days make up periods."""

from streams.documents import Field, Mapping, Node, Wrong
from streams.documents.entries import gather, items
from streams.documents.schemas import NOTHING, accepts, either, fields, mapping, nested, schema_of, words
from streams.documents.values import any_case, choice, clock, day, listed, nullable, period_id, text, whole, zone
from streams.plans.regions import regional

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@accepts(words(rf"({'|'.join(map(any_case, WEEKDAYS))}).*"))
def weekday(node: Node) -> int:
    """A weekday's number, 0 for Monday, from its English name."""
    value = text(node).lower()[:3]
    if value not in WEEKDAYS:
        raise Wrong.at(node.place, f"{text(node)!r} is not a weekday", "write mon, tue, wed, thu, fri, sat or sun")
    return WEEKDAYS.index(value)


_DAYS = either(mapping(either(schema_of(text), NOTHING), schema_of(day)), schema_of(listed(day)))


@accepts(_DAYS)
def days_off(node: Node) -> dict[str, str]:
    """Days with their names, from a list of days or a mapping `day: name`."""
    if isinstance(node, Mapping):
        days = gather([key for key, _ in node.entries], day)
        names = gather([value for _, value in node.entries], nullable(text))
        return {off: name or "holiday" for off, name in zip(days, names, strict=True)}
    return dict.fromkeys(gather(items(node, "holidays"), day), "holiday")


REGIONAL, _regional = regional(days_off)


@accepts(either(_DAYS, fields(REGIONAL)))
def holidays(node: Node) -> dict[str, str]:
    """Days off with their names: those listed, or those of a region."""
    if isinstance(node, Mapping) and any(key.text in REGIONAL for key, _ in node.entries):
        return _regional(node)
    return days_off(node)


FISCAL = {
    "pattern": Field(choice(("4-4-5", "4-5-4", "5-4-4")), required=True, example="4-4-5"),
    "weekday": Field(weekday, required=True, example="sat"),
    "month": Field(whole(1, 12), required=True, example="1"),
    "ends": Field(choice(("last", "nearest"))),
    "named_for": Field(choice(("end", "start"))),
    "week_53": Field(whole(1, 12)),
}
TABLE_PERIOD = {
    "id": Field(period_id, required=True, example="FY2026-P01"),
    "kind": Field(choice(("month", "quarter", "year")), required=True, example="month"),
    "start": Field(day, required=True, aliases=("from",), example="2026-01-01"),
    "end": Field(day, required=True, aliases=("until",), example="2026-02-01"),
}
CALENDAR = {
    "zone": Field(zone, required=True, example="America/Chicago", aliases=("timezone",)),
    "working_days": Field(listed(weekday, "working_days")),
    "starts": Field(clock),
    "ends": Field(clock),
    "first_weekday": Field(weekday),
    "holidays": Field(holidays),
    "fiscal_start_month": Field(whole(1, 12)),
    "fiscal": Field(nested("`fiscal`", FISCAL)),
    "period_table": Field(listed(nested("a period", TABLE_PERIOD), "period_table")),
}
