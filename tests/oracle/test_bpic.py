import gzip
from pathlib import Path

from tests.oracle import bpic


def test_work_items_count_where_they_were_completed(tmp_path: Path) -> None:
    path = tmp_path / "work.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write(
            "Case ID,Activity,Resource,Start Timestamp,Complete Timestamp\n"
            "1,W_Nabellen offertes,10912.0,2011-10-29 23:59:59.000,2011-10-30 00:10:00.000\n"
            "1,W_Nabellen incomplete dossiers,10912.0,2011-10-30 02:30:00.000,2011-10-30 02:40:00.000\n"
            "1,W_Completeren aanvraag,,2011-10-30 09:00:00.000,2011-10-30 09:40:00.000\n"
            "1,W_Completeren aanvraag,SYS,2011-10-30 09:00:00.000,2011-10-30 09:41:00.000\n"
            "1,W_Afhandelen leads,10912.0,2011-10-30 09:00:00.000,2011-10-30 09:40:00.000\n"
            "1,Start,Start,2011-10-30 09:00:00.000,2011-10-30 09:40:00.000\n"
        )

    assert bpic.counts(path) == {
        ("calls_placed", "rep:10912", "2011-10-30"): 2,
        ("applications", "unassigned", "2011-10-30"): 2,
    }


def test_the_log_of_work_items_holds_17340_calls_and_10568_applications(shared_data: Path) -> None:
    path = shared_data / "bpic2012-work-items" / "work_items.csv.gz"

    assert bpic.totals(path) == {"calls_placed": 10_641 + 6_699, "applications": 10_568}
