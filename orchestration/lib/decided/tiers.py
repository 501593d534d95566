"""What belongs here: from a score to what to do about it. Grade, temperature, tier, stage, action
and response time of every lead, all of them read from the rule book's tiers and grades.

A lead enters a tier at `enter_at` and leaves it below `leave_below`; it stays for
`min_days_in_tier` days, unless sales has rejected it or the state of its latest deal keeps it out.
A tier may hold a limited number of leads, and may demand fields.
docs/decisions/0008-tiers-that-hold-still.md says why it works as it does.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.lib.basics.warehouse import open_cursor
from orchestration.lib.basics.workers import map_frames
from orchestration.lib.decided.hand_overs import decide_hand_overs
from orchestration.lib.decided.history import write_day

CHUNK_ROWS = 200_000

# Scores are decimals of four places: counted in ten-thousandths they are whole numbers, and a
# threshold is met or not met without a doubt.
UNIT = 10_000

KEY = ["model_id", "lead_id"]

TIER_COLUMNS = [
    "as_of_date",
    "model_id",
    "lead_id",
    "grade",
    "temperature",
    "tier",
    "previous_tier",
    "tier_since",
    "is_new_tier",
    "stage",
    "action",
    "sla_hours",
    "tier_by_score",
    "tier_reason",
]

# The same as SQL has them.
TIER_TYPES = (
    "as_of_date date, model_id string, lead_id string, grade string, temperature string,"
    " tier string, previous_tier string, tier_since date, is_new_tier boolean, stage string,"
    " action string, sla_hours bigint, tier_by_score string, tier_reason string"
)

# The lowest scores that enter tiers of limited capacity, in ten-thousandths, by model and tier;
# infinite where no further lead may enter.
CutOffs = dict[tuple[str, str], float]


def assign_tiers(
    scores: pd.DataFrame,
    *,
    tiers: pd.DataFrame,
    grades: pd.DataFrame,
    previous: pd.DataFrame,
    cut_offs: CutOffs | None = None,
) -> pd.DataFrame:
    """The lead_tiers rows of `scores`, one for one and in their order.

    `scores`: as_of_date, model_id, lead_id, score, fit_score, engagement_score, is_excluded, and
    where sales has rejected the lead rejected_on, recycle_reason and cools_down_until (null: for
    good), where its latest deal keeps it out deal_state, deal_state_on, suppression_reason and
    suppressed_until (null: for good), unmet_demands (`tier=fields;…`: what is not known that a tier
    demands), and kept_tier (the tier that an earlier run of the day gave, null: none). `tiers`:
    model_id, tier, enter_at, leave_below, min_days_in_tier, action, sla_hours, stage, hands_over,
    capacity. `grades`: model_id, axis, grade, from_score. `previous`:
    model_id, lead_id, tier, tier_since of the scored day before, a row at most per model and lead,
    or what `find_before` makes of them. Scores and thresholds are points, of four decimals at most.

    `tier_by_score` is the highest tier whose `enter_at` the score reaches. Where the tier is
    another one, `tier_reason` says why. Below all of them there is none. A score that is null has
    no grade, temperature or tier. Excluded leads keep all but action and response time: nobody is
    to act on them.

    >>> assign_tiers(
    ...     pd.DataFrame({"as_of_date": [date(2026, 6, 30)], "model_id": ["m"], "lead_id": ["1"],
    ...                   "score": [62], "fit_score": [80], "engagement_score": [40],
    ...                   "is_excluded": [False]}),
    ...     tiers=pd.DataFrame({"model_id": ["m", "m"], "tier": ["nurture", "sales"],
    ...                         "enter_at": [0, 65], "leave_below": [0, 60],
    ...                         "min_days_in_tier": [0, 3], "action": ["mail", "call"],
    ...                         "sla_hours": [None, 24], "stage": ["interest", "purchase"],
    ...                         "hands_over": [False, True], "capacity": [None, None]}),
    ...     grades=pd.DataFrame({"model_id": ["m", "m"], "axis": ["fit", "engagement"],
    ...                          "grade": ["A", "2"], "from_score": [75, 25]}),
    ...     previous=pd.DataFrame({"model_id": ["m"], "lead_id": ["1"], "tier": ["sales"],
    ...                            "tier_since": [date(2026, 6, 1)]}),
    ... )[["grade", "tier", "tier_by_score", "tier_reason"]].to_dict("records")[0]
    {'grade': 'A2', 'tier': 'sales', 'tier_by_score': 'nurture', 'tier_reason': 'leaves below 60'}
    """
    scores = scores.reset_index(drop=True)
    before = previous if "was_scored" in previous else find_before(scores, previous)
    places = place(scores, before, tiers=tiers, cut_offs=cut_offs or {})
    reached = take(tiers, places["row"])
    on_axis = {
        axis: find_steps(
            scores["model_id"],
            scores[column],
            steps=grades[grades["axis"] == axis].reset_index(drop=True),
        )["grade"]
        for axis, column in [
            ("fit", "fit_score"),
            ("engagement", "engagement_score"),
            ("score", "score"),
        ]
    }
    was_scored = before["was_scored"].notna().to_numpy()
    tier = reached["tier"].array
    previous_tier = before["tier"].astype("str").array
    is_same = (tier == previous_tier) | (pd.isna(tier) & pd.isna(previous_tier))
    is_new = ~(was_scored & np.asarray(is_same, dtype=bool))
    as_of = pd.to_datetime(scores["as_of_date"]).to_numpy()
    since = pd.to_datetime(before["tier_since"]).to_numpy()
    to_act_on = ~scores["is_excluded"].to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "as_of_date": as_of,
            "model_id": scores["model_id"].to_numpy(),
            "lead_id": scores["lead_id"].to_numpy(),
            "grade": (on_axis["fit"] + on_axis["engagement"]).array,
            "temperature": on_axis["score"].array,
            "tier": tier,
            "previous_tier": previous_tier,
            "tier_since": np.where(is_new, as_of, since),
            "is_new_tier": is_new,
            "stage": reached["stage"].array,
            "action": reached["action"].where(to_act_on).array,
            "sla_hours": reached["sla_hours"].where(to_act_on).array,
            "tier_by_score": take(tiers, places["row_by_score"])["tier"].array,
            "tier_reason": places["reason"].array,
        },
        columns=TIER_COLUMNS,
    )


def find_before(scores: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """For each of `scores` tier and tier_since of the scored day before, and was_scored (null where
    the lead was not)."""
    return scores[KEY].merge(
        previous[[*KEY, "tier", "tier_since"]].assign(was_scored=True),
        on=KEY,
        how="left",
        validate="many_to_one",
    )


@dataclass
class Candidates:
    """Where the leads of one model stand before capacity is looked at. Levels count from 0, the
    lowest tier; −1 is none. Arrays of one entry per lead; `may_enter` is (leads, levels)."""

    points: np.ndarray
    by_score: np.ndarray
    held: np.ndarray
    is_held_by_days: np.ndarray
    may_enter: np.ndarray
    cools_down: np.ndarray
    unmet: dict[int, pd.Series] = field(default_factory=dict)


def find_candidates(
    scores: pd.DataFrame, before: pd.DataFrame, *, ladder: pd.DataFrame
) -> Candidates:
    """What thresholds, minimum days, rejections and demanded fields allow the leads `scores` of one
    model; `ladder` has its tiers, the lowest first."""
    points = count_units(scores["score"])
    enter = np.array([ceil_units(value) for value in ladder["enter_at"]], dtype=float)
    leave = np.array([ceil_units(value) for value in ladder["leave_below"]], dtype=float)
    hands_over = ladder["hands_over"].to_numpy(dtype=bool)
    is_limited = ladder["capacity"].notna().to_numpy()
    as_of = pd.to_datetime(scores["as_of_date"]).to_numpy()
    is_known = ~np.isnan(points)

    level_of = {name: level for level, name in enumerate(ladder["tier"])}
    was = before["tier"].map(level_of).fillna(-1).to_numpy(dtype=int)
    was = np.where(is_known, was, -1)

    cools_down = np.zeros(len(scores), dtype=bool)
    for since, last in (
        ("rejected_on", "cools_down_until"),
        ("deal_state_on", "suppressed_until"),
    ):
        if since in scores:
            until = pd.to_datetime(scores[last]).to_numpy()
            cools_down |= scores[since].notna().to_numpy() & (np.isnat(until) | (as_of < until))

    may_enter = is_known[:, None] & (points[:, None] >= enter)
    may_enter[np.ix_(cools_down, hands_over)] = False
    unmet = {}
    if "unmet_demands" in scores and scores["unmet_demands"].notna().any():
        for level, name in enumerate(ladder["tier"]):
            unmet[level] = scores["unmet_demands"].str.extract(
                f"(?:^|;){re.escape(name)}=([^;]*)", expand=False
            )
            may_enter[unmet[level].notna().to_numpy(), level] = False

    # A lead that leaves its tier goes down the ladder: it leaves each tier on its way as it would
    # have left it had it been there. Where places are limited it has to win one like others.
    levels = np.arange(len(ladder))
    stays = is_known[:, None] & (points[:, None] >= leave) & (levels <= was[:, None])
    stays &= (levels == was[:, None]) | (~is_limited & (may_enter | (points[:, None] < enter)))
    stays[np.ix_(cools_down, hands_over)] = False
    held = np.where(stays.any(axis=1), (levels * stays).max(axis=1, initial=0), -1)

    days = (as_of - pd.to_datetime(before["tier_since"]).to_numpy()) / np.timedelta64(1, "D")
    least = ladder["min_days_in_tier"].to_numpy(dtype=float)
    is_held_by_days = (was >= 0) & (days < least[was]) & ~(cools_down & hands_over[was])
    held = np.where(is_held_by_days, was, held)
    if "kept_tier" in scores:
        # What was given earlier in the day is nobody else's, as long as the score would enter.
        kept = scores["kept_tier"].map(level_of).fillna(-1).to_numpy(dtype=int)
        keeps = (kept >= 0) & may_enter[np.arange(len(kept)), kept]
        held = np.where(keeps & ~is_held_by_days, np.maximum(held, kept), held)
    by_score = np.where(is_known, np.searchsorted(enter, points, side="right") - 1, -1)
    return Candidates(points, by_score, held, is_held_by_days, may_enter, cools_down, unmet)


def place(
    scores: pd.DataFrame, before: pd.DataFrame, *, tiers: pd.DataFrame, cut_offs: CutOffs
) -> pd.DataFrame:
    """For each of `scores`: row and row_by_score (positions in `tiers`, −1 for no tier) and the
    reason where they differ."""
    row = np.full(len(scores), -1)
    row_by_score = np.full(len(scores), -1)
    reason = np.full(len(scores), None, dtype=object)
    for model_id, rows in scores.groupby("model_id").indices.items():
        ladder = read_ladder(tiers, model_id)
        if ladder.empty:
            continue
        found = find_candidates(
            scores.iloc[rows].reset_index(drop=True),
            before.iloc[rows].reset_index(drop=True),
            ladder=ladder,
        )
        limits = np.array([cut_offs.get((model_id, name), -np.inf) for name in ladder["tier"]])
        enters = found.may_enter & (found.points[:, None] >= limits)
        levels = np.arange(len(ladder))
        level = np.maximum(
            found.held, np.where(enters.any(axis=1), (levels * enters).max(axis=1), -1)
        )
        level = np.where(found.is_held_by_days, found.held, level)
        positions = np.append(ladder.index.to_numpy(), -1)
        row[rows] = positions[level]
        row_by_score[rows] = positions[found.by_score]
        reason[rows] = explain_places(scores.iloc[rows], found, level, ladder)
    return pd.DataFrame(
        {"row": row, "row_by_score": row_by_score, "reason": pd.Series(reason, dtype="str")}
    )


def explain_places(
    scores: pd.DataFrame, found: Candidates, level: np.ndarray, ladder: pd.DataFrame
) -> np.ndarray:
    """Why a lead is in another tier than its score alone would give; null where it is not."""
    names = ladder["tier"].to_numpy(dtype=object)
    hands_over = ladder["hands_over"].to_numpy(dtype=bool)
    leave = [f"leaves below {Decimal(str(value)).normalize():f}" for value in ladder["leave_below"]]
    days = [f"stays at least {value} days" for value in ladder["min_days_in_tier"]]
    places = [
        None if pd.isna(value) else f"all {int(value)} places of {name} are taken"
        for name, value in zip(names, ladder["capacity"], strict=True)
    ]
    wanted = found.by_score
    # What comes first says why.
    cases = [(found.is_held_by_days, np.array(days, dtype=object)[level])]
    cases.append((level > wanted, np.array(leave, dtype=object)[level]))
    if found.cools_down.any():
        words = explain_cool_downs(scores)
        cases.append((found.cools_down & hands_over[wanted], words.to_numpy(dtype=object)))
    for at, fields in found.unmet.items():
        words = f"{names[at]} demands what is unknown: " + fields.str.replace("|", ", ")
        cases.append(((wanted == at) & fields.notna().to_numpy(), words.to_numpy(dtype=object)))
    cases.append((np.full(len(level), True), np.array(places, dtype=object)[wanted]))
    reason = np.full(len(level), None, dtype=object)
    is_open = level != wanted
    for applies, words in cases:
        rows = is_open & applies
        reason[rows] = words[rows]
        is_open &= ~rows
    return reason


def explain_cool_downs(scores: pd.DataFrame) -> pd.Series:
    """Why leads are kept out of tiers that hand over, and until when: what sales said, the state of
    their latest deal, or both; empty where neither.

    >>> scores = pd.DataFrame({
    ...     "rejected_on": [None, date(2026, 6, 1)], "recycle_reason": [None, None],
    ...     "cools_down_until": [None, date(2026, 7, 1)], "deal_state": ["lost", "won"],
    ...     "deal_state_on": [date(2026, 5, 3)] * 2, "suppression_reason": ["said no", "bought"],
    ...     "suppressed_until": [date(2026, 8, 1), None]})
    >>> print("\\n".join(explain_cool_downs(scores)))
    deal lost on 2026-05-03 (said no), until 2026-08-01
    rejected by sales (no reason), until 2026-07-01; deal won on 2026-05-03 (bought), for good
    """
    words = pd.Series("", index=scores.index, dtype="str")
    if "rejected_on" in scores:
        applies = scores["rejected_on"].notna()
        why = scores["recycle_reason"].astype(object).where(scores["recycle_reason"].notna())
        said = "rejected by sales (" + why.fillna("no reason").astype("str") + "), "
        words = words.mask(applies, said + describe_ends(scores["cools_down_until"]))
    if "deal_state_on" in scores:
        applies = scores["deal_state_on"].notna()
        since = pd.to_datetime(scores["deal_state_on"]).dt.strftime("%Y-%m-%d")
        said = "deal " + scores["deal_state"].astype("str") + " on " + since.astype("str")
        said += " (" + scores["suppression_reason"].astype("str") + "), "
        said += describe_ends(scores["suppressed_until"])
        words = words.mask(applies & (words != ""), words + "; " + said).mask(
            applies & (words == ""), said
        )
    return words


def describe_ends(days: pd.Series) -> pd.Series:
    """Until when in words, for the first days after it; null is for good."""
    until = pd.to_datetime(days).dt.strftime("until %Y-%m-%d")
    return until.fillna("for good").astype("str")


def read_ladder(tiers: pd.DataFrame, model_id: str) -> pd.DataFrame:
    """The tiers of a model, the lowest first; the index says where they stand in `tiers`."""
    of_model = tiers[tiers["model_id"] == model_id]
    return of_model.loc[of_model["enter_at"].map(ceil_units).sort_values(kind="stable").index]


def find_cut_offs(
    parts: list[Candidates], takes_place: list[np.ndarray], *, ladder: pd.DataFrame
) -> tuple[dict[str, float], dict[str, int]]:
    """The lowest scores that enter the tiers of limited capacity of one model, and how many leads
    each turns away.

    Who is in such a tier keeps its place; the free ones go to the highest scores, from the highest
    tier down. Leads of equal score enter together or not at all, so that a tier never holds more
    than its places. `takes_place` says of each lead whether it takes one: excluded leads do not.
    """
    takes = np.concatenate(takes_place)
    points = np.concatenate([part.points for part in parts])[takes]
    held = np.concatenate([part.held for part in parts])[takes]
    is_fixed = np.concatenate([part.is_held_by_days for part in parts])[takes]
    may_enter = np.concatenate([part.may_enter for part in parts])[takes]
    cut_offs, turned_away = {}, {}
    is_placed = np.zeros(len(points), dtype=bool)
    for level in reversed(range(len(ladder))):
        name, capacity = ladder["tier"].iloc[level], ladder["capacity"].iloc[level]
        wants = ~is_placed & ~is_fixed & (held < level) & may_enter[:, level]
        enters = wants
        if not pd.isna(capacity):
            free = int(capacity) - np.count_nonzero(~is_placed & (held == level))
            cut_offs[name] = find_cut_off(points[wants], free=free)
            enters = wants & (points >= cut_offs[name])
            turned_away[name] = np.count_nonzero(wants) - np.count_nonzero(enters)
        is_placed |= enters | (held == level)
    return cut_offs, turned_away


def find_cut_off(points: np.ndarray, *, free: int) -> float:
    """The lowest of `points` that is among the best `free` ones, also with all that are equal to
    it; infinite where there is none, and minus infinite where all have a place.

    >>> find_cut_off(np.array([9.0, 7.0, 7.0, 5.0]), free=2)
    9.0
    """
    if len(points) <= free:
        return -np.inf
    best = np.sort(points)[::-1]
    inside = best[: max(free, 0)][best[: max(free, 0)] > best[max(free, 0)]]
    return float(inside[-1]) if len(inside) else np.inf


def take(tiers: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """tier, stage, action and sla_hours of the `tiers` at the positions `rows`; nulls for −1."""
    typed = tiers.astype({"tier": "str", "stage": "str", "action": "str", "sla_hours": "Int64"})
    # reindex gives nulls for -1: the index of `tiers` starts at 0.
    return typed.reindex(rows)[["tier", "stage", "action", "sla_hours"]].reset_index(drop=True)


def find_steps(model_ids: pd.Series, scores: pd.Series, *, steps: pd.DataFrame) -> pd.DataFrame:
    """For each score the row of `steps` (model_id, from_score, …) of its model with the highest
    from_score that it reaches; nulls where there is none. Index 0 … n − 1."""
    found = np.full(len(scores), -1)
    points = count_units(scores)
    is_known = ~np.isnan(points)
    for model_id, of_model in steps.groupby("model_id"):
        limits = np.array([ceil_units(value) for value in of_model["from_score"]])
        order = np.argsort(limits)
        rows = np.flatnonzero((model_ids == model_id).to_numpy() & is_known)
        place = np.searchsorted(limits[order], points[rows], side="right") - 1
        found[rows] = np.where(place < 0, -1, of_model.index.to_numpy()[order][place])
    # reindex gives nulls for -1: the index of `steps` starts at 0.
    typed = steps.astype("str")
    return typed.reindex(found).reset_index(drop=True)


def count_units(scores: pd.Series) -> np.ndarray:
    """Scores (numbers or decimals of four places) as floats that hold whole ten-thousandths, NaN
    where null; exact up to 900 billion points.

    >>> count_units(pd.Series([Decimal("74.9999"), 75.0, None])).tolist()
    [749999.0, 750000.0, nan]
    """
    return np.round(scores.astype("float64").to_numpy() * UNIT)


def ceil_units(value: object) -> int:
    """The least score, in ten-thousandths, that reaches the threshold `value`.

    >>> ceil_units("74.99995"), ceil_units(-5)
    (750000, -50000)
    """
    return int((Decimal(str(value)) * UNIT).to_integral_value(ROUND_CEILING))


def write_tiers(
    connection: duckdb.DuckDBPyConnection,
    *,
    chunk_rows: int = CHUNK_ROWS,
    approve: Callable[[duckdb.DuckDBPyConnection, date], object] | None = None,
    kept: pd.DataFrame | None = None,
) -> dict[date, int]:
    """Write the lead_tiers rows of every as-of date that is scored, the only dates that lead_tiers
    then has, and bring history, cut-offs and hand-overs to them; returns how many rows per date.

    Each date is one transaction that puts the new rows in place of that date's old ones. `approve`
    is asked before the last one ends: where it raises, history and hand-overs stay as they were
    before that date, so that nothing wrong is remembered. `kept` says what an earlier run of the
    day gave: model_id, lead_id, kept_tier. Holds no more than `chunk_rows` leads in memory, and of
    models with tiers of limited capacity a few numbers per lead. The previous tier is that of the
    latest earlier day on which the same model was scored, in this run or any before.
    """
    tiers = connection.execute("select * from rule_book.model_tiers").df()
    tiers["sla_hours"] = tiers["sla_hours"].astype("Int64")
    grades = read_rule_seed(connection, "grades", numbers=["from_score"])
    dates = connection.execute(
        "select distinct as_of_date from scoring.tier_inputs order by as_of_date"
    ).fetchall()
    for table in ("lead_tiers", "tier_cut_offs"):
        connection.execute(
            f"delete from {table}"
            " where as_of_date not in (select as_of_date from scoring.tier_inputs)"
        )
    written = {}
    for (as_of,) in dates:
        written[as_of] = 0
        connection.execute("begin")
        try:
            connection.execute("delete from lead_tiers where as_of_date = ?", [as_of])
            cut_offs, turned_away = find_all_cut_offs(
                connection, as_of, tiers=tiers, rows=chunk_rows, kept=kept
            )
            decide = partial(assign_read, tiers=tiers, grades=grades, cut_offs=cut_offs)
            read = read_chunks(connection, as_of, rows=chunk_rows, kept=kept)
            for chunk in map_frames(connection, decide, read, columns=TIER_TYPES):
                insert_tiers(connection, chunk)
                written[as_of] += len(chunk)
            write_cut_offs(connection, as_of, cut_offs=cut_offs, turned_away=turned_away)
            write_day(connection, as_of)
            decide_hand_overs(connection, as_of)
            if approve and (as_of,) == dates[-1]:
                approve(connection, as_of)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
    return written


def find_all_cut_offs(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    tiers: pd.DataFrame,
    rows: int,
    kept: pd.DataFrame | None,
) -> tuple[CutOffs, dict[tuple[str, str], int]]:
    """The cut-offs of every tier of limited capacity on one day, and how many leads each turned
    away."""
    cut_offs: CutOffs = {}
    turned_away: dict[tuple[str, str], int] = {}
    for model_id in tiers.loc[tiers["capacity"].notna(), "model_id"].unique():
        ladder = read_ladder(tiers, model_id)
        parts, takes_place = [], []
        for chunk in read_chunks(connection, as_of, rows=rows, model_id=model_id, kept=kept):
            scores, before = part_read(chunk)
            parts.append(find_candidates(scores, before, ladder=ladder))
            takes_place.append(~scores["is_excluded"].to_numpy(dtype=bool))
        if parts:
            found, refused = find_cut_offs(parts, takes_place, ladder=ladder)
            cut_offs |= {(model_id, tier): points for tier, points in found.items()}
            turned_away |= {(model_id, tier): leads for tier, leads in refused.items()}
    return cut_offs, turned_away


def write_cut_offs(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    cut_offs: CutOffs,
    turned_away: dict[tuple[str, str], int],
) -> None:
    """Write the tier_cut_offs rows of one day: with which score a lead could enter each tier."""
    found = pd.DataFrame(
        [(*key, points / UNIT, turned_away[key]) for key, points in cut_offs.items()],
        columns=["model_id", "tier", "cut_off", "turned_away"],
    ).astype({"model_id": "str", "tier": "str", "cut_off": "float64", "turned_away": "int64"})
    connection.register("found_cut_offs", found)
    connection.execute("delete from tier_cut_offs where as_of_date = ?", [as_of])
    connection.execute(
        """
        insert into tier_cut_offs by name
        with held as (
            select model_id, tier, count(*) filter (not is_excluded) as leads
            from lead_tiers
            inner join scoring.tier_inputs using (as_of_date, model_id, lead_id)
            where as_of_date = $as_of
            group by all
        )

        select
            cast($as_of as date) as as_of_date,
            model_tiers.model_id,
            model_tiers.tier,
            model_tiers.enter_at,
            model_tiers.capacity,
            case
                when found.cut_off = 'inf' then null
                else greatest(coalesce(found.cut_off, model_tiers.enter_at), model_tiers.enter_at)
            end as cut_off,
            coalesce(held.leads, 0) as leads,
            coalesce(found.turned_away, 0) as turned_away
        from rule_book.model_tiers
        left join found_cut_offs as found using (model_id, tier)
        left join held using (model_id, tier)
        """,
        {"as_of": as_of},
    )
    connection.unregister("found_cut_offs")


def read_chunks(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    rows: int,
    model_id: str | None = None,
    kept: pd.DataFrame | None = None,
) -> Iterator[pd.DataFrame]:
    """The scores of one as-of date in key order, `rows` at a time, with tier and tier_since of the
    scored day before, and kept_tier where `kept` is given; of one model where `model_id` is."""
    # A cursor of its own: the stream goes on while the caller writes on `connection`.
    with open_cursor(connection) as reader:
        stream = reader.execute(
            """
            with earlier as (
                -- Rows that hold on the day before, or would if it had been scored.
                select model_id, lead_id, tier, tier_since
                from lead_score_history
                where valid_from < $as_of and (valid_to is null or valid_to >= $as_of)
            ),

            unmet as (
                select
                    model_id,
                    lead_id,
                    string_agg(tier || '=' || missing_fields, ';' order by tier) as unmet_demands
                from scoring.unmet_demands
                where as_of_date = $as_of
                group by all
            )

            select
                scores.as_of_date,
                scores.model_id,
                scores.lead_id,
                -- Not as decimals nor as days, which would be an object of Python's each.
                cast(scores.score as double) as score,
                cast(scores.fit_score as double) as fit_score,
                cast(scores.engagement_score as double) as engagement_score,
                scores.is_excluded,
                cool_downs.rejected_on,
                cool_downs.recycle_reason,
                cool_downs.cools_down_until,
                suppressions.deal_state,
                suppressions.deal_state_on,
                suppressions.reason as suppression_reason,
                suppressions.suppressed_until,
                unmet.unmet_demands,
                earlier.tier,
                earlier.tier_since
            from scoring.tier_inputs as scores
            left join earlier using (model_id, lead_id)
            left join unmet using (model_id, lead_id)
            left join intermediate.int_lead_cool_downs as cool_downs using (as_of_date, lead_id)
            left join intermediate.int_lead_suppressions as suppressions
                using (as_of_date, model_id, lead_id)
            where scores.as_of_date = $as_of
                and ($model_id is null or scores.model_id = $model_id)
            order by scores.model_id, scores.lead_id
            """,
            {"as_of": as_of, "model_id": model_id},
        ).to_arrow_reader(rows)
        for batch in stream:
            chunk = batch.to_pandas(date_as_object=False)
            yield chunk if kept is None else chunk.merge(kept, on=KEY, how="left")


def part_read(chunk: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores of a piece of `read_chunks`, and what `find_before` says of its leads."""
    was_scored = chunk["tier_since"].notna()
    before = chunk[[*KEY, "tier", "tier_since"]]
    return (
        chunk.drop(columns=["tier", "tier_since"]),
        before.assign(was_scored=was_scored.where(was_scored)),
    )


