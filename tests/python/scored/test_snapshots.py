"""A CRM that overwrites its rows: a past day is scored with the versions that runs have seen."""

from __future__ import annotations

from datetime import date, timedelta

from dbt_runs import activity, copy_shipped_rules, lead, query, run_dbt, write_raw

OVERWRITES = {"crm_overwrites": True}
# A day that can be scored and lies after the one on which the test runs.
LATER = str(date.today() + timedelta(days=300))
COUNT_TITLES = "select as_of_date, lead_id from lead_score_ledger where rule_id = 'level_c_or_vp'"


def run_day(folder, leads, *, as_of: str) -> None:
    """A day's run on the table of leads as it is on that day."""
    raw = write_raw(folder / "raw", {"crm.leads": leads, "crm.activities": [CALL]})
    warehouse = folder / "leads.duckdb"
    if not warehouse.exists():
        copy_shipped_rules(warehouse)
    outcome = run_dbt(
        "build", "--exclude-resource-type", "unit_test",
        "--exclude", "resource_type:seed", "path:models/rule_book",
        raw=raw, warehouse=warehouse, as_of=as_of, variables=OVERWRITES,
    )  # fmt: skip
    assert outcome.success, outcome.errors


CALL = activity("c1", "2026-05-01", "a", "call")


def version(lead_id: str, title: str, day: str):
    """A lead as it is since a day, loaded on that day."""
    return lead(
        lead_id, job_title=title, updated_at=f"{day} 08:00:00", _loaded_at=f"{day} 09:00:00"
    )


def test_what_a_source_has_overwritten_still_counts_for_the_days_it_was_true(tmp_path):
    run_day(
        tmp_path,
        [version("a", "VP Sales", "2026-05-01"), version("b", "Clerk", "2026-05-01")],
        as_of="2026-05-10",
    )
    run_day(
        tmp_path,
        [version("a", "Clerk", "2026-05-20"), version("b", "VP Sales", "2026-05-20")],
        as_of="2026-05-10,2026-05-20",
    )
    scored = {
        (str(day), lead_id) for day, lead_id in query(tmp_path / "leads.duckdb", COUNT_TITLES)
    }
    assert scored == {("2026-05-10", "a"), ("2026-05-20", "b")}


def test_a_lead_that_is_gone_from_the_table_is_scored_until_then(tmp_path):
    both = [version("a", "VP Sales", "2026-05-01"), version("b", "VP Sales", "2026-05-01")]
    run_day(tmp_path, both, as_of="2026-05-10")
    # dbt notes the day on which it misses a row, which is today.
    run_day(tmp_path, both[:1], as_of=f"2026-05-10,{LATER}")
    scored = query(
        tmp_path / "leads.duckdb", "select distinct as_of_date, lead_id from lead_scores"
    )
    assert {(str(day), lead_id) for day, lead_id in scored} == {
        ("2026-05-10", "a"),
        ("2026-05-10", "b"),
        (LATER, "a"),
    }
