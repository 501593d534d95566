"""What belongs here: what stops an intraday run before anything is published: more hand-overs in a
day than sales is used to get."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.lib.basics.outcomes import Refused
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import attach_beside, open_warehouse
from orchestration.lib.checked.health import (
    Judged,
    Measured,
    choose_limits,
    find_acceptances,
    judge,
    list_refused,
    read_limits,
)
from orchestration.lib.decided.acceptances import add_refusals

# Of the day's first run, whatever it handed over, nothing; of what came after it all.
DUE = """
with due as (
    select model_id, lead_id from small.main.hand_overs
    where released_at is null and lead_id in (from small.main.touched_leads)
    union all
    select model_id, lead_id from warehouse.main.hand_overs where released_at > $night
)

select model_id, count(due.lead_id) / count(*) as share, count(due.lead_id) as hand_overs
from live.main.scored_leads
left join due using (model_id, lead_id)
group by model_id
"""


def approve_hand_overs(
    small: Path, *, warehouse: Path, published: Path, live: Path, as_of: date, night: datetime
) -> None:
    """Raise Refused where the day's hand-overs since its first run, which was published at `night`,
    are more than score_limits.csv lets a day hand over, and nobody has accepted it. `live` is the
    folder of the live publication."""
    with open_warehouse(small) as rules:
        limits = read_limits(rules, "score_limits")
    with duckdb.connect() as connection:
        connection.execute(f"attach {quote(small)} as small (read_only)")
        connection.execute(f"attach {quote(live / 'leads.duckdb')} as live (read_only)")
        attach_beside(connection, warehouse)
        rows = connection.execute(DUE, {"night": night}).fetchall()
    acceptances = find_acceptances(warehouse, published)
    judged = []
    for model_id, share, hand_overs in rows:
        measured = Measured(as_of, model_id, "hand_overs_due", share, hand_overs)
        judged.append(
            judge(
                measured,
                limits=choose_limits(limits, measured),
                past=(),
                acceptance=acceptances.get(measured.what),
            )
        )
    demand_approval(judged, warehouse)


def demand_approval(judged: Iterable[Judged], warehouse: Path) -> None:
    """Raise Refused with a sentence for each value that blocks or holds; each can be accepted then,
    beside what the day's first run has refused."""
    refused = list_refused(judged)
    if refused:
        add_refusals(warehouse, refused)
        raise Refused("\n".join(row.sentence for row in refused))
