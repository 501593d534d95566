"""What belongs here: whether the scores, tiers and hand-overs of a day look as they did at the last
publication. Champions alone are judged: challengers hand nothing over. Where the rule book has
changed since, it is also held to those conditions of gate.csv that need no past.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb

from orchestration.lib.basics.rule_book_files import hash_rules, turns_between
from orchestration.lib.basics.settings import PROJECT_ROOT, read_variables
from orchestration.lib.checked.gate_limits import make_limits, read_conditions
from orchestration.lib.checked.health import (
    Judged,
    Measured,
    choose_limits,
    demand_health,
    find_acceptances,
    find_last,
    judge,
    list_refused,
    read_limits,
    read_mart,
    write_rows,
)
from orchestration.lib.decided.acceptances import Acceptance, note_refusals
from orchestration.lib.published.publication import Manifest

# The leads of the champions, now and at the last publication: model_id, lead_id, score, tier,
# hands_over (whether the tier did, by the rule book of that day).
LEADS_NOW = """
create or replace temp table leads_now as
select
    lead_tiers.model_id,
    lead_tiers.lead_id,
    scores.score,
    lead_tiers.tier,
    coalesce(model_tiers.hands_over, false) as hands_over
from lead_tiers
inner join scoring.tier_inputs as scores using (as_of_date, model_id, lead_id)
inner join rule_book.scored_models using (model_id)
left join rule_book.model_tiers
    on lead_tiers.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
where lead_tiers.as_of_date = $as_of and scored_models.role = 'champion'
"""

LEADS_THEN = """
create or replace temp table leads_then as
select
    leads.model_id,
    leads.lead_id,
    leads.score,
    leads.tier,
    coalesce(tiers_then.hands_over, false) as hands_over
from {scored_leads} as leads
semi join leads_now on leads.model_id = leads_now.model_id
left join tiers_then on leads.model_id = tiers_then.model_id and leads.tier = tiers_then.tier
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
select model_id, 'handing_over_share', avg(cast(hands_over as double)), count(*)
from {leads}
group by model_id
union all
select model_id, 'tier_leads.' || tier, coalesce(in_tiers.leads, 0), coalesce(in_tiers.leads, 0)
from models
inner join rule_book.model_tiers using (model_id)
left join in_tiers using (model_id, tier)
where $has_changed
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


def approve_scores(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    warehouse: Path,
    published: Path,
    rules: Path,
) -> list[Judged]:
    """Judge the scores, tiers and hand-overs of the newest day of a run by the rule book in the
    folder `rules`, in the transaction that is open on `connection`, and write score_health. Raises
    ValueError where one of them blocks."""
    last = find_last(published)
    judged = judge_scores(
        connection,
        as_of,
        last=last,
        has_changed=last is not None and has_turned(last[0], rules, as_of=as_of),
        acceptances=find_acceptances(warehouse, published),
    )
    note_refusals(warehouse, list_refused(judged))
    demand_health(judged)
    return judged


def has_turned(manifest: Manifest, rules: Path, *, as_of: date) -> bool:
    """Whether the rule book is another one than the published one, or a row of it has begun or
    ended since."""
    then = date.fromisoformat(manifest["as_of_date"])
    is_other = manifest["rule_book"]["sha256"] != hash_rules(rules)
    return is_other or turns_between(rules, then, as_of)


def judge_scores(
    connection: duckdb.DuckDBPyConnection,
    as_of: date,
    *,
    last: tuple[Manifest, Path] | None,
    has_changed: bool,
    acceptances: Mapping[str, Acceptance],
) -> list[Judged]:
    """Judge the day `as_of` against the publication `last`, `has_changed` by gate.csv too, and
    write score_health, which then holds that day alone."""
    limits = read_limits(connection, "score_limits")
    gates = {
        model_id: make_limits(conditions)
        for model_id, conditions in read_conditions(connection).items()
        if has_changed
    }
    within = read_variables(PROJECT_ROOT)["compared_within_days"]
    connection.execute(LEADS_NOW, {"as_of": as_of})
    then, folder, past = None, None, {}
    if last is not None:
        then, folder = date.fromisoformat(last[0]["as_of_date"]), last[1]
    is_near = then is not None and abs((as_of - then).days) <= within
    scored_leads = read_mart(folder, "scored_leads") if is_near else "leads_now where false"
    note_tiers_then(connection, last[0] if last else None)
    connection.execute(LEADS_THEN.format(scored_leads=f"(from {scored_leads})"))
    if is_near:
        ledger = read_mart(folder, "lead_score_ledger")
        past = {
            (model_id, measure): [(value, leads)]
            for model_id, measure, value, leads in [
                *measure_leads(connection, "leads_then", has_changed=has_changed),
                *connection.execute(
                    MEASURE_LEDGER.format(ledger=ledger), {"as_of": then}
                ).fetchall(),
            ]
        }
    # After a long silence as many are due as on a first day.
    due = "hand_overs_due" if is_near else "first_hand_overs_due"
    judged = []
    for row in [
        *measure_leads(connection, "leads_now", has_changed=has_changed),
        *connection.execute(
            MEASURE_LEDGER.format(ledger="lead_score_ledger"), {"as_of": as_of}
        ).fetchall(),
        *connection.execute(MEASURE_MOVES, {"due": due}).fetchall(),
    ]:
        measured = Measured(as_of, *row)
        gate = gates.get(measured.subject, {}).get(measured.kind)
        judged.append(
            judge(
                measured,
                limits=[*choose_limits(limits, measured), *([gate] if gate else [])],
                past=past.get((measured.subject, measured.measure), ()),
                acceptance=acceptances.get(measured.what),
            )
        )
    connection.execute("drop table leads_now; drop table leads_then; drop table tiers_then")
    connection.execute("delete from score_health")
    write_rows(connection, "score_health", judged, subject="model_id")
    return judged


def note_tiers_then(connection: duckdb.DuckDBPyConnection, manifest: Manifest | None) -> None:
    """Make tiers_then (model_id, tier, hands_over) of what the manifest of a publication says. Of
    one from before they said which tiers hand over today's tiers count."""
    tiers = {
        (model_id, tier["tier"]): tier.get("hands_over")
        for model_id, model in (manifest["rule_book"]["models"] if manifest else {}).items()
        for tier in model["tiers"]
    }
    connection.execute(
        "create or replace temp table tiers_then as"
        " select model_id, tier, hands_over from rule_book.model_tiers"
    )
    for (model_id, tier), hands_over in tiers.items():
        if hands_over is not None:
            connection.execute(
                "delete from tiers_then where model_id = $model_id and tier = $tier",
                {"model_id": model_id, "tier": tier},
            )
            connection.execute(
                "insert into tiers_then values ($model_id, $tier, $hands_over)",
                {"model_id": model_id, "tier": tier, "hands_over": hands_over},
            )


def measure_leads(
    connection: duckdb.DuckDBPyConnection, leads: str, *, has_changed: bool
) -> list[tuple]:
    """What MEASURE_LEADS says of the table `leads`."""
    return connection.execute(
        MEASURE_LEADS.format(leads=leads), {"has_changed": has_changed}
    ).fetchall()
