"""A part of the sample that is replayed in seconds, as an export of its own and as facts written by hand."""

import csv
import shutil
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.e2e.cli import Json
from tests.oracle import crm

FIRST, LAST = date(2017, 3, 1), date(2017, 6, 30)
ZONE = ZoneInfo("America/Chicago")


def cut(sample: Path, folder: Path) -> Path:
    """The export with the deals only that began and were closed between the two days."""
    shutil.copytree(sample, folder)
    with (sample / "sales_pipeline.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    began, ended = header.index("engage_date"), header.index("close_date")
    kept = [row for row in rows if _within(row[began]) and _within(row[ended])]
    with (folder / "sales_pipeline.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *kept])
    return folder


def _within(text: str) -> bool:
    day = crm.day(text)
    return day is not None and FIRST <= day <= LAST


def facts(folder: Path) -> list[Json]:
    """Two facts of every deal: it was opened at its list price, and it was closed."""
    return [fact for deal in crm.deals(folder) for fact in _facts(deal)]


def _facts(deal: crm.Deal) -> list[Json]:
    assert deal.engaged is not None
    assert deal.closed is not None
    common = {"type": "deal_changed", "source": "by-hand", "deal": deal.id}
    opened = {"stage": "Engaging", "owner": crm.slug(deal.agent), "amount": _dollars(deal.list_price)}
    closed = {"stage": deal.stage} | ({"amount": _dollars(deal.close_value)} if deal.won else {})
    return [
        common | {"id": f"{deal.id}:opened", "occurred_at": _noon(deal.engaged)} | opened,
        common | {"id": f"{deal.id}:closed", "occurred_at": _noon(deal.closed)} | closed,
    ]


def _noon(day: date) -> str:
    return datetime.combine(day, time(12), ZONE).isoformat()


def _dollars(amount: int) -> Json:
    return {"minor_units": amount * 100, "currency": "USD"}
