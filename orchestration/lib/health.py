"""What belongs here: whether raw tables and scores look as they usually do. What is measured is
compared with what was published before, by the limits of feeds.csv and score_limits.csv; whatever
is beyond them warns, blocks (nothing is published) or holds (nothing is handed over), unless a
person has accepted it.

Only what was published is a past to compare with, whatever warehouse or raw files it came from: a
run that was blocked must not make what blocked it usual. feed_health carries that past along, from
publication to publication. With what was accepted a new past begins.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pandas as pd

from orchestration.lib.acceptances import (
    Acceptance,
    Refusal,
    list_acceptances,
    note_refusals,
)
from orchestration.lib.page import fetch_rows
from orchestration.lib.publication import Manifest, list_publications, read_current
from orchestration.lib.settings import PROJECT_ROOT, read_variables
from orchestration.lib.warehouse import quote

# How many published days say what is usual, and how long they are kept.
PAST_DAYS = 14
KEPT_DAYS = 90

# From so many days on their spread is known: what varies by itself warns later. One deviation in
# 16,000 is as large by chance.
SPREAD_DAYS = 5
SPREADS = 4.0
# The median distance from the median, as a standard deviation.
DEVIATION = 1.4826

# What a verdict is called, the gravest first.
VERDICTS = ("block", "hold", "warn")

# Of each measure: what it is called, its unit, and what to do where it is unusual. Of counts few
# rows now are no reason not to judge, where there were many.
MEASURES = {
    "rows": ("rows in the table", "count", "Load what is missing, or take out what is too much"),
    "quarantined_share": (
        "rows that are unusable",
        "share",
        "The table quarantine says which and why; repair the export and load them again",
    ),
    "quarantined_share_7d": (
        "unusable rows in the last week's loads",
        "share",
        "The table quarantine says which and why; repair the export and load them again",
    ),
    "occurred_per_day": (
        "rows per day that occurred in the last week",
        "rate",
        "See whether whatever records them still does, everywhere",
    ),
    "loaded_per_day": (
        "rows per day that loaded in the last week",
        "rate",
        "See whether the loader has missed rows, or loads them twice",
    ),
    "days_since_occurred": (
        "age of the newest row",
        "days",
        "See whether whatever records them still does",
    ),
    "days_since_loaded": ("days since the last load", "days", "See whether the loader still runs"),
    "filled_email": ("rows with an e-mail address", "share", "Repair the export and load it again"),
    "filled_account_id": ("rows with an account", "share", "Repair the export and load it again"),
    "filled_visitor_id": ("rows with a visitor", "share", "Repair the tracker or its export"),
    "lead_found_share": (
        "last week's events that find a lead",
        "share",
        "Compare addresses and ids of this table with those of crm.leads",
    ),
    "leads": ("scored leads", "count", "See which leads are missing in crm.leads, or too many"),
    "mean_score": (
        "mean score",
        "points",
        "Look at what has changed: make preview for the rule book, the table lead_score_changes",
    ),
    "ledger_rows": ("rows of the ledger", "count", "See which rules no longer find what they did"),
    "tier_share": (
        "leads in the tier",
        "share",
        "Look at tiers.csv and at whom the change moves: make preview",
    ),
    "handing_over_share": (
        "leads in tiers that hand over",
        "share",
        "Look at tiers.csv and at whom the change moves: make preview",
    ),
    "moved_share": (
        "leads in another tier than at the last publication",
        "share",
        "Look at whom the change moves: make preview",
    ),
    "hand_overs_due": (
        "leads newly due for sales, of all leads",
        "share",
        "See whether sales is to have them all: the table hand_overs, released_at empty",
    ),
}
MEASURES["first_hand_overs_due"] = MEASURES["hand_overs_due"]

COUNTS = {measure for measure, (_, unit, _) in MEASURES.items() if unit in ("count", "rate")}

# What hangs on the season and not on the table alone.
OF_A_DAY = {
    "quarantined_share_7d",
    "occurred_per_day",
    "loaded_per_day",
    "days_since_occurred",
    "days_since_loaded",
    "lead_found_share",
}


@dataclass(frozen=True)
class Limit:
    """One row of feeds.csv or score_limits.csv; what is empty there is None."""

    verdict: str
    falls_to: float | None = None
    rises_to: float | None = None
    moves_by: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    from_rows: float = 0.0


@dataclass(frozen=True)
class Measured:
    """One value of a day: of the raw table or model `subject`, from `row_count` rows (None: that
    does not matter)."""

    as_of: date
    subject: str
    measure: str
    value: float
    row_count: int | None = None

    @property
    def what(self) -> str:
        """How it is named by whoever accepts it."""
        return f"{self.subject}.{self.measure}"

    @property
    def kind(self) -> str:
        """The measure without the name of a tier behind it."""
        return self.measure.partition(".")[0]


@dataclass(frozen=True)
class Judged:
    """What follows from a value: the usual range (None: without end), the verdict, who accepted it
    and why, and in `sentence` what to do where it is not ok."""

    measured: Measured
    low: float | None
    high: float | None
    verdict: str
    sentence: str | None = None
    accepted_by: str | None = None
    accepted_because: str | None = None


# A value of the past and the number of rows that it came from.
Past = tuple[float, float]

Row = dict[str, Any]


def judge(
    measured: Measured,
    *,
    limits: Iterable[Limit],
    past: Sequence[Past] = (),
    is_own: bool = False,
    acceptance: Acceptance | None = None,
) -> Judged:
    """Compare a value with its limits and its `past`; without a past by absolute limits. Where the
    past `is_own`, from earlier rows of the same table and not from a publication, it warns at most.

    >>> gone = Measured(date(2026, 6, 30), "web.events", "rows", 480, 480)
    >>> limits = [Limit("warn", falls_to=0.9), Limit("block", falls_to=0.5)]
    >>> judged = judge(gone, limits=limits, past=[(48004, 48004)])
    >>> judged.verdict, round(judged.low), judged.high
    ('block', 43204, None)
    """
    size = measured.row_count
    if size is not None and past and measured.kind in COUNTS:
        size = max(size, median(rows for _, rows in past))
    usual = median(value for value, _ in past) if past else None
    low = high = None
    found: dict[str, bool] = {}
    for limit in limits:
        values = () if is_own and limit.verdict != "warn" else [value for value, _ in past]
        least, most = find_range(limit, values)
        low = least if low is None else max(low, least if least is not None else low)
        high = most if high is None else min(high, most if most is not None else high)
        if size is None or size >= limit.from_rows:
            if least is not None and measured.value < least:
                found[limit.verdict] = True
            elif most is not None and measured.value > most:
                found[limit.verdict] = False
    # Nothing but points can be below nothing.
    if low is not None and low <= 0 and MEASURES[measured.kind][1] != "points":
        low = None
    verdict = next((name for name in VERDICTS if name in found), "ok")
    judged = Judged(measured, low, high, verdict)
    if verdict == "ok":
        return judged
    judged = replace(judged, sentence=describe(judged, usual=usual))
    is_covered = acceptance and acceptance.covers(measured.value, is_low=found[verdict])
    if verdict != "warn" and is_covered:
        return replace(
            judged,
            verdict="accepted",
            accepted_by=acceptance.by,
            accepted_because=acceptance.because,
        )
    return judged


def find_range(limit: Limit, past: Sequence[float]) -> tuple[float | None, float | None]:
    """The least and the most that a limit allows, None where it allows any. What warns is wider
    where the past itself has varied by more.

    >>> find_range(Limit("block", falls_to=0.5, at_most=90), [48, 50, 52])
    (25.0, 90)
    >>> [round(end) for end in find_range(Limit("warn", falls_to=0.9), [10, 60, 20, 90, 40])[:1]]
    [-79]
    """
    lows = [] if limit.at_least is None else [limit.at_least]
    highs = [] if limit.at_most is None else [limit.at_most]
    if past:
        usual = median(past)
        spread = 0.0
        if limit.verdict == "warn" and len(past) >= SPREAD_DAYS:
            spread = SPREADS * DEVIATION * median(abs(value - usual) for value in past)
        if limit.falls_to is not None:
            lows.append(min(usual * limit.falls_to, usual - spread))
        # Of nothing everything is a multiple.
        if limit.rises_to is not None and usual > 0:
            highs.append(max(usual * limit.rises_to, usual + spread))
        if limit.moves_by is not None:
            lows.append(usual - limit.moves_by)
            highs.append(usual + limit.moves_by)
    return (max(lows) if lows else None, min(highs) if highs else None)


def describe(judged: Judged, *, usual: float | None) -> str:
    """What is unusual, what would be usual and what to do, in sentences.

    >>> measured = Measured(date(2026, 6, 30), "web.events", "rows", 480, 480)
    >>> print(describe(Judged(measured, 43204, 96008, "warn"), usual=48004))
    web.events, rows in the table: 480, usually about 48,004 (43,204 to 96,008). Load what is \
