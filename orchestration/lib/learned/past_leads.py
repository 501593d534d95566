"""What belongs here: what was known of each lead on days of the past, and what came of it, read
from a scratch warehouse into arrays. Values of personal fields and free text stay in the engine."""

from datetime import date

import duckdb
import numpy as np

from orchestration.lib.basics.outcomes import Refused
from orchestration.lib.learned.attributes import Attributes
from orchestration.lib.learned.candidates import ROWS_AT_MOST, VALUES_AT_MOST, Column, History
from orchestration.lib.learned.parts import Past

IS_FREE_TEXT = f"has more than {VALUES_AT_MOST} values: only whether it is there is asked"
# So many of the known values must be numbers for an attribute to be one.
NUMBERS_FROM = 0.95


# The days, and what came of the leads at risk on them, are what int_lead_outcomes says.
COHORT = """
create or replace temp table cohort as
with

days as (

    select
        as_of_date,
        model_no,
        lead_no,
        lead_id,
        {day} as day,
        {outcome_on} as outcome_on
    from intermediate.int_lead_outcomes
    where model_id = $model_id and {is_at_risk}

),

kept as (

    select
        days.as_of_date,
        days.day,
        days.lead_no,
        case when days.outcome_on <= days.day + $horizon then days.outcome_on end as came_on,
        cast(totals.score as double) as score,
        cast('0x' || left(md5(days.lead_id), 8) as bigint) / cast('0x100000000' as bigint) as place
    from days
    inner join scoring.lead_totals as totals using (as_of_date, lead_no, model_no)
    where
        days.day + $horizon <= $newest
        and days.day >= coalesce($since, days.day)

)

select
    cast(row_number() over (order by day, lead_no) - 1 as integer) as row_no,
    * exclude (place)
from kept
where place < $rows_at_most / (select greatest(count(*), 1) from kept)
"""

# On a month's end only what comes later is foretold; on its first day also what that day brings.
MONTH_ENDS = {
    "day": "as_of_date",
    "outcome_on": "next_outcome_on",
    "is_at_risk": "is_at_risk",
}
FIRST_DAYS = {
    "day": "cast(created_at as date)",
    "outcome_on": "first_outcome_on",
    "is_at_risk": "was_at_risk_at_first",
}

CHANGED = """
select count(distinct lead_id)
from intermediate.int_lead_profiles as profiles
inner join cohort using (as_of_date, lead_no)
left join staging.stg_crm__lead_attributes as attributes using (lead_id)
where
    cast(profiles.updated_at as date) > cohort.day
    or cast(attributes.updated_at as date) > cohort.day
"""

FACTS = """
create or replace temp table facts as
select
    cohort.row_no,
    attributes.attribute,
    lower(trim(attributes.value)) as value,
    trim(attributes.value) as written
from cohort
inner join intermediate.int_lead_attributes as attributes using (as_of_date, lead_no)
"""

SPELLED = "select value, min(written) from facts where attribute = $key group by value"

KINDS = """
select
    attribute,
    count(distinct nullif(value, '')) as different,
    count(nullif(value, '')) as known,
    count(try_cast(value as decimal(38, 10))) as numbers
from facts
group by attribute
order by attribute
"""

# What each time of an activity still counts on the day, by the rules of the trial book; on first
# days as they were on that day, when nothing had faded.
COUNTED = """
select rules.rule_id, cohort.row_no, cast(points.points as float) as counted
from scoring.rule_points as points
inner join rule_book.rules as rules using (rule_no)
inner join cohort using (as_of_date, lead_no)
where rules.model_id = $trial and points.points > 0
order by rules.rule_id
"""
COUNTED_ON_FIRST_DAYS = """
select rules.rule_id, cohort.row_no, cast(sum(days.event_count) as float) as counted
from intermediate.int_lead_activity_days as days
inner join cohort using (as_of_date, lead_no)
inner join scoring.rule_activities as activities using (activity_no)
inner join rule_book.rules as rules using (rule_no)
where
    rules.model_id = $trial
    and ends_with(rules.rule_id, '|ever')
    and days.days_ago >= cohort.as_of_date - cohort.day
    and days.event_count > 0
group by rules.rule_id, cohort.row_no
order by rules.rule_id
"""


