"""What belongs here: raw files as a loader leaves them during a day. No expectations: those stand
in the tests."""

from pathlib import Path

import duckdb

# What a lead does on the website that asks for a demo, and where.
ASKED = "('demo_request', 'demo'), ('signup', 'trial'), ('form_submit', 'contact')"


def land(rows: Path, raw: Path, condition: str = "true") -> None:
    """Write the rows of the Parquet files below `rows` that meet the condition to `raw`."""
    for file in rows.glob("*/*.parquet"):
        to = raw / file.relative_to(rows)
        to.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(f"copy (from '{file}' where {condition}) to '{to}'")


def ask_for_demo(
    raw: Path, email: str, *, name: str, at: str, loaded_at: str, what: str = ASKED
) -> None:
    """Somebody asks for a demo, signs up and writes, or does something else: a loader puts a file
    of web events with these rows in the place of the one below `raw`. `at` and `loaded_at` are SQL,
    of all events; `what` is rows of event types and paths."""
    events = raw / "web/events.parquet"
    fresh = events.with_suffix(".new")
    duckdb.execute(
        f"""
        copy (
            from '{events}'
            union all by name
            select
                '{name}-' || event_type as event_id, '{name}' as visitor_id, event_type,
                'https://shop.example/' || path as url, '{email}' as email,
                {at} as occurred_at,
                (select {loaded_at} from '{events}') as _loaded_at
            from (values {what}) as asked(event_type, path)
        ) to '{fresh}' (format parquet)
        """
    )
    fresh.replace(events)


def find_emails(raw: Path) -> str:
    """A query of the newest address of each lead: lead_id and email."""
    leads = raw / "crm/leads.parquet"
    return f"(select lead_id, arg_max(email, updated_at) as email from '{leads}' group by lead_id)"


def land_in_warehouse(
    rows: Path, connection: duckdb.DuckDBPyConnection, condition: str = "true"
) -> None:
    """Write the rows of the Parquet files below `rows` that meet the condition into raw tables of
    the database that `connection` is in, beside what they hold."""
    for file in rows.glob("*/*.parquet"):
        table = f"{file.parent.name}.{file.stem}"
        connection.execute(f"create schema if not exists {file.parent.name}")
        connection.execute(f"create table if not exists {table} as from '{file}' limit 0")
        connection.execute(f"insert into {table} by name from '{file}' where {condition}")
