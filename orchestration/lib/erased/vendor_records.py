"""What belongs here: by which records of vendors a person is known where LEADS_SOURCES made the raw
tables: who was merged into them, who joined them, the addresses that lead to them, and how the
command names these records for whoever deletes them there."""

from collections.abc import Sequence

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import list_own_tables
from orchestration.lib.erased.lists import list_texts, read_column

# The schema of what LEADS_SOURCES makes, and its table of who joined whom.
MADE = "sources"
PEOPLE = "source_people"


def add_records(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[str]:
    """The ids of a person, and beside them those by which sources know the same person; the same
    where the raw tables are not made of sources."""
    pairs, known = write_pairs(connection), {*ids}
    more = known
    while more:
        listed = list_texts(more)
        found = read_column(
            connection,
            f"select one from ({pairs}) where other in ({listed})"
            f" union select other from ({pairs}) where one in ({listed})",
        )
        more = {*found} - known
        known |= more
    return sorted(known)


def add_addresses(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], addresses: Sequence[str]
) -> list[str]:
    """The addresses of a person (lower case), and beside them those that each source has of these
    ids and the further ones that lead to any of them."""
    found = {*addresses}
    if PEOPLE in list_made(connection):
        theirs = f"vendor_lead_id in ({list_texts(ids)})"
        found |= {*read_column(connection, f"select address from {MADE}.{PEOPLE} where {theirs}")}
    further = read_column(
        connection,
        f"select one from ({write_pairs(connection)})"
        f" where one like '%@%' and other in ({list_texts(found)})",
    )
    return sorted({*found, *further})


def find_current(connection: duckdb.DuckDBPyConnection, address: str) -> list[str]:
    """An address (lower case), and the one that it leads to where a source has it as a further one
    of somebody."""
    pairs = write_pairs(connection)
    leads_to = read_column(connection, f"select other from ({pairs}) where one = {quote(address)}")
    return sorted({address, *leads_to})


def write_pairs(connection: duckdb.DuckDBPyConnection) -> str:
    """A query of ids that are one person (`one`, which became or joined the `other`), and of
    addresses in lower case (one leads to the other)."""
    made = list_made(connection)
    queries = ["select cast(null as text) as one, cast(null as text) as other where false"]
    for name in made:
        # A tracker, which has no people, has aliases of its users.
        if name.endswith("__aliases") and name.replace("__aliases", "__leads") in made:
            queries.append(
                "select case when alias_id like '%@%' then lower(alias_id) else alias_id end,"
                " case when alias_id like '%@%' then lower(lead_id) else lead_id end"
                f" from {MADE}.{name}"
            )
    if PEOPLE in made:
        queries.append(f"select vendor_lead_id, lead_id from {MADE}.{PEOPLE}")
    return " union all ".join(queries)


def list_made(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables and views that LEADS_SOURCES has made."""
    return read_column(
        connection,
        "select table_name from information_schema.tables"
        f" where table_catalog = current_database() and table_schema = '{MADE}'",
    )


def clean_records(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], others: Sequence[str]
) -> None:
    """Delete from the tables that LEADS_SOURCES has made every row that holds one of a person's
    ids, in a vendor's own tables without its name too, or one of `others` (addresses, visitors,
    events). The next run makes all of these tables anew; until then whoever is erased next is found
    in them."""
    tables = [name for schema, name in list_own_tables(connection) if schema == MADE]
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns()"
        f" where schema_name = '{MADE}' and database_name = current_database()"
        " and data_type = 'VARCHAR'"
    ).fetchall():
        if table in tables:
            columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        vendor = table.split("__")[0] + ":"
        bare = [id.removeprefix(vendor) for id in ids if id.startswith(vendor)]
        listed = list_texts(text.lower() for text in (*ids, *others, *bare))
        named = " or ".join(f'lower("{name}") in ({listed})' for name in names)
        connection.execute(f'delete from {MADE}."{table}" where {named}')


def find_parts(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> set[str]:
    """Those of a person's ids that are a part of another lead's, as hubspot:501 of hubspot:5012."""
    listed = ", ".join(f"({quote(id)})" for id in ids)
    if not listed:
        return set()
    found = connection.execute(
        f"select distinct mine.id from (values {listed}) as mine (id)"
        " inner join staging.base_crm__leads as leads"
        " on contains(leads.lead_id, mine.id) and leads.lead_id <> mine.id"
    ).fetchall()
    return {id for (id,) in found}


def describe_records(lead_ids: Sequence[str], sources: Sequence[str]) -> list[str]:
    """The lines on which records of each source are the person's.

    >>> describe_records(["hubspot:501", "hubspot:77"], ["hubspot", "own"])[1]
    '  hubspot               records 501, 77 and whatever names them or an address'
    """
    lines = []
    for vendor in sources:
        numbers = [id.removeprefix(f"{vendor}:") for id in lead_ids if id.startswith(f"{vendor}:")]
        if numbers:
            word = "records" if numbers[1:] else "record"
            lines.append(
                f"  {vendor:<22}{word} {', '.join(numbers)} and whatever names "
                f"{'them' if numbers[1:] else 'it'} or an address"
            )
    if not lines:
        return []
    return [
        "They are made of the tables of sources: delete the person there, and in the tables that "
        "are landed. Until then each run reads the rows and leaves them out.",
        *lines,
    ]
