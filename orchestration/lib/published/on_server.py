"""What belongs here: the publication in the database, where the warehouse is one: the schema
`published`, which BI tools read.

Each publication is a schema of its own, written before anybody looks at it: `published` is the live
one, `published_<publication id>` are those that are kept. Which is live is switched by renaming two
schemas in one transaction: a query sees one publication or the other, whole.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.postgres import locate_postgres, open_session
from orchestration.lib.basics.quoting import quote, quote_name
from orchestration.lib.basics.variables import read_given
from orchestration.lib.basics.warehouse import open_warehouse

LIVE = "published"


def name_schema(publication_id: str) -> str:
    """The schema of a publication that is not live.

    >>> name_schema("20260630T060000Z-0a1b2c")
    'published_20260630t060000z_0a1b2c'
    """
    return f"{LIVE}_{publication_id.lower().replace('-', '_')}"


def show_on_server(
    warehouse: Path,
    folder: Path,
    marts: Iterable[str],
    *,
    like: str | None = None,
    same: Collection[str] = (),
) -> None:
    """Make the publication in `folder` the live one in the database, its `marts` as tables; those
    that are the `same` in the publication `like` are copied from it, where it is live there. Nobody
    else publishes meanwhile. Raises ValueError where the schema is in use for something else."""
    publication_id = folder.name
    schema = name_schema(publication_id)
    with open_session(locate_postgres()) as session, session.cursor() as cursor:
        live = find_live(cursor)
        if live == publication_id:
            return
        if publication_id not in list_kept(cursor):
            # Half of one, of a run that was killed, has no comment.
            cursor.execute(f"drop schema if exists {schema} cascade")
            cursor.execute(f"create schema {schema}")
            copied = [mart for mart in marts if like and live == like and mart in same]
            for mart in copied:
                cursor.execute(f"create table {schema}.{mart} as table {LIVE}.{mart}")
            others = [mart for mart in marts if mart not in copied]
            copy_marts(warehouse, folder, schema=schema, marts=others)
            cursor.execute(f"comment on schema {schema} is %s", [publication_id])
        for role in read_given().get("LEADS_POSTGRES_READERS", "").split(","):
            if role.strip():
                reader = f'"{quote_name(role.strip())}"'
                cursor.execute(f"grant usage on schema {schema} to {reader}")
                cursor.execute(f"grant select on all tables in schema {schema} to {reader}")
        switch_schemas(cursor, schema, live=live)


def switch_schemas(cursor: Any, schema: str, *, live: str | None) -> None:
    """Give `schema` the name of the live one, which keeps its own id's."""
    kept = f"alter schema {LIVE} rename to {name_schema(live)};" if live else ""
    cursor.execute(f"begin; {kept} alter schema {schema} rename to {LIVE}; commit")


def copy_marts(warehouse: Path, folder: Path, *, schema: str, marts: Iterable[str]) -> None:
    """Write marts of the publication in `folder` into a schema of the database."""
    with open_warehouse(warehouse) as connection:
        connection.execute(f"attach {quote(folder / 'leads.duckdb')} as publication (read_only)")
        for mart in marts:
            connection.execute(
                f"create table warehouse.{schema}.{mart} as from publication.main.{mart}"
            )


def drop_on_server(kept: Iterable[str]) -> None:
    """Delete what the database has of publications that are none of those `kept`."""
    wanted = set(kept)
    with open_session(locate_postgres()) as session, session.cursor() as cursor:
        for publication_id in list_kept(cursor) - wanted:
            cursor.execute(f"drop schema {name_schema(publication_id)} cascade")


def find_live(cursor: Any) -> str | None:
    """The id of the live publication; None where there is none. Raises WrongUse where the schema
    is none of ours."""
    cursor.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", [LIVE]
    )
    found = cursor.fetchone()
    if found and not found[0]:
        raise WrongUse(
            f"The schema {LIVE} of {locate_postgres().words} is in the way: the live publication "
            "belongs there, and this is none. Rename it, then run again."
        )
    return found[0] if found else None


def list_kept(cursor: Any) -> set[str]:
    """The ids of the publications that are whole and not live."""
    cursor.execute(
        "select nspname, obj_description(oid, 'pg_namespace') from pg_namespace"
        " where nspname like %s",
        [f"{LIVE}\\_%"],
    )
    return {said for name, said in cursor.fetchall() if said and name == name_schema(said)}
