"""Records that steer time and plan: they are ordered in the control topic and travel with the data."""

from msgspec import Struct

from schemas.fields import Moment


class Tick(Struct, frozen=True, tag="tick", omit_defaults=True):
    """Time has come to `at`; the number, its control offset, orders it; without `at` it is only passed on.

    `sender` is the upstream partition that says it (`deals/3`); in control it has neither number nor sender.
    """

    at: Moment | None = None
    number: int = -1
    sender: str = ""
    quiet: bool = False


class PlanMarker(Struct, frozen=True, tag="plan_marker", omit_defaults=True):
    """From here on the plan of this revision is in force; numbered and sent like a tick."""

    revision: int
    number: int = -1
    sender: str = ""


class Live(Struct, frozen=True, tag="live"):
    """From here on time follows the clock."""

    since: Moment