def assign_read(
    chunk: pd.DataFrame, *, tiers: pd.DataFrame, grades: pd.DataFrame, cut_offs: CutOffs
) -> pd.DataFrame:
    """The lead_tiers rows of a piece of `read_chunks`, on whatever machine."""
    scores, before = part_read(chunk)
    return assign_tiers(scores, tiers=tiers, grades=grades, previous=before, cut_offs=cut_offs)


def insert_tiers(connection: duckdb.DuckDBPyConnection, chunk: pd.DataFrame) -> None:
    """Append the rows of `chunk` to lead_tiers."""
    connection.register("tier_chunk", pa.Table.from_pandas(chunk, preserve_index=False))
    connection.execute("insert into lead_tiers by name select * from tier_chunk")
    connection.unregister("tier_chunk")


def read_rule_seed(
    connection: duckdb.DuckDBPyConnection, seed: str, *, numbers: list[str]
) -> pd.DataFrame:
    """The rows of a rule book table for the models that are scored, with `numbers` as decimals
    and null for blank cells. Raises ValueError where such a cell is no number."""
    rows = connection.execute(
        f"""
        select {seed}.*
        from rules.{seed} as {seed}
        inner join rules.models as models on trim({seed}.model_id) = trim(models.model_id)
        where lower(trim(models.role)) in ('champion', 'challenger')
        """
    ).df()
    rows = rows.apply(lambda column: column.astype("str").str.strip().replace("", None))
    for column in numbers:
        rows[column] = (
            rows[column]
            .astype(object)
            .map(
                lambda text, column=column: read_number(text, place=f"{seed}.csv, column {column}"),
                na_action="ignore",
            )
        )
    return rows


def read_number(text: str, *, place: str) -> Decimal:
    """`text` as a decimal; ValueError naming `place` where it is none.

    >>> read_number("4.5", place="tiers.csv, column enter_at")
    Decimal('4.5')
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{place}: '{text}' is not a number.") from None
