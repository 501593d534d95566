"""What belongs here: that Marketo's tables mean what the contract says. The sample, written as
Marketo holds it with its mess, is scored like the same rows in the contract's shape."""

import pytest
from dbt_runs import SCORES, score_raw
from source_runs import assert_same_scores, attach_both, generate_people, score_sources

from samples.vendors.marketo import FIELDS, write_marketo

DAYS = "2026-04-30,2026-06-30"


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A connection to both warehouses: of the contract's rows and of Marketo's."""
    folder = tmp_path_factory.mktemp("marketo")
    generate_people(folder / "raw")
    write_marketo(folder / "raw", folder / "told")
    (folder / "contract").mkdir()
    score_raw(folder / "told/contract", folder / "contract", models=SCORES, as_of=DAYS)
    score_sources(
        folder / "told/vendor", folder / "vendor",
        models=(*SCORES, "quarantine", "marketo__row_counts"), as_of=DAYS, sources="marketo",
        marketo_fields=FIELDS,
    )  # fmt: skip
    with attach_both(folder) as connection:
        yield connection


def test_the_same_rows_have_the_same_scores_for_the_same_reasons(scored):
    assert_same_scores(scored)


def test_nothing_of_marketo_is_set_aside(scored):
    assert scored.execute("select * from vendor.quarantine").fetchall() == []


def test_the_mess_was_there(scored):
    for view, at_least in (
        ("marketo__merges where survivor_id is not null", 20),
        ("marketo__people where deleted_at is not null", 1),
        ("marketo__changes where name = 'email'", 20),
        ("raw_crm__lead_attributes", 50),
        ("raw_email__events where event_type = 'soft_bounce'", 5),
        ("raw_web__events", 100),
        ("raw_crm__activities where activity_type <> 'program_status'", 10),
    ):
        found = scored.execute(f"select count(*) from vendor.sources.{view}").fetchone()[0]
        assert found >= at_least, (view, found)
