"""What a look at a log found: every difference with its cause, and how much was compared."""

from msgspec import Struct, field


class Difference(Struct, frozen=True, order=True):
    """Something that is not as the facts make it: what it is about, and what is wrong with it."""

    kind: str
    subject: str
    cause: str

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.cause}"


class Verdict(Struct):
    """What was compared (`facts` are those that count, `left_out` those after the last tick), and what differs.

    `idle` is how many shards serve nothing yet.
    """

    standings: int = 0
    scopes: int = 0
    facts: int = 0
    entities: int = 0
    credits: int = 0
    explained: int = 0
    set_aside: int = 0
    left_out: int = 0
    idle: int = 0
    revision: int = 0
    notes: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
