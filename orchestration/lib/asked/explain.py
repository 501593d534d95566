"""What belongs here: one lead's whole story, for a seller who asks why.

It reads the live publication and nothing else; only for the changes since a day that is no longer
published it scores that day again, beside what is live.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.story import describe_story
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import divert_output, print_problems, say
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, read_days
from orchestration.lib.published.changes import COMPARE, COMPARED_FILES
from orchestration.lib.published.facts import describe_progress, find_champions
from orchestration.lib.published.publication import has_files, list_daily, read_current

FOLDER = PROJECT_ROOT / "build" / "explain"

RULES_TO_GAIN = 5


def read_since(text: str) -> date | None:
    """The one day that `text` names; None where it is blank."""
    days = read_days(text, name="--since")
    if len(days) > 1:
        raise WrongUse(f"--since is '{text}': name one day, such as 2026-06-01.")
    return days[0] if days else None


def find_stories(
    published: Path,
    *,
    lead_id: str,
    model_id: str = "",
    since: date | None = None,
    find_settings: Callable[[], Settings],
) -> list[Row]:
    """The stories of a lead, by `model_id`, else by every champion that scores it: model_id, score,
    ledger, changes, outlook, unknowns, gains, tiers, history, hand_overs, rows as in the marts;
    intraday, when an intraday run has scored it, and in words the progress of a day in progress.

    `since` is the day to compare with; None for the day before the publication's. One that is no
    longer published is scored again with the settings that `find_settings` gives. Raises ValueError
    where nothing is published, or the lead or the model is not in it.
    """
    manifest = read_current(published)
    if manifest is None:
        raise WrongUse(f"Nothing is published in {published} yet: `leads run` does it.")
    models = manifest["rule_book"]["models"]
    if model_id and model_id not in models:
        raise WrongUse(
            f"There is no model {model_id!r} in the publication; there are: {', '.join(models)}."
        )
    file = published / "current" / "leads.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        scores = fetch_rows(
            connection, f"select * from scored_leads where lead_id = {quote(lead_id)}"
        )
        if not scores:
            raise WrongUse(
                f"There is no lead {lead_id!r} in the publication of {manifest['as_of_date']}."
            )
        if since and since >= scores[0]["as_of_date"]:
            raise WrongUse(
                f"--since is {since}, but the publication speaks for {scores[0]['as_of_date']}: "
                "name an earlier day."
            )
        by_model = {score["model_id"]: score for score in scores}
        chosen = [model_id] if model_id else [m for m in find_champions(manifest) if m in by_model]
        changes = (
            find_changes_since(published, since, lead_id=lead_id, find_settings=find_settings)
            if since
            else fetch_rows(
                connection,
                f"select * from lead_score_changes where lead_id = {quote(lead_id)}"
                " order by abs(change) desc, rule_id",
            )
        )
        return [
            {
                "model_id": chosen_id,
                "score": by_model[chosen_id],
                "ledger": find_rows(connection, "lead_score_ledger", lead_id, chosen_id),
                "confidence": find_rows(connection, "lead_confidence", lead_id, chosen_id),
                "promise": find_promise(connection, chosen_id, by_model[chosen_id]["tier"]),
                "changes": [row for row in changes if row["model_id"] == chosen_id],
                "outlook": find_rows(connection, "lead_outlook", lead_id, chosen_id),
                "unknowns": find_rows(connection, "lead_unknowns", lead_id, chosen_id),
                "gains": find_gains(connection, lead_id, chosen_id),
                "tiers": models[chosen_id]["tiers"],
                "history": find_rows(connection, "lead_score_history", lead_id, chosen_id),
                "hand_overs": find_rows(connection, "hand_overs", lead_id, chosen_id),
                "intraday": fetch_rows(
                    connection, f"from intraday_leads where lead_id = {quote(lead_id)}"
                )
                if "intraday" in manifest
                else [],
                "progress": describe_progress(manifest),
            }
            for chosen_id in chosen
        ]


def describe_stories(stories: list[Row], *, since: date | None = None) -> list[str]:
    """The stories of a lead in lines."""
    parts = [describe_story(story, since=since) for story in stories]
    return [line for part in parts for line in (*part, "")][:-1]


# Values stand in the SQL as literals: to look at a parameter DuckDB imports pandas, half a second.
ORDERS = {
    "lead_score_ledger": "starts_with(rule_id, 'cap:'), points desc, rule_id",
    "lead_confidence": "as_of_date",
    "lead_outlook": "as_of_date",
    "lead_unknowns": "as_of_date",
    "lead_score_history": "valid_from desc",
    "hand_overs": "hand_over_number",
}


def find_rows(
    connection: duckdb.DuckDBPyConnection, mart: str, lead_id: str, model_id: str
) -> list[Row]:
    """The rows of `mart` about one lead by one model, those of the newest day where it has days."""
    day = (
        " and as_of_date = (select max(as_of_date) from scored_leads)"
        if mart not in ("lead_score_history", "hand_overs")
        else ""
    )
    return fetch_rows(
        connection,
        f"select * from {mart}"
        f" where lead_id = {quote(lead_id)} and model_id = {quote(model_id)}{day}"
        f" order by {ORDERS[mart]}",
    )


def find_promise(
    connection: duckdb.DuckDBPyConnection, model_id: str, tier: str | None
) -> list[Row]:
    """What the tier of a lead promises."""
    return fetch_rows(
        connection,
        f"select * from tier_promises where model_id = {quote(model_id)} and kind = 'tier'"
        f" and name = {quote(tier or '')}",
    )


def find_gains(connection: duckdb.DuckDBPyConnection, lead_id: str, model_id: str) -> list[Row]:
    """The rules about what a lead does or says that did not give this lead any points yet and would
    raise its score, those that would raise it most first: reason, points (what it would gain: where
    other rules of the same attribute give points now, what is more than these), rule_points,
    attribute, dimension. Rules that nobody meets are left out."""
    return fetch_rows(
        connection,
        f"""
        with earned as (
            select ledger.rule_id, health.attribute, ledger.points
            from lead_score_ledger as ledger
            left join rule_health as health using (as_of_date, model_id, rule_id)
            where
                ledger.lead_id = {quote(lead_id)} and ledger.model_id = {quote(model_id)}
                and ledger.as_of_date = (select max(as_of_date) from scored_leads)
        ),

        of_attributes as (
            select attribute, sum(points) as points from earned group by attribute
        ),

        gains as (
            select
                health.rule_id,
                health.reason,
                coalesce(
                    health.best_points - coalesce(of_attributes.points, 0), health.points
                ) as points,
                health.points as rule_points,
                health.attribute,
                health.dimension
            from rule_health as health
            anti join earned using (rule_id)
            left join of_attributes using (attribute)
            where
                health.model_id = {quote(model_id)} and health.points > 0 and health.leads_met > 0
                and health.dimension in ('behavioral', 'readiness')
        )

        select * exclude (rule_id)
        from gains
        where points > 0
        order by points desc, rule_id
        limit {RULES_TO_GAIN}
        """,
    )


def find_changes_since(
    published: Path, since: date, *, lead_id: str, find_settings: Callable[[], Settings]
) -> list[Row]:
    """The lead's rows of lead_score_changes as they would be against the day `since`: from a
    publication of that day where one is kept, else from scoring it again as it was known then."""
    kept = [
        manifest
        for manifest in list_daily(published)
        if manifest["as_of_date"] == str(since) and has_files(published, manifest, COMPARED_FILES)
    ]
    if kept:
        folder = published / "versions" / kept[0]["publication_id"]
        return compare_with(
            published, since, lead_id=lead_id,
            ledger=f"read_parquet({quote(folder / 'lead_score_ledger.parquet')})",
            scores=f"read_parquet({quote(folder / 'lead_scores.parquet')})",
        )  # fmt: skip
    say(f"{since} is no longer published: it is scored again, as it was known then.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    log_file = FOLDER / "explain.log"
    past = replace(find_settings(), as_of_dates=(since,), known="then")
    try:
        with divert_output(log_file) as console:
            return score_again(past, console, lead_id=lead_id, since=since)
    except ValueError as error:
        print_problems(
            f"{since} could not be scored again. What is wrong:",
            [str(error)],
            log_file=str(log_file.relative_to(PROJECT_ROOT)),
        )
        raise ValueError("Without --since the story is told from what is published.") from None


def score_again(past: Settings, console: TextIO, *, lead_id: str, since: date) -> list[Row]:
    """The lead's changes against the day of `past`, which is scored in a copy of the warehouse."""
    # They bring dbt and pandas along: only where they are needed.
    from orchestration.lib.asked.scratch import build, open_scratch

    with open_scratch(past, FOLDER) as scratch:
        build(scratch, FOLDER, console, "--select", "+lead_score_ledger", "+lead_scores")
        return compare_with(
            past.published, since, lead_id=lead_id,
            ledger="past.lead_score_ledger", scores="past.lead_scores", attach=scratch.warehouse,
        )  # fmt: skip


def compare_with(
    published: Path,
    since: date,
    *,
    lead_id: str,
    ledger: str,
    scores: str,
    attach: Path | None = None,
) -> list[Row]:
    """The rows of COMPARE of one lead: the live publication against `ledger` and `scores`, which
    are SQL; `attach` is a warehouse that they name as `past`."""
    with duckdb.connect() as connection:
        live = (published / "current" / "leads.duckdb").resolve()
        connection.execute(f"attach {quote(live)} as live (read_only)")
        if attach:
            connection.execute(f"attach {quote(attach)} as past (read_only)")
        connection.execute(
            "create table lead_score_changes as from live.lead_score_changes limit 0"
        )
        for mart in ("lead_score_ledger", "lead_scores"):
            connection.execute(
                f"create view {mart} as from live.{mart} where lead_id = {quote(lead_id)}"
            )
        as_of = connection.execute("select max(as_of_date) from live.scored_leads").fetchone()[0]
        connection.execute(
            COMPARE.format(before=ledger, scores_now="lead_scores", scores_before=scores),
            {"as_of": as_of, "since": since},
        )
        return fetch_rows(
            connection,
            f"select * from lead_score_changes where lead_id = {quote(lead_id)}"
            " order by abs(change) desc, rule_id",
        )
