"""Standings into alerts: the stage of the standings topic, which evaluates rules at complete ticks."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import json
from msgspec.structs import replace

from quota.alerts import Change, Judge, Watched, at_day_end, at_tick, at_wins
from quota.judgements import Judgements
from quota.plans import PlanIndex
from quota.wins import KIND as DEAL_WON
from schemas.alerts import AlertState
from schemas.control import PlanMarker, Tick
from schemas.standings import Attained, Baseline, HeldStanding, Inputs, Measure, Outlook, Passed, Wins
from streams import tables, topics
from streams.batches import Fetched
from streams.log import Outgoing
from streams.stages.held import Held, Version
from streams.stages.stage import Moment, Place

Said = Attained | Outlook | Wins | Baseline
SAID = (Inputs, Wins, Baseline)


class Alerts:
    """The state of every alert of one shard's scopes, and what the rules look at as of the last complete tick."""

    def __init__(self, place: Place) -> None:
        """Empty until loaded."""
        self.place = place
        self.held: Held[Said] = Held()
        self.states: dict[str, AlertState] = {}
        self._won: dict[tuple[str, str], dict[str, AlertState]] = {}
        self._baseline: Baseline | None = None
        self._attained: dict[tuple[str, str], Attained] = {}
        self._hushed: set[tuple[str, str]] = set()
        """What changed with this tick because of quiet facts alone."""
        self._outlooks: dict[str, Outlook] = {}
        self._wins: dict[str, Wins] = {}
        self._firing: dict[str, AlertState] = {}
        self._plan: PlanIndex | None = None
        self._tick = -1
        self._changed: dict[str, AlertState] = {}
        self._decode = json.Decoder(Inputs | Wins | Baseline | Passed | Tick | PlanMarker).decode
        self._load = json.Decoder(HeldStanding).decode
        self._load_state = json.Decoder(AlertState).decode

    def decode(self, value: bytes) -> object:
        """What the standings agent says; standings themselves are for others."""
        return self._decode(value)

    def sender_of(self, said: object) -> str:
        """Each record names its sender."""
        return said.sender if isinstance(said, SAID) else ""

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back an alert's state, or what was said under a key."""
        if table == tables.ALERTS.name:
            self._note_state(self._load_state(value))
        else:
            self.held.load(key.decode(), [Version(*version) for version in self._load(value).versions])

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Takes up what the last complete tick saw."""
        self._plan, self._tick = plan, tick
        self.held.install(tick)
        for key in self.held.versions:
            self._see(self.held.seen(key, tick))

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes what was said; it counts for the next tick of its sender."""
        if isinstance(said, Inputs):
            for each in said.said:
                name = each.period if isinstance(each, Attained) else "outlook"
                self.held.say(f"{each.scope}|{name}", epoch, each)
        elif isinstance(said, Wins | Baseline):
            self.held.say((record.key or b"").decode(), epoch, said)

    def owed(self) -> Iterable[Outgoing]:
        """Nothing: alerts change at complete ticks only."""
        return ()

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """The transitions that this tick brings."""
        self._hushed = set()
        for _, before, now in self.held.come(self._tick, moment.tick.number):
            self._see(now)
            # After a restart what is known is said once more: that changes nothing.
            if isinstance(now, Attained) and now.quiet and _metrics(before) != now.metrics:
                self._hushed.add((now.scope, now.period))
        self._tick = moment.tick.number
        if self._plan is None or not moment.evaluates or moment.at is None:
            return []
        changes = self._evaluate(self._plan, moment, moment.at)
        return [self._transition(change) for change in changes if change[1] is not None]

    def _see(self, said: Said | None) -> None:
        if isinstance(said, Attained):
            self._attained[said.scope, said.period] = said
        elif isinstance(said, Outlook):
            self._outlooks[said.scope] = said
        elif isinstance(said, Wins):
            self._wins[f"{said.scope}|{said.day}"] = said
        elif isinstance(said, Baseline):
            self._baseline = said

    def _evaluate(self, plan: PlanIndex, moment: Moment, at: datetime) -> list[Change]:
        wins, self._wins = [*self._wins.values()], {}
        judge = Judgements(self._attained, self._hushed, plan, at)
        changes = self._note(at_tick([*self._firing.values()], plan, moment.tick, judge))
        celebrated = {name: state for said in wins for name, state in self._celebrated(said).items()}
        changes += self._note(at_wins(wins, celebrated, plan, moment.tick))
        day = plan.calendar("company").ended_working_day(moment.before, at)
        return changes + (self._day_end(plan, moment, day, judge) if day else [])

    def _day_end(self, plan: PlanIndex, moment: Moment, day: date, judge: Judge) -> list[Change]:
        mine = [scope for scope in plan.scopes if self.place.shard_of(scope) == self.place.shard]
        inputs = Watched(judge, self._outlooks, self._baseline)
        return self._note(at_day_end(mine, inputs, self.states, plan, moment.tick, day))

    def _note(self, changes: Iterable[Change]) -> list[Change]:
        changes = [*changes]
        for state, _ in changes:
            self._note_state(state)
            self._changed[state.fingerprint] = state
        return changes

    def _celebrated(self, said: Wins) -> dict[str, AlertState]:
        return self._won.get((said.scope, said.day), {})

    def _note_state(self, state: AlertState) -> None:
        if state.kind != DEAL_WON:
            self.states[state.fingerprint] = state
        else:
            self._won.setdefault((state.scope, state.period), {})[state.fingerprint] = state
        if state.state == "firing":
            self._firing[state.fingerprint] = state
        else:
            self._firing.pop(state.fingerprint, None)

    def _transition(self, change: Change) -> Outgoing:
        state, transition = change
        value = json.encode(replace(transition, sender=self.place.sender))  # type: ignore[type-var] # None was left out
        return Outgoing(topics.ALERTS.name, self.place.shard, f"{state.fingerprint}#{state.number}".encode(), value)

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """From here on this plan's rules are evaluated."""
        self._plan = plan
        return ()

    def stored(self) -> list[Outgoing]:
        """The states and inputs that changed."""
        states, self._changed = self._changed, {}
        keys, self.held.changed = self.held.changed, set()
        out = [self._put(tables.ALERTS.name, name, json.encode(state)) for name, state in states.items()]
        held = ((key, self.held.versions.get(key)) for key in sorted(keys))
        return out + [self._put(tables.ALERT_INPUTS.name, key, self._encode(versions)) for key, versions in held]

    def _encode(self, versions: list[Version[Said]] | None) -> bytes | None:
        return (
            None
            if versions is None
            else json.encode(HeldStanding([(version.epoch, version.value) for version in versions]))
        )

    def _put(self, table: str, key: str, value: bytes | None) -> Outgoing:
        return Outgoing(table, self.place.shard, key.encode(), value)


def _metrics(said: Said | None) -> dict[str, Measure] | None:
    return said.metrics if isinstance(said, Attained) else None
