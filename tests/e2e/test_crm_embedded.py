"""The sample sales data on the embedded log: every number and every alert is what plain loops over the rows say."""

import copy
import csv
import json
import random
import shutil
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import command_line
from streams.log import Outgoing
from tests.e2e.cli import Beside, Json, Quotaflow
from tests.e2e.comparing import Key, by_key, shortages, wrong
from tests.e2e.conftest import CRM
from tests.oracle import crm, shortage

QUARTERS = ("2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4")
DEALS = "sales.deals.v1"


def explained(flow: Quotaflow, scope: str, period: str) -> Json:
    """What the command prints, run in this process: there are many scopes, and a start costs a second."""
    arguments = ["explain", scope, "revenue", period, "--json"]
    result = CliRunner().invoke(command_line, arguments, env={"QUOTAFLOW_BROKER": flow.broker})
    assert result.exit_code == 0, result.output
    found: Json = json.loads(result.stdout)
    return found


def total(explanation: Json) -> Decimal:
    return sum((Decimal(each["value"]) for each in explanation["contributions"]), Decimal())


def revenue(standing: Json) -> Decimal:
    return Decimal(standing["metrics"]["revenue"]["value"])


def facts(flow: Quotaflow) -> list[bytes]:
    """The facts that a log holds, as their bytes; ticks lie between them."""
    with Beside(flow.broker) as beside:
        return [value for part in beside.values(DEALS) for value in part if b'"deal_changed"' in value]


def same(flow: Quotaflow, standings: list[Json], history: list[Json]) -> None:
    assert by_key(flow.standings()) == by_key(standings)
    assert flow.transitions() == history


def something(standings: list[Json]) -> dict[Key, Json]:
    """Standings that say more than nothing, without the moment of the last tick that had news of them."""
    found = by_key(copy.deepcopy(standings))  # others read them, too
    for standing in found.values():
        for dated in (standing, standing.get("pipeline", {})):
            dated.pop("as_of", None)
    return {key: standing for key, standing in found.items() if standing["quotas"] or not idle(standing)}


def idle(standing: Json) -> bool:
    return all(measure["value"] in {0, "0.00", None} for measure in standing["metrics"].values())


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write_rows(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def test_every_standing_is_what_the_rows_add_up_to(standings: list[Json], sample: Path) -> None:
    assert wrong(standings, sample) == []
    of_2017 = {(scope, period) for scope in crm.scopes(sample) for period in crm.periods() if period.startswith("2017")}
    assert {key for key in by_key(standings) if key[1].startswith("2017")} == of_2017


def test_the_company_won_what_the_export_is_known_for(standings: list[Json]) -> None:
    won = by_key(standings)["company", "2017"]["metrics"]
    assert (won["revenue"], won["deals_won"]) == ({"value": "10005534.00", "unit": "USD"}, {"value": 4238})


def test_the_shortage_alert_makes_exactly_the_transitions_of_the_oracle(embedded: Quotaflow, sample: Path) -> None:
    expected = shortage.transitions(shortage.evaluations(sample))
    assert len(expected) > 50
    assert shortages(embedded.transitions("--rule", "early_stage_shortage")) == expected


def test_explained_revenue_of_every_scope_sums_to_what_is_reported_in_every_quarter(
    embedded: Quotaflow, standings: list[Json], sample: Path
) -> None:
    reported = by_key(standings)
    for scope in crm.scopes(sample):
        found = explained(embedded, scope, "2017")
        sums = {period: Decimal() for period in QUARTERS}
        for each in found["contributions"]:
            sums[crm.quarter(date.fromisoformat(each["day"]))] += Decimal(each["value"])
        assert sums == {period: revenue(reported[scope, period]) for period in QUARTERS}, scope
        assert found["sums_to"] == found["value"], scope
        assert Decimal(found["sums_to"]) == sum(sums.values()) == revenue(reported[scope, "2017"]), scope


@pytest.mark.parametrize("period", QUARTERS)
def test_a_quarter_is_explained_by_itself(period: str, embedded: Quotaflow, standings: list[Json]) -> None:
    reported = by_key(standings)
    for scope in ("company", "team:east", "team:melvin-marxen", "rep:darcel-schlecht"):
        found = explained(embedded, scope, period)
        assert total(found) == Decimal(found["sums_to"]) == Decimal(found["value"]) == revenue(reported[scope, period])


def test_what_is_explained_are_the_deals_and_facts_of_the_export(embedded: Quotaflow, sample: Path) -> None:
    found = embedded.json("explain", "team:central", "revenue", "2017-Q2")
    chains = crm.scopes_of(sample)
    won = {
        deal.id: Decimal(deal.close_value)
        for deal in crm.deals(sample)
        if deal.won and deal.closed and crm.quarter(deal.closed) == "2017-Q2" and "team:central" in chains[deal.agent]
    }
    assert {each["entity"]: Decimal(each["value"]) for each in found["contributions"]} == won
    ids = [[fact["id"] for fact in each["facts"]] for each in found["contributions"]]
    assert ids == [[f"{each['entity']}:{what}" for what in ("opened", "closed")] for each in found["contributions"]]


def test_a_second_replay_changes_nothing(
    copied: Quotaflow, standings: list[Json], history: list[Json], sample: Path
) -> None:
    assert "15,511 facts sent with 0 ticks" in copied.run("replay", sample, "--format", CRM, "--wait").stdout
    same(copied, standings, history)


def test_every_fact_three_times_more_and_in_any_order_changes_nothing(
    copied: Quotaflow, standings: list[Json], history: list[Json]
) -> None:
    lines = facts(copied) * 3
    random.Random(1).shuffle(lines)
    path = copied.folder / "facts.ndjson"
    path.write_bytes(b"\n".join(lines))
    assert f"{len(lines):,} facts sent with 0 ticks" in copied.run("replay", path, "--wait").stdout
    same(copied, standings, history)


def test_an_export_whose_rows_are_shuffled_and_come_three_times_each_ends_in_the_same(
    fresh: Quotaflow, standings: list[Json], history: list[Json], sample: Path
) -> None:
    shuffled = fresh.folder / "data"
    shutil.copytree(sample, shuffled)
    header, rows = rows_of(sample / "sales_pipeline.csv")
    rows *= 3
    random.Random(2).shuffle(rows)
    write_rows(shuffled / "sales_pipeline.csv", header, rows)
    fresh.run("replay", shuffled, "--format", CRM, "--wait")
    same(fresh, standings, history)


def test_facts_that_a_producer_appended_in_any_order_end_in_the_same_standings(
    embedded: Quotaflow, fresh: Quotaflow, standings: list[Json]
) -> None:
    told = facts(embedded)
    last = max(told, key=lambda fact: str(json.loads(fact)["occurred_at"]))
    anywhere, records = random.Random(3), []
    for fact in told * 2:
        key = str(json.loads(fact)["deal"]).encode()
        records.append(Outgoing(DEALS, anywhere.randrange(4), key, fact))
    anywhere.shuffle(records)
    with Beside(fresh.broker) as beside:
        beside.append(records)
    # What lies in the wrong partition counts where it is forwarded to, so a tick waits until everything has arrived.
    nothing = fresh.folder / "nothing.ndjson"
    nothing.touch()
    fresh.run("replay", nothing, "--wait")
    only = fresh.folder / "last.ndjson"
    only.write_bytes(last)
    assert "1 fact sent with 1 tick" in fresh.run("replay", only, "--wait").stdout
    # Where nothing ever happened one tick says nothing, and a deal may be closed before it is known whose it is.
    assert something(fresh.standings()) == something(standings)
