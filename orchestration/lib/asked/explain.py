"""What belongs here: one lead's whole story, for a seller who asks why.

It reads the live publication and nothing else; only for the changes since a day that is no longer
published it scores that day again, beside what is live.
"""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import duckdb

from orchestration.lib.asked.scratch import build, open_scratch
from orchestration.lib.basics.progress import divert_output, leave, print_problems
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, load_settings, read_days
from orchestration.lib.published.changes import COMPARE, COMPARED_FILES, quote_path
from orchestration.lib.published.page import fetch_rows, find_champions
from orchestration.lib.published.publication import has_files, list_publications, read_current

FOLDER = PROJECT_ROOT / "build" / "explain"

WIDTH = 100
CHANGES = 12
RULES_TO_GAIN = 5

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the story of a lead; 1 where there is no such lead or nothing is published."""
    parser = argparse.ArgumentParser(prog="explain")
    parser.add_argument("--lead", default="")
    parser.add_argument("--model", default="", help="default: the champions")
    parser.add_argument(
        "--since", default="", help="a day to compare with; default: the day before"
    )
    asked = parser.parse_args(arguments)
    try:
        settings = load_settings()
        since = read_since(asked.since)
        lines = explain(
            settings, lead_id=asked.lead.strip(), model_id=asked.model.strip(), since=since
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def read_since(text: str) -> date | None:
    """The one day that `text` names; None where it is blank."""
    days = read_days(text, name="SINCE")
    if len(days) > 1:
        raise ValueError(f"SINCE is '{text}': name one day, such as 2026-06-01.")
    return days[0] if days else None


def explain(
    settings: Settings, *, lead_id: str, model_id: str = "", since: date | None = None
) -> list[str]:
    """The story of a lead in lines: its score and ledger, what changed, how its tier came about,
    what is foretold and what would move it; by `model_id`, else by every champion that scores it.

    `since` is the day to compare with; None for the day before the publication's. Raises ValueError
    where nothing is published, or the lead or the model is not in it.
    """
    manifest = read_current(settings.published)
    if manifest is None:
        raise ValueError(f"Nothing is published in {settings.published} yet: `make run` does it.")
    if not lead_id:
        raise ValueError("Say which lead: make explain LEAD=<lead_id>.")
    models = manifest["rule_book"]["models"]
    if model_id and model_id not in models:
        raise ValueError(
            f"There is no model {model_id!r} in the publication; there are: {', '.join(models)}."
        )
    file = settings.published / "current" / "leads.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        scores = fetch_rows(
            connection, "select * from scored_leads where lead_id = $lead_id", {"lead_id": lead_id}
        )
        if not scores:
            raise ValueError(
                f"There is no lead {lead_id!r} in the publication of {manifest['as_of_date']}."
            )
        if since and since >= scores[0]["as_of_date"]:
            raise ValueError(
                f"SINCE is {since}, but the publication speaks for {scores[0]['as_of_date']}: name "
                "an earlier day."
            )
        by_model = {score["model_id"]: score for score in scores}
        chosen = [model_id] if model_id else [m for m in find_champions(manifest) if m in by_model]
        changes = (
            find_changes_since(settings, since, lead_id=lead_id)
            if since
            else fetch_rows(
                connection,
                "select * from lead_score_changes where lead_id = $lead_id"
                " order by abs(change) desc, rule_id",
                {"lead_id": lead_id},
            )
        )
        lines: list[str] = []
        for chosen_id in chosen:
            lines += [
                *describe_score(by_model[chosen_id]),
                *describe_ledger(find_rows(connection, "lead_score_ledger", lead_id, chosen_id)),
                *describe_changes(
                    [row for row in changes if row["model_id"] == chosen_id], since=since
                ),
                *describe_outlook(find_rows(connection, "lead_outlook", lead_id, chosen_id)),
                *describe_unknowns(find_rows(connection, "lead_unknowns", lead_id, chosen_id)),
                *describe_gains(
                    find_gains(connection, lead_id, chosen_id), by_model[chosen_id], manifest
                ),
                *describe_history(find_rows(connection, "lead_score_history", lead_id, chosen_id)),
                *describe_hand_overs(find_rows(connection, "hand_overs", lead_id, chosen_id)),
                "",
            ]
    return lines[:-1]


ORDERS = {
    "lead_score_ledger": "starts_with(rule_id, 'cap:'), points desc, rule_id",
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
        f"select * from {mart} where lead_id = $lead_id and model_id = $model_id{day}"
        f" order by {ORDERS[mart]}",
        {"lead_id": lead_id, "model_id": model_id},
    )


def find_gains(connection: duckdb.DuckDBPyConnection, lead_id: str, model_id: str) -> list[Row]:
    """The rules about what a lead does or says that did not give this lead any points yet, those
    worth most first: reason, points, dimension. Rules that nobody meets are left out."""
    return fetch_rows(
        connection,
        """
        select reason, points, dimension
        from rule_health
        anti join (
            select rule_id from lead_score_ledger
            where lead_id = $lead_id and model_id = $model_id
        ) using (rule_id)
        where
            model_id = $model_id and points > 0 and leads_met > 0
            and dimension in ('behavioral', 'readiness')
        order by points desc, rule_id
        limit $limit
        """,
        {"lead_id": lead_id, "model_id": model_id, "limit": RULES_TO_GAIN},
    )


def find_changes_since(settings: Settings, since: date, *, lead_id: str) -> list[Row]:
    """The lead's rows of lead_score_changes as they would be against the day `since`: from a
    publication of that day where one is kept, else from scoring it again as it was known then."""
    kept = [
        manifest
        for manifest in list_publications(settings.published)
        if manifest["as_of_date"] == str(since)
        and has_files(settings.published, manifest, COMPARED_FILES)
    ]
    if kept:
        folder = settings.published / "versions" / kept[0]["publication_id"]
        return compare_with(
            settings.published, since, lead_id=lead_id,
            ledger=f"read_parquet('{quote_path(folder / 'lead_score_ledger.parquet')}')",
            scores=f"read_parquet('{quote_path(folder / 'lead_scores.parquet')}')",
        )  # fmt: skip
    print(f"{since} is no longer published: it is scored again, as it was known then.", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    log_file = FOLDER / "explain.log"
    past = replace(settings, as_of_dates=(since,), known="then")
    try:
        with divert_output(log_file) as console:
            return score_again(past, console, lead_id=lead_id, since=since)
    except ValueError as error:
        print_problems(
            f"{since} could not be scored again. What is wrong:",
            [str(error)],
            log_file=str(log_file.relative_to(PROJECT_ROOT)),
        )
        raise ValueError("Without SINCE the story is told from what is published.") from None


def score_again(past: Settings, console: TextIO, *, lead_id: str, since: date) -> list[Row]:
    """The lead's changes against the day of `past`, which is scored in a copy of the warehouse."""
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
        connection.execute(f"attach '{quote_path(live)}' as live (read_only)")
        if attach:
            connection.execute(f"attach '{quote_path(attach)}' as past (read_only)")
        connection.execute(
            "create table lead_score_changes as from live.lead_score_changes limit 0"
        )
        for mart in ("lead_score_ledger", "lead_scores"):
            connection.execute(
                f"create view {mart} as from live.{mart} where lead_id = '{quote_text(lead_id)}'"
            )
        as_of = connection.execute("select max(as_of_date) from live.scored_leads").fetchone()[0]
        connection.execute(
            COMPARE.format(before=ledger, scores_before=scores), {"as_of": as_of, "since": since}
        )
        return fetch_rows(
            connection,
            "select * from lead_score_changes where lead_id = $lead_id"
            " order by abs(change) desc, rule_id",
            {"lead_id": lead_id},
        )


