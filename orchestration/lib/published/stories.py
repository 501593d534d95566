"""What belongs here: each lead's story by each model, as the page of a publication shows it: the
points with their reasons, and what else is told of the lead. Stories lie in files of
LEADS_IN_A_FILE leads, packed (gzip, base64), each a script that calls a function of the page.

Whose place is which stands in the tables page_leads, page_models and page_rules, which page_data.py
makes first. Text and JSON are made by DuckDB; Python packs one file at a time.
"""

import base64
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.published.history import link_or_copy

# A story is read with those of its neighbours in the order of their ids: a file is small enough to
# come at once, and there are not too many of them.
LEADS_IN_A_FILE = 200

# So many files' stories are told at once. What DuckDB gathers into lists stays in memory: with 500
# rules those of 100,000 leads took more than 19 GB.
FILES_AT_ONCE = 25

# Fast is better than small here: a day of 100,000 leads is a hundred megabytes before.
COMPRESSION = 1

# The key of a story in a file: the place of the lead and the number of the model.
KEY = re.compile(r'(?<=[{,])"([0-9]+:[0-9]+)":(?={)')

# The day that is told of.
NEWEST = "as_of_date = (select max(as_of_date) from scored_leads)"

# The first and the last lead of FILES_AT_ONCE files, where places are in the order of ids.
RANGES = """
select min(lead_id), max(lead_id)
from page_leads
group by place // ?
order by all
"""

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


def write_all_stories(connection: duckdb.DuckDBPyConnection, place: Path) -> None:
    """Write the files of stories of all leads; while some are packed the next are told."""

    def write(files: list[tuple[int, str]]) -> None:
        for number, stories in files:
            write_stories(place, number, stories)

    with ThreadPoolExecutor(1) as packer:
        packed = packer.submit(write, [])
        ranges = connection.execute(RANGES, [FILES_AT_ONCE * LEADS_IN_A_FILE]).fetchall()
        for first, last in ranges:
            told = f"lead_id between {quote(first)} and {quote(last)}"
            files = connection.execute(tell_stories(told)).fetchall()
            packed.result()
            packed = packer.submit(write, files)
        packed.result()


def write_changed_stories(
    connection: duckdb.DuckDBPyConnection,
    place: Path,
    earlier: Path,
) -> None:
    """Write the files of stories where one of told_leads has another, and link all others from the
    folder of an `earlier` page's."""
    told = dict(connection.execute(tell_stories("lead_id in (from told_leads)")).fetchall())
    places = connection.execute(
        "select place from page_leads where lead_id in (from told_leads)"
        " union select place from earlier_leads where lead_id in (from told_leads)"
    ).fetchall()
    changed: dict[int, set[str]] = {}
    for (of_lead,) in places:
        changed.setdefault(of_lead // LEADS_IN_A_FILE, set()).add(str(of_lead))
    for file in earlier.glob("stories-*.js"):
        number = int(file.stem.removeprefix("stories-"))
        if number not in changed:
            link_or_copy(file, place / file.name)
    for number, theirs in changed.items():
        before = earlier / f"stories-{number}.js"
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


def unpack_stories(file: Path) -> str:
    """The JSON in a file of stories, by `<place of the lead>:<number of the model>`."""
    return gzip.decompress(base64.b64decode(file.read_text().split('"')[1])).decode()


def tell_stories(told: str) -> str:
    """The query for the stories of leads that meet the condition `told`: one row per file, with
    JSON by `<place of the lead>:<number of the model>`."""
    # By far the most of it, and put together as text: to make values of it costs twice as much.
    points = f"""
        select
            model_id,
            lead_id,
            string_agg(
                '[' || rule_place || ',' || ledger.points::double
                || ',' || coalesce(to_json(ledger.evidence), 'null')
                -- Whether a limit is the most or the least says its row.
                || case
                    when ledger.reason <> page_rules.reason then ',' || to_json(ledger.reason)
                    else ',null'
                end
                || ']',
                ',' order by abs(ledger.points) desc, ledger.rule_id
            ) as told
        from lead_score_ledger as ledger
        inner join page_rules using (model_id, rule_id)
        where {NEWEST} and {told}
        group by all
    """
    parts = {}
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
        f"left join ({query}) as {name} using (model_id, lead_id)"
        for name, query in [("points", points), *parts.items()]
    )
    return f"""
        with stories as (
            select
                leads.place,
                models.model_no,
                '{{"points":[' || coalesce(points.told, '') || '],'
                || substr(to_json({{{story}}}), 2) as story
            from (select model_id, lead_id from scored_leads where {told}) as those
            inner join page_leads as leads using (lead_id)
            inner join page_models as models using (model_id)
            {joins}
        )

        select
            place // {LEADS_IN_A_FILE} as file_no,
            '{{'
            || string_agg(
                '"' || place || ':' || model_no || '":' || story, ',' order by place, model_no
            )
            || '}}' as told
        from stories
        group by file_no
    """


def make_struct(columns: str) -> str:
    """Columns as one value of theirs, for SQL.

    >>> make_struct("score, tier")
    '{score: score, tier: tier}'
    """
    return "{" + ", ".join(f"{name}: {name}" for name in columns.split(", ")) + "}"
