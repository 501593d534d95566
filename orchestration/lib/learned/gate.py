"""What belongs here: the gate: whether a rule book may take the place of the published one.

The published scores of the newest day are held against those that the rule book gives, as a
preview does; then past days are scored by both, as known then, for the same leads. Both rule books
count as they stand: the published one on its day, the other on the day its last row begins. All of
it happens in copies of the warehouse. What is found is judged by the published gate.csv: nobody
makes room for a rule book by the rule book itself.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TextIO

from orchestration.lib.asked.moves import (
    compare_scores,
    describe_moves,
    list_tiers_by_model,
    write_moves,
)
from orchestration.lib.asked.scratch import (
    FOR_TIERS,
    build,
    forget_decisions,
    open_scratch,
    tier,
)
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.checked.gate_limits import read_conditions
from orchestration.lib.checked.health import Judged, find_acceptances
from orchestration.lib.learned.backtest import choose_days, read_horizon
from orchestration.lib.learned.gate_moves import Model, find_moves, pair_champions, read_side
from orchestration.lib.learned.gate_verdicts import judge_model, write_down
from orchestration.lib.learned.paired import compare_past, keep_first_side, keep_second_side
from orchestration.lib.learned.standing import find_last_start, write_standing
from orchestration.lib.published.publication import NOT_PUBLISHED, RULES, Manifest


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
    with open_scratch(other, make_folder(folder / "after")) as after:
        build(after, folder, console, "--select", *FOR_TIERS, "+model_outcomes")
        tier(after, console)
        chosen = choose_days(days, as_of=as_of, horizon_days=read_horizon(after.warehouse))
        with open_scratch(live, make_folder(folder / "before")) as before:
            score_live(before, chosen, as_of=as_of, folder=folder, console=console)
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
        with open_warehouse(before.warehouse) as connection:
            conditions = read_conditions(connection)
        after = replace(after, as_of_dates=chosen, known="then")
        # The rule book is there already.
        build(after, folder, console, "--select", *FOR_TIERS, "--exclude-resource-type", "seed")
        forget_decisions(after.warehouse)
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
                model, sides, conditions.get(model.before, {}), as_of=as_of, accepted=accepted
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


def score_live(
    settings: Settings, days: tuple[date, ...], *, as_of: date, folder: Path, console: TextIO
) -> None:
    """Score past days by the published rule book into the copy of `settings`, as known then, with
    the newest day beside them, which knows what came, and keep its side of the comparison."""
    settings = replace(settings, as_of_dates=(*days, as_of), known="then")
    try:
        build(
            settings, folder, console, "--select", *FOR_TIERS, "+cohort_leads",
            "+cohort_won_deals", "+gate_limits",
        )  # fmt: skip
    except WrongUse:
        raise
    except ValueError as error:
        raise ValueError(f"The published rule book cannot be scored again: {error}") from None
    forget_decisions(settings.warehouse)
    tier(settings, console)
    keep_first_side(settings.warehouse)


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