def quote_text(text: str) -> str:
    """A text as it stands between the quotes of SQL."""
    return text.replace("'", "''")


def describe_score(lead: Row) -> list[str]:
    """Who it is, the score, the tier and what to do."""
    lines = [
        f"Lead {lead['lead_id']} as of {lead['as_of_date']}, by {lead['model_id']}"
        f" {lead['model_version']}",
        f"  score {lead['score']:.2f}, grade {lead['grade'] or 'unknown'},"
        f" {lead['temperature'] or 'unknown'}; tier {lead['tier'] or 'none'} since"
        f" {lead['tier_since']}"
        + (f", before that {lead['previous_tier']}" if lead["previous_tier"] else ""),
    ]
    if lead["tier_reason"]:
        lines += wrap(
            f"by its score alone it would be in {lead['tier_by_score']}: {lead['tier_reason']}"
        )
    if lead["is_excluded"]:
        lines += wrap(f"excluded: {lead['exclusion_reason']}; nobody is to act")
    elif lead["action"]:
        hours = f" within {lead['sla_hours']} hours" if lead["sla_hours"] is not None else ""
        lines += wrap(f"to do: {lead['action']}{hours}")
    if lead["stale_feeds"]:
        lines += wrap(f"not fading, because a feed is stale: {lead['stale_feeds']}")
    lines += wrap(f"for: {lead['reasons_for'] or 'nothing'}")
    lines += wrap(f"against: {lead['reasons_against'] or 'nothing'}")
    return lines


