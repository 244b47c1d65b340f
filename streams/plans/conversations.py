"""What a metric of conversations may say."""

from typing import Any

from msgspec import UNSET, UnsetType

from schemas.plan import Conversations
from streams.documents import Entry, Field
from streams.documents.values import flag, listed, text, whole

CONVERSATIONS = {
    "minutes": Field(whole(0, 1440)),
    "seniorities": Field(listed(text, "seniorities"), aliases=("seniority",)),
    "roles": Field(listed(text, "roles"), aliases=("role",)),
    "distinct": Field(flag),
}


def conversations(entry: Entry | None) -> Conversations | UnsetType:
    """The choice that an entry says."""
    if entry is None:
        return UNSET
    said: dict[str, Any] = entry.values
    return Conversations(**said)
