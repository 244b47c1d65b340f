"""How numbers are credited, in words: what `explain` shows beside a sum."""

from quota.catalogue import Declaration

_CLOSING = {
    "when": "the moment the deal entered its closing stage for the last time; a reopened deal is taken out of its day",
    "whom": "the deal's owner at that moment, and from him the teams of his membership on that day and the company",
    "day": "the local day in the credited rep's calendar",
    "amount": "as last said, converted at the rate of that day; without amount or rate a deal is unpriced, and counted",
}
_CREATION = {
    "when": "the deal's creation as its source says it, else its first entry into an open stage; reopening is not new",
    "whom": "the deal's owner at that moment, his teams on that day, and the company",
    "day": "the local day in the credited rep's calendar",
}
_ADVANCE = {
    "when": "the entry into an open stage further than all before, once per stage; the first stage does not count",
    "whom": "the deal's owner at that moment, his teams on that day, and the company",
    "day": "the local day in the credited rep's calendar",
}
_STOCK = {
    "when": "open now, whenever it was created; shown under the day of creation",
    "whom": "the deal's present owner, his teams on the day of creation, and the company",
    "amount": "as last said, converted at the rate of the day of the last change",
}
_MEETING = {
    "when": "scheduled at the booking, held at the end, missed when it is said, if that is the meeting's last state",
    "whom": "the organizer in force when it was said, his teams on that day, and the company",
    "day": "the local day in the organizer's calendar",
}
_ACTIVITY = {
    "when": "the moment it occurred",
    "whom": "its performer, his teams on that day, and the company",
    "day": "the local day in the performer's calendar",
}
_LEADS = {
    "when": "the first conversation with a lead in the period: a connected call, a chat, or a meeting held",
    "whom": "who held it, his teams on that day, and the company",
    "distinct": "a lead counts once for a scope and period, further conversations count 0",
}
_CONVERSATIONS = {
    "when": "the moment a call connected or a chat occurred, or a meeting's end, unless nobody answered",
    "whom": "who held it, his teams on that day, and the company",
    "day": "the local day in his calendar",
}
_CHOSEN = _CONVERSATIONS | {
    "which": "long enough or flagged as meaningful, with a contact of the seniorities and roles that the plan names",
}
_CONTACTS = _CHOSEN | {
    "distinct": "a contact counts once for a scope and day, further conversations count 0; without a contact none does",
}
_BY_METRIC = {
    "conversations": _CONVERSATIONS,
    "opportunities_created": _CREATION,
    "opportunities_advanced": _ADVANCE,
    "leads_spoken_to": _LEADS,
    "meetings_scheduled": _MEETING,
    "meetings_held": _MEETING,
    "no_shows": _MEETING,
}


def policy(metric: Declaration) -> dict[str, str]:
    """The credit policy that applies to a metric."""
    if metric.aggregation == "stock":
        return _STOCK
    fallback = _ACTIVITY if metric.level == "input" else _CLOSING
    if metric.chosen:
        fallback = _CONTACTS if metric.aggregation == "distinct" else _CHOSEN
    return _BY_METRIC.get(metric.id, fallback)
