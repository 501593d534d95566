"""What belongs here: that the tables in the warehouse are those of the run that goes on with them.

A `dbt build` of other days, or by another rule book, leaves tables that look like any others.
"""

from collections.abc import Sequence
from datetime import date

import duckdb

from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import Settings, write_days
from orchestration.lib.basics.warehouse import attach_warehouse, find_view

# Marts that are views: the tables of numbers that their rows are made of say their days at once.
NUMBERS_OF = {
    "lead_scores": "scoring.lead_totals",
    "lead_score_ledger": "scoring.ledger_rows",
    "scored_leads": "scoring.lead_totals",
}


def demand_own_tables(settings: Settings, *, marts: Sequence[str] = ()) -> None:
    """ValueError where the warehouse was scored for other days than the as-of dates of `settings`,
    with other rows known, or by another rule book, or where one of `marts` has rows of another
    day."""
    with attach_warehouse(settings.warehouse) as connection:
        scored = connection.execute(
            "select as_of_date, known_until, rules_sha256"
            " from warehouse.intermediate.int_as_of_dates order by as_of_date"
        ).fetchall()
        days = {day for day, _, _ in scored}
        found = {"int_as_of_dates": days} | {mart: find_days(connection, mart) for mart in marts}
    own = set(settings.as_of_dates)
    if days != own:
        raise ValueError(complain(settings, describe_others("int_as_of_dates", days, own)))
    for mart, its_days in found.items():
        if its_days - own:
            raise ValueError(complain(settings, describe_others(mart, its_days, own)))
    if any((known_until == day) != (settings.known == "then") for day, known_until, _ in scored):
        raise ValueError(
            complain(settings, f"were made with other rows known than LEADS_KNOWN={settings.known}")
        )
    if {rules for _, _, rules in scored} - {None, hash_rules(settings.rules)}:
        raise ValueError(
            complain(settings, f"were scored by another rule book than {settings.rules} is now")
        )


def find_days(connection: duckdb.DuckDBPyConnection, mart: str) -> set[date]:
    """The days that the rows of a mart of the attached `warehouse` speak for."""
    table = NUMBERS_OF.get(mart) if find_view(connection, mart) else None
    rows = connection.execute(
        f"select distinct as_of_date from warehouse.{table or f'main.{mart}'}"
    ).fetchall()
    return {day for (day,) in rows}


def describe_others(table: str, days: set[date], own: set[date]) -> str:
    """What is wrong with the days of a table.

    >>> describe_others("lead_scores", {date(2026, 6, 1)}, {date(2026, 6, 30)})
    'speak for 2026-06-01 (lead_scores), while this run is about 2026-06-30'
    """
    spoken = write_days(sorted(days)) or "no day"
    return f"speak for {spoken} ({table}), while this run is about {write_days(sorted(own))}"


def complain(settings: Settings, what: str) -> str:
    """The sentence on tables that are not those of the run."""
    return (
        f"The tables in {settings.warehouse} {what}: something else has written them since this "
        "run scored, such as a `dbt build` with other settings. Nothing further is done with them: "
        "run again."
    )
