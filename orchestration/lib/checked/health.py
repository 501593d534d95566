"""What belongs here: how a value is judged. By the limits of feeds.csv and score_limits.csv and by
its past; whatever is beyond them warns, blocks (nothing is published) or holds (nothing is handed
over), unless a person has accepted it. What is measured, and what its past is, stands in
feed_health.py and score_health.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from statistics import median

import duckdb
import pandas as pd

from orchestration.lib.basics.outcomes import Refused
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.decided.acceptances import (
    Acceptance,
    Refusal,
    list_acceptances,
)
from orchestration.lib.published.publication import (
    Manifest,
    find_newest_time,
    list_daily,
    read_current,
)

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
    "loaded_today": (
        "rows that have loaded so far today",
        "count",
        "See whether the loader has run as it usually has by this time",
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
        "Look at what has changed: leads preview for the rule book, the table lead_score_changes",
    ),
    "ledger_rows": ("rows of the ledger", "count", "See which rules no longer find what they did"),
    "tier_share": (
        "leads in the tier",
        "share",
        "Look at tiers.csv and at whom the change moves: leads preview",
    ),
    "handing_over_share": (
        "leads in tiers that hand over",
        "share",
        "Look at tiers.csv and at whom the change moves: leads preview",
    ),
    "moved_share": (
        "leads in another tier than at the last publication",
        "share",
        "Look at whom the change moves: leads preview",
    ),
    "tier_leads": (
        "number of leads in the tier",
        "count",
        "Look at tiers.csv and at whom the change moves: leads preview",
    ),
    "over_capacity_share": (
        "leads beyond the places of the tier",
        "share",
        "See whether its threshold in tiers.csv is too low, or its capacity",
    ),
    "backtest_leads": (
        "leads at risk on past days",
        "count",
        "Name more days, or wait until more horizons are over",
    ),
    "backtest_outcomes": (
        "leads on past days that had their outcome",
        "count",
        "Name more days, or wait until more horizons are over",
    ),
    "auc_share": (
        "AUC on past days as a share of the live rule book's, low end of the interval",
        "share",
        "See which rules make it worse: leads backtest --rules, the table rule_health",
    ),
    "won_lost_share": (
        "leads that became customers or had their outcome and would no longer be handed over",
        "share",
        "See which rules they lose points by: leads preview",
    ),
    "hand_overs_due": (
        "leads newly due for sales, of all leads",
        "share",
        "See whether sales is to have them all: the table hand_overs, released_at empty",
    ),
}
MEASURES["first_hand_overs_due"] = MEASURES["hand_overs_due"]

COUNTS = {measure for measure, (_, unit, _) in MEASURES.items() if unit in ("count", "rate")}


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
    is_covered = acceptance and acceptance.covers(measured.value, is_low=found[verdict])
    if verdict != "warn" and is_covered:
        judged = replace(
            judged,
            verdict="accepted",
            accepted_by=acceptance.by,
            accepted_because=acceptance.because,
        )
    return replace(judged, sentence=describe(judged, usual=usual))


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
        words = words.replace("the tier", f"the tier {tier}", 1)
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
            f" If it is meant to be so: leads accept {measured.what} --by <your name>"
            ' --because "<why>", then leads run.'
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
    """The manifest and the folder of the publication of a daily run to compare with: the live one,
    else, where that is none or cannot be read, the newest that can; None where there is none."""
    live = read_current(published)
    daily = list_daily(published)
    for manifest in [*([live] if live in daily else []), *daily]:
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
    return list_acceptances(warehouse, since=find_newest_time(list_daily(published)))


def read_mart(folder: Path, mart: str) -> str:
    """SQL that reads a mart of the publication in `folder`."""
    return f"read_parquet({quote(folder / f'{mart}.parquet')})"


def read_limits(
    connection: duckdb.DuckDBPyConnection, file_name: str
) -> dict[tuple[str, str], list[Limit]]:
    """The limits of a file of the rule book by raw table (blank: every other one, and in
    score_limits every model) and measure."""
    limits: dict[tuple[str, str], list[Limit]] = {}
    for row in fetch_rows(
        connection,
        "select table_name, measure, verdict, falls_to, rises_to, moves_by, at_least, at_most,"
        " from_rows from rule_book.health_limits where file_name = $file_name",
        {"file_name": file_name},
    ):
        place = (row.pop("table_name"), row.pop("measure"))
        limit = Limit(**row)
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
        raise Refused("\n".join(row.sentence for row in refused))


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
