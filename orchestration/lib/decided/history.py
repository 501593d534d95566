"""What belongs here: the history of scores and tiers. Which of its rows a newly scored day changes,
in whatever order days are scored.

lead_score_history has one row per model, lead and stretch of scored days on which neither the whole
score nor the tier nor the tier that the score alone would give changed: a day reads the row with
valid_from <= day < valid_to, and valid_to is null where it is still so. scored_days has the days
that were scored, per model. A lead that was not scored on a scored day has a gap there, and its
next row begins with a new tier_since.

It is a view on two tables: lead_score_current, the rows that are still so, and lead_score_past. A
new day replaces some of the first and appends to the second, so a year of history costs it nothing.

lead_score_history_parts names the parts it is published in, `current` and a month of valid_to each
("2026-06"), with a random id that is another one whenever rows of the part were written. Parts of
one id hold the same rows, wherever they are met: none need be published twice.
"""

import secrets
from datetime import date

import duckdb

# The slot of a model is what its day speaks for: from the day itself to the next one that is
# scored (null: there is none yet).
SLOTS = """
create or replace temp table slots as
with models as (
    select distinct model_id from lead_tiers where as_of_date = $as_of
)

select models.model_id, min(scored_days.as_of_date) as next_on
from models
left join scored_days
    on models.model_id = scored_days.model_id and scored_days.as_of_date > $as_of
group by models.model_id;
"""

# The leads for which the history says something else in the slot than the day does.
CHANGED_LEADS = """
create or replace temp table changed_leads as
with scored as (
    select
        lead_tiers.model_id,
        lead_tiers.lead_id,
        cast(round(scores.score) as bigint) as score,
        lead_tiers.tier,
        lead_tiers.tier_by_score
    from lead_tiers
    inner join scoring.tier_inputs as scores using (as_of_date, model_id, lead_id)
    where as_of_date = $as_of
),

so_far as (
    select model_id, lead_id, score, tier, tier_by_score
    from lead_score_history
    semi join slots using (model_id)
    where valid_from <= $as_of and (valid_to is null or valid_to > $as_of)
)

select
    coalesce(scored.model_id, so_far.model_id) as model_id,
    coalesce(scored.lead_id, so_far.lead_id) as lead_id,
    scored.lead_id is not null as is_scored,
    scored.score,
    scored.tier,
    scored.tier_by_score
from scored
full join so_far on scored.model_id = so_far.model_id and scored.lead_id = so_far.lead_id
where
    scored.lead_id is null
    or so_far.lead_id is null
    or scored.score is distinct from so_far.score
    or scored.tier is distinct from so_far.tier
    or scored.tier_by_score is distinct from so_far.tier_by_score;
"""

# Their rows that overlap the slot or touch it: three per lead at most.
OLD_ROWS = """
create or replace temp table old_rows as
select history.*, slots.next_on
from lead_score_history as history
inner join slots using (model_id)
semi join changed_leads using (model_id, lead_id)
where
    history.valid_from <= coalesce(slots.next_on, $as_of)
    and (history.valid_to is null or history.valid_to >= $as_of);
"""

# What comes in their place: the piece before the day, the day's own slot and the piece after it,
# those that are equal as one row.
NEW_ROWS = """
create or replace temp table new_rows as
with pieces as (
    select
        model_id, lead_id, valid_from, $as_of as valid_to, score, tier, tier_by_score, tier_since
    from old_rows
    where valid_from < $as_of

    union all

    select model_id, lead_id, $as_of, next_on, score, tier, tier_by_score, $as_of
    from changed_leads
    inner join slots using (model_id)
    where is_scored

    union all

    select model_id, lead_id, next_on, valid_to, score, tier, tier_by_score, next_on
    from old_rows
    where next_on is not null and (valid_to is null or valid_to > next_on)
),

compared as (
    select
        *,
        coalesce(lag(valid_to) over of_lead = valid_from, false)
        and lag(tier) over of_lead is not distinct from tier as is_same_tier,
        lag(score) over of_lead is not distinct from score
        and lag(tier_by_score) over of_lead is not distinct from tier_by_score as is_same_score
    from pieces
    window of_lead as (partition by model_id, lead_id order by valid_from)
),

numbered as (
    select
        *,
        count(*) filter (not is_same_tier) over of_lead as tier_number,
        count(*) filter (not (is_same_tier and is_same_score)) over of_lead as row_number
    from compared
    window of_lead as (partition by model_id, lead_id order by valid_from)
),

dated as (
    select
        * replace (
            min(tier_since) over (partition by model_id, lead_id, tier_number) as tier_since
        )
    from numbered
)

select
    model_id,
    lead_id,
    min(valid_from) as valid_from,
    nullif(max(coalesce(valid_to, date 'infinity')), date 'infinity') as valid_to,
    score,
    tier,
    tier_by_score,
    tier_since
from dated
group by model_id, lead_id, row_number, score, tier, tier_by_score, tier_since;
"""

