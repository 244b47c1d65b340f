"""The table says what was measured: medians with their spread, and ratios within a round."""

from pathlib import Path

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from bench.cost import Cost
from bench.idle import Idle
from bench.latency import Delays, Latency
from bench.machine import Machine
from bench.memory import Bytes
from bench.pipeline import Piped, Share
from bench.quick import DECODING, summary
from bench.recovery import Taken
from bench.results import Results, ratios, table
from bench.rounds import Round, Size, sizes
from bench.run import PARTS, main
from bench.spread import percentile, spread
from bench.streams import Counted
from bench.variants import Variant
from bench.workload import Workload

MEASURES = st.lists(st.floats(0, 1e9), min_size=1, max_size=9)


@given(MEASURES)
def test_a_spread_has_half_of_the_measurements_on_either_side_of_its_median(values: list[float]) -> None:
    found = spread(values)
    assert found.low == min(values)
    assert found.high == max(values)
    assert found.runs == len(values)
    assert 2 * sum(value < found.median for value in values) <= len(values)
    assert 2 * sum(value > found.median for value in values) <= len(values)


@given(MEASURES, st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_this_share_does_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values) + 1e-9


def made(speed: float) -> Round:
    """A round in which everything was so many times as fast."""
    return Round(
        pipeline=Piped(Cost(1000, 4 / speed, 2 / speed, 300), {"deals": Share(200, 0.5 / speed), "clock": Share()}),
        facts={"sales.deals.v1": Size(1000, 250_000)},
        written={"quota.credits.v1": Size(500, 500_000)},
        ceiling=Cost(1000, 1 / speed, 0.5 / speed, 60),
        counting=Cost(700, 1 / speed, 0.7 / speed, 80),
        streams={"at_least_once": Counted(700, 9, 9, 350, 1, 0.7 / speed, 3, 700)},
        idiomatic=Cost(100, 5 / speed, 5 / speed, 70),
    )


def test_a_ratio_is_the_same_on_a_slow_machine() -> None:
    assert ratios([made(1.0)]) == ratios([made(0.25)])


def test_ratios_are_of_measurements_of_the_same_round_per_processor_second() -> None:
    found = ratios([made(1.0), made(0.5), made(3.0)])
    assert found["pipeline / ceiling"].median == pytest.approx(0.25)
    assert found["pipeline / idiomatic Faust"].median == pytest.approx(25)
    assert found["counting / ceiling"].median == pytest.approx(0.5)
    assert found["counting / Kafka Streams, at_least_once"].median == pytest.approx(2)


def test_the_table_gives_medians_with_the_least_and_the_greatest_and_what_was_written() -> None:
    where = Machine("a processor", 2, 8.0, "Linux 6", "3.11.2", "openjdk 17")
    results = Results(where, {"throughput": "abc1234"}, Workload(), [made(1.0), made(0.5), made(2.0)])
    page = table(results)
    assert "| whole pipeline | 250 (125 to 500) | 500 (250 to 1,000) |" in page
    assert "| quota.credits.v1 | 500 | 0.5 | 0.500 | 2.000 |" in page
    assert "| deals | 200 (200 to 200) | 2,500.0 (1,250.0 to 5,000.0) | 12.5 (12.5 to 12.5) |" in page
    assert "clock" not in page
    assert "throughput at abc1234" in page


def test_before_anything_was_measured_the_table_names_the_machine_alone() -> None:
    where = Machine("a processor", 2, 8.0, "Linux 6", "3.11.2", "openjdk 17")
    assert "a processor, 2 cores" in table(Results(where))
    assert "|" not in table(Results(where))


def test_the_quick_summary_compares_with_decoding_alone() -> None:
    found = summary({"whole pipeline": Cost(100, 2, 1, 50), DECODING: Cost(1000, 1, 1, 50)})
    assert "whole pipeline: 50 facts/s, 10000.0 µs of processor a fact, 10.0% of decoding alone" in found


def test_a_part_that_nobody_knows_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--part", "speed", "--to", str(tmp_path / "results.json")])
    assert done.exit_code == 2
    assert "there is no part speed" in done.output
    assert all(part in done.output for part in PARTS)


def test_results_are_the_same_after_they_were_kept() -> None:
    where = Machine("a processor", 2, 8.0, "Linux 6", "3.11.2", "openjdk 17")
    delays = Delays(10, 200.0, 900.0)
    results = Results(
        where,
        {"latency": "abc1234"},
        rounds=[made(1.0)],
        latency=[Latency(5000, 10, delays, Delays(0, None, None), 0.1, 0.4)],
        memory=[Bytes(1400.0, 140.0, 100, 200)],
        variants=[Variant("2 workers against 1", [made(1.0).pipeline or empty()], [made(2.0).pipeline or empty()])],
        idle=[Idle(48, 0.09)],
        recovery=[Taken((0, 1), 5.0, 4.0, 1.0, 0.1)],
        records=500_000,
    )
    page = table(json.decode(json.encode(results), type=Results))
    assert "| 5,000 | 500 ms | 200 / 900 (10 seen) | nothing was seen |" in page
    assert "| open deal | 1,400 |" in page
    assert "| 2 workers against 1 | 2.00 | 0.50 |" in page
    assert "48 shards, idle: 9.0% of a core" in page
    assert "| seconds per million entity records | 10.0 |" in page


def empty() -> Piped:
    return Piped(Cost(1, 1, 1, 1), {})


def test_a_broker_s_files_tell_how_many_records_a_topic_holds(tmp_path: Path) -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    for number in range(7):
        builder.append(number, 0, b"key", b"value", [])
    batch = bytes(builder.build())
    marker = bytearray(batch)
    marker[22] |= 0x20
    for partition in range(2):
        folder = tmp_path / f"sales.deals.v1-{partition}"
        folder.mkdir()
        (folder / "00000000000000000000.log").write_bytes(batch + bytes(marker) + batch)
    (tmp_path / "__consumer_offsets-0").mkdir()
    (tmp_path / "__consumer_offsets-0" / "00000000000000000000.log").write_bytes(batch)
    assert sizes(tmp_path) == {"sales.deals.v1": Size(28, 6 * len(batch))}
