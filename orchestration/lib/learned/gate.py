"""What belongs here: the gate: whether a rule book may take the place of the published one.

The published scores of the newest day are held against those that the rule book gives, as a
preview does; then past days are scored by both, as known then, for the same leads. Both rule books
count as they stand: the published one on its day, the other on the day its last row begins. All of
it happens in copies of the warehouse; what is found is judged by gate.csv of the rule book.
"""

import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.moves import (
    compare_scores,
    describe_moves,
    find_moved_leads,
    find_rule_changes,
    list_tiers_by_model,
    write_moves,
)
from orchestration.lib.asked.scratch import build, open_scratch, tier
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.checked.gate_limits import Conditions, make_limits, read_conditions
from orchestration.lib.checked.health import (
    Judged,
    Measured,
    Past,
    find_acceptances,
    judge,
    list_refused,
)
from orchestration.lib.decided.acceptances import Passage, accept, note_passages
from orchestration.lib.learned.backtest import score_past
from orchestration.lib.learned.paired import (
    Paired,
    compare_past,
    keep_first_side,
    keep_second_side,
)
from orchestration.lib.learned.standing import find_last_start, write_standing
from orchestration.lib.published.publication import NOT_PUBLISHED, RULES, Manifest

FOLDER = PROJECT_ROOT / "build" / "gate"
MOST_MOVERS = 10

# The leads of one model before and of another after, by where both have them.
MATRIX = """
select
    before_leads.tier as tier_before,
    after_leads.tier as tier_after,
    before_leads.lead_id is not null as was_scored,
    after_leads.lead_id is not null as is_scored,
    coalesce(
        list_contains($handing_before, before_leads.tier) and not before_leads.is_excluded, false
    ) as was_handed_over,
    coalesce(
        list_contains($handing_after, after_leads.tier) and not after_leads.is_excluded, false
    ) as is_handed_over,
    count(*) as leads
from (from before_leads where model_id = $before) as before_leads
full join (from after_leads where model_id = $after) as after_leads using (lead_id)
group by all
"""


