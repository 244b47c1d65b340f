"""A plan as it travels: one record per object, the manifest last."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import msgspec

from schemas.plan import Company, Manifest, Plan, PlanObject, PlanRecord, Rate

SECTIONS = ("reps", "teams", "calendars", "pipelines", "quotas", "rules", "rates", "routes", "metrics")

MANIFEST = b"/manifest"
"""How the key of a revision's last record ends."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PlanRecord | Manifest)
_SECTION_OF = {name.removesuffix("s"): name for name in SECTIONS}


class Keyed(NamedTuple):
    """A record of the plan topic."""

    key: bytes
    value: bytes


class TornPlan(Exception):
    """The records of a revision are not those that its manifest was written for."""


def plan_records(plan: Plan, revision: int, applied_at: datetime) -> list[Keyed]:
    """The records of the plan under this revision, in the order in which they must be appended."""
    objects = list(_objects(plan))
    values = [_encoder.encode(PlanRecord(revision, item)) for item in objects]
    manifest = Manifest(revision, len(values), _digest(values), applied_at)
    keys = [f"{revision:08d}/{kind_of(item)}/{name_of(item)}".encode() for item in objects]
    last = Keyed(b"%08d%b" % (revision, MANIFEST), _encoder.encode(manifest))
    return [*map(Keyed, keys, values), last]


def assemble(values: Iterable[bytes]) -> Plan | None:
    """The plan of one revision's record values in the order of the topic, or None while its manifest is missing.

    Records that an interrupted attempt left before those of the manifest are passed over. Raises TornPlan.
    """
    seen: list[tuple[bytes, PlanObject]] = []
    for value in values:
        record = _decoder.decode(value)
        if isinstance(record, Manifest):
            return _assembled(record, seen)
        seen.append((value, record.object))
    return None


def _assembled(manifest: Manifest, seen: Sequence[tuple[bytes, PlanObject]]) -> Plan:
    own = seen[len(seen) - manifest.objects :] if len(seen) >= manifest.objects else ()
    if not own or _digest(value for value, _ in own) != manifest.digest:
        raise TornPlan(f"revision {manifest.revision} was written by two at once or is damaged; apply the plan again")
    company = next(item for _, item in own if isinstance(item, Company))
    parts: dict[str, list[PlanObject]] = {name: [] for name in SECTIONS}
    for _, item in own:
        if not isinstance(item, Company):
            parts[_SECTION_OF[kind_of(item)]].append(item)
    return msgspec.convert({"revision": manifest.revision, "company": company, **parts}, Plan)


def _objects(plan: Plan) -> Iterator[PlanObject]:
    yield plan.company
    for name in SECTIONS:
        yield from getattr(plan, name)


def kind_of(item: PlanObject) -> str:
    """The word for such an object."""
    return str(item.__struct_config__.tag)


def name_of(item: PlanObject) -> str:
    """What tells an object apart from the others of its kind; nothing for the company."""
    if isinstance(item, Rate):
        return f"{item.currency}@{item.day}"
    return "" if isinstance(item, Company) else item.id


def _digest(values: Iterable[bytes]) -> str:
    digest = sha256()
    for value in values:
        digest.update(len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()