missing, or take out what is too much.
    """
    measured = judged.measured
    words, unit, what_to_do = MEASURES[measured.kind]
    tier = measured.measure.partition(".")[2]
    if tier:
        words = words.replace("the tier", f"the tier {tier}")
    value = write_value(measured.value, unit)
    if measured.kind.endswith("hand_overs_due"):
        value += f" ({measured.row_count:,} leads)"
    low, high = (
        None if end is None else write_value(end, unit) for end in (judged.low, judged.high)
    )
    ends = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    expected = "expected " + ends
    if usual is not None:
        expected = f"usually about {write_value(usual, unit)} ({ends})"
    sentence = f"{measured.subject}, {words}: {value}, {expected}. {what_to_do}."
    if judged.verdict in ("block", "hold"):
        sentence += (
            f" If it is meant to be so: make accept WHAT={measured.what} BY=<your name>"
            ' BECAUSE="<why>", then make run.'
        )
    return sentence


def write_value(value: float, unit: str) -> str:
    """A value as it stands in a sentence.

    >>> [write_value(1234.56, unit) for unit in ("count", "rate", "points", "days")]
    ['1,235', '1,234.6', '1,234.56', '1235 days']
    >>> write_value(0.0421, "share")
    '4.2 %'
    """
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "days":
        return f"{value:.0f} days"
    return f"{value:,.{ {'count': 0, 'rate': 1, 'points': 2}[unit] }f}"


def find_last(published: Path) -> tuple[Manifest, Path] | None:
    """The manifest and the folder of the publication to compare with: the live one, else, where
    that cannot be read, the newest that can; None where there is none."""
    live = read_current(published)
    for manifest in [*([live] if live else []), *list_publications(published)]:
        folder = published / "versions" / manifest["publication_id"]
        with duckdb.connect() as connection:
            try:
                connection.execute(f"select count(*) from {read_mart(folder, 'scored_leads')}")
            except duckdb.Error:
                continue
        return manifest, folder
    return None


def find_acceptances(warehouse: Path, published: Path) -> dict[str, Acceptance]:
    """What has been accepted and not been used up by a publication."""
    times = [
        datetime.fromisoformat(manifest["published_at"])
        for manifest in list_publications(published)
    ]
    return list_acceptances(warehouse, since=max(times, default=None))


def read_mart(folder: Path, mart: str) -> str:
    """SQL that reads a mart of the publication in `folder`."""
    return f"read_parquet({quote(folder / f'{mart}.parquet')})"


def approve_feeds(
    connection: duckdb.DuckDBPyConnection, *, warehouse: Path, published: Path
) -> list[Judged]:
    """Judge the raw tables as int_feed_measures has measured them and write feed_health anew, the
    past included. Raises ValueError, with feed_health written, where one of them blocks on the
    newest day."""
    judged = judge_feeds(
        connection, last=find_last(published), acceptances=find_acceptances(warehouse, published)
    )
    newest = [row for row in judged if row.measured.as_of == judged[-1].measured.as_of]
    note_refusals(warehouse, list_refused(newest))
    demand_health(newest)
    return judged


def judge_feeds(
    connection: duckdb.DuckDBPyConnection,
    *,
    last: tuple[Manifest, Path] | None,
    acceptances: Mapping[str, Acceptance],
) -> list[Judged]:
    """Judge what int_feed_measures holds, day by day, and write feed_health: those days, and of
    other days what the publication `last` holds."""
    variables = read_variables(PROJECT_ROOT)
    measures = connection.execute(
        "select as_of_date, table_name, measure, value, row_count, own_usual"
        " from intermediate.int_feed_measures order by as_of_date, table_name, measure"
    ).fetchall()
    limits = read_limits(connection, "feeds")
    connection.execute("begin")
    try:
        read_history(connection, last, newest=measures[-1][0])
        history: dict[tuple[str, str], dict[date, Row]] = {}
        for row in fetch_rows(connection, "select * from feed_health"):
            of_measure = history.setdefault((row["table_name"], row["measure"]), {})
            of_measure[row["as_of_date"]] = row
        judged = []
        for *values, own_usual in measures:
            measured = Measured(*values)
            of_measure = history.setdefault((measured.subject, measured.measure), {})
            past = choose_past(of_measure, measured, within_days=variables["compared_within_days"])
            is_own = not past and bool(own_usual)
            if is_own:
                past = [(own_usual, own_usual * variables["feed_window_days"])]
            found = judge(
                measured,
                limits=choose_limits(limits, measured),
                past=past,
                is_own=is_own,
                acceptance=acceptances.get(measured.what),
            )
            found = keep_acceptance(found, of_measure.get(measured.as_of))
            # What blocks is no past, also for the days after it.
            if found.verdict != "block":
                of_measure[measured.as_of] = {"table_name": measured.subject, **make_row(found)}
            judged.append(found)
        connection.execute(
            "delete from feed_health"
            " where as_of_date in (select as_of_date from intermediate.int_feed_measures)"
        )
        write_rows(connection, "feed_health", judged, subject="table_name")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return judged


def read_history(
    connection: duckdb.DuckDBPyConnection, last: tuple[Manifest, Path] | None, *, newest: date
) -> None:
    """Put into feed_health what the publication `last` knows of the past, and nothing else."""
    connection.execute("delete from feed_health")
    if last is None:
        return
    manifest, folder = last
    if (folder / "feed_health.parquet").is_file():
        connection.execute(
            f"insert into feed_health by name from {read_mart(folder, 'feed_health')}"
            f" where abs(as_of_date - ?) <= {KEPT_DAYS}",
            [newest],
        )
    # Publications made before there was feed_health know how many rows there were.
    elif manifest.get("raw_row_counts"):
        rows = [
            (manifest["as_of_date"], table, "rows", count, count, "ok")
            for table, count in manifest["raw_row_counts"].items()
        ]
        connection.executemany(
            "insert into feed_health (as_of_date, table_name, measure, value, row_count, verdict)"
            " values (?, ?, ?, ?, ?, ?)",
            rows,
        )


def choose_past(history: Mapping[date, Row], measured: Measured, *, within_days: int) -> list[Past]:
    """Of the days that were published those that say what is usual for a value: the nearest ones,
    none before the last that was accepted; of what hangs on the season none too far away."""
    accepted = [day for day, row in history.items() if row["verdict"] == "accepted"]
    since = max(accepted, default=date.min)
    days = [
        day
        for day, row in history.items()
        if day >= since
        and row["verdict"] != "block"
        and (measured.kind not in OF_A_DAY or abs((day - measured.as_of).days) <= within_days)
    ]
    days.sort(key=lambda day: abs((day - measured.as_of).days))
    return [
        (float(history[day]["value"]), float(history[day]["row_count"] or 0))
        for day in days[:PAST_DAYS]
    ]


def keep_acceptance(judged: Judged, before: Row | None) -> Judged:
    """A day that is judged again stays accepted where it was: its past begins with it."""
    if judged.verdict == "block" or not before or before["verdict"] != "accepted":
        return judged
    return replace(
        judged,
        verdict="accepted",
        accepted_by=before["accepted_by"],
        accepted_because=before["accepted_because"],
    )


def approve_scores(
    connection: duckdb.DuckDBPyConnection, as_of: date, *, warehouse: Path, published: Path
) -> list[Judged]:
    """Judge the scores, tiers and hand-overs of the newest day of a run, in the transaction that is
    open on `connection`, and write score_health. Raises ValueError where one of them blocks."""
    judged = judge_scores(
        connection,
        as_of,
        last=find_last(published),
        acceptances=find_acceptances(warehouse, published),
    )
    note_refusals(warehouse, list_refused(judged))
    demand_health(judged)
    return judged


# The leads of the champions, now and at the last publication: model_id, lead_id, score, tier.
LEADS_NOW = """
create or replace temp table leads_now as
select lead_tiers.model_id, lead_tiers.lead_id, lead_scores.score, lead_tiers.tier
from lead_tiers
inner join lead_scores using (as_of_date, model_id, lead_id)
inner join rule_book.scored_models using (model_id)
where lead_tiers.as_of_date = $as_of and scored_models.role = 'champion'
"""

LEADS_THEN = """
create or replace temp table leads_then as
select model_id, lead_id, score, tier
from {scored_leads}
semi join leads_now using (model_id)
"""

# What can be measured of either.
MEASURE_LEADS = """
with models as (
    select model_id, count(*) as leads, avg(score) as mean_score
    from {leads}
    group by all
),

