"""What belongs here: by which records of vendors a person is known where LEADS_SOURCES made the raw
tables: who was merged into them, who joined them, the addresses that lead to them, and how the
command names these records for whoever deletes them there."""

from collections.abc import Sequence

import duckdb

from orchestration.lib.basics.quoting import quote


def add_records(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[str]:
    """The ids of a person, and beside them those by which sources know the same person; the same
    where the raw tables are not made of sources."""
    pairs, known = list_pairs(connection), set(ids)
    while more := {id for pair in pairs if known & {*pair} for id in pair} - known:
        known |= more
    return sorted(known)


def add_addresses(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], addresses: Sequence[str]
) -> list[str]:
    """The addresses of a person (lower case), and beside them those that each source has of these
    ids and the further ones that lead to any of them."""
    found = {address for id, address in list_addresses(connection) if id in ids} | set(addresses)
    further = {alias for alias, email in list_pairs(connection) if email in found and "@" in alias}
    return sorted(found | further)


def find_current(connection: duckdb.DuckDBPyConnection, address: str) -> list[str]:
    """An address (lower case), and the one that it leads to where a source has it as a further one
    of somebody."""
    return sorted(
        {address, *(email for alias, email in list_pairs(connection) if alias == address)}
    )


def list_pairs(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Ids that are one person, and addresses, lower case: an alias or who joined first."""
    queries = [
        f"select lower(alias_id), lower(lead_id) from sources.{name} where alias_id like '%@%'"
        f" union all select alias_id, lead_id from sources.{name} where alias_id not like '%@%'"
        for name in list_aliases(connection)
    ]
    if has_people(connection):
        queries.append("select vendor_lead_id, lead_id from sources.source_people")
    return connection.execute(" union all ".join(queries)).fetchall() if queries else []


def list_addresses(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Ids of people and the address that each source has of them."""
    if not has_people(connection):
        return []
    return connection.execute(
        "select vendor_lead_id, address from sources.source_people where address is not null"
    ).fetchall()


def has_people(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether people of sources are joined in this warehouse."""
    return "source_people" in list_relations(connection)


def list_aliases(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of aliases of those vendors that have people."""
    there = list_relations(connection)
    return sorted(
        name
        for name in there
        if name.endswith("__aliases") and name.replace("__aliases", "__leads") in there
    )


def clean_records(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], others: Sequence[str]
) -> None:
    """Delete from the tables that LEADS_SOURCES has made every row that holds one of a person's
    ids, in a vendor's own tables without its name too, or one of `others` (addresses, visitors,
    events). The next run makes all of these tables anew; until then whoever is erased next is found
    in them."""
    found = connection.execute(
        "select table_name, column_name from duckdb_columns() as columns"
        " inner join duckdb_tables() as tables using (database_name, schema_name, table_name)"
        " where schema_name = 'sources' and database_name = current_database()"
        " and columns.data_type = 'VARCHAR'"
    ).fetchall()
    columns: dict[str, list[str]] = {}
    for table, column in found:
        columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        vendor = table.split("__")[0] + ":"
        bare = [id.removeprefix(vendor) for id in ids if id.startswith(vendor)]
        listed = ", ".join(quote(text.lower()) for text in (*ids, *others, *bare))
        named = " or ".join(f'lower("{name}") in ({listed})' for name in names)
        connection.execute(f'delete from sources."{table}" where {named}')


def list_relations(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables and views that LEADS_SOURCES has made."""
    return {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = current_database() and table_schema = 'sources'"
        ).fetchall()
    }


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
