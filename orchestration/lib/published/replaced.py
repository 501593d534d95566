"""What belongs here: a publication made of the live one, with what was made anew of some leads in
place of their rows. What has not changed is linked; leads.duckdb is a copy in which rows are
replaced."""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import limit_memory
from orchestration.lib.published.copies import AT_ONCE, LEDGER, count_rows, write_parquet
from orchestration.lib.published.history import HISTORY, create_history_view, link_or_copy

# The marts that are about single leads, of which rows are replaced: what the project makes, and
# what the tiering writes.
SCORED_MARTS = (
    "lead_scores",
    LEDGER,
    "lead_score_parts",
    "lead_activities",
    "lead_unknowns",
    "lead_outlook",
    "lead_confidence",
    "scored_leads",
)
LEAD_MARTS = (*SCORED_MARTS, "lead_tiers", "lead_score_changes", "hand_overs", "intraday_leads")
# The rows of these are a hand-over's.
HAND_OVER_RULES = "hand_over_rules"

TOUCHED = "(select lead_id from small.main.touched_leads)"
KEYS_OF = f"(select idempotency_key from {{}}.main.hand_overs where lead_id in {TOUCHED})"

# Numbers are those of the publication; leads and evidence that it does not have come after them.
REPLACE_LEDGER = f"""
insert into published.intermediate.int_lead_numbers (lead_no, lead_id)
select
    (select coalesce(max(lead_no), 0) from published.intermediate.int_lead_numbers)
    + row_number() over (order by lead_id) as lead_no,
    lead_id
from (select distinct lead_id from small.main.lead_score_ledger where lead_id in {TOUCHED})
where lead_id not in (select lead_id from published.intermediate.int_lead_numbers);

create or replace temp table their_rows as
select ledger_rows.* replace (numbers.lead_no as lead_no), texts.evidence
from small.scoring.ledger_rows as ledger_rows
inner join small.intermediate.int_lead_numbers as small_numbers using (lead_no)
inner join published.intermediate.int_lead_numbers as numbers using (lead_id)
left join small.scoring.value_texts as texts using (value_no)
where numbers.lead_id in {TOUCHED};

insert into published.scoring.value_texts (value_no, evidence)
select
    (select coalesce(max(value_no), 0) from published.scoring.value_texts)
    + row_number() over (order by evidence) as value_no,
    evidence
from (select distinct evidence from their_rows where evidence is not null)
where evidence not in (select evidence from published.scoring.value_texts);

delete from published.scoring.ledger_rows
where as_of_date = {{as_of}} and lead_no in (
    select lead_no from published.intermediate.int_lead_numbers where lead_id in {TOUCHED}
);

insert into published.scoring.ledger_rows by name
select their_rows.* exclude (evidence) replace (texts.value_no as value_no)
from their_rows
left join (
    select evidence, min(value_no) as value_no from published.scoring.value_texts group by evidence
) as texts using (evidence);

drop table their_rows
"""

# Numbers of rules follow from the rule book and the project.
COUNT_OTHER_RULES = """
select count(*)
from published.rule_book.rules as before
full join small.rule_book.rules as now using (rule_no, model_no, model_id, rule_id)
where (before.kind is null) <> (now.kind is null) and model_no is not null
"""


@dataclass(frozen=True)
class Replacement:
    """The `folder` of the live publication and its `manifest`, and a DuckDB file `small` with the
    marts of the leads that stand in its table touched_leads."""

    folder: Path
    manifest: dict[str, Any]
    small: Path


def replace_rows(
    replacement: Replacement, folder: Path, *, place: Path, orders: Mapping[str, str]
) -> dict[str, Any]:
    """Put marts, history and leads.duckdb of the publication into its new `folder`, which will be
    at `place`; `orders` says in which order the rows of each mart come. Returns what the manifest
    says of their content. Raises Unusable as demand_same_project does."""
    live, before = replacement.folder, replacement.manifest
    changed = [mart for mart in orders if mart in (*LEAD_MARTS, HAND_OVER_RULES)]
    kept = [f"{mart}.parquet" for mart in orders if mart not in (*changed, HISTORY)]
    for name in [*kept, *(f"{HISTORY}/{part}.parquet" for part in before["history"])]:
        link_or_copy(live / name, folder / name)
    file = folder / "leads.duckdb"
    shutil.copyfile(live / file.name, file)
    with duckdb.connect() as connection:
        limit_memory(connection)
        connection.execute(f"set temp_directory = {quote(replacement.small.with_name('spilled'))}")
        connection.execute(f"attach {quote(file)} as published")
        connection.execute(f"attach {quote(live / file.name)} as live (read_only)")
        connection.execute(f"attach {quote(replacement.small)} as small (read_only)")
        demand_same_project(connection, changed)
        as_of = f"{quote(before['as_of_date'])}::date"
        with ThreadPoolExecutor(AT_ONCE) as threads:
            jobs = [
                threads.submit(replace_in_database, connection, changed, orders, as_of=as_of),
                *(
                    threads.submit(
                        replace_in_file, connection, live, folder, mart, orders[mart], as_of
                    )
                    for mart in changed
                ),
            ]
        for job in jobs:
            job.result()
        connection.execute(f"drop view published.main.{HISTORY}")
        create_history_view(connection, folder, place=place)
        content = describe_content(connection, before)
        content["row_counts"] |= {
            mart: count_rows(connection, folder / f"{mart}.parquet") for mart in changed
        }
        connection.execute("detach published")
    return content