@dataclass(frozen=True)
class Side:
    """One rule book: its champions with their product ('' for all), its tiers from the lowest on
    (model_id, tier, hands_over) and the places of its limited ones (model_id, tier, capacity,
    leads, turned_away)."""

    champions: Mapping[str, str]
    tiers: list[Row]
    places: list[Row]

    def list_handing(self, model_id: str | None) -> list[str]:
        """The tiers of a model that hand over."""
        return [row["tier"] for row in self.tiers if row["model_id"] == model_id
                and row["hands_over"]]  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A champion of the rule book and what was found of it: `before` is the published model in its
    place, None where there is none; `matrix` the rows of MATRIX; `rules`, `movers` and `past` are
    of models that have one before."""

    before: str | None
    after: str
    matrix: list[Row]
    rules: list[Row]
    movers: list[Row]
    past: Paired | None
    judged: list[Judged]

    def count(self, column: str) -> int:
        """How many leads have `column` true."""
        return sum(row["leads"] for row in self.matrix if row[column])


@dataclass(frozen=True)
class Gate:
    """What the gate has found; `day`: the rule book counts as it stands on it."""

    rules: Path
    publication_id: str
    as_of: date
    day: date
    days: tuple[date, ...]
    is_unchanged: bool
    models: list[Model]
    moves: list[str]
    moves_file: Path

    @property
    def judged(self) -> list[Judged]:
        """Every condition of every model."""
        return [judged for model in self.models for judged in model.judged]

    @property
    def is_refused(self) -> bool:
        """Whether one of them is not met and nobody has accepted that."""
        return any(judged.verdict == "block" for judged in self.judged)


def hold_to_gate(
    settings: Settings,
    manifest: Manifest,
    *,
    days: str,
    by: str,
    because: str,
    folder: Path,
    console: TextIO,
) -> Gate:
    """Hold the rule book of `settings` to the gate against the publication `manifest`; `days`: the
    past days, blank for those of a back-test. What is refused is accepted in the name of `by`
    where that is given. Raises ValueError where a rule book or the raw data cannot work."""
    as_of = date.fromisoformat(manifest["as_of_date"])
    published = settings.published / "versions" / manifest["publication_id"]
    day = max(as_of, find_last_start(settings.rules) or as_of)
    settings = replace(settings, as_of_dates=(as_of,))
    live = replace(settings, rules=find_live_rules(published, settings.rules, folder, day=as_of))
    other = replace(settings, rules=write_standing(settings.rules, folder / "rules", day=day))
    moves_file = folder / "moves.csv"
    with ExitStack() as scratches:
        after = scratches.enter_context(open_scratch(other, make_folder(folder / "after")))
        build(after, folder / "after", console, "--select", "+lead_scores", "+lead_score_ledger",
              "+gate_limits")  # fmt: skip
        tier(after, console)
        try:
            before, chosen = scratches.enter_context(
                score_past(live, days=days, folder=make_folder(folder / "before"), console=console)
            )
        except WrongUse:
            raise
        except ValueError as error:
            raise ValueError(f"The published rule book cannot be scored again: {error}") from None
        keep_first_side(before.warehouse, known_on=as_of)
        sides = (read_side(before.warehouse), read_side(after.warehouse))
        pairs = pair_champions(manifest, sides[1].champions)
        with (
            time_step(console, "compare", "with the publication"),
            compare_scores(
                published / "leads.duckdb",
                after.warehouse,
                as_of=as_of,
                tiers_before=list_tiers_by_model(manifest),
            ) as connection,
        ):
            found = [find_moves(connection, *pair, sides=sides, as_of=as_of) for pair in pairs]
            moves = describe_moves(connection, as_of=as_of)
            write_moves(connection, moves_file)
        with open_warehouse(after.warehouse) as connection:
            conditions = read_conditions(connection)
        after = replace(after, as_of_dates=chosen, known="then")
        build(after, folder / "after", console, "--select", "+lead_scores")
        tier(after, console)
        keep_second_side(after.warehouse)
        with time_step(console, "compare", count_things(len(chosen), "past day")):
            of_past = compare_past(
                before.warehouse,
                after.warehouse,
                models=[pair for pair in pairs if pair[0]],
            )
    found = [replace(model, past=of_past.get(model.after)) for model in found]
    accepted = find_acceptances(settings.warehouse, settings.published)
    found = [
        replace(
            model,
            judged=judge_model(
                model, sides, conditions.get(model.after, {}), as_of=as_of, accepted=accepted
            ),
        )
        for model in found
    ]
    sha256 = hash_rules(settings.rules)
    return Gate(
        rules=settings.rules,
        publication_id=manifest["publication_id"],
        as_of=as_of,
        day=day,
        days=chosen,
        is_unchanged=sha256 == manifest["rule_book"]["sha256"],
        models=write_down(found, settings.warehouse, sha256=sha256, by=by, because=because),
        moves=moves,
        moves_file=moves_file,
    )


def make_folder(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_live_rules(published: Path, rules: Path, folder: Path, *, day: date) -> Path:
    """The rule book of the publication in the folder `published` as it stood on `day`. Whom it
    excludes is not published: both rule books exclude whom the one in `rules` does. Raises WrongUse
    where it was published before rule books were."""
    kept = published / RULES
    if not kept.is_dir():
        raise WrongUse(
            f"The live publication {published.name} is from before publications kept their rule "
            "book: `leads run` with the rule book as it was publishes one that can be compared "
            "with."
        )
    whole = make_folder(folder / "live-rules-whole")
    for file in whole.glob("*.csv"):
        file.unlink()
    for file in [*kept.glob("*.csv"), *(rules / name for name in NOT_PUBLISHED)]:
        shutil.copyfile(file, whole / file.name)
    return write_standing(whole, folder / "live-rules", day=day)


def read_side(warehouse: Path) -> Side:
    """The rule book that the warehouse was scored by."""
    with open_warehouse(warehouse) as connection:
        return Side(
            champions=dict(
                connection.execute(
                    "select model_id, lower(coalesce(product, '')) from rule_book.scored_models"
                    " where role = 'champion' order by model_id"
                ).fetchall()
            ),
            tiers=fetch_rows(
                connection,
                "select model_id, tier, hands_over from rule_book.model_tiers"
                " order by model_id, level",
            ),
            places=fetch_rows(
                connection, "select model_id, tier, capacity, leads, turned_away from tier_cut_offs"
            ),
        )


def pair_champions(
    manifest: Manifest, champions: Mapping[str, str]
) -> list[tuple[str | None, str]]:
    """Each of the `champions` (with its product) behind the published model whose place it takes:
    itself where it was champion, else the champion of its product, else itself in whatever role.

    >>> models = {name: {"role": role, "product": "crm"}
    ...           for name, role in [("old", "champion"), ("next", "challenger")]}
    >>> pair_champions({"rule_book": {"models": models}}, {"next": "crm", "new": ""})
    [('old', 'next'), (None, 'new')]
    """
    models = manifest["rule_book"]["models"]
    live = {name: one["product"] for name, one in models.items() if one["role"] == "champion"}
    pairs = []
    for after, product in champions.items():
        of_product = next((name for name, one in live.items() if one == product), None)
        before = after if after in live else of_product or (after if after in models else None)
        pairs.append((before, after))
    return pairs


def find_moves(
    connection: duckdb.DuckDBPyConnection,
    before: str | None,
    after: str,
    *,
    sides: tuple[Side, Side],
    as_of: date,
) -> Model:
    """What the comparison on `connection` says of a model; nothing is judged yet."""
    matrix = fetch_rows(
        connection,
        MATRIX,
        {
            "before": before or "",
            "after": after,
            "handing_before": sides[0].list_handing(before),
            "handing_after": sides[1].list_handing(after),
        },
    )
    is_same = before == after
    rules = find_rule_changes(connection, as_of=as_of) if is_same else []
    movers = [
        {"direction": direction, **row}
        for direction in ("down", "up", "held back", "let go")
        if is_same
        for row in find_moved_leads(
            connection, model_id=after, direction=direction, limit=MOST_MOVERS
        )
    ]
    return Model(
        before=before,
        after=after,
        matrix=matrix,
        rules=[row for row in rules if row["model_id"] == after],
        movers=movers,
        past=None,
        judged=[],
    )


def judge_model(
    model: Model,
    sides: tuple[Side, Side],
    conditions: Conditions,
    *,
    as_of: date,
    accepted: Mapping,
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