# Rows that are over were appended as they ended: the condition on the day spares reading most.
DELETE_PAST_ROWS = """
delete from lead_score_past as past_rows
using old_rows
where
    past_rows.valid_to >= $as_of
    and past_rows.model_id = old_rows.model_id
    and past_rows.lead_id = old_rows.lead_id
    and past_rows.valid_from = old_rows.valid_from;
"""

REPLACE_ROWS = """
delete from lead_score_current as current_rows
using old_rows
where
    current_rows.model_id = old_rows.model_id
    and current_rows.lead_id = old_rows.lead_id
    and current_rows.valid_from = old_rows.valid_from;
insert into lead_score_current by name
select * exclude (valid_to) from new_rows where valid_to is null;
insert into lead_score_past by name
select * from new_rows where valid_to is not null order by valid_to;
"""

# After the slot a lead may stay in the tier it had in the slot, for several rows: they say since
# when, too.
BEFORE_LATER_ROWS = """
    new_rows
    inner join slots using (model_id)
where
    later_rows.model_id = new_rows.model_id
    and later_rows.lead_id = new_rows.lead_id
    and new_rows.valid_from <= slots.next_on
    and (new_rows.valid_to is null or new_rows.valid_to > slots.next_on)
    and later_rows.valid_from > slots.next_on
    and later_rows.tier_since <= slots.next_on
"""

CARRY_TIER_SINCE = f"""
update {{rows}} as later_rows
set tier_since = new_rows.tier_since
from {BEFORE_LATER_ROWS};
"""

# The part of a row.
PART = "coalesce(strftime(valid_to, '%Y-%m'), 'current')"

# The parts in which a day writes, rows that it takes away and rows of which it only changes the
# tier_since among them.
CHANGED_PARTS = f"""
with written as (
    select valid_to from old_rows
    union all
    select valid_to from new_rows
    union all
    select later_rows.valid_to
    from lead_score_history as later_rows, {BEFORE_LATER_ROWS}
)

select distinct {PART} from written
"""


def write_day(connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Bring the history to what lead_tiers and lead_scores say of the day `as_of`, in the
    transaction that is open on `connection`.

    The day may be new or scored again, the latest, the first or any between: the history comes out
    as if every day had been written once and in its order, with what was written last for it.
    Reads and writes only rows that overlap or touch the day, and for a day in the past the later
    rows of the leads it changes. A model without rows on that day keeps the history it has.
    """
    day = {"as_of": as_of}
    note_parts(connection)
    for statement in (SLOTS, CHANGED_LEADS, OLD_ROWS, NEW_ROWS):
        connection.execute(statement, day)
    parts = [part for (part,) in connection.execute(CHANGED_PARTS).fetchall()]
    connection.execute(DELETE_PAST_ROWS, day)
    connection.execute(REPLACE_ROWS)
    for rows in ("lead_score_current", "lead_score_past"):
        connection.execute(CARRY_TIER_SINCE.format(rows=rows))
    connection.execute(
        """
        insert into scored_days by name
        select model_id, $as_of as as_of_date from slots
        except
        select model_id, as_of_date from scored_days
        """,
        day,
    )
    for part in parts:
        name_part(connection, part)
    for table in ("slots", "changed_leads", "old_rows", "new_rows"):
        connection.execute(f"drop table {table}")


def note_parts(connection: duckdb.DuckDBPyConnection) -> None:
    """Name the parts of a history that has none named: one that was written before there were any,
    or restored from a publication without."""
    if connection.execute("select exists (from lead_score_history_parts)").fetchone()[0]:
        return
    for (part,) in connection.execute(f"select distinct {PART} from lead_score_history").fetchall():
        name_part(connection, part)


def name_part(connection: duckdb.DuckDBPyConnection, part: str) -> None:
    """Give a part whose rows were written a new id; one that has no rows left is a part no
    more."""
    connection.execute("delete from lead_score_history_parts where part = ?", [part])
    connection.execute(
        "insert into lead_score_history_parts (part, written_id) select $part, $written_id"
        f" where exists (from lead_score_history where {describe_part(part)})",
        {"part": part, "written_id": secrets.token_hex(16)},
    )


def describe_part(part: str) -> str:
    """The condition on valid_to that the rows of a part meet: a range, so that DuckDB need not read
    the others.

    >>> describe_part("current")
    'valid_to is null'
    >>> describe_part("2026-12")
    "valid_to >= date '2026-12-01' and valid_to < date '2027-01-01'"
    """
    if part == "current":
        return "valid_to is null"
    year, month = map(int, part.split("-"))
    first, following = date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    return f"valid_to >= date '{first}' and valid_to < date '{following}'"