-- A tier that is empty on one side has no row there, and its share is 0.
tiers as (
    select model_id, coalesce(tier, 'none') as tier from leads_now
    union
    select model_id, coalesce(tier, 'none') as tier from leads_then
),

in_tiers as (
    select model_id, coalesce(tier, 'none') as tier, count(*) as leads
    from {leads}
    group by all
)

select model_id, 'leads' as measure, cast(leads as double) as value, leads from models
union all
select model_id, 'mean_score', mean_score, leads from models where mean_score is not null
union all
select
    model_id, 'tier_share.' || tier, coalesce(in_tiers.leads, 0) / models.leads, models.leads
from models
inner join tiers using (model_id)
left join in_tiers using (model_id, tier)
union all
select
    model_id,
    'handing_over_share',
    coalesce(sum(in_tiers.leads) filter (model_tiers.hands_over), 0) / models.leads,
    models.leads
from models
inner join in_tiers using (model_id)
left join rule_book.model_tiers using (model_id, tier)
group by model_id, models.leads
"""

MEASURE_LEDGER = """
select model_id, 'ledger_rows', cast(count(*) as double), count(*)
from {ledger}
semi join leads_now using (model_id)
where as_of_date = $as_of
group by model_id
"""

MEASURE_MOVES = """
select
    leads_now.model_id,
    'moved_share' as measure,
    avg(cast(leads_now.tier is distinct from leads_then.tier as integer)) as value,
    count(*) as leads
