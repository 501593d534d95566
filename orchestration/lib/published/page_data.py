"""What belongs here: what the page of a publication loads as it is asked for: which leads there
are, the rules, and each lead's story. A browser that opens a page from a file reads no other file
but scripts, so these are scripts, each calling a function of the page with JSON.

    page/leads.js         every lead with its account; by model scores, tiers, grades side by side
    page/rules.js         every rule with whom it reaches
    page/stories-<n>.js   the stories of LEADS_IN_A_FILE leads, packed (gzip, base64)

Text and JSON are made by DuckDB; Python packs one file at a time.
"""

import base64
import gzip
import json
from pathlib import Path

import duckdb

DATA = "page"

# A story is read with those of its neighbours in the order of their ids: a file is small enough to
# come at once, and there are not too many of them.
LEADS_IN_A_FILE = 200

# Fast is better than small here: a day of 100,000 leads is a hundred megabytes before.
COMPRESSION = 1

# The day that is told of.
NEWEST = "as_of_date = (select max(as_of_date) from scored_leads)"

# Every lead by its place in the order of ids, and every rule by its place in the list of rules.
PLACES = f"""
create or replace temp table page_leads as
select
    lead_id,
    min(account_id) as account_id,
    min(owner_id) as owner_id,
    row_number() over (order by lead_id) - 1 as place
from scored_leads
group by lead_id;

create or replace temp table page_models as
select model_id, row_number() over (order by model_id) - 1 as model_no
from (select distinct model_id from scored_leads);

create or replace temp table page_rules as
with named as (
    select model_id, rule_id, any_value(dimension) as dimension, any_value(reason) as reason
    from lead_score_ledger
    where {NEWEST}
    group by model_id, rule_id
)
select
    model_id,
    rule_id,
    coalesce(health.dimension, named.dimension) as dimension,
    coalesce(health.reason, named.reason) as reason,
    health.owner,
    health.points,
    health.leads_met,
    health.outcomes_met,
    health.finding_text,
    row_number() over (order by model_id, rule_id) - 1 as rule_place
from named
full join rule_health as health using (model_id, rule_id)
"""

LEADS = """
select to_json({
    ids: (select list(lead_id order by place) from page_leads),
    accounts: (select list(account_id order by place) from page_leads),
    owners: (select list(owner_id order by place) from page_leads),
    models: (select list(model_id order by model_no) from page_models),
    tiers: (select list(tier order by tier) from (select distinct tier from scored_leads)),
    rows: (
        select list(columns order by model_no) from (
            select
                places.model_no,
                {
                    place: list(leads.place order by leads.place),
                    score: list(round(scored.score, 1) order by leads.place),
                    tier: list(scored.tier order by leads.place),
                    grade: list(scored.grade order by leads.place),
                    left_out: list(scored.is_excluded::int order by leads.place)
                } as columns
            from scored_leads as scored
            inner join page_leads as leads using (lead_id)
            inner join page_models as places using (model_id)
            group by places.model_no
        )
    )
})
"""

RULES = "select to_json(list(page_rules order by rule_place)) from page_rules"

# What a story holds besides its points, a row at most per model and lead, and the columns of each.
ONCE = {
    "scored_leads": "score, tier, tier_since, tier_reason, grade, temperature, stage, action,"
    " sla_hours, account_id, owner_id, last_activity_on, stale_feeds, duplicate_of,"
    " exclusion_reason",
    "lead_outlook": "drops_out_on, score_then, because_of",
    "lead_unknowns": "lowest_score, highest_score, lowest_tier, highest_tier, unknown_fields,"
    " deciding_field",
    "lead_confidence": "probability, low, high",
}
# The same of marts with several, and what comes first.
SEVERAL = {
    "lead_score_changes": (
        "rule_id, reason, since, points_before, points_now, change",
        "abs(change) desc, rule_id",
    ),
    "hand_overs": (
        "due_on, tier, score, released_at, recycled_on, recycle_reason",
        "hand_over_number",
    ),
}


def write_page_data(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Write the files of DATA into the `folder` of the publication that `connection` is open on;
    returns their names."""
    place = folder / DATA
    place.mkdir(exist_ok=True)
    for file in place.glob("*.js"):
        file.unlink()
    connection.execute(PLACES)
    for name, query in (("leads", LEADS), ("rules", RULES)):
        (text,) = connection.execute(query).fetchone()
        write_script(place / f"{name}.js", name, json.dumps(text))
    connection.execute(tell_stories())
    stories = connection.execute(
        """
        select
            file_no,
            '{' || string_agg('"' || place || ':' || model_no || '":' || story, ',') || '}' as told
        from page_stories
        group by file_no
        """
    )
    while row := stories.fetchone():
        packed = base64.b64encode(gzip.compress(row[1].encode(), COMPRESSION, mtime=0)).decode()
        write_script(place / f"stories-{row[0]}.js", "stories", f'{row[0]}, "{packed}"')
    return sorted(file.name for file in place.glob("*.js"))


def write_script(file: Path, name: str, arguments: str) -> None:
    """Write a script that gives the page something."""
    file.write_text(f"take.{name}({arguments});\n")


def unpack_stories(file: Path) -> str:
    """The JSON in a file of stories, by `<place of the lead>:<number of the model>`."""
    return gzip.decompress(base64.b64decode(file.read_text().split('"')[1])).decode()


def tell_stories() -> str:
    """The statement that makes the table page_stories: one row per model and lead."""
    points = f"""
        select
            model_id,
            lead_id,
            list([
                to_json(rule_place), to_json(ledger.points), to_json(ledger.evidence),
                -- Whether a limit is the most or the least says its row.
                to_json(case when ledger.reason <> page_rules.reason then ledger.reason end)
            ] order by abs(ledger.points) desc, ledger.rule_id) as told
        from lead_score_ledger as ledger
        inner join page_rules using (model_id, rule_id)
        where {NEWEST}
        group by all
    """
    parts = {"points": points}
    for mart, (columns, order) in SEVERAL.items():
        told = f"list({make_struct(columns)} order by {order})"
        parts[mart] = f"select model_id, lead_id, {told} as told from {mart} group by all"
    for mart, columns in ONCE.items():
        told = make_struct(columns)
        parts[mart] = f"select model_id, lead_id, {told} as told from {mart} where {NEWEST}"
    parts["intraday_leads"] = f"""
        select model_id, lead_id, {make_struct("loaded_at, scored_at")} as told
        from intraday_leads
        inner join scored_leads using (lead_id)
    """
    story = ", ".join(f"{name}: {name}.told" for name in parts)
    joins = " ".join(
        f"left join ({query}) as {name} using (model_id, lead_id)" for name, query in parts.items()
    )
    return f"""
        create or replace temp table page_stories as
        select
            leads.place // {LEADS_IN_A_FILE} as file_no,
            leads.place,
            models.model_no,
            to_json({{{story}}}) as story
        from (select model_id, lead_id from scored_leads) as those
        inner join page_leads as leads using (lead_id)
        inner join page_models as models using (model_id)
        {joins}
    """


def make_struct(columns: str) -> str:
    """Columns as one value of theirs, for SQL.

    >>> make_struct("score, tier")
    '{score: score, tier: tier}'
    """
    return "{" + ", ".join(f"{name}: {name}" for name in columns.split(", ")) + "}"
