"""What belongs here: what publications promised, kept until it is known what came of it."""

from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.published.publication import has_files, read_current

FILE = "tier_promises.parquet"

COLUMNS = "as_of_date, model_id, kind, name, outcome_key, leads, rate, low, high"

# Of a month its last publication is kept: promises are held against what came of month-ends.
FORGET = """
delete from main.published_promises as kept
where exists (
    from promised
    where promised.model_id = kept.model_id
        and date_trunc('month', promised.as_of_date) = date_trunc('month', kept.as_of_date)
)
"""


def keep_promises(connection: duckdb.DuckDBPyConnection, published: Path) -> int:
    """Put the promises of the live publication under `published` into published_promises, in place
    of those of earlier ones of its month; returns how many rows. None where nothing is published,
    or by a version that did not say what it promised."""
    live = read_current(published)
    if live is None or FILE not in live["files"] or not has_files(published, live, [FILE]):
        return 0
    file = published / "versions" / live["publication_id"] / FILE
    theirs = connection.execute(f"select * from read_parquet({quote(file)}) limit 0").description
    if "outcome_key" not in [name for name, *_ in theirs]:
        return 0
    connection.execute(
        "create or replace temp table promised as"
        f" select {COLUMNS} from read_parquet({quote(file)})"
    )
    connection.execute("begin")
    connection.execute(FORGET)
    [(rows,)] = connection.execute(
        "insert into main.published_promises by name from promised"
    ).fetchall()
    connection.execute("commit")
    connection.execute("drop table promised")
    return rows