def read_history(
    connection: duckdb.DuckDBPyConnection,
    attributes: Attributes,
    *,
    model_id: str,
    trial: str,
    horizon: int,
    newest: date,
    on_first_days: bool,
    since: date | None,
) -> Past:
    """The leads at risk on days whose horizon has ended, what was known of them, and what came. Of
    more than ROWS_AT_MOST leads on days, a share of the leads, always the same ones.

    Raises Refused where first days are asked for and what is known of leads has changed since.
    """
    connection.execute(
        COHORT.format(**(FIRST_DAYS if on_first_days else MONTH_ENDS)),
        {
            "model_id": model_id,
            "newest": newest,
            "horizon": horizon,
            "since": since,
            "rows_at_most": ROWS_AT_MOST,
        },
    )
    if on_first_days:
        (changed,) = connection.execute(CHANGED).fetchone()
        if changed:
            raise Refused(
                f"Of {changed:,} leads something has changed since their first day, so that what "
                "is known now is not what was known then: learn from month ends."
            )
    cohort = connection.execute("select * from cohort order by row_no").fetchnumpy()
    size = len(cohort["row_no"])
    columns, left_out = read_columns(connection, attributes, size=size)
    came_on = np.ma.filled(np.ma.asarray(cohort["came_on"]), np.datetime64("NaT"))
    came_on = came_on.astype("datetime64[D]")
    came = ~np.isnat(came_on)
    history = History(
        days=np.asarray(cohort["day"]).astype("datetime64[D]"),
        leads=np.asarray(cohort["lead_no"]).astype(np.int64),
        came=came,
        came_by_then=came,
        scores=np.asarray(cohort["score"]).astype(np.float64),
        columns=columns,
        activities=read_activities(
            connection, attributes, trial=trial, size=size, on_first_days=on_first_days
        ),
        left_out={**attributes.left_out, **left_out},
    )
    return Past(history, came_on)


def read_columns(
    connection: duckdb.DuckDBPyConnection, attributes: Attributes, *, size: int
) -> tuple[list[Column], dict[str, str]]:
    """A column per attribute of which anything differs, and which turned out to be free text."""
    connection.execute(FACTS)
    columns: list[Column] = []
    left_out = {}
    for key, different, known, numbers in connection.execute(KINDS).fetchall():
        name = attributes.keys.get(key)
        if name is None or not known:
            continue
        is_presence = key in attributes.presence
        is_number = numbers >= NUMBERS_FROM * known and different > 2
        if not is_presence and not is_number and different > VALUES_AT_MOST:
            is_presence = True
            left_out[name] = IS_FREE_TEXT
        value = "case when value <> '' then '?' else '' end" if is_presence else "value"
        number = "cast(try_cast(value as decimal(38, 10)) as double)"
        found = connection.execute(
            f"select row_no, {number if is_number and not is_presence else value} as value"
            " from facts where attribute = $key",
            {"key": key},
        ).fetchnumpy()
        rows = np.asarray(found["row_no"])
        if is_number and not is_presence:
            numbers_of_rows = np.full(size, np.nan)
            numbers_of_rows[rows] = np.ma.filled(np.ma.asarray(found["value"]), np.nan)
            columns.append(Column(name, numbers=numbers_of_rows))
            continue
        levels, codes = np.unique(np.asarray(found["value"]).astype(str), return_inverse=True)
        has_blank = int(levels[0] == "")
        codes_of_rows = np.full(size, -1, dtype=np.int32)
        codes_of_rows[rows] = codes - has_blank
        # Capitals make no difference to a rule, but to who reads its reason.
        written = dict(connection.execute(SPELLED, {"key": key}).fetchall())
        known_levels = [] if is_presence else levels[has_blank:].tolist()
        columns.append(
            Column(
                name,
                codes=codes_of_rows,
                levels=tuple(written[level] for level in known_levels),
            )
        )
    return columns, left_out


def read_activities(
    connection: duckdb.DuckDBPyConnection,
    attributes: Attributes,
    *,
    trial: str,
    size: int,
    on_first_days: bool,
) -> dict[tuple[str, int | None], np.ndarray]:
    """Per activity and half-life what its times still count, for each row."""
    found = connection.execute(
        COUNTED_ON_FIRST_DAYS if on_first_days else COUNTED, {"trial": trial}
    ).fetchnumpy()
    names, starts = np.unique(np.asarray(found["rule_id"]).astype(str), return_index=True)
    ends = [*starts[1:], len(found["row_no"])][: len(names)]
    activities = {}
    for name, start, end in zip(names, starts, ends, strict=True):
        activity, _, half_life = str(name).rpartition("|")
        if activity in attributes.activities_left_out:
            continue
        counted = np.zeros(size, dtype=np.float32)
        counted[found["row_no"][start:end]] = found["counted"][start:end]
        activities[activity, None if half_life == "ever" else int(half_life)] = counted
    return activities
