"""Deals: the change fact, in which absent, null and a value differ, and the record of all changes of one deal."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.fields import Day, Moment, Money, Name, Origin


class DealChanged(Struct, frozen=True, tag="deal_changed", omit_defaults=True):
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


class DealRecord(Struct, frozen=True):
    """Entity record: the set of a deal's change facts by `source|id`, each with its origin."""

    deal: str
    changes: dict[str, tuple[DealChanged, Origin]]
