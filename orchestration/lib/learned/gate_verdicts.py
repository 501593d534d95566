"""What belongs here: what the gate says of what was found of a model, condition by condition of
gate.csv, and what is kept of it for the next publication.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from orchestration.lib.checked.gate_limits import Conditions, make_limits
from orchestration.lib.checked.health import Judged, Measured, Past, judge, list_refused
from orchestration.lib.decided.acceptances import Acceptance, Passage, accept, note_passages
from orchestration.lib.learned.gate_moves import Model, Side
from orchestration.lib.learned.paired import Paired


def judge_model(
    model: Model,
    sides: tuple[Side, Side],
    conditions: Conditions,
    *,
    as_of: date,
    accepted: Mapping[str, Acceptance],
) -> list[Judged]:
    """What was found of a model, by the conditions that it is held to. One that nothing is
    published of is new: how many of its leads may be handed over is for the run to hold back."""
    limits = make_limits(conditions)
    judged = []
    for measure, value, size, past in [
        *(measure_moves(model, sides[1]) if model.before else []),
        *measure_places(model, sides[1]),
        *measure_past(model.past, limits_of=limits.keys(), conditions=conditions),
    ]:
        measured = Measured(as_of, model.after, measure, value, size)
        if measured.kind in limits:
            limit = limits[measured.kind]
            acceptance = accepted.get(measured.what)
            judged.append(judge(measured, limits=[limit], past=past, acceptance=acceptance))
    return judged


# A measure with its value, of how many leads it is made, and what it was before.
Found = tuple[str, float, int | None, tuple[Past, ...]]


def measure_moves(model: Model, after: Side) -> Iterable[Found]:
    """Who moves, is handed over, and which tiers are left without a lead."""
    both = [row for row in model.matrix if row["was_scored"] and row["is_scored"]]
    common = sum(row["leads"] for row in both)
    if common:
        moved = sum(row["leads"] for row in both if row["tier_before"] != row["tier_after"])
        yield "moved_share", moved / common, common, ()
    then, now = model.count("was_scored"), model.count("is_scored")
    if then and now:
        share = model.count("was_handed_over") / then
        yield "handing_over_share", model.count("is_handed_over") / now, now, ((share, then),)
    for row in after.tiers:
        if row["model_id"] == model.after:
            had, has = (
                sum(one["leads"] for one in model.matrix if one[f"tier_{side}"] == row["tier"])
                for side in ("before", "after")
            )
            if had:
                yield f"tier_leads.{row['tier']}", has, has, ((had, had),)


def measure_places(model: Model, after: Side) -> Iterable[Found]:
    """How many leads find no place in tiers of limited capacity."""
    for row in after.places:
        if row["model_id"] == model.after and row["capacity"]:
            share = row["turned_away"] / row["capacity"]
            yield f"over_capacity_share.{row['tier']}", share, None, ()


def measure_past(
    past: Paired | None, *, limits_of: Iterable[str], conditions: Conditions
) -> Iterable[Found]:
    """What past days say; of too few leads or outcomes only that."""
    if past is None:
        return
    yield "backtest_leads", past.leads, None, ()
    yield "backtest_outcomes", past.outcomes, None, ()
    is_enough = past.leads >= conditions.get(
        "least_leads", 0
    ) and past.outcomes >= conditions.get("least_outcomes", 0)  # fmt: skip
    if is_enough and past.share:
        yield "auc_share", past.share.low, None, ()
    if is_enough and past.won:
        yield "won_lost_share", past.lost / past.won, None, ()


def write_down(
    models: list[Model], warehouse: Path, *, sha256: str, by: str, because: str
) -> list[Model]:
    """Keep what was found beside the warehouse, for the next publication to tell, and what is
    refused for a person to accept: at once, where `by` says who does."""

    def note() -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        judged = [judged for model in models for judged in model.judged]
        passages = [
            Passage(
                rules_sha256=sha256,
                what=row.measured.what,
                value=row.measured.value,
                is_low=row.low is not None and row.measured.value < row.low,
                verdict=row.verdict,
                accepted_by=row.accepted_by,
                accepted_because=row.accepted_because,
                at=at,
            )
            for row in judged
        ]
        note_passages(warehouse, passages, list_refused(judged))

    note()
    refused = list_refused(judged for model in models for judged in model.judged)
    if refused and by:
        what = ",".join(row.what for row in refused)
        accept(warehouse, what=what, by=by, because=because, at=datetime.now(UTC))
        models = [
            replace(
                model,
                judged=[
                    replace(row, verdict="accepted", accepted_by=by, accepted_because=because)
                    if row.verdict == "block"
                    else row
                    for row in model.judged
                ],
            )
            for model in models
        ]
        note()
    return models
