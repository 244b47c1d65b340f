"""The shipped mappings on the real exports, against plain loops over the same files."""

import csv
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from streams.plans import load
from streams.replay import KEPT, MAX_LINE, Bad, Fact, Ignored, Line, facts, in_time_order
from tests.oracle import bpic

CHICAGO, AMSTERDAM = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Amsterdam")
CRM, BPIC = "crm-sales-opportunities", "bpic2012-work-items"


@pytest.fixture(scope="module")
def export(root: Path) -> Path:
    return root / "deploy" / "examples" / CRM / "data"


@pytest.fixture(scope="module")
def lines(export: Path) -> list[Line]:
    return list(facts(export, CRM))


def said(lines: list[Line]) -> dict[str, dict[str, Any]]:
    """What the facts say, by id; every line must be one."""
    found = [msgspec.json.decode(line.value) for line in lines if isinstance(line, Fact)]
    assert len(found) == len(lines)
    return {fact["id"]: fact for fact in found}


def noon(text: str) -> str:
    """Noon in Chicago on a day that the export writes month/day/year."""
    month, day, year = map(int, text.split("/"))
    return datetime(year, month, day, 12, tzinfo=CHICAGO).astimezone(UTC).isoformat().replace("+00:00", "Z")


def expected(folder: Path) -> Iterator[dict[str, Any]]:
    """The facts of the export, row by row."""
    with (folder / "products.csv").open() as file:
        prices = {row["product"].replace(" ", ""): 100 * int(row["sales_price"]) for row in csv.DictReader(file)}
    with (folder / "sales_pipeline.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        deal, engaged = row["opportunity_id"], row["engage_date"]
        base = {"type": "deal_changed", "source": CRM, "deal": deal, "quiet": True}
        price = {"minor_units": prices[row["product"].replace(" ", "")], "currency": "USD"}
        owner = row["sales_agent"].lower().replace(" ", "-")
        opening = base | {"owner": owner, "amount": price} | ({"account": row["account"]} if row["account"] else {})
        if not engaged:
            last = {"id": f"{deal}:listed", "occurred_at": noon("12/31/2017"), "created_at": None}
            yield opening | last | {"stage": "Prospecting"}
            continue
        at = noon(engaged)
        yield opening | {"id": f"{deal}:opened", "occurred_at": at, "created_at": at, "stage": "Engaging"}
        if row["close_date"]:
            won = row["deal_stage"] == "Won"
            amount = {"amount": {"minor_units": 100 * int(row["close_value"]), "currency": "USD"}} if won else {}
            closing = {"id": f"{deal}:closed", "occurred_at": noon(row["close_date"]), "stage": row["deal_stage"]}
            yield base | closing | amount


def test_every_row_of_the_crm_export_becomes_the_facts_that_it_holds(lines: list[Line], export: Path) -> None:
    found = said(lines)
    wanted = {fact["id"]: fact for fact in expected(export)}
    assert len(lines) == len(found) == len(wanted) == 8800 + 6711
    assert found == wanted


def test_the_won_deals_of_the_crm_export_total_what_is_published(lines: list[Line]) -> None:
    won = [fact for fact in said(lines).values() if fact["stage"] == "Won"]
    assert len(won) == 4238
    assert sum(fact["amount"]["minor_units"] for fact in won) == 10_005_534_00


def test_the_order_and_number_of_rows_does_not_change_the_facts(
    lines: list[Line], export: Path, tmp_path: Path
) -> None:
    shutil.copy(export / "products.csv", tmp_path)
    header, *rows = (export / "sales_pipeline.csv").read_text().splitlines()
    rows *= 3
    random.Random(3).shuffle(rows)
    (tmp_path / "sales_pipeline.csv").write_text("\n".join([header, *rows]))
    shuffled = list(in_time_order(facts(tmp_path, CRM), chunk=10_000))
    assert [line for line, _ in groupby(shuffled)] == sorted(line for line in lines if isinstance(line, Fact))


def test_garbage_rows_leave_the_facts_exact_and_are_bad_lines(lines: list[Line], export: Path, tmp_path: Path) -> None:
    rng = random.Random(4)
    shutil.copy(export / "products.csv", tmp_path)
    header, *good = (export / "sales_pipeline.csv").read_bytes().splitlines()
    spoilt = [rng.choice(SPOIL)(rng.choice(good), rng) for _ in range(2000)]
    mixed = [*good, *spoilt]
    rng.shuffle(mixed)
    (tmp_path / "sales_pipeline.csv").write_bytes(b"\n".join([header, *mixed]))
    found = list(facts(tmp_path, CRM))
    assert sorted(line for line in found if isinstance(line, Fact)) == sorted(
        line for line in lines if isinstance(line, Fact)
    )
    assert sorted(line.raw for line in found if isinstance(line, Bad)) == sorted(
        row if len(row) <= MAX_LINE else row[:KEPT] for row in spoilt
    )


SPOIL: list[Callable[[bytes, random.Random], bytes]] = [
    lambda row, rng: row[: rng.randrange(1, row.rindex(b",") - 8)].rsplit(b",", 1)[0],
    lambda row, rng: row + b",one more",
    lambda row, rng: b'"' + row,
    lambda row, rng: b"\xff" + row,
    lambda row, rng: b"x" * 70_000,
    lambda row, rng: b'{"type":"activity"}',
    lambda row, rng: row.split(b",")[0] + b",Anna Snelling,GTX Pro,,Won,2/30/2017,3/1/2017,55",
    lambda row, rng: row.split(b",")[0] + b",Anna Snelling,GTX Pro,,Won,2/20/2017,3/1/2017,fifty",
    lambda row, rng: row.split(b",")[0] + b",Anna Snelling,GTX Pro,,Won,2/20/2017,,55",
    lambda row, rng: row.split(b",")[0] + b",Anna Snelling,Abacus,,Engaging,2/20/2017,,",
    lambda row, rng: row.split(b",")[0] + b",Anna Snelling,GTX Pro,,Wonn,2/20/2017,3/1/2017,55",
    lambda row, rng: b"," + row.split(b",", 1)[1],
]


def test_the_crm_plan_has_a_quota_for_every_scope_with_revenue(root: Path, export: Path) -> None:
    plan = load(root / "deploy" / "examples" / CRM)
    with (export / "sales_teams.csv").open() as file:
        teams = {row["sales_agent"].lower().replace(" ", "-"): row for row in csv.DictReader(file)}
    revenue: Counter[str] = Counter()
    owners = {fact["deal"]: fact["owner"] for fact in expected(export) if "owner" in fact}
    for fact in expected(export):
        if fact["stage"] == "Won" and fact["occurred_at"] >= "2017-04":
            owner = owners[fact["deal"]]
            team, region = (teams[owner][key].lower().replace(" ", "-") for key in ("manager", "regional_office"))
            for scope in (f"rep:{owner}", f"team:{team}", f"team:{region}", "company"):
                revenue[scope] += fact["amount"]["minor_units"]
    assert {quota.scope: round(100 * float(quota.target)) for quota in plan.quotas} == {
        scope: round(total / 3) for scope, total in revenue.items()
    }
    assert len(plan.quotas) == 1 + 3 + 6 + 30


def test_the_work_items_equal_a_direct_count(shared_data: Path, root: Path) -> None:
    path = shared_data / BPIC / "work_items.csv.gz"
    metrics = {"call_placed": "calls_placed", "application": "applications"}
    found = list(facts(path, BPIC))
    assert Counter(type(line) for line in found) == {Fact: 27_908, Ignored: 48_967 - 27_908}
    reps = {rep.id for rep in load(root / "deploy" / "examples" / BPIC).reps}
    counted: Counter[tuple[str, str, str]] = Counter()
    identities = set()
    for line in found:
        if isinstance(line, Fact):
            fact = msgspec.json.decode(line.value)
            identities.add(fact["id"])
            rep = f"rep:{fact['performer']}" if fact["performer"] in reps else bpic.UNASSIGNED
            day = datetime.fromisoformat(fact["occurred_at"]).astimezone(AMSTERDAM).date().isoformat()
            counted[metrics[fact["activity"]], rep, day] += 1
    assert counted == bpic.counts(path)
    assert len(identities) == 27_908
