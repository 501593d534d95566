"""What belongs here: what the records of a CRM are to hold, by the live publication and the rule
book that it was made with (write_back.csv). Nothing is asked of the warehouse, so that nobody waits
for it, and what was rolled back is not written.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rule_book_files import read_rows
from orchestration.lib.basics.variables import PROJECT_ROOT
from orchestration.lib.delivered.crm import Crm

MAPPING = "write_back.csv"


@dataclass(frozen=True)
class Live:
    """The live publication: its id and folder, the models whose hand-overs it holds back, and the
    model that a mapping without one means."""

    publication_id: str
    folder: Path
    held: tuple[str, ...]
    champion: str


@dataclass(frozen=True)
class Property:
    """One row of write_back.csv: a property, and which column of which mart it holds for a
    model."""

    name: str
    model_id: str
    mart: str
    column: str
    decimals: int | None


@dataclass
class Plan:
    """What each record is to hold: its properties as JSON text, by its id; the lead behind each;
    and how many leads were left out for which reason."""

    plan_id: str
    payloads: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)


def read_mapping(live: Live, crm: Crm) -> list[Property]:
    """The properties of a CRM that the rule book of a publication names; where it has no such file
    those of the shipped one. What of a model that is held back is none."""
    own = live.folder / "rules" / MAPPING
    rows = read_rows(own if own.is_file() else PROJECT_ROOT / "seeds" / "rules" / MAPPING)
    cells = [{name: text.strip() for name, text in row.items()} for row in rows]
    properties = [
        Property(
            row["property"],
            row["model_id"] or live.champion,
            *row["mart_column"].split(".", 1),
            decimals=int(float(row["decimals"])) if row["decimals"] else None,
        )
        for row in cells
        if row["crm"] == crm.name
    ]
    return [one for one in properties if one.model_id not in live.held]


def name_plan(live: Live, crm: Crm, properties: Iterable[Property]) -> str:
    """What a plan is made from: where that is the same, the plan is."""
    text = repr((list(properties), crm.takes_bare_ids))
    return f"{live.publication_id} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


# The last hand-over of each lead and model that was given to sales: nothing where it came back, or
# the lead is excluded. A publication was made before its own hand-overs were released; those that
# it held back are of a later one.
MARTS = """
with scored_leads as (
    select * from read_parquet({scored_leads})
),

given as (
    select *
    from read_parquet({hand_overs})
    where released_at is not null or not list_contains($held::varchar[], model_id)
    qualify row_number() over (
        partition by model_id, lead_id order by hand_over_number desc
    ) = 1
),

hand_overs as (
    select given.*
    from given
    inner join scored_leads using (model_id, lead_id)
    where given.recycled_on is null and not scored_leads.is_excluded
),

cells as (
    {cells}
)

select
    lead_id,
    '{{' || string_agg(
        to_json(property) || ': ' || coalesce(value::varchar, 'null'), ', ' order by property
    ) || '}}' as payload
from cells
group by lead_id
order by lead_id
"""

CELLS = """
select scored_leads.lead_id, {name} as property, to_json({value}) as value
from scored_leads
left join {mart} as mart using (model_id, lead_id)
where scored_leads.model_id = {model_id}
"""


def make_plan(live: Live, crm: Crm, properties: list[Property]) -> Plan:
    """What the live publication says of every record of a CRM. Raises ValueError where the mapping
    names a column that its marts do not have."""
    plan = Plan(name_plan(live, crm, properties))
    if not properties:
        return plan
    places = {mart: live.folder / f"{mart}.parquet" for mart in ("scored_leads", "hand_overs")}
    with duckdb.connect() as connection:
        check_columns(connection, properties, places)
        cells = "union all".join(
            CELLS.format(
                name=quote(one.name),
                value=write_column(one),
                mart=one.mart,
                model_id=quote(one.model_id),
            )
            for one in properties
        )
        found = connection.execute(
            MARTS.format(cells=cells, **{mart: quote(place) for mart, place in places.items()}),
            {"held": list(live.held)},
        )
        while rows := found.fetchmany(10_000):
            for lead_id, payload in rows:
                add_lead(plan, crm, lead_id, payload)
    return plan


def write_column(one: Property) -> str:
    """The SQL of a property's value.

    >>> write_column(Property("lead_score", "b2b", "scored_leads", "score", decimals=1))
    'round(mart."score", 1)'
    """
    column = f'mart."{one.column}"'
    if one.decimals is None:
        return column
    return f"round({column}, {one.decimals})" if one.decimals else f"round({column})::bigint"


def check_columns(
    connection: duckdb.DuckDBPyConnection, properties: Iterable[Property], places: dict[str, Path]
) -> None:
    """ValueError where a property is to hold a column that no mart of the publication has, or a
    text rounded."""
    types = {
        f"{mart}.{name}": kind
        for mart, place in places.items()
        for name, kind, *_ in connection.execute(
            f"describe from read_parquet({quote(place)})"
        ).fetchall()
    }
    for one in properties:
        column = f"{one.mart}.{one.column}"
        if column not in types:
            raise ValueError(
                f"{MAPPING}, {one.name}: there is no column {column} in the live publication. Name"
                " one of scored_leads or hand_overs, as scored_leads.score, and run again."
            )
        if one.decimals is not None and not re.match(r"DECIMAL|DOUBLE|.*INT", types[column]):
            raise ValueError(
                f"{MAPPING}, {one.name}: {column} is no number that could be rounded. Leave"
                " decimals empty and run again."
            )


def add_lead(plan: Plan, crm: Crm, lead_id: str, payload: str) -> None:
    """Put a lead's properties into the plan, or count why it has no record."""
    source, record_id = split_lead_id(lead_id)
    if source and source != crm.name:
        plan.left_out[f"of {source}"] += 1
    elif not source and not crm.takes_bare_ids:
        plan.left_out["without a source, of which there are several"] += 1
    elif not crm.finds_record(record_id):
        plan.left_out[f"whose id is none of {crm.title}'s"] += 1
    elif record_id in plan.payloads:
        plan.left_out["that are a record which another lead is"] += 1
    else:
        plan.payloads[record_id] = payload
        plan.leads[record_id] = lead_id


def split_lead_id(lead_id: str) -> tuple[str, str]:
    """The source that an id carries, blank where it carries none, and the id there.

    >>> split_lead_id("hubspot:501"), split_lead_id("501")
    (('hubspot', '501'), ('', '501'))
    """
    found = re.fullmatch(r"([a-z][a-z0-9_]*):(.+)", lead_id)
    return (found[1], found[2]) if found else ("", lead_id)


def describe_change(key: str, before: dict[str, object], changes: dict[str, object]) -> list[str]:
    """A record's line, and one per property that would change, old → new.

    >>> describe_change("hubspot:501", {"lead_score": 70}, {"lead_score": 71, "lead_tier": None})
    ['  hubspot:501', '    lead_score  70 → 71', '    lead_tier  unknown → empty']
    """

    def tell(value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return "empty" if value is None else text if len(text) <= 60 else f"{text[:59]}…"

    return [
        f"  {key}",
        *(
            f"    {name}  {tell(before[name]) if name in before else 'unknown'} → {tell(value)}"
            for name, value in changes.items()
        ),
    ]
