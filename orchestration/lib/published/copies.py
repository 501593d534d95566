"""What belongs here: the marts of a publication as files, a Parquet file each and all of them in
its leads.duckdb.

Text is made once and stored once. The ledger, the largest mart by far, is text put to numbers:
leads.duckdb has the numbers, and the same view on them that the warehouse has. Scores and tiers of
the newest day stand side by side in scored_leads, so that lead_scores and lead_tiers are views on
it. Columns, types and rows are those of the warehouse's marts, whichever way they are stored, and
the file can be copied elsewhere alone.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import find_view

LEDGER = "lead_score_ledger"
SCORED_LEADS = "scored_leads"

# What the ledger is a view on: the numbers, which lie in the order of its rows, and of what has the
# names and texts as much as is shown.
LEDGER_TABLES = {
    "scoring.ledger_rows": "from warehouse.scoring.ledger_rows",
    "intermediate.int_lead_numbers": """
        select lead_no, lead_id
        from warehouse.intermediate.int_lead_numbers
        where lead_no in (select lead_no from published.scoring.ledger_rows)
        order by lead_no
    """,
    "rule_book.rules": """
        select
            rule_no, model_no, model_id, rule_id, kind, dimension, reason, activities, in_order,
            within_days, max_points, low, high
        from warehouse.rule_book.rules
        order by rule_no
    """,
    "scoring.value_texts": """
        select value_no, evidence from warehouse.scoring.value_texts order by value_no
    """,
}

# The marts whose rows of the newest day are rows of scored_leads, and which of them.
SHOWN_BY_SCORED_LEADS = {"lead_scores": "true", "lead_tiers": "tier_since is not null"}

# DuckDB is parallel inside a statement; where one has little to do another goes on, if there is
# room for both: of 100,000 leads 350 MB were enough for one and not for two, 600 MB were.
AT_ONCE = 2
ROOMY_GIB = 5.0


def copy_marts(
    connection: duckdb.DuckDBPyConnection, folder: Path, *, orders: Mapping[str, str]
) -> dict[str, int]:
    """Copy marts of the attached `warehouse` into the attached `published` and into `folder`, a
    Parquet file each; `orders` says in which order the rows of each come. Returns how many rows
    each has."""
    files = {mart: folder / f"{mart}.parquet" for mart in orders}
    others = dict(orders)
    if LEDGER in others and has_numbers(connection):
        copy_ledger(connection, files[LEDGER], order_by=others.pop(LEDGER))
    wide = {
        mart: others.pop(mart) for mart in (SCORED_LEADS, *SHOWN_BY_SCORED_LEADS) if mart in others
    }
    with ThreadPoolExecutor(AT_ONCE if has_room(connection) else 1) as threads:
        jobs = [
            threads.submit(copy_at_once, connection, copy, files, marts)
            for copy, marts in [(copy_scored_leads, wide), (copy_tables, others)]
        ]
    for job in jobs:
        job.result()
    return {mart: count_rows(connection, file) for mart, file in files.items()}


def has_numbers(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the ledger of the attached `warehouse` is a view on numbers that lie there."""
    numbers = connection.execute(
        "select count(*) from information_schema.tables where table_catalog = 'warehouse'"
        " and table_schema = 'scoring' and table_name = 'ledger_rows'"
    ).fetchone()[0]
    return bool(numbers and find_view(connection, LEDGER))


def has_room(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether DuckDB may take as much memory as two marts that are copied at once want."""
    amount, unit = (
        connection.execute("select current_setting('memory_limit')").fetchone()[0].split(" ")
    )
    return unit == "TiB" or (unit == "GiB" and float(amount) >= ROOMY_GIB)


def copy_at_once(
    connection: duckdb.DuckDBPyConnection,
    copy: Callable[[duckdb.DuckDBPyConnection, Mapping[str, Path], Mapping[str, str]], None],
    files: Mapping[str, Path],
    orders: Mapping[str, str],
) -> None:
    """Have `copy` do its work on a connection of its own and in one transaction: the disk is waited
    for once."""
    with connection.cursor() as cursor:
        cursor.begin()
        copy(cursor, files, orders)
        cursor.commit()


def copy_tables(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], orders: Mapping[str, str]
) -> None:
    """Copy marts as tables."""
    for mart, order in orders.items():
        # Sorted once, where its text is made; the table takes the rows as they lie in the file.
        query = f"select * from warehouse.main.{mart} order by {order}"
        write_parquet(connection, query, files[mart])
        connection.execute(
            f"create table published.{mart} as from read_parquet({quote(files[mart])})"
        )


def copy_ledger(connection: duckdb.DuckDBPyConnection, file: Path, *, order_by: str) -> None:
    """Copy the ledger as the view that it is, with the tables that it shows. It names them without
    that of the database, so that it holds under whatever name the file is attached."""
    for schema in dict.fromkeys(table.partition(".")[0] for table in LEDGER_TABLES):
        connection.execute(f"create schema published.{schema}")
    for table, rows in LEDGER_TABLES.items():
        connection.execute(f"create table published.{table} as {rows}")
    create_view(connection, LEDGER, find_view(connection, LEDGER))
    # Sorted all the same: a join leaves most rows in their order and not all.
    write_parquet(connection, f"select * from published.{LEDGER} order by {order_by}", file)


def copy_scored_leads(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], orders: Mapping[str, str]
) -> None:
    """Copy scored_leads as a table, and the marts that it shows as views on it, each with a table
    of its own for earlier days where a run has scored several. Where scored_leads is a table in the
    warehouse nobody knows whether it shows them: they are tables then."""
    if not find_view(connection, SCORED_LEADS):
        copy_tables(connection, files, orders)
        return
    copy_tables(connection, files, {SCORED_LEADS: orders[SCORED_LEADS]})
    for mart, condition in SHOWN_BY_SCORED_LEADS.items():
        show_mart(connection, mart, condition, order_by=orders[mart])
        write_parquet(connection, f"select * from published.{mart}", files[mart])


def show_mart(
    connection: duckdb.DuckDBPyConnection, mart: str, condition: str, *, order_by: str
) -> None:
    """Make a mart in `published` a view on its scored_leads."""
    names = [
        name for name, *_ in connection.execute(f"from warehouse.main.{mart} limit 0").description
    ]
    columns = ", ".join(names)
    query = f"select {columns} from main.{SCORED_LEADS} where {condition}"
    earlier = (
        f"from warehouse.main.{mart}"
        f" where as_of_date < (select max(as_of_date) from published.{SCORED_LEADS})"
    )
    if connection.execute(f"select exists ({earlier})").fetchone()[0]:
        connection.execute("create schema if not exists published.earlier")
        connection.execute(
            f"create table published.earlier.{mart} as select {columns} {earlier}"
            f" order by {order_by}"
        )
        query = f"select {columns} from earlier.{mart} union all {query}"
    create_view(connection, mart, query)


def create_view(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Make a view in `published` that names tables without their database."""
    connection.execute("use published")
    connection.execute(f"create view {name} as {query}")
    connection.execute("use memory")


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    """Write the rows of a query to a Parquet file, in their order."""
    connection.execute(f"copy ({query}) to {quote(file)} (format parquet, compression zstd)")


def count_rows(connection: duckdb.DuckDBPyConnection, file: Path) -> int:
    """How many rows a Parquet file says that it has."""
    return connection.execute(
        "select sum(num_rows) from parquet_file_metadata(?)", [str(file)]
    ).fetchone()[0]