def describe_ledger(ledger: list[Row]) -> list[str]:
    """The ledger, row by row, and its sum."""
    lines = ["", "  What the score is made of"]
    for row in ledger:
        words = f"{row['reason']} ({row['evidence']})" if row["evidence"] else row["reason"]
        lines += table_line(row["points"], words)
    total = sum((row["points"] for row in ledger), start=0)
    return [*lines, *table_line(total, "the sum of these rows is the score")]


def describe_changes(changes: list[Row], *, since: date | None) -> list[str]:
    """What changed, rule by rule, largest first."""
    if not changes:
        day = (
            f"since {since}" if since else "since the day before (none is published, or no change)"
        )
        return ["", f"  Nothing changed {day}"]
    total = sum(row["change"] for row in changes)
    lines = ["", f"  What changed since {changes[0]['since']}: {total:+.2f}"]
    for row in changes[:CHANGES]:
        kind = "" if row["kind"] == "cap" else f" ({row['kind']})"
        lines += table_line(row["change"], f"{row['reason']}{kind}")
    if len(changes) > CHANGES:
        rest = sum(row["change"] for row in changes[CHANGES:])
        lines += table_line(rest, f"{len(changes) - CHANGES} smaller changes")
    return lines


def describe_outlook(outlook: list[Row]) -> list[str]:
    """When it drops out of its tier, if nothing happens."""
    if not outlook:
        return []
    row = outlook[0]
    if not row["drops_out_on"]:
        words = f"it stays in {row['tier']} for as long as is foretold"
    else:
        words = (
            f"on {row['drops_out_on']} it drops out of {row['tier']}, with {row['score_then']:.2f}"
            f" of {row['leave_below']:.2f}. {row['because_of']}"
        )
    return ["", "  If nothing happens", *wrap(words, indent=4)]


def describe_unknowns(unknowns: list[Row]) -> list[str]:
    """What is not known, and how far the score could lie from what it is."""
    if not unknowns or not unknowns[0]["unknown_fields"]:
        return []
    row = unknowns[0]
    fields = row["unknown_fields"].replace("|", ", ")
    words = (
        f"{fields}. Knowing it, the score lies between {row['lowest_score']:.2f} and"
        f" {row['highest_score']:.2f}."
    )
    if row["deciding_field"]:
        chance = row["deciding_probability"]
        # Without a chance none of the missing fields has one, and this is the one that moves most.
        words += (
            f" Could change the tier: {row['deciding_field']}; how likely that is cannot be said,"
            " because too few leads know it."
            if chance is None
            else f" Most likely to change the tier: {row['deciding_field']} ({chance:.0%})."
        )
    return ["", "  What is not known", *wrap(words, indent=4)]


def describe_gains(gains: list[Row], lead: Row, manifest: Row) -> list[str]:
    """How far the next tier is, and which rules could still give points."""
    steps = manifest["rule_book"]["models"][lead["model_id"]]["tiers"]
    above = [step for step in reversed(steps) if step["enter_at"] > lead["score"]]
    lines = ["", "  What would move it"]
    if above:
        missing = above[0]["enter_at"] - float(lead["score"])
        lines += wrap(
            f"{missing:.2f} points to {above[0]['tier']} (from {above[0]['enter_at']:g})", indent=4
        )
    for row in gains:
        lines += table_line(row["points"], f"{row['reason']} ({row['dimension']})")
    return lines


def describe_history(history: list[Row]) -> list[str]:
    """The tiers it was in, the latest first."""
    lines = ["", "  Its tiers"]
    seen: set[tuple[str | None, date]] = set()
    for row in history:
        if (row["tier"], row["tier_since"]) not in seen:
            seen.add((row["tier"], row["tier_since"]))
            lines.append(f"    {row['tier_since']}  {row['tier'] or 'none'}")
    return lines


def describe_hand_overs(hand_overs: list[Row]) -> list[str]:
    """When it was handed over, and when it came back."""
    lines = ["", "  Its hand-overs"] if hand_overs else []
    for row in hand_overs:
        end = (
            f", back on {row['recycled_on']}: {row['recycle_reason']}" if row["recycled_on"] else ""
        )
        lines.append(f"    {row['due_on']}  {row['tier']}, {row['action']}{end}")
    return lines


def table_line(points: Any, words: str) -> list[str]:
    """Signed points and words, the words wrapped under each other."""
    return textwrap.wrap(
        words, WIDTH, initial_indent=f"    {points:>+9.4f}  ", subsequent_indent=" " * 15
    )


def wrap(text: str, *, indent: int = 2) -> list[str]:
    """`text` as indented lines."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)


if __name__ == "__main__":
    leave(main())
