"""A simulated rep's day: calls, e-mails, chats, and meetings with what becomes of them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from quota.catalogue import CONVERSATIONS
from schemas.activities import Activity
from schemas.meetings import MeetingChanged, MeetingState
from streams.simulate.deals import SOURCE, poisson
from streams.simulate.hours import later, moment, rng
from streams.simulate.people import Person
from streams.simulate.talks import contact, talk

CALLS_A_DAY, MEETINGS_A_DAY = 6.0, 0.8
_OTHERS = (("email_sent", 4.0), ("chat", 0.7), ("linkedin_touch", 0.8), ("proposal_sent", 0.3))


def activities(person: Person, day: date, seed: int) -> Iterator[Activity]:
    """What the rep does on a working day; a rep that does not prospect calls less."""
    chance = rng(seed, "activities", person.number, day)
    drive = person.drive * (0.6 if person.prospecting(day) < 0.5 else 1.0)
    number = 0
    for _ in range(poisson(CALLS_A_DAY * drive, chance)):
        at, lead = moment(day, chance), _lead(person, chance)
        number += 1
        yield activity(f"{person.id}-{day:%y%m%d}-{number}", at, person, "call_placed", lead)
        if chance.random() < 0.4:
            connected = at + timedelta(seconds=chance.randrange(5, 40))
            yield activity(f"{person.id}-{day:%y%m%d}-{number}c", connected, person, "call_connected", lead)
    for kind, mean in _OTHERS:
        for _ in range(poisson(mean * drive, chance)):
            number += 1
            at = moment(day, chance)
            yield activity(f"{person.id}-{day:%y%m%d}-{number}", at, person, kind, _lead(person, chance))


def activity(name: str, at: datetime, person: Person, kind: str, lead: str) -> Activity:
    """An activity of the rep, of which a conversation tells more."""
    said = talk(name, lead) if kind in CONVERSATIONS else {}
    return Activity(id=name, source=SOURCE, occurred_at=at, performer=person.id, activity=kind, lead=lead, **said)


def meetings(person: Person, day: date, seed: int) -> Iterator[list[MeetingChanged]]:
    """The story of each meeting that the rep books on a working day."""
    chance = rng(seed, "meetings", person.number, day)
    for number in range(poisson(MEETINGS_A_DAY * person.drive, chance)):
        meeting = f"{person.id}-m{day:%y%m%d}-{number + 1}"
        booked, starts = moment(day, chance), moment(later(day, chance.uniform(1, 6)), chance)
        yield story(meeting, person, (booked, starts, starts + timedelta(minutes=30)), outcome(chance))


def outcome(chance: Random) -> MeetingState:
    """Eight in ten meetings are held."""
    drawn = chance.random()
    return "held" if drawn < 0.8 else "no_show" if drawn < 0.92 else "cancelled"


def story(
    meeting: str, person: Person, times: tuple[datetime, datetime, datetime], end: MeetingState
) -> list[MeetingChanged]:
    """A meeting booked at the first time from the second to the third, and how it ended."""
    booked, starts, ends = times
    first = MeetingChanged(
        id=f"{meeting}:booked",
        source=SOURCE,
        occurred_at=booked,
        meeting=meeting,
        organizer=person.id,
        state="booked",
        starts_at=starts,
        ends_at=ends,
        lead=f"lead-{meeting}",
        **contact(f"lead-{meeting}"),
    )
    at = booked + (starts - booked) / 2 if end == "cancelled" else ends
    last = MeetingChanged(
        id=f"{meeting}:{end}", source=SOURCE, occurred_at=at.replace(microsecond=0), meeting=meeting, state=end
    )
    return [first, last]


def _lead(person: Person, chance: Random) -> str:
    return f"lead-{person.number}-{chance.randrange(80)}"
