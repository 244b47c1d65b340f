"""Deals: the change fact, in which absent, null and a value differ, and the record of all changes of one deal."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.fields import Day, Moment, Money, Name, Origin


class DealChanged(Struct, frozen=True, tag="deal_changed", omit_defaults=True, gc=False):
    """What one event says of a deal: an absent field is unknown, null clears it, a value sets it.

    `created_at: null` says that the deal's creation is not known; absent, it is the first entry into an open stage.
    """

    id: Name
    source: Name
    occurred_at: Moment
    deal: Name
    owner: Name | None | UnsetType = UNSET
    stage: Name | None | UnsetType = UNSET
    amount: Money | None | UnsetType = UNSET
    cost: Money | None | UnsetType = UNSET
    created_at: Moment | None | UnsetType = UNSET
    expected_close: Day | None | UnsetType = UNSET
    lead: Name | None | UnsetType = UNSET
    account: Name | None | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    version: Annotated[int, Meta(ge=0, le=10**9)] = 0
    quiet: bool = False


class DealChange(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one fact said of its deal, as the deal's record keeps it: it was checked when it was received."""

    id: str
    source: str
    occurred_at: datetime
    owner: str | None | UnsetType = UNSET
    stage: str | None | UnsetType = UNSET
    amount: Money | None | UnsetType = UNSET
    cost: Money | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    expected_close: str | None | UnsetType = UNSET
    lead: str | None | UnsetType = UNSET
    account: str | None | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    version: int = 0


class DealRecord(Struct, frozen=True):
    """Entity record: the set of what facts said of a deal, each with its origin; no two of one source and id."""

    deal: str
    changes: list[tuple[DealChange, Origin]]
