"""What belongs here: an export as a raw table of the contract: times in UTC, numbers in plain
notation, ids that are the same in every file. What cannot be read is passed on as it is: the run
sets it aside and says why."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.exports.mapping import FOLDER, Mapping, read_contract
from orchestration.lib.exports.reading import Export

# Days as people write them, and the times that may follow.
DATE_FORMATS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d")
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %H:%M", ", %I:%M %p")

ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?)?$"
# One that says its zone means the same everywhere.
WITH_ZONE = r"^\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})$"

AMOUNT = (
    r"^[^0-9A-Za-z]*[A-Za-z]{0,3}[^0-9A-Za-z]*[0-9][0-9.,' \x{00A0}]*[^0-9A-Za-z]*[A-Za-z]{0,3}$"
)

SALESFORCE_ID = "^(00Q|003|001|006|005)[0-9A-Za-z]{12}$"


@dataclass(frozen=True)
class Written:
    """A raw table that was written: its `file`, how many `rows`, of each column how many cells are
    `filled`, and what a person should know (`told`)."""

    file: Path
    rows: int
    filled: dict[str, int]
    told: list[str]


def write_table(
    connection: duckdb.DuckDBPyConnection, export: Export, mapping: Mapping, out: Path
) -> list[Written]:
    """Write the rows of an export, which are in the table `rows`, below the folder `out`: the table
    of the mapping, and crm.lead_attributes where custom attributes are mapped."""
    connection.create_function("lengthen_id", lengthen_id, ["varchar"], "varchar")
    connection.execute(
        f"create or replace table countries as from read_csv({quote(FOLDER / 'countries.csv')})"
    )
    values, told = make_values(export, mapping)
    columns = [column for column in read_contract()[mapping.table] if column in values]
    selected = ", ".join(f"{values[column]} as {column}" for column in columns)
    connection.execute(
        f"create or replace table written as select {selected} from rows order by line"
    )
    told += find_unread(connection, mapping, columns)
    written = [copy(connection, "written", columns, mapping.table, export, out, told)]
    if mapping.attributes:
        lead, updated = values["lead_id"], values["updated_at"]
        parts = " union all ".join(
            f"select {lead} as lead_id, {quote(name)} as attribute, trim({cell(export, title)}) as"
            f" value, {updated} as updated_at, {values['_loaded_at']} as _loaded_at from rows"
            f" where {cell(export, title)} is not null"
            for name, title in mapping.attributes.items()
        )
        connection.execute(f"create or replace table attributes as {parts}")
        names = ["lead_id", "attribute", "value", "updated_at", "_loaded_at"]
        written.append(
            copy(connection, "attributes", names, "crm.lead_attributes", export, out, [])
        )
    return written


def make_values(export: Export, mapping: Mapping) -> tuple[dict[str, str], list[str]]:
    """For each column of the contract the SQL of its value, and what a person should know."""
    types = read_contract()[mapping.table]
    told: list[str] = []
    values = {
        column: read_cell(column, types[column], cell(export, title), mapping)
        for column, title in mapping.columns.items()
    }
    loaded = f"'{export.exported_at:%Y-%m-%d %H:%M:%S}'"
    values["_loaded_at"] = loaded
    if mapping.table == "crm.leads":
        if "lead_id" not in values and "email" in values:
            values["lead_id"] = f"lower({values['email']})"
            told.append(
                "No column has ids: the address stands for them. Who changes it becomes another "
                "lead; export the record id with the rest."
            )
        values.setdefault("email", "null")
    if mapping.table == "crm.opportunities":
        stage = f"lower({values.get('stage', 'null')})"
        values.setdefault(
            "is_won",
            f"case when regexp_matches({stage}, 'closed ?won|^won') then 'true'"
            f" when regexp_matches({stage}, 'closed ?lost|^lost') then 'false' end",
        )
        if closed := values.pop("closed_at", None):
            is_open = f"({values['is_won']}) is null"
            values["closed_at"] = f"case when not {is_open} then {closed} end"
            values["expected_close_on"] = f"case when {is_open} then {closed} end"
            if "updated_at" not in values and "created_at" in values:
                # A deal is as it is now since it was closed, not since it was opened.
                values["updated_at"] = f"coalesce({values['closed_at']}, {values['created_at']})"
    if "created_at" in types and "created_at" not in values:
        values["created_at"] = values.get("updated_at", loaded)
        told.append(
            "No column says when rows were created: their last change, or the export, does."
        )
    values.setdefault("updated_at", values.get("created_at", loaded))
    return values, told


def cell(export: Export, title: str) -> str:
    """The column of the table `rows` that has a title."""
    return f"c{export.titles.index(title)}"


def read_cell(column: str, data_type: str, raw: str, mapping: Mapping) -> str:
    """The SQL of a value of the contract."""
    text = f"trim({raw})"
    if data_type == "timestamp":
        return read_time(text, mapping)
    if data_type in ("number", "integer"):
        drop, decimal = ("[^0-9.-]", ".") if mapping.decimal == "." else ("[^0-9,-]", ",")
        plain = f"replace(regexp_replace({text}, '{drop}', '', 'g'), '{decimal}', '.')"
        return f"case when regexp_matches({text}, {quote(AMOUNT)}) then {plain} else {text} end"
    if column in ("account_id", "lead_id", "opportunity_id", "owner_id"):
        # Of several the first: HubSpot lists them with semicolons.
        first = f"trim(split_part({text}, ';', 1))"
        is_short = f"regexp_matches({first}, '{SALESFORCE_ID}')"
        return f"case when {is_short} then lengthen_id({first}) else {first} end"
    if column == "country":
        return f"coalesce((select code from countries where name = lower({text})), {text})"
    if column in ("company_domain", "domain"):
        bare = f"regexp_replace(lower({text}), '^([a-z]+://)?(www[.])?', '')"
        return f"nullif(regexp_replace({bare}, '[/?#:].*$', ''), '')"
    return text


def read_time(text: str, mapping: Mapping) -> str:
    """The SQL of a time in UTC, as the contract has it; what cannot be read stays as it is."""
    local = f"case when regexp_matches({text}, {quote(ISO)}) then try_cast({text} as timestamp) end"
    if mapping.date_format:
        formats = ", ".join(quote(mapping.date_format + time) for time in TIMES)
        local = f"coalesce(try_strptime({text}, [{formats}]), {local})"
    moved = f"timezone('UTC', timezone({quote(mapping.timezone)}, {local}))"
    return f"coalesce(strftime({moved}, '%Y-%m-%d %H:%M:%S'), {text})"


def find_unread(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, columns: list[str]
) -> list[str]:
    """Sentences on columns of which some values will not be read."""
    types = read_contract()[mapping.table]
    told = []
    for column in columns:
        reads = {
            "timestamp": f"regexp_matches({column}, {quote(ISO)})"
            f" or regexp_matches({column}, {quote(WITH_ZONE)})",
            "number": f"regexp_matches({column}, '^[+-]?[0-9]*[.]?[0-9]+$')",
            "integer": f"regexp_matches({column}, '^[+-]?[0-9]+([.]0*)?$')",
        }.get(types[column])
        if reads:
            unread, one = connection.execute(
                f"select count(*), min({column}) from written"
                f" where {column} is not null and not ({reads})"
            ).fetchone()
            if unread:
                told.append(
                    f"{column}: {unread:,} values are no {types[column]}, such as '{one}'. A run "
                    "sets these rows aside: see date_format and decimal of the mapping."
                )
    return told


def stack_cells(export: Export, mapping: Mapping, data_type: str) -> str:
    """A query of the texts of all columns of one type of the contract, under one another, as t."""
    types = read_contract()[mapping.table]
    queries = [
        f"select trim({cell(export, title)}) as t from rows"
        for column, title in mapping.columns.items()
        if types[column] == data_type
    ]
    return " union all ".join(["select null::varchar as t where false", *queries])


def find_date_format(
    connection: duckdb.DuckDBPyConnection, export: Export, mapping: Mapping
) -> tuple[str | None, str | None]:
    """How the times of an export are written: a format that reads them all (None: ISO), and where
    two would read them differently a sentence."""
    stacked = stack_cells(export, mapping, "timestamp")
    others = f"from ({stacked}) where t is not null and not regexp_matches(t, {quote(ISO)})"
    others += f" and not regexp_matches(t, {quote(WITH_ZONE)})"
    if not connection.execute(f"select count(*) {others}").fetchone()[0]:
        return None, None
    fitting = []
    for date_format in DATE_FORMATS:
        formats = ", ".join(quote(date_format + time) for time in TIMES)
        if connection.execute(
            f"select bool_and(try_strptime(t, [{formats}]) is not null) {others}"
        ).fetchone()[0]:
            fitting.append(date_format)
    if len(fitting) > 1:
        (one,) = connection.execute(f"select min(t) {others}").fetchone()
        return fitting[0], (
            f"Days such as {one} can be read as {' and as '.join(fitting)}: the mapping says "
            f"{fitting[0]}. See that it is right before anything is scored."
        )
    return (fitting[0] if fitting else None), None


def find_decimal(connection: duckdb.DuckDBPyConnection, export: Export, mapping: Mapping) -> str:
    """The sign before decimals: a comma where amounts end as 85.000,00 does."""
    stacked = stack_cells(export, mapping, "number")
    commas, points = connection.execute(
        "select count(*) filter (where regexp_matches(t, ',[0-9]{1,2}[^0-9]*$')),"
        f" count(*) filter (where regexp_matches(t, '[.][0-9]{{1,2}}[^0-9]*$')) from ({stacked})"
    ).fetchone()
    return "," if commas > points else "."


def copy(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: list[str],
    table: str,
    export: Export,
    out: Path,
    told: list[str],
) -> Written:
    """Write a table of the contract as one more file of its folder."""
    folder = out.joinpath(*table.split("."))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{export.file.stem}.csv"
    connection.execute(f"copy {source} to {quote(file)} (format csv, header)")
    counts = connection.execute(
        f"select count(*), {', '.join(f'count({column})' for column in columns)} from {source}"
    ).fetchone()
    return Written(file, counts[0], dict(zip(columns, counts[1:], strict=True)), told)


def lengthen_id(short: str) -> str:
    """The 18 characters of a Salesforce id of 15: three more say which letters are capitals, for
    those who do not tell them apart.

    >>> lengthen_id("00Q5e00001AbCdE")
    '00Q5e00001AbCdEEAV'
    """
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = [short[at : at + 5] for at in (0, 5, 10)]
    return short + "".join(
        letters[sum(2**place for place, sign in enumerate(block) if sign.isupper())]
        for block in blocks
    )
