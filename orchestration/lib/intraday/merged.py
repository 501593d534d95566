"""What belongs here: the marts of the day in progress. Leads that were touched as the small
warehouse has them, all else as it was published last."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import limit_memory
from orchestration.lib.intraday.small_warehouse import LEAD_MARTS
from orchestration.lib.published.history import HISTORY
from orchestration.lib.published.publication import MARTS, Manifest

# The marts by lead that the tiering writes.
DECIDED_MARTS = ("lead_tiers", "intraday_leads", "lead_score_changes", "hand_overs")
MERGED = (*LEAD_MARTS, *DECIDED_MARTS)

TOUCHED = "(select lead_id from small.main.touched_leads)"
RULES_OF = "(select idempotency_key from {}.main.hand_overs where lead_id {} in " + TOUCHED + ")"


@contextmanager
def attach_merged(
    small: Path, live: Path, manifest: Manifest
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory connection with these marts in `warehouse`: `live` is the folder of the live
    publication and `manifest` its manifest."""
    with duckdb.connect() as connection:
        limit_memory(connection)
        connection.execute(f"set temp_directory = {quote(small.with_name('spilled'))}")
        connection.execute("attach ':memory:' as warehouse")
        connection.execute(f"attach {quote(live / 'leads.duckdb')} as live (read_only)")
        connection.execute(f"attach {quote(small)} as small (read_only)")
        for schema in ("intermediate", "rules", "rule_book"):
            connection.execute(f"create schema warehouse.{schema}")
        for mart in MARTS:
            query = f"select * from live.main.{mart}"
            if mart in MERGED:
                query += f" where lead_id not in {TOUCHED} union all by name select * from"
                query += f" small.main.{mart} where lead_id in {TOUCHED}"
            elif mart == "hand_over_rules":
                query += f" where idempotency_key in {RULES_OF.format('live', 'not')}"
                query += " union all by name select * from small.main.hand_over_rules"
                query += f" where idempotency_key in {RULES_OF.format('small', '')}"
            connection.execute(f"create view warehouse.main.{mart} as {query}")
        connection.execute(
            "create view warehouse.main.erased_people as from small.main.erased_people"
        )
        for table in ("rules.models", "rules.tiers", "rule_book.model_tiers"):
            connection.execute(f"create view warehouse.{table} as from small.{table}")
        # The history is the night's.
        write_pairs(
            connection,
            f"main.{HISTORY}_parts",
            ("part", "written_id"),
            {part: said["written_id"] for part, said in manifest["history"].items()},
        )
        write_pairs(
            connection,
            "intermediate.raw_row_counts",
            ("table_name", "rows_read"),
            manifest["raw_row_counts"],
        )
        yield connection


def write_pairs(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: tuple[str, str],
    pairs: dict[str, object],
) -> None:
    """Make a table of two columns in `warehouse`."""
    kind = "varchar" if all(isinstance(value, str) for value in pairs.values()) else "bigint"
    connection.execute(
        f"create table warehouse.{table} ({columns[0]} varchar, {columns[1]} {kind})"
    )
    if pairs:
        connection.executemany(
            f"insert into warehouse.{table} values (?, ?)", [list(pair) for pair in pairs.items()]
        )