from leads_now
inner join leads_then
    on leads_now.model_id = leads_then.model_id and leads_now.lead_id = leads_then.lead_id
group by leads_now.model_id
union all
select
    leads_now.model_id,
    $due,
    count(hand_overs.lead_id) / count(*),
    count(hand_overs.lead_id)
from leads_now
left join hand_overs
    on
    leads_now.model_id = hand_overs.model_id
    and leads_now.lead_id = hand_overs.lead_id
    and hand_overs.released_at is null
group by leads_now.model_id
"""


def judge_scores(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    last: tuple[Manifest, Path] | None,
    acceptances: Mapping[str, Acceptance],
) -> list[Judged]:
    """Judge the day `as_of` against the publication `last`, and write score_health, which then
    holds that day alone."""
    limits = read_limits(connection, "score_limits")
    within = read_variables(PROJECT_ROOT)["compared_within_days"]
    connection.execute(LEADS_NOW, {"as_of": as_of})
    then, folder, past = None, None, {}
    if last is not None:
        then, folder = date.fromisoformat(last[0]["as_of_date"]), last[1]
    is_near = then is not None and abs((as_of - then).days) <= within
    scored_leads = read_mart(folder, "scored_leads") if is_near else "leads_now where false"
    connection.execute(LEADS_THEN.format(scored_leads=f"(from {scored_leads})"))
    if is_near:
        ledger = read_mart(folder, "lead_score_ledger")
        past = {
            (model_id, measure): [(value, leads)]
            for model_id, measure, value, leads in [
                *connection.execute(MEASURE_LEADS.format(leads="leads_then")).fetchall(),
                *connection.execute(
                    MEASURE_LEDGER.format(ledger=ledger), {"as_of": then}
                ).fetchall(),
            ]
        }
    # After a long silence as many are due as on a first day.
    due = "hand_overs_due" if is_near else "first_hand_overs_due"
    judged = []
    for row in [
        *connection.execute(MEASURE_LEADS.format(leads="leads_now")).fetchall(),
        *connection.execute(
            MEASURE_LEDGER.format(ledger="lead_score_ledger"), {"as_of": as_of}
        ).fetchall(),
        *connection.execute(MEASURE_MOVES, {"due": due}).fetchall(),
    ]:
        measured = Measured(as_of, *row)
        judged.append(
            judge(
                measured,
                limits=choose_limits(limits, measured),
                past=past.get((measured.subject, measured.measure), ()),
                acceptance=acceptances.get(measured.what),
            )
        )
    connection.execute("drop table leads_now; drop table leads_then")
    connection.execute("delete from score_health")
    write_rows(connection, "score_health", judged, subject="model_id")
    return judged


def read_limits(
    connection: duckdb.DuckDBPyConnection, seed: str
) -> dict[tuple[str, str], list[Limit]]:
    """The limits of a seed by raw table (blank: every other one, and in score_limits every model)
    and measure."""
    limits: dict[tuple[str, str], list[Limit]] = {}
    for row in fetch_rows(connection, f"select * from reference.{seed}"):
        cells = {name: (value or "").strip() for name, value in row.items()}
        numbers = {
            name: float(cells[name])
            for name in ("falls_to", "rises_to", "moves_by", "at_least", "at_most")
            if cells.get(name)
        }
        from_rows = float(cells.get("from_rows") or cells.get("from_leads") or 0)
        limit = Limit(cells["verdict"], **numbers, from_rows=from_rows)
        place = (cells.get("table_name", ""), cells["measure"])
        if limit.verdict in VERDICTS:
            limits.setdefault(place, []).append(limit)
    return limits


def choose_limits(limits: Mapping[tuple[str, str], list[Limit]], measured: Measured) -> list[Limit]:
    """The limits of a measure: those of its own raw table, else those of every other one."""
    own = limits.get((measured.subject, measured.kind))
    return own or limits.get(("", measured.kind), [])


def list_refused(judged: Iterable[Judged]) -> list[Refusal]:
    """What can be accepted of it."""
    return [
        Refusal(
            what=row.measured.what,
            verdict=row.verdict,
            value=row.measured.value,
            is_low=row.low is not None and row.measured.value < row.low,
            sentence=row.sentence,
        )
        for row in judged
        if row.verdict in ("block", "hold")
    ]


def demand_health(judged: Iterable[Judged]) -> None:
    """ValueError with a sentence for each value that blocks; where one does, for each that would
    hold, too, so that all can be accepted at once."""
    refused = list_refused(judged)
    if any(row.verdict == "block" for row in refused):
        raise ValueError("\n".join(row.sentence for row in refused))


def make_row(judged: Judged) -> Row:
    """A judged value as a row of feed_health or score_health, without its subject."""
    return {
        "as_of_date": judged.measured.as_of,
        "measure": judged.measured.measure,
        "value": judged.measured.value,
        "usual_low": judged.low,
        "usual_high": judged.high,
        "row_count": judged.measured.row_count,
        "verdict": judged.verdict,
        "accepted_by": judged.accepted_by,
        "accepted_because": judged.accepted_because,
        "what_to_do": judged.sentence,
    }


def write_rows(
    connection: duckdb.DuckDBPyConnection, table: str, judged: Iterable[Judged], *, subject: str
) -> None:
    """Append what was judged to feed_health or score_health."""
    rows = [{subject: row.measured.subject, **make_row(row)} for row in judged]
    if rows:
        frame = pd.DataFrame(rows).astype({"row_count": "Int64"})
        connection.register("judged_rows", frame)
        connection.execute(f"insert into {table} by name select * from judged_rows")
        connection.unregister("judged_rows")
