"""What belongs here: taking a person out of tables, whichever they are: those of the warehouse, of
the copy of its marts in a publication, or the one that a Parquet file is. What a table has of a
person is told by the names of its columns, so that one that is added is cleaned as well.

The rows that are the person's are deleted. What is somebody else's and names the person stays, and
names nobody: a deal, the best lead of an account.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import list_own_tables
from orchestration.lib.erased.lists import list_numbers, list_texts, read_column
from orchestration.lib.erased.person import Person

# The rule book may name a person by an address, and by nothing else.
RULE_BOOK = ("rules", "rule_book", "shipped_rules", "reference")

# Instead of a lead's id in a column that is never empty.
NOBODY = "erased"

# As the macro erased_reason says it.
ERASED_REASON = "belongs to a person who was erased"

# Numbers that stand for a text or a kind of event, and whose rows need them, by a table that is
# there where they do: what only the person's rows needed is nobody's afterwards.
NEEDED_BY = {
    "value_no": {
        "scoring.ledger_rows": "select value_no, lead_no from scoring.ledger_rows",
        "intermediate.attribute_values": """
            select texts.value_no, held.lead_no
            from intermediate.int_lead_attributes as held
            inner join intermediate.attribute_values as texts
                on held.attribute = texts.attribute and held.value = texts.value
        """,
    },
    "kind_key": {
        f"intermediate.int_{channel}_event_days": (
            f"select kind_key, {actor} from intermediate.int_{channel}_event_days"
        )
        for channel, actor in [
            ("crm", "lead_key"),
            ("email", "email_key"),
            ("web", "email_key, visitor_key"),
        ]
    },
}

# Who the rows are of that need such a number.
ACTORS = ("lead_no", "lead_key", "email_key", "visitor_key")

# Which number stands for a lead differs from one database to the next, and what was erased of one
# may have come to stand for another.
NUMBERED = {
    "lead_no": "select lead_no from intermediate.int_lead_numbers where lead_id in ({lead_ids})",
    "candidate_no": "select candidate_no from scoring.outlook_candidates where lead_no in"
    " (select lead_no from intermediate.int_lead_numbers where lead_id in ({lead_ids}))",
}


@dataclass(frozen=True)
class Table:
    """A table: `name` with its schema, how SQL reads it (`place`), its columns and their types."""

    name: str
    place: str
    columns: Mapping[str, str] = field(hash=False)


def list_tables(
    connection: duckdb.DuckDBPyConnection, *, without: Collection[str] = ()
) -> list[Table]:
    """The tables of the database that `connection` is in, those of some schemas left out; views are
    none."""
    there = set(list_own_tables(connection))
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() order by all"
    ).fetchall():
        if (schema, table) in there and schema not in without:
            columns.setdefault((schema, table), {})[column] = data_type
    return [
        Table(f"{schema}.{name}", f'"{schema}"."{name}"', types)
        for (schema, name), types in columns.items()
    ]


def open_parquet(connection: duckdb.DuckDBPyConnection, file: Path) -> Table:
    """The table that a Parquet file is."""
    place = f"read_parquet({quote(file)})"
    described = connection.execute(f"describe from {place}").fetchall()
    return Table(file.stem, place, {column: data_type for column, data_type, *_ in described})


def find_values(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], person: Person
) -> dict[str, list[str | int]]:
    """What stands for the person in this database, by the names of columns."""
    values: dict[str, list[str | int]] = {
        column: held for column, held in person.values.items() if held
    }
    names = {table.name for table in tables}
    for column, query in NUMBERED.items():
        needed = re.findall(r"\w+\.\w+", query)
        if person.lead_ids and names.issuperset(needed):
            query = query.format(lead_ids=list_texts(person.lead_ids))
            if numbers := read_column(connection, query):
                values[column] = numbers
                if column == "lead_no":
                    values["person_lead_no"] = numbers
    return values


def find_conditions(table: Table, person: Person, values: Mapping[str, list]) -> dict[str, str]:
    """For the columns of a table that may hold what stands for the person: the condition that one
    does."""
    if table.name.partition(".")[0] in RULE_BOOK:
        return {
            column: f'lower("{column}") in ({list_texts(person.addresses)})'
            for column, data_type in table.columns.items()
            if data_type == "VARCHAR"
        }
    conditions = {}
    for column in table.columns:
        held = values.get("lead_id" if column == "best_lead_id" else column)
        if held:
            is_number = isinstance(held[0], int)
            listed = list_numbers(held) if is_number else list_texts(held)
            read = f"lower({column})" if column == "email" else column
            conditions[column] = f"{read} in ({listed})"
    if table.name.endswith("int_unreadable_lines") and person.texts:
        conditions["line"] = holds("line", person.texts)
    return conditions


def find_changes(table: Table, conditions: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """Which rows of a table go, as a condition (None: none), and which columns of the others are
    written over, with what."""
    own = dict(conditions)
    written = {}
    if table.name == "intermediate.int_quarantined_events" and "row_key" in own:
        # It goes on being counted, as what the next run would make of it.
        theirs = own.pop("row_key")
        for column, value in [
            ("reason", quote(ERASED_REASON)),
            ("value", "null"),
            ("row_key", "null"),
        ]:
            written[column] = f"case when {theirs} then {value} else {column} end"
    if "best_lead_id" in own:
        written["best_lead_id"] = (
            f"case when {own.pop('best_lead_id')} then '{NOBODY}' else best_lead_id end"
        )
    if "opportunity_id" in table.columns and "lead_id" in own:
        written["lead_id"] = f"case when not coalesce({own.pop('lead_id')}, false) then lead_id end"
    return " or ".join(own.values()) or None, written


def count_theirs(
    connection: duckdb.DuckDBPyConnection, table: Table, conditions: Mapping[str, str]
) -> int:
    """How many rows of a table hold something of the person."""
    if not conditions:
        return 0
    return connection.execute(
        f"select count(*) from {table.place} where {' or '.join(conditions.values())}"
    ).fetchone()[0]


def clean_tables(
    connection: duckdb.DuckDBPyConnection, person: Person, *, without: Collection[str] = ()
) -> dict[str, int]:
    """Take the person out of the tables of the database that `connection` is in, those of some
    schemas left out; returns how many rows of each were deleted or written over."""
    tables = list_tables(connection, without=without)
    values = find_values(connection, tables, person)
    conditions = {table: find_conditions(table, person, values) for table in tables}
    needed = {column: find_needed(connection, tables, column, values) for column in NEEDED_BY}
    cleaned: dict[str, int] = {}
    for table in tables:
        rows = count_theirs(connection, table, conditions[table])
        if not rows:
            continue
        cleaned[table.name] = rows
        going, written = find_changes(table, conditions[table])
        if going:
            connection.execute(f"delete from {table.place} where {going}")
        for column, expression in written.items():
            connection.execute(
                f"update {table.place} set {column} = {expression}"
                f" where {' or '.join(conditions[table].values())}"
            )
    for column, held in needed.items():
        for name, rows in drop_needless(connection, tables, column, held).items():
            cleaned[name] = cleaned.get(name, 0) + rows
    return cleaned


def list_needing(tables: Sequence[Table], column: str) -> list[str]:
    """The queries of those rows in the database that need the numbers in a column of NEEDED_BY."""
    names = {table.name for table in tables}
    return [query for name, query in NEEDED_BY[column].items() if name in names]


def find_needed(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    column: str,
    values: Mapping[str, list],
) -> list[int]:
    """The numbers in a column of NEEDED_BY that rows of the person need."""
    found: set[int] = set()
    for query in list_needing(tables, column):
        theirs = [
            f"{actor} in ({list_numbers(values[actor])})"
            for actor in ACTORS
            if actor in query and actor in values
        ]
        if theirs:
            query = f"select distinct {column} from ({query}) where {' or '.join(theirs)}"
            found |= set(read_column(connection, query))
    return sorted(found)


def drop_needless(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    column: str,
    numbers: Sequence[int],
) -> dict[str, int]:
    """Delete what those `numbers` stand for that no row needs any more; returns how many rows of
    each table."""
    if not numbers:
        return {}
    asked = f"{column} in ({list_numbers(numbers)})"
    still = " union all ".join(
        f"select {column} from ({query}) where {asked}" for query in list_needing(tables, column)
    )
    needless = set(numbers) - set(read_column(connection, f"select {column} from ({still})"))
    dropped = {}
    for table in tables if needless else []:
        if column in table.columns and not table.columns.keys() & set(ACTORS):
            theirs = {column: f"{column} in ({list_numbers(sorted(needless))})"}
            if rows := count_theirs(connection, table, theirs):
                connection.execute(f"delete from {table.place} where {theirs[column]}")
                dropped[table.name] = rows
    return dropped


def find_person_in(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], person: Person
) -> list[str]:
    """The columns of tables that hold something of the person: what stands for them, or one of
    their texts within another one."""
    values = find_values(connection, tables, person)
    found = []
    for table in tables:
        conditions = find_conditions(table, person, values)
        for column, data_type in table.columns.items():
            if data_type == "VARCHAR" and person.texts:
                own = [conditions[column]] if column in conditions else []
                conditions[column] = " or ".join([*own, holds(column, person.texts)])
        if not conditions:
            continue
        counts = connection.execute(
            "select "
            + ", ".join(f"count(*) filter (where {one})" for one in conditions.values())
            + f" from {table.place}"
        ).fetchone()
        found += [
            f"{table.name}.{column}"
            for column, count in zip(conditions, counts, strict=True)
            if count
        ]
    return found


def holds(column: str, texts: Sequence[str]) -> str:
    """The condition that a column holds one of `texts`, written in whatever case."""
    pattern = "|".join(re.escape(text.lower()) for text in texts)
    return f'regexp_matches(lower("{column}"), {quote(pattern)})'
