"""What belongs here: what changed since the last publication of an earlier day, lead by lead and
rule by rule. The changes of a lead add up to the change of its score."""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.published.publication import has_files, list_daily

# The files of an earlier publication that are compared with.
COMPARED_FILES = ["lead_score_ledger.parquet", "lead_scores.parquet"]

# The points of two days side by side; the ledger has a row for caps too, so nothing is left over.
COMPARE = """
insert into lead_score_changes by name
with rows_now as (
    select model_id, lead_id, rule_id, dimension, reason, event_count, occurred_on, points
    from lead_score_ledger
    where as_of_date = $as_of
),

rows_before as (
    select model_id, lead_id, rule_id, dimension, reason, event_count, occurred_on, points
    from {before}
    where as_of_date = $since
),

-- Leads of one of the two days only have nothing to compare with.
leads as (
    select model_id, lead_id from {scores_now} where as_of_date = $as_of
    intersect
    select model_id, lead_id from {scores_before} where as_of_date = $since
)

select
    cast($as_of as date) as as_of_date,
    model_id,
    lead_id,
    rule_id,
    coalesce(rows_now.dimension, rows_before.dimension) as dimension,
    coalesce(rows_now.reason, rows_before.reason) as reason,
    cast($since as date) as since,
    coalesce(rows_before.points, 0) as points_before,
    coalesce(rows_now.points, 0) as points_now,
    coalesce(rows_now.points, 0) - coalesce(rows_before.points, 0) as change,
    case
        when starts_with(rule_id, 'cap:') then 'cap'
        when rows_before.points is null then 'new'
        when rows_now.points is null then 'gone'
        when
            rows_now.event_count is not distinct from rows_before.event_count
            and rows_now.occurred_on is not distinct from rows_before.occurred_on
            and rows_now.occurred_on is not null
            and abs(rows_now.points) < abs(rows_before.points)
            then 'faded'
        when rows_now.event_count is distinct from rows_before.event_count
            then 'more or fewer events'
        else 'worth another number of points'
    end as kind
from rows_now
full join rows_before using (model_id, lead_id, rule_id)
semi join leads using (model_id, lead_id)
where coalesce(rows_now.points, 0) <> coalesce(rows_before.points, 0)
"""


def write_changes(connection: duckdb.DuckDBPyConnection, published: Path) -> date | None:
    """Write lead_score_changes anew: how the newest scored day differs from the day before it.

    That is the day before in the same run, else the latest earlier day of which a publication under
    `published` is kept; its date is returned. Where there is none the table stays empty.
    """
    connection.execute("delete from lead_score_changes")
    days = connection.execute(
        "select distinct as_of_date from scoring.tier_inputs order by as_of_date desc limit 2"
    ).fetchall()
    if not days:
        return None
    as_of = days[0][0]
    if len(days) > 1:
        since, before, scores_before = days[1][0], "lead_score_ledger", "scoring.tier_inputs"
    else:
        folder, since = find_day_before(published, as_of)
        if folder is None:
            return None
        before = f"read_parquet({quote(folder / 'lead_score_ledger.parquet')})"
        scores_before = f"read_parquet({quote(folder / 'lead_scores.parquet')})"
    connection.execute(
        COMPARE.format(
            before=before, scores_now="scoring.tier_inputs", scores_before=scores_before
        ),
        {"as_of": as_of, "since": since},
    )
    return since


def find_day_before(published: Path, as_of: date) -> tuple[Path | None, date | None]:
    """The folder of the newest publication that speaks for the latest day before `as_of`, and that
    day; None, None where none is kept that is whole."""
    earlier = [
        manifest
        for manifest in list_daily(published)
        if date.fromisoformat(manifest["as_of_date"]) < as_of
    ]
    # The newest comes first, and stays so among those of one day.
    for manifest in sorted(earlier, key=lambda manifest: manifest["as_of_date"], reverse=True):
        if has_files(published, manifest, COMPARED_FILES):
            folder = published / "versions" / manifest["publication_id"]
            return folder, date.fromisoformat(manifest["as_of_date"])
    return None, None
