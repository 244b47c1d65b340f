"""What is known of a conversation beside when it was and whose: with whom, for how long, and how it went."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.fields import Name

Seconds = Annotated[int, Meta(ge=0, le=1_000_000)]
"""How long something took; the longest is eleven days."""


class Details(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a fact can tell of a conversation: `seniority` and `role` of the `contact` as the source calls them.

    `two_way` false says that nobody answered, `meaningful` true that whoever held it found it so.
    """

    contact: Name | None = None
    seniority: Name | None = None
    role: Name | None = None
    seconds: Seconds | None = None
    two_way: bool | None = None
    meaningful: bool | None = None


class Conversation(Struct, frozen=True, array_like=True, gc=False):
    """The same as records keep it: it was checked when it was received; of an activity with the lead."""

    contact: str | None = None
    seniority: str | None = None
    role: str | None = None
    seconds: int | None = None
    two_way: bool | None = None
    meaningful: bool | None = None
    lead: str | None = None