def demand_same_project(connection: duckdb.DuckDBPyConnection, marts: Sequence[str]) -> None:
    """Raise Unusable where the live publication was made by another version of the project, whose
    rows cannot stand beside those of this one."""
    columns = {
        database: connection.execute(
            "select table_name, column_name, data_type from duckdb_columns()"
            " where database_name = ? and schema_name = 'main' and table_name in (from unnest(?))"
            " order by all",
            [database, list(marts)],
        ).fetchall()
        for database in ("live", "small")
    }
    is_other = columns["live"] != columns["small"]
    if is_view(connection, LEDGER):
        is_other |= connection.execute(COUNT_OTHER_RULES).fetchone()[0] > 0
    if is_other:
        raise Unusable(
            "The live publication was made by another version of the project: `leads run` scores"
            " everybody by this one."
        )


def is_view(connection: duckdb.DuckDBPyConnection, mart: str) -> bool:
    """Whether a mart is a view in leads.duckdb: then what it shows is replaced, and not it."""
    return connection.execute(
        "select count(*) from duckdb_views() where database_name = 'live'"
        " and schema_name = 'main' and view_name = ?",
        [mart],
    ).fetchone()[0]


def replace_in_database(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[str],
    orders: Mapping[str, str],
    as_of: str,
) -> None:
    """Replace the rows of the touched leads in `published`, in one transaction."""
    with connection.cursor() as cursor:
        cursor.begin()
        for mart in marts:
            if not is_view(cursor, mart):
                goes, comes = find_rows(mart, orders[mart], as_of)
                cursor.execute(f"delete from published.main.{mart} where {goes}")
                cursor.execute(
                    f"insert into published.main.{mart} by name"
                    f" select * from small.main.{mart} where {comes}"
                )
        if is_view(cursor, LEDGER):
            cursor.execute(REPLACE_LEDGER.format(as_of=as_of))
        cursor.commit()


def replace_in_file(
    connection: duckdb.DuckDBPyConnection,
    live: Path,
    folder: Path,
    mart: str,
    order_by: str,
    as_of: str,
) -> None:
    """Write the Parquet file of a mart with the rows of the touched leads replaced: theirs come
    last, so that nothing has to be sorted, which would be most of the work."""
    goes, comes = find_rows(mart, order_by, as_of)
    with connection.cursor() as cursor:
        write_parquet(
            cursor,
            f"select * from read_parquet({quote(live / f'{mart}.parquet')}) where not ({goes})"
            " union all by name"
            f" (select * from small.main.{mart} where {comes} order by {order_by})",
            folder / f"{mart}.parquet",
        )


def find_rows(mart: str, order_by: str, as_of: str) -> tuple[str, str]:
    """Two conditions: which rows of a mart of the live publication go, and which of the small
    warehouse come in their place. Earlier days stay."""
    if mart == HAND_OVER_RULES:
        return tuple(f"idempotency_key in {KEYS_OF.format(name)}" for name in ("live", "small"))
    day = f"as_of_date = {as_of} and " if order_by.startswith("as_of_date") else ""
    theirs = f"{day}lead_id in {TOUCHED}"
    return theirs, theirs


def describe_content(
    connection: duckdb.DuckDBPyConnection, before: Mapping[str, Any]
) -> dict[str, Any]:
    """What the manifest says of the marts: mostly what that of the live publication says."""
    mean, leads = connection.execute(
        "select avg(score), count(distinct lead_id) from published.main.scored_leads"
    ).fetchone()
    erasures = connection.execute(
        "select distinct receipt_id from small.main.erased_people order by receipt_id"
    ).fetchall()
    kept = ("as_of_date", "row_counts", "history", "raw_row_counts", "rule_book", "health")
    return {
        **{name: before[name] for name in kept},
        "row_counts": dict(before["row_counts"]),
        "erasures": [receipt_id for (receipt_id,) in erasures],
        "leads": leads,
        "mean_score": round(mean, 4),
    }
