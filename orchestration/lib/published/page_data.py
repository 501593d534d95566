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
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.published.history import link_or_copy

DATA = "page"

# A story is read with those of its neighbours in the order of their ids: a file is small enough to
# come at once, and there are not too many of them.
LEADS_IN_A_FILE = 200

# Fast is better than small here: a day of 100,000 leads is a hundred megabytes before.
COMPRESSION = 1

# The key of a story in a file: the place of the lead and the number of the model.
KEY = re.compile(r'(?<=[{,])"([0-9]+:[0-9]+)":(?={)')

# The day that is told of.
NEWEST = "as_of_date = (select max(as_of_date) from scored_leads)"

# Every lead by its place in the order of ids, and every rule by its place in the list of rules.
# Where a page is made of an earlier one who is there keeps the place, who has come since follows,
# and who is gone leaves it empty: stories of all others stay the files that they are.
PLACES = f"""
create or replace temp table page_leads as
with leads as (
    select lead_id, min(account_id) as account_id, min(owner_id) as owner_id
    from scored_leads
    group by lead_id
)

select
    leads.lead_id,
    leads.account_id,
    leads.owner_id,
    coalesce(
        earlier_leads.place,
        (select count(*) from earlier_leads)
        + row_number() over (partition by earlier_leads.place is null order by leads.lead_id) - 1
    ) as place
from leads
left join earlier_leads using (lead_id)
union all
select null as lead_id, null as account_id, null as owner_id, place
from earlier_leads
where lead_id is null or lead_id not in (select lead_id from leads);

create or replace temp table page_models as
select model_id, row_number() over (order by model_id) - 1 as model_no
from (select distinct model_id from scored_leads);

create or replace temp table page_rules as
with named as (
    select model_id, rule_id, dimension, reason, rule_place from earlier_rules
    union all
    select
        model_id, rule_id, any_value(dimension) as dimension, any_value(reason) as reason,
        null as rule_place
    from lead_score_ledger
    where {NEWEST} and {{told}}
        and (model_id, rule_id) not in (select (model_id, rule_id) from earlier_rules)
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
    coalesce(
        named.rule_place,
        (select count(*) from earlier_rules)
        + row_number() over (partition by named.rule_place is null order by model_id, rule_id) - 1
    ) as rule_place
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


@dataclass(frozen=True)
class EarlierPage:
    """The `folder` of the publication whose page is taken over, but for the stories of `leads`."""

    folder: Path
    leads: Sequence[str]


def write_page_data(
    connection: duckdb.DuckDBPyConnection, folder: Path, earlier: EarlierPage | None = None
) -> list[str]:
    """Write the files of DATA into the `folder` of the publication that `connection` is open on;
    returns their names. What stays of an `earlier` one is linked."""
    place = folder / DATA
    place.mkdir(exist_ok=True)
    for file in place.glob("*.js"):
        file.unlink()
    told = "true" if earlier is None else "lead_id in (from told_leads)"
    read_earlier(connection, earlier)
    connection.execute(PLACES.format(told=told))
    for name, query in (("leads", LEADS), ("rules", RULES)):
        (text,) = connection.execute(query).fetchone()
        write_script(place / f"{name}.js", name, json.dumps(text))
    connection.execute(tell_stories(told))
    stories = connection.execute(
        """
        select
            file_no,
            '{' || string_agg('"' || place || ':' || model_no || '":' || story, ',') || '}' as told
        from page_stories
        group by file_no
        """
    )
    if earlier is None:
        while row := stories.fetchone():
            write_stories(place, *row)
    else:
        write_changed_stories(connection, place, earlier, dict(stories.fetchall()))
    return sorted(file.name for file in place.glob("*.js"))


def read_earlier(connection: duckdb.DuckDBPyConnection, earlier: EarlierPage | None) -> None:
    """Put the places of an earlier page into earlier_leads and earlier_rules, and whose stories are
    told anew into told_leads; without one all are empty."""
    ids: Sequence[str | None] = []
    rules: Sequence[dict[str, Any]] = []
    if earlier:
        ids = read_script(earlier.folder / DATA / "leads.js")["ids"]
        rules = read_script(earlier.folder / DATA / "rules.js")
    connection.execute(
        "create or replace temp table earlier_leads as"
        " select unnest(?::varchar[]) as lead_id, unnest(range(?)) as place",
        [ids, len(ids)],
    )
    named = [[rule[name] for rule in rules] for name in ("model_id", "rule_id")]
    words = [[rule[name] for rule in rules] for name in ("dimension", "reason")]
    connection.execute(
        "create or replace temp table earlier_rules as"
        " select unnest(?::varchar[]) as model_id, unnest(?::varchar[]) as rule_id,"
        " unnest(?::varchar[]) as dimension, unnest(?::varchar[]) as reason,"
        " unnest(range(?)) as rule_place",
        [*named, *words, len(rules)],
    )
    connection.execute(
        "create or replace temp table told_leads as select unnest(?::varchar[]) as lead_id",
        [list(earlier.leads) if earlier else []],
    )


def write_changed_stories(
    connection: duckdb.DuckDBPyConnection,
    place: Path,
    earlier: EarlierPage,
    told: Mapping[int, str],
) -> None:
    """Write the files of stories where one of them has changed, by what is `told` by file, and link
    all others."""
    places = connection.execute(
        "select place from page_leads where lead_id in (from told_leads)"
        " union select place from earlier_leads where lead_id in (from told_leads)"
    ).fetchall()
    changed: dict[int, set[str]] = {}
    for (of_lead,) in places:
        changed.setdefault(of_lead // LEADS_IN_A_FILE, set()).add(str(of_lead))
    for file in (earlier.folder / DATA).glob("stories-*.js"):
        number = int(file.stem.removeprefix("stories-"))
        if number not in changed:
            link_or_copy(file, place / file.name)
    for number, theirs in changed.items():
        before = earlier.folder / DATA / f"stories-{number}.js"
        stories = part_stories(unpack_stories(before)) if before.exists() else {}
        kept = [story for key, story in stories.items() if key.split(":")[0] not in theirs]
        if number in told:
            kept.append(told[number][1:-1])
        write_stories(place, number, f"{{{','.join(kept)}}}")


def part_stories(text: str) -> dict[str, str]:
    """The stories of a file, each with its key in front, by it. Inside a text a quote has a
    backslash before it, so that nothing else looks like a key.

    >>> part_stories('{"0:1":{"a":"\\\\"1:1\\\\":"},"0:2":{}}')
    {'0:1': '"0:1":{"a":"\\\\"1:1\\\\":"}', '0:2': '"0:2":{}'}
    """
    starts = [(match.start(), match[1]) for match in KEY.finditer(text)]
    ends = [start - 1 for start, _ in starts[1:]] + [len(text) - 1]
    return {key: text[start:end] for (start, key), end in zip(starts, ends, strict=True)}


def write_stories(place: Path, number: int, stories: str) -> None:
    """Write one file of stories, which are JSON."""
    packed = base64.b64encode(gzip.compress(stories.encode(), COMPRESSION, mtime=0)).decode()
    write_script(place / f"stories-{number}.js", "stories", f'{number}, "{packed}"')


def write_script(file: Path, name: str, arguments: str) -> None:
    """Write a script that gives the page something."""
    file.write_text(f"take.{name}({arguments});\n")


def read_script(file: Path) -> Any:
    """What a script gives the page as one JSON text."""
    text = file.read_text()
    return json.loads(json.loads(text[text.index("(") + 1 : text.rindex(")")]))


def unpack_stories(file: Path) -> str:
    """The JSON in a file of stories, by `<place of the lead>:<number of the model>`."""
    return gzip.decompress(base64.b64decode(file.read_text().split('"')[1])).decode()


def tell_stories(told: str) -> str:
    """The statement that makes the table page_stories: one row per model and lead that meets the
    condition `told`."""
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
        where {NEWEST} and {told}
        group by all
    """
    parts = {"points": points}
    for mart, (columns, order) in SEVERAL.items():
        rows = f"list({make_struct(columns)} order by {order})"
        parts[mart] = (
            f"select model_id, lead_id, {rows} as told from {mart} where {told} group by all"
        )
    for mart, columns in ONCE.items():
        row = make_struct(columns)
        parts[mart] = (
            f"select model_id, lead_id, {row} as told from {mart} where {NEWEST} and {told}"
        )
    parts["intraday_leads"] = f"""
        select model_id, lead_id, {make_struct("loaded_at, scored_at")} as told
        from intraday_leads
        inner join scored_leads using (lead_id)
        where {told}
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
        from (select model_id, lead_id from scored_leads where {told}) as those
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
